//! Relaxed draws beside hard ones from the same noise.

use aleator::distributions::{Distribution, Noise};
use aleator_engine::exec::math::Real;
use aleator_engine::graph::Shape;

use crate::cases::{Case, extreme, moderate};
use crate::closed_forms::sigmoid;
use crate::harness::{Bench, column};
use crate::samplers::kolmogorov_smirnov;

const DRAWS: usize = 1 << 15;

fn relaxable() -> Vec<Case> {
    let has = |case: &Case| {
        let bench = Bench::new();
        let d = case.build(&bench);
        d.relaxed_sample(&mut noise(&bench, &d), bench.graph.scalar(1.0)).is_some()
    };
    let cases: Vec<Case> = moderate().into_iter().chain(extreme()).filter(has).collect();
    assert!(cases.iter().all(|c| matches!(c.name(), "Bernoulli" | "OneHotCategorical")));
    cases
}

fn noise<'g>(bench: &'g Bench, d: &Distribution<'g>) -> Noise<'g> {
    Noise::new(&bench.graph, 3, Shape::from([DRAWS]).join(&d.batch_shape().unwrap()))
}

/// (hard, relaxed) draws and the size of one event.
fn both<T: Real>(case: &Case, temperature: f64) -> (Vec<f64>, Vec<f64>, usize) {
    let bench = Bench::new();
    let d = case.build(&bench);
    let hard = d.sample(&mut noise(&bench, &d));
    let tau = bench.input([], vec![temperature]);
    let relaxed = d.relaxed_sample(&mut noise(&bench, &d), tau).unwrap();
    assert_eq!(hard.shape(), relaxed.shape(), "{case}");
    let mut results = bench.run::<T>(&[hard, relaxed], 5);
    let relaxed = results.remove(1);
    (results.remove(0), relaxed, d.event_shape().numel())
}

/// Where the relaxed draw is 1 in the limit of temperature 0: above ½, or the largest.
fn harden(event: &[f64]) -> Vec<f64> {
    match event {
        [z] => vec![if *z > 0.5 { 1.0 } else { 0.0 }],
        z => {
            let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let first = z.iter().position(|&x| x == top).unwrap();
            (0..z.len()).map(|i| if i == first { 1.0 } else { 0.0 }).collect()
        }
    }
}

/// At every temperature the relaxed draw is finite, in [0, 1], of sum 1, and rounds to the hard one. Ties to rounding
/// (an element within `tie` of the border) are left out: the relaxation is computed another way.
fn relaxed_rounds_to_hard<T: Real>(tie: f64, sum: f64) {
    for case in relaxable() {
        for temperature in [0.01, 0.1, 0.5, 1.0, 2.0, 10.0] {
            let (hard, relaxed, width) = both::<T>(&case, temperature);
            let mut ties = 0;
            for (hard, relaxed) in hard.chunks(width).zip(relaxed.chunks(width)) {
                assert!(
                    relaxed.iter().all(|z| (0.0..=1.0).contains(z)),
                    "{case} at {temperature}: {relaxed:?}"
                );
                if width > 1 {
                    assert!((relaxed.iter().sum::<f64>() - 1.0).abs() < sum, "{case}: {relaxed:?}");
                }
                if harden(relaxed) != hard {
                    let border = if width == 1 { (relaxed[0] - 0.5).abs() } else { gap(relaxed) };
                    assert!(border <= tie, "{case} at {temperature}: {relaxed:?} is not near {hard:?}");
                    ties += 1;
                }
            }
            assert!(ties <= 8, "{case} at {temperature}: {ties} ties");
        }
    }
}

/// Between the largest and the second largest.
fn gap(z: &[f64]) -> f64 {
    let mut z = z.to_vec();
    z.sort_by(f64::total_cmp);
    z[z.len() - 1] - z[z.len() - 2]
}

#[test]
fn relaxed_rounds_to_hard_in_double_precision() {
    relaxed_rounds_to_hard::<f64>(1e-12, 1e-14);
}

#[test]
fn relaxed_rounds_to_hard_in_single_precision() {
    relaxed_rounds_to_hard::<f32>(1e-4, 1e-6);
}

#[test]
fn temperature_to_zero_gives_the_hard_draw() {
    for case in relaxable() {
        let (hard, relaxed, _) = both::<f64>(&case, 1e-10);
        let worst = hard.iter().zip(&relaxed).map(|(h, r)| (h - r).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-9, "{case}: {worst}");
        // In f32 a draw within 16 τ of the border, as few are, may still be soft.
        let (hard, relaxed, _) = both::<f32>(&case, 1e-7);
        let soft = hard.iter().zip(&relaxed).filter(|(h, r)| (*h - *r).abs() > 1e-6).count();
        assert!(soft <= 8, "{case}: {soft}");
    }
}

/// Binary relaxations have distribution function σ(τ logit x − φ). (Dvoretzky-Kiefer-Wolfowitz as in `samplers`.)
#[test]
fn relaxed_draws_have_the_concrete_distribution() {
    let tau = 0.5;
    let cases = [
        (Case::new("Bernoulli", &[("logits", &[0.75])]), 0.75),
        (Case::new("Bernoulli", &[("probs", &[0.25])]), -(3f64.ln())),
        (Case::new("OneHotCategorical", &[("logits", &[0.25, -1.0])]), 1.25),
        (Case::new("OneHotCategorical", &[("probs", &[0.6, 0.2])]), 3f64.ln()),
    ];
    for (case, phi) in cases {
        let fit = |(_, relaxed, width): (Vec<f64>, Vec<f64>, usize)| {
            let first = column(&relaxed, width, 0);
            let uniforms = first.iter().map(|x| sigmoid(tau * (x.ln() - (-x).ln_1p()) - phi)).collect();
            kolmogorov_smirnov(uniforms)
        };
        let (double, single) = (fit(both::<f64>(&case, tau)), fit(both::<f32>(&case, tau)));
        assert!(double > 1e-9 && single > 1e-9, "{case}: {double:e}, {single:e}");
    }
}
