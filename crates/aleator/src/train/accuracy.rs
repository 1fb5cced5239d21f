//! The accuracy of a classifier: the share of rows whose label is the class of the largest predictive probability.
//!
//! ```text
//! p(y = c|x) ≈ 1/K Σₖ p(y = c|x, zₖ)
//! ```

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec;

use super::evaluation::FIRST_EVALUATION_STEP;
use crate::data::Rows;
use crate::error::Result;
use crate::graph::Graph;
use crate::models::{Build, Model, X_NAME};
use crate::nn::{Parameters, Tensor};

/// The product of rows and samples per run.
const DRAWS_PER_RUN: usize = 2000;
/// The largest number of samples per run.
const SAMPLES_PER_RUN: usize = 100;

/// The accuracy on `rows` with `samples` draws at these parameters, in the order of the tensors; `None` if the model does not
/// classify.
///
/// # Errors
/// Returns an error if the graph of the model cannot be compiled.
pub fn accuracy<'t>(
    model: &dyn Model,
    tensors: &[Tensor],
    parameters: impl Iterator<Item = &'t [f32]>,
    rows: &Rows,
    samples: usize,
    seed: u64,
) -> Result<Option<f64>> {
    let k = samples.clamp(1, SAMPLES_PER_RUN);
    let at_once = (DRAWS_PER_RUN / k).clamp(1, rows.count().max(1));
    let graph = Graph::new();
    let found = {
        let x = graph.data(X_NAME, [at_once, model.width()], vec![0.0]);
        let build = Build::to_evaluate(&graph, Parameters::given(&graph, tensors), k);
        model
            .classify(&build, x)
            .map(|(probs, classes)| (probs.broadcast_to([k, at_once, classes]).id(), classes))
    };
    let Some((node, classes)) = found else { return Ok(None) };
    let mut program = exec::Program::<f32>::compile(graph.engine(), &[node], &CompileOptions::default())?;
    let inputs = graph.engine().inputs();
    let slot = |name: &str| inputs.iter().position(|input| input.name == name);
    for (tensor, values) in tensors.iter().zip(parameters) {
        if let Some(slot) = slot(&tensor.name) {
            program.set_input(slot, values)?;
        }
    }
    let mut x = vec![0.0; at_once * rows.width];
    let mut right = 0;
    for (run, part) in rows.values.chunks(at_once * rows.width).enumerate() {
        x[..part.len()].copy_from_slice(part);
        if let Some(slot) = slot(X_NAME) {
            program.set_input(slot, &x)?;
        }
        let mut sums = vec![0.0_f64; at_once * classes];
        let chunks = samples.max(1).div_ceil(k);
        for chunk in 0..chunks {
            program.run(seed, FIRST_EVALUATION_STEP + (run * chunks + chunk) as u64);
            let wanted = k.min(samples.max(1) - chunk * k);
            for sample in program.output(0).chunks(at_once * classes).take(wanted) {
                sums.iter_mut().zip(sample).for_each(|(sum, &p)| *sum += f64::from(p));
            }
        }
        let rows = part.chunks_exact(rows.width).zip(sums.chunks_exact(classes));
        right += rows
            .filter(|(row, sums)| row.last().is_some_and(|&label| label as usize == largest(sums)))
            .count();
    }
    Ok(Some(right as f64 / rows.count().max(1) as f64))
}

/// The place of the largest number, the first of equal ones.
fn largest(sums: &[f64]) -> usize {
    (1..sums.len()).fold(0, |best, i| if sums[i] > sums[best] { i } else { best })
}
