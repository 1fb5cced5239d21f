//! Every function and operator against values computed by hand, also with further axes in front.
use std::collections::HashMap;
use std::f64::consts::{E, FRAC_PI_3, FRAC_PI_4, FRAC_PI_6, LN_2, PI, SQRT_2};

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Expr, NodeId, Shape, substitute};

use crate::graph::Graph;
use crate::language::{Function, Model, load};

/// The shape and the elements of a node, at the initial values of parameters and data.
fn run(graph: &Graph, node: NodeId) -> (Vec<usize>, Vec<f64>) {
    let options = CompileOptions { threads: 1, ..CompileOptions::default() };
    let mut program = Program::<f64>::compile(graph.engine(), &[node], &options).unwrap();
    let (params, data) = (graph.params(), graph.datasets());
    for (slot, input) in graph.engine().inputs().iter().enumerate() {
        let param = params.iter().find(|param| param.node == input.node).map(|param| &param.initial);
        let values = param.or_else(|| data.iter().find(|d| d.node == input.node).map(|d| &d.values));
        program.set_input(slot, values.unwrap()).unwrap();
    }
    program.run(0, 0);
    (program.output_shape(0).to_vec(), program.output(0).to_vec())
}

fn model(source: &str) -> Model {
    load(source, None, &[]).unwrap_or_else(|error| panic!("{source}: {error:?}"))
}

fn close(a: &[f64], b: &[f64]) -> bool {
    let equal = |(&a, &b): (&f64, &f64)| {
        a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * (1.0 + b.abs())
    };
    a.len() == b.len() && a.iter().zip(b).all(equal)
}

pub(super) const GIVEN: &str = "\
param x = [[1, 2, 4], [-1, 0.5, 3]]
param v = [1, -2, 0.5]
param s = 2
param k = 1
param far = 3
param half = 0.5
param below = -1
param big = [inf, 5, -inf]
const c = [2, 0]
const n = 2
";

const NAN: f64 = f64::NAN;

/// An expression of the tensors above, its shape, its elements.
pub(super) const CASES: &[(&str, &[usize], &[f64])] = &[
    ("exp(v)", &[3], &[E, 0.1353352832366127, 1.6487212707001282]),
    ("log(s)", &[], &[LN_2]),
    ("log1p(s)", &[], &[1.0986122886681098]),
    ("expm1(s)", &[], &[6.38905609893065]),
    ("sqrt(s)", &[], &[SQRT_2]),
    ("square(v)", &[3], &[1.0, 4.0, 0.25]),
    ("abs(v)", &[3], &[1.0, 2.0, 0.5]),
    ("sign(v)", &[3], &[1.0, -1.0, 1.0]),
    ("floor(v)", &[3], &[1.0, -2.0, 0.0]),
    ("sin(s)", &[], &[0.9092974268256817]),
    ("cos(s)", &[], &[-0.4161468365471424]),
    ("tan(s)", &[], &[-2.185039863261519]),
    ("tanh(s)", &[], &[0.9640275800758169]),
    ("sigmoid(s)", &[], &[0.8807970779778823]),
    ("softplus(s)", &[], &[2.1269280110429727]),
    ("logit(half / 2)", &[], &[-1.0986122886681098]),
    ("relu(v)", &[3], &[1.0, 0.0, 0.5]),
    ("erf(half)", &[], &[0.5204998778130465]),
    ("lgamma(half)", &[], &[0.5723649429247001]),
    ("digamma(half)", &[], &[-1.9635100260214235]),
    ("min(x)", &[], &[-1.0]),
    ("min(x, axis = 0)", &[3], &[-1.0, 0.5, 3.0]),
    ("min(x, v)", &[2, 3], &[1.0, -2.0, 0.5, -1.0, -2.0, 0.5]),
    ("max(x)", &[], &[4.0]),
    ("max(x, axis = -1)", &[2], &[4.0, 3.0]),
    ("max(v, 0)", &[3], &[1.0, 0.0, 0.5]),
    ("max(x = s, y = half)", &[], &[2.0]),
    ("clamp(v, -1, half)", &[3], &[0.5, -1.0, 0.5]),
    ("clamp(v, hi = 0, lo = -1)", &[3], &[0.0, -1.0, 0.0]),
    ("where(v > 0, x, -1)", &[2, 3], &[1.0, -1.0, 4.0, -1.0, -1.0, 3.0]),
    ("sum(x)", &[], &[9.5]),
    ("sum(x, axis = 0)", &[3], &[0.0, 2.5, 7.0]),
    ("sum(x, axis = 1)", &[2], &[7.0, 2.5]),
    ("sum(x, axis = -2)", &[3], &[0.0, 2.5, 7.0]),
    ("sum(x, axis = [0, 1])", &[], &[9.5]),
    ("sum(s)", &[], &[2.0]),
    ("mean(x)", &[], &[9.5 / 6.0]),
    ("mean(x, axis = 0)", &[3], &[0.0, 1.25, 3.5]),
    ("mean(s)", &[], &[2.0]),
    ("prod(x)", &[], &[-12.0]),
    ("prod(x, axis = 1)", &[2], &[8.0, -1.5]),
    ("logsumexp(v)", &[], &[1.5045969023422836]),
    ("logsumexp(x, axis = 0)", &[3], &[1.1269280110429725, 2.2014132779827524, 4.313261687518223]),
    ("logsumexp(s)", &[], &[2.0]),
    ("softmax([0, log(3)] * k)", &[2], &[0.25, 0.75]),
    ("softmax([[0, 1], [log(3), 1]] * k, axis = 0)", &[2, 2], &[0.25, 0.5, 0.75, 0.5]),
    ("log_softmax([0, 0] * k)", &[2], &[-LN_2, -LN_2]),
    ("dot(v, [1, 1, 2])", &[], &[0.0]),
    ("dot(x, v)", &[2], &[-1.0, -0.5]),
    ("norm([3, 4] * k)", &[], &[5.0]),
    ("norm([[3, 4], [0, 2]] * k, axis = 1)", &[2], &[5.0, 2.0]),
    ("cumsum(x)", &[2, 3], &[1.0, 3.0, 7.0, -1.0, -0.5, 2.5]),
    ("cumsum(x, axis = 0)", &[2, 3], &[1.0, 2.0, 4.0, 0.0, 2.5, 7.0]),
    ("one_hot(k, 3)", &[3], &[0.0, 1.0, 0.0]),
    ("one_hot(c, 3)", &[2, 3], &[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]),
    ("argmax(x)", &[2], &[2.0, 2.0]),
    ("argmax(x, axis = 0)", &[3], &[0.0, 0.0, 0.0]),
    ("argmax(-x, axis = 0)", &[3], &[1.0, 1.0, 1.0]),
    ("transpose(x)", &[3, 2], &[1.0, -1.0, 2.0, 0.5, 4.0, 3.0]),
    ("transpose(x, [1, 0])", &[3, 2], &[1.0, -1.0, 2.0, 0.5, 4.0, 3.0]),
    ("transpose(x, [0, -1])", &[2, 3], &[1.0, 2.0, 4.0, -1.0, 0.5, 3.0]),
    (
        "transpose([x, 2 * x], [2, 0, 1])",
        &[3, 2, 2],
        &[1.0, -1.0, 2.0, -2.0, 2.0, 0.5, 4.0, 1.0, 4.0, 3.0, 8.0, 6.0],
    ),
    ("broadcast_to(v, [2, 3])", &[2, 3], &[1.0, -2.0, 0.5, 1.0, -2.0, 0.5]),
    ("broadcast_to(s, 2)", &[2], &[2.0, 2.0]),
    ("take(x, [1, 0, 1])", &[3, 3], &[-1.0, 0.5, 3.0, 1.0, 2.0, 4.0, -1.0, 0.5, 3.0]),
    ("take(x, [-1, 0], axis = 1)", &[2, 2], &[4.0, 1.0, 3.0, -1.0]),
    ("take(v, 2)", &[1], &[0.5]),
    ("reshape(x, [3, 2])", &[3, 2], &[1.0, 2.0, 4.0, -1.0, 0.5, 3.0]),
    ("reshape(x, [-1])", &[6], &[1.0, 2.0, 4.0, -1.0, 0.5, 3.0]),
    ("reshape(x, 6)", &[6], &[1.0, 2.0, 4.0, -1.0, 0.5, 3.0]),
    ("reshape(s, [1, 1])", &[1, 1], &[2.0]),
    ("reshape(v[1:2], [])", &[], &[-2.0]),
    ("concat([v, [s, 7]])", &[5], &[1.0, -2.0, 0.5, 2.0, 7.0]),
    ("concat([x, [[s], [k]]], axis = 1)", &[2, 4], &[1.0, 2.0, 4.0, 2.0, -1.0, 0.5, 3.0, 1.0]),
    ("stack([s, k])", &[2], &[2.0, 1.0]),
    ("stack([v, v * 2], axis = 1)", &[3, 2], &[1.0, 2.0, -2.0, -4.0, 0.5, 1.0]),
    ("stack([v, v * 2], axis = 0)[1]", &[3], &[2.0, -4.0, 1.0]),
    ("zeros([2, 1]) + s", &[2, 1], &[2.0, 2.0]),
    ("zeros([])", &[], &[0.0]),
    ("ones(n)", &[2], &[1.0, 1.0]),
    ("eye(n)", &[2, 2], &[1.0, 0.0, 0.0, 1.0]),
    ("linspace(0, 1, 5)", &[5], &[0.0, 0.25, 0.5, 0.75, 1.0]),
    ("linspace(s, 0.1, 2)", &[2], &[2.0, 0.1]),
    ("linspace(s, 7, 1)", &[1], &[2.0]),
    ("arange(3)", &[3], &[0.0, 1.0, 2.0]),
    ("arange(0)", &[0], &[]),
    ("stop_gradient(v)", &[3], &[1.0, -2.0, 0.5]),
    ("len(x)", &[], &[2.0]),
    ("arange(len(v))", &[3], &[0.0, 1.0, 2.0]),
    // Operators.
    ("1 - 2 * -s^2 / 4", &[], &[3.0]),
    ("2^v", &[3], &[2.0, 0.25, SQRT_2]),
    ("v^0", &[3], &[1.0, 1.0, 1.0]),
    ("x @ v", &[2], &[-1.0, -0.5]),
    ("v @ v", &[], &[5.25]),
    ("c @ x", &[3], &[2.0, 4.0, 8.0]),
    ("x @ transpose(x)", &[2, 2], &[21.0, 12.0, 12.0, 10.25]),
    ("(v < 1) + 2 * (v <= 1) + 4 * (v > 1)", &[3], &[2.0, 3.0, 3.0]),
    ("(v >= 1) + 2 * (v == 1) + 4 * (v != 1)", &[3], &[3.0, 4.0, 4.0]),
    ("v and [0, 2, 3]", &[3], &[0.0, 1.0, 1.0]),
    ("(v > 0) or [0, 0, 3]", &[3], &[1.0, 0.0, 1.0]),
    ("not [0, s, -1]", &[3], &[1.0, 0.0, 0.0]),
    ("not v == 1", &[3], &[0.0, 1.0, 1.0]),
    ("true + false", &[], &[1.0]),
    ("inf * s - pi", &[], &[f64::INFINITY]),
    ("cos(pi)", &[], &[-1.0]),
    // Lists.
    ("[s, 1, k]", &[3], &[2.0, 1.0, 1.0]),
    ("[v, [1, 2, 3]]", &[2, 3], &[1.0, -2.0, 0.5, 1.0, 2.0, 3.0]),
    ("[[1, 2], [3, 4 * s]]", &[2, 2], &[1.0, 2.0, 3.0, 8.0]),
    // Elements and slices.
    ("v[0]", &[], &[1.0]),
    ("v[-1]", &[], &[0.5]),
    ("v[n - 1]", &[], &[-2.0]),
    ("v[c[0]]", &[], &[0.5]),
    ("log_prob(Normal(s, 1), v)", &[3], &[-1.4189385332046727, -8.918938533204672, -2.0439385332046727]),
    ("log_prob(distribution = Bernoulli(logits = 0 * v), x = 1)", &[3], &[-LN_2, -LN_2, -LN_2]),
    ("entropy(Normal(0, s))", &[], &[2.112085713764618]),
    ("kl(Normal(s, 1), Normal(0, 1))", &[], &[2.0]),
    ("kl(Normal(v, 1), Normal(0, 1))", &[3], &[0.5, 2.0, 0.125]),
    ("variance(Gamma(s, half))", &[], &[8.0]),
    ("mean(Gamma(s, half))", &[], &[4.0]),
    ("mean(Normal(v, 1))", &[3], &[1.0, -2.0, 0.5]),
    ("sinh(s)", &[], &[3.626860407847019]),
    ("cosh(s)", &[], &[3.7621956910836314]),
    ("asin(half)", &[], &[FRAC_PI_6]),
    ("acos(half)", &[], &[FRAC_PI_3]),
    ("asin(far)", &[], &[NAN]),
    ("atan(s)", &[], &[1.1071487177940904]),
    ("atan2(v, s)", &[3], &[0.4636476090008061, -FRAC_PI_4, 0.24497866312686414]),
    ("atan2(0, -1)", &[], &[PI]),
    ("erfinv(half)", &[], &[0.4769362762044699]),
    ("erfinv(0.9999)", &[], &[2.7510639057120607]),
    ("log_sigmoid(s)", &[], &[-0.1269280110429725]),
    ("xlogy(v, s)", &[3], &[LN_2, -1.3862943611198906, 0.34657359027997264]),
    ("xlogy(0, 0)", &[], &[0.0]),
    ("xor(v, v)", &[3], &[0.0, 0.0, 0.0]),
    ("xor(s, 0)", &[], &[1.0]),
    ("any(x > 3)", &[], &[1.0]),
    ("any(x > 3, axis = 1)", &[2], &[1.0, 0.0]),
    ("any(v[1:1])", &[], &[0.0]),
    ("all(x > -2)", &[], &[1.0]),
    ("all(x > 0, axis = 1)", &[2], &[1.0, 0.0]),
    ("all(v[1:1])", &[], &[1.0]),
    ("maximum(x, axis = 0)", &[3], &[1.0, 2.0, 4.0]),
    ("minimum(s, half)", &[], &[0.5]),
    ("cumprod(x)", &[2, 3], &[1.0, 2.0, 8.0, -1.0, -0.5, -1.5]),
    ("cumprod(x, axis = 0)", &[2, 3], &[1.0, 2.0, 4.0, -1.0, 1.0, 12.0]),
    ("diff(x)", &[2, 2], &[1.0, 2.0, 1.5, 2.5]),
    ("diff(x, axis = 0)", &[1, 3], &[-2.0, -1.5, -1.0]),
    ("sort(v)", &[3], &[-2.0, 0.5, 1.0]),
    ("sort(x, axis = 0)", &[2, 3], &[-1.0, 0.5, 3.0, 1.0, 2.0, 4.0]),
    ("top_k(x, 2)", &[2, 2], &[4.0, 2.0, 3.0, 0.5]),
    ("gather(v, [2, 0])", &[2], &[0.5, 1.0]),
    ("gather(x, k)", &[3], &[-1.0, 0.5, 3.0]),
    ("gather(x, [k, far])", &[2, 3], &[-1.0, 0.5, 3.0, NAN, NAN, NAN]),
    ("gather(v, [[k, 0], [0, k]])", &[2, 2], &[-2.0, 1.0, 1.0, -2.0]),
    ("quantile([3, 1, 2, 4], [0, 0.5, 1])", &[3], &[1.0, 2.5, 4.0]),
    ("quantile(c, 0.25)", &[], &[0.5]),
    ("tril(x)", &[2, 3], &[1.0, 0.0, 0.0, -1.0, 0.5, 0.0]),
    ("tril(x, -1)", &[2, 3], &[0.0, 0.0, 0.0, -1.0, 0.0, 0.0]),
    ("triu(x)", &[2, 3], &[1.0, 2.0, 4.0, 0.0, 0.5, 3.0]),
    ("triu(x, 1)", &[2, 3], &[0.0, 2.0, 4.0, 0.0, 0.0, 3.0]),
    ("diag(v)", &[3, 3], &[1.0, 0.0, 0.0, 0.0, -2.0, 0.0, 0.0, 0.0, 0.5]),
    ("diag(x)", &[2], &[1.0, 0.5]),
    ("trace(x)", &[], &[1.5]),
    ("cholesky(x @ transpose(x))", &[2, 2], &[4.58257569495584, 0.0, 2.618614682831909, 1.8419709940325182]),
    ("solve_triangular([[s, 0], [1, half]], [2, 3])", &[2], &[1.0, 4.0]),
    ("solve_triangular([[s, 9], [0, half]], [2, 3], upper = true)", &[2], &[-26.0, 6.0]),
    ("solve_triangular([[2, 0], [1, 0.5]], transpose(x[:, :2]))", &[2, 2], &[0.5, -0.5, 3.0, 2.0]),
    ("logdet([[s, 0], [1, s]])", &[], &[1.3862943611198906]),
    ("x[1]", &[3], &[-1.0, 0.5, 3.0]),
    ("x[:, 1]", &[2], &[2.0, 0.5]),
    ("x[0, 1:]", &[2], &[2.0, 4.0]),
    ("x[-1:, :2]", &[1, 2], &[-1.0, 0.5]),
    ("v[:-1]", &[2], &[1.0, -2.0]),
    ("v[1:1]", &[0], &[]),
    ("sum(v[3:])", &[], &[0.0]),
    ("v[k]", &[], &[-2.0]),
    ("x[k]", &[3], &[-1.0, 0.5, 3.0]),
    ("x[:, k]", &[2], &[2.0, 0.5]),
    ("x[k, k + 1]", &[], &[3.0]),
    ("x[k, 1:][k]", &[], &[3.0]),
    ("v[far]", &[], &[NAN]),
    ("v[below]", &[], &[NAN]),
    ("v[half]", &[], &[NAN]),
    ("x[:, far]", &[2], &[NAN, NAN]),
    ("big[k]", &[], &[5.0]),
];

#[test]
fn values_are_those_computed_by_hand() {
    for &(text, shape, values) in CASES {
        let model = model(&format!("{GIVEN}y = {text}\ncost f = 0"));
        let (got_shape, got) = run(&model.graph, model.definition("y").unwrap().node.unwrap());
        assert_eq!(got_shape, shape, "{text}");
        assert!(close(&got, values), "{text}: {got:?} is not {values:?}");
    }
    for function in Function::all() {
        let call = format!("{}(", function.name);
        assert!(CASES.iter().any(|(text, ..)| text.contains(&call)), "{call}..) has no case");
    }
}

/// Each parameter is replaced by two versions of itself on a new first axis. The result must be the two results.
#[test]
fn operations_pass_axes_in_front_through() {
    for &(text, shape, _) in CASES {
        let model = model(&format!("{GIVEN}y = {text}\ncost f = 0"));
        let engine = model.graph.engine();
        let node = model.definition("y").unwrap().node.unwrap();
        let params = model.graph.params();
        let changed = |values: &[f64]| values.iter().map(|x| 2.0 - x).collect::<Vec<f64>>();
        let evaluate = |version: &dyn Fn(&[f64]) -> Vec<f64>, leading: &[usize]| {
            let mut replaced: HashMap<NodeId, Expr<'_>> = HashMap::new();
            for param in &params {
                let shape = Shape::from(leading).join(&param.shape);
                replaced.insert(param.node, engine.tensor(shape, version(&param.initial)));
            }
            let expr = substitute(engine, node, &mut replaced);
            assert_eq!(engine.error(), None, "{text}");
            run(&model.graph, expr.id())
        };
        let (_, mut expected) = evaluate(&|values| values.to_vec(), &[]);
        expected.extend(evaluate(&changed, &[]).1);
        let (got_shape, mut got) = evaluate(&|values| [values.to_vec(), changed(values)].concat(), &[2]);
        if got_shape == shape {
            got.extend(got.clone()); // It depends on no parameter.
        } else {
            assert_eq!(got_shape, [&[2], shape].concat(), "{text}");
        }
        assert!(close(&got, &expected), "{text}: {got:?} is not {expected:?}");
    }
}

/// The same for one parameter at a time: operands with and without further axes meet.
#[test]
fn operands_with_and_without_axes_in_front_meet() {
    for &(text, shape, _) in CASES {
        let model = model(&format!("{GIVEN}y = {text}\ncost f = 0"));
        let engine = model.graph.engine();
        let node = model.definition("y").unwrap().node.unwrap();
        for param in model.graph.params() {
            let twice = [&param.initial[..], &param.initial].concat();
            let expr = engine.tensor(Shape::from([2]).join(&param.shape), twice);
            let mut replaced = HashMap::from([(param.node, expr)]);
            let expr = substitute(engine, node, &mut replaced);
            assert_eq!(engine.error(), None, "{text}");
            let (_, expected) = run(&model.graph, node);
            let (got_shape, got) = run(&model.graph, expr.id());
            if got_shape != shape {
                assert_eq!(got_shape, [&[2], shape].concat(), "{text}, {}", param.name);
                assert!(close(&got[expected.len()..], &expected), "{text}, {}", param.name);
            }
            assert!(close(&got[..expected.len()], &expected), "{text}, {}", param.name);
        }
    }
}
