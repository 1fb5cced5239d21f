//! Functions that are common to models with Bernoulli outputs.

/// Mean pixels are clipped to this distance from 0 and 1 before they are converted to biases.
const CLIP: f64 = 1e-3;

/// log m / (1 − m) for each mean pixel m: the initial bias of the output layer.
pub fn logits_of_mean(mean: &[f64]) -> Vec<f64> {
    let clipped = mean.iter().map(|m| m.clamp(CLIP, 1.0 - CLIP));
    clipped.map(|m| (m / (1.0 - m)).ln()).collect()
}
