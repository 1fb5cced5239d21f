//! Whether the ± of an estimate can be believed: the tails of its distribution.
//!
//! ```text
//! Hill's estimator of the tail index:   1/α̂ = (1/k) Σ_{i ≤ k} log(|x|₍ᵢ₎ / |x|₍ₖ₊₁₎)      from the k largest |x − x̄|
//! P(|x| > t) ~ t^(−α):  the variance is finite only for α > 2, the variance of the variance only for α > 4
//! standard error of α̂:  α̂/√k
//! ```
//!
//! (`hill1975simple`.) The variance is taken for infinite if α̂ + 2 α̂/√k < 2 or if a single value holds most of the sum of squares.
//! What 99 % of the values look like says nothing about this: the index is that of the largest values.

use super::certificate::Tails;
use super::sequential::Powers;
use crate::diagnostics::Number;

/// The largest number of values that are kept for the index of a coordinate.
pub(super) const MOST_KEPT: usize = 1 << 14;
/// The share of the kept values that is taken for the tail.
const TAIL: usize = 100;
/// The share of the sum of squares that a single value may hold.
const MOST_OF_ONE: f64 = 0.5;

/// The tails of all coordinates; `values` holds some of the numbers of each.
pub(super) fn tails(moments: &[Powers], values: &[Vec<f64>]) -> Tails {
    let kurtosis = moments.iter().map(Powers::kurtosis).fold(0.0, f64::max);
    let (mut smallest, mut heavy) = (None::<f64>, false);
    for (moments, values) in moments.iter().zip(values) {
        let mut sizes: Vec<f64> = values.iter().map(|x| (x - moments.mean).abs()).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let k = sizes.len() / TAIL;
        if k < 10 || sizes[k] == 0.0 {
            continue;
        }
        let squares: f64 = sizes.iter().map(|x| x * x).sum();
        heavy |= sizes[0] * sizes[0] > MOST_OF_ONE * squares;
        let sum: f64 = sizes[..k].iter().map(|x| (x / sizes[k]).ln()).sum();
        if sum > 0.0 {
            let index = k as f64 / sum;
            heavy |= index * (1.0 + 2.0 / (k as f64).sqrt()) < 2.0;
            smallest = Some(smallest.map_or(index, |s| s.min(index)));
        }
    }
    Tails { kurtosis: Number(kurtosis), index: smallest.map(Number), heavy }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a distribution with P(|x| > t) = t^(−α).
    fn pareto(alpha: f64) -> (Powers, Vec<f64>) {
        let n = 10_000;
        let values: Vec<f64> = (0..n).map(|i| ((i as f64 + 0.5) / n as f64).powf(-1.0 / alpha)).collect();
        let values: Vec<f64> =
            values.iter().enumerate().map(|(i, x)| if i % 2 == 0 { *x } else { -x }).collect();
        let mut powers = Powers::default();
        values.iter().for_each(|&x| powers.add(x));
        (powers, values)
    }

    #[test]
    fn the_index_is_that_of_the_tail() {
        for (alpha, heavy) in [(1.2, true), (1.6, true), (3.0, false), (6.0, false)] {
            let (powers, values) = pareto(alpha);
            let tails = tails(&[powers], &[values]);
            let index = tails.index.expect("the values differ").0;
            assert!((index - alpha).abs() < 0.1 * alpha, "{index} for {alpha}");
            assert_eq!(tails.heavy, heavy, "{alpha}");
        }
    }
}
