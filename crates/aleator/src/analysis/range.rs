//! Intervals of numbers, and their images under operations. A range says of each of its bounds whether it is attained: exp x > 0, so
//! log Σ exp x is defined everywhere.

use std::cmp::Ordering;
use std::f64::consts::{FRAC_PI_2, PI};

use aleator_engine::graph::{Binary, Reduction, Unary};

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    pub(super) at: f64,
    /// Whether the values come arbitrarily close to the bound without reaching it.
    pub(super) open: bool,
}

/// All numbers between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(super) low: Bound,
    pub(super) high: Bound,
}

pub(crate) const EVERYTHING: Range = Range::open(f64::NEG_INFINITY, f64::INFINITY);
pub(super) const POSITIVE: Range = Range::open(0.0, f64::INFINITY);

impl Range {
    pub(super) const fn open(low: f64, high: f64) -> Self {
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
    pub(super) fn of(values: &[f64]) -> Self {
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

    /// The only number of the range, if there is one.
    pub fn only_value(self) -> Option<f64> {
        (self.low.at == self.high.at).then_some(self.low.at)
    }

    /// The numbers in both ranges, which are known to have some in common.
    pub fn and(self, other: Self) -> Self {
        let high = lower(self.high, other.high);
        let low = lower(self.negated().high, other.negated().high);
        let both = Range { low: Bound { at: -low.at, ..low }, high };
        if both.low.at <= both.high.at { both } else { self }
    }

    /// Whether all numbers in the range are above `x`, or at least `x`.
    pub(super) fn above(self, x: f64) -> bool {
        self.low.at > x || self.low.at == x && self.low.open
    }

    pub(super) fn at_least(self, x: f64) -> bool {
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

    /// Whether every number is below every number of the other range.
    pub(super) fn is_below(self, other: Self) -> bool {
        let (a, b) = (self.high, other.low);
        a.at < b.at || a.at == b.at && (a.open || b.open)
    }

    /// Whether no number is in both ranges.
    fn is_apart_from(self, other: Self) -> bool {
        self.is_below(other) || other.is_below(self)
    }

    pub(super) fn excludes_zero(self) -> bool {
        self.above(0.0) || self.negated().above(0.0)
    }

    pub(super) fn negated(self) -> Self {
        let flip = |b: Bound| Bound { at: -b.at, ..b };
        Range { low: flip(self.high), high: flip(self.low) }
    }

    /// The image under a nondecreasing function.
    pub(super) fn rising(self, f: impl Fn(f64) -> f64) -> Self {
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
    pub(super) fn magnitude(self) -> Self {
        if self.at_least(0.0) {
            self
        } else if self.high.at <= 0.0 {
            self.negated()
        } else {
            Range::around(&[Bound { at: 0.0, open: false }, self.high, self.negated().high])
        }
    }

    /// The sums of n numbers in the range.
    pub(super) fn sum_of(self, n: usize) -> Self {
        self.times(Range::closed(n as f64, n as f64))
    }
}

/// The lower one of two upper bounds.
pub(super) fn lower(a: Bound, b: Bound) -> Bound {
    match a.at.partial_cmp(&b.at) {
        Some(Ordering::Less) => a,
        Some(Ordering::Equal) => Bound { at: a.at, open: a.open || b.open },
        Some(Ordering::Greater) | None => b,
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

pub(super) fn reduce(reduction: Reduction, x: Range, n: usize) -> Range {
    match reduction {
        Reduction::Sum => x.sum_of(n),
        Reduction::Prod if x.above(0.0) => POSITIVE,
        Reduction::Prod => EVERYTHING,
        Reduction::Max | Reduction::Min if n > 0 => x,
        Reduction::Max | Reduction::Min => EVERYTHING,
    }
}

/// log Σ eˣ of n numbers: between those of n equal numbers at the ends, low + log n and high + log n.
pub(super) fn log_sum_exp(x: Range, n: usize) -> Range {
    let log = (n as f64).ln();
    if n == 0 { EVERYTHING } else { x.plus(Range::closed(log, log)) }
}

/// x − log Σ eˣ of n numbers. It is largest where one number is at the upper end and all others are at the lower end, and smallest
/// where one is at the lower end:
///
/// ```text
/// −log(1 + (n − 1) e^w) ≤ x − log Σ eˣ ≤ −log(1 + (n − 1) e^(−w)),   w = high − low
/// ```
pub(super) fn log_softmax(x: Range, n: usize) -> Range {
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
