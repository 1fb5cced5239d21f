//! Samples of a trained model, and draws of the random nodes of a trained graph.

use std::collections::HashMap;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec;
use aleator_engine::graph::{Expr, NodeId, substitute};

use super::evaluate::Restored;
use super::evaluation::FIRST_EVALUATION_STEP;
use super::own_graph::OwnGraph;
use super::subject::Subject;
use crate::distributions::{Distribution, Noise};
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

/// Samples, along the first axis of an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// `samples` for a model, and the name of the random node for a graph.
    pub name: String,
    /// The shape. The first size is the number of samples.
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    pub values: Vec<f32>,
}

/// `count` samples of a model (of pixels that are 0 or 1, their means), or draws of all random nodes of a graph at its first minibatch.
///
/// # Errors
/// Returns an error if the model generates nothing, if there are too many numbers, or if a number is not finite.
pub fn sample(restored: &Restored, count: usize, seed: u64) -> Result<Vec<Samples>> {
    let drawn = match &restored.config.model {
        Subject::Model(model) => vec![of_model(&**model, restored, count, seed)?],
        Subject::Graph(graph) => of_graph(graph, restored, count, seed)?,
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
    let values: Vec<f32> = values.into_iter().take(count * width).collect();
    let shape = match restored.config.data.image {
        Some([height, columns]) if height * columns == width => vec![count, height, columns],
        _ => vec![count, width],
    };
    Ok(Samples { name: "samples".into(), shape, values })
}

fn of_graph(own: &OwnGraph, restored: &Restored, count: usize, seed: u64) -> Result<Vec<Samples>> {
    let graph = own.build(restored.config.batch, restored.config.seed)?;
    let sites = graph.sites();
    if sites.is_empty() {
        return Err(Error::Invalid(format!("{} has no random nodes to draw", own.name())));
    }
    check_count(count, sites.iter().map(|site| site.batch.numel() * site.event.numel()).sum())?;
    let engine = graph.engine();
    let mut replaced: HashMap<NodeId, Expr<'_>> = HashMap::new();
    let mut nodes = Vec::new();
    for (number, site) in (0..).zip(&sites) {
        let parameters = site.parameters.iter().map(|&p| substitute(engine, p, &mut replaced)).collect();
        let law = Distribution::new(site.family.clone(), parameters);
        let value = law.sample(&mut Noise::new(engine, number, site.batch.clone()));
        replaced.insert(site.value, value);
        nodes.push(value.id());
    }
    let values = run(&graph, &nodes, restored, seed, count)?;
    let with_shape = |(site, values): (&crate::graph::SiteDef, Vec<f32>)| Samples {
        name: site.name.clone(),
        shape: [&[count], &site.batch.join(&site.event)[..]].concat(),
        values,
    };
    Ok(sites.iter().zip(values).map(with_shape).collect())
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
