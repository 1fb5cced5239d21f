//! Pairs of different families, by moments: −H(q) − E_q log p(z), where E_q log p(z) depends only on E z, E z² or E log z.
//!
//! ```text
//! from Normal         −H(q) + log σ + ½ log 2π + ½ (Var z + (E z − μ)²)/σ²
//! from Exponential    −H(q) − log λ + λ E z
//! from Gamma          −H(q) − α log λ + log Γ(α) − (α − 1) E log z + λ E z
//! from Uniform        −H(q) + log(b − a) where (0, 1) lies in [a, b], else ∞        q a Beta
//!
//! E log z = μ of a LogNormal,   log λ − γ/k of a Weibull
//! ```
//!
//! Each p is a density on the whole support of q. Except for Beta(1, 1) and Uniform, the two distributions are never equal, so
//! large terms never cancel to a small result.
//!
//! By hand: Uniform(−1, 1) from Normal(0, 1) is −log 2 + ½ log 2π + ⅙. Beta(1, 1) from Uniform(0, 1) is 0.

use aleator_engine::graph::Expr;

use super::super::family::{Distribution, unpack};
use super::super::special::{EULER_GAMMA, HALF_LOG_TAU};

pub(super) fn from_normal<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let [loc, scale] = unpack(p.parameters());
    let moment = q.variance()? / scale.square() + ((q.mean()? - loc) / scale).square();
    Some(0.5 * moment + scale.log() + HALF_LOG_TAU - q.entropy()?)
}

pub(super) fn from_exponential<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let [rate] = unpack(p.parameters());
    Some(rate * q.mean()? - rate.log() - q.entropy()?)
}

pub(super) fn from_gamma<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let [alpha, rate] = unpack(p.parameters());
    let [first, second] = unpack(q.parameters());
    let mean_log = match q.name() {
        "LogNormal" => first,
        _ => first.log() - EULER_GAMMA / second,
    };
    let normalizer = alpha.lgamma() - alpha * rate.log();
    Some(rate * q.mean()? - (alpha - 1.0) * mean_log + normalizer - q.entropy()?)
}

/// For Beta.
pub(super) fn from_uniform<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let [low, high] = unpack(p.parameters());
    let inside = low.less_equal(0.0) * high.greater_equal(1.0);
    Some(inside.select((high - low).log() - q.entropy()?, f64::INFINITY))
}
