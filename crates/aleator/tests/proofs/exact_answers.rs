//! The exact objective and gradient, against an independent computation (`data/exact_problems.py`), and where there is
//! none.

use aleator::diagnostics::{Exact, exact};
use aleator::distributions::{Bernoulli, Normal, OneHotCategorical};
use aleator::graph::Graph;
use aleator::language::load;
use serde_json::Value;

use crate::common::*;

/// The gradient, all parameters one after another in the graph's order.
fn flat(graph: &Graph, exact: &Exact) -> Vec<f64> {
    graph
        .params()
        .iter()
        .flat_map(|p| exact.gradient[&p.name].values.iter().map(|x| x.0).collect::<Vec<_>>())
        .collect()
}

fn problems() -> Vec<Value> {
    serde_json::from_str(include_str!("../data/exact_problems.json")).unwrap()
}

#[test]
fn every_problem_has_its_answer() {
    let problems = problems();
    assert!(problems.len() >= 15);
    for problem in problems {
        let name = problem["name"].as_str().unwrap();
        let model = load(problem["scg"].as_str().unwrap(), None, &[]).unwrap();
        let got = exact(&model.graph).unwrap();
        assert_eq!(got.method, problem["method"].as_str(), "{name}");
        close(name, &[got.objective.unwrap().0], &[problem["objective"].as_f64().unwrap()], 1e-9);
        for param in model.graph.params() {
            let expected = &problem["gradient"][&param.name];
            let numbers =
                |v: &Value| v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
            let shape: Vec<f64> = got.gradient[&param.name].shape.iter().map(|&n| n as f64).collect();
            assert_eq!(shape, numbers(&expected["shape"]), "{name}");
            let values: Vec<f64> = got.gradient[&param.name].values.iter().map(|x| x.0).collect();
            close(&format!("{name}: {}", param.name), &values, &numbers(&expected["values"]), 1e-9);
        }
    }
}

#[test]
fn the_graph_api_says_the_same() {
    let problems = problems();
    let expected = |name: &str| {
        let problem = problems.iter().find(|p| p["name"] == name).unwrap();
        problem["objective"].as_f64().unwrap()
    };
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("theta", -0.7)));
    g.cost("loss", (b - 0.45).square());
    close("one coin", &[exact(&g).unwrap().objective.unwrap().0], &[expected("one coin")], 1e-12);
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param("mu", -0.2), 0.8));
    let b = g.sample("b", Bernoulli::from_logits(g.param("w", 1.5) * z + g.param("c", 0.25)));
    g.cost("f", (b - 0.3).square() + 0.1 * z.square() * b);
    let name = "a normal variable that decides a coin";
    close(name, &[exact(&g).unwrap().objective.unwrap().0], &[expected(name)], 1e-9);
}

#[test]
fn brute_force_agrees_on_every_discrete_problem() {
    for problem in problems() {
        let name = problem["name"].as_str().unwrap();
        let model = load(problem["scg"].as_str().unwrap(), None, &[]).unwrap();
        if problem["method"] == "enumeration" {
            let (objective, gradient) = Brute::new(&model.graph).answer();
            let got = exact(&model.graph).unwrap();
            close(name, &[got.objective.unwrap().0], &[objective], 1e-11);
            close(name, &flat(&model.graph, &got), &gradient, 1e-11);
        }
    }
}

#[test]
fn there_is_none_through_a_jump() {
    let costs: Vec<for<'g> fn(aleator_engine::graph::Expr<'g>) -> aleator_engine::graph::Expr<'g>> = vec![
        |z| z.greater(0.2),
        |z| z.floor() + z,
        |z| z.sign() * (z.square() + 1.0),
        |z| z.maximum(0.0).select(2.0, 1.0),
        |z| z.less(0.0).select(z, z.square() + 1.0),
    ];
    for (i, cost) in costs.iter().enumerate() {
        let g = Graph::new();
        let z = g.sample("z", Normal::new(g.param("mu", 0.1), 1.0));
        g.cost("f", cost(z));
        let got = exact(&g).unwrap();
        assert!(got.method.is_none() && got.objective.is_none() && got.gradient.is_empty(), "cost {i}");
    }
    // There is one where both sides meet at the boundary.
    let meeting: [for<'g> fn(aleator_engine::graph::Expr<'g>) -> aleator_engine::graph::Expr<'g>; 2] =
        [|z| z.sign() * z.square(), |z| z.less(0.0).select(z, z.square())];
    for cost in meeting {
        let g = Graph::new();
        let z = g.sample("z", Normal::new(g.param("mu", 0.1), 1.0));
        g.cost("f", cost(z));
        assert!(exact(&g).unwrap().objective.is_some());
    }
    // A black box has no derivative.
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param("mu", 0.1), 1.0));
    g.cost("f", g.external("box", [], &[z], |x, y| y[0] = x[0][0]));
    assert!(exact(&g).unwrap().method.is_none());
}

#[test]
fn there_is_none_where_it_would_be_too_large() {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", 0.1)).copies(40));
    g.cost("f", b.sum().square());
    assert!(exact(&g).unwrap().method.is_none());
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param("mu", 0.1), 1.0).copies(8));
    g.cost("f", z.sum().square());
    assert!(exact(&g).unwrap().method.is_none());
    // The same number of draws apart is no trouble.
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", 0.0)).copies(40));
    g.cost("f", b.square());
    close("forty coins", &[exact(&g).unwrap().objective.unwrap().0], &[20.0], 1e-12);
}

#[test]
fn a_black_box_of_a_discrete_site_is_enumerated() {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", 0.4)));
    g.cost("f", g.external("box", [], &[b], |x, y| y[0] = if x[0][0] > 0.5 { 3.0 } else { -1.0 }));
    let got = exact(&g).unwrap();
    let p = 1.0 / (1.0 + (-0.4f64).exp());
    close("objective", &[got.objective.unwrap().0], &[4.0 * p - 1.0], 1e-12);
    close("gradient", &flat(&g, &got), &[4.0 * p * (1.0 - p)], 1e-12);
}

#[test]
fn outcomes_without_probability_are_never_entered() {
    // 1/b and log b with p = 1: the outcome b = 0 does not exist.
    type Cost = for<'g> fn(aleator_engine::graph::Expr<'g>) -> aleator_engine::graph::Expr<'g>;
    let costs: [(Cost, f64); 3] = [(|b| 1.0 / b, 1.0), (|b| b.log(), 0.0), (|b| 2.0 + b.log() / b, 2.0)];
    for (cost, value) in costs {
        for copies in [1, 3] {
            let g = Graph::new();
            let p = (g.param("x", 0.3) * 0.0 + 1.0).minimum(1.0);
            let b = g.sample("b", Bernoulli::from_probs(p).copies(copies));
            g.cost("f", cost(b));
            g.cost("together", cost(b.reduce(aleator_engine::graph::Reduction::Prod, -1)));
            let got = exact(&g).unwrap();
            assert_eq!(got.method, Some("enumeration"));
            close("objective", &[got.objective.unwrap().0], &[value * (copies as f64 + 1.0)], 1e-12);
            close("gradient", &flat(&g, &got), &[0.0], 0.0);
            for plan in [[enumeration()], [score()]] {
                let (objectives, gradients) = replicates(&g, &plan, 1, 50, 0);
                assert!(objectives.iter().all(|o| (o - value * (copies as f64 + 1.0)).abs() < 1e-12));
                assert!(gradients.iter().flatten().all(|x| *x == 0.0), "{gradients:?}");
            }
        }
    }
    // Saturated logits: the probability of 0 underflows, the cost at 0 is infinite.
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", f64::INFINITY)));
    g.cost("f", 1.0 / b);
    let got = exact(&g).unwrap();
    assert_eq!(got.objective.unwrap().0, 1.0);
    // A mask, whatever the cost is behind it.
    let mask = |g: &Graph| {
        let weights =
            g.param_tensor("w", [3], vec![1.0, 2.0, 3.0]) * g.data("mask", [3], vec![1.0, 0.0, 1.0]);
        let z = g.sample("z", OneHotCategorical::from_probs(weights));
        let bad = g.engine().tensor([3], vec![1.0, 0.0, 2.0]);
        g.cost("f", 1.0 / z.dot(bad));
        exact(g).unwrap()
    };
    let g = Graph::new();
    let got = mask(&g);
    close("objective", &[got.objective.unwrap().0], &[0.25 + 0.75 * 0.5], 1e-12);
    // d/dw_k of Σ w f / Σ w over the possible outcomes.
    close("gradient", &flat(&g, &got), &[(1.0 - 0.625) / 4.0, 0.0, (0.5 - 0.625) / 4.0], 1e-12);
}

/// Counts without an end, densities whose draws are no transforms of noise, and vectors: moments with known derivatives.
#[test]
fn every_kind_of_distribution_has_its_answer() {
    // Site, cost, method, objective and gradient by a and b, at a = 2 and b = 1.
    type Row = (&'static str, &'static str, &'static str, f64, [f64; 2]);
    let rows: [Row; 15] = [
        ("Poisson(a * b)", "z^2", "enumeration", 6.0, [5.0, 10.0]),
        ("Poisson(5000 * a)", "z", "enumeration", 1e4, [5000.0, 0.0]),
        ("Geometric(a / 4)", "z", "enumeration", 1.0, [-1.0, 0.0]),
        ("Geometric(logits = a - 2)", "z + (z > 3)", "enumeration", 1.0 + 0.0625, [-1.0 - 0.125, 0.0]),
        ("NegativeBinomial(a, b / 2)", "z", "enumeration", 2.0, [1.0, 4.0]),
        ("Binomial(5, a / 4)", "z^2", "enumeration", 7.5, [6.25, 0.0]),
        ("Binomial(10, a / 4)", "z", "enumeration", 5.0, [2.5, 0.0]),
        ("Gamma(a, b)", "z^2", "quadrature", 6.0, [5.0, -12.0]),
        ("Gamma(a / 2.5, b)", "z", "quadrature", 0.8, [0.4, -0.8]),
        ("Beta(a, b)", "z", "quadrature", 2.0 / 3.0, [1.0 / 9.0, -2.0 / 9.0]),
        (
            "StudentT(2.5 * a, a, b)",
            "z^2",
            "quadrature",
            4.0 + 5.0 / 3.0,
            [4.0 - 2.5 * 2.0 / 9.0, 10.0 / 3.0],
        ),
        (
            "VonMises(a, b)",
            "cos(z - 2)",
            "quadrature",
            0.446_389_965_896_533_9,
            [0.0, 0.354_346_033_103_466_1],
        ),
        ("Kumaraswamy(a, b)", "z", "quadrature", 2.0 / 3.0, [1.0 / 9.0, 0.0]),
        ("Weibull(a, 2)", "z^2", "quadrature", 4.0, [4.0, 0.0]),
        ("MultivariateNormal([a, b], [[a, 0], [1, b]])", "z[0] * z[1]", "quadrature", 4.0, [2.0, 2.0]),
    ];
    for (site, cost, method, objective, gradient) in rows {
        let source = format!("param a = 2\nparam b = 1\nz ~ {site}\ncost f = {cost}");
        let model = load(&source, None, &[]).unwrap();
        let got = exact(&model.graph).unwrap();
        assert_eq!(got.method, Some(method), "{site}");
        close(site, &[got.objective.unwrap().0], &[objective], 1e-9);
        if !site.starts_with("Kumaraswamy") {
            close(site, &flat(&model.graph, &got), &gradient, 1e-9);
        } else {
            close(site, &flat(&model.graph, &got)[..1], &gradient[..1], 1e-9);
        }
    }
}

/// What holds too little of the mass, or would need too many outcomes, has no answer.
#[test]
fn there_is_none_where_mass_is_out_of_reach() {
    for site in [
        "Poisson(1e9 * a)",
        "Gamma(0.01 * a, 1)",
        "Geometric(1e-6 * a)",
        "Poisson(a)[20]",
        "Dirichlet([a, 1])",
    ] {
        let source = format!("param a = 2\nz ~ {site}\ncost f = sum(z)^2");
        let got = exact(&load(&source, None, &[]).unwrap().graph).unwrap();
        assert_eq!(got.method, None, "{site}");
    }
    // Their mass is within reach, but the expectation is not.
    let source = "param a = 2\nz ~ Geometric(a / 4)\ncost f = 2.5^z";
    assert_eq!(exact(&load(source, None, &[]).unwrap().graph).unwrap().method, None);
}

/// A count below a count: the nodes follow the parameters, and gradients flow through the outer one's mass.
#[test]
fn counts_may_depend_on_one_another() {
    let source = "param a = 2\nn ~ Poisson(a)\nz ~ Poisson(3 * n)\ncost f = z * n";
    let model = load(source, None, &[]).unwrap();
    let got = exact(&model.graph).unwrap();
    // 3 E n² = 3 a (a + 1)
    close("objective", &[got.objective.unwrap().0], &[18.0], 1e-9);
    close("gradient", &flat(&model.graph, &got), &[15.0], 1e-9);
}
