//! What Bernoulli layers have in common.

/// Mean pixels are taken to be at least this far from 0 and 1 when they become biases.
const CLIP: f64 = 1e-3;

/// log m / (1 − m) of each mean pixel: where the output's bias starts.
pub fn logits_of_mean(mean: &[f64]) -> Vec<f64> {
    let clipped = mean.iter().map(|m| m.clamp(CLIP, 1.0 - CLIP));
    clipped.map(|m| (m / (1.0 - m)).ln()).collect()
}
