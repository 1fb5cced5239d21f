//! Functions of the language at the ends of the range of numbers, and what is said where a number is not finite.

use aleator::diagnostics::{Compare, exact, grad};
use aleator::language::load;
use aleator::plan::Plan;

use crate::common::*;

#[test]
fn norms_have_gradients_at_both_ends_of_the_range() {
    for (w, want) in
        [("[3e200, 4e200]", [0.6, 0.8]), ("[3e-200, -4e-200]", [0.6, -0.8]), ("[3e-320, 4e-320]", [0.6, 0.8])]
    {
        let model = load(&format!("param w = {w}\ncost f = norm(w)"), None, &[]).unwrap();
        let gradient = gradient_of(&model.graph);
        close(w, &gradient, &want, 1e-3 * f64::from(w.contains("320")) + 1e-15);
    }
    // At 0 the norm has a kink.
    let model = load("param w = [0, 0]\ncost f = norm(w)", None, &[]).unwrap();
    let at_zero = exact(&model.graph).unwrap();
    assert_eq!(at_zero.objective.map(|value| value.0), Some(0.0));
    assert!(at_zero.gradient.is_empty());
}

#[test]
fn an_empty_interval_is_refused_at_its_place() {
    let Err(error) = load("param x = 1\ncost f = clamp(x, 1, 0)", None, &[]) else {
        panic!("it is accepted")
    };
    let text = format!("{error:?}");
    assert!(text.contains("lower bound 1 exceeds the upper bound 0"), "{text}");
}

/// A graph and what its warning names.
#[test]
fn what_is_not_finite_is_named() {
    let cases = [
        ("param a = 0.3\nb ~ Bernoulli(logits = a)\ncost f = log(b) + a", "`log` in `f`"),
        ("param a = 0.3\nb ~ Bernoulli(logits = a)\ng = a / b\ncost f = g + 1", "`/` (`g`)"),
        ("param x = 0\ncost f = where(x > 1, sqrt(x), 2)", "`where` does not make"),
        ("param x = 0\ncost f = sqrt(x)", "`sqrt` (`f`) has a derivative"),
        (
            "param m = 0\nz ~ Normal(m, 1e-320)\ncost f = where(z > 0, m, 1)",
            "the score at a draw of `z` (Normal)",
        ),
        (
            "param m = 0\nz ~ LogNormal(m, 400) via pathwise\ncost f = tanh(z)",
            "a draw of `z` (LogNormal) is not",
        ),
        ("param m = 0\nz ~ LogNormal(m, 400) via lax\ncost f = tanh(z)", "a draw of `z` (LogNormal) is not"),
        (
            "param m = 0\nz ~ LogNormal(m, 400) via g_rep\ncost f = tanh(z)",
            "a draw of `z` (LogNormal) is not",
        ),
        (
            "param m = 1\nz ~ Weibull(m, 0.001) via pathwise\ncost f = tanh(z)",
            "a draw of `z` (Weibull) is not",
        ),
        ("param m = 1\nz ~ LogNormal(-3e4 * m^2, 1e5) via pathwise\ncost f = z", "(LogNormal)"),
        (
            "param a = 1\nparam b = 0\ncost f = clamp(0.5, a, b)",
            "`clamp` in `f` is NaN, because its upper bound `b`",
        ),
        (
            "param a = [0, 1]\ng = clamp(0.2, a, 0.5)\ncost f = sum(g)",
            "upper bound 0.5 is below its lower bound `a`",
        ),
    ];
    for (text, word) in cases {
        let model = load(text, None, &[]).unwrap();
        let plan = Plan::choose(&model.graph, &vec![None; model.graph.sites().len()], None).unwrap();
        let how = Compare::all().replicates(50);
        let report = grad(&model.graph, &plan, &how, "x.scg", &|_, _| ()).unwrap();
        let warnings = report.warnings.join("\n");
        assert!(warnings.contains("not finite") && warnings.contains(word), "{text}: {warnings:?}");
    }
}

/// ∂/∂p E (z + 1)² at p ≈ 0, where 1/p overflows: 3 n for n rare events, and −(13/2) + 1 where the weight p is normalised.
///
/// The mass of counts without an end is multiplied by the reciprocal of a node's weight before the derivative divides it by
/// p, so the product is rounded to a multiple of the smallest number, 5e-324: p = 1e-310 leaves 13 digits, p = 5e-324 one.
#[test]
fn subnormal_probabilities_have_exact_gradients() {
    let laws = [
        ("Bernoulli(probs = p)", 3.0),
        ("Binomial(3, probs = p)", 9.0),
        ("Categorical(probs = [p, 0.5, 0.5])", -5.5),
        ("Poisson(p)", 3.0),
        ("NegativeBinomial(2, probs = p)", 6.0),
    ];
    for p in ["1e-310", "5e-324"] {
        for (law, want) in laws {
            let endless = law.starts_with("Poisson") || law.starts_with("Negative");
            if endless && p == "5e-324" {
                continue;
            }
            let model = load(&format!("param p = {p}\nz ~ {law}\ncost f = (z + 1)^2"), None, &[]).unwrap();
            close(&format!("{law} at {p}"), &gradient_of(&model.graph), &[want], 1e-12);
        }
    }
}
