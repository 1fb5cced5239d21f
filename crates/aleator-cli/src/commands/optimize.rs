//! `aleator optimize`: minimise the objective.

use std::sync::Arc;

use aleator::diagnostics::{Chosen, OptimizationPath, Pilot, blind_spots, kinks, origin_or_advice};
use aleator::diagnostics::{Optimize as How, optimize};
use aleator::graph::{Diagram, Graph};
use aleator::plan::{Plan, lints};
use aleator_cli::report::{
    optimization, optimization_page, optimization_svg, optimizations, optimizations_svg, svg,
};
use serde::Serialize;

use crate::arguments::Optimize;
use crate::failure::{Failure, Outcome};
use crate::input::{Loaded, load};
use crate::output::{Progress, color, origin, print, print_json, save, save_page, save_plot, warn, width};
use crate::parameters;

/// Several runs as one JSON document.
#[derive(Serialize)]
struct Runs<'a> {
    aleator: &'static str,
    file: &'a str,
    runs: Vec<&'a OptimizationPath>,
}

pub fn run(arguments: &Optimize) -> Outcome {
    if !(arguments.lr.is_finite() && arguments.lr > 0.0) {
        return Err(Failure::input(format!("--lr must be a positive number, got {}", arguments.lr)));
    }
    if arguments.save.is_some() && arguments.seeds > 1 {
        return Err(Failure::input("--save writes the parameters of one run; leave out --seeds"));
    }
    let mut loaded = initial(arguments, arguments.sampling.seed)?;
    let plot = loaded.output("--plot", arguments.plot.as_ref())?;
    let page = loaded.output("--report", arguments.report.as_ref())?;
    let saved = loaded.output("--save", arguments.save.as_ref())?;
    let pilot = Pilot {
        samples: arguments.sampling.samples,
        tune: arguments.tune,
        seed: arguments.sampling.seed,
        ..Pilot::default()
    };
    let plans = match &arguments.compare {
        Some(list) => loaded.plans(list, &arguments.via, &pilot)?,
        None => vec![loaded.plan(&arguments.via, &pilot)?],
    };
    // For each plan, a path for each seed.
    let mut groups: Vec<Vec<OptimizationPath>> = Vec::new();
    for Chosen { plan, sites } in &plans {
        loaded.warn_of(&lints(&loaded.model.graph, plan));
        loaded.warn_of(&blind_spots(&loaded.model.graph, plan));
        loaded.warn_of(&kinks(&loaded.model.graph, plan));
        let seeds = (0..arguments.seeds as u64).map(|i| arguments.sampling.seed.wrapping_add(i));
        let paths = seeds.map(|seed| {
            let path = match seed == arguments.sampling.seed {
                true => one(arguments, &loaded, plan, seed)?,
                // Random initial values are others.
                false => one(arguments, &initial(arguments, seed)?, plan, seed)?,
            };
            Ok(OptimizationPath { measured: sites.clone(), ..path })
        });
        groups.push(paths.collect::<Outcome<_>>()?);
    }
    let alone = match groups.as_slice() {
        [paths] => <&[OptimizationPath; 1]>::try_from(paths.as_slice()).ok().map(|[path]| path),
        _ => None,
    };
    match alone {
        Some(path) if arguments.sampling.json => print_json(path)?,
        Some(path) => print(&optimization(path))?,
        None if arguments.sampling.json => {
            let runs = groups.iter().flatten().collect();
            print_json(&Runs { aleator: env!("CARGO_PKG_VERSION"), file: &loaded.file, runs })?;
        }
        None => print(&optimizations(&groups, width(), color()))?,
    }
    if let (Some(output), Some(path)) = (&saved, alone) {
        save("parameters", output, parameters::encode(output.path(), &path.parameters))?;
    }
    save_plot(plot.as_ref(), || match alone {
        Some(path) => optimization_svg(path),
        None => optimizations_svg(&groups),
    })?;
    save_page(page.as_ref(), || {
        optimization_page(&groups, &svg(&Diagram::of(&loaded.model.graph)), origin(arguments.sampling.seed))
    })
}

/// The graph at the initial values of a seed.
fn initial(arguments: &Optimize, seed: u64) -> Outcome<Loaded> {
    let mut loaded = load(&arguments.source, seed)?;
    if let Some(path) = &arguments.from {
        loaded.adopt_parameters("--from", path)?;
    }
    Ok(loaded)
}

/// One run.
fn one(arguments: &Optimize, loaded: &Loaded, plan: &Plan, seed: u64) -> Outcome<OptimizationPath> {
    let graph = &loaded.model.graph;
    let how = How {
        steps: arguments.steps,
        learning_rate: arguments.lr,
        optimizer: arguments.optimizer.clone(),
        samples: arguments.sampling.samples,
        tune: arguments.tune,
        fixed: arguments.fix.iter().map(|name| name.trim().to_string()).collect(),
        rows: loaded.model.batched.clone().filter(|rows| rows.batch < rows.total).map(Arc::new),
        seed,
    };
    let label = if arguments.compare.is_some() { plan.name() } else { "optimize".to_string() };
    let progress = Progress::new(arguments.steps);
    let path = optimize(graph, plan, &how, &loaded.file, &|step, _| progress.set(&label, step));
    progress.finish();
    let mut path = path.map_err(|e| loaded.failure(e))?;
    // The exact objective of one batch says nothing of the others.
    if how.rows.is_none() {
        path.add_exact(graph).map_err(|e| loaded.failure(e))?;
    }
    if let Some(warning) = not_finite(&path, graph, seed) {
        warn(&warning);
    }
    Ok(path)
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
