//! Standardised costs: means in closed form, by enumeration, and the identity with leave-one-out.

use aleator::certify::{Certify, Standing, certify};
use aleator::distributions::{Bernoulli, Normal};
use aleator::graph::Graph;

use crate::common::*;

const ALL: [&str; 3] = ["grpo", "grpo(spread=unbiased)", "grpo(spread=none)"];

/// One coin with F = scale · b + level.
fn coin(logit: f64, scale: f64, level: f64) -> Graph {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("theta", logit)));
    g.cost("f", scale * b + level);
    g
}

/// P(n right answers of `group`) at probability p.
fn binomial(group: usize, n: usize, p: f64) -> f64 {
    let choose = (0..n).map(|i| (group - i) as f64 / (i + 1) as f64).product::<f64>();
    choose * p.powi(n as i32) * (1.0 - p).powi((group - n) as i32)
}

/// E √(n/G (1 − n/G))
fn mean_spread(group: usize, p: f64) -> f64 {
    let share = |n: usize| n as f64 / group as f64;
    (0..=group).map(|n| binomial(group, n, p) * (share(n) * (1.0 - share(n))).sqrt()).sum()
}

#[test]
fn the_mean_of_one_coin_is_that_of_its_spread() {
    let means = |g: &Graph, group: usize| ALL.map(|via| exactly(g, &[named(via)], group).mean[0]);
    close(
        "G = 8",
        &means(&coin(0.0, 1.0, 0.0), 8),
        &[0.463_913_987_402_333, 0.433_951_799_447_922, 0.21875],
        1e-9,
    );
    for (logit, group) in [(0.0f64, 2), (1.3, 3), (-4.0, 5), (12.0, 4)] {
        let p = 1.0 / (1.0 + (-logit).exp());
        let (spread, k) = (mean_spread(group, p), group as f64);
        let unbiased = spread * ((k - 1.0) / k).sqrt();
        let undivided = (1.0 - 1.0 / k) * p * (1.0 - p);
        // A scale of the cost is lost with the division, and a level always.
        for (scale, level) in [(1.0, 0.0), (1e-4, 0.0), (300.0, 1e4)] {
            let g = coin(logit, scale, level);
            let tolerance = if scale < 1.0 { 1e-9 } else { 1e-10 * scale };
            close(
                &format!("{logit}, {group}"),
                &means(&g, group),
                &[spread, unbiased, scale * undivided],
                tolerance,
            );
        }
    }
    // With two samples, the sign of the difference alone.
    close("sign", &[exactly(&coin(0.4, -7.0, 1e4), &[named("grpo")], 2).mean[0]], &[-0.240_260_745_7], 1e-9);
}

#[test]
fn without_division_it_is_leave_one_out_times_a_factor() {
    // Vectors, a batch, two sites of which the second is conditional, a shared parameter, and a direct dependence on it.
    let g = Graph::new();
    let (u, m) = (g.param_tensor("u", [3], vec![0.4, -2.0, 9.0]), g.param("m", 0.3));
    let b = g.sample("b", Bernoulli::from_logits(u));
    let c = g.sample("c", Bernoulli::from_logits(m * b - 0.2));
    let z = g.sample("z", Normal::new(m * c.sum(), 0.7));
    g.cost("rows", (b + 2.0 * b * c - 0.45).square());
    g.cost("all", (b.sum() * c.sum() - z).square() + 1e4);
    for samples in [2, 5] {
        let k = samples as f64;
        let of = |via: &str| {
            let plan: Vec<Shared> = g.sites().iter().map(|_| named(via)).collect();
            replicates(&g, &plan, samples, 50, 9).1.concat()
        };
        let scaled: Vec<f64> = of("reinforce_loo").iter().map(|x| x * (1.0 - 1.0 / k)).collect();
        close("undivided", &of("grpo(spread=none)"), &scaled, 1e-7);
        let factor = ((k - 1.0) / k).sqrt();
        let scaled: Vec<f64> = of("grpo").iter().map(|x| x * factor).collect();
        close("unbiased spread", &of("grpo(spread=unbiased)"), &scaled, 1e-9);
    }
}

#[test]
fn groups_without_differences_contribute_nothing() {
    let g = coin(0.3, 0.0, 0.1);
    for via in ALL {
        let (_, gradients) = replicates(&g, &[named(via)], 4, 20, 1);
        assert!(gradients.iter().flatten().all(|&x| x == 0.0), "{via}");
    }
    // ε: F = 1e-9 b has a spread far below it.
    let small = exactly(&coin(0.0, 1e-9, 0.0), &[named("grpo(epsilon=1)")], 4).mean[0];
    let undivided = exactly(&coin(0.0, 1e-9, 0.0), &[named("grpo(spread=none)")], 4).mean[0];
    close("epsilon", &[small * 1e9], &[undivided * 1e9], 1e-6);
}

#[test]
fn it_is_refuted() {
    for via in ALL {
        let how = Certify::new().only(vec![named(via)]).samples(4);
        let certificate = certify(&coin(0.0, 1.0, 0.0), &how).unwrap();
        assert_eq!(certificate.verdict, Standing::Refuted, "{via}");
        assert!(!certificate.plans[0].declared_unbiased);
    }
}
