//! Weak derivatives of symmetric families by location and scale.
//!
//! ```text
//! z = μ + σ x,   x with the density f:      ∂μ:  f(0)/σ (F(μ + σ R) − F(μ − σ R))      ∂σ:  1/σ (F(μ + σ M) − F(z))
//! ```
//!
//! For a density f that falls on both sides of 0, −x f'(x) is a density, too, and a variable x with density f is
//! U M, where M has that density (Khinchine). Given x, M has the sign of x, and f(M) = v f(x); at x = 0, this is the R with density
//! −f'(x)/f(0) for x > 0. For the Normal, R = √(−2 log v) is a Rayleigh variable, and M = ±√(x² − 2 log v) is Maxwell on both sides.
//!
//! Reference: `mohamed2020monte`.

use aleator_engine::graph::Expr;

use super::coordinates::STEPS;
use super::family::unpack;
use super::location_scale::LocationScale;
use super::noise::Noise;
use super::weak_derivative::{Place, Triple, WeakDerivative, with_sign};

/// A family of location and scale whose density f is symmetric about 0 and falls on both sides of it.
pub trait Symmetric: LocationScale {
    /// f(0)
    const PEAK: f64;

    /// The m ≥ |x| at which f(m) = v f(x).
    fn level<'g>(x: Expr<'g>, v: Expr<'g>) -> Expr<'g>;
}

impl<F: Symmetric> WeakDerivative for F {
    fn values(&self, parameter: usize) -> Option<usize> {
        Some(if parameter == 0 { 2 } else { 1 })
    }

    fn triples<'g>(
        &self,
        parameter: usize,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
    ) -> Vec<Triple<'g>> {
        let [loc, scale] = unpack(parameters);
        let x = F::standard(noise);
        let v = noise.uniform(&[]);
        // Where the scale is lost beside the location, differences mean nothing.
        let scale_held = held_beside(loc, scale);
        vec![if parameter == 0 {
            let r = scale * F::level(0.0 * v, v);
            let constant = F::PEAK / scale * scale_held;
            Triple { constant, positive: Place::At(loc + r), negative: Place::At(loc - r) }
        } else {
            let m = scale * with_sign(F::level(x, v), x);
            Triple { constant: scale_held / scale, positive: Place::At(loc + m), negative: Place::Sample }
        }]
    }
}

/// 1 where numbers near μ are much closer to each other than σ, else NaN.
pub(super) fn held_beside<'g>(loc: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    let size = loc.abs();
    (size + scale / STEPS).greater(size).select(1.0, f64::NAN)
}
