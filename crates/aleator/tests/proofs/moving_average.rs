//! The moving-average baseline over many steps: read before it is updated, so no gradient shrinks.

use aleator::distributions::Bernoulli;
use aleator::graph::Graph;
use aleator::{Options, Program};

use crate::common::*;

/// Gradient of the only parameter and objective of one step.
fn step(program: &mut Program, step: u64) -> (Vec<f64>, f64) {
    let estimate = program.run_step(step).unwrap();
    (estimate.gradient_at(0).to_vec(), estimate.objective())
}

fn coins(phi: Vec<f64>) -> Graph {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [phi.len()], phi)));
    g.cost("loss", (b - 0.45).square() + 2.0);
    g
}

#[test]
fn steps_follow_the_hand_computation() {
    let decay = 0.8;
    for (phi, samples) in [(vec![-0.7], 1), (vec![0.2], 3), (vec![0.3, -1.0, 0.5], 2)] {
        let draws = phi.len() as f64;
        let g = coins(phi);
        let options = Options::new().samples(samples).seed(5);
        let of = |e: Shared| Program::<f64>::compile(&g, &[e], &options).unwrap();
        let (mut plain, mut less_one, mut averaged) =
            (of(score()), of(score_minus(1.0)), of(moving_average(decay)));
        // m ← decay m + (1 − decay) mean F, from 0; ĝ = mean (F − m) s with m before the update.
        let mut m = 0.0;
        for i in 0..6 {
            let (fs, objective) = step(&mut plain, i);
            let (centred, _) = step(&mut less_one, i);
            let expected: Vec<f64> = fs.iter().zip(&centred).map(|(f, c)| f - m * (f - c)).collect();
            let (got, same) = step(&mut averaged, i);
            close(&format!("step {i}"), &got, &expected, 1e-12);
            close("objective", &[same], &[objective], 0.0);
            m = decay * m + (1.0 - decay) * objective / draws;
        }
        assert!(m > 0.5, "the average has moved");
    }
}

#[test]
fn no_gradient_shrinks() {
    // A baseline updated before it is read would scale this mean by 0.5.
    let (p, steps) = (1.0 / (1.0 + 0.7f64.exp()), 200_000);
    let exact = 0.1 * p * (1.0 - p);
    let g = coins(vec![-0.7]);
    let mut program =
        Program::<f64>::compile(&g, &[moving_average(0.5)], &Options::new().samples(1).seed(3)).unwrap();
    let gradients: Vec<f64> = (0..steps).map(|i| step(&mut program, i).0[0]).collect();
    // The estimates are martingale differences around the gradient: the first, without a baseline, aside.
    let mean = gradients.iter().sum::<f64>() / steps as f64;
    let variance = gradients.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / steps as f64;
    let error = (variance / steps as f64).sqrt();
    assert!((mean - exact).abs() < critical_value(1) * error, "{mean} ± {error}, exact {exact}");
    assert!(exact > 2.0 * critical_value(1) * error, "half of it would be seen");
}

#[test]
fn sites_remember_apart() {
    let g = Graph::new();
    let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.5)));
    let b = g.sample("b", Bernoulli::from_logits(g.param("v", -0.5)));
    g.cost("first", a + 3.0);
    g.cost("second", b + 40.0);
    let run = |plan: &[Shared]| {
        let mut program = Program::<f64>::compile(&g, plan, &Options::new().seed(1)).unwrap();
        let mut all = Vec::new();
        for i in 0..4 {
            let estimate = program.run_step(i).unwrap();
            all.push((estimate.gradient_at(0)[0], estimate.gradient_at(1)[0]));
        }
        all
    };
    let (both, first) =
        (run(&[moving_average(0.9), moving_average(0.9)]), run(&[moving_average(0.9), score()]));
    let second = run(&[score(), moving_average(0.9)]);
    for i in 0..4 {
        assert_eq!(both[i].0, first[i].0, "step {i}");
        assert_eq!(both[i].1, second[i].1, "step {i}");
    }
}
