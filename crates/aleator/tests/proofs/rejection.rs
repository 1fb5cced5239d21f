//! The density of the proposal that Marsaglia and Tsang's sampler accepts, against the sampler's own rule.

use aleator::distributions::{Family, Gamma, Noise, Transform};
use aleator::graph::Graph;

use crate::common::*;

/// A standard normal ε is accepted with probability A(ε) = exp(½ε² + d − d v + d log v), v = (1 + cε)³, so that accepted ones
/// have density q(ε) = φ(ε) A(ε) / P. Hence P = φ(ε) A(ε) / q(ε), the same number at every draw: published for α = 2, and at ε = 0
/// in closed form P = φ(0)/q(0) = Γ(α) eᵈ d^(½−α) / √(2π) (h = d, ∂h/∂ε = √d).
#[test]
fn the_accepted_proposal_has_the_acceptance_probability_of_the_sampler() {
    let tau = std::f64::consts::TAU;
    let published = (5.0f64 / 3.0).exp() * 15f64.sqrt() / (3.0 * tau.sqrt() * (5.0f64 / 3.0).powi(2));
    assert!((published - 0.981659961295).abs() < 1e-12);
    for (alpha, factorial) in [(1.0f64, 1.0), (2.0, 1.0), (3.0, 2.0), (7.0, 720.0), (11.0, 3_628_800.0)] {
        let d = alpha - 1.0 / 3.0;
        let acceptance = factorial * d.exp() * d.powf(0.5 - alpha) / tau.sqrt();
        let g = Graph::new();
        let parameters = [g.param("alpha", alpha), g.param("rate", 1.7)];
        let mut noise = Noise::new(g.engine(), 0, [200].into());
        let transform = Transform::Rejection { augmentation: 0 };
        let draw = Gamma.transformation().unwrap().transformed(&parameters, &mut noise, transform);
        let values = evaluate(&g, &[draw.value, draw.log_density]);
        for (z, log_q) in values[0].iter().zip(&values[1]) {
            let v = 1.7 * z / d;
            let epsilon = (v.cbrt() - 1.0) * (9.0 * d).sqrt();
            // φ(ε) A(ε) without its ½ε², which cancel.
            let log_p = d - d * v + d * v.ln() - 0.5 * tau.ln() - log_q;
            let got = log_p.exp();
            assert!(
                (got - acceptance).abs() < 1e-10,
                "alpha = {alpha}, eps = {epsilon}: {got}, {acceptance}"
            );
            assert!(alpha != 2.0 || (got - published).abs() < 1e-10);
        }
    }
}
