//! A parameter of the graph that reaches a number of trials.
//!
//! ```text
//! z ~ Binomial(n, p):     p(z; n) is defined for whole n alone, so ∂p/∂n does not exist
//! ```
//!
//! The estimators take n for constant there. A gradient of 0 by it would be no gradient, so such a graph is refused. What comes
//! from a site (n = 1 + 2a) is no such parameter: it is drawn, and the law that it is drawn from has the derivative.

use std::collections::HashSet;

use aleator_engine::graph::{NodeId, Op};

use crate::distributions::Constraint;
use crate::error::{Error, Result};
use crate::graph::{Graph, SiteDef};

/// Refuses a site with a count that a parameter of the graph reaches in another way than through a law or a `stop_gradient`.
///
/// # Errors
/// If there is such a count.
pub(crate) fn check(graph: &Graph, sites: &[SiteDef]) -> Result<()> {
    let params = graph.params();
    for site in sites {
        for (spec, &node) in site.family.parameters().iter().zip(&site.parameters) {
            if spec.constraint != Constraint::Count {
                continue;
            }
            let reaching = reaches(graph, node);
            if let Some(param) = params.iter().find(|p| reaching(p.node)) {
                let (count, name) = (spec.name, &param.name);
                return Err(Error::Domain {
                    parameter: count.into(),
                    site: site.name.clone(),
                    distribution: site.family.name().into(),
                    constraint: format!(
                        "free of the parameter `{name}`: there is no derivative by a {count}; make `{name}` a `const`, or \
                         give stop_gradient(..) for {count} to keep it fixed, or draw {count} from a law"
                    ),
                });
            }
        }
    }
    Ok(())
}

/// Which nodes `sink` is computed from, other than through sites and `stop_gradient`.
fn reaches(graph: &Graph, sink: NodeId) -> impl Fn(NodeId) -> bool {
    let mut reached = HashSet::new();
    let mut waiting = vec![sink];
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            graph.engine().with_node(id, |node| {
                if !matches!(node.op, Op::Hole(_) | Op::StopGradient) {
                    waiting.extend(&node.inputs);
                }
            });
        }
    }
    move |node| reached.contains(&node)
}
