//! Bernoulli: z ∈ {0, 1}.
//!
//! ```text
//! p(1) = p = σ(φ),  p(0) = q = 1 − p = σ(−φ)
//! log p(z) = z log p + (1 − z) log q,   0 · ∞ = 0
//!             = z φ − softplus(φ)                      from finite logits
//!   of an outcome   = −softplus((1 − 2z) φ)            from logits
//!                   = log(1 − z + (2z − 1) p)          from probs: log p or log q, with no 0 · ∞ in it or its derivative
//! z = 1[u > q]  =  1[X > 0],  X = φ + logit u          the hard draw
//! ζ = σ(X / τ)                                         its relaxation, from the same u
//!
//! X given z, from v uniform and independent of z:      u = q + v p where z = 1,  v q where z = 0, so that
//! X̃ = softplus(φ + log v) − log(1 − v)                 where z = 1
//!   = log v − softplus(log(1 − v) − φ)                 where z = 0
//! common v:   v = (u − q)/p,  1 − v = (1 − u)/p        where z = 1
//!             v = u/q,        1 − v = (q − u)/q        where z = 0
//!
//! E z = p,   Var z = p q,   entropy = −p log p − q log q,   mode = 1[q ≤ p]
//! ```
//!
//! Between the outcomes, log p is linear in z. It is not a density there, but it can be a cost of a relaxed z, and for a grey
//! pixel z it is the expected log-probability of a pixel that is 1 with probability z.
//!
//! Parameter: φ (`logits`), any number including ±∞; or p (`probs`) in [0, 1], including 0 and 1. At 0 and 1, the certain outcome
//! has a finite score, and the relaxation is constant with derivative 0.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::jumps::{JumpRates, Jumps};
use super::noise::Noise;
use super::perturbation::{Coupling, HUGE, Perturbation, TINY};
use super::quadratic_variance::{QuadraticVariance, in_proportion};
use super::special::place;

/// The Bernoulli family, by logits or by probabilities.
#[derive(Clone, Copy, Debug)]
pub enum Bernoulli {
    /// p = σ(φ)
    Logits,
    /// p = σ(φ) for φ that are never infinite.
    FiniteLogits,
    /// p
    Probs,
}

impl Bernoulli {
    /// φ, the logits.
    pub fn from_logits<'g>(logits: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Bernoulli::Logits), [logits.into()])
    }

    /// φ, logits that are never infinite, such as the outputs of a network. Then log p(z) is computed as z φ − softplus(φ), which
    /// is cheaper because it does not handle 0 · ∞. If φ is infinite, the result is NaN.
    pub fn from_finite_logits<'g>(logits: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Bernoulli::FiniteLogits), [logits.into()])
    }

    /// p, the probabilities of 1.
    pub fn from_probs<'g>(probs: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Bernoulli::Probs), [probs.into()])
    }

    fn p_and_q<'g>(self, x: Expr<'g>) -> (Expr<'g>, Expr<'g>) {
        match self {
            Bernoulli::Logits | Bernoulli::FiniteLogits => (x.sigmoid(), (-x).sigmoid()),
            Bernoulli::Probs => (x, 1.0 - x),
        }
    }

    /// log p(z) for z in {0, 1}.
    fn log_prob_of_outcome<'g>(self, x: Expr<'g>, z: Expr<'g>) -> Expr<'g> {
        match self {
            Bernoulli::Logits | Bernoulli::FiniteLogits => -((1.0 - 2.0 * z) * x).softplus(),
            Bernoulli::Probs => (1.0 - z + (2.0 * z - 1.0) * x).log(),
        }
    }

    fn logits<'g>(self, x: Expr<'g>) -> Expr<'g> {
        match self {
            Bernoulli::Logits | Bernoulli::FiniteLogits => x,
            // ±∞ where p is 0 or 1, without the derivative that is 0 · ∞ there.
            Bernoulli::Probs => {
                let (never, always) = (place(x).equal(0.0), place(x).equal(1.0));
                let logit = (never + always).select(0.5, x).logit();
                never.select(f64::NEG_INFINITY, always.select(f64::INFINITY, logit))
            }
        }
    }
}

impl Family for Bernoulli {
    fn name(&self) -> &'static str {
        "Bernoulli"
    }

    fn parameters(&self) -> &'static [Parameter] {
        match self {
            Bernoulli::Logits | Bernoulli::FiniteLogits => {
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

    /// If p is 0 or 1, the formula of an outcome, which avoids 0 · ∞.
    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [x] = unpack(parameters);
        match self {
            Bernoulli::Logits => {
                let certain = x.abs().equal(f64::INFINITY);
                let at_certain = -((1.0 - 2.0 * z) * x).maximum(0.0);
                let x = certain.select(0.0, x);
                certain.select(at_certain, -(z * (-x).softplus() + (1.0 - z) * x.softplus()))
            }
            Bernoulli::FiniteLogits => z * x - x.softplus(),
            Bernoulli::Probs => {
                let certain = place(x).equal(0.0) + place(x).equal(1.0);
                let at_certain = self.log_prob_of_outcome(x, z);
                let x = certain.select(0.5, x);
                certain.select(at_certain, z * x.log() + (1.0 - z) * (-x).log1p())
            }
        }
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        self.log_prob_of_outcome(parameters[0], self.sample(parameters, noise).stop_gradient())
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
        let [x] = unpack(parameters);
        Some(match self {
            Bernoulli::Logits | Bernoulli::FiniteLogits => {
                // Beyond ±10⁴ one probability is 0: the clamp only keeps ∞ out of the product.
                let x = x.maximum(-1e4).minimum(1e4);
                x.sigmoid() * (-x).softplus() + (-x).sigmoid() * x.softplus()
            }
            Bernoulli::Probs => {
                let log_p = place(x).equal(0.0).select(1.0, x).log();
                let log_q = (-place(x).equal(1.0).select(0.0, x)).log1p();
                -(x * log_p + (1.0 - x) * log_q)
            }
        })
    }

    fn perturbation(&self) -> Option<&dyn Perturbation> {
        Some(self)
    }

    fn outcomes(&self, _: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        Some(vec![vec![0.0], vec![1.0]])
    }

    fn edges(&self) -> Option<(usize, &'static [f64])> {
        matches!(self, Bernoulli::Probs).then_some((0, &[0.0, 1.0]))
    }

    /// 1 − z + (2z − 1) p, or from logits the probability of an outcome, which never multiplies an infinite cost by 0.
    fn mass<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Option<Expr<'g>> {
        Some(match self {
            Bernoulli::Logits | Bernoulli::FiniteLogits => self.log_prob_of_outcome(parameters[0], z).exp(),
            Bernoulli::Probs => 1.0 - z + (2.0 * z - 1.0) * parameters[0],
        })
    }

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let (p, q) = self.p_and_q(parameters[0]);
        Some(q.less_equal(p))
    }

    fn quadratic_variance(&self) -> Option<&dyn QuadraticVariance> {
        Some(self)
    }

    fn jumps(&self) -> Option<&dyn Jumps> {
        Some(self)
    }
}

impl Jumps for Bernoulli {
    fn parameter(&self) -> usize {
        0
    }

    fn rates<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> JumpRates<'g> {
        let (p, q) = self.p_and_q(parameters[0]);
        let (up, down) = match self {
            Bernoulli::Logits | Bernoulli::FiniteLogits => (p, q),
            Bernoulli::Probs => (1.0 / q, 1.0 / p),
        };
        let at_one = z.equal(1.0);
        JumpRates {
            up: at_one.select(0.0, up),
            down: at_one.select(down, 0.0),
            only_up: p.equal(0.0),
            only_down: q.equal(0.0),
        }
    }
}

impl Perturbation for Bernoulli {
    fn log_odds<'g>(&self, parameters: &[Expr<'g>]) -> Expr<'g> {
        self.logits(parameters[0])
    }

    fn perturbed<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        self.logits(parameters[0]) + noise.uniform(&[]).logit()
    }

    fn perturbed_given<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        z: Expr<'g>,
        coupling: Coupling,
    ) -> Expr<'g> {
        let phi = self.logits(parameters[0]);
        let u = noise.uniform(&[]);
        let (log_v, log_1mv) = match coupling {
            Coupling::Common => {
                let (p, q) = self.p_and_q(parameters[0].stop_gradient());
                let v = z.select((u - q) / p, u / q);
                let rest = z.select((1.0 - u) / p, (q - u) / q);
                (v.maximum(TINY).log().stop_gradient(), rest.maximum(TINY).log().stop_gradient())
            }
            Coupling::Independent => {
                let v = noise.uniform(&[]);
                (v.log(), (-v).log1p())
            }
        };
        z.select((phi + log_v).softplus() - log_1mv, log_v - (log_1mv - phi).softplus())
    }

    fn relax<'g>(&self, x: Expr<'g>, temperature: Expr<'g>) -> Expr<'g> {
        (x.maximum(-HUGE).minimum(HUGE) / temperature).sigmoid()
    }
}

impl QuadraticVariance for Bernoulli {
    fn weight<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let (p, q) = self.p_and_q(parameters[0]);
        0.5 * (in_proportion(z, p) + in_proportion(1.0 - z, q))
    }
}
