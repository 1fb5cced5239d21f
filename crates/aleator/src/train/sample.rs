//! Samples of a trained model, and of the values of a trained graph.

use std::collections::HashMap;
use std::sync::Arc;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec;
use aleator_engine::graph::{Expr, NodeId, Shape, substitute};

use super::evaluate::Restored;
use super::evaluation::FIRST_EVALUATION_STEP;
use super::own_graph::OwnGraph;
use super::subject::Subject;
use crate::distributions::{Distribution, Family, Noise};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::models::{Build, Model};
use crate::nn::{Parameters, Tensor};

/// The first step of the noise of samples, behind those of evaluations.
const FIRST_STEP: u64 = FIRST_EVALUATION_STEP + (1 << 39);
/// The number of samples of a model in one run.
const AT_ONCE: usize = 100;
/// The largest number of numbers of all samples.
const MOST_NUMBERS: usize = 1 << 28;

/// The name of the samples of a model.
const SAMPLES: &str = "samples";

/// Samples, along the first axis of an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// `samples` for a model, and the name of the value for a graph.
    pub name: String,
    /// The shape. The first size is the number of samples.
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    pub values: Vec<f32>,
}

/// `count` samples of a model (of pixels that are 0 or 1, their means), or of a graph at its first minibatch: draws of its random nodes, and of
/// the distributions of what is observed; or of the `values` of these names, among which are also deterministic values and costs.
///
/// # Errors
/// Returns an error if the model generates nothing, if there is no such value, if there are too many numbers, or if a number is not
/// finite.
pub fn sample(restored: &Restored, count: usize, seed: u64, values: &[String]) -> Result<Vec<Samples>> {
    let drawn = match &restored.config.model {
        Subject::Model(model) => {
            if let Some(name) = values.iter().find(|name| *name != SAMPLES) {
                return Err(Error::unknown_name("value of a built-in model", name, [SAMPLES].into_iter()));
            }
            vec![of_model(&**model, restored, count, seed)?]
        }
        Subject::Graph(graph) => of_graph(graph, restored, count, seed, values)?,
    };
    match drawn.iter().find(|samples| samples.values.iter().any(|v| !v.is_finite())) {
        Some(samples) => Err(Error::NotFinite(format!("a number of `{}` is not finite", samples.name))),
        None => Ok(drawn),
    }
}

fn check_count(count: usize, width: usize) -> Result<()> {
    if count == 0 || count.checked_mul(width.max(1)).is_none_or(|n| n > MOST_NUMBERS) {
        return Err(Error::Invalid(format!(
            "there must be at least one sample and at most {MOST_NUMBERS} numbers, got {count} samples of {width} numbers"
        )));
    }
    Ok(())
}

fn of_model(model: &dyn Model, restored: &Restored, count: usize, seed: u64) -> Result<Samples> {
    check_count(count, model.width())?;
    let graph = Graph::new();
    let rows = count.min(AT_ONCE);
    let node = {
        let build = Build::to_evaluate(&graph, Parameters::given(&graph, &restored.tensors), 1);
        let generated = model.generate(&build, rows).ok_or_else(|| {
            Error::Invalid(format!("`{}` predicts or acts, and does not generate rows", model.name()))
        })?;
        generated.id()
    };
    let values = run(&graph, &[node], restored, seed, count.div_ceil(rows))?.swap_remove(0);
    let width = values.len() / (count.div_ceil(rows) * rows).max(1);
    let mut values: Vec<f32> = values.into_iter().take(count * width).collect();
    let data = restored.config.recipe.data.as_ref();
    if let Some(units) = data.and_then(|data| data.standardization.as_ref()) {
        units.undo(&mut values, width);
    }
    let shape = match restored.config.data.image {
        Some([height, columns]) if height * columns == width => vec![count, height, columns],
        _ => vec![count, width],
    };
    Ok(Samples { name: SAMPLES.into(), shape, values })
}

fn of_graph(
    own: &OwnGraph,
    restored: &Restored,
    count: usize,
    seed: u64,
    wanted: &[String],
) -> Result<Vec<Samples>> {
    let graph = own.build(restored.config.batch, restored.config.seed)?;
    let known = values_of(&graph);
    let usual = known.iter().filter(|value| value.is_drawn).map(|value| value.name.clone()).collect();
    let names: Vec<String> = if wanted.is_empty() { usual } else { wanted.to_vec() };
    if names.is_empty() {
        return Err(Error::Invalid(format!(
            "{} has no random nodes and observes nothing, so that there is nothing to draw",
            own.name()
        )));
    }
    let find = |(i, name): (usize, &String)| -> Result<&GraphValue<'_>> {
        if names[..i].contains(name) {
            return Err(Error::Invalid(format!("the value `{name}` is asked for twice")));
        }
        known
            .iter()
            .find(|value| value.name == *name)
            .ok_or_else(|| Error::unknown_name("value", name, known.iter().map(|value| value.name.as_str())))
    };
    let chosen: Vec<&GraphValue<'_>> = names.iter().enumerate().map(find).collect::<Result<_>>()?;
    check_count(count, chosen.iter().map(|value| value.expr.shape().numel()).sum())?;
    let nodes: Vec<NodeId> = chosen.iter().map(|value| value.expr.id()).collect();
    let values = run(&graph, &nodes, restored, seed, count)?;
    let with_shape = |(value, values): (&&GraphValue<'_>, Vec<f32>)| Samples {
        name: value.name.clone(),
        shape: [&[count], &value.expr.shape()[..]].concat(),
        values,
    };
    Ok(chosen.iter().zip(values).map(with_shape).collect())
}

/// A value of a graph whose random nodes are draws.
struct GraphValue<'g> {
    name: String,
    expr: Expr<'g>,
    /// Whether it is a draw itself.
    is_drawn: bool,
}

/// Random nodes and what is observed, both drawn from their distributions, deterministic values and costs; of those with the same
/// name, the first in this order.
fn values_of<'g>(graph: &'g Graph) -> Vec<GraphValue<'g>> {
    let engine = graph.engine();
    let mut replaced: HashMap<NodeId, Expr<'g>> = HashMap::new();
    let mut known: Vec<GraphValue<'g>> = Vec::new();
    let mut numbers = 0_u32..;
    let mut draw = |family: &Arc<dyn Family>, parameters: Vec<Expr<'g>>, batch: Shape| -> Expr<'g> {
        let law = Distribution::new(family.clone(), parameters).with_batch_rank(batch.rank());
        law.sample(&mut Noise::new(engine, numbers.next().unwrap_or_default(), batch))
    };
    for site in graph.sites() {
        let parameters = site.parameters.iter().map(|&p| substitute(engine, p, &mut replaced)).collect();
        let expr = draw(&site.family, parameters, site.batch.clone());
        replaced.insert(site.value, expr);
        known.push(GraphValue { name: site.name, expr, is_drawn: true });
    }
    let observations = graph.observations();
    for observation in &observations {
        let parameters =
            observation.parameters.iter().map(|&p| substitute(engine, p, &mut replaced)).collect();
        // One number of the cost for each draw.
        let batch = graph.expr(observation.cost).shape();
        let expr = draw(&observation.family, parameters, batch);
        known.push(GraphValue { name: observation.name.clone(), expr, is_drawn: true });
    }
    let costs = graph.costs().into_iter().map(|cost| (cost.name, cost.node));
    for (name, node) in graph.named().into_iter().chain(costs) {
        if known.iter().all(|value| value.name != name) {
            let expr = substitute(engine, node, &mut replaced);
            known.push(GraphValue { name, expr, is_drawn: false });
        }
    }
    known
}

/// The values of nodes in several runs with different noise, one run after another.
fn run(
    graph: &Graph,
    nodes: &[NodeId],
    restored: &Restored,
    seed: u64,
    runs: usize,
) -> Result<Vec<Vec<f32>>> {
    let mut program = exec::Program::<f32>::compile(graph.engine(), nodes, &CompileOptions::default())?;
    let data = graph.datasets();
    let single = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<f32>>();
    for (slot, input) in graph.engine().inputs().iter().enumerate() {
        let parameter = restored.tensors.iter().find(|tensor: &&Tensor| tensor.name == input.name);
        let values = parameter.map(|tensor| &tensor.values);
        let values = values.or_else(|| data.iter().find(|d| d.node == input.node).map(|d| &d.values));
        if let Some(values) = values {
            program.set_input(slot, &single(values))?;
        }
    }
    let mut all = vec![Vec::new(); nodes.len()];
    for step in 0..runs as u64 {
        program.run(seed, FIRST_STEP + step);
        for (place, values) in all.iter_mut().enumerate() {
            values.extend_from_slice(program.output(place));
        }
    }
    Ok(all)
}
