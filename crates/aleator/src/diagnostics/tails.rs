//! Whether the ± of an estimate can be believed: the tails of its distribution.
//!
//! ```text
//! Hill's estimator of the tail index:   1/α̂ = (1/k) Σ_{i ≤ k} log(|x|₍ᵢ₎ / |x|₍ₖ₊₁₎)      from the k largest |x − x̄|
//! P(|x| > t) ~ t^(−α):  the variance is finite only for α > 2, the variance of the variance only for α > 4
//! standard error of α̂:  α̂/√k
//! ```
//!
//! (`hill1975simple`.) What 99 % of the values look like says nothing about this: the index is that of the largest values. The variance
//! is taken for infinite if α̂ + 2 α̂/√k < 2 for the largest hundredth of the values, and α̂ < 2 for a half, a quarter and an eighth of
//! these too, or if a single value holds most of the sum of squares. Fewer than 4000 values
//! decide nothing: few rare outcomes look the same.
//!
//! The estimator is made for continuous tails. Two other kinds look like heavy ones to it and are told apart:
//!
//! ```text
//! values that repeat                a coin that is rarely 1: if the largest value occurs several times, it is an atom, and there is no tail
//! values on two scales              a rare outcome whose estimates are larger: farther out, α̂ grows, as for every tail that is not heavy
//! ```
//!
//! A test of this file simulates ordinary distributions: among 10 000 samples of 1000 to 10 000 values each, fewer than one in a hundred are
//! taken for heavy-tailed, products of normal variables included.

/// The largest number of values that are kept for the index of a coordinate.
pub(crate) const MOST_KEPT: usize = 1 << 14;
/// The share of the kept values that is taken for the tail.
const TAIL: usize = 100;
/// The share of the sum of squares that a single value may hold.
const MOST_OF_ONE: f64 = 0.5;
/// The smallest number of values from which an index is computed.
const FEWEST: usize = 5;
/// The smallest number of values in the tail of which an index says whether it is heavy: of 4000 values.
const FEWEST_OF_TAIL: usize = 40;
/// The relative difference up to which two values are the same.
const SAME: f64 = 1e-9;

/// The tail index of numbers with this mean, if they have a tail, and whether it is heavy; at least 4000 numbers for an index.
pub(crate) fn tail(mean: f64, values: &[f64]) -> (Option<f64>, bool) {
    let mut sizes: Vec<f64> = values.iter().map(|x| (x - mean).abs()).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let k = sizes.len() / TAIL;
    if k < FEWEST || sizes[k] == 0.0 {
        return (None, false);
    }
    let enough = k >= FEWEST_OF_TAIL;
    let squares: f64 = sizes.iter().map(|x| x * x).sum();
    let one_has_all = enough && sizes[0] * sizes[0] > MOST_OF_ONE * squares;
    let is_atom = sizes[0] - sizes[1] <= SAME * sizes[0];
    if is_atom {
        return (None, one_has_all);
    }
    let index = |k: usize| {
        let sum: f64 = sizes[..k].iter().map(|x| (x / sizes[k]).ln()).sum();
        k as f64 / sum
    };
    let whole = index(k);
    let farther_out = [k / 2, k / 4, k / 8].into_iter().filter(|&k| k >= FEWEST);
    let heavy = enough
        && whole * (1.0 + 2.0 / (k as f64).sqrt()) < 2.0
        && farther_out.map(index).all(|index| index < 2.0);
    (Some(whole), heavy || one_has_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a distribution with P(|x| > t) = t^(−α).
    fn pareto(alpha: f64) -> Vec<f64> {
        let n = 10_000;
        let values: Vec<f64> = (0..n).map(|i| ((i as f64 + 0.5) / n as f64).powf(-1.0 / alpha)).collect();
        values.iter().enumerate().map(|(i, x)| if i % 2 == 0 { *x } else { -x }).collect()
    }

    #[test]
    fn the_index_is_that_of_the_tail() {
        for (alpha, heavy) in [(1.2, true), (1.6, true), (3.0, false), (6.0, false)] {
            let values = pareto(alpha);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let (index, is_heavy) = tail(mean, &values);
            let index = index.expect("the values differ");
            assert!((index - alpha).abs() < 0.1 * alpha, "{index} for {alpha}");
            assert_eq!(is_heavy, heavy, "{alpha}");
        }
    }

    /// Ordinary distributions are hardly ever taken for heavy-tailed: at most one sample in a hundred, of which 10 000 are looked at. The
    /// number has a mean of at most 100 then; it exceeds 140 with a probability of about 1e-4.
    #[test]
    fn ordinary_distributions_raise_no_alarm() {
        let mut state = 11u64;
        let mut uniform = move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        };
        let mut numbers = |law: fn([f64; 3]) -> f64, n: usize| -> Vec<f64> {
            (0..n).map(|_| law([uniform(), uniform(), uniform()])).collect()
        };
        fn normal([u, v, _]: [f64; 3]) -> f64 {
            (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
        }
        let laws: [fn([f64; 3]) -> f64; 8] = [
            normal,
            |u| u[0],
            |u| -u[0].ln(),
            // The score of a scale times a quadratic cost.
            |u| normal(u) * (normal(u).powi(2) - 1.0),
            // Coins, also rare ones.
            |u| if u[0] < 0.3 { 1.0 } else { 0.0 },
            |u| if u[0] < 0.01 { 100.0 } else { -1.0 },
            // A rare outcome with a larger scale.
            |u| normal(u) * if u[2] < 0.01 { 10.0 } else { 1.0 },
            |u| normal(u) * if u[2] < 0.004 { 30.0 } else { 1.0 },
        ];
        let mut alarms = Vec::new();
        for law in laws {
            let mut here = 0;
            for (n, samples) in [(1000, 1100), (10_000, 150)] {
                for _ in 0..samples {
                    let values = numbers(law, n);
                    let mean = values.iter().sum::<f64>() / n as f64;
                    here += usize::from(tail(mean, &values).1);
                }
            }
            alarms.push(here);
        }
        assert!(alarms.iter().sum::<usize>() <= 140, "{alarms:?}");
        // Infinite variances are found, nearly always.
        let heavy: [fn([f64; 3]) -> f64; 2] =
            [|u| (std::f64::consts::PI * (u[0] - 0.5)).tan(), |u| u[0].powf(-1.0 / 1.2)];
        for law in heavy {
            let found = (0..100).filter(|_| tail(0.0, &numbers(law, 10_000)).1).count();
            assert!(found >= 95, "{found}");
        }
    }
}
