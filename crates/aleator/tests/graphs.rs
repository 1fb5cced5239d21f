//! What a graph promises its author: it is never written by what is derived from it, its first error stays, names are unique, and
//! expressions of two graphs do not mix.

use aleator::Error;
use aleator::analysis::{FirstDiscontinuities, discontinuity_moves};
use aleator::diagnostics::{self, Compare, Optimize};
use aleator::estimators::{Rebar, ReinforceLoo};
use aleator::graph::{Diagram, Graph};
use aleator::plan::{Plan, lints};
use aleator::prelude::*;

/// Two layers of discrete units, a continuous draw that the cost jumps in, and a state.
fn graph() -> Graph {
    let g = Graph::new();
    let theta = g.param_tensor("theta", [3], vec![0.3, -0.7, 1.1]);
    let b = g.sample("b", Bernoulli::from_logits(theta).via(Rebar::default()));
    let c = g.sample("c", Bernoulli::from_logits(b.sum() - theta));
    let x = g.sample("x", Normal::new(c.mean(), 1.0));
    let average = g.state("average", [], vec![0.0]);
    g.becomes(average, 0.9 * average + 0.1 * x);
    g.cost("loss", (c - 0.45).square().sum() + x.greater(0.2) * b.sum() + 0.1 * average);
    g
}

fn compare(g: &Graph) {
    let how = Compare { replicates: 20, tune: 3, ..Compare::all() };
    diagnostics::compare(g, &how, "graph", &|_, _| {}).unwrap();
}

fn optimize(g: &Graph) {
    let how = Optimize { steps: 3, ..Optimize::default() };
    let plan = Plan::choose(g, &[], None).unwrap();
    diagnostics::optimize(g, &plan, &how, "graph", &|_, _| {}).unwrap();
}

/// Derives something from a graph.
type Derivation = fn(&Graph);

/// All that the library derives from a graph.
const DERIVED: &[(&str, Derivation)] = &[
    ("compile", |g| drop(g.compile(&Options::new().samples(4)).unwrap())),
    ("compile in f32", |g| {
        let plan = Plan::choose(g, &[], None).unwrap();
        Program::<f32>::compile(g, &plan.estimators, &Options::new().replicates(3)).unwrap();
    }),
    ("an estimator that cannot serve", |g| {
        let plan: Vec<_> = g.sites().iter().map(|_| std::sync::Arc::new(Rebar::default()) as _).collect();
        assert!(Program::<f64>::compile(g, &plan, &Options::new()).is_err());
    }),
    ("choose", |g| drop(Plan::choose(g, &[], None).unwrap())),
    ("lints", |g| drop(lints(g, &Plan::choose(g, &[], None).unwrap()))),
    ("inspect", |g| drop(diagnostics::inspect(g, &Plan::choose(g, &[], None).unwrap()).unwrap())),
    ("exact", |g| drop(diagnostics::exact(g).unwrap())),
    ("origin", |g| drop(diagnostics::origin(g, 0))),
    ("compare", compare),
    ("optimize", optimize),
    ("diagram", |g| drop(Diagram::of(g))),
    ("discontinuities", |g| {
        discontinuity_moves(g);
        let all = FirstDiscontinuities::of(g);
        g.sites().iter().for_each(|site| drop(all.behind(site).cloned()));
    }),
];

#[test]
fn what_is_derived_from_a_graph_leaves_it_alone() {
    let g = graph();
    let before = g.engine().len();
    for (name, derive) in DERIVED {
        derive(&g);
        assert_eq!(g.engine().len(), before, "{name}");
        assert_eq!(g.engine().error(), None, "{name}");
    }
}

#[test]
fn a_program_has_the_same_bits_whatever_was_derived_before() {
    let bits = |g: &Graph| -> Vec<u64> {
        let mut program = g.compile(&Options::new().samples(4).seed(7)).unwrap();
        (0..3)
            .flat_map(|_| {
                let estimate = program.run().unwrap();
                let gradient = estimate.gradient("theta").unwrap().to_vec();
                [vec![estimate.objective()], gradient].concat()
            })
            .map(f64::to_bits)
            .collect()
    };
    let fresh = bits(&graph());
    let g = graph();
    for (name, derive) in DERIVED {
        derive(&g);
        assert_eq!(bits(&g), fresh, "{name}");
    }
}

#[test]
fn the_first_error_stays() {
    let g = Graph::new();
    let theta = g.param_tensor("theta", [3], vec![0.0]);
    g.cost("loss", (theta + g.data("x", [4], vec![1.0, 2.0, 3.0])).square());
    g.cost("other", theta.sum());
    let messages: Vec<String> =
        (0..3).map(|_| g.compile(&Options::new()).expect_err("an error").to_string()).collect();
    assert!(messages[0].contains("shape [4] has 4 elements, but 3 numbers were given"), "{}", messages[0]);
    assert!(messages.iter().all(|message| *message == messages[0]));
}

#[test]
fn graphs_do_not_mix() {
    let (mine, other) = (Graph::new(), Graph::new());
    // Both have a node with this id.
    let (a, b) = (mine.param_tensor("a", [2], vec![1.0]), other.param_tensor("b", [2], vec![2.0]));
    assert_eq!(a.id(), b.id());
    type Mistake = for<'g> fn(&'g Graph, Expr<'g>, Expr<'g>);
    let mistakes: [(&str, Mistake); 8] = [
        ("+", |_, a, b| {
            let _ = a + b;
        }),
        ("where", |_, a, b| {
            a.select(a, b);
        }),
        ("matmul", |_, a, b| {
            a.matmul(b);
        }),
        ("external", |g, _, b| {
            g.external("f", [], &[b], |_, _| {});
        }),
        ("a parameter of a distribution", |g, _, b| {
            g.sample("z", Normal::new(b, 1.0));
        }),
        ("cost", |g, _, b| g.cost("loss", b)),
        ("note", |g, _, b| g.note("b", b)),
        ("becomes", |g, _, b| g.becomes(g.state("s", [], vec![0.0]), b)),
    ];
    for (name, mistake) in mistakes {
        let g = mine.clone();
        let a = g.expr(a.id());
        mistake(&g, a, b);
        let error = g.engine().error().unwrap_or_else(|| panic!("{name}: no error"));
        assert!(error.to_string().contains("two graphs"), "{name}: {error}");
        assert_eq!(other.engine().error(), None, "{name}");
    }
}

#[test]
fn names_are_unique() {
    type Make = fn(&Graph);
    let all: [(&str, Make); 4] = [
        ("a parameter", |g| {
            g.param("n", 0.0);
        }),
        ("data", |g| {
            g.data("n", [], vec![0.0]);
        }),
        ("a state", |g| {
            g.state("n", [], vec![0.0]);
        }),
        ("a site", |g| {
            g.sample("n", Bernoulli::from_logits(g.engine().scalar(0.0)).via(ReinforceLoo));
        }),
    ];
    for (first, make_first) in all {
        for (second, make_second) in all {
            let g = Graph::new();
            make_first(&g);
            assert_eq!(g.engine().error(), None);
            make_second(&g);
            let error = g.engine().error().unwrap_or_else(|| panic!("{first}, {second}")).to_string();
            assert!(error.contains(&format!("there is already {first} of this name")), "{error}");
            assert!(matches!(g.compile(&Options::new()), Err(Error::Graph { .. })));
        }
    }
}

/// The first error of a graph tells which line of the caller's it comes from.
#[test]
fn an_error_carries_the_callers_line() {
    type Write = for<'g> fn(&'g Graph) -> Expr<'g>;
    let wrong: [(u32, Write); 6] = [
        (line!(), |g| g.param_tensor("w", [2], vec![0.0]) + g.param_tensor("v", [3], vec![0.0])),
        (line!(), |g| g.param_tensor("w", [2, 3], vec![0.0]).matmul(g.engine().full([4], 1.0))),
        (line!(), |g| g.param_tensor("w", [2], vec![1.0, 2.0, 3.0]).exp()),
        (line!(), |g| g.sample("z", Normal::new(g.engine().full([2], 0.0), g.engine().full([3], 1.0)))),
        (line!(), |g| g.param("w", 0.0).clamp(1.0, 0.0)),
        (line!(), |g| g.param("twice", 0.0) + g.data("twice", [], vec![0.0])),
    ];
    for (line, write) in wrong {
        let g = Graph::new();
        write(&g);
        g.cost("later", g.param_tensor("a", [2], vec![0.0]) + g.param_tensor("b", [5], vec![0.0]));
        let message = g.compile(&Options::new()).unwrap_err().to_string();
        assert!(message.ends_with(&format!(", at {}:{line}", file!())), "{message}");
    }
}

#[test]
fn a_distribution_of_numbers_joins_the_graph_that_it_meets() {
    let g = Graph::new();
    let theta = g.param("theta", 0.3);
    let z = g.sample("z", Normal::new(0, 1.0).copies(3));
    let k = g.sample("k", Categorical::from_probs([0.2, 0.8]));
    let x = g.sample("x", Normal::new(0.5_f32, theta.exp()));
    g.cost("loss", (1 - z).square() + k * theta + 2 * x);
    assert_eq!(z.shape().to_string(), "[3]");
    g.compile(&Options::new()).unwrap().run().unwrap();

    let prior = Normal::new(0.0, 2.0);
    assert_eq!((prior.batch_shape().unwrap().rank(), prior.parameters().len()), (0, 0));
    assert!(prior.mean().is_none() && prior.on(g.engine()).mean().is_some());
    assert_eq!(prior.log_prob(theta), Normal::new(g.engine().scalar(0.0), 2.0).log_prob(theta));
}

#[test]
fn programs_are_asked_by_name() {
    let g = Graph::new();
    let (theta, _) = (g.param("theta", 0.5), g.param("unused", 1.0));
    g.cost("loss", (theta * g.data("x", [2], vec![1.0])).square());
    let mut program = g.compile_as::<f32>(&Options::new()).unwrap();
    program.set_param("theta", &[2.0]).unwrap();
    program.data_mut("x").unwrap()[1] = 3.0;
    program.run().unwrap();
    assert_eq!(
        (program.param("theta").unwrap(), program.gradient("theta").unwrap()),
        (&[2.0][..], &[40.0][..])
    );

    let message = |error: aleator::Error| format!("{error:?}");
    assert_eq!(
        message(program.set_param("teta", &[1.0]).unwrap_err()),
        "unknown parameter `teta`; did you mean `theta`?"
    );
    assert_eq!(message(program.set_data("rows", &[]).unwrap_err()), "unknown data `rows`; the graph has x");
    assert_eq!(
        message(program.param("unused").unwrap_err()),
        "no cost depends on `unused`: the program does not hold its values"
    );
    assert_eq!(program.gradient("unused").unwrap(), [0.0]);
}

#[test]
fn the_error_of_a_black_box_comes_back_with_its_name() {
    let g = Graph::new();
    let x = g.data("x", [], vec![4.0]);
    let root = g.external_fallible("root", [], &[x], |arguments, result| {
        result[0] = arguments[0][0].sqrt();
        if result[0].is_nan() { Err("a negative number has no root") } else { Ok(()) }
    });
    g.cost("loss", root);
    let mut program = g.compile(&Options::new()).unwrap();
    assert_eq!(program.run().unwrap().objective(), 2.0);
    program.set_data("x", &[-1.0]).unwrap();
    let error = program.run().unwrap_err();
    assert_eq!(format!("{error:?}"), "the black box `root` failed: a negative number has no root");
    program.set_data("x", &[9.0]).unwrap();
    assert_eq!(program.run().unwrap().objective(), 3.0);
}

#[test]
fn programs_and_errors_go_to_other_threads() {
    fn is_send<T: Send>() {}
    is_send::<Program<f32>>();
    is_send::<Graph>();
    is_send::<Error>();
    let g = graph();
    let program = g.compile(&Options::new()).unwrap();
    assert!(format!("{g:?}").starts_with("Graph { params: [\"theta\"]"));
    assert!(format!("{program:?}").starts_with("Program { params: [\"theta\"]"));
}
