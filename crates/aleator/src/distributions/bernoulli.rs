//! Bernoulli: z ∈ {0, 1}.
//!
//! ```text
//! p(1) = p = σ(φ),  p(0) = q = σ(−φ)
//! log p(z) = −softplus((1 − 2z) φ)          from logits
//!          = log(z p + (1 − z)(1 − p))      from probs: no 0 · log 0, and finite derivatives at p = 0 and p = 1
//! z = 1[u > q]  =  1[X > 0],  X = φ + logit u          the hard draw
//! ζ = σ(X / τ)                                         its relaxation, from the same u
//! ```

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::family::{Constraint, Distribution, Family, Parameter, Support};
use super::noise::Noise;

/// The Bernoulli family, by logits or by probabilities.
#[derive(Clone, Copy, Debug)]
pub enum Bernoulli {
    /// p = σ(φ)
    Logits,
    /// p itself
    Probs,
}

impl Bernoulli {
    /// φ, the logits.
    pub fn from_logits(logits: Expr<'_>) -> Distribution<'_> {
        Distribution::new(Arc::new(Bernoulli::Logits), vec![logits])
    }

    /// p, the probabilities of 1.
    pub fn from_probs(probs: Expr<'_>) -> Distribution<'_> {
        Distribution::new(Arc::new(Bernoulli::Probs), vec![probs])
    }

    fn p_and_q<'g>(self, x: Expr<'g>) -> (Expr<'g>, Expr<'g>) {
        match self {
            Bernoulli::Logits => (x.sigmoid(), (-x).sigmoid()),
            Bernoulli::Probs => (x, 1.0 - x),
        }
    }

    fn logits<'g>(self, x: Expr<'g>) -> Expr<'g> {
        match self {
            Bernoulli::Logits => x,
            Bernoulli::Probs => x.logit(),
        }
    }
}

impl Family for Bernoulli {
    fn name(&self) -> &'static str {
        "Bernoulli"
    }

    fn parameters(&self) -> &'static [Parameter] {
        match self {
            Bernoulli::Logits => {
                &[Parameter { name: "logits", constraint: Constraint::NotNan, event_rank: 0 }]
            }
            Bernoulli::Probs => {
                &[Parameter { name: "probs", constraint: Constraint::Probability, event_rank: 0 }]
            }
        }
    }

    fn support(&self) -> Support {
        Support::Boolean
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let (_, q) = self.p_and_q(parameters[0]);
        noise.uniform(&[]).greater(q)
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        match self {
            Bernoulli::Logits => -((1.0 - 2.0 * z) * parameters[0]).softplus(),
            Bernoulli::Probs => (z * parameters[0] + (1.0 - z) * (1.0 - parameters[0])).log(),
        }
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.p_and_q(parameters[0]).0)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let (p, q) = self.p_and_q(parameters[0]);
        Some(p * q)
    }

    /// −p log p − q log q, with 0 log 0 = 0.
    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let (p, q) = self.p_and_q(parameters[0]);
        let x_log_x = |x: Expr<'g>| x * x.equal(0.0).select(1.0, x).log();
        Some(match self {
            // q log q + p log p = −softplus(φ) + p φ, in the half where neither overflows: symmetric in φ.
            Bernoulli::Logits => {
                let magnitude = parameters[0].abs();
                let finite = magnitude.less(1e4).select(magnitude, 1e4);
                (-finite).softplus() + (-finite).sigmoid() * finite
            }
            Bernoulli::Probs => -(x_log_x(p) + x_log_x(q)),
        })
    }

    fn relaxed_sample<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        temperature: Expr<'g>,
    ) -> Option<Expr<'g>> {
        let x = self.logits(parameters[0]) + noise.uniform(&[]).logit();
        Some((x / temperature).sigmoid())
    }

    fn outcomes(&self, _: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        Some(vec![vec![0.0], vec![1.0]])
    }

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let (p, q) = self.p_and_q(parameters[0]);
        Some(q.less_equal(p))
    }
}
