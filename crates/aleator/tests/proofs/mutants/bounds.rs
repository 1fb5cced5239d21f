//! Mistakes in estimators that move the score of a variational distribution.

use aleator::distributions::Normal;
use aleator::graph::{Expr, Graph};
use aleator::rewrite::SiteValue;

use super::{Mutant, NONE};

/// A draw z ~ q = Normal(m, s) and log q(z), with some copies.
fn posterior(g: &Graph, copies: Option<usize>) -> (Expr<'_>, Expr<'_>) {
    let q = Normal::new(g.param("m", 0.4), g.param("s", 0.7));
    let z = match copies {
        Some(copies) => g.sample("z", q.clone().copies(copies)),
        None => g.sample("z", q.clone()),
    };
    (z, g.log_prob("log_q", &q, z))
}

/// log q(z) − log p(z) for p = Normal(0, 1), without its constant.
fn elbo(g: &Graph) {
    let (z, log_q) = posterior(g, None);
    g.cost("f", log_q + 0.5 * z.square());
}

/// The factor of log q(z) depends on the draw.
fn with_factor(g: &Graph) {
    let (z, log_q) = posterior(g, None);
    g.cost("f", z * log_q);
}

/// A bound of two copies.
fn of_two(g: &Graph) {
    let (z, log_q) = posterior(g, Some(2));
    g.cost("f", -(-0.5 * z.square() - log_q).logsumexp(-1));
}

pub(super) fn mutants() -> Vec<Mutant> {
    vec![
        Mutant {
            of: "sticking_the_landing",
            mistake: "the derivative of log q along the draw is dropped with its score",
            graph: elbo,
            draw: Some(|site| {
                let z = site.rsample()?;
                Ok(SiteValue::value(z).with_log_prob(site.log_prob_of_fixed_law(z.stop_gradient())))
            }),
            ..NONE
        },
        Mutant {
            of: "sticking_the_landing",
            mistake: "the score is dropped although its factor depends on the draw",
            graph: with_factor,
            any_site: true,
            ..NONE
        },
        Mutant {
            of: "doubly_reparameterized",
            mistake: "the score within the bound is dropped and not moved to the path",
            graph: of_two,
            operations: 1 << 29,
            terms: Some(|_, _| Ok(vec![])),
            ..NONE
        },
    ]
}
