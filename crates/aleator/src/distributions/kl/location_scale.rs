//! Families with a location and a scale, and those that a bijection makes of them.
//!
//! ```text
//! s = log σ_q − log σ_p,   d = (μ_q − μ_p)/σ_p,   g(t) = eᵗ − 1 − t
//!
//! Normal     ½ d² + ½ g(2s)
//! Laplace    g(s) + eˢ g(−|d| e⁻ˢ)
//! Cauchy     log(1 + ¼ ((σ_q − σ_p)² + (μ_q − μ_p)²) / (σ_q σ_p))
//! Gumbel     g(w) + log Γ(r) + γ (r − 1),   r = eˢ,   w = log Γ(1 + r) − d
//! HalfNormal, HalfCauchy: with d = 0
//! MVN        ½ |y|² + ½ Σ_{i>j} M_ij² + ½ Σ_i g(2 log M_ii),   L_p M = L_q,   L_p y = μ_q − μ_p
//! ```
//!
//! * Normal: E_q ½ ((z − μ_p)/σ_p)² = ½ (d² + e^{2s}), less E_q ½ ((z − μ_q)/σ_q)² = ½, less s.
//! * Laplace: E_q |z − μ_p|/b_p = |d| + eˢ e^{−|d| e⁻ˢ}, as E |X + c| = |c| + e^{−|c|} for a standard X; less 1 + s.
//! * Cauchy: log |z − μ_p + iσ_p|² is harmonic in the upper half-plane, where a Cauchy's density is the Poisson kernel: its mean is
//!   its value at μ_q + iσ_q, log((μ_q − μ_p)² + (σ_q + σ_p)²), and with p = q log 4σ_q². Then (σ_q + σ_p)² = (σ_q − σ_p)² + 4 σ_q σ_p.
//! * Gumbel: z = μ_q + β_q G with E G = γ and E e^{−rG} = Γ(1 + r), so E_q[−log p] = log β_p + d + rγ + eʷ, and the entropy is
//!   log β_q + γ + 1. What is left is eʷ − 1 + d + γ (r − 1) − s = g(w) + log Γ(1 + r) − s + γ (r − 1), and log Γ(1 + r) − s
//!   = log Γ(r).
//! * A bijection changes nothing: a LogNormal is a Normal of log z; −log z of a Weibull (λ, k) is a Gumbel of location −log λ
//!   and scale 1/k, and an Exponential of rate λ is a Weibull (1/λ, 1).
//! * MVN: E_q ½ |L_p⁻¹(z − μ_p)|² = ½ (|y|² + Σ_ij M_ij²), less ½ n, less Σ log M_ii.
//!
//! By hand: Normal(1, 1) from Normal(0, 1) is ½; Laplace(0, 1) from Laplace(0, 2) is g(−log 2) = log 2 − ½; Cauchy(0, 1) from
//! Cauchy(2, 1) is log 2; Gumbel(0, 1) from Gumbel(log 2, 1): w = log 2, g(w) = 1 − log 2.

use aleator_engine::graph::Expr;

use super::super::family::{Distribution, unpack};
use super::super::multivariate_normal::{diagonal, solve};
use super::super::special::{EULER_GAMMA, at_least_zero, exp_excess};

/// s, d and σ_q/σ_p of two pairs (μ, σ).
fn compare<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> (Expr<'g>, Expr<'g>) {
    let ([loc_q, scale_q], [loc_p, scale_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    (scale_q.log() - scale_p.log(), (loc_q - loc_p) / scale_p)
}

/// The two of a symmetric family have the same logarithm of a quotient on both sides of 0.
pub(super) fn half_normal<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([scale_q], [scale_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    Some(0.5 * exp_excess(2.0 * (scale_q.log() - scale_p.log())))
}

pub(super) fn half_cauchy<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([scale_q], [scale_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let difference = scale_q - scale_p;
    Some((0.25 * (difference / scale_q) * (difference / scale_p)).log1p())
}

/// Also for LogNormal.
pub(super) fn normal<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let (s, d) = compare(q, p);
    Some(0.5 * d.square() + 0.5 * exp_excess(2.0 * s))
}

pub(super) fn laplace<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let (s, d) = compare(q, p);
    // |d|, with a slope at 0, so that second derivatives are there, too.
    let distance = d.less(0.0).select(-d, d);
    Some(exp_excess(s) + s.exp() * exp_excess(-distance * (-s).exp()))
}

pub(super) fn cauchy<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([loc_q, scale_q], [loc_p, scale_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let relative = |difference: Expr<'g>| (difference / scale_q) * (difference / scale_p);
    Some((0.25 * (relative(scale_q - scale_p) + relative(loc_q - loc_p))).log1p())
}

pub(super) fn gumbel<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let (s, d) = compare(q, p);
    Some(gumbel_by(s, d))
}

fn gumbel_by<'g>(s: Expr<'g>, d: Expr<'g>) -> Expr<'g> {
    let r = s.exp();
    let w = (1.0 + r).lgamma() - d;
    at_least_zero(exp_excess(w) + r.lgamma() + EULER_GAMMA * (r - 1.0))
}

/// For Weibull and Exponential.
pub(super) fn weibull<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    // log λ and k.
    let of = |d: &Distribution<'g>| match *d.parameters() {
        [rate] => (-rate.log(), rate.graph().scalar(1.0)),
        _ => {
            let [scale, concentration] = unpack(d.parameters());
            (scale.log(), concentration)
        }
    };
    let ((log_scale_q, k_q), (log_scale_p, k_p)) = (of(q), of(p));
    Some(gumbel_by(k_p.log() - k_q.log(), k_p * (log_scale_p - log_scale_q)))
}

pub(super) fn multivariate_normal<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([loc_q, tril_q], [loc_p, tril_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let n = tril_p.shape().from_end(0);
    let y = solve(tril_p, loc_q - loc_p);
    let log_ratio = diagonal(tril_q).log() - diagonal(tril_p).log();
    // The columns of L_q as rows: element i of a solution is that of row i of M, for each of its columns.
    let columns = solve(tril_p.unsqueeze(-3), tril_q.transpose());
    let below = |i: usize, row: Expr<'g>| row.squeeze(-1).slice(-1, 0, i).square().sum_axes(-1);
    let squares = y.into_iter().map(|y| y.squeeze(-1).square());
    let mixed = (1..n).zip(columns.into_iter().skip(1)).map(|(i, row)| below(i, row));
    let spread = exp_excess(2.0 * log_ratio).sum_axes(-1);
    Some(0.5 * squares.chain(mixed).fold(spread, |sum, term| sum + term))
}
