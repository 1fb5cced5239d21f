//! The noise of an estimate as coordinates over which its expectation can be summed and integrated.
//!
//! An estimate ĝ is a deterministic function of uniform numbers and of draws from a few laws. Each element of this noise is replaced
//! by an expression of coordinates with a density that is known:
//!
//! ```text
//! uniform number of a Bernoulli     outcome b with mass p or q = 1 − p, position v within it
//!                                   u = q + p v  for b = 1,   u = q v  for b = 0
//! uniforms of a (OneHot)Categorical outcome k with mass pₖ, positions v:  Eₖ = pₖ m,  Eᵢ = pᵢ m − log vᵢ,  m = −log vₖ,  u = e^(−E)
//! fair coins (streams of coins)     0 or 1 with mass ½,  u = ¼ + ½ outcome
//! any other uniform number          itself
//! draw from a law                   the value, weighted by its density (at logits x, see `support_bijector`) or its mass
//! ```
//!
//! (For the categorical outcome: the sampler takes the smallest Eᵢ/pᵢ of independent exponential Eᵢ. The smallest is m, which is
//! exponential and independent of k, and the others exceed pᵢ m by independent exponential numbers.)
//!
//! p is computed by the graph from the parameters of the site on the main path, so that it follows earlier draws. The estimator's own
//! code still computes everything from the noise; a row whose sample is not the outcome that was intended is reported.
//!
//! Elements that nothing is computed from have no coordinate. Positions v matter only to estimators that look within an outcome, such as relaxations. The others are recognised by the
//! structure of the graph: with the sample replaced by the outcome, no result depends on the uniform number any more.

use std::collections::{BTreeMap, HashMap};

use aleator_engine::graph::{Expr, Graph as Engine, Law, NodeId, NodeSet, Op, Reduction, Shape, substitute};

use crate::distributions::{
    Beta, Binomial, Distribution, FIRST_STREAM_OF_COINS, Gamma, Poisson, STREAMS_PER_SITE, Support, VonMises,
};
use crate::graph::Graph;
use crate::quadrature::Unknown;
use crate::rewrite::{DrawnSite, Surrogate};

/// What an element of an input ranges over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// The numbers 0, …, n − 1, which are summed.
    Outcomes(usize),
    /// The interval (0, 1).
    Uniform,
    /// The real line, as logits of uniform numbers.
    Logit,
    /// The numbers 0, 1, …, weighted by their mass.
    Count,
    /// A position that makes no difference.
    Anywhere,
}

/// An input of shape `[R] + ...` that takes the place of noise.
#[derive(Clone, Debug)]
pub(super) struct NoiseInput {
    pub node: NodeId,
    /// The number of elements for each row.
    pub elements: usize,
    pub range: Range,
    /// For each element, whether anything depends on it; `None` if this holds for all.
    pub used: Option<Vec<bool>>,
}

/// The noise of a surrogate, replaced by inputs.
pub(super) struct Coordinates<'g> {
    pub inputs: Vec<NoiseInput>,
    /// The probability or density of each row, of shape `[R]`.
    pub weight: Expr<'g>,
    /// For each row, how far the samples are from the intended outcomes.
    pub mismatch: Expr<'g>,
    /// What takes the place of each node.
    pub replaced: HashMap<NodeId, Expr<'g>>,
    /// The nodes from which the results are computed.
    needed: NodeSet,
}

/// The smallest factor above 1, so that q (1 + ε) > q.
const ABOVE_ONE: f64 = 1.0 + f64::EPSILON;
/// The largest number below 1.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

/// A site whose first stream decides between finitely many outcomes.
struct Cell<'g> {
    drawn: DrawnSite,
    uniform: NodeId,
    /// The indices of the outcomes, of shape sample + batch.
    outcome: Expr<'g>,
    /// The outcomes as values.
    value: Expr<'g>,
    outcomes: usize,
    categorical: bool,
}

/// Replaces all noise on which `outputs` depend.
pub(super) fn coordinates<'g>(
    graph: &Graph,
    engine: &'g Engine,
    surrogate: &Surrogate,
    outputs: &[NodeId],
    rows: usize,
) -> Result<Coordinates<'g>, Unknown> {
    let one = || engine.full([rows], 1.0);
    let mut noise = Coordinates {
        inputs: vec![],
        weight: one(),
        mismatch: one() - 1.0,
        replaced: HashMap::new(),
        needed: NodeSet::ancestors(engine, outputs),
    };
    let uniforms = uniforms(engine, outputs)?;
    let cells = cells(graph, engine, surrogate, &uniforms, &mut noise);
    let within = positions_that_matter(engine, outputs, &cells);
    let mut laws = BTreeMap::new();
    // Inputs precede what is computed from them, and the noise of a site the parameters of the sites behind it.
    for id in NodeSet::ancestors(engine, outputs).iter() {
        match engine.node(id).op {
            Op::Uniform { stream } if stream % STREAMS_PER_SITE >= FIRST_STREAM_OF_COINS => {
                noise.coins(engine, id);
            }
            Op::Uniform { .. } => match cells.iter().find(|cell| cell.uniform == id) {
                Some(cell) => noise.enter(engine, graph, cell, rows, within.contains(id)),
                None => {
                    let input = noise.input(engine, id, Range::Uniform);
                    noise.replaced.insert(id, input);
                }
            },
            Op::Draw { law, stream, .. } => noise.draw(engine, id, law, stream, rows, &mut laws)?,
            _ => {}
        }
    }
    Ok(noise)
}

/// The uniform numbers on which the outputs depend, by stream.
fn uniforms(engine: &Engine, outputs: &[NodeId]) -> Result<BTreeMap<u32, NodeId>, Unknown> {
    let mut found = BTreeMap::new();
    for id in NodeSet::ancestors(engine, outputs).iter() {
        if let Op::Uniform { stream } = engine.node(id).op
            && found.insert(stream, id).is_some()
        {
            return Err("it reads the same noise in two shapes".into());
        }
    }
    Ok(found)
}

/// The sites whose first stream decides between finitely many outcomes.
fn cells<'g>(
    graph: &Graph,
    engine: &'g Engine,
    surrogate: &Surrogate,
    uniforms: &BTreeMap<u32, NodeId>,
    noise: &mut Coordinates<'g>,
) -> Vec<Cell<'g>> {
    let sites = graph.sites();
    let mut cells = Vec::new();
    for drawn in &surrogate.audit.drawn {
        let site = &sites[drawn.number];
        let Some(&uniform) = uniforms.get(&(drawn.number as u32 * STREAMS_PER_SITE)) else { continue };
        let shape = engine.node(uniform).shape;
        let (outcomes, categorical) = match site.family.support() {
            Support::Boolean if shape == drawn.shape => (2, false),
            Support::Indices | Support::OneHot if shape.rank() == drawn.shape.rank() + 1 => {
                (shape.from_end(0), true)
            }
            _ => continue,
        };
        let outcome = engine.input(&format!("outcomes of {}", site.name), drawn.shape.clone());
        let elements = drawn.shape.numel() / drawn.shape[0];
        let range = Range::Outcomes(outcomes);
        noise.inputs.push(NoiseInput { node: outcome.id(), elements, range, used: None });
        let value =
            if site.family.support() == Support::OneHot { outcome.one_hot(outcomes) } else { outcome };
        cells.push(Cell { drawn: drawn.clone(), uniform, outcome, value, outcomes, categorical });
    }
    cells
}

/// The nodes on which the outputs depend if the samples are replaced by the outcomes.
fn positions_that_matter(engine: &Engine, outputs: &[NodeId], cells: &[Cell<'_>]) -> NodeSet {
    let mut replaced = cells.iter().map(|cell| (cell.drawn.sample, cell.value)).collect();
    let outputs: Vec<NodeId> = outputs.iter().map(|&id| substitute(engine, id, &mut replaced).id()).collect();
    NodeSet::ancestors(engine, &outputs)
}

/// For each element of a row of uniform numbers, whether any result is computed from it: slices leave elements out, such as the second
/// half of the samples, which has the mirrored numbers of the first half. `None` if all of them are used.
fn used_elements(engine: &Engine, needed: &NodeSet, node: NodeId) -> Option<Vec<bool>> {
    let shape = engine.node(node).shape;
    let numel = shape.numel() / shape[0];
    let mut used = vec![false; numel];
    for user in needed.iter().map(|id| engine.node(id)).filter(|user| user.inputs.contains(&node)) {
        match user.op {
            // An axis that is not the first one, which holds the rows.
            Op::Slice { axis, start, len } if axis + 1 < shape.rank() => {
                let stride: usize = (0..axis).map(|behind| shape.from_end(behind)).product();
                let place = |i: usize| (i / stride) % shape.from_end(axis);
                (0..numel).for_each(|i| used[i] |= (start..start + len).contains(&place(i)));
            }
            _ => return None,
        }
    }
    used.contains(&false).then_some(used)
}

/// By stream: the parameters of the draws, their values, and the logarithms or logits of these.
type Laws<'g> = BTreeMap<u32, (Vec<NodeId>, [Expr<'g>; 2])>;

impl<'g> Coordinates<'g> {
    /// An input of the shape of a node.
    fn input(&mut self, engine: &'g Engine, node: NodeId, range: Range) -> Expr<'g> {
        let shape = engine.node(node).shape;
        let input = engine.input(&format!("noise {}", node.index()), shape.clone());
        let elements = shape.numel() / shape[0];
        let used = match range {
            Range::Uniform => used_elements(engine, &self.needed, node),
            Range::Outcomes(_) | Range::Logit | Range::Count | Range::Anywhere => None,
        };
        self.inputs.push(NoiseInput { node: input.id(), elements, range, used });
        input
    }

    /// Replaces uniform numbers that are only compared with ½.
    fn coins(&mut self, engine: &'g Engine, id: NodeId) {
        let outcome = self.input(engine, id, Range::Outcomes(2));
        let elements = self.inputs.last().map_or(0, |input| input.elements);
        self.weight = self.weight * 0.5f64.powi(elements as i32);
        self.replaced.insert(id, 0.25 + 0.5 * outcome);
    }

    /// Multiplies the weight of each row by numbers that are given as logarithms.
    fn weigh(&mut self, log_weight: Expr<'g>, rows: usize) {
        self.weight = self.weight * per_row(log_weight, Reduction::Sum, rows).exp();
    }

    /// Replaces draws from a law by weighted values.
    fn draw(
        &mut self,
        engine: &'g Engine,
        id: NodeId,
        law: Law,
        stream: u32,
        rows: usize,
        laws: &mut Laws<'g>,
    ) -> Result<(), Unknown> {
        let node = engine.node(id);
        let of_law = match law {
            Law::Gamma | Law::LogGamma => vec![node.inputs[0]],
            _ => node.inputs.clone(),
        };
        let parameters: Vec<Expr<'g>> =
            node.inputs.iter().map(|&input| substitute(engine, input, &mut self.replaced)).collect();
        let known = match laws.get(&stream) {
            Some(known) => known.clone(),
            None => (of_law.clone(), self.standard(engine, id, law, &parameters, rows)?),
        };
        laws.insert(stream, known.clone());
        let (with, [plain, transformed]) = known;
        if with != of_law || node.shape != plain.shape() {
            return Err("it reads the same draws at several parameters".into());
        }
        let value = match law {
            Law::Gamma => plain / parameters[1],
            Law::LogGamma | Law::LogitBeta => transformed,
            Law::Beta | Law::Poisson | Law::Binomial | Law::VonMises => plain,
        };
        self.replaced.insert(id, value);
        Ok(())
    }

    /// The standard variable of a law, and its logarithm or logit.
    fn standard(
        &mut self,
        engine: &'g Engine,
        node: NodeId,
        law: Law,
        parameters: &[Expr<'g>],
        rows: usize,
    ) -> Result<[Expr<'g>; 2], Unknown> {
        let distribution: Distribution<'g> = match (law, parameters) {
            (Law::Gamma | Law::LogGamma, [concentration, ..]) => Gamma::new(*concentration, 1.0),
            (Law::Beta | Law::LogitBeta, [a, b]) => Beta::new(*a, *b),
            (Law::VonMises, [concentration]) => VonMises::new(0.0, *concentration),
            (Law::Poisson, [rate]) => Poisson::new(*rate),
            (Law::Binomial, [n, p, _]) => Binomial::from_probs(*n, *p),
            _ => return Err("it draws from an unknown law".into()),
        };
        let distribution = distribution.on(engine);
        if matches!(law, Law::Poisson | Law::Binomial) {
            let value = self.input(engine, node, Range::Count);
            self.weigh(distribution.log_prob(value), rows);
            return Ok([value, value]);
        }
        let x = self.input(engine, node, Range::Logit);
        let (family, given) = (distribution.family(), distribution.parameters());
        let (value, slope) =
            family.support_bijector(given, x).ok_or("it draws from a law without a chart")?;
        let (middle, _) =
            family.support_bijector(given, x * 0.0).ok_or("it draws from a law without a chart")?;
        // dx/du = 2 + eˣ + e⁻ˣ; where the map has no slope, there is no mass.
        let rises = slope.greater(0.0);
        let value = rises.select(value, middle);
        let log_rate = x.abs() + 2.0 * (-x.abs()).exp().log1p();
        let log_density = distribution.log_prob(value) + rises.select(slope, 1.0).log() + log_rate;
        self.weigh(rises.select(log_density, f64::NEG_INFINITY), rows);
        let transformed = match law {
            Law::Beta | Law::LogitBeta => value.logit(),
            _ => value.log(),
        };
        Ok([value, transformed])
    }

    /// Replaces the noise of a cell. `within` says whether the position within the outcome makes a difference.
    fn enter(&mut self, engine: &'g Engine, graph: &Graph, cell: &Cell<'g>, rows: usize, within: bool) {
        let site = &graph.sites()[cell.drawn.number];
        let parameters: Vec<Expr<'g>> =
            cell.drawn.parameters.iter().map(|&p| substitute(engine, p, &mut self.replaced)).collect();
        let range = if within { Range::Uniform } else { Range::Anywhere };
        let v = self.input(engine, cell.uniform, range);
        let (u, mass) = if cell.categorical {
            let p = site.family.masses(&parameters).unwrap_or_else(|| v * f64::NAN);
            let chosen = cell.outcome.one_hot(cell.outcomes);
            let exponential = -v.log();
            let smallest = (exponential * chosen).sum_axes(-1).unsqueeze(-1);
            let u = (-(p * smallest + chosen.select(0.0, exponential))).exp();
            (u.minimum(BELOW_ONE).maximum(f64::MIN_POSITIVE), (p * chosen).sum_axes(-1))
        } else {
            let at = |outcome: f64| site.family.mass(&parameters, engine.scalar(outcome));
            let distribution = Distribution::new(site.family.clone(), parameters.clone());
            let of = |outcome: f64| {
                at(outcome).unwrap_or_else(|| distribution.log_prob(engine.scalar(outcome)).exp())
            };
            let (p, q) = (of(1.0), of(0.0));
            let above = (q + p * v).maximum(q * ABOVE_ONE).minimum(BELOW_ONE);
            let below = (q * v).maximum(f64::MIN_POSITIVE);
            (cell.outcome.select(above, below), cell.outcome.select(p, q))
        };
        self.replaced.insert(cell.uniform, u.broadcast_to(engine.node(cell.uniform).shape));
        let mass = mass.broadcast_to(cell.drawn.shape.clone());
        self.weight = self.weight * per_row(mass, Reduction::Prod, rows);
        let sample = substitute(engine, cell.drawn.sample, &mut self.replaced);
        let miss = (sample - cell.value).abs();
        self.mismatch = self.mismatch + per_row(miss, Reduction::Sum, rows);
    }
}

/// Combines all elements of each row.
fn per_row(e: Expr<'_>, how: Reduction, rows: usize) -> Expr<'_> {
    let numel = e.shape().numel();
    e.reshape(Shape::from([rows, numel / rows])).reduce(how, -1)
}
