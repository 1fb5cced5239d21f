//! Cauchy: z ∈ ℝ.
//!
//! ```text
//! z = μ − σ / tan πv,   v = u below ½ and u − 1 above
//! log p(z) = −log πσ − log(1 + ((z − μ)/σ)²)
//! E z and Var z do not exist,   entropy = log 4πσ
//! ```
//!
//! Parameters: μ (`loc`), finite; σ (`scale`), positive and finite.

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::Distribution;
use super::location_scale::LocationScale;
use super::noise::Noise;
use super::special::log1p_square;
use super::symmetric::Symmetric;
use super::weak_derivative::{WeakDerivative, length};

/// The Cauchy family.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cauchy;

impl Cauchy {
    /// μ (`loc`) and σ (`scale`) > 0.
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Cauchy), [loc.into(), scale.into()])
    }
}

/// tan πu, computed from the distance to the nearer end.
fn tan_pi_u<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    let u = noise.uniform(&[]);
    let v = u.less(0.5).select(u, u - 1.0);
    (PI * v).tan()
}

impl LocationScale for Cauchy {
    const NAME: &'static str = "Cauchy";

    fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
        -1.0 / tan_pi_u(noise)
    }

    fn sample<'g>(loc: Expr<'g>, scale: Expr<'g>, noise: &mut Noise<'g>) -> Expr<'g> {
        loc - scale / tan_pi_u(noise)
    }

    fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
        -(PI * scale).log() - log1p_square(x, x.graph().scalar(1.0))
    }

    fn log_prob<'g>(loc: Expr<'g>, scale: Expr<'g>, z: Expr<'g>) -> Expr<'g> {
        -(PI * scale).log() - log1p_square(z - loc, scale)
    }

    fn mean<'g>(_: Expr<'g>, _: Expr<'g>) -> Option<Expr<'g>> {
        None
    }

    fn variance(_: Expr<'_>) -> Option<Expr<'_>> {
        None
    }

    fn entropy(scale: Expr<'_>) -> Expr<'_> {
        (4.0 * PI * scale).log()
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

impl Symmetric for Cauchy {
    const PEAK: f64 = 1.0 / PI;

    /// √((1 + x²)/v − 1)
    fn level<'g>(x: Expr<'g>, v: Expr<'g>) -> Expr<'g> {
        // In factors, because x² may overflow: √(1/v) √(x² + 1 − v).
        length(x, (1.0 - v).sqrt()) / v.sqrt()
    }
}
