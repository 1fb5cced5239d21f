//! Uniform, ContinuousBernoulli, Pareto and von Mises.
//!
//! ```text
//! Uniform      log((b_p − a_p)/(b_q − a_q)) where [a_q, b_q] lies in [a_p, b_p], else ∞
//! ContinuousBernoulli     G(x_p) − G(x_q) − (x_p − x_q) G'(x_q),   x half the logits, G(x) = log(sinh(x)/x)
//! Pareto       g(log α_p/α_q) + α_p log(s_q/s_p) where s_q ≥ s_p, else ∞,   g(t) = eᵗ − 1 − t
//! VonMises     ℓ(κ_p) − ℓ(κ_q) + (κ_p − κ_q) c + 2 κ_p (1 − c) sin²((μ_q − μ_p)/2)
//!              ℓ(κ) = log I₀(κ) − κ,   c = 1 − I₁(κ_q)/I₀(κ_q) = −ℓ'(κ_q)
//! ```
//!
//! Uniform: log q − log p is constant where q has mass. Von Mises: E_q cos(z − μ_p) = (1 − c) cos(μ_q − μ_p), so it is κ_q (1 − c)
//! − log I₀(κ_q) + log I₀(κ_p) − κ_p (1 − c) cos(μ_q − μ_p), and cos x = 1 − 2 sin²(x/2).
//!
//! Continuous Bernoulli: log p(z) = 2 x (z − ½) − G(x), and E_q 2 (z − ½) = G'(x_q).
//! Pareto: E_q log z = log s_q + 1/α_q, so it is log α_q/α_p + α_p/α_q − 1 + α_p (log s_q − log s_p).
//!
//! By hand: Pareto(2, 1) from Pareto(1, 1) is log 2. Uniform(0, 1) from Uniform(−1, 1) is log 2. Von Mises of concentration 0 from one of κ is log I₀(κ).

use aleator_engine::graph::Expr;

use super::super::continuous_bernoulli::{ContinuousBernoulli, langevin, log_sinhc};
use super::super::family::{Distribution, unpack};
use super::super::special::{at_least_zero, exp_excess, log_bessel_i0_minus, one_minus_bessel_ratio};

pub(super) fn uniform<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([low_q, high_q], [low_p, high_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let inside = low_p.less_equal(low_q) * high_q.less_equal(high_p);
    Some(inside.select((high_p - low_p).log() - (high_q - low_q).log(), f64::INFINITY))
}

pub(super) fn continuous_bernoulli<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    // By logits or by probabilities.
    let half_logits = |d: &Distribution<'g>| {
        let form = match d.family().parameters()[0].name {
            "probs" => ContinuousBernoulli::Probs,
            _ => ContinuousBernoulli::Logits,
        };
        0.5 * form.logits(d.parameters())
    };
    let (x_q, x_p) = (half_logits(q), half_logits(p));
    Some(at_least_zero(log_sinhc(x_p) - log_sinhc(x_q) - (x_p - x_q) * langevin(x_q)))
}

pub(super) fn pareto<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([scale_q, alpha_q], [scale_p, alpha_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let inside = scale_p.less_equal(scale_q);
    let beyond = alpha_p * (scale_q.log() - scale_p.log());
    Some(inside.select(exp_excess(alpha_p.log() - alpha_q.log()) + beyond, f64::INFINITY))
}

pub(super) fn von_mises<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([loc_q, kappa_q], [loc_p, kappa_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let c = one_minus_bessel_ratio(kappa_q);
    let spread = log_bessel_i0_minus(kappa_p) - log_bessel_i0_minus(kappa_q) + (kappa_p - kappa_q) * c;
    let half_chord = (0.5 * (loc_q - loc_p)).sin();
    Some(at_least_zero(spread) + 2.0 * kappa_p * (1.0 - c) * half_chord.square())
}
