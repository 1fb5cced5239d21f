//! Pareto: z ≥ s, with a tail that falls as a power.
//!
//! ```text
//! z = s u^(−1/α) = s exp(e/α),   e = −log u
//! log p(z) = log α − log z − α log(z/s) for z ≥ s, −∞ below
//! E z = α s/(α − 1) for α > 1, else ∞,   Var z = α (s/(α − 1))²/(α − 2) for α > 2, else ∞
//! entropy = log(s/α) + 1 + 1/α
//! ```
//!
//! Weak derivatives: log(z/s) is exponential with rate α, and ∂p/∂s = α/s (p − δ_s), as p(s) = α/s.
//!
//! Parameters: s (`scale`) and α (`alpha`), positive and finite. A sample that would be greater than the largest number is that number.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::{finite, moment_above, place};
use super::weak_derivative::{Place, Triple, WeakDerivative, exponential};

/// The Pareto family.
#[derive(Clone, Copy, Debug)]
pub struct Pareto;

impl Pareto {
    /// s (`scale`) and α (`alpha`), both > 0.
    pub fn new<'g>(scale: impl Into<Argument<'g>>, alpha: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Pareto), [scale.into(), alpha.into()])
    }
}

/// log(z/s), z ≥ s > 0, accurate near z = s and without overflow of the quotient.
fn log_ratio<'g>(z: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    let near = place(z).less(2.0 * place(scale));
    let excess = near.select(z - scale, 0.0) / scale;
    near.select(excess.log1p(), z.log() - scale.log()).is_continuous_in([z, scale])
}

impl Family for Pareto {
    fn name(&self) -> &'static str {
        "Pareto"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "alpha", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Interval { low: 0, high: None }
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [scale, alpha] = unpack(parameters);
        finite(scale * (exponential(noise) / alpha).exp())
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [scale, alpha] = unpack(parameters);
        let inside = scale.less_equal(z);
        let z = inside.select(z, scale);
        inside.select(alpha.log() - z.log() - alpha * log_ratio(z, scale), f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        // log z has location log s and scale 1/α.
        let [scale, alpha] = unpack(parameters);
        let (e, loc, width) = (exponential(noise), scale.log(), 1.0 / alpha);
        let log_z = (loc + width * e).stop_gradient();
        alpha.log() - log_z - standardized(e, loc, width)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [scale, alpha] = unpack(parameters);
        Some(moment_above(1.0, alpha, |alpha| alpha * (scale / (alpha - 1.0))))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [scale, alpha] = unpack(parameters);
        Some(moment_above(2.0, alpha, |alpha| alpha * (scale / (alpha - 1.0)).square() / (alpha - 2.0)))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [scale, alpha] = unpack(parameters);
        Some(scale.log() - alpha.log() + 1.0 + 1.0 / alpha)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

impl WeakDerivative for Pareto {
    fn values(&self, _: usize) -> Option<usize> {
        Some(1)
    }

    fn triples<'g>(
        &self,
        parameter: usize,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
    ) -> Vec<Triple<'g>> {
        let [scale, alpha] = unpack(parameters);
        vec![if parameter == 0 {
            Triple { constant: alpha / scale, positive: Place::Sample, negative: Place::At(scale) }
        } else {
            let sum = exponential(noise) + exponential(noise);
            let beyond = finite(scale * (sum / alpha).exp());
            Triple { constant: 1.0 / alpha, positive: Place::Sample, negative: Place::At(beyond) }
        }]
    }
}
