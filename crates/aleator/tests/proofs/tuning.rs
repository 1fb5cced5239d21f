//! What estimators tune: the objective's derivative, and what tuning does to mean and variance.

use aleator::distributions::{Bernoulli, Normal, OneHotCategorical};
use aleator::graph::Graph;
use aleator::rewrite::{Layout, StateUpdate, Tuning, build};
use aleator::{Options, Program};
use statrs::distribution::ContinuousCDF;

use crate::common::*;

fn coin(t: f64, phi: f64) -> Graph {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", phi)));
    g.cost("f", (b - t).square());
    g
}

fn chain() -> Graph {
    let g = Graph::new();
    let (u, w) = (g.param("u", 0.5), g.param_tensor("w", [2], vec![1.2, -0.7]));
    let a = g.sample("a", Bernoulli::from_logits(u));
    let b = g.sample("b", Bernoulli::from_logits(w * a - 0.3));
    g.cost("f", (b.sum() - 0.6).square() + a * b.slice(-1, 0, 1).sum());
    g
}

fn one_hot() -> Graph {
    let g = Graph::new();
    let z = g.sample("z", OneHotCategorical::from_logits(g.param_tensor("phi", [3], vec![0.5, -1.0, 0.2])));
    g.cost("f", (z.dot(g.data("v", [3], vec![1.0, -0.5, 2.0])) - 0.4).square());
    g
}

/// A normal variable whose cost jumps at 0.4.
fn jump(mu: f64) -> Graph {
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param("mu", mu), g.param("sigma", 0.9)));
    g.cost("f", z.greater(0.4) * 2.0 + 0.5 * (z - 1.0).square());
    g
}

/// Rows of coins, each with a cost of its own size.
fn sized() -> Graph {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [3], vec![-1.0, 0.1, 1.3])));
    g.cost("f", (b - 0.45).square() + g.data("size", [3], vec![0.2, 0.9, 2.1]));
    g
}

#[test]
fn descent_is_along_the_derivative_of_the_second_moment() {
    // d/dψ mean Σ ĝ² as the program computes it, against the difference quotient over the same noise.
    const H: f64 = 1e-5;
    let cases = [
        ("rebar", coin(0.45, 0.3), 1),
        ("rebar(temperature=0.2, coefficient=0.4)", chain(), 2),
        ("rebar(coupling=independent, relaxation=mean_field)", chain(), 1),
        ("rebar(temperature=1, baseline=0.3)", one_hot(), 1),
        ("rebar(coupling=independent)", one_hot(), 2),
        ("rebar(share_temperature=true)", chain(), 1),
        ("relax(hidden=3)", coin(0.45, 0.3), 1),
        ("relax(hidden=2, coupling=independent)", chain(), 1),
        ("relax(hidden=2, use_cost=false, relaxation=mean_field)", chain(), 2),
        ("relax(hidden=2)", one_hot(), 1),
        ("lax(hidden=3)", jump(0.2), 2),
    ];
    for (text, g, samples) in cases {
        let plan = vec![named(text); g.sites().len()];
        let layout = Layout { samples, replicates: Some(50), tuning: Tuning::Tuned };
        let surrogate = build(&g, &plan, layout).unwrap();
        let descends =
            |rule: StateUpdate| if let StateUpdate::Descends(node) = rule { Some(node) } else { None };
        let tuned: Vec<_> = surrogate.own.iter().filter_map(|o| Some((o, descends(o.update)?))).collect();
        let temperatures = if text.contains("share") { 1 } else { plan.len() };
        assert!(tuned.len() >= plan.len() + temperatures, "{text}: {}", tuned.len());
        let outputs = tuned.iter().map(|(_, node)| node).chain(&surrogate.gradients);
        let outputs: Vec<_> = outputs.copied().collect();
        let mut program = Evaluator::within(&g, &surrogate.graph, &outputs);
        surrogate.own.iter().for_each(|own| program.set(own.node, &elsewhere(own)));
        let derivatives = program.run();
        let second_moment = |program: &mut Evaluator| {
            program.run()[tuned.len()..].concat().iter().map(|g| g * g).sum::<f64>() / 50.0
        };
        let mut largest = 0.0f64;
        for (place, (own, _)) in tuned.iter().enumerate() {
            let here = elsewhere(own);
            for i in 0..here.len() {
                let mut at = |step: f64| {
                    let mut moved = here.clone();
                    moved[i] += step;
                    program.set(own.node, &moved);
                    second_moment(&mut program)
                };
                let quotient = (at(H) - at(-H)) / (2.0 * H);
                let derivative = derivatives[place][i];
                close(&format!("{text}: {} [{i}]", own.name), &[derivative], &[quotient], 1e-7);
                largest = largest.max(derivative.abs());
            }
            program.set(own.node, &here);
        }
        assert!(largest > 1e-3, "{text}: the derivative is not trivial");
    }
}

#[test]
fn baselines_descend_along_the_derivative_of_their_loss() {
    // On a coin, K = 1: loss (F − b_ψ − m)², whose derivative by the output's bias is −2 (F − b_ψ − m). NVIL holds m = 0 here.
    for (text, m) in [("nvil(hidden=2)", 0.0), ("score_function(baseline=learned, baseline_hidden=2)", 0.3)] {
        let g = coin(0.2, 0.3);
        let layout = Layout { samples: 1, replicates: Some(1), tuning: Tuning::Tuned };
        let surrogate = build(&g, &[named(text)], layout).unwrap();
        let of_name = |name: &str| surrogate.own.iter().find(|o| o.name == name);
        let bias = of_name("b.baseline.output_bias").unwrap();
        let StateUpdate::Descends(node) = bias.update else { panic!("{:?}", bias.update) };
        let mut program = Evaluator::within(&g, &surrogate.graph, &[surrogate.objective, node]);
        surrogate.own.iter().for_each(|own| program.set(own.node, &own.initial));
        program.set(bias.node, &[0.11]);
        if let Some(average) = of_name("b.baseline") {
            program.set(average.node, &[m]);
        }
        let values = program.run();
        close("by the bias", &values[1], &[-2.0 * (values[0][0] - 0.11 - m)], 1e-14);
    }
}

#[test]
fn a_shared_temperature_is_one_and_starts_at_one_value() {
    let layout = Layout { samples: 1, replicates: None, tuning: Tuning::Tuned };
    let own = |first: &str, second: &str| {
        let surrogate = build(&chain(), &[named(first), named(second)], layout)?;
        Ok::<_, aleator::Error>(surrogate.own.into_iter().map(|own| own.name).collect::<Vec<_>>())
    };
    let rebar = |temperature| format!("rebar(temperature={temperature}, share_temperature=true)");
    let names = own(&rebar(0.4), &rebar(0.4)).unwrap();
    assert_eq!(names, ["a.coefficient", "log_temperature", "b.coefficient"]);
    let error = own(&rebar(0.4), &rebar(0.5)).unwrap_err().to_string();
    assert!(error.contains("shares `log_temperature`"), "{error}");
}

/// Own parameters after so many steps of 64 estimates each.
fn tuned(g: &Graph, plan: &[Shared], steps: u64, rate: f64) -> Vec<(String, Vec<f64>)> {
    let options = Options::new().seed(5).replicates(64).tuning(Tuning::Tuned).tuning_rate(rate);
    let mut program = Program::<f64>::compile(g, plan, &options).unwrap();
    for step in 0..steps {
        program.run_step(step).unwrap();
    }
    program.own_params().map(|(name, _, values)| (name.to_string(), values.to_vec())).collect()
}

/// Estimator, graph, dependence on the noise, nodes, jumps, and the factor by which the total variance falls at least:
/// measured, with a margin.
type Case = (&'static str, Graph, Depends, usize, Vec<f64>, f64);

#[test]
fn tuning_lowers_the_variance_and_leaves_the_mean() {
    let normal = statrs::distribution::Normal::standard();
    let jumps = |mu: f64| [normal.cdf((0.4 - mu) / 0.9)];
    let (first, both) = (Depends::First, Depends::Both);
    let cases: Vec<Case> = vec![
        ("rebar", coin(0.45, 0.0), first, 150, vec![], 1.3),
        ("rebar(coupling=independent)", coin(0.45, -1.0), both, 150, vec![], 1.2),
        ("rebar", one_hot(), first, 46, vec![], 4.0),
        ("relax", coin(0.45, 0.0), first, 150, vec![], 1000.0),
        ("relax(use_cost=false)", coin(0.45, 0.0), first, 150, vec![], 1000.0),
        ("relax(use_cost=false, coupling=independent)", coin(-1.0, 0.7), both, 150, vec![], 500.0),
        ("relax(use_cost=false)", one_hot(), first, 46, vec![], 5.0),
        ("lax", jump(0.2), first, 100, jumps(0.2).to_vec(), 20.0),
        ("nvil", coin(0.45, -1.0), Depends::Outcomes, 1, vec![], 8.0),
        ("nvil", sized(), Depends::Outcomes, 1, vec![], 200.0),
        ("score_function(baseline=learned)", sized(), Depends::Outcomes, 1, vec![], 200.0),
        ("muprop(linear=false, baseline=learned)", sized(), Depends::Outcomes, 1, vec![], 10.0),
    ];
    for (text, g, depends, nodes, jumps, factor) in cases {
        let plan = [named(text)];
        let how = How { depends, nodes, jumps: &jumps, ..How::default() };
        let before = exactly_by(&g, &plan, 1, &how);
        let own = tuned(&g, &plan, 600, 0.03);
        let values =
            |o: &aleator::rewrite::EstimatorParam| own.iter().find(|(n, _)| *n == o.name).unwrap().1.clone();
        let after = exactly_by(&g, &plan, 1, &How { own: &values, ..how });
        close(&format!("{text}: mean"), &after.mean, &before.mean, 1e-8);
        let total = |e: &Exactly| e.variance.iter().sum::<f64>();
        let ratio = total(&before) / total(&after);
        assert!(ratio > factor, "{text}: {} to {}, by {ratio}", total(&before), total(&after));
    }
}
