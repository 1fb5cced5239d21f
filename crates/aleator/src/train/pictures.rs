//! Pictures of a trained model: held-out images, their reconstructions, and samples.

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec;
use aleator_engine::graph::Expr;

use super::evaluation::FIRST_EVALUATION_STEP;
use super::report::Pictures;
use super::trainer::Trainer;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::models::Build;
use crate::nn::Parameters;

/// Pictures of `count` rows; `None` if the model does not generate images. Returns an error if the data are not images.
pub fn pictures(trainer: &Trainer<'_>, count: usize) -> Result<Option<Pictures>> {
    let config = trainer.config;
    let rows = config.data.held_out.thinned(count);
    let Some(model) = config.model.model() else { return Ok(None) };
    let samples = see(trainer, |build| model.generate(build, rows.count()))?;
    let reconstructions = see(trainer, |build| {
        let x = rows.values.iter().map(|&v| f64::from(v)).collect();
        model.reconstruct(build, build.tensor([rows.count(), rows.width], x))
    })?;
    if samples.is_none() && reconstructions.is_none() {
        return Ok(None);
    }
    let size = config.data.image.ok_or_else(|| {
        Error::Invalid(format!(
            "`{}` has no image shape, so that there are no pictures; save it as a .npy file of shape [rows, height, width]",
            config.data.name
        ))
    })?;
    let range = range_of(&config.data.held_out.values);
    let grey = |values: Vec<f32>| grey_levels(values, range);
    Ok(Some(Pictures {
        size,
        originals: grey(rows.values),
        reconstructions: grey(reconstructions.unwrap_or_default()),
        samples: grey(samples.unwrap_or_default()),
    }))
}

/// The smallest and the largest number.
fn range_of(values: &[f32]) -> [f64; 2] {
    let all = || values.iter().map(|&v| f64::from(v));
    [all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max)]
}

/// Numbers of images as levels of grey. Numbers of data from 0 to 1 are levels already; those of another range are mapped to it, the
/// smallest number of the data to 0 and the largest to 1.
pub fn grey_levels(values: Vec<f32>, [low, high]: [f64; 2]) -> Vec<f32> {
    if low >= 0.0 && high <= 1.0 {
        return values;
    }
    let length = if high > low { high - low } else { 1.0 };
    values.into_iter().map(|v| ((f64::from(v) - low) / length) as f32).collect()
}

/// The values of an expression at the present parameters; `None` if there is no such expression.
fn see<'t>(
    trainer: &Trainer<'t>,
    what: impl for<'g> FnOnce(&Build<'g>) -> Option<Expr<'g>>,
) -> Result<Option<Vec<f32>>> {
    let graph = Graph::new();
    let build = Build::to_evaluate(&graph, Parameters::given(&graph, &trainer.tensors), 1);
    let Some(node) = what(&build).map(|e| e.id()) else { return Ok(None) };
    let mut program = exec::Program::<f32>::compile(graph.engine(), &[node], &CompileOptions::default())?;
    let inputs = graph.engine().inputs();
    for (tensor, values) in trainer.tensors.iter().zip(trainer.parameters()) {
        if let Some(slot) = inputs.iter().position(|i| i.name == tensor.name) {
            program.set_input(slot, &values)?;
        }
    }
    program.run(trainer.config.seed, FIRST_EVALUATION_STEP - 1);
    let values = program.output(0).to_vec();
    if values.iter().any(|v| !v.is_finite()) {
        return Err(Error::NotFinite("a pixel of a picture is not finite".into()));
    }
    Ok(Some(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_grey_by_hand() {
        let of = |range| grey_levels(vec![-1.0, 0.5, 3.0], range);
        assert_eq!(of([0.0, 1.0]), [-1.0, 0.5, 3.0]);
        assert_eq!(of([-1.0, 3.0]), [0.0, 0.375, 1.0]);
        assert_eq!(of([3.0, 3.0]), [-4.0, -2.5, 0.0]);
        assert_eq!(range_of(&[2.0, -1.0, 0.5]), [-1.0, 2.0]);
    }
}
