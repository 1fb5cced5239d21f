//! Student's t: z ∈ ℝ.
//!
//! ```text
//! z = μ + σ ε √(ν/2) / √g,   ε ~ N(0, 1),  g ~ Gamma(ν/2, 1)
//! log p(z) = log Γ((ν+1)/2) − log Γ(ν/2) − ½ log πν − log σ − (ν+1)/2 log(1 + t²/ν),   t = (z − μ)/σ
//!          = ν/2 log(1 + 1/ν) − ½ − ½ log 2π + δ((ν+1)/2) − δ(ν/2) − log σ − …          with Stirling's formula, see `special`
//! E z = μ for ν > 1,   Var z = σ² ν/(ν − 2) for ν > 2, ∞ for 1 < ν ≤ 2;   NaN where they do not exist
//! entropy = (ν+1)/2 (ψ((ν+1)/2) − ψ(ν/2)) − log p(μ)
//! ```
//!
//! Parameters: ν (`df`), positive and finite; μ (`loc`), finite; σ (`scale`), positive and finite. Samples are exact. Their
//! derivative by ν at a fixed probability is an operation of the engine. g is drawn as a logarithm.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Quantile};

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, constant, unpack};
use super::implicit::{ImplicitReparameterization, with_derivatives};
use super::location_scale::LocationScale;
use super::noise::Noise;
use super::normal::Normal;
use super::special::{HALF_LOG_TAU, digamma_minus_log, finite, log1p_square, stirling_error};
use super::symmetric::held_beside;
use super::weak_derivative::{Place, Triple, WeakDerivative, length, with_sign};

/// log p(μ)
fn log_peak<'g>(df: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    let half = 0.5 * df;
    let errors = stirling_error(half + 0.5) - stirling_error(half);
    half * (1.0 / df).log1p() - 0.5 - HALF_LOG_TAU + errors - scale.log()
}

/// ε and log √(ν/2g), because √(ν/2g) overflows for small ν.
fn standard<'g>(df: Expr<'g>, noise: &mut Noise<'g>) -> (Expr<'g>, Expr<'g>) {
    let half = 0.5 * df;
    let normal = Normal::standard(noise);
    let log_gamma = noise.log_gamma(&[], half);
    (normal, 0.5 * (half.log() - log_gamma))
}

/// Above this log |t|, log(1 + t²/ν) is computed from log |t|.
const FAR: f64 = 40.0;

/// The StudentT family.
#[derive(Clone, Copy, Debug)]
pub struct StudentT;

impl StudentT {
    /// ν (`df`) > 0, μ (`loc`) and σ (`scale`) > 0.
    pub fn new<'g>(
        df: impl Into<Argument<'g>>,
        loc: impl Into<Argument<'g>>,
        scale: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(StudentT), [df.into(), loc.into(), scale.into()])
    }
}

impl Family for StudentT {
    fn name(&self) -> &'static str {
        "StudentT"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "df", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "loc", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Real
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [df, loc, scale] = unpack(parameters);
        let (normal, log_factor) = standard(df, noise);
        finite(loc + scale * normal * log_factor.exp())
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn implicit_reparameterization(&self) -> Option<&dyn ImplicitReparameterization> {
        Some(self)
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [df, loc, scale] = unpack(parameters);
        log_peak(df, scale) - 0.5 * (df + 1.0) * log1p_square(z - loc, scale * df.sqrt())
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        // With |t₀| = e^λ at the held draw: t = ± (e^λ σ₀/σ ± (μ₀ − μ)/σ), and for large λ
        // log |t| = λ + log σ₀/σ + log(1 ± e^(−λ) (μ₀ − μ)/σ₀).
        let [df, loc, scale] = unpack(parameters);
        let (normal, log_factor) = standard(df, noise);
        let (normal, log_factor) = (normal.stop_gradient(), log_factor.stop_gradient());
        let log_t = normal.abs().log() + log_factor;
        let far = log_t.greater(FAR);
        let near = {
            let t = standardized(far.select(0.0, normal * log_factor.exp()), loc, scale);
            log1p_square(t, df.sqrt())
        };
        let beyond = {
            let (log_t, fixed_scale) = (far.select(log_t, FAR), scale.stop_gradient());
            let shift = normal.sign() * (-log_t).exp() * ((loc.stop_gradient() - loc) / fixed_scale);
            let log_t = log_t + (fixed_scale / scale).log() + shift.log1p();
            (2.0 * log_t - df.log()).softplus()
        };
        log_peak(df, scale) - 0.5 * (df + 1.0) * far.select(beyond, near)
    }

    /// μ + σ sinh x, so that the tails' powers become exponentials.
    fn support_bijector<'g>(&self, parameters: &[Expr<'g>], x: Expr<'g>) -> Option<(Expr<'g>, Expr<'g>)> {
        let [_, loc, scale] = unpack(parameters);
        let (up, down) = (x.exp(), (-x).exp());
        Some((loc + scale * (0.5 * (up - down)), scale * (0.5 * (up + down))))
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [df, loc, _] = unpack(parameters);
        if constant(df).is_some_and(|values| values.iter().any(|&df| df <= 1.0)) {
            return None;
        }
        Some(df.greater(1.0).select(loc, f64::NAN))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [df, _, scale] = unpack(parameters);
        let finite = df.greater(2.0);
        let df_finite = finite.select(df, 3.0);
        let variance = scale.square() * (df_finite / (df_finite - 2.0));
        Some(finite.select(variance, df.greater(1.0).select(f64::INFINITY, f64::NAN)))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [df, _, scale] = unpack(parameters);
        let (more, half) = (0.5 * (df + 1.0), 0.5 * df);
        let digammas = (1.0 / df).log1p() + digamma_minus_log(more) - digamma_minus_log(half);
        Some(more * digammas - log_peak(df, scale))
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// Location and scale, as for symmetric families: f(x) ∝ (1 + x²/ν)^(−(ν+1)/2) = v f(0) at 1 + x²/ν = g, g = v^(−2/(ν+1)). The
/// derivative by ν is not known in this form.
impl WeakDerivative for StudentT {
    fn values(&self, parameter: usize) -> Option<usize> {
        match parameter {
            0 => None,
            1 => Some(2),
            _ => Some(1),
        }
    }

    fn triples<'g>(
        &self,
        parameter: usize,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
    ) -> Vec<Triple<'g>> {
        let [df, loc, scale] = unpack(parameters);
        let (normal, log_factor) = standard(df, noise);
        let x = normal * log_factor.exp();
        let log_g = -2.0 * noise.uniform(&[]).log() / (df + 1.0);
        // √g √(x² + ν (1 − 1/g))
        let rest = (df * -(-log_g).expm1()).sqrt();
        let root_g = (0.5 * log_g).exp();
        let scale_held = held_beside(loc, scale);
        vec![if parameter == 1 {
            let r = scale * (root_g * rest);
            let constant = log_peak(df, scale).exp() * scale_held;
            Triple { constant, positive: Place::At(finite(loc + r)), negative: Place::At(finite(loc - r)) }
        } else {
            let m = scale * with_sign(root_g * length(x, rest), x);
            Triple {
                constant: scale_held / scale,
                positive: Place::At(finite(loc + m)),
                negative: Place::Sample,
            }
        }]
    }
}

impl ImplicitReparameterization for StudentT {
    fn implicit_sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [df, loc, scale] = unpack(parameters);
        let (normal, log_factor) = standard(df, &mut noise.clone());
        let t = normal * log_factor.exp();
        // A sample that is replaced by the largest number does not move.
        let moves = (loc + scale * t).abs().less(f64::INFINITY);
        let log_t = (normal.abs().log() + log_factor).stop_gradient();
        let relative = df.graph().quantile_derivative(Quantile::LogStudentT, &[df.stop_gradient(), log_t]);
        let derivative = |d: Expr<'g>| moves.select(d, 0.0);
        let one = df.graph().scalar(1.0);
        let derivatives =
            [(df, derivative(scale * t * relative)), (loc, derivative(one)), (scale, derivative(t))];
        with_derivatives(self.sample(parameters, noise), derivatives)
    }
}
