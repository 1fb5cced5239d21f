//! Compiled programs against the naive interpreter, over random graphs and chosen shapes.

mod common;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::exec::math::Real;
use aleator_engine::exec::philox::NoiseAt;
use aleator_engine::graph::{Expr, FromEnd, Graph, Law, NodeId, Quantile, Reduction, concat};
use common::{Case, Choice, assert_agrees, bits, build, numbers, ready, run};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

fn inputs<T: Real>(case: &Case) -> Vec<Vec<T>> {
    case.sizes.iter().enumerate().map(|(i, &n)| numbers(n, i as u64 + 1)).collect()
}

/// Runs a property over random graphs, the same ones each time.
fn for_random_graphs(cases: u32, property: impl Fn(&[Vec<usize>], &[Choice]) -> Result<(), TestCaseError>) {
    let config = ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        max_shrink_iters: 3000,
        ..ProptestConfig::default()
    };
    let dims =
        prop_oneof![1 => Just(0usize), 4 => Just(1), 3 => Just(2), 3 => Just(3), 3 => Just(5), 1 => Just(17)];
    let shapes = prop::collection::vec(prop::collection::vec(dims, 0..4), 1..4);
    let choices = prop::collection::vec(any::<Choice>(), 1..40);
    TestRunner::new(config).run(&(shapes, choices), |(shapes, choices)| property(&shapes, &choices)).unwrap();
}

#[test]
fn random_graphs_agree_in_f64() {
    for_random_graphs(8000, |shapes, choices| {
        let case = build(shapes, choices, false);
        assert_agrees::<f64>(&case.graph, &case.outputs, &inputs(&case), 1e-10);
        Ok(())
    });
}

#[test]
fn random_graphs_agree_in_f32() {
    for_random_graphs(4000, |shapes, choices| {
        let case = build(shapes, choices, true);
        assert_agrees::<f32>(&case.graph, &case.outputs, &inputs(&case), 2e-4);
        Ok(())
    });
}

/// The same bits by the process's threads and by 1, 2 and 3, and in a second run.
fn assert_reproducible<T: Real>(graph: &Graph, outputs: &[NodeId], inputs: &[Vec<T>]) {
    let mut expected = ready(graph, outputs, inputs, 1);
    expected.run(7, 1);
    let expected = bits(&expected, outputs.len());
    for threads in 0..=3 {
        let mut program = ready(graph, outputs, inputs, threads);
        program.run(7, 1);
        assert!(bits(&program, outputs.len()) == expected, "{threads} threads");
        program.run(8, 1);
        program.run(7, 1);
        assert!(bits(&program, outputs.len()) == expected, "second run by {threads} threads");
    }
}

/// A graph over x of the given shape with everything that fusion has to get right at the edges of tiles and chunks.
fn busy<'g>(x: Expr<'g>, graph: &'g Graph) -> Vec<NodeId> {
    let shape = x.shape();
    let rank = shape.rank();
    let noise = graph.uniform(1, shape.clone());
    let row = x.slice(FromEnd(rank - 1), 0, 1) * 0.5;
    let y = (x * noise).tanh() + row;
    let all: Vec<usize> = (0..rank).collect();
    let last = y.sum_axes(-1);
    let first = y.exp().sum_axes(FromEnd(rank - 1));
    let largest = y.reduce(Reduction::Max, FromEnd(&all[1..]));
    let product = (y * 0.01 + 1.0).reduce(Reduction::Prod, -1);
    let centred = y - last.unsqueeze(-1) / 7.0;
    let least = centred.reduce(Reduction::Min, FromEnd(&all));
    let mixed = if rank > 2 { centred.sum_axes([-1, -3]) } else { centred.sum() };
    let cut = centred.slice(-1, 1, shape.from_end(0) - 1).sigmoid();
    let turned = y.transpose() - 1.0;
    let outputs =
        [y, last, first, largest, product, centred, least, mixed, cut, turned, noise, y.softplus().sum()];
    outputs.iter().map(|e| e.id()).collect()
}

#[test]
fn shapes_across_tiles_and_chunks_agree() {
    let shapes: [&[usize]; 12] = [
        &[1023, 3],
        &[1024, 1],
        &[1025, 2],
        &[3, 1025],
        &[2, 40_000],
        &[40_000, 2],
        &[37, 1000],
        &[5, 7, 1100],
        &[1100, 7, 5],
        &[2, 2100, 9],
        &[300, 700],
        &[1, 50_001],
    ];
    for shape in shapes {
        let graph = Graph::new();
        let x = graph.input("x", shape);
        let outputs = busy(x, &graph);
        let values = [numbers::<f64>(shape.iter().product(), 3)];
        assert_agrees(&graph, &outputs, &values, 1e-11);
        let values = [numbers::<f32>(shape.iter().product(), 3)];
        assert_agrees(&graph, &outputs, &values, 1e-3);
    }
}

#[test]
fn chunks_may_end_within_a_row() {
    // The more operations cost, the fewer elements a chunk has.
    for (rows, row) in [(5000, 2), (1999, 3), (300, 47), (150, 64), (50, 100), (60, 128), (40, 301)] {
        let graph = Graph::new();
        let x = graph.input("x", [rows, row]);
        let cheap = (x.abs() + 0.5).softplus();
        let costly = [cheap, cheap.lgamma(), cheap.lgamma().sin(), cheap.lgamma().sin().cos().tan()];
        for y in costly {
            let over =
                |axis: usize| [y.sum_axes(FromEnd(axis)).id(), y.reduce(Reduction::Max, FromEnd(axis)).id()];
            for outputs in [over(0), over(1)] {
                assert_agrees(&graph, &outputs, &[numbers::<f64>(rows * row, 3)], 1e-11);
                assert_agrees(&graph, &outputs, &[numbers::<f32>(rows * row, 3)], 1e-3);
            }
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let shapes: [&[usize]; 7] = [
        &[3000, 700],
        &[2, 100_001],
        &[100_001, 3],
        &[9, 11, 1500],
        &[1500, 11, 9],
        &[400, 784],
        &[64, 8, 700],
    ];
    for shape in shapes {
        let graph = Graph::new();
        let x = graph.input("x", shape);
        let outputs = busy(x, &graph);
        assert_reproducible(&graph, &outputs, &[numbers::<f32>(shape.iter().product(), 3)]);
    }
    for (m, k, n) in [(100, 784, 200), (784, 100, 200), (7, 3000, 301), (1, 500, 9000), (2000, 3, 900)] {
        let graph = Graph::new();
        let (x, y) = (graph.input("x", [m, k]), graph.input("y", [n, k]));
        let outputs = [x.matmul(y.transpose()).sigmoid().id()];
        assert_reproducible(&graph, &outputs, &[numbers::<f32>(m * k, 1), numbers::<f32>(n * k, 2)]);
    }
}

#[test]
fn matrix_products_agree() {
    for (m, k, n) in [(1, 1, 1), (3, 0, 4), (0, 3, 4), (5, 7, 1), (1, 40, 30), (17, 33, 65), (130, 20, 90)] {
        let graph = Graph::new();
        let (x, y) = (graph.input("x", [2, m, k]), graph.input("y", [n, k]));
        let z = graph.input("z", [3, 1, k, n]);
        let outputs = [
            x.matmul(y.transpose()),
            x.matmul(z),
            y.matmul(x.transpose()),
            z.transpose().matmul(x.transpose()),
            x.slice(-2, 0, m.min(2)).matmul(y.transpose()),
            x.sum_last(2).unsqueeze(-1).unsqueeze(-1).broadcast_to([4, k]).matmul(z),
        ];
        let outputs = outputs.map(|e| e.id());
        let sizes = [2 * m * k, n * k, 3 * k * n];
        let inputs: Vec<Vec<f64>> = sizes.iter().enumerate().map(|(i, &s)| numbers(s, i as u64)).collect();
        assert_agrees(&graph, &outputs, &inputs, 1e-12);
        let inputs: Vec<Vec<f32>> = sizes.iter().enumerate().map(|(i, &s)| numbers(s, i as u64)).collect();
        assert_agrees(&graph, &outputs, &inputs, 1e-4);
    }
}

#[test]
fn large_matrix_products_agree() {
    // Large enough to be cut by rows and by columns.
    for (m, k, n) in [(203, 301, 170), (111, 500, 333)] {
        let graph = Graph::new();
        let (x, y) = (graph.input("x", [2, m, k]), graph.input("y", [n, k]));
        let outputs = [x.slice(-3, 1, 1).matmul(y.transpose()).id()];
        let (a, b) = (numbers::<f64>(2 * m * k, 1), numbers::<f64>(n * k, 2));
        let program = run(&graph, &outputs, &[a.clone(), b.clone()], 0, 0);
        for (i, row) in a[m * k..].chunks(k).enumerate() {
            for (j, column) in b.chunks(k).enumerate() {
                let expected: f64 = row.iter().zip(column).map(|(x, y)| x * y).sum();
                assert_eq!(program.output(0)[i * n + j], expected, "products of multiples of 1/16 are exact");
            }
        }
    }
}

#[test]
fn programs_may_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Program<f32>>();
}

#[test]
fn what_is_not_finite_propagates() {
    let graph = Graph::new();
    let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1.0, -1.0, 3.5, -2.5, 0.25];
    let x = graph.input("x", [10, 1]);
    let y = graph.input("y", [10]);
    let mut outputs =
        vec![x + y, x - y, x * y, x / y, x.maximum(y), x.minimum(y), x.less(y), x.less_equal(y)];
    outputs.extend([x.equal(y), x.not_equal(y), x.pow(y), x.atan2(y), x.select(y, 1.0), y.select(x, y)]);
    outputs.extend([
        y.exp(),
        y.log(),
        y.log1p(),
        y.expm1(),
        y.sqrt(),
        y.tanh(),
        y.sigmoid(),
        y.softplus(),
        y.erf(),
    ]);
    outputs.extend([y.sign(), y.abs(), y.floor(), y.normal_quantile(), y.lgamma(), y.sin()]);
    for i in 0..9 {
        let part = y.slice(-1, i, 2);
        outputs.extend([part.sum(), part.reduce(Reduction::Max, -1), part.reduce(Reduction::Min, -1)]);
    }
    let wide = x.broadcast_to([10, 100]);
    outputs.extend([wide.reduce(Reduction::Max, -2), wide.reduce(Reduction::Min, -1), wide.logsumexp(-1)]);
    let outputs: Vec<NodeId> = outputs.iter().map(|e| e.id()).collect();
    assert_agrees(&graph, &outputs, &[special.to_vec(), special.to_vec()], 1e-14);
}

#[test]
fn nothing_reduces_to_the_identity() {
    let graph = Graph::new();
    let x = graph.input("x", [0, 3]);
    let all = [Reduction::Sum, Reduction::Prod, Reduction::Max, Reduction::Min];
    let outputs: Vec<NodeId> = all.iter().map(|&r| x.exp().reduce(r, -2).id()).collect();
    let program = run::<f64>(&graph, &outputs, &[vec![]], 0, 0);
    for (i, identity) in [0.0, 1.0, f64::NEG_INFINITY, f64::INFINITY].into_iter().enumerate() {
        assert_eq!(program.output(i), [identity; 3]);
    }
}

#[test]
fn outputs_may_be_inputs_constants_views_and_each_other() {
    let graph = Graph::new();
    let x = graph.input("x", [2, 3]);
    let unused = graph.input("unused", [7]);
    let parts = [x, graph.tensor([1, 3], vec![7.0, 8.0, 9.0])];
    let outputs = [
        x.id(),
        x.transpose().id(),
        graph.scalar(4.0).id(),
        graph.iota(3).id(),
        x.id(),
        graph.full([2, 2], 0.5).id(),
        concat(&parts, -2).unwrap().id(),
        x.slice(-1, 1, 2).reshape([4]).id(),
    ];
    let values = [vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], vec![0.0; unused.shape().numel()]];
    assert_agrees::<f64>(&graph, &outputs, &values, 0.0);
}

#[test]
fn mistakes_are_errors() {
    let options = CompileOptions::default();
    let graph = Graph::new();
    let x = graph.input("x", [3]);
    let mut program = Program::<f32>::compile(&graph, &[x.exp().id()], &options).unwrap();
    assert!(program.set_input(0, &[1.0]).unwrap_err().to_string().contains("`x` has 1 elements, expected 3"));
    assert!(program.set_input(1, &[1.0]).is_err());
    let hole = graph.hole("z", &[x], [3]);
    let error = Program::<f32>::compile(&graph, &[hole.exp().id()], &options).err().unwrap();
    assert!(error.to_string().contains("`z`"), "{error}");
    let mistaken = graph.clone();
    let wrong = mistaken.expr(x.id()) + mistaken.input("y", [4]);
    let first = || Program::<f32>::compile(&mistaken, &[wrong.id()], &options).err().unwrap();
    assert_eq!(first(), first());
    // A graph with an error compiles nothing, not even what has no part in it.
    assert!(Program::<f32>::compile(&mistaken, &[x.id()], &options).is_err());

    let huge = graph.uniform(0, [1 << 20, 1 << 18]);
    let error = Program::<f64>::compile(&graph, &[huge.exp().id()], &options).err().unwrap();
    assert!(error.to_string().contains("2.0 TiB"), "{error}");
    // Reduced in passing, the same numbers need no memory to speak of.
    let program = Program::<f64>::compile(&graph, &[huge.exp().sum().id()], &options).unwrap();
    assert!(program.buffer_bytes() < 1 << 30, "{}", program.buffer_bytes());
}

#[test]
fn fused_values_take_no_memory() {
    let graph = Graph::new();
    let x = graph.input("x", [1000, 1000]);
    let y = (x.sigmoid() * graph.uniform(0, [1000, 1000])).tanh().exp() + x;
    let program =
        Program::<f32>::compile(&graph, &[y.sum().id(), y.sum_axes(-2).id()], &CompileOptions::default());
    assert!(program.unwrap().buffer_bytes() < 5_000_000, "the input has 4 MB, and nothing else is stored");
}

const LAWS: [(Law, &[f64]); 7] = [
    (Law::Gamma, &[0.3, 2.0]),
    (Law::LogGamma, &[1e-3]),
    (Law::Beta, &[0.5, 3.0]),
    (Law::LogitBeta, &[0.5, 3.0]),
    (Law::Poisson, &[30.0]),
    (Law::Binomial, &[100.0, 0.25, 0.75]),
    (Law::VonMises, &[2.0]),
];

/// Draws are the same by any number of threads, in a tensor or alone, and whatever leading axes their parameters have.
#[test]
fn draws_are_functions_of_their_position() {
    for (law, parameters) in LAWS {
        let graph = Graph::new();
        let inputs: Vec<Expr<'_>> = parameters.iter().map(|_| graph.input("x", [1])).collect();
        let values: Vec<Vec<f64>> = parameters.iter().map(|&x| vec![x]).collect();
        let once = graph.draw(law, 3, [700, 5].into(), &inputs);
        let twice = inputs.iter().map(|x| x.broadcast_to([2, 1, 1]));
        let twice = graph.draw(law, 3, [700, 5].into(), &twice.collect::<Vec<_>>());
        let outputs = [once.id(), twice.id()];
        assert_reproducible(&graph, &outputs, &values);
        assert_agrees::<f64>(&graph, &outputs, &values, 0.0);
        let program = run(&graph, &outputs, &values, 5, 3);
        let (one, both) = (program.output(0), program.output(1));
        assert!(both[..3500] == *one && both[3500..] == *one, "{law:?}");
        assert!(one.iter().all(|x| x.is_finite()) && one[..3000] != one[500..]);
        // An f32 is the f64 rounded.
        let narrow: Vec<Vec<f32>> = values.iter().map(|v| vec![v[0] as f32]).collect();
        let wide: Vec<Vec<f64>> = narrow.iter().map(|v| vec![f64::from(v[0])]).collect();
        let (narrow, wide) = (run(&graph, &outputs, &narrow, 5, 3), run(&graph, &outputs, &wide, 5, 3));
        assert!(narrow.output(0).iter().zip(wide.output(0)).all(|(n, w)| *n == *w as f32), "{law:?}");
    }
}

/// A run from a given row draws what a longer run draws at these rows, whatever leading axes the parameters have.
#[test]
fn rows_of_later_runs_are_rows_of_a_longer_run() {
    const ROWS: usize = 20;
    for (law, parameters) in LAWS {
        let drawn = |rows: usize, first_row: u64| {
            let graph = Graph::new();
            let twice = parameters.iter().map(|&x| graph.full([2, 1, 1], x)).collect::<Vec<_>>();
            let once = parameters.iter().map(|&x| graph.scalar(x)).collect::<Vec<_>>();
            let outputs = [twice, once].map(|x| graph.draw(law, 3, [rows, 5].into(), &x).id());
            let mut program = Program::<f64>::compile(&graph, &outputs, &CompileOptions::default()).unwrap();
            program.run_at(NoiseAt { seed: 5, step: 3, first_row });
            [0, 1].map(|i| program.output(i).to_vec())
        };
        let [_, whole] = drawn(2 * ROWS, 0);
        let [twice, once] = drawn(ROWS, ROWS as u64);
        assert_eq!(once, whole[5 * ROWS..], "{law:?}");
        assert!(twice[..5 * ROWS] == once && twice[5 * ROWS..] == once, "{law:?}");
    }
}

/// Derivatives of quantiles are the same by any number of threads, wherever their inputs lie, and rounded once in f32.
#[test]
fn derivatives_of_quantiles_agree() {
    for quantile in [Quantile::LogGamma, Quantile::LogitBeta, Quantile::LogStudentT, Quantile::VonMises] {
        let graph = Graph::new();
        let (rows, columns) = (graph.input("rows", [37, 1]), graph.input("columns", [5, 1, 3]));
        let (a, b) = (rows.abs() * 3.0 + 0.2, columns.abs() + 0.4);
        let y = graph.input("y", [5, 1, 37]).transpose();
        let derivative = |inputs: &[Expr<'_>]| graph.quantile_derivative(quantile, inputs).id();
        let outputs = match quantile.inputs() {
            2 => vec![derivative(&[a, y]), derivative(&[b, y]), derivative(&[a, graph.scalar(0.3)])],
            _ => vec![derivative(&[a, b, y]), derivative(&[b, a, y]), derivative(&[a, a, graph.scalar(0.3)])],
        };
        let values = [37, 15, 185].map(|n| numbers::<f64>(n, n as u64)).to_vec();
        assert_reproducible(&graph, &outputs, &values);
        assert_agrees::<f64>(&graph, &outputs, &values, 0.0);
        let program = run(&graph, &outputs, &values, 5, 3);
        assert!((0..3).all(|i| program.output(i).iter().all(|d| d.is_finite())), "{quantile:?}");
        let narrow = [37, 15, 185].map(|n| numbers::<f32>(n, n as u64)).to_vec();
        assert_agrees::<f32>(&graph, &outputs, &narrow, 0.0);
    }
}

/// Outside of its domain a draw is NaN, at once.
#[test]
fn draws_outside_of_the_domain_are_nan() {
    const WRONG: [f64; 5] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -1e-300];
    for (law, parameters) in LAWS {
        for i in 0..parameters.len() {
            let zero = matches!((law, i), (Law::Gamma | Law::LogGamma | Law::Beta | Law::LogitBeta, _))
                .then_some(0.0);
            let half = matches!((law, i), (Law::Binomial, 0)).then_some(2.5);
            for wrong in WRONG.into_iter().chain(zero).chain(half) {
                let graph = Graph::new();
                let inputs: Vec<Expr<'_>> = parameters.iter().map(|_| graph.input("x", [])).collect();
                let mut values: Vec<Vec<f64>> = parameters.iter().map(|&x| vec![x]).collect();
                values[i] = vec![wrong];
                let z = graph.draw(law, 0, [10].into(), &inputs);
                let program = run(&graph, &[z.id()], &values, 0, 0);
                assert!(
                    program.output(0).iter().all(|z| z.is_nan()),
                    "{law:?} {values:?}: {:?}",
                    program.output(0)
                );
            }
        }
    }
}

/// The largest and smallest parameters give finite draws of the right size.
#[test]
fn draws_reach_the_ends_of_the_domains() {
    let extremes: [(Law, &[f64], [f64; 2]); 15] = [
        (Law::Gamma, &[5e-324, 1.0], [0.0, 1e-300]),
        (Law::Gamma, &[1e300, 1.0], [0.999e300, 1.001e300]),
        (Law::Gamma, &[1e6, 1.0], [9.9e5, 1.01e6]),
        (Law::LogGamma, &[1e-3], [-1e5, 3.0]),
        (Law::LogGamma, &[5e-324], [-1e301, -1e290]),
        (Law::Beta, &[1e-300, 1e-300], [0.0, 1.0]),
        (Law::Beta, &[1e300, 1e300], [0.499, 0.501]),
        (Law::LogitBeta, &[1e-3, 1e-3], [-1e5, 1e5]),
        (Law::Poisson, &[1e300], [0.999e300, 1.001e300]),
        (Law::Poisson, &[1e8], [9.99e7, 1.001e8]),
        (Law::Poisson, &[5e-324], [0.0, 0.0]),
        (Law::Binomial, &[1e15, 1e-3, 0.999], [9.99e11, 1.001e12]),
        (Law::Binomial, &[1e300, 1e-300, 1.0], [0.0, 20.0]),
        (Law::VonMises, &[1e300], [-1e-140, 1e-140]),
        (Law::VonMises, &[1e-300], [-3.15, 3.15]),
    ];
    for (law, parameters, [least, most]) in extremes {
        let graph = Graph::new();
        let inputs: Vec<Expr<'_>> = parameters.iter().map(|_| graph.input("x", [])).collect();
        let values: Vec<Vec<f64>> = parameters.iter().map(|&x| vec![x]).collect();
        let z = graph.draw(law, 0, [2000].into(), &inputs);
        let program = run(&graph, &[z.id()], &values, 0, 0);
        let outside = program.output(0).iter().find(|z| !(least..=most).contains(*z));
        assert!(outside.is_none(), "{law:?} {parameters:?}: {outside:?}");
    }
}
