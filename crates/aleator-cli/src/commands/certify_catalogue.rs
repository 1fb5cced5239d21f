//! `aleator certify --catalogue`: the certificate of the whole table.

use aleator::certify::{Standing, certify_catalogue};
use aleator_cli::report::{catalogue, catalogue_markdown, catalogue_page};

use crate::arguments::Certify;
use crate::failure::{Failure, Outcome};
use crate::output::{Progress, color, origin, print, print_json, save_page, width};
use crate::places::Places;

pub fn run(arguments: &Certify) -> Outcome {
    let mut places = Places::default();
    let page = arguments.report.as_ref().map(|path| places.output("--report", path)).transpose()?;
    let seed = arguments.sampling.seed;
    let progress = Progress::new(0);
    let result = certify_catalogue(arguments.quick, arguments.confidence, seed, &|done, all| {
        progress.set(&format!("graph {done} of {all}"), 0);
    });
    progress.finish();
    let result = result.map_err(|e| Failure::input(e.to_string()))?;
    if arguments.sampling.json {
        print_json(&result)?;
    } else {
        print(&catalogue(&result, width(), color()))?;
    }
    let as_text = page.as_ref().is_some_and(|page| page.path().extension().is_some_and(|e| e == "md"));
    save_page(page.as_ref(), || {
        Ok(if as_text { catalogue_markdown(&result) } else { catalogue_page(&result, origin(seed)) })
    })?;
    match result.verdict {
        Standing::Proved | Standing::Certified => Ok(()),
        Standing::Refuted => Err(Failure::check(format!("{} entries are refuted", result.counts.refuted))),
        Standing::Undecided => {
            let message = format!("{} entries are undecided", result.counts.undecided);
            Err(Failure { status: 3, ..Failure::check(message) })
        }
    }
}
