//! The evidence lower bound.
//!
//! ```text
//! sampled     −1/B Σ_rows [ log p(x|z) + log p(z) − log q(z|x) ]
//! analytic    −1/B Σ_rows [ log p(x|z) − KL(q(z|x) ‖ p(z)) ]
//! ```
//!
//! Both have the same mean. The analytic form has less noise in most cases, but not in all: where q is near the posterior
//! the sampled log w hardly varies.
//! References: `jordan1999introduction`, `kingma2014auto`.

use aleator_engine::graph::Expr;

use super::Terms;
use super::terms::negative_mean;

/// The negative ELBO, to be minimised: one number for each row, divided by their number. `analytic` takes the KL in closed form
/// where the model has one.
pub fn elbo<'g>(terms: &Terms<'g>, analytic: bool) -> Expr<'g> {
    match terms.kl {
        Some(kl) if analytic => negative_mean(terms.log_likelihood - kl),
        _ => negative_mean(terms.log_weight()),
    }
}
