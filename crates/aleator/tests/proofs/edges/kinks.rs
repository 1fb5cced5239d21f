//! Kinks and jumps of a cost exactly at the present parameters: where a draw lies there with positive probability, or nothing random
//! does, the objective has no derivative. One-sided derivatives are summed by hand.

use aleator::diagnostics::{Compare, exact, grad, kinks};
use aleator::plan::Plan;

use super::read;

/// Whether the exact gradient of the parameter is known, and the numbers of the reason why it is not.
fn answer(text: &str, parameter: &str) -> (Option<f64>, Option<String>) {
    let exact = exact(&read(text)).unwrap();
    assert!(exact.objective.is_some(), "{text}: {:?}", exact.unknown);
    (exact.gradient.get(parameter).map(|tensor| tensor.values[0].0), exact.unknown)
}

fn warnings(text: &str) -> Vec<String> {
    let graph = read(text);
    let plan = Plan::choose(&graph, &[], None).unwrap();
    kinks(&graph, &plan).into_iter().map(|lint| lint.message).collect()
}

/// d ~ Binomial(2, 1/2) is 0, 1, 2 with probabilities 1/4, 1/2, 1/4, and S is 1: the cost and both one-sided derivatives.
const WITHOUT: [(&str, &str, &str); 13] = [
    ("max(S - d, 0)", "0.25", "0.75"),
    ("3 * relu(S - d) + relu(d - S)", "0", "2"),
    ("abs(S - d)", "-0.5", "0.5"),
    ("min(S, d)", "0.75", "0.25"),
    ("clamp(d - S, 0, 9)", "-0.75", "-0.25"),
    ("where(S > d, S - d, 2 * (d - S))", "-1.25", "0.25"),
    ("where(S >= d and d >= 0, S - d, 0)", "0.25", "0.75"),
    ("max([S, d, -1])", "0.25", "0.75"),
    ("square(max(S - d, 0) + 1)", "1", "2"),
    ("S * (max(S - d, 0) - 1)", "-0.5", "0"),
    ("abs(max(S, d) - d)", "0.25", "0.75"),
    ("min(min(S - d, 0), 4)", "0.75", "0.25"),
    // No draw decides.
    ("abs(S - 1) + d", "-1", "1"),
];

#[test]
fn a_kink_that_a_draw_hits_leaves_no_derivative() {
    for (cost, below, above) in WITHOUT {
        let text = format!("param S = 1\nd ~ Binomial(2, 0.5)\ncost f = {cost}\n");
        let (gradient, reason) = answer(&text, "S");
        let reason = reason.unwrap_or_default();
        assert_eq!(gradient, None, "{cost}");
        assert!(reason.contains("no derivative with respect to `S`"), "{cost}: {reason}");
        assert!(reason.contains(&format!("it is {below} below and {above} above")), "{cost}: {reason}");
        assert!(!warnings(&text).is_empty(), "{cost}");
        let beside = text.replace("S = 1", "S = 1.25");
        let (gradient, reason) = answer(&beside, "S");
        assert!(gradient.is_some() && reason.is_none(), "{cost}: {reason:?}");
        assert!(warnings(&beside).is_empty(), "{cost}: {:?}", warnings(&beside));
    }
}

/// The cost and its derivative at S = 1.
#[test]
fn both_sides_agree_where_there_is_a_derivative() {
    for (cost, slope) in [
        ("S * max(d - 1, 0)", 0.25),
        ("max(S - d, 0) + min(S - d, 0)", 1.0),
        ("abs(S - d) - abs(d - S) + S", 1.0),
        ("max(S - d, 0)^2", 0.5),
        ("where(S > d, (S - d)^2, 0)", 0.5),
        ("max(S - d - 0.5, 0)", 0.25),
        ("max(S, S * d)", 1.25),
        ("min(max(S - d, 0), S - d)", 1.0),
        ("max(S, d + S)", 1.0),
        ("max(stop_gradient(S) - d, 0) + S", 1.0),
    ] {
        let text = format!("param S = 1\nd ~ Binomial(2, 0.5)\ncost f = {cost}\n");
        let (gradient, reason) = answer(&text, "S");
        assert!(gradient.is_some_and(|g| (g - slope).abs() < 1e-12), "{cost}: {gradient:?}, {reason:?}");
        assert!(warnings(&text).is_empty(), "{cost}: {:?}", warnings(&text));
    }
}

#[test]
fn a_continuous_draw_hits_no_kink() {
    let text = "param S = 1\nd ~ Exponential(1)\ncost f = max(S - d, 0)\n";
    let (gradient, reason) = answer(text, "S");
    assert!(gradient.is_some_and(|g| (g - (1.0 - (-1f64).exp())).abs() < 1e-6), "{gradient:?}, {reason:?}");
    assert!(warnings(text).is_empty());
}

#[test]
fn counts_without_end_are_summed_on_both_sides() {
    let text = "param S = 3\nparam r = 2\nd ~ Poisson(r)\ncost f = 0.5 * max(S - d, 0) + 2 * max(d - S, 0)\n";
    let (gradient, reason) = answer(text, "S");
    // 0.5 P(d < 3) - 2 P(d >= 3) and 0.5 P(d <= 3) - 2 P(d > 3)
    assert!(gradient.is_none() && reason.unwrap().contains("it is -0.3083 below and 0.1428 above"));
    // The other parameter moves the distribution and not the kink.
    let (gradient, _) = answer(text, "r");
    assert!(gradient.is_some());
}

#[test]
fn later_distributions_have_kinks_too() {
    let text = "param S = 1\nd ~ Binomial(2, 0.5)\nk ~ Bernoulli(0.5 + 0.1 * max(S - d, 0))\ncost f = k\n";
    let (gradient, reason) = answer(text, "S");
    assert!(gradient.is_none() && reason.unwrap().contains("it is 0.025 below and 0.075 above"));
    let jump = "param S = 1\nd ~ Binomial(2, 0.5)\ncost f = S >= d\n";
    let (gradient, reason) = answer(jump, "S");
    assert!(gradient.is_none() && reason.unwrap().contains("a comparison jumps exactly there"));
}

/// `grad` says so once, and keeps the exact objective.
#[test]
fn a_report_keeps_what_is_known() {
    let graph = read("param S = 1\nd ~ Binomial(2, 0.5)\ncost f = max(S - d, 0)\n");
    let plan = Plan::choose(&graph, &[], None).unwrap();
    let report = grad(&graph, &plan, &Compare::all().replicates(10), "", &|_, _| {}).unwrap();
    assert_eq!(report.exact.objective.unwrap().0, 0.25);
    assert!(report.results[0].gradient["S"].exact.is_none());
    let said = report.warnings.iter().filter(|w| w.starts_with("no exact gradient: ")).count();
    assert_eq!((said, report.lints.len()), (1, 0), "{:?}", report.warnings);
}

/// Norms, argmax and one-hot vectors of parameters: a warning exactly at the kink or jump, and none beside it.
#[test]
fn norms_argmax_and_one_hot_of_parameters() {
    for (at, beside, cost, said) in [
        ("[0, 0]", "[0, 0.1]", "norm(w) + d", "`norm` has a kink"),
        ("[1, 2]", "[1, 1.5]", "norm(w - [1, 2]) * (1 + d)", "`norm` has a kink"),
        ("[0, 1]", "[0, 1.5]", "norm(stack([w[1] - d, w[0]]))", "`norm` has a kink"),
        ("[1, 1]", "[1, 1.1]", "[3, 1][argmax(w)] * d", "`argmax` jumps"),
        ("[1, 1]", "[1, 1.1]", "w[argmax(w)] * d", "`argmax` has a kink"),
        ("[1, 0]", "[1.1, 0]", "dot(one_hot(w[0], 3), [1, 2, 3]) * (1 + d)", "`one_hot` jumps"),
        ("[0, 0]", "[0.1, 0]", "abs(norm(w)) + norm(w)^2 + d", "`norm` has a kink"),
    ] {
        let text = |value: &str| format!("param w = {value}\nd ~ Binomial(2, 0.5)\ncost f = {cost}\n");
        let found = warnings(&text(at));
        assert!(found.len() == 1 && found[0].contains(said), "{cost}: {found:?}");
        assert!(warnings(&text(beside)).is_empty(), "{cost}: {:?}", warnings(&text(beside)));
        let (gradient, reason) = answer(&text(at), "w");
        assert!(gradient.is_none() && reason.is_some_and(|reason| reason.contains(said)), "{cost}");
    }
    for smooth in
        ["norm(w)^2 + d", "norm(w) - norm(w) + d", "norm(w - d - 0.5)", "w[argmax(w)] + w[argmax(-w)]"]
    {
        let text = format!("param w = [0, 0]\nd ~ Binomial(2, 0.5)\ncost f = {smooth}\n");
        let (gradient, reason) = answer(&text, "w");
        assert!(gradient.is_some(), "{smooth}: {reason:?}");
        assert!(warnings(&text).is_empty(), "{smooth}: {:?}", warnings(&text));
    }
}

/// Weights of outcomes that no parameter moves stand beside sums over counts.
#[test]
fn constant_weights_beside_sums_over_counts() {
    let text = "param r = 2\nk ~ Poisson(r)\nn ~ Binomial(10, 0.3)\ncost f = r * k + n\n";
    let (gradient, reason) = answer(text, "r");
    assert!(gradient.is_some_and(|g| (g - 4.0).abs() < 1e-9), "{gradient:?}, {reason:?}");
}
