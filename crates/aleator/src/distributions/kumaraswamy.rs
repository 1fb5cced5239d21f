//! Kumaraswamy: 0 < z < 1.
//!
//! ```text
//! z = (1 − u^(1/b))^(1/a)
//! log p(z) = log ab + (a − 1) log z + (b − 1) log(1 − zᵃ)
//! E zⁿ = b B(1 + n/a, b),   entropy = (1 − 1/b) + (1 − 1/a) (ψ(b + 1) + γ) − log ab
//! ```
//!
//! Parameters: a (`concentration1`) and b (`concentration0`), positive and finite. A sample that would round to 0 or 1 is the
//! adjacent number.

use std::f64::consts::LN_2;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::{EULER_GAMMA, away_from_zero, below_one, log_beta};
use super::weak_derivative::{Place, Triple, WeakDerivative, exponential};

/// log E zⁿ
fn log_moment<'g>(n: f64, a: Expr<'g>, b: Expr<'g>) -> Expr<'g> {
    b.log() + log_beta(1.0 + n / a, b)
}

/// Below this number, log(−log w) and log(1 − w) differ only by half of their exponential.
const NEAR_ONE: f64 = -30.0;

/// log(−log w) of w = zᵃ = 1 − u^(1/b), computed from v = log(1 − w) = log(u)/b.
///
/// ```text
/// v < −30       v + ½ eᵛ             (w near 1)
/// v < −log 2    log(−log(1 − eᵛ))
/// else          log(−log(−(eᵛ − 1)))  (w near 0)
/// ```
fn log_minus_log_power<'g>(noise: &mut Noise<'g>, b: Expr<'g>) -> Expr<'g> {
    let v = noise.uniform(&[]).log() / b;
    let near_one = v.less(NEAR_ONE);
    let upper = v.less(-LN_2);
    let log_w = upper.select((-near_one.select(-1.0, v).exp()).log1p(), (-v.expm1()).log());
    near_one.select(v + 0.5 * v.exp(), (-log_w).log())
}

/// log(1 − w) as a function of s = log(−log w), the inverse of [`log_minus_log_power`].
///
/// ```text
/// s < −30            s − ½ eˢ
/// s < log log 2      log(−(e^(−eˢ) − 1))
/// else               log(1 − e^(−eˢ))
/// ```
fn log_one_minus(s: Expr<'_>) -> Expr<'_> {
    let near_one = s.less(NEAR_ONE);
    let upper = s.less(LN_2.ln());
    // Each form is evaluated where it is good, so that no derivative meets 0 · ∞.
    let inner = upper.select(near_one.select(-1.0, s), -1.0).exp();
    let outer = upper.select(0.0, s).exp();
    let of_power = upper.select((-(-inner).expm1()).log(), (-(-outer).exp()).log1p());
    near_one.select(s - 0.5 * s.minimum(0.0).exp(), of_power)
}

/// The Kumaraswamy family.
#[derive(Clone, Copy, Debug)]
pub struct Kumaraswamy;

impl Kumaraswamy {
    /// a (`concentration1`) and b (`concentration0`), both > 0.
    pub fn new<'g>(
        concentration1: impl Into<Argument<'g>>,
        concentration0: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(Kumaraswamy), [concentration1.into(), concentration0.into()])
    }
}

impl Family for Kumaraswamy {
    fn name(&self) -> &'static str {
        "Kumaraswamy"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "concentration1", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "concentration0", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::UnitInterval
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [a, b] = unpack(parameters);
        let power = -(noise.uniform(&[]).log() / b).expm1();
        below_one(away_from_zero((power.log() / a).exp()))
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [a, b] = unpack(parameters);
        let inside = z.greater(0.0) * z.less(1.0);
        let log_z = inside.select(z, 0.5).log();
        let log_rest = (-(a * log_z).expm1()).log();
        let log_prob = a.log() + b.log() + (a - 1.0) * log_z + (b - 1.0) * log_rest;
        inside.select(log_prob, f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [a, b] = unpack(parameters);
        // c = log(−log z) is held; −log zᵃ = eᶜ⁺ˡᵒᵍᵃ.
        let c = (log_minus_log_power(noise, b) - a.log()).stop_gradient();
        let log_z = -c.exp();
        a.log() + b.log() + (a - 1.0) * log_z + (b - 1.0) * log_one_minus(c + a.log())
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a, b] = unpack(parameters);
        Some(log_moment(1.0, a, b).exp())
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a, b] = unpack(parameters);
        let (first, second) = (log_moment(1.0, a, b), log_moment(2.0, a, b));
        Some(first.exp().square() * (second - 2.0 * first).expm1())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a, b] = unpack(parameters);
        let harmonic = (b + 1.0).digamma() + EULER_GAMMA;
        Some((1.0 - 1.0 / b) + (1.0 - 1.0 / a) * harmonic - a.log() - b.log())
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// −log(1 − zᵃ) is exponential with the rate b. The derivative by a is not known in this form.
impl WeakDerivative for Kumaraswamy {
    fn values(&self, parameter: usize) -> Option<usize> {
        (parameter == 1).then_some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [a, b] = unpack(parameters);
        let sum = exponential(noise) + exponential(noise);
        let power = -(-sum / b).expm1();
        let larger = below_one(away_from_zero((power.log() / a).exp()));
        vec![Triple { constant: 1.0 / b, positive: Place::Sample, negative: Place::At(larger) }]
    }
}
