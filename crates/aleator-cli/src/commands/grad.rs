//! `aleator grad`: the gradient by one plan.

use aleator::diagnostics::{Chosen, Compare, Pilot, Report, Row, grad};
use aleator_cli::report::gradient;

use crate::arguments::Grad;
use crate::failure::{Failure, Outcome};
use crate::input::load;
use crate::output::{Progress, color, print, print_json, warn, warn_of_work, width};

pub fn run(arguments: &Grad) -> Outcome {
    let loaded = load(&arguments.source, arguments.sampling.seed)?;
    let pilot = Pilot {
        samples: arguments.sampling.samples,
        tune: arguments.tune,
        seed: arguments.sampling.seed,
        ..Pilot::default()
    };
    let Chosen { plan, sites } = loaded.plan(&arguments.via, &pilot)?;
    let how = Compare {
        samples: arguments.sampling.samples,
        replicates: arguments.replicates,
        tune: arguments.tune,
        seed: arguments.sampling.seed,
        exact: arguments.exact.wanted(),
        ..Compare::all()
    };
    warn_of_work(&loaded.model.graph, arguments.sampling.samples, arguments.replicates);
    let progress = Progress::new(arguments.replicates);
    let report =
        grad(&loaded.model.graph, &plan, &how, &loaded.file, &|label, done| progress.set(label, done));
    progress.finish();
    let report = Report { measured: sites, ..report.map_err(|e| loaded.failure(e))? };
    loaded.warn_of(&report.lints);
    report.warnings.iter().for_each(|w| warn(w));
    if arguments.sampling.json {
        print_json(&report)?;
    } else {
        print(&gradient(&report, width(), color()))?;
    }
    if arguments.assert_unbiased { assert_unbiased(&report) } else { Ok(()) }
}

fn assert_unbiased(report: &Report) -> Outcome {
    if report.exact.method.is_none() {
        return Err(Failure::input("--assert-unbiased needs the exact gradient, which cannot be had here"));
    }
    let unknown =
        |row: &Row| row.gradient.iter().find(|(_, g)| g.exact.is_none()).map(|(name, _)| name.clone());
    if let Some(name) = report.results.iter().find_map(unknown) {
        return Err(Failure::input(format!(
            "--assert-unbiased needs the exact gradient, which cannot be had for `{name}`"
        )));
    }
    if report.replicates < 2 {
        return Err(Failure::input(
            "--assert-unbiased needs standard errors: ask for 2 --replicates or more",
        ));
    }
    for (name, estimate) in report.results.iter().flat_map(|row| &row.gradient) {
        let (Some(i), Some(exact)) = (estimate.first_difference(), &estimate.exact) else { continue };
        let error = estimate.std_error.as_ref().map_or(0.0, |e| e[i].0);
        return Err(Failure::check(format!(
            "biased: the gradient of `{name}` (element {i}) is {} ± {error}, but exactly {}",
            estimate.mean[i].0, exact[i].0
        )));
    }
    Ok(())
}
