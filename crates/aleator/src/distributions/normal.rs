//! Normal: z ∈ ℝ.
//!
//! ```text
//! z = μ + σ ε,   ε = Φ⁻¹(u)
//! log p(z) = −½ ((z − μ)/σ)² − log σ − ½ log 2π
//! E z = μ,   Var z = σ²,   entropy = ½ + ½ log 2π + log σ
//! ```
//!
//! Parameters: μ (`loc`), finite; σ (`scale`), positive and finite.

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Distribution, unpack};
use super::location_scale::LocationScale;
use super::noise::Noise;
use super::symmetric::Symmetric;
use super::transformation::{OfStandard, Transform, Transformation, Transformed, of_standard};
use super::weak_derivative::WeakDerivative;

/// The Normal family.
#[derive(Clone, Copy, Debug, Default)]
pub struct Normal;

impl Normal {
    /// μ (`loc`) and σ (`scale`) > 0.
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Normal), [loc.into(), scale.into()])
    }
}

impl LocationScale for Normal {
    const NAME: &'static str = "Normal";

    /// Φ⁻¹(u)
    fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
        noise.uniform(&[]).normal_quantile()
    }

    fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
        -0.5 * x.square() - scale.log() - 0.5 * (2.0 * PI).ln()
    }

    fn mean<'g>(loc: Expr<'g>, _: Expr<'g>) -> Option<Expr<'g>> {
        Some(loc)
    }

    fn variance(scale: Expr<'_>) -> Option<Expr<'_>> {
        Some(scale.square())
    }

    fn entropy(scale: Expr<'_>) -> Expr<'_> {
        0.5 + 0.5 * (2.0 * PI).ln() + scale.log()
    }

    fn transformation(&self) -> Option<&dyn Transformation> {
        Some(self)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

impl Symmetric for Normal {
    const PEAK: f64 = 0.398_942_280_401_432_7;

    /// √(x² − 2 log v)
    fn level<'g>(x: Expr<'g>, v: Expr<'g>) -> Expr<'g> {
        (x.square() - 2.0 * v.log()).sqrt()
    }
}

impl Transformation for Normal {
    fn has(&self, transform: Transform) -> bool {
        !matches!(transform, Transform::Rejection { .. })
    }

    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g> {
        let [loc, scale] = unpack(parameters);
        let OfStandard { value, standardized, log_slope } =
            of_standard(Self::standard(noise), loc, scale, transform);
        Transformed { value, log_density: Self::log_density(standardized, scale) + log_slope }
    }
}
