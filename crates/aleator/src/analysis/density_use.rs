//! What an estimator may do with the score of a site, in words.

use aleator_engine::graph::{NodeId, Op, Unary, dependents};

use super::influence::Influences;
use super::own_density::{Obstacle, enters_linearly, own_densities};
use crate::distributions::Support;
use crate::graph::{Graph, SiteDef};

/// Whether the score of a site has mean 0 as far as costs contain log q(z) of its draw z; if not, the reason.
pub(super) fn score_separates(
    graph: &Graph,
    sites: &[SiteDef],
    influences: &Influences,
    nodes: &[NodeId],
    site: usize,
) -> Result<(), String> {
    let def = &sites[site];
    let own = own_densities(graph, def, nodes);
    if own.is_empty() {
        return Ok(());
    }
    if def.family.support() == Support::Interval {
        return Err(
            "its support depends on its parameters, so the mean of its score is not 0; use pathwise".into()
        );
    }
    let costs: Vec<NodeId> = graph.costs().iter().map(|cost| cost.node).collect();
    enters_linearly(graph, influences, site, &own, &costs)
        .map_err(|obstacle| describe(graph, sites, &def.name, obstacle))
}

/// The reason why a score cannot be left out, with a remedy.
fn describe(graph: &Graph, sites: &[SiteDef], name: &str, obstacle: Obstacle) -> String {
    let (Obstacle::Nonlinear(node) | Obstacle::Factor(node) | Obstacle::Parameter(node)) = obstacle;
    let place = place(graph, node);
    let (how, remedy) = match obstacle {
        Obstacle::Nonlinear(_) => {
            let op = graph.engine().node(node).op;
            let within = match op {
                Op::Unary(Unary::Exp | Unary::Log) | Op::LogSumExp(_) => {
                    "doubly_reparameterized for a bound log mean exp, or "
                }
                _ => "",
            };
            (format!("{place} is not linear in it (`{}`)", op.name()), format!("use {within}pathwise"))
        }
        Obstacle::Factor(_) => (
            format!("{place} multiplies it by something that depends on `{name}`"),
            "use pathwise".to_string(),
        ),
        Obstacle::Parameter(value) => {
            let later = sites.iter().find(|s| s.value == value).map_or("a later site", |s| s.name.as_str());
            (format!("the distribution of `{later}` depends on it"), "use pathwise".to_string())
        }
    };
    format!(
        "it leaves out the score of `{name}`, whose mean is 0 only if `log_prob({name})` enters the costs with a factor that does not \
         depend on `{name}`, but {how}; {remedy}"
    )
}

/// The first named node that is computed from a node, in words.
fn place(graph: &Graph, node: NodeId) -> String {
    let behind = dependents(graph.engine(), &[node]);
    let named = graph.named().into_iter().filter(|(_, id)| behind[id.index()]);
    match named.min_by_key(|(_, id)| *id) {
        Some((name, _)) => format!("`{name}`"),
        None => "a cost".into(),
    }
}
