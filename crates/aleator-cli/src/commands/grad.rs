//! `aleator grad`: the gradient by one plan.

use aleator::diagnostics::{Compare, Report, grad};
use aleator_cli::report::gradient;

use crate::arguments::Grad;
use crate::failure::{Failure, Outcome};
use crate::input::load;
use crate::output::{Progress, color, print, print_json, warn, warn_of_work, width};

pub fn run(arguments: &Grad) -> Outcome {
    let loaded = load(&arguments.source)?;
    let plan = loaded.plan(&arguments.via, arguments.sampling.samples)?;
    let how = Compare {
        samples: arguments.sampling.samples,
        replicates: arguments.replicates,
        tune: arguments.tune,
        seed: arguments.sampling.seed,
        ..Compare::all()
    };
    warn_of_work(arguments.sampling.samples, arguments.replicates);
    let progress = Progress::new(arguments.replicates);
    let report =
        grad(&loaded.model.graph, &plan, &how, &loaded.file, &|label, done| progress.set(label, done));
    progress.finish();
    let report = report.map_err(|e| loaded.failure(e))?;
    loaded.warn_of(&report.lints);
    report.warnings.iter().for_each(|w| warn(w));
    if arguments.sampling.json {
        print_json(&report)?;
    } else {
        print(&gradient(&report, width(), color()))?;
    }
    if arguments.assert_unbiased { assert_unbiased(&report) } else { Ok(()) }
}

/// Standard errors by which a mean may differ from the exact gradient: beyond 5, one in 1.7 million by chance.
const CRITICAL: f64 = 5.0;

fn assert_unbiased(report: &Report) -> Outcome {
    if report.exact.method.is_none() {
        return Err(Failure::input("--assert-unbiased needs the exact gradient, which cannot be had here"));
    }
    for (name, estimate) in report.results.iter().flat_map(|row| &row.gradient) {
        let Some(exact) = &estimate.exact else { continue };
        for (i, (mean, exact)) in estimate.mean.iter().zip(exact).enumerate() {
            let error = estimate.std_error.as_ref().map_or(0.0, |e| e[i].0);
            let rounding = 1e-9 * exact.0.abs().max(1.0);
            let fine = (mean.0 - exact.0).abs() <= CRITICAL * error + rounding;
            if !fine {
                return Err(Failure::check(format!(
                    "biased: the gradient of `{name}` (element {i}) is {} ± {error}, but exactly {}",
                    mean.0, exact.0
                )));
            }
        }
    }
    Ok(())
}
