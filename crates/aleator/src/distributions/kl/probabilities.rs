//! Families of outcomes or counts.
//!
//! ```text
//! K(q, p) = Σₖ qₖ log(qₖ/pₖ) = Σₖ qₖ g(log pₖ/qₖ),   g(t) = eᵗ − 1 − t,   as Σₖ (pₖ − qₖ) = 0
//!
//! Bernoulli, Categorical    K
//! Binomial                  n K,            n trials of both
//! Geometric                 K / p_q         p the probability of a success, at which it ends
//! NegativeBinomial          K r / (1 − p_q)   r failures of both, p the probability of a success
//! Poisson                   λ_q g(log λ_p/λ_q)
//! ```
//!
//! The binomial coefficients are those of both and cancel, so the expected number of trials remains: n, 1/p or r/(1 − p).
//! Poisson: E_q z log(λ_q/λ_p) − λ_q + λ_p. A term with qₖ = 0 is pₖ; one with pₖ = 0 alone is ∞.
//!
//! By hand: Bernoulli(½) from Bernoulli(¼) is ½ log 2 + ½ log ⅔ = ½ log 4/3; Poisson(1) from Poisson(2) is g(log 2) = 1 − log 2.

use aleator_engine::graph::Expr;

use super::super::binomial::Odds;
use super::super::categorical::Categorical;
use super::super::family::{Distribution, constant, unpack};
use super::super::special::{exp_excess, place};

/// q g(log p/q) = p − q − q log p/q, by log p/q.
fn excess<'g>(q: Expr<'g>, p: Expr<'g>, log_ratio: Expr<'g>) -> Expr<'g> {
    // Far from 0, q eᵗ may be 0 · ∞ where p is not.
    let near = place(log_ratio).abs().less(1.0);
    near.select(q * exp_excess(near.select(log_ratio, 0.0)), (p - q) - q * log_ratio)
        .is_continuous_in([q, p, log_ratio])
}

/// The same of probabilities and their logarithms, by the values that hold where one of them is 0.
fn term<'g>(q: Expr<'g>, log_q: Expr<'g>, p: Expr<'g>, log_p: Expr<'g>) -> Expr<'g> {
    let (never, impossible) = (log_q.equal(f64::NEG_INFINITY), log_p.equal(f64::NEG_INFINITY));
    let either = never + impossible;
    let log_ratio = either.select(0.0, log_p) - either.select(0.0, log_q);
    never.select(p, impossible.select(f64::INFINITY, excess(q, p, log_ratio)))
}

/// The odds of a success of a family by `logits` or `probs`, its parameter `i`.
fn odds<'g>(d: &Distribution<'g>, i: usize) -> Odds<'g> {
    match d.family().parameters()[i].name {
        "logits" => Odds::of_logits(d.parameters()[i]),
        _ => Odds::of_probs(d.parameters()[i]),
    }
}

/// The terms of success and failure of one trial.
fn trial<'g>(q: &Odds<'g>, p: &Odds<'g>) -> [Expr<'g>; 2] {
    [term(q.p, q.log_p, p.p, p.log_p), term(q.q, q.log_q, p.q, p.log_q)]
}

pub(super) fn bernoulli<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let [success, failure] = trial(&odds(q, 0), &odds(p, 0));
    Some(success + failure)
}

/// Also of OneHotCategorical.
pub(super) fn categorical<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let of = |d: &Distribution<'g>| {
        let form = match d.family().parameters()[0].name {
            "logits" => Categorical::Logits,
            _ => Categorical::Probs,
        };
        let x = d.parameters()[0];
        (form.probabilities(x), form.log_probabilities(x))
    };
    let ((q, log_q), (p, log_p)) = (of(q), of(p));
    Some(term(q, log_q, p, log_p).sum_axes(-1))
}

/// Where the first parameter of both is the same: one node, or equal constants.
fn common<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let (a, b) = (q.parameters()[0], p.parameters()[0]);
    let equal =
        a.id() == b.id() || a.shape() == b.shape() && constant(a).is_some_and(|x| constant(b) == Some(x));
    equal.then_some(a)
}

pub(super) fn binomial<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let trials = common(q, p)?.stop_gradient();
    let [success, failure] = trial(&odds(q, 1), &odds(p, 1));
    let none = trials.equal(0.0);
    Some(none.select(0.0, none.select(1.0, trials) * (success + failure)))
}

/// x/y as y (one factor of it) underflows with x: where log p and log p' are known, p/p' g(log p'/p) need not.
fn per_end<'g>(end: [Expr<'g>; 2], other: [Expr<'g>; 2], others_per_end: Expr<'g>) -> Expr<'g> {
    // Of the event that ends it: g(log p/q), and ∞ where that cannot happen.
    let [log_end_q, log_end_p] = end;
    let of_end = exp_excess(log_end_p - log_end_q);
    // Of the others: (1 − x)/x g(..), of which 0 · ∞ and ∞ − ∞ are 0.
    let [log_q, log_p] = other;
    let never = log_q.equal(f64::NEG_INFINITY);
    let of_others = exp_excess(never.select(0.0, log_p) - never.select(0.0, log_q));
    let beyond = place(others_per_end).equal(f64::INFINITY) * place(of_others).equal(0.0);
    let product = beyond.select(0.0, beyond.select(0.0, others_per_end) * of_others);
    // Σ (p − q) = 0 holds with both terms: where q has no others, p has what is left of 1.
    of_end + never.select(log_p.exp(), product)
}

pub(super) fn geometric<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let (a, b) = (odds(q, 0), odds(p, 0));
    Some(per_end([a.log_p, b.log_p], [a.log_q, b.log_q], q.mean()?))
}

pub(super) fn negative_binomial<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let failures = common(q, p)?;
    let (a, b) = (odds(q, 1), odds(p, 1));
    let successes_per_failure = match q.family().parameters()[1].name {
        "logits" => q.parameters()[1].exp(),
        _ => a.p / a.q,
    };
    Some(failures * per_end([a.log_q, b.log_q], [a.log_p, b.log_p], successes_per_failure))
}

pub(super) fn poisson<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Option<Expr<'g>> {
    let ([rate_q], [rate_p]) = (unpack(q.parameters()), unpack(p.parameters()));
    let (never, impossible) = (place(rate_q).equal(0.0), place(rate_p).equal(0.0));
    let ratio = impossible.select(1.0, rate_p) / never.select(1.0, rate_q);
    Some(never.select(rate_p, impossible.select(f64::INFINITY, excess(rate_q, rate_p, ratio.log()))))
}
