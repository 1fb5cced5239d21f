//! `aleator export`: the estimate as a program for other machines.

use aleator::diagnostics::{Chosen, Pilot};
use aleator::rewrite::{Float, Layout, Tuning, build};
use aleator_cli::report::choices;

use crate::arguments::{Export, ExportFormat, Numbers};
use crate::failure::{Failure, Outcome};
use crate::input::load;
use crate::output::{aside, print, save};

pub fn run(arguments: &Export) -> Outcome {
    let mut loaded = load(&arguments.source, 0)?;
    let output = loaded.output("--output", arguments.output.as_ref())?;
    let pilot = Pilot { samples: arguments.samples, ..Pilot::default() };
    let Chosen { plan, sites } = loaded.plan(&arguments.via, &pilot)?;
    aside(&choices(&sites));
    let graph = &loaded.model.graph;
    let samples = arguments.samples.unwrap_or_else(|| plan.min_samples());
    let layout = Layout { samples, replicates: arguments.replicates, tuning: Tuning::Training };
    let surrogate = build(graph, &plan.estimators, layout).map_err(|e| loaded.failure(e))?;
    let float = match arguments.numbers {
        Numbers::F32 => Float::F32,
        Numbers::F64 => Float::F64,
    };
    let text = match arguments.format {
        ExportFormat::Json => surrogate
            .document(graph)
            .map_err(|e| loaded.failure(e))
            .and_then(|document| serde_json::to_string(&document).map_err(Failure::input)),
        ExportFormat::Jax => surrogate.jax(graph).map_err(|e| loaded.failure(e)),
        ExportFormat::Stablehlo => surrogate.stablehlo(graph, float).map_err(|e| loaded.failure(e)),
    }?;
    match &output {
        None => print(&text),
        Some(output) => save("program", output, Ok(text.into_bytes())),
    }
}
