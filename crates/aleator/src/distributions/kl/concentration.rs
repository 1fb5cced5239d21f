//! Gamma, InverseGamma, Chi2, Exponential, Beta, Dirichlet.
//!
//! ```text
//! g(t) = eᵗ − 1 − t,   B(β, α) = δ(β) − δ(α) − (β − α) δ'(α) ≥ 0,   δ Stirling's error, δ'(α) = ψ(α) − log α + 1/(2α)
//!
//! Exponential    g(log λ_p − log λ_q)
//! Gamma          α_p g(u) + ½ g(t) + B(α_p, α_q),     t = log α_p/α_q,   u = log(λ_p/λ_q) − t
//! Dirichlet      Σₖ βₖ g(T − tₖ) + ½ (Σₖ g(tₖ) − g(T)) + Σₖ B(βₖ, αₖ) − B(m, n)
//!                q by α, p by β,   n = Σ α,  m = Σ β,   tₖ = log βₖ/αₖ,  T = log m/n
//! ```
//!
//! Exponential: E_q[log λ_q − λ_q z − log λ_p + λ_p z]. Gamma: with E z = α/λ and E log z = ψ(α) − log λ it is
//!
//! ```text
//! log Γ(α_p) − log Γ(α_q) − (α_p − α_q) ψ(α_q) + (α_q − α_p) log(λ_p/λ_q) + α_q g(log λ_p/λ_q)
//! ```
//!
//! and Stirling's formula turns the first three terms into α_p g(−t) + ½ g(t) + B(α_p, α_q), in which nothing large cancels;
//! eᵗ = α_p/α_q puts α_p g(−t) and the rates together as α_p g(u). Dirichlet: Σₖ of those three terms of (βₖ, αₖ), less those
//! of (m, n); and Σₖ βₖ g(−tₖ) − m g(−T) = Σₖ βₖ (tₖ − T) = Σₖ βₖ g(T − tₖ), as Σₖ βₖ e^{T − tₖ} = m. A Beta is a Dirichlet
//! of two numbers; an Exponential of rate λ is Gamma(1, λ), a Chi2 of df ν is Gamma(ν/2, ½),
//! and the divergence of two inverses 1/g is that of the g.
//!
//! By hand: Gamma(1, 1) from Gamma(2, 1) is −E log z = γ: 2 g(−log 2) + ½ g(log 2) + B(2, 1) = 0.386294 + 0.153426 + 0.037495.
//! Beta(1, 1) from Beta(2, 1) is −E log 2z = 1 − log 2: 0.169899 + 0.106159 + 0.037495 − 0.006700.

use aleator_engine::graph::Expr;

use super::super::chi2;
use super::super::family::{Distribution, unpack};
use super::super::special::{at_least_zero, digamma_minus_log, exp_excess, stirling_error};

/// B(β, α)
fn stirling_excess<'g>(beta: Expr<'g>, alpha: Expr<'g>) -> Expr<'g> {
    let slope = digamma_minus_log(alpha) + 0.5 / alpha;
    stirling_error(beta) - stirling_error(alpha) - (beta - alpha) * slope
}

pub(super) fn exponential<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([rate_q], [rate_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    Some(exp_excess(rate_p.log() - rate_q.log()))
}

/// For Gamma, InverseGamma, Chi2 and Exponential.
pub(super) fn gamma<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let of = |d: &Distribution<'g>| match *d.parameters() {
        [_] if d.name() == "Chi2" => chi2::of_gamma(d.parameters()),
        [rate] => [rate.graph().scalar(1.0), rate],
        _ => unpack(d.parameters()),
    };
    let ([a_q, rate_q], [a_p, rate_p]) = (of(q), of(p));
    let t = (a_p / a_q).log();
    let u = (rate_p / rate_q).log() - t;
    Some(at_least_zero(a_p * exp_excess(u) + 0.5 * exp_excess(t) + stirling_excess(a_p, a_q)))
}

/// By the pairs (βₖ, αₖ), each with the axes of the sums m and n.
fn dirichlet_by<'g>(pairs: &[(Expr<'g>, Expr<'g>)], m: Expr<'g>, n: Expr<'g>) -> Expr<'g> {
    let total = (m / n).log();
    let of_total = -0.5 * exp_excess(total) - stirling_excess(m, n);
    let terms = pairs.iter().map(|&(b, a)| {
        let t = (b / a).log();
        b * exp_excess(total - t) + 0.5 * exp_excess(t) + stirling_excess(b, a)
    });
    at_least_zero(terms.fold(of_total, |sum, term| sum + term))
}

pub(super) fn beta<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([a1, a0], [b1, b0]) = (unpack(q.parameters()), unpack(p.parameters()));
    Some(dirichlet_by(&[(b1, a1), (b0, a0)], b1 + b0, a1 + a0))
}

pub(super) fn dirichlet<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([a], [b]) = (unpack(q.parameters()), unpack(p.parameters()));
    let (m, n) = (b.sum_axes(-1), a.sum_axes(-1));
    let (t, total) = ((b / a).log(), (m / n).log());
    let terms = b * exp_excess(total.unsqueeze(-1) - t) + 0.5 * exp_excess(t) + stirling_excess(b, a);
    Some(at_least_zero(terms.sum_axes(-1) - 0.5 * exp_excess(total) - stirling_excess(m, n)))
}
