//! The objective as a sum of terms.
//!
//! The objective is E[Σ all elements of all costs]. Sums, differences, constant factors and reshapings do not change which part
//! of a cost a sample influences. Going back from the costs through these linear operations gives
//!
//! ```text
//! Σ costs = Σ_t c_t Σ T_t,      c_t constants, T_t nodes
//! ```
//!
//! so `cost f = sum((b - t)^2)` and `cost f = (b - t)^2` are the same objective for every estimator. A deterministic factor w is
//! distributed over the parts, and so is a matrix:
//!
//! ```text
//! Σ w (A + B) = Σ w A + Σ w B,      Σ_ij (A W)_ij = Σ_ik A_ik (Σ_j W_kj)
//! ```
//!
//! A linear form l of draws is not decomposed if a nonlinear term is computed from it, as in l − log(1 + exp(l)): such parts
//! often cancel, and the score should multiply the remainder. A sum from which no nonlinear term is computed is decomposed.
//!
//! A deterministic summand of a random cost (the talk's constant c) belongs to that cost and is multiplied by the score, as long
//! as it does not connect different draws. If the cost is a sum of parts that depend on different draws, the summand belongs to
//! none of them: it is a separate term, which no score multiplies.

use std::collections::{BTreeMap, HashSet};

use aleator_engine::autodiff::vjp;
use aleator_engine::graph::{Binary, Expr, FromEnd, NodeId, Op, Reduction, Unary};

use crate::distributions::Support;
use crate::graph::{Graph, SiteDef};

/// `coefficient · Σ node`
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    /// A node of the graph; all its elements are summed.
    pub node: NodeId,
    /// The constant coefficient.
    pub coefficient: f64,
    /// The author's node, if `node` is the product of it and a deterministic factor.
    pub author: NodeId,
}

/// What is known of the elements that the draws of all sites reach.
pub(crate) trait Meetings {
    /// Whether each element of `part` depends on the same draws as the element of `whole` to which it is added.
    fn same(&self, part: NodeId, whole: NodeId) -> bool;
    /// Whether all elements along these axes (counted from the end) depend on the same draws.
    fn alike_along(&self, node: NodeId, axes: &[usize]) -> bool;
    /// Whether an operation that only moves elements preserves the knowledge of the draws on which they depend.
    fn kept(&self, from: NodeId, to: NodeId) -> bool;
    /// The sites on which one element depends, each with an upper bound of the number of its draws.
    fn draws_of_an_element(&self, node: NodeId) -> Vec<(usize, usize)>;
}

/// A part of the objective: Σ weight · node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    node: NodeId,
    weight: Option<NodeId>,
    /// Whether it is one of several parts of a cost that depend on different draws, so that constants are separate terms.
    shared: bool,
}

/// What the decomposition of costs would separate.
struct Gains {
    /// Nodes computed, by linear operations, from elements that depend on other draws than the nodes' own elements.
    mixed: HashSet<NodeId>,
    /// Sums of two operands that depend on different draws.
    uneven: HashSet<NodeId>,
    /// Nodes whose draws are not combined with others in a nonlinear term.
    loose: HashSet<NodeId>,
    /// Linear forms of draws from which a nonlinear term is computed, and values computed from one element of such a form.
    held: HashSet<NodeId>,
}

/// A linear operation, with its random operands.
enum Linear {
    /// A product with a constant.
    Scaled(NodeId, f64),
    /// A quotient by a constant.
    Divided(NodeId, f64),
    /// A product with, or a quotient by, something deterministic.
    Weighted { random: NodeId, by: NodeId, divided: bool },
    /// A sum or a difference of two random operands.
    Added(NodeId, NodeId, f64),
    /// A sum or difference of a random and a deterministic operand, with their signs.
    Shifted { random: (NodeId, f64), by: (NodeId, f64) },
    /// A sum over axes.
    Reduced(NodeId, Vec<usize>),
    /// A reshape.
    Reshaped(NodeId),
    /// A permutation of axes.
    Permuted(NodeId, Vec<usize>),
    /// A broadcast.
    Repeated(NodeId),
    /// A concatenation along an axis.
    Joined(Vec<NodeId>, usize),
    /// A matrix product, of which the left or the right factor is random.
    Product { random: NodeId, left: bool },
}

/// The costs, decomposed as far as they are linear.
pub(crate) struct Linearity<'a> {
    graph: &'a Graph,
    random: &'a [bool],
    /// The values of the sites whose draws are one-hot vectors.
    one_hot: HashSet<NodeId>,
    /// The visited nodes, and whether each is linear in others.
    pub linear: BTreeMap<NodeId, bool>,
}

impl<'a> Linearity<'a> {
    /// Decomposes these costs. `random` says for each node whether it depends on a site.
    pub fn of(graph: &'a Graph, costs: &[NodeId], random: &'a [bool]) -> Self {
        let is_one_hot = |site: &SiteDef| site.family.support() == Support::OneHot;
        let one_hot = graph.sites().into_iter().filter(is_one_hot).map(|site| site.value).collect();
        let mut all = Linearity { graph, random, one_hot, linear: BTreeMap::new() };
        let mut pending: Vec<NodeId> = costs.to_vec();
        while let Some(id) = pending.pop() {
            if all.linear.contains_key(&id) {
                continue;
            }
            let operation = all.operation(id);
            all.linear.insert(id, operation.is_some());
            pending.extend(operation.iter().flat_map(operands));
        }
        all
    }

    fn operation(&self, id: NodeId) -> Option<Linear> {
        let engine = self.graph.engine();
        let node = engine.node(id);
        let input = |i: usize| node.inputs[i];
        let random = |i: usize| self.random[input(i).index()];
        let constant = |i: usize| engine.scalar_value(input(i)).filter(|k| k.is_finite());
        let empty = node.inputs.iter().any(|&i| engine.expr(i).shape().numel() == 0);
        if empty {
            return None;
        }
        Some(match &node.op {
            Op::Unary(Unary::Neg) => Linear::Scaled(input(0), -1.0),
            Op::Binary(op @ (Binary::Add | Binary::Sub)) => {
                let sign = if *op == Binary::Add { 1.0 } else { -1.0 };
                match (random(0), random(1)) {
                    (true, false) => Linear::Shifted { random: (input(0), 1.0), by: (input(1), sign) },
                    (false, true) => Linear::Shifted { random: (input(1), sign), by: (input(0), 1.0) },
                    _ => Linear::Added(input(0), input(1), sign),
                }
            }
            Op::Binary(Binary::Mul) => match (constant(0), constant(1)) {
                (Some(k), _) => Linear::Scaled(input(1), k),
                (_, Some(k)) => Linear::Scaled(input(0), k),
                _ if random(0) == random(1) => return None,
                _ => {
                    let (of, by) = if random(0) { (0, 1) } else { (1, 0) };
                    Linear::Weighted { random: input(of), by: input(by), divided: false }
                }
            },
            Op::Binary(Binary::Div) => match constant(1) {
                Some(k) => Linear::Divided(input(0), k),
                None if random(0) && !random(1) => {
                    Linear::Weighted { random: input(0), by: input(1), divided: true }
                }
                None => return None,
            },
            // The sum over the axis of a one-hot draw is not decomposed, because its elements are one draw.
            Op::Reduce(Reduction::Sum, axes) if axes[..] == [0] && self.of_one_hot(input(0)) => return None,
            Op::Reduce(Reduction::Sum, axes) => Linear::Reduced(input(0), axes.clone()),
            Op::Reshape { .. } => Linear::Reshaped(input(0)),
            Op::Permute(order) => Linear::Permuted(input(0), order.clone()),
            Op::Broadcast { .. } => Linear::Repeated(input(0)),
            Op::Concat { axis } => {
                let total: usize = node.inputs.iter().map(|&i| engine.expr(i).shape().numel()).sum();
                if total != node.shape.numel() {
                    return None;
                }
                Linear::Joined(node.inputs.clone(), *axis)
            }
            Op::MatMul if random(0) != random(1) => {
                Linear::Product { random: input(usize::from(!random(0))), left: random(0) }
            }
            _ => return None,
        })
    }

    /// Whether it is the product of a one-hot vector and something else.
    fn of_one_hot(&self, id: NodeId) -> bool {
        let one_hot = |id: &NodeId| self.one_hot.contains(id);
        self.graph.engine().with_node(id, |n| n.op == Op::Binary(Binary::Mul) && n.inputs.iter().any(one_hot))
    }

    /// The nodes that mix elements in other ways than by a sum that is decomposed.
    pub fn mixing(&self, nodes: &[NodeId]) -> Vec<NodeId> {
        let sums =
            |id: NodeId| matches!(self.operation(id), Some(Linear::Reduced(..) | Linear::Product { .. }));
        let linear = |id: &NodeId| self.linear.get(id) == Some(&true);
        let mut taken_apart: HashSet<NodeId> =
            self.linear.keys().copied().filter(|id| linear(id) && sums(*id)).collect();
        for id in nodes.iter().filter(|id| !linear(id)) {
            for input in self.graph.engine().node(*id).inputs {
                taken_apart.remove(&input);
            }
        }
        nodes.iter().copied().filter(|id| !taken_apart.contains(id)).collect()
    }

    fn gains(&self, meetings: &impl Meetings) -> Gains {
        let none = HashSet::new;
        let engine = self.graph.engine();
        let mut gains = Gains { mixed: none(), uneven: none(), loose: none(), held: none() };
        let leaves: Vec<(NodeId, Vec<(usize, usize)>)> = self
            .linear
            .iter()
            .filter(|&(id, linear)| !linear && self.random[id.index()])
            .map(|(&id, _)| (id, meetings.draws_of_an_element(id)))
            .collect();
        let several =
            |draws: &[(usize, usize)]| draws.iter().fold(0usize, |sum, &(_, n)| sum.saturating_add(n)) > 1;
        let tied: HashSet<usize> = leaves
            .iter()
            .filter(|(_, draws)| several(draws))
            .flat_map(|(_, draws)| draws.iter().map(|&(site, _)| site))
            .collect();
        let free = |draws: &[(usize, usize)]| draws.iter().all(|(site, _)| !tied.contains(site));
        gains.loose = leaves.iter().filter(|(_, draws)| free(draws)).map(|(id, _)| *id).collect();
        let sites: HashSet<NodeId> = self.graph.sites().into_iter().map(|site| site.value).collect();
        let used = self.used_by(leaves.iter().map(|(id, _)| *id), &sites);
        // The linear forms of draws, beginning with those that only select draws.
        let picked = |id: &NodeId| {
            let mut id = *id;
            while !sites.contains(&id) {
                let node = engine.node(id);
                match node.op {
                    Op::Slice { .. } | Op::Pad { .. } | Op::CumSum { .. } => id = node.inputs[0],
                    _ => return false,
                }
            }
            true
        };
        let mut forms: HashSet<NodeId> = leaves.iter().map(|(id, _)| *id).filter(picked).collect();
        for &id in self.linear.keys().filter(|id| self.random[id.index()]) {
            let Some(operation) = self.operation(id) else { continue };
            let random = |operand: &&NodeId| self.random[operand.index()];
            if operands(&operation).iter().filter(random).all(|operand| forms.contains(operand)) {
                forms.insert(id);
            }
            let mut mixed = operands(&operation).iter().any(|operand| gains.mixed.contains(operand));
            match &operation {
                Linear::Added(a, b, _) => {
                    if ![*a, *b].iter().all(|part| meetings.same(*part, id)) {
                        mixed = true;
                        gains.uneven.insert(id);
                    }
                }
                Linear::Shifted { .. } => {}
                Linear::Reduced(a, axes) => mixed |= !meetings.alike_along(*a, axes),
                Linear::Product { random, left } => {
                    mixed |= !meetings.alike_along(*random, &[usize::from(!left)]);
                }
                Linear::Joined(parts, _) => mixed |= !parts.iter().all(|part| meetings.kept(*part, id)),
                Linear::Scaled(a, _)
                | Linear::Divided(a, _)
                | Linear::Weighted { random: a, .. }
                | Linear::Reshaped(a)
                | Linear::Permuted(a, _)
                | Linear::Repeated(a) => mixed |= !meetings.kept(*a, id),
            }
            if mixed {
                gains.mixed.insert(id);
            }
            let of_held = match &operation {
                Linear::Added(..) | Linear::Reduced(..) | Linear::Joined(..) => false,
                Linear::Product { random, left } => {
                    gains.held.contains(random) && meetings.alike_along(*random, &[usize::from(!left)])
                }
                Linear::Scaled(a, _)
                | Linear::Divided(a, _)
                | Linear::Weighted { random: a, .. }
                | Linear::Shifted { random: (a, _), .. }
                | Linear::Reshaped(a)
                | Linear::Permuted(a, _)
                | Linear::Repeated(a) => gains.held.contains(a),
            };
            if of_held || mixed && used.contains(&id) && forms.contains(&id) {
                gains.held.insert(id);
            }
            let loose = |operand: &NodeId| !self.random[operand.index()] || gains.loose.contains(operand);
            if operands(&operation).iter().all(loose) {
                gains.loose.insert(id);
            }
        }
        gains
    }

    /// The random nodes from which these are computed, other than through the parameters of a site.
    fn used_by(&self, nodes: impl Iterator<Item = NodeId>, sites: &HashSet<NodeId>) -> HashSet<NodeId> {
        let mut used = HashSet::new();
        let mut pending: Vec<NodeId> = nodes.collect();
        while let Some(id) = pending.pop() {
            if sites.contains(&id) {
                continue;
            }
            let inputs = self.graph.engine().node(id).inputs;
            pending.extend(inputs.into_iter().filter(|i| self.random[i.index()] && used.insert(*i)));
        }
        used
    }

    /// The terms of the costs, in the order of their nodes.
    pub fn terms(&self, costs: &[NodeId], meetings: &impl Meetings) -> Vec<Term> {
        let gains = self.gains(meetings);
        let mut pending: BTreeMap<Part, f64> = BTreeMap::new();
        for &node in costs {
            *pending.entry(Part { node, weight: None, shared: false }).or_default() += 1.0;
        }
        let mut terms = Vec::new();
        // From the last node to the first, so that all users of a node have been processed before it.
        while let Some((part, c)) = pending.pop_last() {
            match self.taken_apart(part, c, &gains) {
                Some(parts) if parts.iter().all(|(_, c)| c.is_finite()) => {
                    for (part, c) in parts {
                        *pending.entry(part).or_default() += c;
                    }
                }
                _ => {
                    let own = self.graph.expr(part.node);
                    let node = part.weight.map_or(own, |weight| own * self.graph.expr(weight)).id();
                    terms.push(Term { node, coefficient: c, author: part.node });
                }
            }
        }
        terms.reverse();
        terms
    }

    /// The summands of c Σ weight · node, and constants; `None` if it remains a term.
    fn taken_apart(&self, part: Part, c: f64, gains: &Gains) -> Option<Vec<(Part, f64)>> {
        let Part { node: id, weight, shared } = part;
        let graph = self.graph;
        let operation = self.operation(id)?;
        let expr = |id: NodeId| graph.expr(id);
        let shape = expr(id).shape();
        let (mixed, loose) = (gains.mixed.contains(&id), gains.loose.contains(&id));
        if gains.held.contains(&id) || weight.is_some() && !mixed && !shared {
            return None;
        }
        // The weights of all elements of this node.
        let weights = weight.map(|w| expr(w).broadcast_to(shape.clone()));
        let weights_or_ones = || weights.unwrap_or_else(|| graph.engine().full(shape.clone(), 1.0));
        let given = |node: NodeId, weight: Option<Expr<'_>>, c: f64| {
            (Part { node, weight: weight.map(Expr::id), shared }, c)
        };
        // An operand that is broadcast to this node: each element counts as often as it is repeated.
        let broadcast = |node: NodeId, c: f64| {
            let own = expr(node).shape();
            match weights {
                Some(weights) => given(node, Some(weights.sum_to(&own)), c),
                None => given(node, None, c * (shape.numel() as f64 / own.numel() as f64)),
            }
        };
        let share = |(part, c): (Part, f64), new: bool| (Part { shared: shared || new, ..part }, c);
        Some(match operation {
            Linear::Scaled(a, k) => vec![given(a, weights, c * k)],
            Linear::Divided(a, k) => vec![given(a, weights, c / k)],
            Linear::Added(a, b, sign) => {
                let uneven = loose && gains.uneven.contains(&id);
                vec![share(broadcast(a, c), uneven), share(broadcast(b, sign * c), uneven)]
            }
            Linear::Shifted { .. } if !mixed && !shared => return None,
            Linear::Shifted { random: (a, sign), by: (b, other) } => {
                vec![share(broadcast(a, sign * c), loose), broadcast(b, other * c)]
            }
            Linear::Weighted { random: a, .. } | Linear::Product { random: a, .. }
                if !(mixed || shared && self.linear.get(&a) == Some(&true)) =>
            {
                return None;
            }
            Linear::Weighted { random, by, divided } => {
                let all = if divided { weights_or_ones() / expr(by) } else { weights_or_ones() * expr(by) };
                vec![given(random, Some(all.sum_to(&expr(random).shape())), c)]
            }
            Linear::Product { random, .. } => {
                // The transpose of the multiplication by the other matrix.
                let all = vjp(&[(expr(id), weights_or_ones())], &[expr(random)]);
                vec![given(random, Some(all[0]), c)]
            }
            Linear::Reduced(a, axes) => {
                let own = expr(a).shape();
                let kept = weights.map(|w| axes.iter().fold(w, |w, &axis| w.unsqueeze(FromEnd(axis))));
                vec![given(a, kept.map(|w| w.broadcast_to(own)), c)]
            }
            Linear::Reshaped(a) => vec![given(a, weights.map(|w| w.reshape(expr(a).shape())), c)],
            Linear::Permuted(a, order) => {
                let mut back = vec![0; order.len()];
                order.iter().enumerate().for_each(|(i, &o)| back[o] = i);
                vec![given(a, weights.map(|w| w.permute(&back)), c)]
            }
            Linear::Repeated(a) => vec![broadcast(a, c)],
            Linear::Joined(parts, axis) => {
                let mut start = 0;
                let mut piece = |a: NodeId| {
                    let len = expr(a).shape().from_end(axis);
                    let weight = weights.map(|w| w.slice(FromEnd(axis), start, len));
                    start += len;
                    given(a, weight, c)
                };
                parts.into_iter().map(&mut piece).collect()
            }
        })
    }
}

/// The operands of a linear operation.
fn operands(operation: &Linear) -> Vec<NodeId> {
    match operation {
        Linear::Scaled(a, _)
        | Linear::Divided(a, _)
        | Linear::Weighted { random: a, .. }
        | Linear::Product { random: a, .. }
        | Linear::Reduced(a, _)
        | Linear::Reshaped(a)
        | Linear::Permuted(a, _)
        | Linear::Repeated(a) => vec![*a],
        Linear::Added(a, b, _) | Linear::Shifted { random: (a, _), by: (b, _) } => vec![*a, *b],
        Linear::Joined(parts, _) => parts.clone(),
    }
}
