//! The origin of a number that is infinite or NaN.
//!
//! Draws are simulated at the initial parameters, and every node of the author's graph is examined: first the values, from a cost
//! that is not finite back to an operation whose operands are all finite; then the draws and the scores ∇ log p(z) of the sites;
//! then the derivatives of the costs, from the costs back to an operation whose result still has a finite derivative; then the
//! derivatives of the draws with respect to their parameters.
//!
//! This search only runs after a number was not finite. An estimator may be infinite although none of these numbers is, for
//! example at relaxed values; then there is no answer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aleator_engine::autodiff::grad;
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Binary, Expr, NodeId, Op, ancestors, substitute};

use crate::distributions::{Distribution, Noise};
use crate::error::Result;
use crate::graph::{Graph, Observation, SiteDef};

/// The largest number of draws that are examined.
const DRAWS: u64 = 1000;
/// The time limit.
const LONGEST: Duration = Duration::from_secs(2);

/// Describes the cause of an infinite or NaN estimate at the initial parameters: data, a distribution, or an operation with its
/// name in the graph. `None` if all examined numbers are finite.
pub fn origin(graph: &Graph, seed: u64) -> Option<String> {
    Simulation::new(&graph.clone())?.run(seed).ok().flatten()
}

/// [`origin`], or general advice if it finds nothing.
pub fn origin_or_advice(graph: &Graph, seed: u64) -> String {
    origin(graph, seed).unwrap_or_else(|| "look for log(0), 1/0 or an overflow in a cost".into())
}

/// The numbers that are computed for each draw, in the order of the outputs.
struct Simulation<'g> {
    graph: &'g Graph,
    sites: Vec<SiteDef>,
    costs: Vec<NodeId>,
    /// The nodes on which costs depend, in order. Their values are the first outputs, followed by their cotangents.
    nodes: Vec<NodeId>,
    outputs: Vec<NodeId>,
    /// For each output after the values: the site, and the quantity.
    scores: Vec<(usize, &'static str)>,
    /// The same for the last outputs.
    draws: Vec<(usize, &'static str)>,
}

impl<'g> Simulation<'g> {
    fn new(graph: &'g Graph) -> Option<Self> {
        let engine = graph.engine();
        let sites = graph.sites();
        let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
        let needed = ancestors(engine, &costs);
        let nodes: Vec<NodeId> =
            (0..needed.len()).filter(|&i| needed[i]).map(|i| engine.nodes_at(i).0).collect();
        let mut replaced: HashMap<NodeId, Expr<'g>> = HashMap::new();
        let (mut scores, mut score_nodes) = (vec![], vec![]);
        let (mut draws, mut draw_nodes) = (vec![], vec![]);
        for (number, def) in sites.iter().enumerate() {
            let parameters: Vec<Expr<'g>> =
                def.parameters.iter().map(|&p| substitute(engine, p, &mut replaced)).collect();
            let law = Distribution::new(def.family.clone(), parameters.clone());
            let number_of_noise = u32::try_from(number).ok()?;
            let noise = || Noise::new(engine, number_of_noise, def.batch.clone());
            let through = law.sample(&mut noise());
            let value = through.stop_gradient();
            replaced.insert(def.value, value);
            // An infinite draw is one that leaves the range of numbers: a cost may be finite there, hardly its derivative.
            scores.push((number, "a draw of"));
            score_nodes.push(value.id());
            for score in grad(law.log_prob_of_draw(&mut noise()).sum(), &parameters) {
                scores.push((number, "the score at a draw of"));
                score_nodes.push(score.id());
            }
            if def.family.is_reparameterized() {
                for slope in grad(through.sum(), &parameters) {
                    draws.push((number, "the derivative with respect to a parameter of a draw of"));
                    draw_nodes.push(slope.id());
                }
            }
        }
        let values: Vec<Expr<'g>> = nodes.iter().map(|&n| substitute(engine, n, &mut replaced)).collect();
        let total = costs.iter().map(|&c| substitute(engine, c, &mut replaced).sum()).reduce(|a, b| a + b)?;
        // A black box has no derivative: then only values and scores are looked at.
        let cotangents = if has_derivative(engine, total, &values) { grad(total, &values) } else { vec![] };
        let mut outputs: Vec<NodeId> = values.iter().map(|e| e.id()).collect();
        outputs.extend(score_nodes);
        outputs.extend(cotangents.iter().map(|e| e.id()));
        outputs.extend(draw_nodes);
        Some(Simulation { graph, sites, costs, nodes, outputs, scores, draws })
    }

    fn run(&self, seed: u64) -> Result<Option<String>> {
        let options = CompileOptions { threads: 1, ..CompileOptions::default() };
        let engine = self.graph.engine();
        let mut program = Program::<f64>::compile(engine, &self.outputs, &options)?;
        let (params, data) = (self.graph.params(), self.graph.datasets());
        for (slot, input) in engine.inputs().iter().enumerate() {
            let param = params.iter().find(|p| p.node == input.node).map(|p| &p.initial);
            let values = param.or_else(|| data.iter().find(|d| d.node == input.node).map(|d| &d.values));
            if let Some(values) = values {
                program.set_input(slot, values)?;
            }
        }
        let start = Instant::now();
        for step in (0..DRAWS).take_while(|_| start.elapsed() < LONGEST) {
            program.run(seed, step);
            let fine = |output: usize| program.output(output).iter().all(|x| x.is_finite());
            let last = self.outputs.len() - self.draws.len();
            let found = self
                .value(&fine)
                .or_else(|| self.of_site(&self.scores, self.nodes.len(), &fine))
                .or_else(|| self.slope(&fine))
                .or_else(|| self.of_site(&self.draws, last, &fine));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Searches from a cost that is not finite back to the first cause.
    fn value(&self, fine: &dyn Fn(usize) -> bool) -> Option<String> {
        let place = |id: NodeId| self.nodes.binary_search_by_key(&id.index(), |n| n.index()).ok();
        let cost = *self.costs.iter().find(|&&c| place(c).is_some_and(|i| !fine(i)))?;
        let mut id = cost;
        loop {
            let node = self.graph.engine().node(id);
            match node.inputs.iter().find(|&&i| place(i).is_some_and(|i| !fine(i))) {
                // The number itself stands in no text: it is what a clamp gives for bounds out of order.
                Some(&input) if self.is_a_clamp(id, input) => return Some(self.out_of_order(id)),
                Some(&input) => id = input,
                None => break,
            }
        }
        if let Some(site) = self.sites.iter().find(|s| s.value == id) {
            return Some(format!("a draw of `{}` ({}) is not finite", site.name, site.family.name()));
        }
        if let Some(data) = self.graph.datasets().into_iter().find(|d| d.node == id) {
            let what = if data.values.iter().any(|v| v.is_nan()) { "NaN" } else { "an infinite number" };
            return Some(format!("the data `{}` hold {what}", data.name));
        }
        if let Some(param) = self.graph.params().into_iter().find(|p| p.node == id) {
            return Some(format!("the parameter `{}` is not finite", param.name));
        }
        if self.graph.engine().scalar_value(id).is_some_and(f64::is_infinite) {
            let observations = self.graph.observations();
            let observed = observations.iter().find(|observation| observation.cost == cost);
            return Some(match observed {
                Some(observation) => impossible(observation),
                None => format!(
                    "{} is infinite, as a log-density is outside the support of its distribution",
                    self.describe(id)
                ),
            });
        }
        Some(match self.graph.engine().with_node(id, |n| n.op.clone()) {
            Op::Scalar(_) | Op::Tensor(_) | Op::Input(_) => format!("{} is not finite", self.describe(id)),
            _ => format!("{} has a value that is not finite", self.describe(id)),
        })
    }

    /// Whether a node is the NaN that a clamp returns if its lower bound exceeds its upper bound.
    fn is_a_clamp(&self, id: NodeId, nan: NodeId) -> bool {
        let engine = self.graph.engine();
        let node = engine.node(id);
        node.op == Op::Select
            && self.unheld(nan) == self.unheld(node.inputs[1])
            && engine.scalar_value(self.unheld(nan)).is_some_and(f64::is_nan)
            && engine.node(self.unheld(node.inputs[0])).op == Op::Binary(Binary::Lt)
    }

    /// The message that the bounds of a clamp are in the wrong order, with their names.
    fn out_of_order(&self, id: NodeId) -> String {
        let engine = self.graph.engine();
        let compared = engine.node(self.unheld(engine.node(id).inputs[0])).inputs;
        let name = |bound: NodeId| {
            let bound = self.unheld(bound);
            let named = self.graph.params().into_iter().map(|p| (p.name, p.node)).chain(self.graph.named());
            let name =
                named.into_iter().find(|(_, node)| *node == bound).map(|(name, _)| format!("`{name}`"));
            name.or_else(|| engine.scalar_value(bound).map(|value| value.to_string()))
        };
        let [high, low] =
            [("upper", compared[0]), ("lower", compared[1])].map(|(which, bound)| match name(bound) {
                Some(name) => format!("its {which} bound {name}"),
                None => format!("its {which} bound"),
            });
        let costs = self.graph.costs().into_iter().map(|c| (c.name, c.node));
        let within = self.graph.named().into_iter().chain(costs).find(|(_, node)| self.reaches(id, *node));
        let within = within.map_or(String::new(), |(name, _)| format!(" in `{name}`"));
        format!("`clamp`{within} is NaN, because {high} is below {low}")
    }

    /// The node below stopped gradients and inserted axes.
    fn unheld(&self, mut id: NodeId) -> NodeId {
        let engine = self.graph.engine();
        while let Op::StopGradient | Op::Reshape { .. } | Op::Broadcast { .. } = engine.node(id).op {
            id = engine.node(id).inputs[0];
        }
        id
    }

    /// The first of the given outputs of sites that is not finite.
    fn of_site(
        &self,
        outputs: &[(usize, &str)],
        first: usize,
        fine: &dyn Fn(usize) -> bool,
    ) -> Option<String> {
        let bad = (0..outputs.len()).find(|i| !fine(first + i))?;
        let (site, what) = outputs[bad];
        let site = &self.sites[site];
        Some(format!("{what} `{}` ({}) is not finite", site.name, site.family.name()))
    }

    /// Searches from the costs back to the first node whose derivative is not finite. The operation that uses this node is the
    /// cause.
    fn slope(&self, fine: &dyn Fn(usize) -> bool) -> Option<String> {
        let first = self.nodes.len() + self.scores.len();
        if self.outputs.len() == first + self.draws.len() {
            return None;
        }
        let operand = (0..self.nodes.len()).rev().find(|i| !fine(first + i))?;
        let engine = self.graph.engine();
        let users =
            self.nodes.iter().copied().filter(|&n| engine.node(n).inputs.contains(&self.nodes[operand]));
        let users: Vec<NodeId> = users.collect();
        let cause = users.last().copied()?;
        let untaken = (0..self.nodes.len()).any(|i| {
            let node = engine.node(self.nodes[i]);
            node.op == Op::Select && node.inputs[1..].iter().any(|&side| self.reaches(cause, side))
        });
        let remedy = if untaken {
            "; `where` does not make the derivative of the side that is not selected finite: apply `where` to the argument \
             of that side as well"
        } else {
            ""
        };
        Some(format!("{} has a derivative that is not finite{remedy}", self.describe(cause)))
    }

    fn reaches(&self, from: NodeId, to: NodeId) -> bool {
        ancestors(self.graph.engine(), &[to]).get(from.index()).copied().unwrap_or(false)
    }

    /// The operation, and its name in the graph or that of a node computed from it.
    fn describe(&self, id: NodeId) -> String {
        let operation = self.graph.engine().with_node(id, |n| n.op.name());
        let named = self.graph.named();
        let costs = self.graph.costs().into_iter().map(|c| (c.name, c.node));
        let within = named.into_iter().chain(costs).find(|(_, node)| self.reaches(id, *node));
        match within {
            Some((name, node)) if node == id => format!("`{operation}` (`{name}`)"),
            Some((name, _)) => format!("`{operation}` in `{name}`"),
            None => format!("`{operation}`"),
        }
    }
}

/// Whether a derivative exists. This is tried in a copy of the graph, because a failure is stored in the graph as an error.
fn has_derivative(engine: &aleator_engine::graph::Graph, of: Expr<'_>, by: &[Expr<'_>]) -> bool {
    let copy = engine.clone();
    let by: Vec<Expr<'_>> = by.iter().map(|e| copy.expr(e.id())).collect();
    grad(copy.expr(of.id()), &by);
    copy.error().is_none()
}

/// The message that an observed value has density 0: it is outside the support, or its probability was rounded to 0, as 1 − sigmoid(x)
/// is from x = 37 on.
fn impossible(observation: &Observation) -> String {
    let family = &observation.family;
    let rounded = match family.parameters().iter().any(|p| p.name == "probs") {
        true => ", or a probability is rounded to 0 or 1",
        false => "",
    };
    let remedy = match rounded {
        "" => "choose a distribution whose support contains every value, or correct the data",
        _ => "correct the data, or give the parameter as `logits = x` instead of a sigmoid or softmax of x",
    };
    format!(
        "`{}` observes a value whose density is 0: it is outside the support of {} ({}){rounded}; {remedy}",
        observation.name,
        family.name(),
        family.support().describe()
    )
}
