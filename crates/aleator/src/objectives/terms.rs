//! The log-densities of a model.

use aleator_engine::graph::Expr;

/// Log-densities, of shape `[rows]` or `[samples, rows]`, or of a shape that broadcasts to it.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'g> {
    /// log p(x|z), or the log-likelihood, or the reward, of each row.
    pub log_likelihood: Expr<'g>,
    /// log p(z) and log q(z|x) of the draws z; `None` if z is drawn from the prior.
    pub draws: Option<DrawTerms<'g>>,
    /// KL(q(z|x) ‖ p(z)), if it has a closed form.
    pub kl: Option<Expr<'g>>,
}

/// The log-densities of draws from an approximate posterior.
#[derive(Clone, Copy, Debug)]
pub struct DrawTerms<'g> {
    /// log p(z)
    pub log_prior: Expr<'g>,
    /// log q(z|x)
    pub log_posterior: Expr<'g>,
}

impl<'g> Terms<'g> {
    /// The terms of a model without an approximate posterior: log w = log p(x|z), z ~ p(z).
    pub fn likelihood(log_likelihood: Expr<'g>) -> Self {
        Terms { log_likelihood, draws: None, kl: None }
    }

    /// log w = log p(x|z) + log p(z) − log q(z|x).
    pub fn log_weight(&self) -> Expr<'g> {
        match self.draws {
            Some(z) => self.log_likelihood + z.log_prior - z.log_posterior,
            None => self.log_likelihood,
        }
    }
}

/// −e divided by the number of elements of e. The sum is the negative mean, and elements remain separate.
pub(super) fn negative_mean(e: Expr<'_>) -> Expr<'_> {
    -e / e.shape().numel().max(1) as f64
}
