//! How fast a cost grows with a sample: whether its expectation can diverge beyond what numbers reach.
//!
//! ```text
//! |F(z)| ≤ C exp∘…∘exp (C |z|^q)    with `exponentials` times exp, 0 for a polynomial
//! P(|z| > r) falls as exp(−r^τ):    τ = 2 Normal, 1 counts and exponential tails, 0 powers, ∞ bounded
//! ```
//!
//! E exp(c |z|^q) is finite for q < τ, for q = τ it depends on c, for q > τ it is infinite however small c is: at the points that
//! quadrature can reach nothing may be seen of it. For q = τ, or powers against powers, what is to be seen at the ends decides. The bounds
//! are upper ones: a cost that is refused may have an expectation all the same.

use aleator_engine::graph::{Binary, NodeId, Op, Reduction, Unary, ancestors};

use crate::distributions::Support;
use crate::graph::{Graph, Ranges, SiteDef};

/// An upper bound of the growth along one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Growth {
    exponentials: u32,
    degree: f64,
}

const BOUNDED: Growth = Growth { exponentials: 0, degree: 0.0 };
const LINEAR: Growth = Growth { exponentials: 0, degree: 1.0 };
/// More than anything has a finite expectation of.
const BEYOND: Growth = Growth { exponentials: u32::MAX, degree: f64::INFINITY };

impl Growth {
    fn max(self, other: Self) -> Self {
        if (self.exponentials, self.degree) >= (other.exponentials, other.degree) { self } else { other }
    }

    /// Of a product.
    fn times(self, other: Self) -> Self {
        match (self.exponentials, other.exponentials) {
            (0, 0) => Growth { degree: self.degree + other.degree, ..self },
            _ => self.max(other),
        }
    }

    /// Of a power.
    fn to(self, power: f64) -> Self {
        if self.exponentials == 0 { Growth { degree: self.degree * power, ..self } } else { self }
    }

    fn exp(self) -> Self {
        // What is bounded, and a logarithm, which counts as that: a power.
        Growth { exponentials: self.exponentials.saturating_add(1), ..self }
    }

    fn log(self) -> Self {
        match self.exponentials {
            0 => BOUNDED,
            u32::MAX => BEYOND,
            n => Growth { exponentials: n - 1, ..self },
        }
    }

    /// Whether E exp∘…∘exp |z|^q cannot be told to be finite, where the tail falls as exp(−|z|^τ).
    fn diverges(self, tail: f64) -> bool {
        match self.exponentials {
            0 => false,
            1 => self.degree > tail,
            _ => true,
        }
    }
}

/// Why an expectation may be infinite without any sign of it at the points that numbers reach.
pub(super) fn too_fast(graph: &Graph) -> Option<String> {
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(graph.engine(), &costs);
    let ranges = Ranges::anywhere(graph);
    let sites = graph.sites();
    sites.iter().enumerate().filter(|(_, site)| needed[site.value.index()]).find_map(|(number, site)| {
        let (own, tail) = tail(site)?;
        let growth = along(graph, &ranges, &sites, number, own, &needed);
        let fastest = costs.iter().fold(BOUNDED, |most, cost| most.max(growth[cost.index()]));
        fastest.diverges(tail).then(|| {
            format!(
                "a cost may grow faster with `{}` than the tail of its {} falls, so that its expectation may be infinite",
                site.name,
                site.family.name()
            )
        })
    })
}

/// How a draw grows with a variable whose tail falls as exp(−|x|^τ), and τ; `None` for bounded ones.
fn tail(site: &SiteDef) -> Option<(Growth, f64)> {
    match (site.family.name(), site.family.support()) {
        ("Normal" | "MultivariateNormal", _) => Some((LINEAR, 2.0)),
        // The exponential of a normal variable.
        ("LogNormal", _) => Some((LINEAR.exp(), 2.0)),
        // Powers of their variable: sinh x of one with exponential tails, whose rate is seen at the ends.
        ("StudentT" | "Cauchy", _) => Some((LINEAR, 0.0)),
        (_, Support::Real | Support::Positive | Support::Counts | Support::RealVector) => Some((LINEAR, 1.0)),
        (_, Support::BoundedCounts) => Some((LINEAR, 1.0)),
        _ => None,
    }
}

/// The growth of all nodes along a site.
fn along(
    graph: &Graph,
    ranges: &Ranges,
    sites: &[SiteDef],
    number: usize,
    own: Growth,
    needed: &[bool],
) -> Vec<Growth> {
    let engine = graph.engine();
    let mut growth = vec![BOUNDED; needed.len()];
    growth[sites[number].value.index()] = own;
    for index in sites[number].value.index() + 1..needed.len() {
        if !needed[index] {
            continue;
        }
        let (id, node) = engine.nodes_at(index);
        let of = |i: usize| growth[node.inputs[i].index()];
        let all = (0..node.inputs.len()).map(of).fold(BOUNDED, Growth::max);
        if all == BOUNDED && node.inputs.iter().all(|i| growth[i.index()] == BOUNDED) {
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
                Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne => BOUNDED,
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
            Op::ArgMax => BOUNDED,
            Op::Hole(_) => match sites.iter().find(|s| s.value == id) {
                // Its values scale with its parameters, or with their reciprocals.
                Some(later) => match tail(later) {
                    None => BOUNDED,
                    Some((own, _)) => {
                        let by = (0..node.inputs.len()).map(of).fold(BOUNDED, Growth::times);
                        if own.exponentials > 0 { by.exp() } else { by }
                    }
                },
                None => BEYOND,
            },
            Op::External(_) => BEYOND,
            Op::Input(_)
            | Op::Scalar(_)
            | Op::Tensor(_)
            | Op::Iota
            | Op::Uniform { .. }
            | Op::Draw { .. }
            | Op::Poison => BOUNDED,
            Op::Select
            | Op::Reduce(..)
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
