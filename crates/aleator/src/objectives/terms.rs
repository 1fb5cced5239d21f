//! What a model says of its data and draws.

use aleator_engine::graph::Expr;

/// Logarithms of densities, of shape `[rows]` or `[samples, rows]` (or such that they broadcast to it).
#[derive(Clone, Copy, Debug)]
pub struct Terms<'g> {
    /// log p(x|z), or the log-likelihood, or the reward, of each row.
    pub log_likelihood: Expr<'g>,
    /// log p(z) and log q(z|x) of the draws z; `None` where z is drawn from the prior.
    pub draws: Option<DrawTerms<'g>>,
    /// KL(q(z|x) ‖ p(z)), where it has a closed form.
    pub kl: Option<Expr<'g>>,
}

/// What a model says of draws from a posterior of its own.
#[derive(Clone, Copy, Debug)]
pub struct DrawTerms<'g> {
    /// log p(z)
    pub log_prior: Expr<'g>,
    /// log q(z|x)
    pub log_posterior: Expr<'g>,
}

impl<'g> Terms<'g> {
    /// Of a model whose draws have no posterior of their own: log w = log p(x|z), z ~ p(z).
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

/// −e, divided by the number of its elements: its sum is the negative mean, and elements stay apart.
pub(super) fn negative_mean(e: Expr<'_>) -> Expr<'_> {
    -e / e.shape().numel().max(1) as f64
}
