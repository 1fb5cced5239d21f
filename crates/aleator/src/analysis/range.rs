//! Bounds of the values of nodes, if discrete samples may lie between their outcomes.
//!
//! ```text
//! b ∈ {0, 1}  becomes  b ∈ (0, 1):      log(0.1 + b) ∈ (log 0.1, log 1.1)      1/(b − ½) is undefined in between
//! ```
//!
//! The bounds are computed by interval arithmetic in one pass over the graph. Parameters and data have their initial values; all
//! other samples may have any value in their support. The analysis records whether a bound is attained: exp x > 0, so log Σ exp x
//! is defined everywhere.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::f64::consts::{FRAC_PI_2, PI};

use aleator_engine::graph::{Binary, NodeId, Op, Reduction, Shape, Unary};

use super::way::{Edge, FirstOnTheWay, Stops, Way};
use crate::distributions::Support;
use crate::graph::{Graph, SiteDef};

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bound {
    at: f64,
    /// Whether the values come arbitrarily close to the bound without reaching it.
    open: bool,
}

/// All numbers between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    low: Bound,
    high: Bound,
}

pub(crate) const EVERYTHING: Range = Range::open(f64::NEG_INFINITY, f64::INFINITY);
const POSITIVE: Range = Range::open(0.0, f64::INFINITY);

impl Range {
    const fn open(low: f64, high: f64) -> Self {
        Range { low: Bound { at: low, open: true }, high: Bound { at: high, open: true } }
    }

    pub fn closed(low: f64, high: f64) -> Self {
        let bound = |at: f64| Bound { at, open: at.is_infinite() };
        Range { low: bound(low), high: bound(high) }.or_everything()
    }

    fn or_everything(self) -> Self {
        if self.low.at.is_nan() || self.high.at.is_nan() { EVERYTHING } else { self }
    }

    /// The range of some values.
    fn of(values: &[f64]) -> Self {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low <= high { Range::closed(low, high) } else { EVERYTHING }
    }

    /// The smallest range that contains all these bounds. A bound that some of them attain is attained.
    fn around(bounds: &[Bound]) -> Self {
        let ends = |better: fn(f64, f64) -> bool| {
            bounds.iter().copied().reduce(|a, b| match (better(a.at, b.at), a.at == b.at) {
                (_, true) => Bound { at: a.at, open: a.open && b.open },
                (true, _) => a,
                _ => b,
            })
        };
        if bounds.iter().any(|b| b.at.is_nan()) {
            return EVERYTHING;
        }
        match (ends(|a, b| a < b), ends(|a, b| a > b)) {
            (Some(low), Some(high)) => Range { low, high },
            _ => EVERYTHING,
        }
    }

    /// The smallest range that contains both.
    pub fn union(self, other: Self) -> Self {
        Range::around(&[self.low, self.high, other.low, other.high])
    }

    /// Whether all numbers in the range are above `x`, or at least `x`.
    fn above(self, x: f64) -> bool {
        self.low.at > x || self.low.at == x && self.low.open
    }

    fn at_least(self, x: f64) -> bool {
        self.low.at >= x
    }

    /// The sign of all numbers in the range, if they have the same.
    pub fn sign(self) -> Option<i8> {
        if self.above(0.0) {
            Some(1)
        } else if self.negated().above(0.0) {
            Some(-1)
        } else {
            None
        }
    }

    /// Whether no number is in both ranges.
    fn is_apart_from(self, other: Self) -> bool {
        let below = |a: Bound, b: Bound| a.at < b.at || a.at == b.at && (a.open || b.open);
        below(self.high, other.low) || below(other.high, self.low)
    }

    fn excludes_zero(self) -> bool {
        self.above(0.0) || self.negated().above(0.0)
    }

    fn negated(self) -> Self {
        let flip = |b: Bound| Bound { at: -b.at, ..b };
        Range { low: flip(self.high), high: flip(self.low) }
    }

    /// The image under a nondecreasing function.
    fn rising(self, f: impl Fn(f64) -> f64) -> Self {
        let through = |b: Bound| Bound { at: f(b.at), ..b };
        Range { low: through(self.low), high: through(self.high) }.or_everything()
    }

    /// The sums of numbers in both.
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Bound, b: Bound| Bound { at: a.at + b.at, open: a.open || b.open };
        Range { low: sum(self.low, other.low), high: sum(self.high, other.high) }.or_everything()
    }

    /// xᵏ
    pub fn power(self, k: i32) -> Self {
        let x = if k % 2 == 0 { self.magnitude() } else { self };
        let x = if k < 0 { x.reciprocal() } else { x };
        (0..k.unsigned_abs()).fold(Range::closed(1.0, 1.0), |product, _| product.times(x))
    }

    /// The products of numbers in both.
    pub fn times(self, other: Self) -> Self {
        let product = |a: Bound, b: Bound| {
            // A zero that is attained gives 0 for any other factor; 0 · ∞ is a limit through numbers near 0.
            let zero = |x: Bound| x.at == 0.0;
            match (zero(a), zero(b)) {
                (true, _) | (_, true) => {
                    let reached = zero(a) && !a.open || zero(b) && !b.open;
                    Bound { at: 0.0, open: !reached }
                }
                _ => Bound { at: a.at * b.at, open: a.open || b.open },
            }
        };
        let (a, b) = (self, other);
        Range::around(&[
            product(a.low, b.low),
            product(a.low, b.high),
            product(a.high, b.low),
            product(a.high, b.high),
        ])
    }

    fn reciprocal(self) -> Self {
        if !self.excludes_zero() {
            return EVERYTHING;
        }
        let one_over = |b: Bound| {
            // Towards the side on which the range lies.
            let at =
                if b.at == 0.0 { f64::INFINITY.copysign(self.low.at + self.high.at) } else { 1.0 / b.at };
            Bound { at, ..b }
        };
        Range::around(&[one_over(self.low), one_over(self.high)])
    }

    /// |x|
    fn magnitude(self) -> Self {
        if self.at_least(0.0) {
            self
        } else if self.high.at <= 0.0 {
            self.negated()
        } else {
            Range::around(&[Bound { at: 0.0, open: false }, self.high, self.negated().high])
        }
    }

    /// The sums of n numbers in the range.
    fn sum_of(self, n: usize) -> Self {
        self.times(Range::closed(n as f64, n as f64))
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

/// The lower one of two upper bounds.
fn lower(a: Bound, b: Bound) -> Bound {
    match a.at.partial_cmp(&b.at) {
        Some(Ordering::Less) => a,
        Some(Ordering::Equal) => Bound { at: a.at, open: a.open || b.open },
        Some(Ordering::Greater) | None => b,
    }
}

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
        Ranges::given(graph, &known)
    }

    /// Computes the ranges at the initial values of parameters and data, for any draws of the sites.
    pub fn at_draws(graph: &Graph) -> Self {
        let mut known: HashMap<NodeId, Range> = supports(graph, support).collect();
        known.extend(graph.params().into_iter().map(|p| (p.node, Range::of(&p.initial))));
        known.extend(graph.datasets().into_iter().map(|d| (d.node, Range::of(&d.values))));
        Ranges::given(graph, &known)
    }

    /// The range of a node.
    pub(crate) fn get(&self, id: NodeId) -> Range {
        self.ranges[id.index()]
    }

    /// Computes the ranges at any values of parameters and data, for any draws of the sites.
    pub fn anywhere(graph: &Graph) -> Self {
        Ranges::given(graph, &supports(graph, support).collect())
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

    /// The ranges of all nodes, given those of some.
    fn given(graph: &Graph, known: &HashMap<NodeId, Range>) -> Self {
        let engine = graph.engine();
        let mut ranges: Vec<Range> = Vec::with_capacity(engine.len());
        let ends = ends(graph);
        for index in 0..engine.len() {
            let (id, node) = engine.nodes_at(index);
            let range = known.get(&id).copied().unwrap_or_else(|| {
                if let Some([low, high]) = ends.get(&id) {
                    return between(ranges[low.index()], ranges[high.index()]);
                }
                let sizes: Vec<_> = node.inputs.iter().map(|&i| engine.expr(i).shape()).collect();
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
                    Op::Binary(op) => binary(*op, of(0), of(1)),
                    Op::Select => chosen(graph, &ranges, &node.inputs, true).union(chosen(
                        graph,
                        &ranges,
                        &node.inputs,
                        false,
                    )),
                    Op::Reduce(reduction, axes) => reduce(*reduction, of(0), elements(axes, &sizes[0])),
                    Op::LogSumExp(axes) => log_sum_exp(of(0), elements(axes, &sizes[0])),
                    Op::LogSoftmax(axes) => log_softmax(of(0), elements(axes, &sizes[0])),
                    Op::Softmax(axes) => log_softmax(of(0), elements(axes, &sizes[0])).rising(f64::exp),
                    Op::OneHot(_) => Range::closed(0.0, 1.0),
                    Op::ArgMax => Range::closed(0.0, f64::INFINITY),
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
            });
            ranges.push(range);
        }
        Ranges { ranges }
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
                let never = match edge.position {
                    1 => self.only_value(inputs[0]) == Some(0.0),
                    _ => of(0).excludes_zero(),
                };
                return if never { Way::Unused } else { Way::GoesOn };
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
        let Range { low, high } = self.ranges[id.index()];
        (low.at == high.at).then_some(low.at)
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

/// The supports of all sites, except those whose ends are parameters.
fn supports(graph: &Graph, of: fn(Support) -> Range) -> impl Iterator<Item = (NodeId, Range)> {
    let sites = graph.sites().into_iter().filter(|s| s.family.support() != Support::Interval);
    sites.map(move |s| (s.value, of(s.family.support())))
}

/// The ends of the support of a site on an interval, which are its two parameters.
fn ends(graph: &Graph) -> HashMap<NodeId, [NodeId; 2]> {
    let sites = graph.sites().into_iter().filter(|s| s.family.support() == Support::Interval);
    sites.filter_map(|s| Some((s.value, s.parameters.try_into().ok()?))).collect()
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
        Support::Indices | Support::Counts | Support::BoundedCounts => Range::closed(0.0, f64::INFINITY),
        Support::UnitInterval | Support::Simplex => Range::closed(0.0, 1.0),
        Support::Positive => Range::closed(0.0, f64::INFINITY),
        Support::Real | Support::Interval | Support::Circle | Support::RealVector => EVERYTHING,
    }
}

/// The image of a range under a function.
pub(crate) fn unary(op: Unary, x: Range) -> Range {
    match op {
        Unary::Neg => x.negated(),
        Unary::Abs => x.magnitude(),
        Unary::Sign | Unary::Sin | Unary::Cos => Range::closed(-1.0, 1.0),
        Unary::Floor => {
            Range { low: Bound { at: x.low.at.floor(), open: x.low.at.is_infinite() }, high: x.high }
        }
        Unary::Exp => x.rising(f64::exp),
        Unary::Expm1 => x.rising(f64::exp_m1),
        Unary::Log if x.at_least(0.0) => x.rising(f64::ln),
        Unary::Log1p if x.at_least(-1.0) => x.rising(f64::ln_1p),
        Unary::Sqrt if x.at_least(0.0) => x.rising(f64::sqrt),
        Unary::Tanh => x.rising(f64::tanh),
        Unary::Sigmoid => x.rising(|x| 1.0 / (1.0 + (-x).exp())),
        // Above 0 and above x; only the side of 0 is relevant.
        Unary::Softplus => POSITIVE,
        Unary::Erf => Range::open(-1.0, 1.0),
        Unary::Polygamma(n) if n > 0 && n % 2 == 1 => POSITIVE,
        _ => EVERYTHING,
    }
}

/// The image of two ranges under a function.
pub(crate) fn binary(op: Binary, x: Range, y: Range) -> Range {
    // For two equal bounds: the one that both attain, or that one of them attains.
    let both = |a: Bound, b: Bound| Bound { open: a.open || b.open, ..a };
    let either = |a: Bound, b: Bound| Bound { open: a.open && b.open, ..a };
    let larger = |a: Bound, b: Bound, equal: &dyn Fn(Bound, Bound) -> Bound| match a.at.total_cmp(&b.at) {
        Ordering::Equal => equal(a, b),
        Ordering::Greater => a,
        Ordering::Less => b,
    };
    let smaller = |a: Bound, b: Bound, equal: &dyn Fn(Bound, Bound) -> Bound| match a.at.total_cmp(&b.at) {
        Ordering::Equal => equal(a, b),
        Ordering::Greater => b,
        Ordering::Less => a,
    };
    match op {
        Binary::Add => x.plus(y),
        Binary::Sub => x.plus(y.negated()),
        Binary::Mul => x.times(y),
        Binary::Div => x.times(y.reciprocal()),
        Binary::Pow if x.above(0.0) => POSITIVE,
        Binary::Pow => EVERYTHING,
        Binary::Atan2 if y.at_least(0.0) => Range::closed(-FRAC_PI_2, FRAC_PI_2),
        Binary::Atan2 => Range::closed(-PI, PI),
        Binary::Max => Range { low: larger(x.low, y.low, &both), high: larger(x.high, y.high, &either) },
        Binary::Min => Range { low: smaller(x.low, y.low, &either), high: smaller(x.high, y.high, &both) },
        Binary::Eq if x.is_apart_from(y) => Range::closed(0.0, 0.0),
        Binary::Ne if x.is_apart_from(y) => Range::closed(1.0, 1.0),
        Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne => Range::closed(0.0, 1.0),
    }
}

fn reduce(reduction: Reduction, x: Range, n: usize) -> Range {
    match reduction {
        Reduction::Sum => x.sum_of(n),
        Reduction::Prod if x.above(0.0) => POSITIVE,
        Reduction::Prod => EVERYTHING,
        Reduction::Max | Reduction::Min if n > 0 => x,
        Reduction::Max | Reduction::Min => EVERYTHING,
    }
}

/// The number of elements along axes.
fn elements(axes: &[usize], shape: &Shape) -> usize {
    axes.iter().map(|&axis| shape.from_end(axis)).product()
}

/// log Σ eˣ of n numbers: between those of n equal numbers at the ends, low + log n and high + log n.
fn log_sum_exp(x: Range, n: usize) -> Range {
    let log = (n as f64).ln();
    if n == 0 { EVERYTHING } else { x.plus(Range::closed(log, log)) }
}

/// x − log Σ eˣ of n numbers. It is largest where one number is at the upper end and all others are at the lower end, and smallest
/// where one is at the lower end:
///
/// ```text
/// −log(1 + (n − 1) e^w) ≤ x − log Σ eˣ ≤ −log(1 + (n − 1) e^(−w)),   w = high − low
/// ```
fn log_softmax(x: Range, n: usize) -> Range {
    if n <= 1 {
        return if n == 0 { EVERYTHING } else { Range::closed(0.0, 0.0) };
    }
    let (width, open) = (x.high.at - x.low.at, x.low.open || x.high.open);
    let at = |width: f64| {
        let t = ((n - 1) as f64).ln() + width;
        -(t.max(0.0) + (-t.abs()).exp().ln_1p())
    };
    Range { low: Bound { at: at(width), open }, high: Bound { at: at(-width), open } }.or_everything()
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
