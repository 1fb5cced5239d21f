//! `aleator bench`: where the time of a run goes.

use aleator::diagnostics::{Chosen, Pilot, profile};
use aleator_cli::report::{choices, profile as text};

use crate::arguments::{Bench, Numbers};
use crate::failure::Outcome;
use crate::input::load;
use crate::output::{aside, print, print_json};

pub fn run(arguments: &Bench) -> Outcome {
    let loaded = load(&arguments.source, arguments.sampling.seed)?;
    let sampling = &arguments.sampling;
    let pilot = Pilot { samples: sampling.samples, seed: sampling.seed, ..Pilot::default() };
    let Chosen { plan, sites } = loaded.plan(&arguments.via, &pilot)?;
    aside(&choices(&sites));
    let measure = match arguments.numbers {
        Numbers::F32 => profile::<f32>,
        Numbers::F64 => profile::<f64>,
    };
    let graph = &loaded.model.graph;
    let measured = measure(graph, &plan, sampling.samples, arguments.replicates, sampling.seed, &loaded.file);
    let measured = measured.map_err(|e| loaded.failure(e))?;
    if sampling.json { print_json(&measured) } else { print(&text(&measured)) }
}
