//! The importance-weighted bound of K samples, which is also the objective of VIMCO.
//!
//! ```text
//! −1/B Σ_rows log 1/K Σₖ wₖ,   wₖ = p(x, zₖ) / q(zₖ|x),   zₖ ~ q(z|x) independent
//! ```
//!
//! The K draws of a row are copies of a site along a leading axis, inside the logarithm. They are not the samples over which an
//! estimator averages. The estimator [`vimco`](crate::estimators::Vimco) is designed for this objective. References:
//! `burda2016importance`, `mnih2016variational`.

use aleator_engine::graph::Expr;

use super::terms::negative_mean;

/// The negative bound, as a cost: one number for each row, divided by the number of rows. `log_weights` has shape `[K, rows]`.
pub fn iwae(log_weights: Expr<'_>) -> Expr<'_> {
    let samples = log_weights.shape().from_end(1).max(1);
    negative_mean(log_weights.logsumexp(-2) - (samples as f64).ln())
}
