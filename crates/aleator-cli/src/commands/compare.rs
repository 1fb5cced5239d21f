//! `aleator compare`: estimators side by side.

use aleator::diagnostics::{Compare as How, Pilot, Report, compare};
use aleator::graph::Diagram;
use aleator_cli::report::{comparison, comparison_page, comparison_svg, svg};

use crate::arguments::Compare;
use crate::failure::Outcome;
use crate::flags::with_flags;
use crate::input::load;
use crate::output::{
    Progress, color, origin, print, print_json, save_page, save_plot, warn, warn_of_work, width,
};
use crate::via::{Besides, Listed};

pub fn run(arguments: &Compare) -> Outcome {
    let mut loaded = load(&arguments.source, arguments.sampling.seed)?;
    let plot = loaded.output("--plot", arguments.plot.as_ref())?;
    let page = loaded.output("--report", arguments.report.as_ref())?;
    let (via, estimators) = match arguments.estimators.as_str() {
        "all" => (arguments.via.clone(), None),
        list => {
            let listed = Listed::read("--estimators", list)?;
            (listed.with(&arguments.via), Some(listed.estimators))
        }
    };
    let pilot = Pilot {
        samples: arguments.sampling.samples,
        tune: arguments.tune,
        seed: arguments.sampling.seed,
        ..Pilot::default()
    };
    let Besides { fixed, plans, measured } = loaded.besides(&via, &pilot)?;
    let how = How {
        estimators,
        plans,
        fixed,
        samples: arguments.sampling.samples,
        replicates: arguments.replicates,
        tune: arguments.tune,
        seed: arguments.sampling.seed,
        exact: arguments.exact.wanted(),
    };
    warn_of_work(&loaded.model.graph, arguments.sampling.samples, arguments.replicates);
    let progress = Progress::new(arguments.replicates);
    let report = compare(&loaded.model.graph, &how, &loaded.file, &|label, done| progress.set(label, done));
    progress.finish();
    let mut report = Report { measured, ..report.map_err(|e| loaded.failure(e))? };
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
    save_plot(plot.as_ref(), || comparison_svg(&report))?;
    save_page(page.as_ref(), || {
        comparison_page(&report, &svg(&Diagram::of(&loaded.model.graph)), origin(arguments.sampling.seed))
    })
}
