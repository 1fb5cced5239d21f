//! Means and variances of many numbers, updated block by block.

/// The mean and the sum of squared deviations of many numbers, updated block by block (Chan, Golub and LeVeque).
///
/// Squares of numbers beyond 10^±154 overflow or underflow. Such sums are stored in units of a power of two, which causes no
/// rounding.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    count: f64,
    /// The mean of all numbers so far.
    pub mean: f64,
    squares: Squares,
}

/// Σ (x − mean)² in units of 4^exponent; the exponent is 0 if squares lie within [`SAFE`].
#[derive(Clone, Copy, Debug, Default)]
struct Squares {
    sum: f64,
    exponent: i32,
}

/// The size of a block, so that two passes over it stay in the first-level cache.
pub(super) const BLOCK: usize = 512;
/// The number of parallel sums. It is fixed, so that the order of additions does not depend on the width of vector registers.
const LANES: usize = 8;
/// A sum of squares in this range has no significant underflow, and many of them can be added without overflow.
const SAFE: std::ops::Range<f64> = 1e-240..1e240;

impl Squares {
    /// The same sum in other units.
    fn rescaled(self, exponent: i32) -> f64 {
        let by = power_of_two(self.exponent - exponent);
        // Nothing in units that are too large is nothing.
        if self.sum == 0.0 { 0.0 } else { self.sum * by * by }
    }

    /// The units in which the sum is near 1; `None` if it is 0.
    fn own_exponent(self) -> Option<i32> {
        (self.sum > 0.0).then(|| self.exponent + exponent_of(self.sum) / 2)
    }
}

impl Moments {
    /// Adds numbers.
    pub fn add(&mut self, numbers: impl Iterator<Item = f64>) {
        let (mut block, mut filled) = ([0.0; BLOCK], 0);
        for x in numbers {
            block[filled] = x;
            filled += 1;
            if filled == BLOCK {
                self.add_block(&block);
                filled = 0;
            }
        }
        self.add_block(&block[..filled]);
    }

    /// Numbers are taken relative to the first one, so that equal numbers have a variance of exactly 0.
    fn add_block(&mut self, block: &[f64]) {
        let Some(&first) = block.first() else { return };
        let n = block.len() as f64;
        let (mean, squares) = moments_of_block(block);
        if SAFE.contains(&squares) {
            return self.merge(n, mean, Squares { sum: squares, exponent: 0 });
        }
        let largest = block.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        // The largest passes over NaN, which the mean has.
        if block.iter().all(|&x| x == first) || mean.is_nan() || !largest.is_finite() {
            return self.merge(n, mean, Squares { sum: squares, exponent: 0 });
        }
        // Two numbers that differ do so by 10⁻¹⁶ of the largest at least.
        let exponent = exponent_of(largest);
        let (down, up) = (power_of_two(-exponent), power_of_two(exponent));
        let mut scaled = [0.0; BLOCK];
        scaled.iter_mut().zip(block).for_each(|(to, x)| *to = x * down);
        let (mean, sum) = moments_of_block(&scaled[..block.len()]);
        self.merge(n, mean * up, Squares { sum, exponent });
    }

    /// Adds the moments of `n` other numbers.
    fn merge(&mut self, n: f64, mean: f64, squares: Squares) {
        if self.count == 0.0 {
            *self = Moments { count: n, mean, squares };
            return;
        }
        let (delta, total) = (mean - self.mean, self.count + n);
        if !delta.is_finite() {
            // An infinite mean stays, two opposite ones or a NaN give NaN; there is no variance.
            let squares = Squares { sum: f64::NAN, exponent: 0 };
            *self = Moments { count: total, mean: self.mean + mean, squares };
            return;
        }
        let old = self.squares;
        let sum = old.sum + squares.sum + delta * delta * self.count * n / total;
        let nothing = old.sum == 0.0 && squares.sum == 0.0 && delta == 0.0;
        self.squares = if old.exponent == 0 && squares.exponent == 0 && (nothing || SAFE.contains(&sum)) {
            Squares { sum, exponent: 0 }
        } else {
            let of_means = (delta != 0.0).then(|| exponent_of(delta.abs()));
            let all = [old.own_exponent(), squares.own_exponent(), of_means];
            let exponent = all.into_iter().flatten().max().unwrap_or(0);
            let delta = delta * power_of_two(-exponent);
            let between = delta * delta * self.count * n / total;
            Squares { sum: old.rescaled(exponent) + squares.rescaled(exponent) + between, exponent }
        };
        self.mean += delta * n / total;
        self.count = total;
    }

    /// The moments of a constant.
    pub(super) fn constant(number: f64, count: usize) -> Self {
        let sum = if number.is_finite() { 0.0 } else { f64::NAN };
        Moments { count: count as f64, mean: number, squares: Squares { sum, exponent: 0 } }
    }

    /// The unbiased sample variance; `None` for fewer than two numbers. It may underflow or overflow where the standard deviation
    /// does not.
    pub fn variance(&self) -> Option<f64> {
        let unit = power_of_two(self.squares.exponent);
        (self.count > 1.0).then(|| self.squares.sum / (self.count - 1.0) * unit * unit)
    }

    /// The square root of the variance; `None` for fewer than two numbers.
    pub fn standard_deviation(&self) -> Option<f64> {
        self.root_of_variance_by(1.0)
    }

    /// The standard error of the mean of `n` such numbers; `None` for fewer than two numbers.
    pub fn standard_error(&self, n: f64) -> Option<f64> {
        self.root_of_variance_by(n)
    }

    fn root_of_variance_by(&self, n: f64) -> Option<f64> {
        let Squares { sum, exponent } = self.squares;
        (self.count > 1.0).then(|| (sum / (self.count - 1.0) / n).sqrt() * power_of_two(exponent))
    }
}

/// The mean and the sum of squared deviations.
fn moments_of_block(block: &[f64]) -> (f64, f64) {
    let first = if block[0].is_finite() { block[0] } else { 0.0 };
    let offset = sum_by_lanes(block, |x| x - first) / block.len() as f64;
    let squares = sum_by_lanes(block, |x| (x - first - offset) * (x - first - offset));
    (first + offset, squares)
}

/// A power of two near a positive number, limited to those whose inverse is a normal number.
fn exponent_of(x: f64) -> i32 {
    x.log2().floor().clamp(-1020.0, 1020.0) as i32
}

/// 2^exponent, or 0 if it underflows.
fn power_of_two(exponent: i32) -> f64 {
    f64::exp2(f64::from(exponent))
}

/// Σ f(x)
fn sum_by_lanes(x: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let rows = x.chunks_exact(LANES);
    let rest: f64 = rows.remainder().iter().map(|&x| f(x)).sum();
    for row in rows {
        lanes.iter_mut().zip(row).for_each(|(lane, &x)| *lane += f(x));
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(batches: &[&[f64]]) -> Moments {
        let mut moments = Moments::default();
        batches.iter().for_each(|b| moments.add(b.iter().copied()));
        moments
    }

    #[test]
    fn batches_do_not_matter() {
        let whole = moments(&[&[1.0, 4.0, 2.0, 8.0]]);
        let parts = moments(&[&[1.0], &[], &[4.0, 2.0], &[8.0]]);
        assert!((whole.mean - 3.75).abs() < 1e-15 && (parts.mean - 3.75).abs() < 1e-15);
        assert!((whole.variance().unwrap() - 28.75 / 3.0).abs() < 1e-14);
        assert!((parts.variance().unwrap() - 28.75 / 3.0).abs() < 1e-14);
    }

    /// Scaling by a power of two changes the exponents and no other bits.
    #[test]
    fn units_do_not_matter() {
        let numbers: Vec<f64> = (0..2000).map(|i| f64::from(i * 7919 % 1009) / 17.0 - 20.0).collect();
        let of = |unit: f64, first: usize| {
            let scaled: Vec<f64> = numbers.iter().map(|x| x * unit).collect();
            moments(&[&scaled[..first], &scaled[first..]])
        };
        let expected = of(1.0, 3);
        let error = expected.standard_error(2000.0).unwrap();
        assert_eq!(error, (expected.variance().unwrap() / 2000.0).sqrt());
        for exponent in [-1000, -700, -480, -400, -60, 1, 100, 400, 480, 700, 1010] {
            let (unit, scaled) = (power_of_two(exponent), of(power_of_two(exponent), 3));
            assert_eq!(scaled.mean, expected.mean * unit, "2^{exponent}");
            let ratio = scaled.standard_error(2000.0).unwrap() / unit / error;
            assert!((ratio - 1.0).abs() < 1e-14, "2^{exponent}: {ratio}");
        }
        // Numbers of all sizes together: the largest decide.
        for (a, b) in [(1e-200, 1e200), (1e200, 1e-200), (1.0, 1e-300), (1e-170, 1e-160)] {
            let mixed = moments(&[&[a, 2.0 * a], &[b, 2.0 * b], &[0.0]]);
            let unit = a.max(b);
            let parts = [a, 2.0 * a, b, 2.0 * b, 0.0].map(|x| x / unit);
            let deviation = moments(&[&parts]).standard_deviation().unwrap() * unit;
            let ratio = mixed.standard_deviation().unwrap() / deviation;
            assert!((ratio - 1.0).abs() < 1e-14, "{a}, {b}: {ratio}");
        }
    }

    #[test]
    fn equal_numbers_have_no_variance() {
        let same = moments(&[&[0.1; 7], &[0.1; 1000]]);
        assert_eq!((same.mean, same.variance()), (0.1, Some(0.0)));
        let same = moments(&[&[1e-300; 7], &[1e-300; 1000], &[1e-300]]);
        assert_eq!((same.mean, same.standard_deviation()), (1e-300, Some(0.0)));
        assert_eq!(moments(&[&[0.1]]).variance(), None);
    }

    #[test]
    fn infinities_are_kept() {
        let inf = f64::INFINITY;
        assert_eq!(moments(&[&[1.0, inf], &[2.0]]).mean, inf);
        assert_eq!(moments(&[&[-inf], &[2.0, 1.0]]).mean, -inf);
        assert!(moments(&[&[-inf], &[inf]]).mean.is_nan());
        assert!(moments(&[&[f64::NAN], &[2.0]]).mean.is_nan());
    }
}
