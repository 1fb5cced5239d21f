//! `aleator optimize`: minimise the objective.

use aleator::diagnostics::{OptimizationPath, blind_spots, origin_or_advice};
use aleator::diagnostics::{Optimize as How, optimize};
use aleator::graph::Graph;
use aleator::plan::lints;
use aleator_cli::report::{optimization, optimization_svg};

use crate::arguments::Optimize;
use crate::failure::{Failure, Outcome};
use crate::input::load;
use crate::output::{Progress, print, print_json, save_plot, warn};

pub fn run(arguments: &Optimize) -> Outcome {
    if !(arguments.lr.is_finite() && arguments.lr > 0.0) {
        return Err(Failure::input(format!("--lr must be a positive number, got {}", arguments.lr)));
    }
    let mut loaded = load(&arguments.source, arguments.sampling.seed)?;
    let plot = loaded.output("--plot", arguments.plot.as_ref())?;
    let plan = loaded.plan(&arguments.via, arguments.sampling.samples)?;
    loaded.warn_of(&lints(&loaded.model.graph, &plan));
    loaded.warn_of(&blind_spots(&loaded.model.graph, &plan));
    let how = How {
        steps: arguments.steps,
        learning_rate: arguments.lr,
        optimizer: arguments.optimizer.clone(),
        samples: arguments.sampling.samples,
        seed: arguments.sampling.seed,
    };
    let progress = Progress::new(arguments.steps);
    let path = optimize(&loaded.model.graph, &plan, &how, &loaded.file, &|step, _| {
        progress.set("optimize", step);
    });
    progress.finish();
    let path = path.map_err(|e| loaded.failure(e))?;
    if let Some(warning) = not_finite(&path, &loaded.model.graph, how.seed) {
        warn(&warning);
    }
    if arguments.sampling.json {
        print_json(&path)?;
    } else {
        print(&optimization(&path))?;
    }
    save_plot(plot.as_ref(), || optimization_svg(&path))
}

/// The first objective of the path that is not finite, said in words.
fn not_finite(path: &OptimizationPath, graph: &Graph, seed: u64) -> Option<String> {
    let point = path.history.iter().find(|point| !point.objective.0.is_finite())?;
    Some(format!(
        "at step {} the objective is {}, which is not finite; {}",
        point.step,
        point.objective.0,
        origin_or_advice(graph, seed)
    ))
}
