//! Vectors of k counts with a given sum n: what the families on them share.
//!
//! ```text
//! c(z) = ½ log 2πn + δ(n) − Σᵢ (½ log 2πzᵢ + δ(zᵢ))        over zᵢ > 0: what is left of log n!/Πᵢ zᵢ! beside x log x
//! ```
//!
//! Draws split n by a tree: of the counts of a group of categories, those of its first half are binomial. One level of the tree is one draw
//! for all of its groups.

use aleator_engine::graph::{Expr, concat};

use super::family::{Family, constant};
use super::k_subset::combinations;
use super::noise::Noise;
use super::special::{HALF_LOG_TAU, is_count, place, stirling_error};

/// The largest number of elements of all outcomes that are enumerated.
const MOST_ENUMERATED: usize = 1 << 20;
/// The largest number of outcomes over which an entropy is summed.
const MOST_TERMS: usize = 1 << 12;

/// n on the axes of a vector.
pub(super) fn beside_vector(n: Expr<'_>) -> Expr<'_> {
    n.stop_gradient().unsqueeze(-1)
}

/// c(z), from n on the axes of z.
pub(super) fn coefficient<'g>(n: Expr<'g>, z: Expr<'g>) -> Expr<'g> {
    let remainder = |count: Expr<'g>| {
        let some = place(count).greater(0.0);
        let count = some.select(count, 1.0);
        some.select(HALF_LOG_TAU + 0.5 * count.log() + stirling_error(count), 0.0)
    };
    remainder(n).squeeze(-1) - remainder(z).sum_axes(-1)
}

/// 1 if z consists of counts with sum n.
pub(super) fn is_composition<'g>(n: Expr<'g>, z: Expr<'g>) -> Expr<'g> {
    let k = z.shape().from_end(0) as f64;
    is_count(z).sum_axes(-1).equal(k) * z.sum_axes(-1).equal(n)
}

/// Counts of n by these probabilities, along their last axis.
pub(super) fn draw<'g>(n: Expr<'g>, probabilities: Expr<'g>, noise: &mut Noise<'g>) -> Expr<'g> {
    let k = probabilities.shape().from_end(0);
    let size = k.next_power_of_two().max(2);
    let zeros = probabilities
        .graph()
        .full(probabilities.shape().leading(probabilities.rank() - 1).join(&[size - k]), 0.0);
    let padded = if size == k { probabilities } else { concat(&[probabilities, zeros], -1).unwrap_or(zeros) };
    // The groups of each level as pairs of halves, from the whole to the categories.
    let mut levels = vec![padded.reshape_last(1, [size / 2, 2])];
    while let Some(&pairs) = levels.last()
        && pairs.shape().from_end(1) > 1
    {
        let groups = pairs.sum_axes(-1);
        levels.push(groups.reshape_last(1, [groups.shape().from_end(0) / 2, 2]));
    }
    let mut counts = n.unsqueeze(-1);
    for pairs in levels.into_iter().rev() {
        let half = |i: usize| pairs.slice(-1, i, 1).squeeze(-1);
        let (first, second) = (half(0), half(1));
        let none = (first + second).equal(0.0);
        let share = |part: Expr<'g>| none.select(0.5, part / none.select(1.0, first + second));
        let groups = pairs.shape().from_end(1);
        let drawn = noise.binomials(&[groups], counts, share(first), share(second));
        let both = [drawn.unsqueeze(-1), (counts - drawn).unsqueeze(-1)];
        counts = concat(&both, -1).unwrap_or(drawn).reshape_last(2, [2 * groups]);
    }
    counts.slice(-1, 0, k)
}

/// n if it is the same constant for all draws, and the number of outcomes.
fn known(n: Expr<'_>, k: usize) -> Option<(usize, usize)> {
    let all = constant(n)?;
    let first = *all.first()?;
    let whole = first >= 0.0 && first.fract() == 0.0 && first <= MOST_ENUMERATED as f64;
    if !whole || all.iter().any(|&n| n != first) {
        return None;
    }
    let n = first as usize;
    Some((n, combinations(n + k.checked_sub(1)?, n, MOST_ENUMERATED / k)?))
}

/// The number of outcomes of k counts.
pub(super) fn count(n: Expr<'_>, k: usize) -> Option<usize> {
    known(n, k).map(|(_, count)| count)
}

/// All outcomes; the last count varies slowest.
pub(super) fn outcomes(n: Expr<'_>, k: usize) -> Option<Vec<Vec<f64>>> {
    let (n, count) = known(n, k)?;
    let mut z = vec![0.0; k];
    z[0] = n as f64;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(z.clone());
        // One of the first counts that is not 0 moves on, and the rest of it returns to the start.
        let Some(i) = (0..k - 1).find(|&i| z[i] > 0.0) else { break };
        let rest = z[i] - 1.0;
        z[i] = 0.0;
        z[i + 1] += 1.0;
        z[0] = rest;
    }
    Some(all)
}

/// The outcomes as a table, and their log-probabilities on a last axis, for a family with the parameters n and a vector.
fn table<'g>(family: &dyn Family, parameters: &[Expr<'g>], most: usize) -> Option<(Expr<'g>, Expr<'g>)> {
    let (n, x) = (parameters[0], parameters[1]);
    let k = x.shape().from_end(0);
    let count = count(n, k).filter(|&count| count <= most)?;
    let table = n.graph().tensor([count, k], outcomes(n, k)?.concat());
    let log_p = family.log_prob(&[n.unsqueeze(-1), x.unsqueeze(-2)], table);
    Some((table, log_p))
}

/// −Σ p log p, with 0 log 0 = 0, if there are few outcomes.
pub(super) fn entropy<'g>(family: &dyn Family, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
    let (_, log_p) = table(family, parameters, MOST_TERMS)?;
    let never = log_p.equal(f64::NEG_INFINITY);
    let log_p = never.select(0.0, log_p);
    Some(-never.select(0.0, log_p.exp() * log_p).sum_axes(-1))
}

/// The most probable outcome, if they are enumerated.
pub(super) fn mode<'g>(family: &dyn Family, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
    let (table, log_p) = table(family, parameters, MOST_ENUMERATED)?;
    Some(table.gather(log_p.argmax()))
}
