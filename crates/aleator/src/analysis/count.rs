//! Graphs in which a parameter influences a number of trials.
//!
//! ```text
//! z ~ Binomial(n, p):     p(z; n) is defined for whole n alone, so ∂p/∂n does not exist
//! ```
//!
//! The estimators treat n as a constant. The resulting gradient of 0 with respect to the parameter would be wrong, so such a
//! graph is refused. A value that comes from a site (n = 1 + 2a) is allowed: it is drawn, and the distribution from which it is
//! drawn has the derivative.

use std::collections::HashSet;

use aleator_engine::graph::{NodeId, Op};

use crate::distributions::Constraint;
use crate::error::{Error, Result};
use crate::graph::{Graph, SiteDef};

/// Refuses a site whose count depends on a parameter of the graph other than through a distribution or a `stop_gradient`.
///
/// # Errors
/// Returns an error if there is such a count.
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

/// The nodes from which `sink` is computed, other than through sites and `stop_gradient`.
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
