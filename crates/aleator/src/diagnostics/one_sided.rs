//! The objective on either side of the present parameters, where a kink or a jump of a cost may lie exactly at them.
//!
//! ```text
//! J(S) = E max(S − d, 0),  d a count:   J'(S + 0) = P(d ≤ S),   J'(S − 0) = P(d < S)
//! ```
//!
//! If S is a whole number, a draw is equal to S with positive probability, and the two differ: J has no derivative there. A
//! continuous draw is equal to S with probability 0, and J is smooth.
//!
//! A graph is rewritten for a direction v in the space of the parameters. Each comparison, maximum, minimum, absolute value, norm, sign,
//! floor, argmax and one-hot vector whose location depends on parameters, and not on a continuous draw, is decided as it is at θ + εv for small ε > 0:
//!
//! ```text
//! a < b   becomes   a' · v < b' · v   where a = b
//! max(a, b)   becomes   a, where a = b and a' · v > b' · v
//! argmax x    becomes   that of x' · v among the largest xᵢ
//! one_hot(k)  becomes   0, where k is a place and k' · v is not 0
//! ‖x‖         becomes   x · u with u = x' · v / ‖x' · v‖, where x = 0
//! ```
//!
//! The gradient of the result is the derivative of J on that side. It is exact for compositions as well, because the derivatives of
//! a are those of its own rewritten operations. The two sides are equal if J has a derivative, even if its terms have none:
//! max(x, 0) + min(x, 0) = x.

use std::collections::HashMap;

use aleator_engine::autodiff::jvp;
use aleator_engine::graph::{Binary, Expr, FromEnd, NodeId, Op, Reduction, Unary, substitute};

use crate::analysis::{Steps, norm_of};
use crate::graph::{Graph, SiteDef};
use crate::rewrite::direction;

/// The largest number of operations that are decided. A graph with more of them is not examined.
const MOST_OPERATIONS: usize = 256;

/// An operation with a kink or a jump at a location that depends on parameters.
pub(super) struct Kink {
    /// The operation.
    pub node: NodeId,
    /// The operation, in words.
    pub operation: String,
    /// The names of the parameters on which the location depends.
    pub parameters: Vec<String>,
    /// Whether the value may jump there.
    pub jumps: bool,
    /// If it is a norm, its argument and axes.
    norm: Option<(NodeId, Vec<usize>)>,
}

/// A graph on both sides of its present parameters.
pub(super) struct Sides {
    pub kinks: Vec<Kink>,
    /// The graph as it is at slightly larger parameters.
    pub above: Graph,
    /// The graph as it is at slightly smaller parameters.
    pub below: Graph,
}

/// The graph on both sides; `None` if it has no such operation, or too many of them.
pub(super) fn sides(graph: &Graph) -> Option<Sides> {
    let kinks = kinks(graph);
    if kinks.is_empty() || kinks.len() > MOST_OPERATIONS {
        return None;
    }
    let side = |sign: f64| on_side(graph, &kinks, sign);
    let (above, below) = (side(1.0)?, side(-1.0)?);
    Some(Sides { kinks, above, below })
}

/// The operations that are decided, in order.
fn kinks(graph: &Graph) -> Vec<Kink> {
    let steps = Steps::of(graph);
    let kink = |index: usize| {
        let node = &steps.nodes[index];
        let norm = norm_of(graph, steps.id(index));
        let (jumps, operation) = match &node.op {
            Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne) => (true, "a comparison".into()),
            Op::Unary(Unary::Sign | Unary::Floor) | Op::ArgMax | Op::OneHot(_) => {
                (true, format!("`{}`", node.op.name()))
            }
            Op::Binary(Binary::Max | Binary::Min)
            | Op::Unary(Unary::Abs)
            | Op::Reduce(Reduction::Max | Reduction::Min, _) => (false, format!("`{}`", node.op.name())),
            _ if norm.is_some() => (false, "`norm`".into()),
            _ => return None,
        };
        let inputs = norm.as_ref().map_or(&node.inputs[..], |(x, _)| std::slice::from_ref(x));
        steps.is_decided_by_parameters(inputs).then(|| Kink {
            node: steps.id(index),
            operation,
            parameters: steps.parameters_of(inputs),
            jumps,
            norm: norm.clone(),
        })
    };
    (0..steps.nodes.len()).filter(|&index| steps.needed[index]).filter_map(kink).collect()
}

/// The graph as it is at θ + εv, where v has positive entries, or negative ones.
fn on_side(graph: &Graph, kinks: &[Kink], sign: f64) -> Option<Graph> {
    let graph = graph.clone();
    decide(&graph, kinks, sign)?;
    graph.check().ok()?;
    Some(graph)
}

/// Replaces the operations in a graph, and everything downstream of them.
fn decide<'g>(graph: &'g Graph, kinks: &[Kink], sign: f64) -> Option<()> {
    let (engine, params, sites) = (graph.engine(), graph.params(), graph.sites());
    let own: Vec<Expr<'g>> = params.iter().map(|p| graph.expr(p.node)).collect();
    let along: Vec<(Expr<'g>, Expr<'g>)> =
        direction(engine, &params, &own).iter().map(|&(x, v)| (x, v * sign)).collect();
    let mut replaced: HashMap<NodeId, Expr<'g>> = HashMap::new();
    let mut drawn = sites.iter().peekable();
    for kink in kinks {
        while let Some(site) = drawn.next_if(|site| site.value < kink.node) {
            draw(graph, site, &mut replaced);
        }
        let node = engine.node(kink.node);
        let inputs: Vec<Expr<'g>> =
            node.inputs.iter().map(|&input| substitute(engine, input, &mut replaced)).collect();
        let value = match &kink.norm {
            Some((x, axes)) => {
                let x = substitute(engine, *x, &mut replaced);
                let norm = engine.apply(node.op, &inputs);
                norm_on_side(norm, x, jvp(&[x], &along)[0].stop_gradient(), axes)
            }
            None => decided(&node.op, &inputs, &jvp(&inputs, &along))?,
        };
        replaced.insert(kink.node, value);
    }
    drawn.for_each(|site| draw(graph, site, &mut replaced));
    graph.redirect(|node| substitute(engine, node, &mut replaced).id());
    Some(())
}

/// The value of a site whose parameters are replaced.
fn draw<'g>(graph: &'g Graph, site: &SiteDef, replaced: &mut HashMap<NodeId, Expr<'g>>) {
    let engine = graph.engine();
    let parameters: Vec<Expr<'g>> =
        site.parameters.iter().map(|&p| substitute(engine, p, replaced)).collect();
    let same = parameters.iter().zip(&site.parameters).all(|(new, old)| new.id() == *old);
    let value = graph.expr(site.value);
    replaced
        .insert(site.value, if same { value } else { engine.hole(&site.name, &parameters, value.shape()) });
}

/// An operation as it is if its inputs change a little; `None` for another operation.
fn decided<'g>(op: &Op, inputs: &[Expr<'g>], changes: &[Expr<'g>]) -> Option<Expr<'g>> {
    let unchanged = || inputs[0].graph().apply(op.clone(), inputs);
    let value = |i: usize| inputs[i].stop_gradient();
    let change = |i: usize| changes[i].stop_gradient();
    Some(match op {
        Op::Binary(binary) => {
            let equal = value(0).equal(value(1));
            let (a, b) = (change(0), change(1));
            let (first, second) = (equal.select(a, value(0)), equal.select(b, value(1)));
            let chosen = |ours: Expr<'g>, theirs: Expr<'g>| {
                theirs.select(inputs[1], ours.select(inputs[0], unchanged()))
            };
            match binary {
                Binary::Lt => equal.select(a.less(b), unchanged()),
                Binary::Le => equal.select(a.less_equal(b), unchanged()),
                Binary::Eq => equal.select(a.equal(b), unchanged()),
                Binary::Ne => equal.select(a.not_equal(b), unchanged()),
                Binary::Max => chosen(first.greater(second), first.less(second)),
                Binary::Min => chosen(first.less(second), first.greater(second)),
                _ => return None,
            }
        }
        Op::Unary(unary) => {
            let (x, rise) = (value(0), change(0));
            let after = x.equal(0.0).select(rise, x);
            match unary {
                Unary::Abs => {
                    let ours = after.greater(0.0).select(inputs[0], unchanged());
                    after.less(0.0).select(-inputs[0], ours)
                }
                Unary::Sign => after.sign(),
                Unary::Floor => x.floor() - x.equal(x.floor()) * rise.less(0.0),
                _ => return None,
            }
        }
        Op::ArgMax => {
            let x = value(0);
            let largest = |e: Expr<'g>| e.reduce(Reduction::Max, -1).unsqueeze(-1);
            let equal = x.equal(largest(x));
            let ahead = change(0).equal(largest(equal.select(change(0), f64::NEG_INFINITY)));
            (equal * ahead).argmax()
        }
        Op::OneHot(_) => unchanged() * change(0).equal(0.0).unsqueeze(-1),
        Op::Reduce(reduction @ (Reduction::Max | Reduction::Min), axes) => {
            let x = value(0);
            let worst = if *reduction == Reduction::Max { f64::NEG_INFINITY } else { f64::INFINITY };
            let best = |e: Expr<'g>| kept_axes(e.reduce(*reduction, FromEnd(axes)), axes);
            let equal = x.equal(best(x));
            let ahead = change(0).equal(best(equal.select(change(0), worst)));
            (equal * ahead).select(inputs[0], worst).reduce(*reduction, FromEnd(axes))
        }
        _ => return None,
    })
}

/// Inserts axes of size 1 where `axes`, counted from the end, were reduced.
fn kept_axes<'g>(reduced: Expr<'g>, axes: &[usize]) -> Expr<'g> {
    let mut axes = axes.to_vec();
    axes.sort_unstable();
    axes.into_iter().fold(reduced, |e, axis| e.unsqueeze(FromEnd(axis)))
}

/// A norm of x as it is if x changes a little in a direction: where x = 0, it is x · u, with the direction u of the change.
fn norm_on_side<'g>(norm: Expr<'g>, x: Expr<'g>, change: Expr<'g>, axes: &[usize]) -> Expr<'g> {
    let length = change.norm(FromEnd(axes));
    let leaves_zero = norm.stop_gradient().equal(0.0) * length.greater(0.0);
    let direction = change / kept_axes(leaves_zero.select(length, 1.0), axes);
    leaves_zero.select((x * direction).sum_axes(FromEnd(axes)), norm)
}
