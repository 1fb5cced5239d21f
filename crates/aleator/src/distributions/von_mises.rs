//! Von Mises: z on the circle, in [−π, π).
//!
//! ```text
//! log p(z) = κ cos(z − μ) − log 2π I₀(κ)  =  −2κ sin²((z − μ)/2) − log 2π − (log I₀(κ) − κ)
//! Var z = 1 − I₁(κ)/I₀(κ), the circular variance;   E z, the mean of the angle, has no closed form: μ is only the circular mean
//! entropy = log 2π + (log I₀(κ) − κ) + κ (1 − I₁(κ)/I₀(κ))
//! ```
//!
//! Parameters: μ (`loc`), finite, any representative of its angle; κ (`concentration`), not negative, finite. Samples are exact,
//! by rejection (`best1979efficient`), and have no pathwise derivative. The density is periodic.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
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
        let z = loc + noise.von_mises(concentration);
        // Rounding may give π itself, which is −π.
        let wrapped = z - TAU * ((z + PI) / TAU).floor();
        wrapped.greater_equal(PI).select(-PI, wrapped)
    }

    fn is_reparameterized(&self) -> bool {
        false
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
