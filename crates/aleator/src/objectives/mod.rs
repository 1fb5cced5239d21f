//! Objectives of latent-variable models, as expressions of the log-densities of a model.
//!
//! ```text
//! log w = log p(x, z) − log q(z|x),   z ~ q(z|x)
//! ```
//!
//! | file | maximises | gradient |
//! |---|---|---|
//! | [`elbo`], [`elbo_analytic_kl`] | E log w | of the model's and of q's parameters |
//! | [`iwae`] | E log 1/K Σ wₖ | as above; `vimco` serves its sites, or `pathwise`, or any other |
//! | [`reweighted_wake_sleep`] | log p(x), and q as near to the posterior | none through the draws |
//! | [`expected_reward`] | E reward | through the draws alone |

mod elbo;
mod expected_reward;
mod iwae;
mod terms;
mod wake_sleep;

pub use elbo::{elbo, elbo_analytic_kl};
pub use expected_reward::expected_reward;
pub use iwae::iwae;
pub use terms::{DrawTerms, Terms};
pub use wake_sleep::{Detached, reweighted_wake_sleep};
