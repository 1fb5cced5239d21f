//! The growth of a cost with a sample: whether its expectation can diverge at values that floating-point numbers do not reach.
//!
//! ```text
//! P(draws like these) = e^(−E):        |z| grows as E^(1/τ) where its tail falls as exp(−|z|^τ)
//!                                      τ = 2 Normal, 1 counts and exponential tails, the concentration of a Weibull law
//!                                      e^(√E) LogNormal, e^E powers (StudentT, Cauchy), bounded else
//! |F| ≤ C exp∘…∘exp (C E^q)            with `exponentials` times exp, 0 for a polynomial
//! ```
//!
//! E|F| = ∫ |F| e^(−E) is finite with one exponential and q < 1. For q = 1 it depends on the constants, and for q > 1 it is
//! infinite however small they are, possibly without any sign at the points of a quadrature. For q = 1, the values at the ends
//! decide. All draws may be rare together, so each has the same E: exp(c a b) has q = 2 for two exponential variables. The bounds
//! are upper bounds: a cost that is rejected may have a finite expectation.

use aleator_engine::graph::{Binary, NodeId, Op, Reduction, Unary, ancestors};

use crate::analysis::Ranges;
use crate::distributions::Support;
use crate::graph::{Graph, SiteDef};

/// An upper bound of the growth along one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Growth {
    exponentials: u32,
    degree: f64,
}

const BOUNDED: Growth = Growth { exponentials: 0, degree: 0.0 };
/// A logarithm grows slower than every power; x log x faster than x.
const OF_A_LOGARITHM: f64 = 1e-3;
/// Faster than any growth with a finite expectation.
const BEYOND: Growth = Growth { exponentials: u32::MAX, degree: f64::INFINITY };

impl Growth {
    fn max(self, other: Self) -> Self {
        if (self.exponentials, self.degree) >= (other.exponentials, other.degree) { self } else { other }
    }

    /// The growth of a product.
    fn times(self, other: Self) -> Self {
        match (self.exponentials, other.exponentials) {
            (0, 0) => Growth { degree: self.degree + other.degree, ..self },
            _ => self.max(other),
        }
    }

    /// The growth of a power.
    fn to(self, power: f64) -> Self {
        if self.exponentials == 0 { Growth { degree: self.degree * power, ..self } } else { self }
    }

    fn exp(self) -> Self {
        Growth { exponentials: self.exponentials.saturating_add(1), ..self }
    }

    fn log(self) -> Self {
        match self.exponentials {
            0 => Growth { degree: self.degree.min(OF_A_LOGARITHM), ..self },
            u32::MAX => BEYOND,
            n => Growth { exponentials: n - 1, ..self },
        }
    }

    /// Whether ∫ exp∘…∘exp (E^q) e^(−E) may be infinite.
    fn diverges(self) -> bool {
        match self.exponentials {
            0 => false,
            1 => self.degree > 1.0,
            _ => true,
        }
    }
}

/// The reason why an expectation may be infinite without any sign at representable points, if there is one.
pub(super) fn too_fast(graph: &Graph) -> Option<String> {
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(graph.engine(), &costs);
    let (ranges, initial) = (Ranges::anywhere(graph), Ranges::of(graph));
    let sites: Vec<SiteDef> = graph.sites().into_iter().filter(|s| needed[s.value.index()]).collect();
    let own = |site: &SiteDef| draw(site, &initial);
    let growth = growths(graph, &ranges, &sites, &own, &needed);
    let fastest = costs.iter().fold(BOUNDED, |most, cost| most.max(growth[cost.index()]));
    fastest.diverges().then(|| {
        let unbounded = sites.iter().filter(|site| own(site) != BOUNDED);
        let names: Vec<String> = unbounded.map(|s| format!("`{}` ({})", s.name, s.family.name())).collect();
        format!(
            "a cost may grow faster with {} than the tails decay, so that its expectation may be infinite",
            names.join(", ")
        )
    })
}

/// The growth of a draw with E, for fixed parameters.
fn draw(site: &SiteDef, initial: &Ranges) -> Growth {
    let power = |degree: f64| Growth { exponentials: 0, degree };
    match (site.family.name(), site.family.support()) {
        ("Normal" | "HalfNormal" | "MultivariateNormal", _) => power(0.5),
        ("LogNormal", _) => power(0.5).exp(),
        ("StudentT" | "Cauchy" | "HalfCauchy" | "InverseGamma" | "Pareto", _) => power(1.0).exp(),
        ("Weibull", _) => {
            let concentration = site.family.parameters().iter().position(|p| p.name == "concentration");
            let least = concentration.map_or(0.0, |i| initial.lower_bound(site.parameters[i]));
            if least > 0.0 { power(1.0 / least) } else { BEYOND }
        }
        (
            _,
            Support::Real
            | Support::Positive
            | Support::Interval { high: None, .. }
            | Support::Counts
            | Support::RealVector,
        ) => power(1.0),
        (
            _,
            Support::Boolean
            | Support::Indices
            | Support::OneHot
            | Support::Subsets
            | Support::BoundedCounts
            | Support::Compositions
            | Support::UnitInterval
            | Support::Interval { high: Some(_), .. }
            | Support::Circle
            | Support::Simplex,
        ) => BOUNDED,
    }
}

/// The growth of all nodes.
fn growths(
    graph: &Graph,
    ranges: &Ranges,
    sites: &[SiteDef],
    own: &dyn Fn(&SiteDef) -> Growth,
    needed: &[bool],
) -> Vec<Growth> {
    let engine = graph.engine();
    let mut growth = vec![BOUNDED; needed.len()];
    for index in 0..needed.len() {
        if !needed[index] {
            continue;
        }
        let (id, node) = engine.nodes_at(index);
        let of = |i: usize| growth[node.inputs[i].index()];
        let all = (0..node.inputs.len()).map(of).fold(BOUNDED, Growth::max);
        if all == BOUNDED && !matches!(node.op, Op::Hole(_)) {
            continue;
        }
        let constant = |i: usize| engine.scalar_value(node.inputs[i]);
        // A numerator over something that may come near 0 is bounded by nothing better than their product.
        let over = |numerator: Growth, denominator: usize| {
            let bounded_away = ranges.stays_away_from_zero(node.inputs[denominator]);
            if bounded_away { numerator } else { numerator.times(of(denominator)) }
        };
        growth[index] = match &node.op {
            Op::Unary(op) => match op {
                Unary::Tanh | Unary::Sigmoid | Unary::Erf | Unary::Sin | Unary::Cos | Unary::Sign => BOUNDED,
                Unary::Exp | Unary::Expm1 if ranges.is_bounded_above(node.inputs[0]) => BOUNDED,
                Unary::Exp | Unary::Expm1 => of(0).exp(),
                Unary::Log | Unary::Log1p => of(0).log(),
                Unary::Sqrt => of(0).to(0.5),
                // x log x
                Unary::Lgamma => of(0).times(Growth { exponentials: 0, degree: 0.5 }),
                Unary::Tan | Unary::NormalQuantile => BEYOND,
                Unary::Neg | Unary::Abs | Unary::Floor | Unary::Softplus | Unary::Polygamma(_) => of(0),
            },
            Op::Binary(op) => match op {
                Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne | Binary::Atan2 => BOUNDED,
                Binary::Mul => of(0).times(of(1)),
                Binary::Div => over(of(0), 1),
                Binary::Pow => match (constant(1), constant(0)) {
                    (Some(power), _) if power >= 0.0 => of(0).to(power),
                    (Some(_), _) => over(BOUNDED, 0),
                    (None, Some(base)) if base > 0.0 => of(1).exp(),
                    // exp(y log x)
                    _ => of(1).times(of(0).log()).times(Growth { exponentials: 0, degree: 0.5 }).exp(),
                },
                Binary::Add | Binary::Sub | Binary::Max | Binary::Min => all,
            },
            Op::Reduce(Reduction::Prod, axes) => {
                let shape = engine.expr(node.inputs[0]).shape();
                of(0).to(axes.iter().map(|&a| shape.from_end(a)).product::<usize>() as f64)
            }
            Op::MatMul => of(0).times(of(1)),
            Op::Softmax(_) | Op::OneHot(_) | Op::ArgMax => BOUNDED,
            Op::Hole(_) => match sites.iter().find(|s| s.value == id) {
                // Its values lie between 0 and its total count, or between its ends, which may be random themselves.
                Some(site)
                    if matches!(site.family.support(), Support::BoundedCounts | Support::Compositions) =>
                {
                    let total = site.family.parameters().iter().position(|p| p.name == "total_count");
                    total.map_or(BEYOND, of)
                }
                Some(site) if matches!(site.family.support(), Support::Interval { high: Some(_), .. }) => all,
                // Its values scale with its parameters, or with their reciprocals.
                Some(site) => {
                    let (own, by) = (own(site), (0..node.inputs.len()).map(of).fold(BOUNDED, Growth::times));
                    match (own == BOUNDED, own.exponentials) {
                        (true, _) => BOUNDED,
                        (false, 0) => own.times(by),
                        (false, _) => own.max(by.exp()),
                    }
                }
                None => BEYOND,
            },
            Op::External(_) | Op::QuantileDerivative(_) => BEYOND,
            Op::Input(_)
            | Op::Scalar(_)
            | Op::Tensor(_)
            | Op::Iota
            | Op::Uniform { .. }
            | Op::Draw { .. }
            | Op::Poison => BOUNDED,
            Op::Select
            | Op::Reduce(..)
            | Op::LogSumExp(_)
            | Op::LogSoftmax(_)
            | Op::CumSum { .. }
            | Op::Reshape { .. }
            | Op::Broadcast { .. }
            | Op::Permute(_)
            | Op::Slice { .. }
            | Op::Pad { .. }
            | Op::Concat { .. }
            | Op::StopGradient => all,
        };
    }
    growth
}
