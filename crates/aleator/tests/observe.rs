//! `Graph::observe`: a cost that is minus the log-density, with what it refuses and what costs infinity.

use aleator::analysis::FirstDiscontinuities;
use aleator::distributions::{Constraint, Dirichlet, Gamma, MultivariateNormal, Poisson, VonMises, all};
use aleator::graph::Graph;
use aleator::plan::{Plan, lints};
use aleator::prelude::*;
use aleator_engine::graph::Expr;

/// Minus the log-density of a Normal.
fn surprise(x: f64, loc: f64, scale: f64) -> f64 {
    0.5 * ((x - loc) / scale).powi(2) + scale.ln() + 0.5 * std::f64::consts::TAU.ln()
}

fn numbers<'g>(graph: &'g Graph, values: &[f64]) -> Expr<'g> {
    graph.engine().tensor([values.len()], values.to_vec())
}

fn number(graph: &Graph, value: f64) -> Expr<'_> {
    graph.engine().scalar(value)
}

/// The objective of a graph whose only site is of no matter to its costs.
fn objective(write: impl for<'g> Fn(&'g Graph)) -> f64 {
    let graph = Graph::new();
    let unused = graph.sample("unused", Normal::new(graph.param("theta", 0.0), number(&graph, 1.0)));
    graph.cost("nothing", 0.0 * unused);
    write(&graph);
    graph.compile(&Options::new()).unwrap().run().unwrap().objective()
}

#[test]
fn a_posterior_by_observations_has_its_gradient() {
    // z ~ N(m, s), x ~ N(z, 2), and KL of the posterior from N(0, 1): the negative ELBO of a conjugate model.
    let graph = Graph::new();
    let (m, s) = (graph.param("m", 0.7), graph.param("s", 0.5));
    let z = graph.sample("z", Normal::new(m, s));
    let x = graph.data("x", [3], vec![1.0, -0.5, 2.0]);
    let two = number(&graph, 2.0);
    let returned = graph.observe("likelihood", x, &Normal::new(z, two));
    assert_eq!(returned.shape().to_vec(), [3]);
    assert_eq!(graph.costs().len(), 1);
    assert_eq!((graph.costs()[0].name.as_str(), graph.costs()[0].node), ("likelihood", returned.id()));
    let standard = Normal::new(number(&graph, 0.0), number(&graph, 1.0));
    graph.cost("divergence", aleator::distributions::kl(&Normal::new(m, s), &standard).unwrap());
    let mut program = graph.compile(&Options::new().samples(20_000)).unwrap();
    let estimate = program.run().unwrap();
    // Σ ((x − m)² + s²)/8 has the derivatives Σ (m − x)/4 and 3 s/4; the divergence m and s − 1/s.
    let want = [(3.0 * 0.7 - 2.5) / 4.0 + 0.7, 0.75 * 0.5 + 0.5 - 2.0];
    for (name, want) in ["m", "s"].into_iter().zip(want) {
        let got = estimate.gradient(name).unwrap()[0];
        assert!((got - want).abs() < 0.02, "{name}: {got}, expected {want}");
    }
}

#[test]
fn an_observation_costs_its_surprise() {
    let got = objective(|g| {
        g.observe("x", numbers(g, &[1.0, 3.0]), &Normal::new(number(g, 0.5), number(g, 2.0)));
    });
    let want = surprise(1.0, 0.5, 2.0) + surprise(3.0, 0.5, 2.0);
    assert!((got - want).abs() < 1e-14, "{got} {want}");
    // Of two numbers that are one event there is one cost.
    let got = objective(|g| {
        let tril = g.engine().tensor([2, 2], vec![2.0, 0.0, 0.0, 0.5]);
        let cost =
            g.observe("x", numbers(g, &[1.0, 3.0]), &MultivariateNormal::new(numbers(g, &[0.0, 1.0]), tril));
        assert_eq!(cost.rank(), 0);
    });
    let want = surprise(1.0, 0.0, 2.0) + surprise(3.0, 1.0, 0.5);
    assert!((got - want).abs() < 1e-13, "{got} {want}");
}

#[test]
fn what_cannot_happen_costs_infinity() {
    type Law = for<'g> fn(&'g Graph) -> Distribution<'g>;
    let bernoulli: Law = |g| Bernoulli::from_logits(number(g, 0.3));
    let categorical: Law = |g| Categorical::from_logits(numbers(g, &[0.0, 0.0, 0.0]));
    let one_hot: Law = |g| OneHotCategorical::from_logits(numbers(g, &[0.0, 0.0, 0.0]));
    let poisson: Law = |g| Poisson::new(number(g, 2.0));
    let gamma: Law = |g| Gamma::new(number(g, 2.0), number(g, 1.0));
    let dirichlet: Law = |g| Dirichlet::new(numbers(g, &[1.0, 1.0, 1.0]));
    let circle: Law = |g| VonMises::new(number(g, 0.0), number(g, 1.0));
    for (law, possible, impossible) in [
        (bernoulli, vec![1.0], vec![0.5]),
        (bernoulli, vec![0.0], vec![-1.0]),
        (categorical, vec![2.0], vec![3.0]),
        (categorical, vec![0.0], vec![0.5]),
        (one_hot, vec![0.0, 1.0, 0.0], vec![0.0, 1.0, 1.0]),
        (one_hot, vec![0.0, 1.0, 0.0], vec![0.5, 0.5, 0.0]),
        (poisson, vec![4.0], vec![0.5]),
        (gamma, vec![4.0], vec![-0.5]),
        (dirichlet, vec![0.2, 0.3, 0.5], vec![0.2, 0.3, 0.7]),
        (circle, vec![3.0], vec![4.0]),
    ] {
        let cost = |x: &[f64]| {
            let graph = Graph::new();
            let cost = graph.observe("x", numbers(&graph, x), &law(&graph)).sum();
            let outputs = [cost.id()];
            let options = aleator_engine::compile::CompileOptions::default();
            let mut program =
                aleator_engine::exec::Program::<f64>::compile(graph.engine(), &outputs, &options).unwrap();
            program.run(0, 0);
            program.output(0)[0]
        };
        assert!(cost(&possible).is_finite(), "{possible:?}");
        assert_eq!(cost(&impossible), f64::INFINITY, "{impossible:?}");
    }
}

/// An infinite cost that no draw changes is a mistake in the data or in the model.
#[test]
fn what_cannot_happen_is_warned_of() {
    let warnings = |write: &dyn for<'g> Fn(&'g Graph, Expr<'g>) -> Expr<'g>| {
        let graph = Graph::new();
        let z = graph.sample("z", Normal::new(graph.param("theta", 0.3), 1.0));
        write(&graph, z);
        let nodes = graph.engine().len();
        let mut found = lints(&graph, &Plan::choose(&graph, &[], None).unwrap());
        found.retain(|lint| lint.message.contains(" observes "));
        assert_eq!(graph.engine().len(), nodes, "a warning writes nothing");
        assert!(found.iter().all(|lint| graph.costs().iter().any(|cost| cost.node == lint.cause)));
        found.into_iter().map(|lint| lint.message).collect::<Vec<_>>()
    };
    let data = warnings(&|g, z| {
        let x = g.data("x", [3], vec![1.0, -0.5, -2.0]);
        g.observe("waiting", x, &Gamma::new(z.exp(), 1.0));
        g.observe("height", x, &Normal::new(z, 1.0))
    });
    assert_eq!(
        data,
        [
            "`waiting` observes -0.5, which cannot be drawn from Gamma (positive numbers), so this cost is infinite \
          (2 of 3 observed numbers); correct the data or choose another distribution"
        ]
    );
    type Write = for<'g> fn(&'g Graph, Expr<'g>) -> Expr<'g>;
    let impossible: [Write; 6] = [
        |g, z| g.observe("x", number(g, 0.5), &Poisson::new(z.exp())),
        |g, z| g.observe("x", number(g, 7.0), &Binomial::from_logits(6, z)),
        |g, z| g.observe("x", number(g, 7.0), &Uniform::new(g.param("low", 0.0), z.exp())),
        |g, _| g.observe("x", number(g, 7.0), &Uniform::new(g.param("low", 0.0), 1)),
        |g, z| g.observe("x", numbers(g, &[0.2, 0.9]), &Dirichlet::new(z.exp() * numbers(g, &[1.0; 2]))),
        |g, z| g.observe("x", number(g, 3.0), &Categorical::from_logits(z * numbers(g, &[1.0; 3]))),
    ];
    // The end of the second interval depends on the draw.
    let expected = [1, 1, 0, 1, 1, 1];
    for (i, (write, expected)) in impossible.into_iter().zip(expected).enumerate() {
        assert_eq!(warnings(&write).len(), expected, "{i}");
    }
    let possible: [Write; 3] = [
        |g, z| g.observe("x", z, &Gamma::new(1.0, 1.0)),
        |g, z| g.observe("x", number(g, 0.0), &Exponential::new(z.exp())),
        |g, z| g.observe("x", number(g, 6.0), &Binomial::from_logits(6, z)),
    ];
    for write in possible {
        assert!(warnings(&write).is_empty());
    }
}

/// A draw that estimators relax may lie between the outcomes, where a log-density is linear.
#[test]
fn a_draw_may_be_observed() {
    let graph = Graph::new();
    let z = graph.sample(
        "z",
        Bernoulli::from_logits(graph.param("phi", 0.4)).via(aleator::estimators::GumbelSoftmax::default()),
    );
    graph.observe("prior", z, &Bernoulli::from_logits(number(&graph, -0.2)));
    let mut program = graph.compile(&Options::new().samples(1000)).unwrap();
    let estimate = program.run().unwrap();
    assert!(estimate.objective().is_finite());
    // log p is −0.2 z − softplus(−0.2): the slope of E cost by phi is 0.2 dE ζ/dφ > 0.
    assert!(estimate.gradient("phi").unwrap()[0] > 0.0);
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let problem = |write: &dyn for<'g> Fn(&'g Graph) -> Expr<'g>| {
        let graph = Graph::new();
        assert!(write(&graph).is_poison());
        assert!(graph.costs().is_empty());
        graph.engine().error().unwrap().to_string()
    };
    let batch = problem(&|g| {
        g.observe("pixels", numbers(g, &[0.0; 3]), &Bernoulli::from_logits(numbers(g, &[0.0; 4])))
    });
    assert!(batch.contains("observe `pixels`") && batch.contains("does not fit the batch [4]"), "{batch}");
    let event = problem(&|g| {
        g.observe("class", numbers(g, &[0.0; 2]), &OneHotCategorical::from_logits(numbers(g, &[0.0; 3])))
    });
    assert!(event.contains("cannot come from OneHotCategorical, whose events have shape [3]"), "{event}");
    let parameters = problem(&|g| {
        g.observe("x", number(g, 0.0), &Normal::new(numbers(g, &[0.0; 2]), numbers(g, &[1.0; 3])))
    });
    assert!(parameters.contains("do not fit together"), "{parameters}");
    let other = Graph::new();
    let foreign = number(&other, 1.0);
    let graph = Graph::new();
    let normal = Normal::new(number(&graph, 0.0), number(&graph, 1.0));
    // The lifetimes of both graphs are that of the shorter one.
    assert!(graph.observe("x", foreign, &normal).is_poison());
    assert!(graph.engine().error().is_some());
}

/// The cases at infinite logits and at probabilities of 0 are no jumps for a draw that the logits depend on.
#[test]
fn likelihoods_are_smooth_in_the_draws_behind_them() {
    let graph = Graph::new();
    let z = graph.sample("z", Normal::new(graph.param("m", 0.4), number(&graph, 1.0)));
    let x = numbers(&graph, &[1.0, 0.0, 0.25]);
    graph.observe("bits", x, &Bernoulli::from_logits(3.0 * z));
    let logits = z * numbers(&graph, &[1.0, -1.0, 0.5]);
    graph.observe("class", numbers(&graph, &[0.0, 1.0, 0.0]), &OneHotCategorical::from_logits(logits));
    graph.cost("bits_at_any", -Bernoulli::from_logits(2.0 * z).log_prob(x));
    let standard = Normal::new(number(&graph, 0.0), number(&graph, 1.0));
    graph.cost("divergence", aleator::distributions::kl(&Normal::new(z, z.exp()), &standard).unwrap());
    let found = FirstDiscontinuities::of(&graph);
    assert!(found.behind(&graph.sites()[0]).is_none(), "{:?}", found.behind(&graph.sites()[0]));
}

#[test]
fn finite_logits_give_the_same_log_prob() {
    let graph = Graph::new();
    let logits = graph.param_tensor("logits", [5], vec![-30.0, -0.7, 0.0, 1.3, 30.0]);
    let values = graph.data("values", [3, 1], vec![0.0, 0.25, 1.0]);
    let either = [Bernoulli::from_finite_logits(logits), Bernoulli::from_logits(logits)];
    let [finite, general] =
        either.map(|distribution| distribution.log_prob(values).sum_axes(-1).sum_axes(-1));
    graph.cost("difference", (finite - general).square());
    graph.cost("sum", finite - general);
    let mut program = graph.compile(&Options::new()).unwrap();
    let estimate = program.run().unwrap();
    assert!(estimate.objective().abs() < 1e-12, "{}", estimate.objective());
    let slopes = estimate.gradient("logits").unwrap();
    assert!(slopes.iter().all(|slope| slope.abs() < 1e-12), "{slopes:?}");
}

/// Numbers inside and outside of the domain of a parameter that is one of three numbers, or a 2 × 2 matrix.
fn inside_and_outside(constraint: Constraint) -> (Vec<f64>, f64) {
    match constraint {
        Constraint::NotNan | Constraint::LogWeights => (vec![0.2, 0.3, 0.4], f64::NAN),
        Constraint::Real => (vec![0.2, 0.3, 0.4], f64::INFINITY),
        Constraint::Positive | Constraint::NotNegative => (vec![0.2, 0.3, 0.4], -1.0),
        Constraint::Count => (vec![4.0; 3], 2.5),
        Constraint::Probability | Constraint::PositiveProbability => (vec![0.2, 0.3, 0.4], 1.5),
        Constraint::ProbabilityBelowOne => (vec![0.2, 0.3, 0.4], 1.0),
        Constraint::Weights => (vec![0.2, 0.3, 0.4], -0.1),
        Constraint::LowerCholesky => (vec![1.0, 0.0, 0.5, 1.0], -1.0),
    }
}

/// One parameter of each distribution of the table is outside of its domain when a program runs: at a site, in an observation, in a
/// log-density, in an entropy and in a divergence.
#[test]
fn parameters_outside_of_their_domains_are_named_wherever_they_stand() {
    for (entry, signature) in all().iter().flat_map(|e| e.signatures.iter().map(move |s| (e, s))) {
        let family = signature.family();
        for (wrong, spec) in family.parameters().iter().enumerate() {
            for place in ["site", "observe", "log_prob", "entropy", "kl"] {
                let graph = Graph::new();
                let z = graph.sample("z", Normal::new(graph.param("mu", 0.0), 1.0));
                graph.cost("square", z.square());
                let parameters = family.parameters().iter().enumerate().map(|(i, spec)| {
                    let (mut values, outside) = inside_and_outside(spec.constraint);
                    let several = family.parameters().iter().map(|p| p.event_rank).max();
                    let shape: Vec<usize> = match (spec.event_rank, several) {
                        (2, _) => vec![2, 2],
                        (1, Some(2)) => vec![2],
                        (1, _) => vec![3],
                        _ => vec![],
                    };
                    values.truncate(shape.iter().product());
                    if entry.name == "Uniform" && i == 1 {
                        values[0] = 0.9;
                    }
                    if i == wrong {
                        values[0] = outside;
                    }
                    graph.data(&format!("p{i}"), shape, values)
                });
                let law = signature.build(parameters.collect());
                let event = law.event_shape();
                let value = graph.data("value", event, vec![1.0]);
                let name = match place {
                    "site" => {
                        graph.cost("drawn", graph.sample("law", law).sum());
                        "law"
                    }
                    "observe" => {
                        graph.observe("law", value, &law);
                        "law"
                    }
                    "log_prob" => {
                        graph.cost("f", graph.log_prob("law", &law, value));
                        "law"
                    }
                    _ => {
                        let quantity = match place {
                            "entropy" => law.entropy(),
                            _ => aleator::distributions::kl(&law, &law.clone()).ok(),
                        };
                        let Some(quantity) = quantity else { continue };
                        graph.check_domain("quantity", &law, quantity);
                        graph.cost("f", quantity.sum());
                        "quantity"
                    }
                };
                let error = graph.compile(&Options::new()).and_then(|mut p| p.run().map(|_| ())).unwrap_err();
                let expected = format!("{} of `{name}` ({}) must be", spec.name, entry.name);
                let text = error.to_string();
                assert!(text.starts_with(&expected), "{place} {}: {text}", entry.name);
            }
        }
    }
}
