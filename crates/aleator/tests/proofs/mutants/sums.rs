//! Mistakes in sums over outcomes.

use aleator::distributions::{Bernoulli, OneHotCategorical};
use aleator::estimators::GradientTerm;
use aleator::graph::Graph;
use aleator::rewrite::{DownstreamSites, SiteValue};

use super::scores::toy;
use super::{Mutant, NONE};

/// Two coins in one cost.
fn pair(g: &Graph) {
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [2], vec![0.3, -0.8])));
    g.cost("loss", (b.sum() - 0.45).square());
}

/// A one-hot draw of three.
fn three(g: &Graph) {
    let z = g.sample("z", OneHotCategorical::from_logits(g.param_tensor("l", [3], vec![0.3, -0.8, 0.1])));
    g.cost("f", (z.dot(g.data("v", [3], vec![1.0, -2.0, 0.5])) - 0.2).square());
}

pub(super) fn mutants() -> Vec<Mutant> {
    vec![
        Mutant {
            of: "enumeration",
            mistake: "the probabilities of the outcomes are constants",
            graph: toy,
            draw: Some(|site| {
                let all = site.outcomes()?;
                let weight = all.weight.unwrap_or(site.scalar(1.0)).stop_gradient();
                Ok(SiteValue::weighted(all.value, weight))
            }),
            ..NONE
        },
        Mutant {
            of: "local_expectation",
            mistake: "the cost at the draw is not subtracted",
            graph: three,
            terms: Some(|site, cone| {
                let (outcomes, p) = site.other_outcomes(cone.value())?;
                let weight = cone.cost_with_each(outcomes, DownstreamSites::AsPlanned)?;
                Ok(vec![GradientTerm { expr: p, weight, event_rank: 0 }])
            }),
            ..NONE
        },
        Mutant {
            of: "local_expectation",
            mistake: "all draws are replaced together",
            graph: pair,
            terms: Some(|site, cone| {
                let (b, p) = (cone.value(), site.mean()?);
                let other = 1.0 - b;
                let difference = cone.cost_at(other, DownstreamSites::AsPlanned)? - cone.cost();
                Ok(vec![GradientTerm::value(site, p, difference * (other - b))])
            }),
            ..NONE
        },
        Mutant {
            of: "local_expectation",
            mistake: "the logits take the place of the probabilities",
            graph: pair,
            terms: Some(|site, cone| {
                let (b, phi) = (cone.value(), site.log_odds()?);
                let (outcomes, _) = site.other_outcomes(b)?;
                let at_outcomes = cone.cost_with_each(outcomes, DownstreamSites::AsPlanned)?;
                let difference = at_outcomes - cone.cost();
                Ok(vec![GradientTerm { expr: phi, weight: difference * (1.0 - 2.0 * b), event_rank: 0 }])
            }),
            ..NONE
        },
    ]
}
