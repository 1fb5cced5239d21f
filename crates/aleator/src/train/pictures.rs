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
    Ok(Some(Pictures {
        size,
        originals: rows.values,
        reconstructions: reconstructions.unwrap_or_default(),
        samples: samples.unwrap_or_default(),
    }))
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
