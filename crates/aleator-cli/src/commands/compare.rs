//! `aleator compare`: estimators side by side.

use aleator::diagnostics::{Compare as How, compare};
use aleator_cli::report::{comparison, comparison_svg};

use crate::arguments::Compare;
use crate::failure::Outcome;
use crate::flags::with_flags;
use crate::input::{estimator_list, load};
use crate::output::{Progress, color, print, print_json, save_plot, warn, warn_of_work, width};

pub fn run(arguments: &Compare) -> Outcome {
    let mut loaded = load(&arguments.source, arguments.sampling.seed)?;
    let plot = loaded.output("--plot", arguments.plot.as_ref())?;
    let estimators = match arguments.estimators.as_str() {
        "all" => None,
        list => Some(estimator_list("--estimators", list)?),
    };
    let how = How {
        estimators,
        fixed: loaded.fixed(&arguments.via)?,
        samples: arguments.sampling.samples,
        replicates: arguments.replicates,
        tune: arguments.tune,
        seed: arguments.sampling.seed,
        exact: arguments.exact.wanted(),
    };
    warn_of_work(arguments.sampling.samples, arguments.replicates);
    let progress = Progress::new(arguments.replicates);
    let report = compare(&loaded.model.graph, &how, &loaded.file, &|label, done| progress.set(label, done));
    progress.finish();
    let mut report = report.map_err(|e| loaded.failure(e))?;
    for skipped in &mut report.skipped {
        skipped.reason = with_flags(&skipped.reason);
    }
    loaded.warn_of(&report.lints);
    report.warnings.iter().for_each(|w| warn(w));
    if arguments.sampling.json {
        print_json(&report)?;
    } else {
        print(&comparison(&report, width(), color()))?;
    }
    save_plot(plot.as_ref(), || comparison_svg(&report))
}
