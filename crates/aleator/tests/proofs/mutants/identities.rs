//! Mistakes that leave the mean on some graph as it is: identities show them.

use aleator::distributions::Bernoulli;
use aleator::estimators::GradientTerm;
use aleator::graph::{Expr, Graph};
use aleator_engine::graph::Op;

use super::scores::toy;
use super::{Mutant, NONE};

/// Two coins with costs of their own.
fn two(g: &Graph) {
    for (name, cost, theta) in [("a", "f", 0.3), ("b", "h", -0.8)] {
        let z = g.sample(name, Bernoulli::from_logits(g.param(&format!("theta_{name}"), theta)));
        g.cost(cost, (z - 0.45).square());
    }
}

/// The uniform numbers that were created last.
fn last_noise<'g>(e: Expr<'g>) -> Expr<'g> {
    let graph = e.graph();
    let is_noise = |id: &_| matches!(graph.node(*id).op, Op::Uniform { .. });
    graph.ids().filter(is_noise).last().map_or(e, |id| graph.expr(id))
}

pub(super) fn mutants() -> Vec<Mutant> {
    vec![
        Mutant {
            of: "score_function",
            mistake: "the cost is limited to 100 before it multiplies the score",
            graph: toy,
            terms: Some(|site, cone| {
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cone.cost().minimum(100.0))])
            }),
            identity: Some("constant"),
            ..NONE
        },
        Mutant {
            of: "score_function",
            mistake: "the noise of the last site of the graph is the baseline of the first one",
            graph: two,
            terms: Some(|site, cone| {
                let cost = cone.cost();
                let baseline = if site.name() == "a" { last_noise(cost) } else { cost * 0.0 };
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cost - baseline)])
            }),
            identity: Some("cone"),
            ..NONE
        },
        Mutant {
            of: "score_function",
            mistake: "from the second step of training on, the moving average contains the draw",
            graph: toy,
            terms: Some(|site, cone| {
                let cost = cone.cost();
                let before = site.training_average("baseline", 0.0, 0.9, cost);
                let started = before.abs().greater(0.0);
                let baseline = started * (0.9 * before + 0.1 * cost);
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cost - baseline)])
            }),
            identity: Some("training"),
            ..NONE
        },
    ]
}
