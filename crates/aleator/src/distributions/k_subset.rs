//! k-subset: z ∈ {0, 1}ⁿ with exactly k ones, the conditional Bernoulli distribution.
//!
//! ```text
//! p(z) = exp(Σᵢ zᵢ φᵢ) / e_k(φ),     e_k = Σ_{|z| = k} exp(Σᵢ zᵢ φᵢ)                independent coins, given that k of them are 1
//!
//! Eᵢ(r) = log Σ exp(Σ_{j≥i} zⱼ φⱼ) over the ways to place r ones at i, …, n − 1
//!       = log(exp Eᵢ₊₁(r) + exp(φᵢ + Eᵢ₊₁(r − 1))),    E_n(0) = 0,   Eᵢ(r) = −∞ if r < 0 or r > n − i
//! Xᵢ(r) = φᵢ + Eᵢ₊₁(r − 1) − Eᵢ₊₁(r)                   log-odds of zᵢ = 1 if r ones are left
//!
//! log p(z) = Σᵢ zᵢ φᵢ − E₀(k)
//! zᵢ = 1[logit uᵢ < Xᵢ(r)],   r ← r − zᵢ                from r = k
//! aᵢ(r) = P(r ones are left before i):   a₀ = 1[r = k],   aᵢ₊₁(r) = aᵢ(r) σ(−Xᵢ(r)) + aᵢ(r + 1) σ(Xᵢ(r + 1))
//! E zᵢ = Σ_r aᵢ(r) σ(Xᵢ(r)),   Var zᵢ = E zᵢ · Σ_r aᵢ(r) σ(−Xᵢ(r)),   entropy = Σᵢ Σ_r aᵢ(r) H(σ(Xᵢ(r)))
//! mode: the k largest φ
//! ```
//!
//! Parameters: k, an integer from 0 to n; φ (`logits`), finite. The last axis of φ is the event. A constant that is added to all φ has no
//! effect, and 2ᵏ-fold odds are no shift: E z is not σ(φ). For two outcomes (n = 2, k = 1): E₁(0) = 0, E₁(1) = φ₁, X₀(1) = φ₀ − φ₁, so
//! z = (1, 0) has the probability σ(φ₀ − φ₁), as a OneHotCategorical with these logits; k = 1 is that family for every n.
//! All sums have positive terms and are computed from logarithms, so they are accurate for logits of ±700. The table has n (k + 1)
//! numbers. If k is constant and there are not too many subsets, the outcomes can be enumerated.
//! The k largest of φ + Gumbel noise are another distribution over subsets: those of Plackett and Luce.
//! Reference: `chen1997statistical`.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Shape, concat};

use super::argument::Argument;
use super::coordinates;
use super::family::{Constraint, Distribution, Family, Parameter, Support, constant, unpack};
use super::noise::Noise;

/// The family of subsets of a fixed size.
#[derive(Clone, Copy, Debug)]
pub struct KSubset;

/// The largest n.
const MOST_ELEMENTS: usize = 512;
/// The largest number of elements of all outcomes that are enumerated.
const MOST_ENUMERATED: usize = 1 << 22;
/// In place of −∞, so that no derivative is 0 · ∞.
const NEVER: f64 = -1e30;

impl KSubset {
    /// k, the number of ones, and φ, the logits; the last axis of the logits is the event.
    pub fn new<'g>(k: impl Into<Argument<'g>>, logits: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(KSubset), [k.into(), logits.into()])
    }
}

/// n, from the last axis of the logits.
fn elements(parameters: &[Expr<'_>]) -> usize {
    parameters[1].shape().from_end(0)
}

/// k if it is the same constant for all draws.
fn constant_k(parameters: &[Expr<'_>]) -> Option<usize> {
    let all = constant(parameters[0])?;
    let first = *all.first()?;
    let whole = first >= 0.0 && first.fract() == 0.0 && first <= MOST_ELEMENTS as f64;
    (whole && all.iter().all(|&k| k == first)).then_some(first as usize)
}

/// (n over k), if it is not greater than `most`.
pub(super) fn combinations(n: usize, k: usize, most: usize) -> Option<usize> {
    let k = k.min(n.checked_sub(k)?);
    // After i factors, this is (n − k + i over i), which increases with i.
    (1..=k)
        .try_fold(1usize, |count, i| Some(count.checked_mul(n - k + i)? / i).filter(|&count| count <= most))
}

/// The tables of a distribution, with the number r of ones that are left along the last axis.
struct Tables<'g> {
    k: Expr<'g>,
    /// φ, up to a constant.
    logits: Expr<'g>,
    /// The number of columns.
    columns: usize,
    /// E₀.
    total: Expr<'g>,
    /// Xᵢ for each element.
    log_odds: Vec<Expr<'g>>,
}

impl<'g> Tables<'g> {
    fn of(parameters: &[Expr<'g>]) -> Self {
        let [k, logits] = unpack(parameters);
        let n = elements(parameters);
        let columns = 1 + constant_k(parameters).unwrap_or(n).min(n);
        let graph = logits.graph();
        let logits =
            logits - logits.reduce(aleator_engine::graph::Reduction::Max, -1).unsqueeze(-1).stop_gradient();
        let start = (0..columns).map(|r| if r == 0 { 0.0 } else { NEVER }).collect();
        let mut total = graph.tensor([columns], start);
        let mut log_odds = Vec::with_capacity(n);
        for i in (0..n).rev() {
            let never = graph.full(total.shape().leading(total.rank() - 1).join(&[1]), NEVER);
            let one_less = concat(&[never, total.slice(-1, 0, columns - 1)], -1).filter(|_| columns > 1);
            let with = logits.slice(-1, i, 1) + one_less.unwrap_or(never);
            log_odds.push(with - total);
            let without = total.broadcast_to(with.shape()).unsqueeze(-1);
            total = concat(&[without, with.unsqueeze(-1)], -1).unwrap_or(without).logsumexp(-1);
        }
        log_odds.reverse();
        Tables { k: k.stop_gradient(), logits, columns, total, log_odds }
    }

    /// The column of r.
    fn at(&self, table: Expr<'g>, r: Expr<'g>) -> Expr<'g> {
        r.one_hot(self.columns).select(table, 0.0).sum_axes(-1)
    }

    /// Σ_r aᵢ(r) f(Xᵢ(r)) for each element, along a last axis.
    fn expect(&self, f: impl Fn(Expr<'g>) -> Expr<'g>) -> Expr<'g> {
        let mut left = self.k.one_hot(self.columns);
        let mut all = Vec::with_capacity(self.log_odds.len());
        for &x in &self.log_odds {
            all.push((left * f(x)).sum_axes(-1).unsqueeze(-1));
            let (with, without) = (left * x.sigmoid(), left * (-x).sigmoid());
            let nothing = with.graph().full(with.shape().leading(with.rank() - 1).join(&[1]), 0.0);
            let one_more = concat(&[with.slice(-1, 1, self.columns - 1), nothing], -1);
            left = without + one_more.filter(|_| self.columns > 1).unwrap_or(nothing);
        }
        concat(&all, -1).unwrap_or(self.logits)
    }
}

/// −p log p − q log q for p = σ(x).
fn entropy_of_coin(x: Expr<'_>) -> Expr<'_> {
    let size = x.abs();
    (-size).exp().log1p() + size * (-size).sigmoid()
}

impl Family for KSubset {
    fn name(&self) -> &'static str {
        "KSubset"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "k", constraint: Constraint::Count, event_rank: 0 },
            Parameter { name: "logits", constraint: Constraint::Real, event_rank: 1 },
        ]
    }

    fn support(&self) -> Support {
        Support::Subsets
    }

    fn jointly_violated<'g>(&self, parameters: &[Expr<'g>]) -> Option<(Expr<'g>, &'static str)> {
        let n = elements(parameters) as f64;
        Some((parameters[0].greater(n), "`k` is at most the number of logits"))
    }

    fn event_shape(&self, parameters: &[Expr<'_>]) -> Shape {
        [elements(parameters)].into()
    }

    fn misshapen(&self, parameters: &[Expr<'_>]) -> Option<String> {
        let n = elements(parameters);
        if n > MOST_ELEMENTS {
            return Some(format!("`logits` may have at most {MOST_ELEMENTS} elements, got {n}"));
        }
        let largest = constant(parameters[0])?.into_iter().fold(f64::NEG_INFINITY, f64::max);
        (largest > n as f64).then(|| format!("`k` is {largest}, but `logits` has only {n} elements"))
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let tables = Tables::of(parameters);
        let u = noise.uniform(&[elements(parameters)]);
        let logit = u.log() - (-u).log1p();
        let (mut left, mut draws) = (tables.k, Vec::with_capacity(tables.log_odds.len()));
        for (i, &x) in tables.log_odds.iter().enumerate() {
            let draw = logit.slice(-1, i, 1).squeeze(-1).less(tables.at(x, left));
            left = left - draw;
            draws.push(draw.unsqueeze(-1));
        }
        concat(&draws, -1).unwrap_or(logit)
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let tables = Tables::of(parameters);
        (z * tables.logits).sum_axes(-1) - tables.at(tables.total, tables.k)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        coordinates::of_exact_draw(self, parameters, noise)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(Tables::of(parameters).expect(|x| x.sigmoid()))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let tables = Tables::of(parameters);
        Some(tables.expect(|x| x.sigmoid()) * tables.expect(|x| (-x).sigmoid()))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(Tables::of(parameters).expect(entropy_of_coin).sum_axes(-1))
    }

    /// In the order of the numbers whose binary digits they are, the first element as the last digit.
    fn outcomes(&self, parameters: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        let count = self.outcome_count(parameters)?;
        let (n, k) = (elements(parameters), constant_k(parameters)?);
        let mut places: Vec<usize> = (0..k).collect();
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let mut z = vec![0.0; n];
            places.iter().for_each(|&i| z[i] = 1.0);
            all.push(z);
            // The first place that can move one further; those before it return to the start.
            let free = |&i: &usize| places.get(i + 1).copied().unwrap_or(n) > places[i] + 1;
            if let Some(i) = (0..k).find(free) {
                places[i] += 1;
                (0..i).for_each(|j| places[j] = j);
            }
        }
        Some(all)
    }

    fn outcome_count(&self, parameters: &[Expr<'_>]) -> Option<usize> {
        let n = elements(parameters);
        combinations(n, constant_k(parameters)?, MOST_ENUMERATED / n.max(1))
    }

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [k, logits] = unpack(parameters);
        let n = elements(parameters);
        let place = logits.graph().iota(n);
        let earlier = place.unsqueeze(-2).less(place.unsqueeze(-1));
        let (of, other) = (logits.unsqueeze(-1), logits.unsqueeze(-2));
        let before = other.greater(of) + other.equal(of) * earlier;
        let k = if k.rank() == 0 { k } else { k.unsqueeze(-1) };
        Some(before.sum_axes(-1).less(k))
    }
}
