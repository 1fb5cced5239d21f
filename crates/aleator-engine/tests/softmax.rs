//! `logsumexp`, `log_softmax`, `softmax` and `one_hot` at their edges, in both number formats, and their derivatives against
//! formulas written by hand.

use aleator_engine::autodiff::{grad, jvp, vjp};
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::{Program, math::Real};
use aleator_engine::graph::{Expr, FromEnd, Graph, Op};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
const LN_2: f64 = std::f64::consts::LN_2;

/// The values of some outputs, given the inputs in order.
fn run<T: Real>(outputs: &[Expr<'_>], inputs: &[&[f64]]) -> Vec<Vec<f64>> {
    let graph = outputs[0].graph();
    let ids: Vec<_> = outputs.iter().map(|e| e.id()).collect();
    let mut program = Program::<T>::compile(graph, &ids, &CompileOptions::default()).unwrap();
    for (slot, values) in inputs.iter().enumerate() {
        let values: Vec<T> = values.iter().map(|&x| T::from_f64(x)).collect();
        program.set_input(slot, &values).unwrap();
    }
    program.run(0, 0);
    (0..ids.len()).map(|i| program.output(i).iter().map(|x| x.to_f64()).collect()).collect()
}

/// Whether two lists have the same numbers in a number format; one NaN is as good as another.
fn same<T: Real>(got: &[f64], want: &[f64]) -> bool {
    let rounded = |x: f64| T::from_f64(x).to_f64();
    got.len() == want.len()
        && got.iter().zip(want).all(|(&a, &b)| a == rounded(b) || a.is_nan() && b.is_nan())
}

/// Fails unless two lists agree up to `tolerance`, relative to the largest number in either and to 1.
fn close(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    let largest = got.iter().chain(want).fold(1.0f64, |m, x| m.max(x.abs()));
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * largest;
    let all = got.len() == want.len() && got.iter().zip(want).all(near);
    assert!(all, "{what}: {got:?}, expected {want:?}");
}

/// x, log Σ eˣ, x − log Σ eˣ, and eˣ / Σ eˣ.
type Row = (&'static [f64], f64, &'static [f64], &'static [f64]);

/// What does not depend on the number format.
const ROWS: &[Row] = &[
    (&[0.0, 0.0], LN_2, &[-LN_2, -LN_2], &[0.5, 0.5]),
    (&[-INF, -INF], -INF, &[NAN, NAN], &[NAN, NAN]),
    (&[-INF, 3.0], 3.0, &[-INF, 0.0], &[0.0, 1.0]),
    (&[INF, 0.0], INF, &[NAN, -INF], &[NAN, 0.0]),
    (&[INF, -INF], INF, &[NAN, -INF], &[NAN, 0.0]),
    (&[NAN, 0.0], NAN, &[NAN, NAN], &[NAN, NAN]),
    (&[NAN, -INF], NAN, &[NAN, NAN], &[NAN, NAN]),
    (&[1e3, 0.0, -1e3], 1e3, &[0.0, -1e3, -2e3], &[1.0, 0.0, 0.0]),
    // One element, and none.
    (&[-7.5], -7.5, &[0.0], &[1.0]),
    (&[INF], INF, &[NAN], &[NAN]),
    (&[-INF], -INF, &[NAN], &[NAN]),
    (&[], -INF, &[], &[]),
];

/// Magnitudes of the wide format. The difference from the largest number keeps log 2, which the sum of both cannot.
const WIDE: &[Row] = &[
    (&[1e300, -1e300], 1e300, &[0.0, -2e300], &[1.0, 0.0]),
    (&[1e300, 1e300], 1e300, &[-LN_2, -LN_2], &[0.5, 0.5]),
    (&[-1e300, -1e300], -1e300, &[-LN_2, -LN_2], &[0.5, 0.5]),
    (&[1.7e308, -1.7e308], 1.7e308, &[0.0, -INF], &[1.0, 0.0]),
];

/// The same of the narrow format, in which 1e300 is ∞.
const NARROW: &[Row] = &[
    (&[1e38, -1e38], 1e38, &[0.0, -2e38], &[1.0, 0.0]),
    (&[1e38, 1e38], 1e38, &[-LN_2, -LN_2], &[0.5, 0.5]),
    (&[-1e38, -1e38], -1e38, &[-LN_2, -LN_2], &[0.5, 0.5]),
    (&[1e300, 0.0], INF, &[NAN, -INF], &[NAN, 0.0]),
];

fn rows_are_exact<T: Real>(rows: &[Row]) {
    for (x, log_sum, log_probabilities, probabilities) in rows {
        // Along the last axis, along the first of two, and over both of a pair of axes.
        for (shape, axes) in
            [(vec![x.len()], vec![0]), (vec![x.len(), 1], vec![1]), (vec![x.len(), 1], vec![0, 1])]
        {
            let graph = Graph::new();
            let e = graph.input("x", shape);
            let apply = |op: Op| graph.apply(op, &[e]);
            let l = e.logsumexp(FromEnd(&axes));
            let outputs =
                [l, apply(Op::LogSoftmax(axes.clone())), apply(Op::Softmax(axes.clone())), grad(l, &[e])[0]];
            let got = run::<T>(&outputs, &[x]);
            let name = format!("{x:?} over {axes:?}");
            assert!(same::<T>(&got[0], &[*log_sum]), "logsumexp of {name}: {:?}", got[0]);
            assert!(same::<T>(&got[1], log_probabilities), "log_softmax of {name}: {:?}", got[1]);
            assert!(same::<T>(&got[2], probabilities), "softmax of {name}: {:?}", got[2]);
            // The gradient of the only element is 1, also where it is infinite.
            let gradient: &[f64] = if x.len() == 1 { &[1.0] } else { probabilities };
            assert!(same::<T>(&got[3], gradient), "gradient of {name}: {:?}", got[3]);
        }
    }
}

#[test]
fn edges_are_exact_in_both_formats() {
    rows_are_exact::<f64>(ROWS);
    rows_are_exact::<f32>(ROWS);
    rows_are_exact::<f64>(WIDE);
    rows_are_exact::<f32>(NARROW);
}

/// Softmax probabilities of the elements in each group, by the definition.
fn probabilities(x: &[f64], groups: &[&[usize]]) -> Vec<f64> {
    let mut p = vec![0.0; x.len()];
    for group in groups {
        let max = group.iter().map(|&i| x[i]).fold(-INF, f64::max);
        let sum: f64 = group.iter().map(|&i| (x[i] - max).exp()).sum();
        group.iter().for_each(|&i| p[i] = (x[i] - max).exp() / sum);
    }
    p
}

/// Σ x over the group of each element.
fn sums(x: &[f64], groups: &[&[usize]]) -> Vec<f64> {
    let mut sums = vec![0.0; x.len()];
    for group in groups {
        let sum: f64 = group.iter().map(|&i| x[i]).sum();
        group.iter().for_each(|&i| sums[i] = sum);
    }
    sums
}

/// Elementwise.
fn map<const N: usize>(x: [&[f64]; N], f: impl Fn([f64; N]) -> f64) -> Vec<f64> {
    (0..x[0].len()).map(|i| f(x.map(|x| x[i]))).collect()
}

/// Axes of a tensor of shape [2, 3], and the elements that are summed together.
const AXES: [(&[usize], &[&[usize]]); 3] = [
    (&[0], &[&[0, 1, 2], &[3, 4, 5]]),
    (&[1], &[&[0, 3], &[1, 4], &[2, 5]]),
    (&[0, 1], &[&[0, 1, 2, 3, 4, 5]]),
];

#[test]
fn derivatives_are_those_of_the_formulas() {
    let v = [0.3, -0.7, 1.9, -1.1, 0.4, 2.3];
    let w = [-0.5, 1.2, 0.8, 0.1, -1.7, 0.6];
    let points = [
        [0.2, -1.0, 1.5, 0.7, -0.3, 2.1],
        [700.0, 0.0, -700.0, 1e3, -1e3, 1.0],
        [1e300, -1e300, 0.0, 0.0, 1e3, -1.0],
    ];
    for (x, (axes, groups)) in points.iter().flat_map(|x| AXES.iter().map(move |axes| (x, axes))) {
        let p = probabilities(x, groups);
        // D u = u − Σ p u, the forward derivative of log_softmax.
        let centred = |u: &[f64]| {
            let mean = sums(&map([&p, u], |[p, u]| p * u), groups);
            map([u, &mean], |[u, mean]| u - mean)
        };
        let (dv, dw) = (centred(&v), centred(&w));
        let along = map([&p, &dv], |[p, dv]| p * dv);
        // p D v D w − p Σ p v D w, the second derivative of softmax along v and w.
        let product = map([&p, &dv, &dw], |[p, dv, dw]| p * dv * dw);
        let covariance = sums(&product, groups);
        let second = map([&product, &p, &covariance], |[product, p, c]| product - p * c);
        let back = map([&v, &p, &sums(&v, groups)], |[v, p, sum]| v - p * sum);
        let firsts: Vec<f64> = groups.iter().map(|group| group.iter().map(|&i| p[i] * v[i]).sum()).collect();

        let graph = Graph::new();
        let [x_, v_, w_] = ["x", "v", "w"].map(|name| graph.input(name, [2, 3]));
        let apply = |op: Op| graph.apply(op, &[x_]);
        let (l, y, s) = (
            x_.logsumexp(FromEnd(*axes)),
            apply(Op::LogSoftmax(axes.to_vec())),
            apply(Op::Softmax(axes.to_vec())),
        );
        let forward = |y, t| jvp(&[y], &[(x_, t)])[0];
        let reverse = |y, c| vjp(&[(y, c)], &[x_])[0];
        let ones = graph.full(l.shape(), 1.0);
        let checks = [
            ("∇ logsumexp", reverse(l, ones), &p),
            ("logsumexp along v", forward(l, v_), &firsts),
            (
                "∇² logsumexp v, reverse over reverse",
                reverse((reverse(l, ones) * v_).sum(), graph.scalar(1.0)),
                &along,
            ),
            ("∇² logsumexp v, forward over reverse", forward(reverse(l, ones), v_), &along),
            ("∇² logsumexp v, reverse over forward", reverse(forward(l, v_), ones), &along),
            ("log_softmax along v", forward(y, v_), &dv),
            ("Jᵀ v of log_softmax", reverse(y, v_), &back),
            ("softmax along v", forward(s, v_), &along),
            ("Jᵀ v of softmax", reverse(s, v_), &along),
            ("softmax along v and w", forward(forward(s, v_), w_), &second),
            ("Jᵀ v of softmax along w", forward(reverse(s, v_), w_), &second),
        ];
        let outputs: Vec<Expr<'_>> = checks.iter().map(|(_, e, _)| *e).collect();
        let got = run::<f64>(&outputs, &[x, &v, &w]);
        for ((name, _, want), got) in checks.iter().zip(&got) {
            close(&format!("{name} at {x:?} over {axes:?}"), got, want, 2e-15);
        }
    }
}

#[test]
fn sizes_and_axes_that_do_not_fit_are_errors_with_the_name_of_the_operation() {
    type Build = for<'g> fn(Expr<'g>) -> Expr<'g>;
    let builds: [(&str, Build); 3] = [
        ("logsumexp", |x| x.logsumexp(-3)),
        ("softmax", |x| x.sum().softmax()),
        ("log_softmax", |x| x.sum().log_softmax()),
    ];
    for (name, build) in builds {
        let graph = Graph::new();
        assert!(build(graph.input("x", [2, 3])).is_poison());
        assert!(graph.error().unwrap().to_string().contains(name), "{name}");
    }
    let graph = Graph::new();
    let x = graph.input("x", [2, 3]);
    assert_eq!(x.logsumexp([]), x);
    assert_eq!(x.logsumexp([-2, -1, -2]), x.logsumexp([-1, -2]));
    assert_eq!(x.logsumexp(-2).shape().to_vec(), [3]);
}

#[test]
fn one_hot_has_a_1_where_the_number_is_a_place() {
    let cases: &[(f64, [f64; 3])] = &[
        (0.0, [1.0, 0.0, 0.0]),
        (-0.0, [1.0, 0.0, 0.0]),
        (2.0, [0.0, 0.0, 1.0]),
        (3.0, [0.0; 3]),
        (-1.0, [0.0; 3]),
        (0.5, [0.0; 3]),
        (1.0 - 1e-7, [0.0; 3]),
        (NAN, [0.0; 3]),
        (INF, [0.0; 3]),
        (-INF, [0.0; 3]),
        (1e300, [0.0; 3]),
    ];
    let given: Vec<f64> = cases.iter().map(|(k, _)| *k).collect();
    let want: Vec<f64> = cases.iter().flat_map(|(_, row)| *row).collect();
    let graph = Graph::new();
    let k = graph.input("k", [1, cases.len(), 1]);
    let (hot, none) = (k.one_hot(3), k.one_hot(0));
    assert_eq!(hot.shape().to_vec(), [1, cases.len(), 1, 3]);
    assert_eq!(none.shape().to_vec(), [1, cases.len(), 1, 0]);
    let gradient = grad((hot * 5.0 + 0.0 * k.unsqueeze(-1).stop_gradient()).sum(), &[k])[0];
    for got in [run::<f64>(&[hot, none, gradient], &[&given]), run::<f32>(&[hot, none, gradient], &[&given])]
    {
        assert_eq!(got[0], want);
        assert!(got[1].is_empty());
        assert!(got[2].iter().all(|&d| d == 0.0), "{:?}", got[2]);
    }
}

#[test]
fn one_matrix_for_several_batches_has_the_derivatives_of_a_loop() {
    // a: [2, 3, 4, 5], and b with one matrix for all, for those of an inner axis, for those of an outer axis, or of each.
    let numbers = |n: usize, seed: f64| (0..n).map(|i| (seed + 1.7 * i as f64).sin()).collect::<Vec<f64>>();
    for lead in [&[][..], &[1], &[1, 1], &[2, 1], &[1, 3], &[3], &[2, 3], &[7, 1, 1], &[7, 2, 1]] {
        let b_shape = [lead, &[5, 2]].concat();
        let graph = Graph::new();
        let (a, b) = (graph.input("a", [2, 3, 4, 5]), graph.input("b", b_shape.clone()));
        let y = a.matmul(b);
        let out = y.shape();
        let c = graph.input("c", out.clone());
        let got = vjp(&[(y, c)], &[a, b]);
        // Element by element: Σ over k of products that broadcast.
        let rank = out.rank();
        let wide_a = a.with_rank(rank).unsqueeze(-1);
        let wide_b = b.with_rank(rank).unsqueeze(-3);
        let slow = (wide_a * wide_b).sum_axes(-2);
        let want = vjp(&[(slow, c)], &[a, b]);
        let n: usize = b_shape.iter().product();
        let inputs = [numbers(120, 0.3), numbers(n, 2.0), numbers(out.numel(), 5.0)];
        let inputs: Vec<&[f64]> = inputs.iter().map(|v| &v[..]).collect();
        let values = run::<f64>(&[y, got[0], got[1], slow, want[0], want[1]], &inputs);
        for (i, name) in ["product", "left", "right"].iter().enumerate() {
            close(&format!("{name} {lead:?}"), &values[i], &values[3 + i], 1e-14);
        }
    }
}
