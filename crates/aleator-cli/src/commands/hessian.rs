//! `aleator hessian`: second derivatives of the objective.

use std::collections::BTreeMap;

use aleator::diagnostics::{SecondOrder, hessian};
use aleator_cli::report::second_derivatives;

use crate::arguments::Hessian;
use crate::failure::{Failure, Outcome};
use crate::input::load;
use crate::output::{Progress, color, print, print_json, warn, warn_of_work, width};

pub fn run(arguments: &Hessian) -> Outcome {
    let loaded = load(&arguments.source, arguments.sampling.seed)?;
    let plan = loaded.plan_for_second_derivatives(&arguments.via, arguments.sampling.samples)?;
    let how = SecondOrder {
        samples: arguments.sampling.samples,
        replicates: arguments.replicates,
        seed: arguments.sampling.seed,
        exact: arguments.exact.wanted(),
        direction: direction(&arguments.vector)?,
    };
    warn_of_work(&loaded.model.graph, arguments.sampling.samples, arguments.replicates);
    let progress = Progress::new(arguments.replicates);
    let report =
        hessian(&loaded.model.graph, &plan, &how, &loaded.file, &|done| progress.set(&plan.name(), done));
    progress.finish();
    let report = report.map_err(|e| loaded.failure(e))?;
    report.warnings.iter().for_each(|w| warn(w));
    if arguments.sampling.json {
        print_json(&report)
    } else {
        print(&second_derivatives(&report, width(), color()))
    }
}

/// The direction that the options give, by parameter; `None` without any.
fn direction(texts: &[String]) -> Outcome<Option<BTreeMap<String, Vec<f64>>>> {
    let mut direction = BTreeMap::new();
    for text in texts {
        let wrong = |what: String| {
            Failure::input(format!(
                "in --vector '{text}': {what}; write NAME=NUMBERS, as theta=1 or 'W=[1, 0, 2]'"
            ))
        };
        let Some((name, numbers)) = text.split_once('=') else { return Err(wrong("there is no `=`".into())) };
        // Nested lists are row-major, so their brackets say nothing that the shape of the parameter does not.
        let plain = numbers.replace(['[', ']'], " ");
        let parts = plain.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
        let number = |part: &str| part.parse::<f64>().map_err(|_| wrong(format!("`{part}` is not a number")));
        let values = parts.map(number).collect::<Outcome<Vec<f64>>>()?;
        if direction.insert(name.trim().to_string(), values).is_some() {
            return Err(wrong(format!("`{}` is given twice", name.trim())));
        }
    }
    Ok((!texts.is_empty()).then_some(direction))
}
