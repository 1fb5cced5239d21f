//! Graphs as data: what is written and read back runs to the same bits, and no text makes reading panic.

#![cfg(feature = "serde")]

use std::collections::BTreeSet;
use std::sync::Arc;

use aleator_engine::Error;
use aleator_engine::autodiff::vjp;
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::exec::math::Real;
use aleator_engine::export::{Float, Number, Portable, PortableOp, jax, stablehlo};
use aleator_engine::graph::{
    Binary, Expr, External, ExternalFn, FromEnd, Graph, Law, NodeId, NodeSet, Op, Quantile, Reduction, Unary,
    concat,
};

const UNARY: [Unary; 21] = [
    Unary::Neg,
    Unary::Abs,
    Unary::Sign,
    Unary::Floor,
    Unary::Exp,
    Unary::Expm1,
    Unary::Log,
    Unary::Log1p,
    Unary::Sqrt,
    Unary::Sin,
    Unary::Cos,
    Unary::Tan,
    Unary::Tanh,
    Unary::Sigmoid,
    Unary::Softplus,
    Unary::Erf,
    Unary::NormalQuantile,
    Unary::Lgamma,
    Unary::Polygamma(0),
    Unary::Polygamma(1),
    Unary::Polygamma(2),
];

const BINARY: [Binary; 12] = [
    Binary::Add,
    Binary::Sub,
    Binary::Mul,
    Binary::Div,
    Binary::Pow,
    Binary::Atan2,
    Binary::Max,
    Binary::Min,
    Binary::Lt,
    Binary::Le,
    Binary::Eq,
    Binary::Ne,
];

const REDUCTIONS: [Reduction; 4] = [Reduction::Sum, Reduction::Prod, Reduction::Max, Reduction::Min];

const LAWS: [Law; 7] =
    [Law::Gamma, Law::LogGamma, Law::Beta, Law::LogitBeta, Law::Poisson, Law::Binomial, Law::VonMises];

/// The kinds of nodes that the table has to have.
const KINDS: [&str; 28] = [
    "input",
    "scalar",
    "tensor",
    "iota",
    "uniform",
    "draw",
    "quantile_derivative",
    "unary",
    "binary",
    "select",
    "reduce",
    "logsumexp",
    "log_softmax",
    "softmax",
    "one_hot",
    "argmax",
    "cumsum",
    "matmul",
    "reshape",
    "broadcast",
    "permute",
    "slice",
    "pad",
    "concat",
    "stop_gradient",
    "hole",
    "external",
    "poison",
];

/// The kind of an operation: a new one does not compile until it is listed here, in [`KINDS`] and in the table.
fn kind(op: &Op) -> &'static str {
    match op {
        Op::Input(_) => "input",
        Op::Scalar(_) => "scalar",
        Op::Tensor(_) => "tensor",
        Op::Iota => "iota",
        Op::Uniform { .. } => "uniform",
        Op::Draw { law, .. } => match law {
            Law::Gamma
            | Law::LogGamma
            | Law::Beta
            | Law::LogitBeta
            | Law::Poisson
            | Law::Binomial
            | Law::VonMises => "draw",
        },
        Op::QuantileDerivative(quantile) => match quantile {
            Quantile::LogGamma | Quantile::LogitBeta | Quantile::LogStudentT | Quantile::VonMises => {
                "quantile_derivative"
            }
        },
        Op::Unary(_) => "unary",
        Op::Binary(_) => "binary",
        Op::Select => "select",
        Op::Reduce(reduction, _) => match reduction {
            Reduction::Sum | Reduction::Prod | Reduction::Max | Reduction::Min => "reduce",
        },
        Op::LogSumExp(_) => "logsumexp",
        Op::LogSoftmax(_) => "log_softmax",
        Op::Softmax(_) => "softmax",
        Op::OneHot(_) => "one_hot",
        Op::ArgMax => "argmax",
        Op::CumSum { .. } => "cumsum",
        Op::MatMul => "matmul",
        Op::Reshape { .. } => "reshape",
        Op::Broadcast { .. } => "broadcast",
        Op::Permute(_) => "permute",
        Op::Slice { .. } => "slice",
        Op::Pad { .. } => "pad",
        Op::Concat { .. } => "concat",
        Op::StopGradient => "stop_gradient",
        Op::Hole(_) => "hole",
        Op::External(_) => "external",
        Op::Poison => "poison",
    }
}

/// A graph with named outputs.
struct Case {
    name: String,
    graph: Graph,
    outputs: Vec<(String, NodeId)>,
}

impl Case {
    fn new(name: &str, build: impl for<'g> Fn(Expr<'g>, Expr<'g>) -> Vec<Expr<'g>>) -> Self {
        let graph = Graph::new();
        let outputs = {
            let (x, y) = (graph.input("x", [2, 3]), graph.input("y", [3]));
            let outputs = build(x, y).into_iter().enumerate();
            outputs.map(|(i, e)| (format!("out{i}"), e.id())).collect()
        };
        assert_eq!(graph.error(), None, "{name}");
        Case { name: name.into(), graph, outputs }
    }

    fn named(&self) -> Vec<(&str, NodeId)> {
        self.outputs.iter().map(|(name, id)| (&name[..], *id)).collect()
    }
}

/// Graphs that every backend can run.
fn translatable() -> Vec<Case> {
    let mut cases = Vec::new();
    for op in UNARY {
        cases.push(Case::new(&format!("{op:?}").to_lowercase().replace(['(', ')'], ""), move |x, y| {
            let g = x.graph();
            let (u, apply) = (g.uniform(3, [5, 3]), |e| g.apply(Op::Unary(op), &[e]));
            vec![apply(u), apply(x * y), apply(g.tensor([4], vec![0.0, 1.0, -0.0, 0.5]))]
        }));
    }
    for op in BINARY {
        cases.push(Case::new(&format!("{op:?}").to_lowercase(), move |x, y| {
            let apply = |a: Expr<'_>, b: Expr<'_>| x.graph().apply(Op::Binary(op), &[a, b]).id();
            let id = apply(x, y.with_rank(2));
            let other = apply(x.abs(), x.graph().scalar(1.5));
            vec![x.graph().expr(id), x.graph().expr(other)]
        }));
    }
    for by in REDUCTIONS {
        cases.push(Case::new(&format!("reduce_{by:?}").to_lowercase(), move |x, y| {
            let cube = x.unsqueeze(-1) * y.unsqueeze(-1) * x.graph().uniform(1, [2, 3, 4]);
            [&[0][..], &[1], &[0, 2], &[0, 1, 2]].iter().map(|axes| cube.reduce(by, FromEnd(*axes))).collect()
        }));
    }
    cases.push(Case::new("select", |x, y| vec![x.select(y, 2.0), x.less(0.3).select(x, y)]));
    cases.push(Case::new("softmax", |x, y| {
        let cube = x.unsqueeze(-1) * y.unsqueeze(-1) * x.graph().uniform(1, [2, 3, 4]);
        let infinite =
            x.graph().tensor([2, 2], vec![f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY, 1.0]);
        let apply = |op: Op| cube.graph().apply(op, &[cube]);
        let mut all = vec![x.softmax(), x.log_softmax(), infinite.logsumexp(-1), infinite.log_softmax()];
        for axes in [&[0][..], &[1], &[0, 2], &[0, 1, 2]] {
            all.push(cube.logsumexp(FromEnd(axes)));
            all.push(apply(Op::LogSoftmax(axes.to_vec())));
            all.push(apply(Op::Softmax(axes.to_vec())));
        }
        all
    }));
    cases.push(Case::new("one_hot", |x, _| {
        let places = x.graph().tensor([2, 3], vec![0.0, 2.0, 0.5, 3.0, -1.0, f64::NAN]);
        vec![places.one_hot(3), places.sum_axes([-1, -2]).one_hot(2), x.floor().one_hot(3)]
    }));
    cases.push(Case::new("argmax", |x, _| {
        let ties = x.graph().tensor([2, 4], vec![1.0, 3.0, 3.0, 0.0, 1.0, f64::NAN, 9.0, f64::NAN]);
        vec![x.argmax(), ties.argmax()]
    }));
    cases.push(Case::new("cumsum", |x, y| {
        let backwards = x.graph().apply(Op::CumSum { reverse: true }, &[x]);
        vec![x.cumsum(), backwards, y.cumsum()]
    }));
    cases.push(Case::new("matmul", |x, y| {
        let w = x.graph().uniform(9, [4, 3, 2]);
        // The matrices of the third and fourth are the rows of one, for all batches or for each of the outer ones.
        let cube = x.graph().uniform(8, [2, 4, 5, 3]);
        vec![
            x.matmul(y),
            x.with_rank(3).matmul(w),
            cube.matmul(x.transpose()),
            cube.matmul(w.slice(-3, 0, 2).unsqueeze(-3)),
            y.matmul(x.transpose()),
            x.matmul(x.transpose()),
        ]
    }));
    cases.push(Case::new("sums_of_products", |x, y| {
        let g = x.graph();
        let (cube, w, c) = (g.uniform(8, [2, 4, 5, 3]), g.uniform(9, [3, 2]), g.uniform(10, [2, 4, 5, 2]));
        let by_w = vjp(&[(cube.matmul(w), c)], &[w])[0];
        // What the derivative is made of is used as well.
        let rows = cube.reshape([40, 3]);
        let several = rows.transpose().matmul(c.reshape([40, 2]));
        let of_x = vjp(&[((x * y).matmul(w).tanh(), c.slice(-3, 0, 2).slice(-2, 0, 2))], &[w])[0];
        vec![by_w, rows.sum_axes(0), several, c.reshape([40, 2]).sum_axes(0), of_x]
    }));
    cases.push(Case::new("logistic", |x, y| {
        let ends = x.graph().tensor([5], vec![f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -800.0]);
        [x * y, ends]
            .into_iter()
            .flat_map(|x| [x.sigmoid(), (-x).sigmoid(), x.softplus(), (-x).softplus()])
            .collect()
    }));
    cases.push(Case::new("structure", |x, y| {
        let g = x.graph();
        let pad = g.apply(Op::Pad { axis: 1, before: 2, after: 1 }, &[x]);
        let joined = concat(&[x, y.unsqueeze(-2), x], -2).unwrap();
        let cube = g.uniform(2, [2, 3, 4]).permute(&[2, 0, 1]);
        let of_different_ranks = g.apply(Op::Concat { axis: 0 }, &[y, x, g.uniform(3, [4, 1, 2])]);
        vec![
            pad,
            joined,
            of_different_ranks,
            cube,
            x.slice(-1, 1, 2).slice(-2, 1, 1),
            x.transpose().reshape([6]),
            y.broadcast_to([4, 2, 3]).stop_gradient() * x,
            g.iota(5),
            g.full([2, 2], 0.25),
            (x - x.logsumexp(-1).unsqueeze(-1)).softmax(),
        ]
    }));
    cases.push(Case::new("uniform", |x, _| {
        let g = x.graph();
        [0, 1, 2, 3, 4, 5, 17, 300]
            .iter()
            .map(|&n| g.uniform(5, [n]))
            .chain([g.uniform(0, [2, 3]), g.uniform(7, [])])
            .collect()
    }));
    cases.push(Case::new("constants", |x, _| {
        let numbers = vec![f64::NAN, f64::INFINITY, -0.0, 5e-324, 0.1, f64::MAX, f64::MIN_POSITIVE, -1e-300];
        vec![
            x.graph().tensor([2, 4], numbers),
            x + f64::NEG_INFINITY,
            x * 0.1,
            x.graph().tensor([0, 3], vec![]),
        ]
    }));
    cases
}

fn draws() -> Vec<Case> {
    let draw = |law: Law| {
        Case::new(&format!("draw_{law:?}").to_lowercase(), move |x, y| {
            let parameters = [x.abs() + 1.0, y.abs() * 0.1 + 0.3, 0.7 - y.abs() * 0.1];
            let parameters = &parameters[..law.parameters()];
            let whole =
                [parameters[0].floor(), parameters.get(1).copied().unwrap_or(y), *parameters.last().unwrap()];
            vec![x.graph().draw(law, 4, [5, 2, 3].into(), &whole[..law.parameters()])]
        })
    };
    LAWS.into_iter().map(draw).chain(QUANTILES.map(quantile)).collect()
}

const QUANTILES: [Quantile; 4] =
    [Quantile::LogGamma, Quantile::LogitBeta, Quantile::LogStudentT, Quantile::VonMises];

/// Derivatives of quantiles where each formula is used.
fn quantile(quantile: Quantile) -> Case {
    Case::new(&format!("quantile_{quantile:?}").to_lowercase(), move |x, y| {
        let (small, large) = (x.abs() * 0.3 + 0.01, x.abs() * 9.0 + 1.0);
        let rows = [[small, large, y], [large, small, 0.3 * y], [large * 40.0, large, y]];
        let derivative = |[a, b, z]: [Expr<'_>; 3]| match quantile.inputs() {
            2 => a.graph().quantile_derivative(quantile, &[a, z]).id(),
            _ => a.graph().quantile_derivative(quantile, &[a, b, z]).id(),
        };
        rows.into_iter().map(|row| x.graph().expr(derivative(row))).collect()
    })
}

fn black_box() -> Case {
    Case::new("external", |x, _| {
        let ones: Arc<ExternalFn> = Arc::new(|_, out| {
            out.fill(1.0);
            Ok(())
        });
        let external = External::new("price", [2], vec![1], ones);
        vec![x.graph().external(external, &[x]), x.graph().hole("later", &[x], [2])]
    })
}

fn input<T: Real>(name: &str) -> Vec<T> {
    let numbers: &[f64] = match name {
        "x" => &[0.3, -1.25, 2.0, 0.0, 0.7, -0.4],
        _ => &[1.5, -0.5, 0.3],
    };
    numbers.iter().map(|&x| T::from_f64(x)).collect()
}

fn run<T: Real>(graph: &Graph, outputs: &[NodeId]) -> Vec<Vec<T>> {
    let mut program = Program::<T>::compile(graph, outputs, &CompileOptions::default()).unwrap();
    for (slot, info) in graph.inputs().iter().enumerate() {
        program.set_input(slot, &input(&info.name)).unwrap();
    }
    program.run(7 << 32 | 11, 5 << 32 | 3);
    (0..outputs.len()).map(|i| program.output(i).to_vec()).collect()
}

fn bits<T: Real>(values: Vec<Vec<T>>) -> Vec<Vec<u64>> {
    values.into_iter().map(|v| v.into_iter().map(|x| x.to_f64().to_bits()).collect()).collect()
}

#[test]
fn what_is_read_back_runs_to_the_same_bits() {
    for case in translatable().into_iter().chain(draws()) {
        let portable = Portable::new(&case.graph, &case.named()).unwrap();
        let read = Portable::from_json(&portable.to_json()).unwrap();
        assert_eq!(read, portable, "{}", case.name);
        let imported = read.graph().unwrap();
        assert_eq!(
            Portable::new(
                &imported.graph,
                &imported.outputs.iter().map(|(n, id)| (&n[..], *id)).collect::<Vec<_>>()
            ),
            Ok(portable)
        );
        let (before, after): (Vec<NodeId>, Vec<NodeId>) =
            (case.outputs.iter().map(|o| o.1).collect(), imported.outputs.iter().map(|o| o.1).collect());
        assert_eq!(
            bits(run::<f64>(&case.graph, &before)),
            bits(run::<f64>(&imported.graph, &after)),
            "{}",
            case.name
        );
        assert_eq!(
            bits(run::<f32>(&case.graph, &before)),
            bits(run::<f32>(&imported.graph, &after)),
            "{}",
            case.name
        );
    }
}

#[test]
fn the_table_has_every_operation() {
    let mut found: BTreeSet<&str> = BTreeSet::from(["poison"]);
    for case in translatable().into_iter().chain(draws()).chain([black_box()]) {
        let ids: Vec<NodeId> = case.outputs.iter().map(|o| o.1).collect();
        let needed = NodeSet::ancestors(&case.graph, &ids);
        found.extend(needed.iter().map(|id| case.graph.with_node(id, |n| kind(&n.op))));
    }
    assert_eq!(found, BTreeSet::from(KINDS));
}

#[test]
fn black_boxes_come_back_as_holes() {
    let case = black_box();
    let portable = Portable::new(&case.graph, &case.named()).unwrap();
    assert_eq!(portable.externals(), ["price"]);
    let imported = Portable::from_json(&portable.to_json()).unwrap().graph().unwrap();
    let outputs: Vec<NodeId> = imported.outputs.iter().map(|o| o.1).collect();
    let error = Program::<f64>::compile(&imported.graph, &outputs, &CompileOptions::default()).err();
    assert_eq!(error, Some(Error::Hole("price".into())));
}

#[test]
fn constants_keep_their_bits() {
    let graph = Graph::new();
    let other_nan = f64::from_bits(0xFFF8_0000_0000_0123);
    let numbers = [other_nan, f64::NAN, f64::NEG_INFINITY, -0.0, 5e-324, 0.1 + 0.2, 3.0];
    let tensor = graph.tensor([7], numbers.to_vec());
    let portable = Portable::new(&graph, &[("t", tensor.id())]).unwrap();
    let text = portable.to_json();
    assert!(
        text.contains(r#"["0xfff8000000000123","nan","-inf",-0.0,5e-324,0.30000000000000004,3.0]"#),
        "{text}"
    );
    let read = Portable::from_json(&text).unwrap();
    assert_eq!(read.nodes[0].op, PortableOp::Tensor(numbers.map(Number).to_vec()));
}

#[test]
fn the_form_of_the_file_is_fixed() {
    let graph = Graph::new();
    let theta = graph.input("theta", [2]);
    let y = (theta.polygamma(1) * 2.0).sum_axes(-1);
    let text = Portable::new(&graph, &[("loss", y.id())]).unwrap().to_json();
    assert_eq!(
        text,
        concat!(
            r#"{"format":"aleator-graph","version":1,"noise":1,"nodes":["#,
            r#"{"op":{"input":"theta"},"shape":[2]},"#,
            r#"{"op":{"unary":{"polygamma":1}},"inputs":[0],"shape":[2]},"#,
            r#"{"op":{"scalar":2.0},"shape":[]},"#,
            r#"{"op":{"binary":"mul"},"inputs":[1,2],"shape":[2]},"#,
            r#"{"op":{"reduce":{"by":"sum","axes":[0]}},"inputs":[3],"shape":[]}],"#,
            r#""outputs":[{"name":"loss","node":4}]}"#
        )
    );
}

#[test]
fn errors_name_the_place() {
    let good = r#"{"format":"aleator-graph","version":1,"noise":1,"nodes":[{"op":{"input":"x"},"shape":[2]},{"op":{"slice":{"axis":0,"start":1,"len":1}},"inputs":[0],"shape":[1]}],"outputs":[{"name":"y","node":1}]}"#;
    let error = |from: &str, to: &str| {
        assert!(good.contains(from));
        let read = Portable::from_json(&good.replace(from, to)).and_then(|p| p.graph());
        read.err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(error("\"x\"", "\"x\""), "");
    assert_eq!(
        error("\"start\":1", "\"start\":2"),
        "node 1 (Slice): index: elements 2..3 lie outside an axis of 2 elements"
    );
    assert_eq!(error("\"shape\":[1]", "\"shape\":[2]"), "node 1 (Slice): its shape is [1], and not [2]");
    assert_eq!(
        error("\"inputs\":[0]", "\"inputs\":[1]"),
        "node 1 (Slice): its input 1 is not among the nodes before it"
    );
    assert_eq!(error("\"node\":1", "\"node\":7"), "output `y`: there is no node 7");
    assert_eq!(error("\"version\":1", "\"version\":2"), "`version`: 2 is not 1");
    assert!(error("slice", "dice").starts_with("line 1, column "));
}

/// Texts that are nearly right: reading them, and compiling what could be read, gives a graph or an error.
#[test]
fn no_text_makes_reading_panic() {
    let mut state = 20_260_101u64;
    let mut random = move |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n.max(1)
    };
    let numbers = [
        "0",
        "1",
        "2",
        "3",
        "7",
        "65",
        "4294967295",
        "1099511627776",
        "9223372036854775807",
        "18446744073709551615",
        "-1",
        "1e400",
        "\"nan\"",
    ];
    let texts: Vec<String> = translatable()
        .iter()
        .chain(&draws())
        .map(|case| Portable::new(&case.graph, &case.named()).unwrap().to_json())
        .collect();
    let (mut read, mut refused) = (0, 0);
    for _ in 0..4000 {
        let mut text = texts[random(texts.len())].clone();
        for _ in 0..=random(3) {
            let digits: Vec<usize> =
                text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(i, _)| i).collect();
            if random(4) > 0 && !digits.is_empty() {
                let at = digits[random(digits.len())];
                text.replace_range(at..=at, numbers[random(numbers.len())]);
            } else {
                let at = random(text.len());
                let with = ["{", "]", "null", "\"", ",", "select", ""][random(7)];
                if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                    text.replace_range(at..=at, with);
                }
            }
        }
        match Portable::from_json(&text).and_then(|portable| portable.graph()) {
            Err(_) => refused += 1,
            Ok(imported) => {
                read += 1;
                let ids: Vec<NodeId> = imported.outputs.iter().map(|o| o.1).collect();
                let options = CompileOptions { memory_limit: 1 << 16, threads: 1 };
                let _ = Program::<f64>::compile(&imported.graph, &ids, &options);
                let _ = stablehlo(&imported.graph, &[], Float::F32);
            }
        }
    }
    assert!(read > 100 && refused > 1000, "{read} were read and {refused} refused");
}

#[test]
fn names_are_unique() {
    let graph = Graph::new();
    let sum = graph.input("x", []) + graph.input("x", []);
    let error = Portable::new(&graph, &[("y", sum.id())]).unwrap_err();
    assert_eq!(error.to_string(), "export: two inputs are called `x`; give each a name of its own");
    let one = graph.scalar(1.0).id();
    assert!(Portable::new(&graph, &[("y", one), ("y", one)]).is_err());
}

#[test]
fn what_has_no_translation_is_listed() {
    let case = black_box();
    let g = &case.graph;
    let draw = g.draw(Law::Gamma, 1, [2].into(), &[g.scalar(1.0), g.scalar(1.0)]);
    let derivative = g.quantile_derivative(Quantile::LogGamma, &[g.scalar(1.0), g.scalar(1.0)]);
    let mut outputs = case.named();
    outputs.extend([("draw", draw.id()), ("derivative", derivative.id())]);
    let error = stablehlo(g, &outputs, Float::F64).unwrap_err();
    assert_eq!(
        error.to_string(),
        "StableHLO: no translation of a draw from Gamma, the black box `price`, the derivative of a quantile of LogGamma, the hole `later`"
    );
}

/// Every other operation has a translation as StableHLO, and every operation but holes as Python. With the variable `ALEATOR_TEXTS`
/// set to a folder, the texts are written there with what the CPU computes, for `tests/data/texts_agree.py` to compare with XLA.
#[test]
fn everything_else_is_translated() {
    let folder = std::env::var_os("ALEATOR_TEXTS").map(std::path::PathBuf::from);
    let write = |name: String, text: &str| {
        if let Some(folder) = &folder {
            std::fs::write(folder.join(name), text).unwrap();
        }
    };
    let formats = [(Float::F32, "f32"), (Float::F64, "f64")];
    for case in translatable() {
        for (float, suffix) in formats {
            let text = stablehlo(&case.graph, &case.named(), float).unwrap();
            assert!(text.contains("func.func public @main(%seed: tensor<2xui32>, %step: tensor<2xui32>"));
            write(format!("{}.{suffix}.mlir", case.name), &text);
        }
    }
    let without_hole = |case: Case| Case { outputs: vec![case.outputs[0].clone()], ..case };
    for case in translatable().into_iter().chain(draws()).chain([without_hole(black_box())]) {
        let text = jax(&case.graph, &case.named()).unwrap();
        assert!(text.contains("def estimate(inputs, noise=(0, 0), dtype=jnp.float32, host={}):"));
        write(format!("{}.py", case.name), &text);
        for (float, suffix) in formats {
            write(format!("{}.{suffix}.json", case.name), &expected(&case, float));
        }
    }
    let graph = Graph::new();
    let hole = graph.hole("h", &[], []);
    assert!(jax(&graph, &[("y", (hole * 2.0).id())]).unwrap_err().to_string().contains("the hole `h`"));
}

/// What the CPU computes, as JSON in which numbers are text.
fn expected(case: &Case, float: Float) -> String {
    let ids: Vec<NodeId> = case.outputs.iter().map(|o| o.1).collect();
    let values: Vec<Vec<f64>> = match float {
        Float::F32 => {
            let values = run::<f32>(&case.graph, &ids).into_iter();
            values.map(|v| v.into_iter().map(f64::from).collect()).collect()
        }
        Float::F64 => run::<f64>(&case.graph, &ids),
    };
    let portable = Portable::new(&case.graph, &case.named()).unwrap();
    let inputs: Vec<String> = portable.inputs().map(|(name, ..)| name.to_string()).collect();
    let text_of = |x: &f64| format!("\"{x:e}\"");
    let row = |v: &Vec<f64>| format!("[{}]", v.iter().map(text_of).collect::<Vec<_>>().join(","));
    let rows: Vec<String> = values.iter().map(row).collect();
    format!("{{\"inputs\": {inputs:?}, \"outputs\": [{}]}}", rows.join(","))
}
