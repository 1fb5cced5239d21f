//! Mistakes in straight-through estimators.
//!
//! These estimators declare themselves biased and count as refuted for that. On the graphs of this file, the mean of the original is the
//! gradient all the same, which is proved, and that of the mutant is not:
//!
//! | estimator | where its mean is the gradient |
//! |---|---|
//! | `straight_through` | F linear in a coin |
//! | `reinmax` | F quadratic in a one-hot draw, τ = 1 |
//! | `fini` | F quadratic in a count |
//! | `gapped_straight_through` | F linear in a coin, φ = gap and τ = 1: both perturbed log-odds are ±φ, and σ' is even |
//! | `decoupled_straight_through` | F linear in a coin, τ_b = 2 and σ'(φ/2)/2 = σ'(φ) |
//!
//! The last equation with t = e^(φ/2) is (1 + t²)² = 2 t (1 + t)², hence t + 1/t = 1 + √5.

use aleator::distributions::{Bernoulli, Binomial, OneHotCategorical};
use aleator::graph::{Expr, Graph};
use aleator::rewrite::SiteValue;

use super::{Mutant, NONE};

/// A coin with a linear cost.
fn linear(g: &Graph, phi: f64) {
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", phi)));
    g.cost("f", 1.7 * b + 0.4);
}

/// A quadratic cost of a one-hot draw.
fn quadratic(g: &Graph) {
    let l = g.param_tensor("l", [3], vec![0.3, -0.8, 0.1]);
    let z = g.sample("z", OneHotCategorical::from_logits(l));
    g.cost("f", (z.dot(g.data("v", [3], vec![1.0, -2.0, 0.5])) - 0.2).square());
}

/// A quadratic cost of a count.
fn counted(g: &Graph) {
    let z = g.sample("z", Binomial::from_probs(4.0, g.param("p", 0.3)));
    g.cost("f", (0.7 * z - 1.1).square());
}

/// 2 ln t with t + 1/t = 1 + √5
fn where_decoupling_is_exact() -> f64 {
    let s = 1.0 + 5f64.sqrt();
    2.0 * (0.5 * (s + (s * s - 4.0).sqrt())).ln()
}

/// The value of the draw with another derivative.
fn with<'g>(hard: Expr<'g>, backward: Expr<'g>) -> SiteValue<'g> {
    SiteValue::value(hard + (backward - backward.stop_gradient()))
}

/// An expression with the derivative J(p) ∂φ of a one-hot draw.
fn through<'g>(p: Expr<'g>, phi: Expr<'g>) -> Expr<'g> {
    let p = p.stop_gradient();
    p * (phi - (p * phi).sum_axes(-1).unsqueeze(-1))
}

pub(super) fn mutants() -> Vec<Mutant> {
    vec![
        Mutant {
            of: "straight_through",
            mistake: "the derivative is that of the log-odds, not of the mean",
            graph: |g| linear(g, 0.6),
            draw: Some(|site| Ok(with(site.sample(), site.log_odds()?))),
            biased: true,
            ..NONE
        },
        Mutant {
            of: "reinmax",
            mistake: "½ J(π) g is not subtracted",
            graph: quadratic,
            draw: Some(|site| {
                let (z, phi) = (site.sample(), site.log_odds()?);
                let middle = 0.5 * (site.relax(phi, 1.0)? + z);
                Ok(with(z, 2.0 * through(middle, phi)))
            }),
            biased: true,
            ..NONE
        },
        Mutant {
            of: "reinmax",
            mistake: "J is taken at π, not halfway between π and the draw",
            graph: quadratic,
            draw: Some(|site| {
                let (z, phi) = (site.sample(), site.log_odds()?);
                let pi = site.relax(phi, 1.0)?;
                Ok(with(z, 2.0 * through(pi, phi) - 0.5 * through(pi, phi)))
            }),
            biased: true,
            ..NONE
        },
        Mutant {
            of: "fini",
            mistake: "the derivative at the draw has the weight 1",
            graph: counted,
            draw: Some(|site| Ok(with(site.sample(), site.mean()?))),
            biased: true,
            ..NONE
        },
        Mutant {
            of: "fini",
            mistake: "the weight is z/m",
            graph: counted,
            draw: Some(|site| {
                Ok(with(site.sample(), (site.sample() / site.mean()?).stop_gradient() * site.mean()?))
            }),
            biased: true,
            ..NONE
        },
        Mutant {
            of: "gapped_straight_through(temperature = 1, gap = 1)",
            mistake: "the gap is missing",
            graph: |g| linear(g, 1.0),
            draw: Some(|site| {
                let (z, phi) = (site.sample(), site.log_odds()?);
                let held = phi.stop_gradient();
                let perturbed = z.select(held.maximum(0.0), held.minimum(0.0));
                Ok(with(z, site.relax(perturbed + (phi - held), 1.0)?))
            }),
            biased: true,
            ..NONE
        },
        Mutant {
            of: "decoupled_straight_through(backward_temperature = 2)",
            mistake: "the derivative is not divided by its temperature",
            graph: |g| linear(g, where_decoupling_is_exact()),
            draw: Some(|site| Ok(with(site.sample(), 2.0 * site.relax(site.log_odds()?, 2.0)?))),
            biased: true,
            ..NONE
        },
    ]
}
