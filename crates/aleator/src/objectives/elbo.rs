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

/// The negative ELBO, to be minimised: one number for each row, divided by their number.
pub fn elbo<'g>(terms: &Terms<'g>) -> Expr<'g> {
    negative_mean(terms.log_weight())
}

/// The same with the KL in closed form; `None` where the model has none.
pub fn elbo_analytic_kl<'g>(terms: &Terms<'g>) -> Option<Expr<'g>> {
    terms.kl.map(|kl| negative_mean(terms.log_likelihood - kl))
}
