//! The locations in a graph where a value may jump, and what each location depends on.
//!
//! ```text
//! a < b, a == b, sign p, where(p, ..)     at a − b = 0, at p = 0
//! one_hot(k, n)                           at k − i = 0, for i = 0, 1, …, n − 1
//! n / d, log d, d^k with k < 0            at d = 0, where d is continuous and may be 0
//! ∞ x                                     at x = 0, likewise
//! floor, argmax, tan, lgamma, 0^y         somewhere
//! ```
//!
//! An expression depends *smoothly* on a draw or a parameter if a path leads from it to the expression that no step interrupts
//! (the result of a step takes few values). A draw counts by its value alone, whatever its distribution depends on.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use aleator_engine::graph::{Binary, Node, NodeId, Op, Unary, ancestors};

use super::discontinuity::DiscontinuityKind;
use super::ranges::Ranges;
use crate::distributions::Support;
use crate::graph::{Graph, SiteDef};

/// The largest number of operations that are searched for a length.
const DEEPEST: usize = 12;

/// The location at which the value of a node jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// Where two nodes are equal.
    Equal(NodeId, NodeId),
    /// Where a node is 0.
    Zero(NodeId),
    /// Where a node is −1.
    NegativeOne(NodeId),
    /// Where a node is one of the numbers 0, 1, … below this one.
    Place(NodeId, usize),
    /// An unknown location.
    Unknown,
}

/// A location at which a value may jump.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub kind: DiscontinuityKind,
    pub place: Where,
    /// The nodes on which the location depends.
    pub inputs: Vec<NodeId>,
}

impl Step {
    /// Whether the value differs only at the location itself: `==`, `!=`, `one_hot`, or a `where` with a numerical condition.
    pub fn never(&self, op: &Op) -> bool {
        matches!(op, Op::Binary(Binary::Eq | Binary::Ne) | Op::OneHot(_) | Op::Select)
    }
}

/// The random part of what a value depends on smoothly, in ascending order of the damage that a step does to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Draws {
    /// No draws.
    #[default]
    None,
    /// Draws that take few values.
    Discrete,
    /// A draw with a density.
    Continuous,
}

/// What a value depends on smoothly.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dependence {
    /// Whether it depends on a parameter, other than through a distribution or a stopped gradient.
    pub parameter: bool,
    /// The draws on which it depends, including those through a stopped gradient, because only the value is relevant.
    pub draws: Draws,
}

/// The part of a graph from which its costs are computed.
pub(crate) struct Steps<'a> {
    pub graph: &'a Graph,
    pub nodes: Vec<Node>,
    /// Whether a cost is computed from the node at some draw.
    pub needed: Vec<bool>,
    pub costs: BTreeSet<NodeId>,
    /// The sites, by their values.
    pub sites: HashMap<NodeId, (usize, SiteDef)>,
    pub dependence: Vec<Dependence>,
    /// Whether the node is always 0 or 1.
    pub truth: Vec<bool>,
    relaxed: bool,
    ranges: OnceCell<Ranges>,
    ranges_at_outcomes: OnceCell<Ranges>,
    ranges_anywhere: OnceCell<Ranges>,
}

impl<'a> Steps<'a> {
    /// Analyses a graph in its current state.
    pub fn of(graph: &'a Graph) -> Self {
        Steps::with(graph, false)
    }

    /// The same, if draws of 0 or 1 may lie between the two, as relaxations and means do.
    pub fn between_outcomes(graph: &'a Graph) -> Self {
        Steps::with(graph, true)
    }

    fn with(graph: &'a Graph, relaxed: bool) -> Self {
        let engine = graph.engine();
        let costs: BTreeSet<NodeId> = graph.costs().iter().map(|c| c.node).collect();
        let end = costs.last().map_or(0, |last| last.index() + 1);
        let mut needed = ancestors(engine, &costs.iter().copied().collect::<Vec<_>>());
        needed.truncate(end);
        let nodes: Vec<Node> = (0..end).map(|i| engine.nodes_at(i).1).collect();
        let sites = graph.sites().into_iter().enumerate().map(|(i, s)| (s.value, (i, s))).collect();
        let (dependence, truth) = (vec![Dependence::default(); end], vec![false; end]);
        let mut steps = Steps {
            graph,
            nodes,
            needed,
            costs,
            sites,
            dependence,
            truth,
            relaxed,
            ranges: OnceCell::new(),
            ranges_at_outcomes: OnceCell::new(),
            ranges_anywhere: OnceCell::new(),
        };
        steps.leave_out_what_is_never_chosen();
        let params: BTreeSet<NodeId> = graph.params().iter().map(|p| p.node).collect();
        for index in 0..end {
            steps.truth[index] = steps.is_truth(index);
            steps.dependence[index] = match params.contains(&steps.id(index)) {
                true => Dependence { parameter: true, draws: Draws::None },
                false => steps.depends(index),
            };
        }
        steps
    }

    /// The node at an index.
    pub fn id(&self, index: usize) -> NodeId {
        self.graph.engine().nodes_at(index).0
    }

    /// Restricts the nodes to those from which a cost is computed at some draw: a branch that no draw chooses has no effect. Draws at
    /// their outcomes and between them are considered.
    fn leave_out_what_is_never_chosen(&mut self) {
        let selects = |i: usize| self.needed[i] && self.nodes[i].op == Op::Select;
        if !(0..self.nodes.len()).any(selects) {
            return;
        }
        let ranges = Ranges::at_draws(self.graph);
        let mut used = vec![false; self.nodes.len()];
        self.costs.iter().for_each(|cost| used[cost.index()] = true);
        for index in (0..self.nodes.len()).rev() {
            if !used[index] {
                continue;
            }
            let node = &self.nodes[index];
            for (position, input) in node.inputs.iter().enumerate() {
                let never = node.op == Op::Select && ranges.is_never_chosen(&node.inputs, position);
                used[input.index()] |= !never;
            }
        }
        self.needed = used;
        self.ranges_at_outcomes = OnceCell::from(ranges);
    }

    fn depends(&self, index: usize) -> Dependence {
        let node = &self.nodes[index];
        let over = self.over(&node.inputs);
        let few = Dependence { parameter: false, draws: over.draws.min(Draws::Discrete) };
        match &node.op {
            Op::Hole(_) => {
                let discrete = self
                    .sites
                    .get(&self.id(index))
                    .is_some_and(|(_, site)| site.family.support().is_discrete());
                Dependence {
                    parameter: false,
                    draws: if discrete { Draws::Discrete } else { Draws::Continuous },
                }
            }
            Op::Uniform { .. } | Op::Draw { .. } => Dependence { parameter: false, draws: Draws::Continuous },
            Op::StopGradient => Dependence { parameter: false, ..over },
            op if op.takes_few_values() => few,
            _ => over,
        }
    }

    /// What several nodes depend on together.
    pub fn over(&self, nodes: &[NodeId]) -> Dependence {
        nodes.iter().fold(Dependence::default(), |all, n| {
            let one = self.dependence[n.index()];
            Dependence { parameter: all.parameter || one.parameter, draws: all.draws.max(one.draws) }
        })
    }

    fn is_truth(&self, index: usize) -> bool {
        let node = &self.nodes[index];
        let truth = |i: &NodeId| self.truth[i.index()];
        match &node.op {
            Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne) | Op::OneHot(_) => true,
            Op::Binary(Binary::Mul | Binary::Max | Binary::Min)
            | Op::Reshape { .. }
            | Op::Broadcast { .. }
            | Op::Permute(_)
            | Op::Slice { .. }
            | Op::Concat { .. }
            | Op::StopGradient => node.inputs.iter().all(truth),
            Op::Binary(Binary::Sub) => {
                self.graph.engine().scalar_value(node.inputs[0]) == Some(1.0) && truth(&node.inputs[1])
            }
            Op::Select => node.inputs[1..].iter().all(truth),
            Op::Scalar(bits) => matches!(f64::from_bits(*bits), 0.0 | 1.0),
            Op::Hole(_) => self.sites.get(&self.id(index)).is_some_and(|(_, site)| {
                !self.relaxed && matches!(site.family.support(), Support::Boolean | Support::OneHot)
            }),
            _ => false,
        }
    }

    /// Whether a node may be 0 at a draw, according to its bounds. This means on a hypersurface of draws, not only where two or
    /// more of them are 0 simultaneously, as for the norm of a vector.
    fn may_vanish(&self, id: NodeId) -> bool {
        !self.ranges().excludes_zero(id) && !self.is_a_length(id, DEEPEST)
    }

    /// Whether a node is a *length*: a sum of two or more squares or magnitudes of separate draws, a root of such a sum, or a
    /// norm. Up to `depth` operations are examined.
    fn is_a_length(&self, id: NodeId, depth: usize) -> bool {
        let node = &self.nodes[id.index()];
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &node.op {
            Op::Unary(Unary::Sqrt) | Op::Reshape { .. } | Op::Broadcast { .. } => {
                self.is_a_length(node.inputs[0], depth)
            }
            Op::Binary(Binary::Mul) => (0..2).any(|i| {
                self.ranges().is_positive(node.inputs[1 - i]) && self.is_a_length(node.inputs[i], depth)
            }),
            // A norm treats the case that it is 0 separately.
            Op::Select => {
                self.is_zero_of_squares(node.inputs[0])
                    && self.is_a_length(node.inputs[2], depth)
                    && (self.is_zero(node.inputs[1]) || self.ranges().is_positive(node.inputs[1]))
            }
            Op::Reduce(aleator_engine::graph::Reduction::Sum, axes) => {
                let summed = &self.nodes[node.inputs[0].index()];
                let several = axes.iter().any(|&axis| summed.shape.from_end(axis) > 1);
                let squares = match &summed.op {
                    Op::Binary(Binary::Mul) => summed.inputs[0] == summed.inputs[1],
                    Op::Unary(Unary::Abs) => true,
                    _ => false,
                };
                several && squares && self.are_apart(summed.inputs[0], depth)
            }
            _ => false,
        }
    }

    /// Whether the elements of a node are separate draws, shifted by deterministic values and scaled by nonzero values. They are
    /// 0 simultaneously only if each of these draws has one particular value.
    fn are_apart(&self, id: NodeId, depth: usize) -> bool {
        let node = &self.nodes[id.index()];
        let Some(depth) = depth.checked_sub(1) else { return false };
        let fixed = |i: usize| self.dependence[node.inputs[i].index()].draws == Draws::None;
        let scale = |i: usize| self.ranges().excludes_zero(node.inputs[i]);
        let moved = |i: usize| {
            self.nodes[node.inputs[i].index()].shape == node.shape && self.are_apart(node.inputs[i], depth)
        };
        match &node.op {
            Op::Unary(Unary::Neg) | Op::Reshape { .. } => self.are_apart(node.inputs[0], depth),
            Op::Binary(Binary::Add | Binary::Sub) => (0..2).any(|i| fixed(1 - i) && moved(i)),
            Op::Binary(Binary::Mul) => (0..2).any(|i| scale(1 - i) && moved(i)),
            Op::Binary(Binary::Div) => scale(1) && moved(0),
            _ => self.sites.get(&id).is_some_and(|(_, site)| !site.family.support().is_discrete()),
        }
    }

    /// Whether a node compares a sum of squares behind a stopped gradient with 0.
    fn is_zero_of_squares(&self, id: NodeId) -> bool {
        let node = &self.nodes[id.index()];
        match &node.op {
            Op::Reshape { .. } | Op::Broadcast { .. } => self.is_zero_of_squares(node.inputs[0]),
            Op::Binary(Binary::Eq) => {
                self.is_zero(node.inputs[1]) && self.is_a_held_sum_of_squares(node.inputs[0])
            }
            _ => false,
        }
    }

    fn is_infinite(&self, id: NodeId) -> bool {
        self.graph.engine().scalar_value(id).is_some_and(f64::is_infinite)
    }

    /// Whether a node is, or contains, a fixed number of this kind: a constant, data, or a parameter at its initial value.
    fn holds(&self, id: NodeId, what: fn(f64) -> bool) -> bool {
        let root = self.root(id);
        match &self.nodes[root.index()].op {
            Op::Scalar(bits) => what(f64::from_bits(*bits)),
            Op::Tensor(data) => data.0.iter().copied().any(what),
            Op::Input(_) => {
                let given = |values: &[f64]| values.iter().copied().any(what);
                self.graph.params().iter().any(|p| p.node == root && given(&p.initial))
                    || self.graph.datasets().iter().any(|d| d.node == root && given(&d.values))
            }
            _ => {
                self.dependence[root.index()].draws == Draws::None
                    && self.ranges().only_value(root).is_some_and(what)
            }
        }
    }

    /// Whether a node contains ±∞: its product with x jumps where x is 0.
    pub fn holds_infinity(&self, id: NodeId) -> bool {
        self.holds(id, f64::is_infinite)
    }

    fn is_zero(&self, id: NodeId) -> bool {
        self.graph.engine().scalar_value(id) == Some(0.0)
    }

    /// Whether a node is a sum of two or more squares behind a stopped gradient.
    fn is_a_held_sum_of_squares(&self, mut id: NodeId) -> bool {
        let mut held = false;
        while let Op::StopGradient | Op::Reshape { .. } | Op::Broadcast { .. } = self.nodes[id.index()].op {
            held |= self.nodes[id.index()].op == Op::StopGradient;
            id = self.nodes[id.index()].inputs[0];
        }
        let node = &self.nodes[id.index()];
        let Op::Reduce(aleator_engine::graph::Reduction::Sum, axes) = &node.op else { return false };
        let summed = &self.nodes[node.inputs[0].index()];
        held && axes.iter().any(|&axis| summed.shape.from_end(axis) > 1)
            && summed.op == Op::Binary(Binary::Mul)
            && summed.inputs[0] == summed.inputs[1]
    }

    /// Whether a node tests if a length is 0, as norms do, which is true only if two or more draws each have one particular value;
    /// or if a number is infinite, as log-densities do for probabilities of 0.
    pub fn is_never_true(&self, id: NodeId) -> bool {
        if self.nodes[id.index()].inputs.iter().any(|&input| self.is_infinite(input)) {
            return true;
        }
        let mut squares = self.nodes[id.index()].inputs[0];
        while let Op::StopGradient | Op::Reshape { .. } = self.nodes[squares.index()].op {
            squares = self.nodes[squares.index()].inputs[0];
        }
        self.is_zero_of_squares(id) && self.is_a_length(squares, DEEPEST)
    }

    /// A node without the reshapes and broadcasts that follow it.
    fn root(&self, mut id: NodeId) -> NodeId {
        while let Op::Reshape { .. } | Op::Broadcast { .. } = self.nodes[id.index()].op {
            id = self.nodes[id.index()].inputs[0];
        }
        id
    }

    /// The bounds of all nodes at the initial parameters.
    pub fn ranges(&self) -> &Ranges {
        self.ranges.get_or_init(|| Ranges::of(self.graph))
    }

    /// The same if draws are at their outcomes only, unless they may lie between them.
    pub fn ranges_at_draws(&self) -> &Ranges {
        if self.relaxed { self.ranges() } else { self.ranges_at_outcomes() }
    }

    fn ranges_at_outcomes(&self) -> &Ranges {
        self.ranges_at_outcomes.get_or_init(|| Ranges::at_draws(self.graph))
    }

    /// Whether a node has the same finite value for all parameters, data and draws.
    pub fn is_fixed(&self, id: NodeId) -> bool {
        self.ranges_anywhere
            .get_or_init(|| Ranges::anywhere(self.graph))
            .only_value(id)
            .is_some_and(f64::is_finite)
    }

    /// Whether an operation is a selection that no draw lets choose the input at this position.
    pub fn is_never_chosen(&self, op: &Op, inputs: &[NodeId], position: usize) -> bool {
        *op == Op::Select && position > 0 && self.ranges_at_outcomes().is_never_chosen(inputs, position)
    }

    /// The location at which the value of a node may jump, as a function of what it depends on smoothly.
    pub fn at(&self, id: NodeId) -> Option<Step> {
        let node = &self.nodes[id.index()];
        let inputs = &node.inputs[..];
        let random = |i: usize| self.dependence[inputs[i].index()].draws == Draws::Continuous;
        let step = |kind, place, inputs: &[NodeId]| Some(Step { kind, place, inputs: inputs.to_vec() });
        let found = match &node.op {
            // A number equals itself: `x != x` asks whether it is one.
            Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne) if inputs[0] == inputs[1] => None,
            // No number is infinite, and several squares are 0 simultaneously only at a point.
            Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne)
                if inputs.iter().any(|&i| self.is_infinite(i)) =>
            {
                None
            }
            Op::Binary(Binary::Eq) if self.is_zero(inputs[1]) && self.is_a_held_sum_of_squares(inputs[0]) => {
                None
            }
            Op::Binary(op @ (Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne)) => {
                let one_hot = *op == Binary::Eq && inputs.iter().any(|&i| self.counts(i));
                let kind = if one_hot { DiscontinuityKind::OneHot } else { DiscontinuityKind::Comparison };
                step(kind, Where::Equal(inputs[0], inputs[1]), inputs)
            }
            Op::OneHot(n) => step(DiscontinuityKind::OneHot, Where::Place(inputs[0], *n), inputs),
            Op::Unary(Unary::Sign) => step(DiscontinuityKind::Sign, Where::Zero(inputs[0]), inputs),
            Op::Select if !self.truth[inputs[0].index()] => {
                step(DiscontinuityKind::Choice, Where::Zero(inputs[0]), &inputs[..1])
            }
            Op::Unary(Unary::Floor) => step(DiscontinuityKind::Rounding, Where::Unknown, inputs),
            Op::ArgMax => step(DiscontinuityKind::ArgMax, Where::Unknown, inputs),
            Op::External(f) if f.may_jump() => {
                let differentiable = f.derivative.is_some();
                let kind =
                    if differentiable { DiscontinuityKind::Function } else { DiscontinuityKind::BlackBox };
                step(kind, Where::Unknown, inputs)
            }
            Op::Binary(Binary::Div) if random(1) && self.may_vanish(inputs[1]) => {
                step(DiscontinuityKind::Pole, Where::Zero(inputs[1]), &inputs[1..])
            }
            Op::Binary(Binary::Div) if random(0) && self.holds(inputs[1], |x| x == 0.0) => {
                step(DiscontinuityKind::Pole, Where::Zero(inputs[0]), &inputs[..1])
            }
            Op::Binary(Binary::Mul) => (0..2).find_map(|i| {
                let jumps = self.holds_infinity(inputs[1 - i]) && random(i) && self.may_vanish(inputs[i]);
                if jumps {
                    step(DiscontinuityKind::Pole, Where::Zero(inputs[i]), &inputs[i..=i])
                } else {
                    None
                }
            }),
            Op::MatMul => (0..2).find_map(|i| {
                let jumps = self.holds_infinity(inputs[1 - i]) && random(i) && self.may_vanish(inputs[i]);
                if jumps { step(DiscontinuityKind::Pole, Where::Unknown, &inputs[i..=i]) } else { None }
            }),
            // ∞ˣ jumps at x = 0, and |x|^∞ at 1.
            Op::Binary(Binary::Pow)
                if random(1) && self.holds_infinity(inputs[0])
                    || random(0) && self.holds_infinity(inputs[1]) =>
            {
                step(DiscontinuityKind::Pole, Where::Unknown, inputs)
            }
            // 0⁰ = 1, and 0 to any higher power is 0.
            Op::Binary(Binary::Pow)
                if random(1)
                    && !self.ranges().is_positive(inputs[0])
                    && !self.ranges().is_positive(inputs[1]) =>
            {
                step(DiscontinuityKind::Pole, Where::Unknown, inputs)
            }
            Op::Binary(Binary::Pow)
                if random(0) && self.may_vanish(inputs[0]) && self.may_be_a_pole(inputs[1]) =>
            {
                step(DiscontinuityKind::Pole, Where::Zero(inputs[0]), &inputs[..1])
            }
            Op::Unary(Unary::Log) if random(0) && self.may_vanish(inputs[0]) => {
                step(DiscontinuityKind::Pole, Where::Zero(inputs[0]), inputs)
            }
            // The angle jumps from −π to π where y crosses 0 on the side of negative x.
            Op::Binary(Binary::Atan2)
                if (random(0) || random(1))
                    && !self.ranges().is_at_least(inputs[1], 0.0)
                    && !self.ranges().is_at_least(inputs[0], 0.0)
                    && !self.ranges().is_at_most(inputs[0], 0.0) =>
            {
                step(DiscontinuityKind::Pole, Where::Zero(inputs[0]), inputs)
            }
            Op::Unary(Unary::Log1p) if random(0) && !self.ranges().excludes(inputs[0], -1.0) => {
                step(DiscontinuityKind::Pole, Where::NegativeOne(inputs[0]), inputs)
            }
            Op::Unary(Unary::NormalQuantile)
                if random(0) && [0.0, 1.0].iter().any(|&end| !self.ranges().excludes(inputs[0], end)) =>
            {
                step(DiscontinuityKind::Pole, Where::Unknown, inputs)
            }
            Op::Unary(Unary::Tan) if random(0) && !self.ranges().within_a_branch_of_tan(inputs[0]) => {
                step(DiscontinuityKind::Pole, Where::Unknown, inputs)
            }
            Op::Unary(Unary::Lgamma | Unary::Polygamma(_))
                if random(0) && !self.ranges().is_positive(inputs[0]) =>
            {
                step(DiscontinuityKind::Pole, Where::Unknown, inputs)
            }
            // If the conditions above do not hold.
            Op::Select
            | Op::Binary(Binary::Div | Binary::Pow | Binary::Atan2)
            | Op::Unary(
                Unary::Log
                | Unary::Log1p
                | Unary::NormalQuantile
                | Unary::Tan
                | Unary::Lgamma
                | Unary::Polygamma(_),
            ) => None,
            // These are continuous everywhere.
            Op::Unary(
                Unary::Neg
                | Unary::Abs
                | Unary::Exp
                | Unary::Expm1
                | Unary::Sqrt
                | Unary::Sin
                | Unary::Cos
                | Unary::Tanh
                | Unary::Sigmoid
                | Unary::Softplus
                | Unary::Erf,
            )
            | Op::Binary(Binary::Add | Binary::Sub | Binary::Max | Binary::Min)
            | Op::Reduce(..)
            | Op::LogSumExp(_)
            | Op::LogSoftmax(_)
            | Op::Softmax(_)
            | Op::CumSum { .. }
            | Op::Reshape { .. }
            | Op::Broadcast { .. }
            | Op::Permute(_)
            | Op::Slice { .. }
            | Op::Pad { .. }
            | Op::Concat { .. }
            | Op::External(_)
            | Op::QuantileDerivative(_)
            | Op::StopGradient => None,
            // Leaves, and draws from distributions.
            Op::Input(_)
            | Op::Scalar(_)
            | Op::Tensor(_)
            | Op::Iota
            | Op::Uniform { .. }
            | Op::Draw { .. }
            | Op::Hole(_)
            | Op::Poison => None,
        }?;
        let over = self.over(&found.inputs);
        (over.parameter || over.draws != Draws::None).then_some(found)
    }

    /// The location of a division by a parameter, possibly together with discrete draws, which [`Steps::at`] omits: most such
    /// parameters are scales, which are not expected to pass through 0.
    pub fn division_by_a_parameter(&self, id: NodeId) -> Option<Step> {
        let node = &self.nodes[id.index()];
        let divisor = *node.inputs.get(1).filter(|_| node.op == Op::Binary(Binary::Div))?;
        let Dependence { parameter, draws } = self.dependence[divisor.index()];
        (parameter && draws != Draws::Continuous).then(|| Step {
            kind: DiscontinuityKind::Pole,
            place: Where::Zero(divisor),
            inputs: vec![divisor],
        })
    }

    /// Whether 0 to this power may be a pole. A negative power is one. If the power is not a fixed number, a power of 0 is
    /// treated as a pole as well, because there are negative numbers next to it.
    fn may_be_a_pole(&self, exponent: NodeId) -> bool {
        let fixed = matches!(self.nodes[self.root(exponent).index()].op, Op::Scalar(_) | Op::Tensor(_));
        match fixed {
            true => self.holds(exponent, |k| k < 0.0),
            false => !self.ranges().is_positive(exponent),
        }
    }

    /// Whether a node is 0, 1, …, n − 1, possibly with more axes.
    fn counts(&self, id: NodeId) -> bool {
        self.nodes[self.root(id).index()].op == Op::Iota
    }

    /// The first site with a continuous draw, or otherwise the first site, on which a location depends smoothly.
    pub fn draw_beside(&self, step: &Step) -> Option<&SiteDef> {
        let mut sites: Vec<&(usize, SiteDef)> =
            self.reached(&step.inputs, |_| true).iter().filter_map(|id| self.sites.get(id)).collect();
        sites.sort_by_key(|(i, site)| (site.family.support().is_discrete(), *i));
        sites.first().map(|(_, site)| site)
    }

    /// The names of the parameters on which a location depends smoothly.
    pub fn parameters_beside(&self, step: &Step) -> Vec<String> {
        self.parameters_of(&step.inputs)
    }

    /// Whether nodes depend smoothly on parameters, and not on a draw with a density.
    pub fn is_decided_by_parameters(&self, nodes: &[NodeId]) -> bool {
        let over = self.over(nodes);
        over.parameter && over.draws != Draws::Continuous
    }

    /// The names of the parameters on which nodes depend smoothly.
    pub fn parameters_of(&self, nodes: &[NodeId]) -> Vec<String> {
        let reached = self.reached(nodes, |op| *op != Op::StopGradient);
        self.graph.params().into_iter().filter(|p| reached.contains(&p.node)).map(|p| p.name).collect()
    }

    /// The nodes from which smooth paths through `follows` lead to these nodes, including the nodes themselves.
    fn reached(&self, from: &[NodeId], follows: impl Fn(&Op) -> bool) -> BTreeSet<NodeId> {
        let (mut reached, mut open) = (BTreeSet::new(), from.to_vec());
        while let Some(id) = open.pop() {
            if reached.insert(id) {
                let node = &self.nodes[id.index()];
                let ends = matches!(node.op, Op::Hole(_)) || node.op.takes_few_values() || !follows(&node.op);
                if !ends {
                    open.extend(&node.inputs);
                }
            }
        }
        reached
    }
}
