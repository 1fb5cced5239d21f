//! Confidence intervals for means, looked at again and again.
//!
//! Of independent estimates x₁, x₂, … with mean μ, the interval after n of them is
//!
//! ```text
//! x̄ ± z s/√n,     2 (1 − Φ(z)) = α'
//! ```
//!
//! **Looks and coordinates.** The looks are at n_j = n₀ 2ʲ. Look j may err with probability α 6/(π² (j + 1)²), which sums to α over all
//! looks, and each coordinate with an equal part of it (Bonferroni). Hence the probability that any interval at any look excludes its
//! mean is at most α, whenever one stops.
//!
//! **Normal approximation.** Far in the tail, the normal distribution is wrong by a factor, even for large n. The skewness of the
//! self-normalised mean T = √n (x̄ − μ)/s is −2γ/√n to first order, where γ is that of x: x̄ has γ/√n, and the division by s, which is
//! correlated with x̄, contributes −3γ/√n. A third cumulant c changes the tail of a normal variable by the factor e^(c z³/6), hence
//!
//! ```text
//! P(T ≥ z) ≈ (1 − Φ(z)) exp(−γ z³ / (3 √n))
//! ```
//!
//! The next term of the exponent is of the order κ z⁴/(12 n) with the kurtosis κ. An interval counts only if |γ| z³/(3 √n) + κ z⁴/(12 n)
//! ≤ ½ with the moments of the sample, and α' is divided by e^½ in advance. Before that, nothing is decided, and more estimates are
//! drawn. Numbers that are all equal say nothing about those that were not drawn, and do not count either.
//!
//! This bounds the error rate as far as the moments of the sample are those of the distribution. Rare outcomes and heavy tails prevent
//! that: see [`rare`](super::rare) and [`tails`](super::tails). A test of this file verifies the rate by simulation.

use aleator_engine::exec::math::Real;

/// The number of estimates at the first look.
pub(super) const FIRST_LOOK: u64 = 1 << 12;
/// The largest exponent of the correction of the normal approximation.
const CORRECTION: f64 = 0.5;

/// The first four moments of numbers: mean, and sums of powers of deviations, updated number by number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Powers {
    pub count: f64,
    pub mean: f64,
    second: f64,
    third: f64,
    fourth: f64,
}

impl Powers {
    /// Adds a number.
    pub fn add(&mut self, x: f64) {
        let before = self.count;
        let n = before + 1.0;
        let delta = x - self.mean;
        let step = delta / n;
        let square = step * step;
        let term = delta * step * before;
        self.count = n;
        self.mean += step;
        self.fourth +=
            term * square * (n * n - 3.0 * n + 3.0) + 6.0 * square * self.second - 4.0 * step * self.third;
        self.third += term * step * (n - 2.0) - 3.0 * step * self.second;
        self.second += term;
    }

    /// The unbiased sample variance.
    pub fn variance(&self) -> f64 {
        self.second / (self.count - 1.0)
    }

    /// The skewness; 0 without variance.
    pub fn skewness(&self) -> f64 {
        if self.second == 0.0 { 0.0 } else { self.count.sqrt() * self.third / self.second.powf(1.5) }
    }

    /// The kurtosis; 0 without variance.
    pub fn kurtosis(&self) -> f64 {
        if self.second == 0.0 { 0.0 } else { self.count * self.fourth / (self.second * self.second) }
    }
}

/// Simultaneous intervals for several coordinates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looks {
    /// The probability that any interval is wrong.
    pub error: f64,
    /// The number of coordinates.
    pub coordinates: usize,
}

/// An interval for a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub low: f64,
    pub high: f64,
    /// Whether the normal approximation holds well enough for the interval to count.
    pub holds: bool,
}

impl Looks {
    /// z at a look.
    fn deviations(&self, look: u32) -> f64 {
        let at_look = self.error * 6.0 / (std::f64::consts::PI * f64::from(look + 1)).powi(2);
        let each = at_look / self.coordinates as f64 / CORRECTION.exp();
        -(each / 2.0).normal_quantile()
    }

    /// How often an event must have been seen at a look so that intervals of numbers that depend on it count.
    pub fn sightings(&self, look: u32) -> f64 {
        self.deviations(look).powi(4) / (12.0 * CORRECTION)
    }

    /// The coefficients of 1/√n and 1/n in the exponent of the correction of the normal approximation.
    fn correction(&self, look: u32, moments: &Powers) -> (f64, f64) {
        let z = self.deviations(look);
        (moments.skewness().abs() * z.powi(3) / 3.0, moments.kurtosis() * z.powi(4) / 12.0)
    }

    /// The number of numbers with these moments from which on an interval counts: a/√n + b/n ≤ ½.
    pub fn enough(&self, look: u32, moments: &Powers) -> f64 {
        let (a, b) = self.correction(look, moments);
        ((a + (a * a + 4.0 * CORRECTION * b).sqrt()) / (2.0 * CORRECTION)).powi(2)
    }

    /// The interval for the mean of numbers with these moments.
    pub fn interval(&self, look: u32, moments: &Powers) -> Interval {
        let z = self.deviations(look);
        let half = z * (moments.variance() / moments.count).sqrt();
        let n = moments.count;
        let (a, b) = self.correction(look, moments);
        let exponent = a / n.sqrt() + b / n;
        Interval {
            low: moments.mean - half,
            high: moments.mean + half,
            holds: moments.variance() > 0.0 && exponent <= CORRECTION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_numbers() {
        let numbers = [1.0, 4.0, -2.0, 0.5, 9.0];
        let mut powers = Powers::default();
        numbers.iter().for_each(|&x| powers.add(x));
        let mean = numbers.iter().sum::<f64>() / 5.0;
        let central = |k: i32| numbers.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / 5.0;
        assert!((powers.variance() - central(2) * 1.25).abs() < 1e-12);
        assert!((powers.skewness() - central(3) / central(2).powf(1.5)).abs() < 1e-12);
        assert!((powers.kurtosis() - central(4) / central(2).powi(2)).abs() < 1e-12);
    }

    #[test]
    fn all_looks_together_err_at_most_at_the_stated_rate() {
        // Two-sided tails of each look, with the correction that is divided out.
        let looks = Looks { error: 0.01, coordinates: 3 };
        let tail = |z: f64| 0.5 * statrs::function::erf::erfc(z / std::f64::consts::SQRT_2);
        let total: f64 = (0..200).map(|look| 3.0 * 2.0 * tail(looks.deviations(look))).sum();
        assert!(total * CORRECTION.exp() <= 0.01 && total * CORRECTION.exp() > 0.0099, "{total}");
    }

    /// Whether any look at numbers excludes 0, and whether any interval counted.
    fn looked_at(looks: &Looks, mut draw: impl FnMut() -> f64) -> (bool, bool) {
        let (mut powers, mut counted) = (Powers::default(), false);
        for look in 0..2 {
            while powers.count < (FIRST_LOOK << look) as f64 {
                powers.add(draw());
            }
            let interval = looks.interval(look, &powers);
            counted |= interval.holds;
            if interval.holds && (interval.low > 0.0 || interval.high < 0.0) {
                return (true, counted);
            }
        }
        (false, counted)
    }

    /// Ten thousand means that are 0, of four distributions, some of them skewed: how many are refuted. The number has a binomial
    /// distribution with a mean of at most 100; it exceeds 140 with a probability of about 1e-4.
    #[test]
    fn what_is_true_is_refuted_at_most_at_the_stated_rate() {
        let mut state = 7u64;
        let mut uniform = move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        };
        let laws: [fn(f64) -> f64; 4] = [
            |u| u - 0.5,
            |u| -u.ln() - 1.0,
            |u| if u < 0.1 { 9.0 } else { -1.0 },
            |u| (3.0 * u).exp() - (3f64.exp() - 1.0) / 3.0,
        ];
        let looks = Looks { error: 0.01, coordinates: 1 };
        let (mut refuted, mut counted) = (0, 0);
        for law in laws {
            for _ in 0..2500 {
                let (wrong, holds) = looked_at(&looks, || law(uniform()));
                refuted += usize::from(wrong);
                counted += usize::from(holds);
            }
            // A small bias is found.
            assert!(looked_at(&looks, || law(uniform()) + 0.5).0);
        }
        assert_eq!(counted, 10_000);
        assert!(refuted <= 140, "{refuted}");
        // One in a thousand, once seen or not: no interval counts.
        let rare = |u: f64| if u < 1e-3 { 999.0 } else { -1.0 };
        let rates: Vec<_> = (0..200).map(|_| looked_at(&looks, || rare(uniform()))).collect();
        assert!(rates.iter().all(|(refuted, counted)| !refuted && !counted), "{rates:?}");
    }
}
