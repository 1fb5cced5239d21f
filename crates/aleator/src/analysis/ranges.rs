//! Bounds of the values of nodes, if discrete samples may lie between their outcomes.
//!
//! ```text
//! b ∈ {0, 1}  becomes  b ∈ (0, 1):      log(0.1 + b) ∈ (log 0.1, log 1.1)      1/(b − ½) is undefined in between
//! ```
//!
//! The bounds are computed by interval arithmetic in one pass over the graph. Parameters and data have their initial values; all
//! other samples may have any value in their support. The analysis records whether a bound is attained: exp x > 0, so log Σ exp x
//! is defined everywhere.

use std::collections::HashMap;
use std::f64::consts::FRAC_PI_2;
use std::rc::Rc;

use aleator_engine::graph::{Binary, Node, NodeId, Op, Shape, Unary};

use super::elements::{Spread, elements};
use super::multilinear::Multilinear;
use super::range::{
    Bound, EVERYTHING, POSITIVE, Range, binary, log_softmax, log_sum_exp, lower, reduce, unary,
};
use super::selected::{Selected, selected};
use super::way::{Edge, FirstOnTheWay, Stops, Way};
use crate::distributions::Support;
use crate::graph::{Graph, SiteDef};

/// The ranges of all nodes.
pub(crate) struct Ranges {
    ranges: Vec<Range>,
}

impl Ranges {
    /// Computes the ranges at the initial values of parameters and data, with discrete samples possibly between their outcomes.
    pub fn of(graph: &Graph) -> Self {
        let mut known: HashMap<NodeId, Range> = HashMap::new();
        known.extend(graph.params().into_iter().map(|p| (p.node, Range::of(&p.initial))));
        known.extend(graph.datasets().into_iter().map(|d| (d.node, Range::of(&d.values))));
        known.extend(supports(graph, between_outcomes));
        Ranges::given(graph, &known, false)
    }

    /// Computes the ranges at the initial values of parameters and data, for any draws of the sites.
    pub fn at_draws(graph: &Graph) -> Self {
        let mut known: HashMap<NodeId, Range> = supports(graph, support).collect();
        known.extend(graph.params().into_iter().map(|p| (p.node, Range::of(&p.initial))));
        known.extend(graph.datasets().into_iter().map(|d| (d.node, Range::of(&d.values))));
        Ranges::given(graph, &known, false)
    }

    /// The range of a node.
    pub(crate) fn get(&self, id: NodeId) -> Range {
        self.ranges[id.index()]
    }

    /// Computes the ranges at any values of parameters and data, for any draws of the sites.
    pub fn anywhere(graph: &Graph) -> Self {
        Ranges::given(graph, &supports(graph, support).collect(), true)
    }

    /// Whether a node never takes this value.
    pub fn excludes(&self, node: NodeId, value: f64) -> bool {
        let Range { low, high } = self.ranges[node.index()];
        low.at > value || high.at < value || (low.at == value && low.open) || (high.at == value && high.open)
    }

    /// Whether a node is never below a value.
    pub fn is_at_least(&self, node: NodeId, value: f64) -> bool {
        self.ranges[node.index()].at_least(value)
    }

    /// Whether a node is never above a value.
    pub fn is_at_most(&self, node: NodeId, value: f64) -> bool {
        self.ranges[node.index()].high.at <= value
    }

    /// Whether the values of a node have a finite upper bound.
    pub fn is_bounded_above(&self, node: NodeId) -> bool {
        self.ranges[node.index()].high.at < f64::INFINITY
    }

    /// A lower bound of the values of a node.
    pub fn lower_bound(&self, node: NodeId) -> f64 {
        self.ranges[node.index()].low.at
    }

    /// Whether the values of a node have a positive distance from 0.
    pub fn stays_away_from_zero(&self, node: NodeId) -> bool {
        let Range { low, high } = self.ranges[node.index()];
        low.at > 0.0 || high.at < 0.0
    }

    /// The ranges of all nodes, given those of some. `anywhere` says that parameters and data may have any values.
    fn given(graph: &Graph, known: &HashMap<NodeId, Range>, anywhere: bool) -> Self {
        let engine = graph.engine();
        let mut of = Pass {
            graph,
            anywhere,
            ranges: Vec::new(),
            each: Vec::new(),
            forms: Vec::new(),
            whole: Vec::new(),
        };
        let (ends, places) = (ends(graph), places(graph));
        for index in 0..engine.len() {
            let (id, node) = engine.nodes_at(index);
            let shapes: Vec<Shape> = node.inputs.iter().map(|&i| engine.expr(i).shape()).collect();
            let given = known.get(&id).copied().or_else(|| {
                let (low, high) = ends.get(&id)?;
                let high = high.map_or(EVERYTHING, |high| of.ranges[high.index()]);
                Some(between(of.ranges[low.index()], high))
            });
            let place = places.get(&id).map(|&n| Range::closed(0.0, n.saturating_sub(1) as f64));
            let (mut range, mut each, mut form) = match place.or(given) {
                Some(range) => (range, None, None),
                None => of.node(id, &node, &shapes),
            };
            if form.is_none() && range.low.at.is_finite() && range.high.at.is_finite() {
                form = match range.only_value() {
                    Some(value) => Multilinear::number(value),
                    None => Some(Multilinear::leaf(id)),
                };
            }
            if let Some(ranges) = &each {
                range = ranges.iter().copied().reduce(Range::union).unwrap_or(range).and(range);
                let same = ranges.iter().all(|r| *r == ranges[0]);
                each = each.filter(|_| !same && node.shape.numel() > 1);
            }
            let whole = places.contains_key(&id)
                || of.is_whole(&node)
                || !anywhere && data_is_whole(graph, &node, id);
            of.ranges.push(range);
            of.each.push(each);
            of.forms.push(form);
            of.whole.push(whole);
        }
        Ranges { ranges: of.ranges }
    }

    /// The first operation on a path from a site's value to a cost that may be undefined, or may have an infinite derivative,
    /// between the outcomes of the site.
    pub(crate) fn undefined(
        &self,
        graph: &Graph,
        stops: Stops,
        follows: impl Fn(usize, &SiteDef) -> bool,
    ) -> FirstOnTheWay<Op> {
        FirstOnTheWay::of(graph, stops, follows, |edge: &Edge<'_>| {
            let inputs = edge.inputs;
            let of = |i: usize| self.ranges[inputs[i].index()];
            let constant = |i: usize| graph.engine().scalar_value(inputs[i]);
            // A branch that is never chosen has no effect.
            if *edge.op == Op::Select && edge.position > 0 {
                return if self.is_never_chosen(inputs, edge.position) { Way::Unused } else { Way::GoesOn };
            }
            let defined = match edge.op {
                Op::Unary(Unary::Log | Unary::Sqrt | Unary::Lgamma | Unary::Polygamma(_)) => of(0).above(0.0),
                Op::Unary(Unary::Log1p) => of(0).above(-1.0),
                Op::Unary(Unary::NormalQuantile) => {
                    of(0).above(0.0) && of(0).negated().plus(Range::closed(1.0, 1.0)).above(0.0)
                }
                Op::Binary(Binary::Div) if inputs[edge.position] == inputs[1] => of(1).excludes_zero(),
                Op::Binary(Binary::Pow) => match constant(1) {
                    Some(k) if k.fract() == 0.0 && k >= 0.0 => true,
                    Some(k) if k.fract() == 0.0 => of(0).excludes_zero(),
                    Some(k) if k >= 1.0 => of(0).at_least(0.0),
                    _ => of(0).above(0.0),
                },
                _ => true,
            };
            if defined { Way::GoesOn } else { Way::Found(edge.op.clone()) }
        })
    }

    /// Whether a node is never 0.
    pub fn excludes_zero(&self, id: NodeId) -> bool {
        self.ranges[id.index()].excludes_zero()
    }

    /// The only value of a node for all draws, if there is one.
    pub fn only_value(&self, id: NodeId) -> Option<f64> {
        self.ranges[id.index()].only_value()
    }

    /// Whether a selection never chooses the input at this position: its first branch (1) or its second one (2).
    pub fn is_never_chosen(&self, inputs: &[NodeId], position: usize) -> bool {
        match position {
            1 => self.only_value(inputs[0]) == Some(0.0),
            2 => self.excludes_zero(inputs[0]),
            _ => false,
        }
    }

    /// Whether a node is always above 0.
    pub fn is_positive(&self, id: NodeId) -> bool {
        self.ranges[id.index()].above(0.0)
    }

    /// Whether a node is always between −π/2 and π/2.
    pub fn within_a_branch_of_tan(&self, id: NodeId) -> bool {
        let range = self.ranges[id.index()];
        range.above(-FRAC_PI_2) && range.negated().above(-FRAC_PI_2)
    }
}

/// What is known of the nodes so far.
struct Pass<'g> {
    graph: &'g Graph,
    /// Whether parameters and data may have any values.
    anywhere: bool,
    ranges: Vec<Range>,
    /// The ranges of the elements, where they differ.
    each: Vec<Option<Rc<[Range]>>>,
    /// The nodes as polynomials of others.
    forms: Vec<Option<Multilinear>>,
    /// Whether all elements are integers.
    whole: Vec<bool>,
}

impl Pass<'_> {
    /// The range of a node, those of its elements where they differ, and its polynomial.
    fn node(
        &self,
        id: NodeId,
        node: &Node,
        shapes: &[Shape],
    ) -> (Range, Option<Rc<[Range]>>, Option<Multilinear>) {
        let inputs = &node.inputs;
        let mut range = self.selected(id).unwrap_or_else(|| self.by_interval(node, shapes));
        let form = self.form(node);
        if let Some(of_form) = form.as_ref().and_then(|form| form.range(|leaf| self.ranges[leaf.index()])) {
            range = range.and(of_form);
        }
        let spread =
            |i: &NodeId| Spread { whole: self.ranges[i.index()], each: self.each[i.index()].clone() };
        let spreads: Vec<(Spread, Shape)> = inputs.iter().map(spread).zip(shapes.iter().cloned()).collect();
        let is_constant = |i: &NodeId| {
            self.graph.engine().with_node(*i, |n| matches!(n.op, Op::Iota | Op::Tensor(_) | Op::Scalar(_)))
        };
        let each = elements(&node.op, &node.shape, &spreads, inputs.iter().all(is_constant));
        (range, each.map(|each| each.into_iter().map(|r| r.and(range)).collect()), form)
    }

    /// The polynomial of a node in other nodes, element by element.
    fn form(&self, node: &Node) -> Option<Multilinear> {
        let forms: Option<Vec<&Multilinear>> =
            node.inputs.iter().map(|i| self.forms[i.index()].as_ref()).collect();
        let form = Multilinear::apply(&node.op, &forms.filter(|forms| !forms.is_empty())?)?;
        let shape = |id: NodeId| self.graph.expr(id).shape();
        form.is_by_elements(&node.shape, shape).then_some(form)
    }

    fn by_interval(&self, node: &Node, sizes: &[Shape]) -> Range {
        let ranges = &self.ranges;
        let of = |i: usize| ranges[node.inputs[i].index()];
        match &node.op {
            Op::Scalar(bits) => Range::closed(f64::from_bits(*bits), f64::from_bits(*bits)),
            Op::Tensor(data) => Range::of(&data.0),
            Op::Iota => Range::closed(0.0, node.shape.numel() as f64),
            Op::Uniform { .. } => Range::open(0.0, 1.0),
            Op::Unary(op) => unary(*op, of(0)),
            Op::Binary(Binary::Mul) if node.inputs[0] == node.inputs[1] => {
                of(0).magnitude().times(of(0).magnitude())
            }
            // An integer equals its floor.
            Op::Binary(Binary::Eq) if self.is_floor(node.inputs[0], node.inputs[1]) => {
                Range::closed(1.0, 1.0)
            }
            // What parameters decide at their initial values may be decided otherwise later.
            Op::Binary(Binary::Lt) if self.anywhere && of(0).is_below(of(1)) => Range::closed(1.0, 1.0),
            Op::Binary(Binary::Le) if self.anywhere && of(0).is_below(of(1)) => Range::closed(1.0, 1.0),
            Op::Binary(Binary::Le) if self.anywhere && of(0).high.at <= of(1).low.at => {
                Range::closed(1.0, 1.0)
            }
            Op::Binary(op) => binary(*op, of(0), of(1)),
            Op::Select => {
                let branch = |yes| chosen(self.graph, ranges, &node.inputs, yes);
                match of(0).only_value() {
                    Some(0.0) => branch(false),
                    _ if of(0).excludes_zero() => branch(true),
                    _ => branch(true).union(branch(false)),
                }
            }
            Op::Reduce(reduction, axes) => reduce(*reduction, of(0), elements_along(axes, &sizes[0])),
            Op::LogSumExp(axes) => log_sum_exp(of(0), elements_along(axes, &sizes[0])),
            Op::LogSoftmax(axes) => log_softmax(of(0), elements_along(axes, &sizes[0])),
            Op::Softmax(axes) => log_softmax(of(0), elements_along(axes, &sizes[0])).rising(f64::exp),
            Op::OneHot(_) => Range::closed(0.0, 1.0),
            Op::ArgMax => Range::closed(0.0, sizes[0].from_end(0).saturating_sub(1) as f64),
            Op::CumSum { .. } => of(0).union(of(0).sum_of(sizes[0].from_end(0))),
            Op::MatMul => of(0).times(of(1)).sum_of(sizes[0].from_end(0)),
            Op::Pad { .. } => of(0).union(Range::closed(0.0, 0.0)),
            Op::Concat { .. } => (1..node.inputs.len()).fold(of(0), |all, i| all.union(of(i))),
            Op::Reshape { .. }
            | Op::Broadcast { .. }
            | Op::Permute(_)
            | Op::Slice { .. }
            | Op::StopGradient => of(0),
            _ => EVERYTHING,
        }
    }

    /// Whether one of two nodes is the floor of the other, which is an integer.
    fn is_floor(&self, a: NodeId, b: NodeId) -> bool {
        let floor_of = |id: NodeId, other: NodeId| {
            self.whole[other.index()]
                && self
                    .graph
                    .engine()
                    .with_node(id, |n| n.op == Op::Unary(Unary::Floor) && n.inputs[0] == other)
        };
        floor_of(a, b) || floor_of(b, a)
    }

    /// The range of the one element that a node selects, if the place is always one of the places.
    fn selected(&self, node: NodeId) -> Option<Range> {
        let Selected { of, place, count, .. } = selected(self.graph, node)?;
        let range = self.ranges[place.index()];
        let inside = self.whole[place.index()] && range.low.at >= 0.0 && range.high.at <= count as f64 - 1.0;
        inside.then(|| self.ranges[of.index()])
    }

    /// Whether the elements of a node that is computed are integers.
    fn is_whole(&self, node: &Node) -> bool {
        match &node.op {
            Op::Scalar(bits) => f64::from_bits(*bits).fract() == 0.0,
            Op::Tensor(data) => data.0.iter().all(|x| x.fract() == 0.0),
            Op::Unary(Unary::Floor) | Op::ArgMax | Op::Iota | Op::OneHot(_) => true,
            Op::Reshape { .. }
            | Op::Broadcast { .. }
            | Op::Permute(_)
            | Op::Slice { .. }
            | Op::Concat { .. }
            | Op::StopGradient => node.inputs.iter().all(|i| self.whole[i.index()]),
            _ => false,
        }
    }
}

/// Whether a node is data whose numbers are integers.
fn data_is_whole(graph: &Graph, node: &Node, id: NodeId) -> bool {
    matches!(node.op, Op::Input(_))
        && graph.datasets().iter().any(|d| d.node == id && d.values.iter().all(|x| x.fract() == 0.0))
}

/// The number of outcomes of each site whose draws are indices. An index is always at an outcome: it has neither a relaxation nor a
/// mean.
fn places(graph: &Graph) -> HashMap<NodeId, usize> {
    let sites = graph.sites().into_iter().filter(|s| s.family.support() == Support::Indices);
    let count = |s: &SiteDef| {
        let parameters: Vec<_> = s.parameters.iter().map(|&p| graph.expr(p)).collect();
        s.family.outcome_count(&parameters)
    };
    sites.filter_map(|s| Some((s.value, count(&s)?))).collect()
}

/// The number of elements along axes.
fn elements_along(axes: &[usize], shape: &Shape) -> usize {
    axes.iter().map(|&axis| shape.from_end(axis)).product()
}

/// The supports of all sites, except those whose ends are parameters.
fn supports(graph: &Graph, of: fn(Support) -> Range) -> impl Iterator<Item = (NodeId, Range)> {
    let sites = graph.sites().into_iter().filter(|s| !matches!(s.family.support(), Support::Interval { .. }));
    sites.map(move |s| (s.value, of(s.family.support())))
}

/// The ends of the support of a site on an interval, which are parameters; the upper one may be missing.
fn ends(graph: &Graph) -> HashMap<NodeId, (NodeId, Option<NodeId>)> {
    let ends = |s: SiteDef| match s.family.support() {
        Support::Interval { low, high } => {
            Some((s.value, (s.parameters[low], high.map(|h| s.parameters[h]))))
        }
        _ => None,
    };
    graph.sites().into_iter().filter_map(ends).collect()
}

/// The interior of an interval whose ends are in these ranges.
fn between(low: Range, high: Range) -> Range {
    let end = |b: Bound| Bound { open: true, ..b };
    Range { low: end(low.low), high: end(high.high) }
}

/// The range of a relaxation or of the mean of a sample.
fn between_outcomes(support: Support) -> Range {
    match support {
        Support::Boolean | Support::OneHot | Support::Subsets | Support::UnitInterval | Support::Simplex => {
            Range::open(0.0, 1.0)
        }
        Support::Positive => POSITIVE,
        other if other.is_discrete() => POSITIVE,
        _ => EVERYTHING,
    }
}

/// The range of the draws.
fn support(support: Support) -> Range {
    match support {
        Support::Boolean | Support::OneHot | Support::Subsets => Range::closed(0.0, 1.0),
        Support::Indices | Support::Counts | Support::BoundedCounts | Support::Compositions => {
            Range::closed(0.0, f64::INFINITY)
        }
        Support::UnitInterval | Support::Simplex => Range::closed(0.0, 1.0),
        Support::Positive => Range::closed(0.0, f64::INFINITY),
        Support::Real | Support::Interval { .. } | Support::Circle | Support::RealVector => EVERYTHING,
    }
}

/// The range of a branch of a selection [condition, yes, no] where it is chosen: the condition may compare the branch itself, or its
/// absolute value, with a bound.
///
/// ```text
/// where(|t| < ½, t, 0) ∈ (−½, ½)      where(x > 0, x, 1) > 0
/// ```
fn chosen(graph: &Graph, ranges: &[Range], inputs: &[NodeId], yes: bool) -> Range {
    let engine = graph.engine();
    let unstopped = |mut id: NodeId| {
        while let Some(below) = engine.with_node(id, |node| match node.op {
            Op::StopGradient => Some(node.inputs[0]),
            _ => None,
        }) {
            id = below;
        }
        id
    };
    let branch = inputs[if yes { 1 } else { 2 }];
    let whole = ranges[branch.index()];
    let compared = engine.with_node(inputs[0], |node| match node.op {
        Op::Binary(Binary::Lt) => Some((node.inputs[0], node.inputs[1], true)),
        Op::Binary(Binary::Le) => Some((node.inputs[0], node.inputs[1], false)),
        _ => None,
    });
    let Some((less, more, strict)) = compared else { return whole };
    // The condition, or its contrary: a < b or a ≤ b.
    let (less, more, strict) = if yes { (less, more, strict) } else { (more, less, !strict) };
    let limit = |bound: Bound| Bound { at: bound.at, open: bound.open || strict };
    let is_branch = |id: NodeId| unstopped(id) == unstopped(branch);
    let magnitude = |id: NodeId| {
        engine.with_node(unstopped(id), |node| match node.op {
            Op::Unary(Unary::Abs) => Some(node.inputs[0]),
            _ => None,
        })
    };
    let below = ranges[more.index()].high;
    let part = if is_branch(less) {
        Range { low: whole.low, high: lower(whole.high, limit(below)) }
    } else if is_branch(more) {
        let above = ranges[less.index()].low;
        let negated = |b: Bound| Bound { at: -b.at, ..b };
        Range { low: negated(lower(negated(whole.low), negated(limit(above)))), high: whole.high }
    } else if magnitude(less).is_some_and(is_branch) {
        let (high, mirrored) = (limit(below), whole.negated());
        let low = lower(mirrored.high, high);
        Range { low: Bound { at: -low.at, ..low }, high: lower(whole.high, high) }
    } else {
        return whole;
    };
    // A branch that is never chosen, or bounds that are not numbers.
    if part.low.at <= part.high.at { part } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::Normal;

    /// The smallest and the largest value of a function of n numbers that are each at one end of a range.
    fn at_the_corners(ends: [f64; 2], n: usize, f: impl Fn(&[f64]) -> f64) -> [f64; 2] {
        let corner = |bits: usize| (0..n).map(|i| ends[bits >> i & 1]).collect::<Vec<f64>>();
        let values: Vec<f64> = (0..1usize << n).map(|bits| f(&corner(bits))).collect();
        let fold = |better: fn(f64, f64) -> f64| values.iter().copied().reduce(better).unwrap_or(f64::NAN);
        [fold(f64::min), fold(f64::max)]
    }

    #[test]
    fn bounds_of_softmax_functions_are_attained_at_corners() {
        let log_sum = |x: &[f64]| x.iter().map(|x| x.exp()).sum::<f64>().ln();
        for (ends, n) in
            [([-1.0, 2.0], 1), ([-1.0, 2.0], 2), ([-1.0, 2.0], 4), ([0.5, 0.5], 3), ([-9.0, 9.0], 3)]
        {
            let x = Range::closed(ends[0], ends[1]);
            for (range, [low, high]) in [
                (log_sum_exp(x, n), at_the_corners(ends, n, log_sum)),
                (log_softmax(x, n), at_the_corners(ends, n, |x| x[0] - log_sum(x))),
            ] {
                let near = |bound: Bound, want: f64| (bound.at - want).abs() < 1e-12 && !bound.open;
                assert!(
                    near(range.low, low) && near(range.high, high),
                    "{ends:?}, {n}: {range:?}, [{low}, {high}]"
                );
            }
        }
    }

    #[test]
    fn a_branch_lies_where_its_condition_holds() {
        let g = Graph::new();
        let t = g.sample("t", Normal::new(0.0, 1.0));
        let other = g.sample("other", Normal::new(0.0, 1.0));
        let near = t.stop_gradient().abs().less(0.5);
        let cases = [
            (near.select(t, 0.0), Range::open(-0.5, 0.5)),
            (t.greater(0.0).select(t, 1.0), POSITIVE),
            (t.less_equal(2.0).select(3.0, t), Range::open(2.0, f64::INFINITY)),
            (t.less(2.0).select(t, 1.0), Range::open(f64::NEG_INFINITY, 2.0)),
            // A condition on something else says nothing, nor does the other branch of a magnitude.
            (other.less(2.0).select(t, 1.0), EVERYTHING),
            (near.select(0.0, t), EVERYTHING),
        ];
        let ranges = Ranges::anywhere(&g);
        for (i, (expr, expected)) in cases.into_iter().enumerate() {
            assert_eq!(ranges.get(expr.id()), expected, "case {i}");
        }
    }

    #[test]
    fn numbers_of_separate_ranges_are_not_equal() {
        let g = Graph::new();
        let t = g.sample("t", Normal::new(0.0, 1.0));
        let (p, one) = (t.sigmoid(), Range::closed(1.0, 1.0));
        let none = Range::closed(0.0, 0.0);
        let cases = [
            (p.equal(1.0), none),
            (p.equal(0.0), none),
            (p.not_equal(-3.0), one),
            (p.equal(0.5), Range::closed(0.0, 1.0)),
            (t.equal(0.0), Range::closed(0.0, 1.0)),
            (t.square().equal(0.0), Range::closed(0.0, 1.0)),
            (p.equal(0.0) + p.equal(1.0), none),
        ];
        let ranges = Ranges::anywhere(&g);
        for (i, (expr, expected)) in cases.into_iter().enumerate() {
            assert_eq!(ranges.get(expr.id()), expected, "case {i}");
        }
    }

    #[test]
    fn softmax_functions_of_unbounded_numbers() {
        let probability = log_softmax(EVERYTHING, 3).rising(f64::exp);
        assert_eq!(probability, Range::open(0.0, 1.0));
        assert_eq!(log_softmax(EVERYTHING, 1), Range::closed(0.0, 0.0));
        assert_eq!(log_sum_exp(EVERYTHING, 3), EVERYTHING);
        // Above log 2 if both numbers are above 0.
        assert!(log_sum_exp(POSITIVE, 2).above(2f64.ln()) && !log_sum_exp(POSITIVE, 2).above(0.7));
        // Exponentials that overflow.
        let wide = log_softmax(Range::closed(-1e3, 1e3), 2);
        assert!(wide.low.at == -2e3 && wide.high.at <= 0.0, "{wide:?}");
        assert_eq!((log_sum_exp(POSITIVE, 0), log_softmax(POSITIVE, 0)), (EVERYTHING, EVERYTHING));
    }
}
