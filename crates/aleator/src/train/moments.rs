//! Variance and signal of gradients, measured as they pass: running means with decay.
//!
//! ```text
//! mₜ = d mₜ₋₁ + (1 − d) g,   sₜ = d sₜ₋₁ + (1 − d) g²,   Wₜ = 1 − dᵗ,   Qₜ = d² Qₜ₋₁ + (1 − d)²
//! Var g  ≈  (s/W − (m/W)²) / (1 − Q/W²)                      unbiased for independent gradients of one law
//! (E g)² ≈  (m/W)² − Q/W² Var g
//! ```
//!
//! m/W is a mean with weights that sum to 1 and whose squares sum to Q/W². Parameters move meanwhile, so drift of the
//! true gradient over the last 1/(1 − d) gradients counts as variance.

use aleator_engine::exec::wide;

/// d. As gradients come from every eighth step, the last 800 steps or so count.
pub const DECAY: f64 = 0.99;

/// Names of the means m and s, which lie one after the other in one slice.
pub const NAMES: [&str; 2] = ["gradient_mean", "gradient_square"];

/// Adds one gradient to its `means`.
pub fn add(means: &mut [f32], gradient: &[f32]) {
    let (keep, rest) = (DECAY as f32, (1.0 - DECAY) as f32);
    let (mean, square) = means.split_at_mut(gradient.len());
    wide(
        #[inline(always)]
        move || {
            for ((m, s), &g) in mean.iter_mut().zip(square.iter_mut()).zip(gradient) {
                *m = keep * *m + rest * g;
                *s = keep * *s + rest * g * g;
            }
        },
    );
}

/// Σ Var g and Σ (E g)²; `None` before the second gradient.
pub fn sums(means: &[f32], weights: &Weights) -> Option<[f64; 2]> {
    let total = weights.total;
    let share = weights.squares / (total * total);
    if weights.steps < 2 {
        return None;
    }
    let (mean, square) = means.split_at(means.len() / NAMES.len());
    let mut sums = [0.0; 2];
    for (&m, &s) in mean.iter().zip(square) {
        let mean = f64::from(m) / total;
        let variance = (f64::from(s) / total - mean * mean) / (1.0 - share);
        sums[0] += variance;
        sums[1] += mean * mean - share * variance;
    }
    Some(sums)
}

/// Wₜ and Qₜ, the same for all elements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weights {
    total: f64,
    squares: f64,
    steps: u64,
}

impl Weights {
    /// One gradient more.
    pub fn advance(&mut self) {
        self.total = DECAY * self.total + (1.0 - DECAY);
        self.squares = DECAY * DECAY * self.squares + (1.0 - DECAY) * (1.0 - DECAY);
        self.steps = self.steps.saturating_add(1);
    }

    /// What has to be kept.
    pub fn state(&self) -> [f64; 2] {
        [self.total, self.squares]
    }

    /// Takes over what was kept, of two gradients at least or of none.
    pub fn restore(&mut self, [total, squares]: [f64; 2]) {
        let steps = if total <= 1.0 - DECAY { u64::from(total > 0.0) } else { 2 };
        *self = Weights { total, squares, steps };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_gradients_by_hand() {
        // Weights d(1−d) and (1−d) of g = 1 and 3: with d near 1 nearly a plain mean, 2, and the sample variance, 2.
        let (mut moments, mut weights) = ([0.0; 2], Weights::default());
        weights.advance();
        add(&mut moments, &[1.0]);
        assert_eq!(sums(&moments, &weights), None);
        weights.advance();
        add(&mut moments, &[3.0]);
        let [variance, square] = sums(&moments, &weights).unwrap();
        assert!((variance - 2.0).abs() < 1e-3, "{variance}");
        assert!((square - (4.0 - 1.0)).abs() < 0.03, "{square}");
    }

    #[test]
    fn independent_gradients_show_their_variance_and_mean() {
        use aleator_engine::exec::philox;
        let (n, steps) = (2000, 50);
        let (mut moments, mut weights) = (vec![0.0; 2 * n], Weights::default());
        let mut uniforms = vec![0.0_f32; n];
        for step in 0..steps {
            philox::fill_uniform(&mut uniforms, 5, 0, step, 0);
            weights.advance();
            add(&mut moments, &uniforms);
        }
        let [variance, square] = sums(&moments, &weights).unwrap().map(|sum| sum / n as f64);
        // 100,000 uniform numbers: variance 1/12 and squared mean 1/4, each within 5 standard errors.
        assert!((variance - 1.0 / 12.0).abs() < 0.0015, "{variance}");
        assert!((square - 0.25).abs() < 0.005, "{square}");
    }
}
