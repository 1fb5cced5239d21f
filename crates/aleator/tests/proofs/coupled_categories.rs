//! DisARM for categorical draws: exact means and variances over all settings of its coins.
//!
//! A pair depends on each uₖ through 1[uₖ < sₖ] and 1[1 − uₖ < sₖ], so that three settings of each coin are all, with the
//! probabilities s, 1 − 2s and s. The shares s are computed here from sorted probabilities.

use aleator::graph::Graph;
use aleator::prelude::{Categorical, OneHotCategorical};

use crate::common::*;
use crate::coupled_coins::{Setting, at_noise, moments};

const VARIANTS: [&str; 2] = ["disarm_categorical", "disarm_categorical(variant=stick_breaking)"];

fn softmax(logits: &[f64]) -> Vec<f64> {
    let total: f64 = logits.iter().map(|x| x.exp()).sum();
    logits.iter().map(|x| x.exp() / total).collect()
}

/// All settings of the coins of one draw: probability, and u of every outcome.
fn coins(p: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]).then(i.cmp(&j)));
    let mut all = vec![(1.0, vec![0.5; p.len()])];
    for (place, &k) in order.iter().enumerate().take(p.len() - 1) {
        let share = p[k] / order[place..].iter().map(|&j| p[j]).sum::<f64>();
        let cells = [(share, 0.5 * share), (1.0 - 2.0 * share, 0.5), (share, 1.0 - 0.5 * share)];
        let cells = cells.into_iter().filter(|(q, _)| *q > 1e-15);
        all = cells
            .flat_map(|(q, u)| {
                all.iter().map(move |(p, us)| {
                    let mut us = us.clone();
                    us[k] = u;
                    (p * q, us)
                })
            })
            .collect();
    }
    all
}

/// The settings of several independent draws of one site, for two samples of which the second has the noise of the first.
fn settings(draws: &[Vec<f64>]) -> Vec<Setting> {
    let mut all: Vec<(f64, Vec<f64>)> = vec![(1.0, vec![])];
    for p in draws {
        let each = coins(p);
        all = all
            .iter()
            .flat_map(|(q, us)| each.iter().map(move |(r, u)| (q * r, [&us[..], &u[..]].concat())))
            .collect();
    }
    all.into_iter().map(|(p, us)| (p, vec![[&us[..], &us[..]].concat()])).collect()
}

/// One draw of values c, with F = c + c²/3 + level; as an index or as a vector.
fn one_draw(logits: &[f64], level: f64, index: bool) -> Graph {
    let g = Graph::new();
    let n = logits.len();
    let phi = g.param_tensor("phi", [n], logits.to_vec());
    let values: Vec<f64> = (0..n).map(|i| ((i * i) as f64 * 1.7 + 0.4).sin() * 2.0).collect();
    let values = g.data("c", [n], values);
    let c = match index {
        true => values.gather(g.sample("z", Categorical::from_logits(phi))),
        false => g.sample("z", OneHotCategorical::from_logits(phi)).dot(values),
    };
    g.cost("f", c + c.square() / 3.0 + level);
    g
}

const LOGITS: [&[f64]; 7] = [
    &[0.3, -0.8],
    &[0.3, -0.8, 1.1],
    &[0.0, 0.0, 0.0],
    &[1.0, 0.2, 1.0, -2.0],
    &[0.0, 0.0, 0.0, 0.0, 0.0],
    &[-30.0, 0.5, 4.0, 0.1],
    &[9.0, -1.0, 0.3, 9.0, -20.0],
];

#[test]
fn one_draw_has_the_exact_mean_with_less_variance_than_leave_one_out() {
    for logits in LOGITS {
        let p = softmax(logits);
        for (level, index) in [(0.0, true), (0.0, false), (1e4, true)] {
            let g = one_draw(logits, level, index);
            let gradient = Brute::new(&one_draw(logits, 0.0, index)).answer().1;
            for text in VARIANTS {
                let all = settings(std::slice::from_ref(&p));
                let plan = [named(text)];
                let (mean, variance) = moments(&at_noise(&g, &plan, 2, &[vec![p.len()]], &all), &all);
                close(&format!("{text} at {logits:?}"), &mean, &gradient, 1e-10);
                let total: f64 = variance.iter().sum();
                let alone: f64 = exactly(&one_draw(logits, 0.0, index), &[loo()], 2).variance.iter().sum();
                assert!(
                    total <= alone * (1.0 + 1e-9),
                    "{text} at {logits:?}: {total}, leave-one-out {alone}"
                );
            }
        }
    }
}

#[test]
fn two_outcomes_are_a_coin() {
    for phi in [0.0, 0.7, -3.0, 20.0] {
        let g = Graph::new();
        let theta = g.param("phi", phi);
        let z = g.sample("z", Categorical::from_logits(theta * g.data("d", [2], vec![0.0, 1.0])));
        g.cost("f", (z - 0.2).square());
        let p = softmax(&[0.0, phi]);
        let (less, more) = (p[0].min(p[1]), p[0].max(p[1]));
        let delta: f64 = 0.6;
        let gradient = delta * less * more;
        let disarm = 0.5 * delta * delta * more * more * less - gradient.powi(2);
        for text in VARIANTS {
            let all = settings(std::slice::from_ref(&p));
            let (mean, variance) = moments(&at_noise(&g, &[named(text)], 2, &[vec![2]], &all), &all);
            close(text, &mean, &[gradient], 1e-12);
            close(text, &variance, &[disarm], 1e-12);
        }
    }
}

#[test]
fn draws_in_one_cost_have_coins_of_their_own() {
    let logits = [[0.2, -0.4, 0.9], [1.5, 1.5, -0.3]];
    let g = Graph::new();
    let phi = g.param_tensor("phi", [2, 3], logits.concat());
    let z = g.sample("z", OneHotCategorical::from_logits(phi));
    let c = z.dot(g.data("c", [3], vec![1.0, -0.5, 0.3]));
    g.cost("f", (c.sum() - 0.4).square() + 0.1 * phi.sum());
    let gradient = Brute::new(&g).answer().1;
    let all = settings(&logits.map(|row| softmax(&row)));
    let alone: f64 = exactly(&g, &[loo()], 2).variance.iter().sum();
    for text in VARIANTS {
        let (mean, variance) = moments(&at_noise(&g, &[named(text)], 2, &[vec![3]], &all), &all);
        close(text, &mean, &gradient, 1e-11);
        let total: f64 = variance.iter().sum();
        assert!(total < alone, "{text}: {total}, leave-one-out {alone}");
    }
}

#[test]
fn an_outcome_without_probability_changes_nothing() {
    for probs in [vec![0.0, 0.3, 0.7], vec![0.5, 0.0, 0.5], vec![0.2, 0.0, 0.8]] {
        let g = Graph::new();
        let s = g.param("s", 1.0);
        let weights = g.data("p", [3], probs.clone());
        // The second parameter moves probability between the outcomes that have some.
        let t = g.param("t", 0.3);
        let tilt = (t * g.data("v", [3], vec![1.0, -0.5, -1.0])).exp() * weights;
        let z = g.sample("z", Categorical::from_probs(tilt / tilt.sum()));
        g.cost("f", (z - 0.4).square() * s);
        let tilted: Vec<f64> =
            probs.iter().zip([1.0, -0.5, -1.0]).map(|(p, v): (_, f64)| p * (0.3 * v).exp()).collect();
        let total: f64 = tilted.iter().sum();
        let expect = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            let each = tilted.iter().zip([1.0, -0.5, -1.0]).enumerate();
            each.map(|(i, (p, v))| p / total * f((i as f64 - 0.4).powi(2), v)).sum()
        };
        let (cost, tilt) = (expect(&|f, _| f), expect(&|_, v| v));
        let gradient = [cost, expect(&|f, v| f * (v - tilt))];
        let all = settings(&[tilted.iter().map(|p| p / total).collect()]);
        for text in VARIANTS {
            let (mean, _) = moments(&at_noise(&g, &[named(text)], 2, &[vec![3]], &all), &all);
            close(&format!("{text} at {probs:?}"), &mean, &gradient, 1e-11);
        }
    }
}

#[test]
fn draws_behind_draws_have_partners_of_their_own() {
    let g = Graph::new();
    let phi = g.param_tensor("phi", [3], vec![0.2, -0.5, 0.4]);
    let w = g.param_tensor("w", [3, 3], vec![1.1, -0.3, 0.2, -0.8, 0.6, 0.1, 0.5, 0.4, -1.2]);
    let a = g.sample("a", OneHotCategorical::from_logits(phi));
    let b = g.sample("b", OneHotCategorical::from_logits(a.matmul(w)));
    let c = g.data("c", [3], vec![1.0, -0.5, 0.3]);
    g.cost("all", (a.dot(c) + 2.0 * b.dot(c) - 0.5).square());
    g.cost("first", 3.0 + a.dot(c));
    let gradient = gradient_of(&g);
    let plans = [
        [VARIANTS[0], VARIANTS[0]],
        [VARIANTS[1], VARIANTS[1]],
        ["score_function", VARIANTS[0]],
        [VARIANTS[1], "score_function"],
    ];
    let comparisons = plans.len() * gradient.len();
    for plan in plans {
        let estimators = plan.map(named);
        means_agree(&format!("{plan:?}"), &g, &estimators, &untuned(4, 40_000), &gradient, comparisons);
    }
}

#[test]
fn what_it_does_not_serve_is_refused() {
    let g = one_draw(&[0.0; 3], 0.0, true);
    let compiled = |text: &str, samples: usize| {
        aleator::Program::<f64>::compile(&g, &[named(text)], &aleator::Options::new().samples(samples))
    };
    assert_eq!(compiled("disarm_categorical", 4).unwrap().evaluations(), 4);
    let refused = compiled("disarm_categorical", 3).unwrap_err().to_string();
    assert!(refused.contains("3 is odd") && refused.contains("2 or 4"), "{refused}");
    let many = one_draw(&[0.0; 600], 0.0, true);
    let refused =
        aleator::Program::<f64>::compile(&many, &[named(VARIANTS[0])], &aleator::Options::new().samples(2));
    assert!(refused.unwrap_err().to_string().contains("all pairs of its 600 outcomes"));
}
