//! Medians, spreads, and the exponent of a power law.

use serde::Serialize;

/// Times of one side and their comparison with another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The ratio of the medians.
    pub value: f64,
    /// The smallest and the largest ratio of a round; `value` lies between them.
    pub spread: [f64; 2],
}

/// The median; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 { f64::NAN } else { 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]) }
}

/// How the times of the rounds compare with those of the same rounds on another side.
pub fn ratio(times: &[f64], others: &[f64]) -> Ratio {
    let rounds = times.iter().zip(others).map(|(a, b)| a / b);
    let spread = rounds.fold([f64::INFINITY, 0.0], |[low, high], r| [low.min(r), high.max(r)]);
    Ratio { value: median(times) / median(others), spread }
}

/// The exponent α of the power law y = c xᵅ that fits best: least squares of log y by log x.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let logs = || points.iter().map(|(x, y)| (x.ln(), y.ln()));
    let (mean_x, mean_y) = logs().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let above: f64 = logs().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let below: f64 = logs().map(|(x, _)| (x - mean_x).powi(2)).sum();
    above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn the_ratio_of_medians_lies_within_the_spread() {
        let r = ratio(&[1.0, 2.0, 9.0], &[2.0, 2.0, 3.0]);
        assert_eq!(r, Ratio { value: 1.0, spread: [0.5, 3.0] });
    }

    #[test]
    fn power_laws_are_recovered() {
        let points: Vec<(f64, f64)> = [1.0, 2.0, 5.0].map(|x: f64| (x, 3.0 * x.powf(1.5))).to_vec();
        assert!((exponent(&points) - 1.5).abs() < 1e-12);
    }
}
