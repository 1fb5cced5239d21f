//! The variance and the signal of gradients, as running means with decay.
//!
//! ```text
//! Wₜ = d Wₜ₋₁ + 1 − d,   Qₜ = d² Qₜ₋₁ + (1 − d)²,   rₜ = (1 − d) / Wₜ,   δ = g − mₜ₋₁
//! mₜ = mₜ₋₁ + rₜ δ,   sₜ = d sₜ₋₁ + (1 − d)(1 − rₜ) δ²
//! Var g  ≈  s/W / (1 − Q/W²)                                 unbiased for independent gradients of one law
//! (E g)² ≈  m² − Q/W² Var g
//! ```
//!
//! m is a mean with weights that sum to 1 and whose squares sum to Q/W², and s/W is the mean squared deviation with the same
//! weights. In this form there is no cancellation, and a variance is never negative. Because the parameters change, drift of the
//! true gradient over the last 1/(1 − d) gradients is counted as variance.

use aleator_engine::exec::vectorized;

/// d. Gradients are taken in every eighth step, so the mean is over about the last 800 steps.
pub const DECAY: f64 = 0.99;

/// The names of the means m and s, which are stored one after the other in one slice.
pub const NAMES: [&str; 2] = ["gradient_mean", "gradient_deviation"];

/// Adds one gradient to its `means`, with the weights of the current step.
pub fn add(means: &mut [f32], gradient: &[f32], weights: &Weights) {
    let rate = (1.0 - DECAY) / weights.total;
    let (keep, rest, rate) = (DECAY as f32, ((1.0 - DECAY) * (1.0 - rate)) as f32, rate as f32);
    let (mean, deviation) = means.split_at_mut(gradient.len());
    vectorized(
        #[inline(always)]
        move || {
            for ((m, s), &g) in mean.iter_mut().zip(deviation.iter_mut()).zip(gradient) {
                let delta = g - *m;
                *m += rate * delta;
                *s = keep * *s + rest * delta * delta;
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
    let (mean, deviation) = means.split_at(means.len() / NAMES.len());
    let mut sums = [0.0; 2];
    for (&m, &s) in mean.iter().zip(deviation) {
        let mean = f64::from(m);
        let variance = f64::from(s) / total / (1.0 - share);
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
    /// Advances the weights by one gradient.
    pub fn advance(&mut self) {
        self.total = DECAY * self.total + (1.0 - DECAY);
        self.squares = DECAY * DECAY * self.squares + (1.0 - DECAY) * (1.0 - DECAY);
        self.steps = self.steps.saturating_add(1);
    }

    /// The state, for a checkpoint.
    pub fn state(&self) -> [f64; 2] {
        [self.total, self.squares]
    }

    /// Restores a saved state, of no gradients or of at least two.
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
        add(&mut moments, &[1.0], &weights);
        assert_eq!(sums(&moments, &weights), None);
        weights.advance();
        add(&mut moments, &[3.0], &weights);
        let [variance, square] = sums(&moments, &weights).unwrap();
        assert!((variance - 2.0).abs() < 1e-3, "{variance}");
        assert!((square - (4.0 - 1.0)).abs() < 0.03, "{square}");
    }

    #[test]
    fn gradients_that_hardly_vary_have_a_small_variance() {
        // 1000 with a noise of ±0.01: f32 squares would round it away.
        let (mut moments, mut weights) = ([0.0; 2], Weights::default());
        for step in 0..400 {
            weights.advance();
            add(&mut moments, &[1000.0 + if step % 2 == 0 { 0.01 } else { -0.01 }], &weights);
        }
        let [variance, square] = sums(&moments, &weights).unwrap();
        assert!((variance / 1e-4 - 1.0).abs() < 0.05, "{variance}");
        assert!((square / 1e6 - 1.0).abs() < 1e-6, "{square}");
        let (mut moments, mut weights) = ([0.0; 2], Weights::default());
        for _ in 0..400 {
            weights.advance();
            add(&mut moments, &[0.1], &weights);
        }
        assert_eq!(sums(&moments, &weights).unwrap()[0], 0.0);
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
            add(&mut moments, &uniforms, &weights);
        }
        let [variance, square] = sums(&moments, &weights).unwrap().map(|sum| sum / n as f64);
        // 100,000 uniform numbers: variance 1/12 and squared mean 1/4, each within 5 standard errors.
        assert!((variance - 1.0 / 12.0).abs() < 0.0015, "{variance}");
        assert!((square - 0.25).abs() < 0.005, "{square}");
    }
}
