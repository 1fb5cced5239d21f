//! Where a cost jumps as a function of a sample, or of what an estimator puts in its place: what makes a derivative
//! wrong without any error.
//!
//! ```text
//! ∇θ E F(T(ε; θ)) = E ∇θ F(T(ε; θ))      only if F is continuous: a jump moves with θ, its derivative does not see it
//! ```
//!
//! For the same reason a control variate that is F at a relaxation, differentiated through it, has the wrong mean where F jumps between
//! the outcomes. An expansion at the mean keeps the right mean whatever its slope is.

use aleator_engine::graph::{Binary, NodeId, Op, Unary, ancestors, dependents};

use super::model::{Graph, SiteDef};
use super::plan::Plan;
use crate::estimators::{Bias, Smoothness};

/// An operation through which a cost depends on a sample in steps.
#[derive(Clone, Debug)]
pub struct Jump {
    /// The operation, as it is written.
    pub operation: String,
    /// Its node.
    pub node: NodeId,
}

/// Something that is allowed and probably wrong.
#[derive(Clone, Debug)]
pub struct Lint {
    /// The site it is about.
    pub site: String,
    /// The cause and what to do.
    pub message: String,
    /// Whether it makes the estimate biased, which it would otherwise not be.
    pub biased: bool,
}

/// The first step (comparison, choice, floor, sign, argmax, black box) on a way from the site's value to a cost. Where the way
/// leads through a later discrete site, its probabilities may still be smooth: that way is not followed further.
pub fn jump(graph: &Graph, site: &SiteDef) -> Option<Jump> {
    first_step(graph, site, |later| later.family.is_reparameterized())
}

/// The same where later sites are relaxed, or at their means, as in a control variate: all ways are followed.
pub fn jump_when_relaxed(graph: &Graph, site: &SiteDef) -> Option<Jump> {
    first_step(graph, site, |_| true)
}

fn first_step(graph: &Graph, site: &SiteDef, passes: impl Fn(&SiteDef) -> bool) -> Option<Jump> {
    let engine = graph.engine();
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(engine, &costs);
    let sites = graph.sites();
    let end = costs.iter().map(|c| c.index() + 1).max().unwrap_or(0);
    let mut smooth = vec![false; end.max(site.value.index() + 1)];
    smooth[site.value.index()] = true;
    for index in site.value.index() + 1..end {
        let (id, node) = engine.nodes_at(index);
        if !needed[index] || !node.inputs.iter().any(|i| smooth[i.index()]) {
            continue;
        }
        match &node.op {
            Op::Unary(Unary::Sign | Unary::Floor)
            | Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne)
            | Op::ArgMax
            | Op::External(_) => return Some(Jump { operation: node.op.name(), node: id }),
            // A choice by the sample, whatever the condition is made of. (That both sides may meet is not seen.)
            Op::Select if smooth[node.inputs[0].index()] => {
                return Some(Jump { operation: node.op.name(), node: id });
            }
            Op::StopGradient => {}
            Op::Hole(_) => {
                smooth[index] = sites.iter().any(|s| s.value == id && passes(s));
            }
            _ => smooth[index] = true,
        }
    }
    None
}

/// What to be warned of under a plan.
pub fn lints(graph: &Graph, plan: &Plan) -> Vec<Lint> {
    let sites = graph.sites();
    let of_site = |(site, estimator): (&SiteDef, &std::sync::Arc<dyn crate::estimators::Estimator>)| {
        let properties = estimator.properties();
        let (name, site_name) = (properties.name, &site.name);
        let step = match estimator.smoothness() {
            Smoothness::NotNeeded => None,
            Smoothness::AtSample => jump(graph, site),
            Smoothness::AtRelaxation | Smoothness::AtMean => jump_when_relaxed(graph, site),
        }?;
        let through = format!("through `{}`{}", step.operation, place(graph, step.node));
        let discrete = site.family.support().is_discrete();
        let instead = if discrete {
            "reinforce_loo, enumeration, or relax(use_cost = false)"
        } else {
            "score_function, reinforce_loo or lax"
        };
        let message = match (estimator.smoothness(), properties.bias) {
            (Smoothness::AtMean, _) => format!(
                "the cost is discontinuous in `{site_name}` ({through}): the gradient by {name} stays unbiased, but its \
                 expansion at the mean does not see the jump and helps little; use {instead}"
            ),
            (Smoothness::AtRelaxation, Bias::Unbiased) => format!(
                "the cost is discontinuous between the outcomes of `{site_name}` ({through}), so its {name} gradient is \
                 biased: the derivative through the relaxation does not see the jump; use {instead}"
            ),
            (Smoothness::AtRelaxation, Bias::Biased) => format!(
                "the cost is discontinuous between the outcomes of `{site_name}` ({through}): its {name} gradient, biased in \
                 any case, does not see the jump at all; use {instead}"
            ),
            _ => format!(
                "the cost is discontinuous in `{site_name}` ({through}), so its {name} gradient is biased: the derivative \
                 does not see the jump; use {instead}"
            ),
        };
        let biased = estimator.smoothness() != Smoothness::AtMean;
        Some(Lint { site: site.name.clone(), message, biased })
    };
    sites.iter().zip(&plan.estimators).filter_map(of_site).collect()
}

/// The named node that an operation is part of.
fn place(graph: &Graph, node: NodeId) -> String {
    let behind = dependents(graph.engine(), &[node]);
    let named = graph.named();
    let within = named
        .iter()
        .filter(|(_, n)| behind.get(n.index()).is_some_and(|&b| b))
        .min_by_key(|(_, n)| n.index());
    within.map(|(name, _)| format!(" in `{name}`")).unwrap_or_default()
}
