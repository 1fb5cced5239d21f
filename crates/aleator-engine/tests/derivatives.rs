//! Derivatives of every operation: against central differences to second order, at the edges, and with further leading
//! axes.

mod calculus;

use std::collections::HashMap;
use std::sync::Arc;

use aleator_engine::Error;
use aleator_engine::autodiff::{grad, jvp, vjp};
use aleator_engine::graph::{Expr, External, ExternalFn, Graph, Law, Quantile, Reduction, Shape, substitute};
use calculus::{check, close, evaluate, for_all_choices, table::OPERATIONS};

#[test]
fn first_and_second_derivatives_are_those_of_differences() {
    for (name, build) in OPERATIONS {
        for_all_choices(name, 120, |choices| check::derivatives(choices, *build));
    }
}

#[test]
fn further_leading_axes_are_as_good_as_a_loop() {
    for (name, build) in OPERATIONS {
        for_all_choices(name, 120, |choices| check::leading_axes(choices, *build));
    }
}

/// y, y′ and y″ of an elementwise function.
fn two_derivatives(f: impl for<'g> Fn(Expr<'g>) -> Expr<'g>, at: &[f64]) -> [Vec<f64>; 3] {
    let graph = Graph::new();
    let x = graph.input("x", [at.len()]);
    let y = f(x);
    let first = grad(y, &[x])[0];
    let second = grad(first, &[x])[0];
    let forward = jvp(&[first], &[(x, graph.full([at.len()], 1.0))])[0];
    let [y, first, second, forward]: [Vec<f64>; 4] =
        evaluate(&[y, first, second, forward], &[at]).try_into().unwrap();
    close("both modes", &forward, &second, &[], 1e-12).unwrap();
    [y, first, second]
}

fn relatively_close(got: f64, want: f64) -> bool {
    got == want || (got - want).abs() <= 1e-12 * want.abs()
}

#[test]
fn derivatives_are_finite_where_mathematics_says_so() {
    type Function = for<'g> fn(Expr<'g>) -> Expr<'g>;
    let everywhere =
        [1e3, 1e300, 40.0, 1e-8, 1e-300, 5e-324, 0.0, -0.0, -5e-324, -1e-300, -1e-8, -40.0, -1e3, -1e300];
    let bounded: &[(&str, Function)] = &[
        ("sigmoid", |x| x.sigmoid()),
        ("softplus", |x| x.softplus()),
        ("tanh", |x| x.tanh()),
        ("erf", |x| x.erf()),
        ("relu", |x| x.relu()),
        ("abs", |x| x.abs()),
        ("log sigmoid", |x| -(-x).softplus()),
        ("exp(−|x|)", |x| (-x.abs()).exp()),
        ("expm1(−|x|)", |x| (-x.abs()).expm1()),
        ("log1p(|x|)", |x| x.abs().log1p()),
        ("log_softmax", |x| x.unsqueeze(-1).broadcast_to([14, 2]).log_softmax()),
        ("logsumexp", |x| x.logsumexp(-1)),
        ("softmax", |x| x.softmax()),
    ];
    for (name, f) in bounded {
        let [y, first, second] = two_derivatives(f, &everywhere);
        assert!(y.iter().all(|y| y.is_finite()), "{name}: {y:?}");
        assert!(first.iter().all(|d| d.is_finite() && d.abs() <= 2.0), "{name}: {first:?}");
        assert!(second.iter().all(|d| d.is_finite() && d.abs() <= 2.0), "{name}: {second:?}");
    }
    let tiny = [1e-300, 1e-8, 1.0, 1e8, 1e300];
    let positive: &[(&str, Function)] = &[
        ("log", |x| x.log()),
        ("sqrt", |x| x.sqrt()),
        ("lgamma", |x| x.lgamma()),
        ("digamma", |x| x.digamma()),
    ];
    for (name, f) in positive {
        let [y, first, _] = two_derivatives(f, &tiny[1..]);
        assert!(y.iter().chain(&first).all(|d| d.is_finite()), "{name}: {y:?} {first:?}");
    }
}

#[test]
fn derivatives_keep_their_digits_in_the_tails() {
    let far = [-700.0f64, -40.0, -1.0, 0.5, 40.0, 700.0];
    let [_, first, second] = two_derivatives(|x| x.sigmoid(), &far);
    for ((x, d), dd) in far.iter().zip(first).zip(second) {
        let e = (-x.abs()).exp();
        assert!(relatively_close(d, e / (1.0 + e).powi(2)), "σ′({x}) = {d}");
        let want = -x.signum() * e * (1.0 - e) / (1.0 + e).powi(3);
        assert!(relatively_close(dd, want), "σ″({x}) = {dd}, expected {want}");
    }
    let [_, first, _] = two_derivatives(|x| x.softplus(), &far);
    for (x, d) in far.iter().zip(first) {
        assert!(relatively_close(d, 1.0 / (1.0 + (-x).exp())), "softplus′({x}) = {d}");
    }
    let [_, first, second] = two_derivatives(|x| x.erf(), &[-20.0, -5.0, 5.0, 20.0]);
    for ((x, d), dd) in [-20.0f64, -5.0, 5.0, 20.0].iter().zip(first).zip(second) {
        let want = (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI;
        assert!(relatively_close(d, want) && relatively_close(dd, -2.0 * x * want), "erf at {x}: {d}, {dd}");
    }
    let near = [1e-300, 1e-20, 1e-10];
    for d in [two_derivatives(|x| x.log1p(), &near), two_derivatives(|x| x.expm1(), &near)] {
        assert!(d[0].iter().zip(near).all(|(&y, x)| (y - x).abs() <= x * x), "{:?}", d[0]);
        assert!(d[1].iter().all(|d| (d - 1.0).abs() < 1e-9));
    }
    let [_, first, _] = two_derivatives(|x| x.logit(), &[1e-300, 0.5, 1.0 - 1e-10]);
    let one_less = 1.0 - (1.0 - 1e-10f64);
    for (d, want) in first.iter().zip([1e300, 4.0, 1.0 / (1.0 - one_less) / one_less]) {
        assert!((d / want - 1.0).abs() < 1e-12, "{d}, expected {want}");
    }
}

#[test]
fn logits_may_be_extreme() {
    let inf = f64::INFINITY;
    let rows =
        [[1e3, 1e3, 0.0], [-1e3, 1e3, 0.0], [-1e3, -1e3, -1e3], [1e300, -1e300, 0.0], [-inf, 0.0, 0.0]];
    let softmax = [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [1.0 / 3.0; 3], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]];
    for (row, p) in rows.iter().zip(softmax) {
        let graph = Graph::new();
        let (x, v) = (graph.input("x", [3]), graph.tensor([3], vec![0.3, -0.7, 1.9]));
        let gradient = grad(x.logsumexp(-1), &[x])[0];
        let hessian = grad((gradient * v).sum(), &[x])[0];
        let probs = x.softmax();
        let through_probs = vjp(&[(probs, v)], &[x])[0];
        let through_logs = grad(x.log_softmax().slice(-1, 1, 2).sum(), &[x])[0];
        let got = evaluate(&[gradient, hessian, probs, through_probs, through_logs], &[row]);
        let mean: f64 = p.iter().zip([0.3, -0.7, 1.9]).map(|(p, v)| p * v).sum();
        let covariance = [0.3, -0.7, 1.9].iter().zip(p).map(|(v, p)| p * (v - mean)).collect::<Vec<_>>();
        close("∇ logsumexp", &got[0], &p, &[], 1e-15).unwrap();
        close("∇² logsumexp v", &got[1], &covariance, &[], 1e-15).unwrap();
        close("softmax", &got[2], &p, &[], 1e-15).unwrap();
        close("Jᵀ v of softmax", &got[3], &covariance, &[], 1e-15).unwrap();
        let want = [-2.0 * p[0], 1.0 - 2.0 * p[1], 1.0 - 2.0 * p[2]];
        close("∇ log_softmax", &got[4], &want, &[], 1e-15).unwrap();
    }
}

#[test]
fn nan_goes_in_and_comes_out() {
    let graph = Graph::new();
    let (x, one) = (graph.input("x", [3]), graph.input("one", [3]));
    let mut outputs: Vec<Expr<'_>> = Vec::new();
    outputs.extend([-x, x.abs(), x.sign(), x.floor(), x.exp(), x.expm1(), x.log(), x.log1p(), x.sqrt()]);
    outputs.extend([x.sin(), x.cos(), x.tan(), x.tanh(), x.sigmoid(), x.softplus(), x.erf()]);
    outputs.extend([x.normal_quantile(), x.lgamma(), x.polygamma(0), x.polygamma(1), x.polygamma(2)]);
    outputs.extend([x + one, one - x, x * one, x / one, one / x, x.pow(2.5), one.maximum(x), x.maximum(one)]);
    outputs.extend([one.minimum(x), x.minimum(one), x * 0.0, x - x, x / x, x.relu(), x.logit()]);
    outputs.extend([x.clamp(one, one), one.clamp(x, one), one.clamp(one, x), one.select(x, one)]);
    outputs.extend([x.stop_gradient(), x.square(), x.pow(3.0), x.pow(0.5), x.pow(one)]);
    outputs.extend([x.atan2(one), one.atan2(x), x.asin(), x.acos(), x.atan(), x.sinh(), x.cosh()]);
    outputs.extend([x.erfinv(), x.log_sigmoid(), x.xlogy(one), one.xlogy(x)]);
    for output in &outputs {
        assert_eq!(output.shape(), x.shape());
    }
    let everything = [
        x.sum(),
        x.reduce(Reduction::Prod, -1),
        x.reduce(Reduction::Max, -1),
        x.reduce(Reduction::Min, -1),
        x.mean(),
        x.logsumexp(-1),
        x.softmax(),
        x.log_softmax(),
        x.dot(one),
        one.matmul(x),
        x.unsqueeze(-1).matmul(one.unsqueeze(-2)).slice(-2, 1, 1),
        x.cumsum().slice(-1, 1, 2),
    ];
    let derivatives = [
        grad(x.exp(), &[x])[0],
        grad(x.log(), &[x])[0],
        grad(x.sigmoid(), &[x])[0],
        grad(x.abs(), &[x])[0],
        grad(x.softplus(), &[x])[0],
        grad(x.lgamma(), &[x])[0],
    ];
    let elementwise = outputs.len() + derivatives.len();
    outputs.extend(derivatives);
    outputs.extend(everything);
    let values = evaluate(&outputs, &[&[1.0, f64::NAN, 1.0], &[1.0; 3]]);
    for (i, value) in values.iter().enumerate() {
        match i < elementwise {
            true => assert!(value[1].is_nan(), "output {i}: {value:?}"),
            false => assert!(value.iter().all(|x| x.is_nan()), "output {i}: {value:?}"),
        }
    }
    let comparisons =
        [x.less(one), x.less_equal(one), x.equal(x), x.greater(one), x.not_equal(x), x.one_hot(2).sum()];
    let values = evaluate(&comparisons, &[&[f64::NAN; 3], &[1.0; 3]]);
    let truth: Vec<f64> = values.iter().map(|v| v[0]).collect();
    assert_eq!(truth, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn what_is_not_selected_does_not_matter() {
    let graph = Graph::new();
    let x = graph.input("x", [4]);
    let positive = x.greater(0.0);
    let naive = positive.select(x.sqrt(), 0.0);
    let safe = positive.select(positive.select(x, 1.0).sqrt(), 0.0);
    let ones = graph.full([4], 1.0);
    let outputs =
        [naive, jvp(&[naive], &[(x, ones)])[0], safe, grad(safe, &[x])[0], jvp(&[safe], &[(x, ones)])[0]];
    let values = evaluate(&outputs, &[&[-4.0, f64::NEG_INFINITY, 0.0, 4.0]]);
    for (value, at_four) in values.iter().zip([2.0, 0.25, 2.0, 0.25, 0.25]) {
        assert_eq!(value[..], [0.0, 0.0, 0.0, at_four]);
    }
    // The derivative by the chosen operand alone, though the other one is NaN or infinite.
    let (c, a, b) = (graph.input("c", [3]), graph.input("a", [3]), graph.input("b", [3]));
    let y = c.select(a * 2.0, b * b);
    let by = grad(y, &[c, a, b]);
    let c_values = [1.0, 0.0, f64::NAN];
    let values = evaluate(
        &[y, by[0], by[1], by[2]],
        &[&[0.0; 4], &c_values, &[3.0, f64::NAN, 5.0], &[f64::NAN, 4.0, 7.0]],
    );
    assert_eq!(values[0], [6.0, 16.0, 10.0]);
    assert_eq!(values[1], [0.0; 3]);
    assert_eq!(values[2], [2.0, 0.0, 2.0]);
    assert_eq!(values[3][1..], [8.0, 0.0]);
}

#[test]
fn equals_share_the_derivative_of_a_maximum() {
    let graph = Graph::new();
    let (x, y) = (graph.input("x", [2, 3]), graph.input("y", [2, 3]));
    let u = graph.tensor([2, 3], vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let (max, min) = (x.reduce(Reduction::Max, -1), x.reduce(Reduction::Min, [-1, -2]));
    let outputs = [
        grad(x.maximum(y), &[x])[0],
        grad(x.minimum(y), &[y])[0],
        grad(max, &[x])[0],
        jvp(&[max], &[(x, u)])[0],
        grad(min, &[x])[0],
        jvp(&[min], &[(x, u)])[0],
        grad(grad(max, &[x])[0], &[x])[0],
    ];
    let inf = f64::INFINITY;
    let values = evaluate(&outputs, &[&[5.0, 5.0, 1.0, inf, 2.0, 1.0], &[5.0, 4.0, 2.0, inf, 2.0, 3.0]]);
    assert_eq!(values[0], [0.5, 1.0, 0.0, 0.5, 0.5, 0.0]);
    assert_eq!(values[1], [0.5, 1.0, 0.0, 0.5, 0.5, 0.0]);
    assert_eq!(values[2], [0.5, 0.5, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(values[3], [1.5, 8.0]);
    assert_eq!(values[4], [0.0, 0.0, 0.5, 0.0, 0.0, 0.5]);
    assert_eq!(values[5], [18.0]);
    assert_eq!(values[6], [0.0; 6]);
}

#[test]
fn powers_of_zero_have_their_derivatives() {
    let graph = Graph::new();
    let (a, b) = (graph.input("a", [5]), graph.input("b", [5]));
    let y = a.pow(b);
    let first = grad(y, &[a, b]);
    let second = grad(first[0], &[a])[0];
    let values = evaluate(&[y, first[0], first[1], second], &[&[0.0; 5], &[0.0, 1.0, 2.0, 2.5, 3.0]]);
    assert_eq!(values[0], [1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(values[1], [0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(values[2], [0.0; 5]);
    assert_eq!(values[3], [0.0, 0.0, 2.0, 0.0, 0.0]);

    // ∂²aᵇ/∂a∂b = a^(b−1) (1 + b log a), also at b = 0.
    let mixed = [grad(first[0], &[b])[0], grad(first[1], &[a])[0]];
    let at = [0.5, 1.0, 2.0, 4.0, 8.0];
    for value in evaluate(&mixed, &[&at, &[0.0; 5]]) {
        close("mixed", &value, &at.map(f64::recip), &[], 1e-15).unwrap();
    }
}

#[test]
fn stop_gradient_keeps_the_value_alone() {
    let graph = Graph::new();
    let x = graph.input("x", [3]);
    let y = x * x.exp().stop_gradient() + x.square().stop_gradient();
    let derivative = jvp(&[y], &[(x, graph.full([3], 1.0))])[0];
    let values =
        evaluate(&[y, grad(y, &[x])[0], derivative, grad(grad(y, &[x])[0], &[x])[0]], &[&[0.0, 1.0, -2.0]]);
    for (i, x) in [0.0f64, 1.0, -2.0].into_iter().enumerate() {
        assert!((values[0][i] - (x * x.exp() + x * x)).abs() < 1e-14);
        assert!((values[1][i] - x.exp()).abs() < 1e-14);
        assert_eq!(values[1][i], values[2][i]);
        assert_eq!(values[3][i], 0.0);
    }
}

#[test]
fn any_node_may_be_differentiated_by() {
    let graph = Graph::new();
    let x = graph.input("x", [2]);
    let a = x.square();
    let y = a * a + x * a;
    let by = grad(y, &[a, x, y, a]);
    let alone = grad(y, &[a])[0];
    let second = grad(by[0], &[a])[0];
    // Moving a as well as x: the tangent of a is its own and what x gives.
    let along = jvp(&[y, a, x], &[(a, graph.full([2], 10.0)), (x, graph.full([2], 1.0))]);
    let values =
        evaluate(&[by[0], by[1], by[2], by[3], alone, second, along[0], along[1], along[2]], &[&[3.0, -1.0]]);
    let want = |f: fn(f64) -> f64| [f(3.0), f(-1.0)];
    assert_eq!(values[0][..], want(|x| 2.0 * x * x + x));
    assert_eq!(values[1][..], want(|x| 4.0 * x * x * x + 3.0 * x * x));
    assert_eq!(values[2], [1.0; 2]);
    assert_eq!((&values[3], &values[4]), (&values[0], &values[0]));
    assert_eq!(values[5], [2.0; 2]);
    assert_eq!(values[6][..], want(|x| (2.0 * x * x + x) * (10.0 + 2.0 * x) + x * x));
    assert_eq!(values[7][..], want(|x| 10.0 + 2.0 * x));
    assert_eq!(values[8], [1.0; 2]);
}

#[test]
fn several_results_add_up() {
    let graph = Graph::new();
    let (x, v) = (graph.input("x", [2]), graph.input("v", [2]));
    let (y, z) = (x.exp(), x.sum());
    let total = vjp(&[(y, v), (z, graph.scalar(3.0)), (y, v)], &[x])[0];
    let values = evaluate(&[total], &[&[0.0, 1.0], &[5.0, 7.0]]);
    close("sum", &values[0], &[13.0, 3.0 + 14.0 * 1f64.exp()], &[], 1e-15).unwrap();
}

#[test]
fn what_is_out_of_reach_has_derivative_zero() {
    let graph = Graph::new();
    let (x, other) = (graph.input("x", [2, 3]), graph.input("other", [4]));
    let later = x.exp() * 2.0;
    let y = x.sin();
    let by = grad(y, &[other, later]);
    assert_eq!((by[0].shape(), by[1].shape()), (other.shape(), later.shape()));
    let steps = x.sign().sum() + x.floor().sum() + x.less(0.5).sum() + x.argmax().sum();
    let flat = grad(steps * 2.0, &[x])[0];
    let along = jvp(&[steps, y], &[(other, graph.full([4], 1.0))]);
    let along_x = jvp(&[steps], &[(x, graph.full([2, 3], 1.0))]);
    let all = [by[0], by[1], flat, along[0], along[1], along_x[0]];
    for (e, value) in all.iter().zip(evaluate(&all, &[&[0.3; 6], &[0.1; 4]])) {
        assert_eq!(value, vec![0.0; e.shape().numel()]);
    }
    assert_eq!(graph.error(), None);
}

#[test]
fn sums_over_nothing_have_derivative_zero() {
    let graph = Graph::new();
    let (x, nothing) = (graph.input("x", [1]), graph.input("nothing", [2, 0]));
    let (row, empty) = (graph.input("row", [3, 0]), graph.input("empty", [0, 2]));
    let by = grad((x * nothing.exp()).sum(), &[x, nothing]);
    let product = grad(nothing.reduce(Reduction::Prod, -1), &[nothing])[0];
    let matmul = grad(row.matmul(empty), &[row, empty]);
    let values = evaluate(&[by[0], by[1], product, matmul[0], matmul[1]], &[&[2.0], &[], &[], &[]]);
    assert_eq!(values, [vec![0.0], vec![], vec![], vec![], vec![]]);
    // Summing to a shape and repeating to it, where either has no elements.
    assert_eq!(nothing.sum_to(&[2, 1].into()).shape(), [2, 1].into());
    assert_eq!(x.sum_to(&[3, 0].into()).shape(), [3, 0].into());
    assert_eq!(graph.error(), None);
}

#[test]
fn third_derivatives_in_any_mode() {
    type Function = for<'g> fn(Expr<'g>) -> Expr<'g>;
    type Known = (&'static str, Function, fn(f64) -> f64);
    let functions: [Known; 6] = [
        ("sin", |x| x.sin(), |x| -x.cos()),
        ("exp", |x| (x * 2.0).exp(), |x| 8.0 * (2.0 * x).exp()),
        ("log", |x| x.log(), |x| 2.0 / x.powi(3)),
        ("tanh", |x| x.tanh(), |x| (4.0 - 6.0 / x.cosh().powi(2)) / x.cosh().powi(2)),
        ("erf", |x| x.erf(), |x| (4.0 * x * x - 2.0) * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI),
        ("x⁵", |x| x.pow(5.0), |x| 60.0 * x * x),
    ];
    let at = [0.3, 1.0, 1.9];
    for (name, f, want) in functions {
        let graph = Graph::new();
        let x = graph.input("x", [3]);
        let reverse = |y| grad(y, &[x])[0];
        let forward = |y| jvp(&[y], &[(x, graph.full([3], 1.0))])[0];
        let y = f(x);
        let outputs = [
            reverse(reverse(reverse(y))),
            forward(forward(forward(y))),
            reverse(forward(reverse(y))),
            forward(reverse(forward(y))),
        ];
        for value in evaluate(&outputs, &[&at]) {
            close(name, &value, &at.map(want), &[], 1e-13).unwrap();
        }
    }
    // Σⱼₖ ∂³ logsumexp / ∂xᵢ ∂xⱼ ∂xₖ vⱼ vₖ is pᵢ ((vᵢ − m)² − s²), with m and s² the mean and variance of v under p.
    let graph = Graph::new();
    let (x, v) = (graph.input("x", [3]), graph.input("v", [3]));
    let along = |y| (grad(y, &[x])[0] * v).sum();
    let third = grad(along(along(x.logsumexp(-1))), &[x])[0];
    let p = x.softmax();
    let mean = p.dot(v);
    let spread = (v - mean).square();
    let want = p * (spread - p.dot(spread));
    let values = evaluate(&[third, want], &[&[0.2, -1.0, 1.5], &[1.0, 2.0, -0.7]]);
    close("logsumexp", &values[0], &values[1], &[], 1e-14).unwrap();
}

fn black_box(name: &str, shape: impl Into<Shape>, input_ranks: &[usize]) -> External {
    let function: Arc<ExternalFn> = Arc::new(|x, y| {
        y.fill(x.iter().copied().flatten().sum::<f64>().powi(2));
        Ok(())
    });
    External::new(name, shape, input_ranks.to_vec(), function)
}

#[test]
fn draws_have_no_derivative() {
    let graph = Graph::new();
    let rate = graph.input("rate", [3]);
    let z = graph.draw(Law::Poisson, 0, [3].into(), &[rate]);
    let sum = z.sum();
    let asked = graph.clone();
    assert!(grad(asked.expr(sum.id()), &[asked.expr(rate.id())])[0].is_poison());
    let none = Some(Error::NoDerivative { operation: "a draw from Poisson".into() });
    assert_eq!(asked.error(), none);
    assert!(!grad((z.stop_gradient() * rate).sum(), &[rate])[0].is_poison());
    assert_eq!(graph.error(), None);
    assert!(graph.draw(Law::Gamma, 0, [3].into(), &[rate]).is_poison());
    assert!(graph.error().unwrap().to_string().contains("1 parameters, expected 2"));
}

#[test]
fn derivatives_of_quantiles_have_no_derivative() {
    let graph = Graph::new();
    let (kappa, z) = (graph.input("kappa", [2]), graph.input("z", [2]));
    let d = graph.quantile_derivative(Quantile::VonMises, &[kappa, z]);
    let sum = d.sum();
    let none = Some(Error::NoDerivative { operation: "the derivative of a quantile of VonMises".into() });
    for by in [kappa, z] {
        let asked = graph.clone();
        assert!(grad(asked.expr(sum.id()), &[asked.expr(by.id())])[0].is_poison());
        assert_eq!(asked.error(), none);
        let asked = graph.clone();
        let by = asked.expr(by.id());
        jvp(&[asked.expr(sum.id())], &[(by, by)]);
        assert_eq!(asked.error(), none);
    }
    let values =
        evaluate(&[grad((d.stop_gradient() * kappa).sum(), &[kappa])[0], d], &[&[1.0; 2], &[-2.0, 0.0]]);
    assert_eq!((values[0][0], values[0][1]), (values[1][0], 0.0));
    assert!((values[0][0] - 0.959_816_869_781_193).abs() < 1e-13);
    assert_eq!(graph.error(), None);
    assert!(graph.quantile_derivative(Quantile::LogitBeta, &[kappa, z]).is_poison());
    assert!(graph.error().unwrap().to_string().contains("2 inputs, expected 3"), "{:?}", graph.error());
}

#[test]
fn black_boxes_have_no_derivative() {
    let graph = Graph::new();
    let (x, other) = (graph.input("x", [3]), graph.input("other", [3]));
    let y = graph.external(black_box("simulator", [2], &[1]), &[x.exp()]);
    let none = Some(Error::NoDerivative { operation: "simulator".into() });
    let (sum, total) = (y.sum(), y.sum() + x.sum());
    let asked = graph.clone();
    assert!(grad(asked.expr(total.id()), &[asked.expr(x.id())])[0].is_poison());
    // The error stays.
    assert_eq!([asked.error(), asked.error()], [none.clone(), none.clone()]);
    let asked = graph.clone();
    jvp(&[asked.expr(sum.id())], &[(asked.expr(x.id()), asked.expr(other.id()))]);
    assert_eq!(asked.error(), none);

    // No derivative of the black box is asked for here.
    let outputs = [
        grad(y.sum() * other, &[other])[0],
        grad(y.stop_gradient().sum() * x, &[x])[0],
        grad(graph.external(black_box("simulator", [2], &[1]), &[x.stop_gradient()]).sum() * x, &[x])[0],
        grad(graph.external(black_box("simulator", [], &[1]), &[x.floor()]).less(3.0).select(x, -x), &[x])[0],
        jvp(&[y.stop_gradient().sum() * x], &[(x, other)])[0],
        jvp(&[y.sum().greater(1.0).select(x, -x)], &[(x, other)])[0],
        jvp(&[y.floor().sum() * other], &[(other, other)])[0],
    ];
    assert_eq!(graph.error(), None);
    let values = evaluate(&outputs, &[&[0.0; 3], &[2.0; 3]]);
    assert_eq!(values, [18.0, 18.0, 0.0, 1.0, 36.0, 2.0, 36.0].map(|v| vec![v; 3]));
}

#[test]
fn black_boxes_loop_over_further_leading_axes() {
    let graph = Graph::new();
    let (a, b) = (graph.input("a", [3]), graph.input("b", [2, 1]));
    let y = graph.external(black_box("simulator", [2], &[1, 1]), &[a, b]);
    assert_eq!(y.shape(), [2, 2].into());
    let (wide_a, wide_b) = (graph.input("A", [4, 3]), graph.input("B", [4, 2, 1]));
    let mut only_a = HashMap::from([(a.id(), wide_a)]);
    let mut both = HashMap::from([(a.id(), wide_a), (b.id(), wide_b)]);
    let outputs = [y, substitute(&graph, y.id(), &mut only_a), substitute(&graph, y.id(), &mut both)];
    assert_eq!(graph.error(), None);
    let wide_a: Vec<f64> = (0..12).map(f64::from).collect();
    let wide_b: Vec<f64> = (0..8).map(|i| 0.5 * f64::from(i)).collect();
    let values = evaluate(&outputs, &[&wide_a[..3], &wide_b[..2], &wide_a, &wide_b]);
    assert_eq!(values[0], [9.0, 9.0, 12.25, 12.25]);
    for i in 0..4 {
        let sum: f64 = wide_a[3 * i..3 * i + 3].iter().sum();
        for j in 0..2 {
            assert_eq!(values[1][4 * i + 2 * j], (sum + wide_b[j]).powi(2));
            assert_eq!(values[2][4 * i + 2 * j], (sum + wide_b[2 * i + j]).powi(2));
        }
    }
    assert!(graph.external(black_box("simulator", [], &[1]), &[a, b]).is_poison());
    assert!(graph.error().unwrap().to_string().contains("2 arguments, expected 1"));
}
