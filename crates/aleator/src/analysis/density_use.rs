//! What an estimator may do with the score of a site, in words.

use aleator_engine::graph::{NodeId, Op, Unary, ancestors, dependents};

use super::graph_analysis::Analysis;
use super::log_sum_exp::find as find_log_sum_exp;
use super::own_density::{Obstacle, enters_linearly, own_densities};
use crate::graph::Graph;

/// Whether the score of a site has mean 0 as far as costs contain log q(z) of its draw z; if not, the reason.
pub(super) fn score_separates(graph: &Graph, analysis: &Analysis, site: usize) -> Result<(), String> {
    let def = &analysis.sites[site];
    let own = own_densities(graph, def, &analysis.nodes);
    if own.is_empty() {
        return Ok(());
    }
    if def.family.support().ends().any(|end| analysis.moving[site][end]) {
        return Err(
            "its support depends on its parameters, so the mean of its score is not 0; use pathwise".into()
        );
    }
    enters_linearly(graph, &analysis.influences, site, &own, &costs(graph))
        .map_err(|obstacle| describe(graph, analysis, site, obstacle))
}

/// Whether it has, or the costs contain log q(z) only within one log Σ exp over copies, so that the mean of the score is known as a
/// derivative along z; if not, the reason.
pub(super) fn score_moves_to_path(graph: &Graph, analysis: &Analysis, site: usize) -> Result<(), String> {
    let Err(reason) = score_separates(graph, analysis, site) else { return Ok(()) };
    let (def, influences) = (&analysis.sites[site], &analysis.influences);
    if def.family.support().ends().any(|end| analysis.moving[site][end]) {
        return Err(reason);
    }
    let name = &def.name;
    let Some(bound) = find_log_sum_exp(graph, analysis, site) else {
        return Err(format!(
            "`{name}` must reach the costs only through one `logsumexp` (or the log of a mean of exp) over its first axis, \
             `{name} ~ D(..)[K]`; use pathwise"
        ));
    };
    let later =
        analysis.sites.iter().enumerate().find(|(i, s)| *i != site && influences.reaches(site, s.value));
    if let Some((_, later)) = later {
        return Err(format!(
            "`{}` depends on `{name}`, and the score may pass through no other draw; use pathwise",
            later.name
        ));
    }
    let shape = graph.expr(bound.node).shape();
    let map = influences.map(site, bound.node).cloned().unwrap_or_default();
    let own_term = |axis: usize| shape.from_end(axis) == 1 || map.contains(&Some(axis));
    if bound.over_others || !(0..shape.rank()).all(own_term) {
        return Err(format!(
            "each draw of `{name}` must enter one term of the `logsumexp`, but it enters several; use pathwise, or draw one for each \
             term"
        ));
    }
    if stops_between(graph, analysis, site, bound.node) {
        return Err(format!(
            "a `stop_gradient` lies between `{name}` and the `logsumexp`, and the derivative of its weights along `{name}` would miss \
             what is behind it; use pathwise, or leave out the `stop_gradient`"
        ));
    }
    let own = own_densities(graph, def, &analysis.nodes);
    enters_linearly(graph, influences, site, &own, &[bound.node])
        .and_then(|()| enters_linearly(graph, influences, site, &[bound.end], &costs(graph)))
        .map_err(|obstacle| describe(graph, analysis, site, obstacle))
}

/// Whether a `stop_gradient` is applied to a value that depends on a site and from which `end` is computed.
fn stops_between(graph: &Graph, analysis: &Analysis, site: usize, end: NodeId) -> bool {
    let needed = ancestors(graph.engine(), &[end]);
    let stops = |id: NodeId| graph.engine().with_node(id, |node| node.op == Op::StopGradient);
    let between =
        |id: &NodeId| needed.get(id.index()) == Some(&true) && analysis.influences.reaches(site, *id);
    analysis.nodes.iter().filter(|id| between(id)).any(|id| stops(*id))
}

fn costs(graph: &Graph) -> Vec<NodeId> {
    graph.costs().iter().map(|cost| cost.node).collect()
}

/// The reason why a score cannot be left out, with a remedy.
fn describe(graph: &Graph, analysis: &Analysis, site: usize, obstacle: Obstacle) -> String {
    let (sites, name) = (&analysis.sites, &analysis.sites[site].name);
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
        "the score of `{name}` has the mean 0 only if `log_prob({name})` enters with a factor that does not depend on `{name}`, but {how}; \
         {remedy}"
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
