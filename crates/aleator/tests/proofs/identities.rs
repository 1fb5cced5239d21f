//! Identities that hold without a tolerance, or only with that of rounding.

use aleator::distributions::{Bernoulli, Categorical, Normal, OneHotCategorical, Support};
use aleator::estimators::{EstimatorOptions, all};
use aleator::graph::Graph;
use aleator::plan::Plan;
use aleator::rewrite::{EstimatorParam, Layout, Tuning, build};
use aleator::{Options, Program};
use aleator_engine::autodiff::grad;
use aleator_engine::compile::CompileOptions;

use crate::common::*;

/// A coin, a one-hot vector and a normal variable, one after another.
fn three_kinds(constant: f64) -> Graph {
    let g = Graph::new();
    let a = g.sample("a", Bernoulli::from_logits(g.param_tensor("u", [2], vec![0.5, -0.3])));
    let phi = g.param_tensor("phi", [3], vec![0.2, -0.4, 0.9]);
    let k = g.sample("k", OneHotCategorical::from_logits(phi * a.sum()));
    let z = g.sample("z", Normal::new(k.dot(g.data("m", [3], vec![0.5, -1.0, 2.0])), g.param("s", 0.8)));
    g.cost("f", (z - a.sum()).square() + constant);
    g.cost("g", a * 0.3);
    g
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn the_objective_does_not_depend_on_the_estimator() {
    let g = three_kinds(0.0);
    let discrete = [
        score(),
        score_minus(2.0),
        moving_average(0.9),
        loo(),
        straight_through(),
        straight_through_concrete(0.7),
    ];
    let continuous = [score(), pathwise(), loo()];
    for samples in [2, 5] {
        let reference = replicates(&g, &[score(), score(), score()], samples, 64, 11).0;
        for first in &discrete {
            for second in &discrete {
                for third in &continuous {
                    let plan = [first.clone(), second.clone(), third.clone()];
                    let objectives = replicates(&g, &plan, samples, 64, 11).0;
                    assert_eq!(bits(&objectives), bits(&reference), "{plan:?}, K = {samples}");
                }
            }
        }
    }
}

#[test]
fn a_constant_in_the_cost_changes_nothing_that_it_should_not() {
    let (without, with) = (three_kinds(0.0), three_kinds(100.0));
    let plan = [loo(), loo(), pathwise()];
    let (_, a) = replicates(&without, &plan, 3, 200, 4);
    let (_, b) = replicates(&with, &plan, 3, 200, 4);
    close("leave-one-out and pathwise", &b.concat(), &a.concat(), 1e-10);
    // The mean of every unbiased estimator, exactly.
    let coins = |constant: f64| {
        let g = Graph::new();
        let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.5)));
        let b = g.sample("b", Bernoulli::from_logits(g.param("w", 1.2) * a - 0.7));
        g.cost("f", (b + a - 0.6).square() + constant);
        g
    };
    for plan in [[score(), score()], [score_minus(1.0), enumeration()], [enumeration(), enumeration()]] {
        let (a, b) = (exactly(&coins(0.0), &plan, 1), exactly(&coins(100.0), &plan, 1));
        close(&format!("{plan:?}"), &b.mean, &a.mean, 1e-11);
    }
    let (a, b) = (exactly(&coins(0.0), &[loo(), loo()], 2), exactly(&coins(100.0), &[loo(), loo()], 2));
    close("variance of leave-one-out", &b.variance, &a.variance, 1e-10);
}

#[test]
fn an_empty_cone_has_no_gradient() {
    for entry in all() {
        let estimator = entry.build(EstimatorOptions::none()).unwrap();
        let g = Graph::new();
        let idle = g.param_tensor("idle", [2], vec![0.3, -0.4]);
        let (u, mu) = (g.param("u", 0.2), g.param("mu", 0.2));
        // Two that no cost knows, one whose only cost does not look at the other row.
        let (unused_coin, unused_normal) =
            (g.sample("c", Bernoulli::from_logits(idle)), g.sample("n", Normal::new(idle, 1.0)));
        let b = g.sample("b", Bernoulli::from_logits(u));
        let z = g.sample("z", Normal::new(mu, 1.0));
        let _ = unused_coin * unused_normal;
        g.cost("f", (b - 0.3).square());
        g.cost("g", (z - 0.3).square());
        let overrides: Vec<_> = Plan::choose(&g, &[], Some(2))
            .unwrap()
            .estimators
            .into_iter()
            .enumerate()
            .map(|(i, automatic)| {
                let continuous = i % 2 == 1;
                let serves = match entry.properties.name {
                    "pathwise"
                    | "lax"
                    | "generalized_reparameterization"
                    | "sticking_the_landing"
                    | "doubly_reparameterized"
                    | "antithetic"
                    | "quasi_monte_carlo" => continuous,
                    "score_function" | "reinforce_loo" | "nvil" => true,
                    "vimco"
                    | "implicit_reparameterization"
                    | "rejection_reparameterization"
                    | "disarm_categorical"
                    | "unordered_set"
                    | "sum_and_sample"
                    | "without_replacement" => false,
                    _ => !continuous,
                };
                if serves { estimator.clone() } else { automatic }
            })
            .collect();
        let (_, gradients) = replicates(&g, &overrides, 2, 100, 1);
        for gradient in &gradients {
            assert_eq!(&gradient[..2], [0.0, 0.0], "{}", entry.properties.name);
        }
        assert!(gradients.iter().any(|g| g[2] != 0.0 && g[3] != 0.0), "{}", entry.properties.name);
    }
}

#[test]
fn a_site_meets_only_the_costs_of_its_cone() {
    // The gradient of each parameter is, to the bit, what it is without the other's cost.
    let write = |left: bool, right: bool| {
        let g = Graph::new();
        let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.5)));
        let b = g.sample("b", Bernoulli::from_logits(g.param("v", -0.5)));
        g.cost("left", (a - 0.3).square() * if left { 1.0 } else { 0.0 });
        g.cost("right", 50.0 * b * if right { 1.0 } else { 0.0 });
        g
    };
    for plan in [[score(), score()], [loo(), loo()], [score(), enumeration()], [enumeration(), loo()]] {
        let both = replicates(&write(true, true), &plan, 2, 100, 9).1;
        let left = replicates(&write(true, false), &plan, 2, 100, 9).1;
        let right = replicates(&write(false, true), &plan, 2, 100, 9).1;
        for ((both, left), right) in both.iter().zip(&left).zip(&right) {
            assert_eq!(both, &[left[0], right[1]], "{plan:?}");
        }
    }
}

/// Estimates over the same noise for every plan, with own parameters as given: objectives, then gradients.
fn estimates(
    g: &Graph,
    plan: &[Shared],
    samples: usize,
    own: fn(&EstimatorParam) -> Vec<f64>,
) -> Vec<Vec<f64>> {
    let layout = Layout { samples, replicates: Some(64), tuning: Tuning::Held };
    let surrogate = build(g, plan, layout).unwrap();
    let outputs: Vec<_> = [surrogate.objective].iter().chain(&surrogate.gradients).copied().collect();
    let mut program = Evaluator::within(g, &surrogate.graph, &outputs);
    surrogate.own.iter().for_each(|o| program.set(o.node, &own(o)));
    program.run()
}

fn initial(own: &EstimatorParam) -> Vec<f64> {
    own.initial.clone()
}

/// The plan that has one row at every site, if it serves them all and the cost suits it.
fn alone(g: &Graph, row: &Row) -> Option<Vec<Shared>> {
    let serves = (0..g.sites().len()).all(|site| row.supports(g, site)) && row.cost != Needs::Copies;
    serves.then(|| vec![row.estimator.clone(); g.sites().len()])
}

#[test]
fn what_is_held_at_zero_is_the_score_function_to_the_bit() {
    let held = [
        "rebar(coefficient=0)",
        "rebar(coefficient=0, coupling=independent, relaxation=mean_field, temperature=0.1)",
        "relax(coefficient=0)",
        "relax(use_cost=false)",
        "relax(use_cost=false, coupling=independent)",
        "nvil",
        "score_function(baseline=moving_average)",
        "score_function(baseline=optimal)",
        "score_function(baseline=optimal_per_coordinate)",
    ];
    for (name, g) in problems::discrete().iter().chain(&problems::larger()) {
        let sites = g.sites().len();
        for text in held {
            let row = |row: &Row| row.text.split('(').next() == text.split('(').next();
            let row = unbiased().into_iter().find(row).unwrap();
            if !(0..sites).all(|site| row.supports(g, site)) {
                continue;
            }
            for samples in [1, 3] {
                let plain = estimates(g, &vec![score(); sites], samples, initial).concat();
                let got = estimates(g, &vec![named(text); sites], samples, initial).concat();
                assert_eq!(got, plain, "{name}: {text}");
            }
        }
    }
}

#[test]
fn every_row_estimates_the_same_objective_to_the_bit() {
    for (name, g) in problems::discrete().iter().chain(&problems::larger()) {
        let sites = g.sites().len();
        let reference = estimates(g, &vec![score(); sites], 2, elsewhere).swap_remove(0);
        // Those that do not draw a sample by its sampler.
        let others = [
            "enumeration",
            "arm",
            "disarm",
            "arms",
            "disarm_categorical",
            "disarm_categorical(variant=stick_breaking)",
            "antithetic",
            "antithetic(gradient=score_function)",
            "quasi_monte_carlo",
            "quasi_monte_carlo(scramble=shift)",
            "unordered_set",
            "unordered_set(baseline=built_in)",
            "sum_and_sample",
            "without_replacement",
        ];
        for row in unbiased().iter().filter(|row| !others.contains(&row.text)) {
            let Some(plan) = alone(g, row) else { continue };
            let objectives = estimates(g, &plan, 2, elsewhere).swap_remove(0);
            assert_eq!(bits(&objectives), bits(&reference), "{name}: {}", row.text);
        }
    }
}

#[test]
fn no_row_meets_a_cost_that_is_not_downstream() {
    // To the bit: what a score must not meet changes nothing at all.
    let chain = |early: f64| {
        let g = Graph::new();
        let (u, w, v) = (g.param("u", 0.5), g.param("w", 1.2), g.param("v", -0.7));
        let a = g.sample("a", Bernoulli::from_logits(u));
        let b = g.sample("b", Bernoulli::from_logits(w * a + v));
        g.cost("early", early * (a - 0.3).square());
        g.cost("late", (b - 0.6).square());
        g
    };
    let rows = |other: f64| {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [2], vec![0.2, 2.0])));
        g.cost("f", (b - g.data("t", [2], vec![0.3, other])).square());
        g
    };
    let vectors = |other: f64| {
        let g = Graph::new();
        let phi = g.param_tensor("phi", [2, 3], vec![0.5, -1.0, 0.2, 0.0, 0.4, -0.3]);
        let z = g.sample("z", OneHotCategorical::from_logits(phi));
        let v = g.data("v", [3], vec![1.0, -0.5, 2.0]);
        g.cost("f", (z.dot(v) - g.data("t", [2], vec![0.2, other])).square());
        g
    };
    let copies = |other: f64| {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [2], vec![0.2, 1.0])).copies(3));
        g.cost("f", (b * g.data("x", [2], vec![0.7, other])).logsumexp(-2));
        g
    };
    for row in unbiased() {
        // Of each replicate's gradient (of that size), the elements that must stay; and of which parameter.
        let same = |what: &str, a: &Graph, b: &Graph, parameter: usize, size: usize, stay: &[usize]| {
            let plan = vec![row.estimator.clone(); a.sites().len()];
            let of = |g: &Graph| {
                let gradient = estimates(g, &plan, 2, elsewhere).swap_remove(1 + parameter);
                let kept = gradient.chunks(size).flat_map(|g| stay.iter().map(|&i| g[i]));
                (bits(&kept.collect::<Vec<_>>()), bits(&gradient))
            };
            let (a, b) = (of(a), of(b));
            assert_eq!(a.0, b.0, "{what}: {}", row.text);
            if stay.len() < size {
                assert_ne!(a.1, b.1, "{what}: {}: the other row does change", row.text);
            }
        };
        if row.cost == Needs::Copies {
            same("copies of rows", &copies(0.4), &copies(-7.0), 0, 2, &[0]);
        } else if row.serves.contains(&Support::Boolean) {
            same("upstream", &chain(0.0), &chain(30.0), 1, 1, &[0]);
            same("upstream", &chain(0.0), &chain(30.0), 2, 1, &[0]);
            same("rows", &rows(0.4), &rows(40.0), 0, 2, &[0]);
            if row.serves.contains(&Support::OneHot) {
                same("rows of vectors", &vectors(0.4), &vectors(40.0), 0, 6, &[0, 1, 2]);
            }
        }
    }
}

#[test]
fn a_constant_leaves_the_mean_of_every_row() {
    let write = |constant: f64| {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param("phi", 0.4)));
        g.cost("f", (b - 0.3).square() + constant);
        g
    };
    let (without, with) = (write(0.0), write(20.0));
    for row in unbiased() {
        let Some(plan) = alone(&without, &row).filter(|_| row.depends != Depends::Coupled) else { continue };
        let (depends, nodes, mirrored) = (row.depends, row.nodes, row.mirrored);
        let how = How { depends, nodes, mirrored, own: &elsewhere, ..How::default() };
        let mean = |g: &Graph| exactly_by(g, &plan, least(&plan), &how).mean;
        close(row.text, &mean(&with), &mean(&without), 1e-9);
    }
}

#[test]
fn muprop_is_exact_for_a_linear_cost() {
    let coins = Graph::new();
    let b = coins.sample("b", Bernoulli::from_logits(coins.param_tensor("phi", [2], vec![0.4, -2.0])));
    coins.cost("f", b.dot(coins.data("c", [2], vec![3.0, -1.5])) + 2.0);
    let vectors = Graph::new();
    let phi = vectors.param_tensor("phi", [2, 3], vec![0.5, -1.0, 0.2, 0.0, 0.4, -0.3]);
    let z = vectors.sample("z", OneHotCategorical::from_logits(phi));
    vectors.cost("f", (z * vectors.data("c", [2, 3], vec![1.0, -0.5, 2.0, 0.3, 0.7, -1.0])).sum());
    for g in [&coins, &vectors] {
        let got = exactly(g, &[named("muprop")], 1);
        close("mean", &got.mean, &Brute::new(g).answer().1, 1e-13);
        close("variance", &got.variance, &vec![0.0; got.variance.len()], 1e-25);
    }
    let normal = Graph::new();
    let z = normal.sample("z", Normal::new(normal.param("mu", 0.3), normal.param("sigma", 0.8)));
    normal.cost("f", 1.7 * z - 4.0);
    let got = exactly(&normal, &[named("muprop")], 1);
    close("normal", &got.mean, &[1.7, 0.0], 1e-12);
    close("normal", &got.variance, &[0.0, 0.0], 1e-25);
}

#[test]
fn vimco_gives_nothing_to_what_no_bound_knows() {
    let g = Graph::new();
    let idle = g.sample("idle", Bernoulli::from_logits(g.param("phi_idle", 0.3)).copies(2));
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", 0.4)).copies(2));
    let _ = idle.sum();
    g.cost("f", (1.5 * b).logsumexp(-1));
    let (_, gradients) = replicates(&g, &[named("vimco"), named("vimco")], 1, 100, 1);
    assert!(gradients.iter().all(|g| g[0] == 0.0));
    assert!(gradients.iter().any(|g| g[1] != 0.0));
}

#[test]
fn scores_have_mean_zero() {
    let mut sites: Vec<Graph> = Vec::new();
    for logits in [0.0, 3.0, -8.0, 40.0, -1000.0] {
        let g = Graph::new();
        g.sample("b", Bernoulli::from_logits(g.param("phi", logits)));
        sites.push(g);
        for spread in [0.1, 5.0, 700.0] {
            let phi = vec![logits, logits + spread, logits - spread, 0.0];
            let g = Graph::new();
            g.sample("k", Categorical::from_logits(g.param_tensor("phi", [4], phi.clone())));
            sites.push(g);
            let g = Graph::new();
            g.sample("z", OneHotCategorical::from_logits(g.param_tensor("phi", [4], phi)));
            sites.push(g);
        }
    }
    for g in sites {
        let mut brute = Brute::new(&g);
        let log_prob = brute.joint_log_prob();
        let p = log_prob.exp().stop_gradient();
        let scores = grad((p * log_prob).sum(), &parameters(&g));
        let total = evaluate(&g, &[p.sum()]).concat();
        close("probabilities", &total, &[1.0], 1e-12);
        let scores = evaluate(&g, &scores).concat();
        close("E score", &scores, &vec![0.0; scores.len()], 1e-12);
    }
}

#[test]
fn a_constant_cost_has_mean_gradient_zero_under_a_score() {
    // F = 5 in the cone of b: what is left is 5 E[score].
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [2], vec![0.4, -2.0])));
    g.cost("f", b.sum() * 0.0 + 5.0);
    for (plan, samples) in [([score()], 1), ([score_minus(2.0)], 2), ([loo()], 2), ([enumeration()], 1)] {
        close("E", &exactly(&g, &plan, samples).mean, &[0.0, 0.0], 1e-12);
    }
}

#[test]
fn enumeration_is_the_sum_of_scores() {
    let g = Graph::new();
    let theta = g.param_tensor("theta", [2], vec![0.3, -1.2]);
    let phi = g.param_tensor("phi", [3], vec![0.2, -0.4, 0.9]);
    let b = g.sample("b", Bernoulli::from_logits(theta));
    let k = g.sample("k", OneHotCategorical::from_logits(phi));
    g.cost("f", (b.sum() + k.dot(g.data("c", [3], vec![1.0, -2.0, 0.5]))).square() * theta.sum());
    let mut brute = Brute::new(&g);
    let (log_prob, cost) = (brute.joint_log_prob(), brute.cost());
    let p = log_prob.exp().stop_gradient();
    let surrogate = (p * (cost.stop_gradient() * log_prob + cost)).sum();
    let summed = evaluate(&g, &grad(surrogate, &parameters(&g))).concat();
    let got = replicates(&g, &[enumeration(), enumeration()], 1, 1, 0);
    close("gradient", &got.1[0], &summed, 1e-12);
}

#[test]
fn straight_through_is_exact_for_a_linear_cost_of_a_coin() {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [2], vec![0.4, -2.0])));
    g.cost("f", b.dot(g.data("c", [2], vec![3.0, -1.5])) + 2.0);
    let got = exactly(&g, &[straight_through()], 1);
    close("mean", &got.mean, &Brute::new(&g).answer().1, 1e-13);
    close("variance", &got.variance, &[0.0, 0.0], 1e-25);
}

#[test]
fn a_seed_gives_the_same_bits_on_any_number_of_threads() {
    let run = |threads: usize| {
        let g = three_kinds(1.0);
        let plan = [loo(), score(), pathwise()];
        let compile = CompileOptions { threads, ..CompileOptions::default() };
        let options = Options::new().samples(3).replicates(700).seed(42).compile_options(compile);
        let mut program = Program::<f64>::compile(&g, &plan, &options).unwrap();
        let mut all = Vec::new();
        for step in 0..3 {
            let estimate = program.run_step(step).unwrap();
            all.extend(bits(estimate.objectives()));
            (0..3).for_each(|i| all.extend(bits(estimate.gradient_at(i))));
        }
        all
    };
    let reference = run(1);
    for threads in [0, 2, 3] {
        assert!(run(threads) == reference, "threads = {threads}");
    }
}

#[test]
fn other_seeds_and_steps_give_other_numbers() {
    let g = three_kinds(1.0);
    let plan = [score(), score(), pathwise()];
    let a = replicates(&g, &plan, 1, 50, 1).0;
    let b = replicates(&g, &plan, 1, 50, 2).0;
    assert!(a.iter().zip(&b).filter(|(a, b)| a == b).count() == 0);
    let mut program = Program::<f64>::compile(&g, &plan, &Options::new().replicates(50).seed(1)).unwrap();
    let first = program.run().unwrap().objectives().to_vec();
    let second = program.run().unwrap().objectives().to_vec();
    assert_eq!(first, a);
    assert!(first.iter().zip(&second).filter(|(a, b)| a == b).count() == 0);
    assert_eq!(program.run_step(0).unwrap().objectives(), &first[..]);
}

#[test]
fn the_first_replicates_of_a_longer_run_are_those_of_a_shorter() {
    let g = three_kinds(1.0);
    for (plan, samples) in [
        ([loo(), score(), pathwise()], 2),
        ([score(), enumeration(), pathwise()], 3),
        ([enumeration(), score(), score()], 1),
    ] {
        let (short, short_gradients) = replicates(&g, &plan, samples, 10, 3);
        let (long, long_gradients) = replicates(&g, &plan, samples, 1000, 3);
        // Sums over samples and alternatives may be taken in another order.
        close(&format!("{plan:?}"), &short, &long[..10], 1e-13);
        for (a, b) in short_gradients.iter().zip(&long_gradients) {
            close(&format!("{plan:?}"), a, b, 1e-13);
        }
        // A run without the replicates' axis is the first of them.
        let mut single =
            Program::<f64>::compile(&g, &plan, &Options::new().samples(samples).seed(3)).unwrap();
        let estimate = single.run_step(0).unwrap();
        close("objective", &[estimate.objective()], &long[..1], 1e-13);
        let gradient: Vec<f64> = (0..3).flat_map(|i| estimate.gradient_at(i).to_vec()).collect();
        close("gradient", &gradient, &long_gradients[0], 1e-12);
    }
}

#[test]
fn one_replicate_is_an_estimate_like_any_other() {
    let g = three_kinds(1.0);
    for plan in [
        [loo(), score(), pathwise()],
        [enumeration(), enumeration(), pathwise()],
        [score(), enumeration(), score()],
        [straight_through(), enumeration(), pathwise()],
    ] {
        let (_, one) = replicates(&g, &plan, 2, 1, 3);
        let (_, two) = replicates(&g, &plan, 2, 2, 3);
        close(&format!("{plan:?}"), &one[0], &two[0], 1e-13);
        assert!(one[0].iter().any(|x| *x != 0.0));
    }
}
