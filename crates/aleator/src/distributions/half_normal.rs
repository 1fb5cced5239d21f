//! Half-normal: z ≥ 0, |x| of a Normal x with mean 0.
//!
//! ```text
//! z = −σ Φ⁻¹(u/2)
//! log p(z) = ½ log 2/π − log σ − ½ (z/σ)² for z ≥ 0, −∞ below
//! E z = σ √(2/π),   Var z = σ² (1 − 2/π),   entropy = ½ + ½ log(π/2) + log σ
//! ```
//!
//! Parameter: σ (`scale`), positive and finite. Everything else is in `half`.

use std::f64::consts::FRAC_2_PI;

use aleator_engine::graph::Expr;

use super::half::{Folded, Half};
use super::noise::Noise;
use super::normal::Normal;
use super::special::away_from_zero;

/// The half-normal family.
pub type HalfNormal = Half<Normal>;

impl Folded for Normal {
    const HALF: &'static str = "HalfNormal";

    fn folded<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
        away_from_zero(-(0.5 * noise.uniform(&[])).normal_quantile())
    }

    fn folded_mean(scale: Expr<'_>) -> Option<Expr<'_>> {
        Some(scale * FRAC_2_PI.sqrt())
    }

    fn folded_variance(scale: Expr<'_>) -> Option<Expr<'_>> {
        Some(scale.square() * (1.0 - FRAC_2_PI))
    }
}
