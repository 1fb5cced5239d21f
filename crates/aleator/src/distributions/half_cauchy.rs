//! Half-Cauchy: z ≥ 0, |x| of a Cauchy x about 0.
//!
//! ```text
//! z = σ / tan(πu/2)
//! log p(z) = log 2/(πσ) − log(1 + (z/σ)²) for z ≥ 0, −∞ below
//! E z and Var z are infinite,   entropy = log 2πσ
//! ```
//!
//! Parameter: σ (`scale`), positive and finite. Everything else is in `half`.

use std::f64::consts::FRAC_PI_2;

use aleator_engine::graph::Expr;

use super::cauchy::Cauchy;
use super::half::{Folded, Half};
use super::noise::Noise;

/// The half-Cauchy family.
pub type HalfCauchy = Half<Cauchy>;

impl Folded for Cauchy {
    const HALF: &'static str = "HalfCauchy";

    /// cot(πu/2) = tan(π(1 − u)/2), computed from the distance to the nearer end.
    fn folded<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
        let u = noise.uniform(&[]);
        let low = u.less(0.5);
        let tangent = (FRAC_PI_2 * low.select(u, 1.0 - u)).tan();
        low.select(1.0 / tangent, tangent)
    }

    fn folded_mean(_: Expr<'_>) -> Option<Expr<'_>> {
        None
    }

    fn folded_variance(_: Expr<'_>) -> Option<Expr<'_>> {
        None
    }
}
