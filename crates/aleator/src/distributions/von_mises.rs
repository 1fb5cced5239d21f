//! Von Mises: z on the circle, in [−π, π).
//!
//! ```text
//! log p(z) = κ cos(z − μ) − log 2π I₀(κ)  =  −2κ sin²((z − μ)/2) − log 2π − (log I₀(κ) − κ)
//! Var z = 1 − I₁(κ)/I₀(κ), the circular variance;   E z, the mean of the angle, has no closed form: μ is only the circular mean
//! entropy = log 2π + (log I₀(κ) − κ) + κ (1 − I₁(κ)/I₀(κ))
//! ```
//!
//! Parameters: μ (`loc`), finite, any representative of its angle; κ (`concentration`), not negative, finite. Samples are exact,
//! by rejection (`best1979efficient`), with derivatives at a fixed probability: dz/dμ = 1, and dz/dκ is an operation of the engine. The
//! density is periodic.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use aleator_engine::graph::{Expr, Quantile};

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::implicit::{Flux, ImplicitReparameterization, with_derivatives};
use super::noise::Noise;
use super::special::{log_bessel_i0_minus, one_minus_bessel_ratio};

/// The VonMises family.
#[derive(Clone, Copy, Debug)]
pub struct VonMises;

impl VonMises {
    /// μ (`loc`) and κ (`concentration`) ≥ 0.
    pub fn new<'g>(loc: impl Into<Argument<'g>>, concentration: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(VonMises), [loc.into(), concentration.into()])
    }
}

/// log p as a function of the angle z − μ and κ.
fn log_density<'g>(angle: Expr<'g>, concentration: Expr<'g>) -> Expr<'g> {
    let half_chord = (0.5 * angle).sin();
    -2.0 * concentration * half_chord.square() - TAU.ln() - log_bessel_i0_minus(concentration)
}

/// The angle in [−π, π).
fn wrapped(angle: Expr<'_>) -> Expr<'_> {
    // Rounding may give π itself, which is −π.
    let wrapped = angle - TAU * ((angle + PI) / TAU).floor();
    wrapped.greater_equal(PI).select(-PI, wrapped)
}

/// ∂z/∂κ at a fixed probability of the angles between −π and z, both relative to μ.
fn quantile_derivative<'g>(concentration: Expr<'g>, angle: Expr<'g>) -> Expr<'g> {
    let inputs = [concentration.stop_gradient(), angle.stop_gradient()];
    angle.graph().quantile_derivative(Quantile::VonMises, &inputs)
}

impl Family for VonMises {
    fn name(&self) -> &'static str {
        "VonMises"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "loc", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "concentration", constraint: Constraint::NotNegative, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Circle
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, concentration] = unpack(parameters);
        wrapped(loc + noise.von_mises(concentration))
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn implicit_reparameterization(&self) -> Option<&dyn ImplicitReparameterization> {
        Some(self)
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, concentration] = unpack(parameters);
        log_density(z - loc, concentration)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, concentration] = unpack(parameters);
        let one = loc.graph().scalar(1.0);
        log_density(standardized(noise.von_mises(concentration), loc, one), concentration)
    }

    /// π tanh(x/2). The circle is cut at ±π, where a cost may be discontinuous in the angle.
    fn support_bijector<'g>(&self, _: &[Expr<'g>], x: Expr<'g>) -> Option<(Expr<'g>, Expr<'g>)> {
        Some((PI * (0.5 * x).tanh(), TAU * x.sigmoid() * (-x).sigmoid()))
    }

    fn mean<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, concentration] = unpack(parameters);
        Some(one_minus_bessel_ratio(concentration))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, concentration] = unpack(parameters);
        let spread = concentration * one_minus_bessel_ratio(concentration);
        Some(TAU.ln() + log_bessel_i0_minus(concentration) + spread)
    }
}

/// The angle relative to μ is at a fixed probability from the point opposite of μ, so z moves with μ as a whole. Probability crosses
/// the cut at ±π, where a cost may be different from both sides.
impl ImplicitReparameterization for VonMises {
    fn implicit_sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, concentration] = unpack(parameters);
        let angle = noise.clone().von_mises(concentration).stop_gradient();
        let one = loc.graph().scalar(1.0);
        let derivatives = [(loc, one), (concentration, quantile_derivative(concentration, angle))];
        with_derivatives(self.sample(parameters, noise), derivatives)
    }

    fn flux<'g>(&self, parameters: &[Expr<'g>]) -> Option<Flux<'g>> {
        let [loc, concentration] = unpack(parameters);
        let angle = wrapped(PI - loc);
        let density = log_density(angle, concentration).exp().stop_gradient();
        let moved = with_derivatives(
            0.0 * angle,
            [(loc, density), (concentration, density * quantile_derivative(concentration, angle))],
        );
        Some(Flux { from: -PI, to: PI, crossing: moved })
    }
}
