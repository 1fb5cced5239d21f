//! The evidence lower bound.
//!
//! ```text
//! sampled     −1/B Σ_rows [ log p(x|z) + log p(z) − log q(z|x) ]
//! analytic    −1/B Σ_rows [ log p(x|z) − KL(q(z|x) ‖ p(z)) ]
//! ```
//!
//! Both have the same mean. The analytic form has a lower variance in most cases, but not in all: if q is close to the posterior,
//! the sampled log w hardly varies. References: `jordan1999introduction`, `kingma2014auto`.

use aleator_engine::graph::Expr;

use super::Terms;
use super::terms::negative_mean;

/// The negative ELBO, as a cost: one number for each row, divided by the number of rows.
pub fn elbo<'g>(terms: &Terms<'g>) -> Expr<'g> {
    negative_mean(terms.log_weight())
}

/// The same with the KL divergence in closed form; `None` if the model does not have one.
pub fn elbo_analytic_kl<'g>(terms: &Terms<'g>) -> Option<Expr<'g>> {
    terms.kl.map(|kl| negative_mean(terms.log_likelihood - kl))
}
