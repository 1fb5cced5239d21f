//! The graphs of the table.
//!
//! x is the draw as the cost sees it: tanh(0.7 z) of an unbounded continuous draw, so that all means exist, z of any other number, and
//! an inner product with fixed numbers for vectors.
//!
//! | topology | cost |
//! |---|---|
//! | scalar | (x − 0.45)² |
//! | cost level 1e4 | (x − 0.45)² + 10⁴ |
//! | direct | (x − 0.45)² + 0.3 θ x + θ² |
//! | vector | (x₁ + x₂ − 0.45)² |
//! | batch | Σ (xᵢ − 0.45)², with parameters of their own |
//! | two sites | (x + x y − 0.45)² |
//! | shared | the same, with one parameter for both |
//! | three layers | (x + y w − 0.45)², where x moves the parameters of y, and y those of w |

use aleator_engine::graph::Expr;

use super::regimes::{Regime, Value};
use crate::distributions::{Constraint, Distribution, Signature, Support};
use crate::graph::Graph;

/// How sites and costs are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topology {
    Scalar,
    Level,
    Direct,
    Vector,
    Batch,
    TwoSites,
    Shared,
    ThreeLayers,
}

impl Topology {
    pub const ALL: [Topology; 8] = [
        Topology::Scalar,
        Topology::Level,
        Topology::Direct,
        Topology::Vector,
        Topology::Batch,
        Topology::TwoSites,
        Topology::Shared,
        Topology::ThreeLayers,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Topology::Scalar => "scalar",
            Topology::Level => "cost level 1e4",
            Topology::Direct => "direct",
            Topology::Vector => "vector",
            Topology::Batch => "batch",
            Topology::TwoSites => "two sites",
            Topology::Shared => "shared",
            Topology::ThreeLayers => "three layers",
        }
    }
}

/// The parameters of a site, as expressions.
struct Site<'a, 'g> {
    graph: &'g Graph,
    signature: &'a Signature,
    values: &'a [Value],
    suffix: String,
    parameters: Vec<Expr<'g>>,
}

impl<'a, 'g> Site<'a, 'g> {
    /// Parameters of the graph with these values; names end in `suffix`. With `rows`, there are two rows with values of their own.
    fn new(
        graph: &'g Graph,
        signature: &'a Signature,
        values: &'a [Value],
        suffix: &str,
        rows: bool,
    ) -> Self {
        let declare = |value: &Value| {
            let name = format!("{}{suffix}", value.name);
            let (shape, numbers) =
                if rows { doubled(value) } else { (value.shape.clone(), value.numbers.clone()) };
            match value.constraint {
                Constraint::Count => graph.data(&name, shape, numbers),
                _ => graph.param_tensor(&name, shape, numbers),
            }
        };
        let parameters = values.iter().map(declare).collect();
        Site { graph, signature, values, suffix: suffix.into(), parameters }
    }

    fn distribution(&self) -> Distribution<'g> {
        self.signature.build(self.parameters.clone())
    }

    /// The distribution with its parameters moved by a number in (−1, 1), within their domains.
    fn moved(&self, by: Expr<'g>) -> Distribution<'g> {
        let moved = |(value, &p): (&Value, &Expr<'g>)| match value.constraint {
            Constraint::Positive | Constraint::NotNegative => p * (0.3 * by).exp(),
            Constraint::Probability | Constraint::PositiveProbability | Constraint::ProbabilityBelowOne => {
                p * (by + 0.5).sigmoid()
            }
            // Of logarithms of weights, differences count.
            Constraint::Real | Constraint::NotNan | Constraint::LogWeights if value.shape.len() == 1 => {
                let n = value.shape[0];
                p + 0.3
                    * by
                    * self.graph.data(&format!("{}_slopes{}", value.name, self.suffix), [n], slopes(n))
            }
            Constraint::Real | Constraint::NotNan => p + 0.3 * by,
            Constraint::LogWeights | Constraint::Weights | Constraint::Count | Constraint::LowerCholesky => p,
        };
        self.signature.build(self.values.iter().zip(&self.parameters).map(moved).collect())
    }

    /// A parameter as a number, for a cost that depends on it directly.
    fn theta(&self) -> Expr<'g> {
        let own = self.values.iter().zip(&self.parameters);
        let first = own.filter(|(value, _)| value.constraint != Constraint::Count).map(|(_, p)| *p).next();
        let p = first.unwrap_or(self.parameters[0]);
        p.sum()
    }
}

fn slopes(n: usize) -> Vec<f64> {
    [1.0, -2.0, 0.5].into_iter().cycle().take(n).collect()
}

/// Two rows: the value, and one that differs within the domain.
fn doubled(value: &Value) -> (Vec<usize>, Vec<f64>) {
    let other = |&x: &f64| match value.constraint {
        Constraint::Real | Constraint::NotNan | Constraint::LogWeights => x + 0.3 * x.abs(),
        Constraint::Count => x + 1.0,
        _ => 0.8 * x,
    };
    let numbers = value.numbers.iter().copied().chain(value.numbers.iter().map(other)).collect();
    ([vec![2], value.shape.clone()].concat(), numbers)
}

/// x: a draw as the cost sees it, without its event axes.
fn seen<'g>(graph: &'g Graph, name: &str, draw: Expr<'g>, support: Support, event: usize) -> Expr<'g> {
    let squashed = match support {
        Support::Real | Support::Positive | Support::Interval { high: None, .. } => (0.7 * draw).tanh(),
        _ => draw,
    };
    if event == 0 {
        return squashed;
    }
    let n = draw.shape().from_end(0);
    squashed.dot(graph.data(&format!("weights_{name}"), [n], slopes(n)))
}

/// Writes a graph.
pub(super) fn write<'g>(graph: &'g Graph, signature: &Signature, regime: &Regime, topology: Topology) {
    let support = signature.family().support();
    let rows = topology == Topology::Batch;
    let site = |suffix: &str| Site::new(graph, signature, &regime.values, suffix, rows);
    let draw = |name: &str, distribution: Distribution<'g>| {
        let event = distribution.family().event_shape(distribution.parameters()).rank();
        seen(graph, name, graph.sample(name, distribution), support, event)
    };
    let loss = |x: Expr<'g>| (x - 0.45).square();
    let own = site("");
    let cost = match topology {
        Topology::Scalar | Topology::Batch => loss(draw("z", own.distribution())),
        Topology::Level => loss(draw("z", own.distribution())) + 1e4,
        Topology::Direct => {
            let (x, theta) = (draw("z", own.distribution()), own.theta());
            loss(x) + 0.3 * theta * x + theta.square()
        }
        Topology::Vector => {
            let distribution = own.distribution();
            let event = distribution.family().event_shape(distribution.parameters()).rank();
            let z = graph.sample("z", distribution.copies(2));
            loss(seen(graph, "z", z, support, event).sum_axes(-1))
        }
        Topology::TwoSites | Topology::Shared => {
            let other =
                if topology == Topology::Shared { own.distribution() } else { site("2").distribution() };
            let (x, y) = (draw("z", own.distribution()), draw("y", other));
            loss(x + x * y)
        }
        Topology::ThreeLayers => {
            let x = draw("z", own.distribution());
            let y = draw("y", site("2").moved(x.tanh()));
            let w = draw("w", site("3").moved(y.tanh()));
            loss(x + y * w)
        }
    };
    graph.cost("f", cost);
}
