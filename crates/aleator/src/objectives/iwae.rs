//! The importance-weighted bound of K samples, also VIMCO's.
//!
//! ```text
//! −1/B Σ_rows log 1/K Σₖ wₖ,   wₖ = p(x, zₖ) / q(zₖ|x),   zₖ ~ q(z|x) independent
//! ```
//!
//! The K draws of a row are copies of a site on a leading axis, inside the logarithm; they are not the samples that an
//! estimator averages over. Estimator [`vimco`](crate::estimators::Vimco) is made for it.
//! References: `burda2016importance`, `mnih2016variational`.

use aleator_engine::graph::Expr;

use super::terms::negative_mean;

/// The negative bound, to be minimised: one number for each row, divided by their number. `log_weights` has shape `[K, rows]`.
pub fn iwae(log_weights: Expr<'_>) -> Expr<'_> {
    let samples = log_weights.shape().from_end(1).max(1);
    negative_mean(log_weights.logsumexp(-2) - (samples as f64).ln())
}
