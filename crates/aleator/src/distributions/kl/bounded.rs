//! Uniform and von Mises.
//!
//! ```text
//! Uniform      log((b_p − a_p)/(b_q − a_q)) where [a_q, b_q] lies in [a_p, b_p], else ∞
//! VonMises     ℓ(κ_p) − ℓ(κ_q) + (κ_p − κ_q) c + 2 κ_p (1 − c) sin²((μ_q − μ_p)/2)
//!              ℓ(κ) = log I₀(κ) − κ,   c = 1 − I₁(κ_q)/I₀(κ_q) = −ℓ'(κ_q)
//! ```
//!
//! Uniform: log q − log p is constant where q has mass. Von Mises: E_q cos(z − μ_p) = (1 − c) cos(μ_q − μ_p), so it is κ_q (1 − c)
//! − log I₀(κ_q) + log I₀(κ_p) − κ_p (1 − c) cos(μ_q − μ_p), and cos x = 1 − 2 sin²(x/2).
//!
//! By hand: Uniform(0, 1) from Uniform(−1, 1) is log 2. Von Mises of concentration 0 from one of κ is log I₀(κ).

use aleator_engine::graph::Expr;

use super::super::family::{Distribution, unpack};
use super::super::special::{at_least_zero, log_bessel_i0_minus, one_minus_bessel_ratio};

pub(super) fn uniform<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([low_q, high_q], [low_p, high_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let inside = low_p.less_equal(low_q) * high_q.less_equal(high_p);
    Some(inside.select((high_p - low_p).log() - (high_q - low_q).log(), f64::INFINITY))
}

pub(super) fn von_mises<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([loc_q, kappa_q], [loc_p, kappa_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let c = one_minus_bessel_ratio(kappa_q);
    let spread = log_bessel_i0_minus(kappa_p) - log_bessel_i0_minus(kappa_q) + (kappa_p - kappa_q) * c;
    let half_chord = (0.5 * (loc_q - loc_p)).sin();
    Some(at_least_zero(spread) + 2.0 * kappa_p * (1.0 - c) * half_chord.square())
}
