//! `aleator certify`: is the mean of an estimate the gradient?

use aleator::certify::{Certificate, Certify as How, Standing, certify};
use aleator::graph::Diagram;
use aleator_cli::report::{certificate, certificate_page, svg};
use serde::Serialize;

use super::certify_check::{Settings, digest};
use super::{certify_catalogue, certify_check};
use crate::arguments::Certify;
use crate::failure::{Failure, Outcome};
use crate::flags::with_flags;
use crate::input::{Loaded, load};
use crate::output::{color, origin, print, print_json, save_page, width};
use crate::via::ToCertify;

/// The JSON of a certificate: what was certified, and the result.
#[derive(Serialize)]
struct Document<'a> {
    file: &'a str,
    /// The text of the graph, and its SHA-256.
    graph: &'a str,
    graph_sha256: String,
    settings: Settings,
    #[serde(flatten)]
    certificate: &'a Certificate,
}

pub fn run(arguments: &Certify) -> Outcome {
    if arguments.catalogue {
        return certify_catalogue::run(arguments);
    }
    if let Some(path) = &arguments.check {
        return certify_check::run(arguments, path);
    }
    if arguments.report.as_ref().is_some_and(|path| path.extension().is_some_and(|e| e == "md")) {
        let message = "--report of one graph is an .html file; a .md file is written with --catalogue";
        return Err(Failure::input(message));
    }
    let mut loaded = load(&arguments.source, arguments.sampling.seed)?;
    let page = loaded.output("--report", arguments.report.as_ref())?;
    let ToCertify { estimators, fixed } = loaded.to_certify(&arguments.via)?;
    let how = How {
        estimators,
        fixed,
        samples: arguments.sampling.samples,
        confidence: arguments.confidence,
        bias_bound: arguments.bias_bound,
        budget: arguments.budget,
        most_replicates: arguments.replicates.map_or(u64::MAX, |n| n as u64),
        seed: arguments.sampling.seed,
        ..How::new()
    };
    let mut result = certify(&loaded.model.graph, &how).map_err(|e| loaded.failure(e))?;
    for skipped in &mut result.skipped {
        skipped.reason = with_flags(&skipped.reason);
    }
    if arguments.sampling.json {
        print_json(&document(arguments, &loaded, &result))?;
    } else {
        print(&certificate(&result, &loaded.file, width(), color()))?;
    }
    save_page(page.as_ref(), || {
        let graph = svg(&Diagram::of(&loaded.model.graph));
        Ok(certificate_page(&result, &loaded.file, &graph, origin(arguments.sampling.seed)))
    })?;
    outcome(&result)
}

fn document<'a>(arguments: &Certify, loaded: &'a Loaded, certificate: &'a Certificate) -> Document<'a> {
    Document {
        file: &loaded.file,
        graph: &loaded.text,
        graph_sha256: digest(&loaded.text),
        settings: Settings {
            via: arguments.via.clone(),
            set: arguments.source.set.clone(),
            batch: arguments.source.batch,
            samples: arguments.sampling.samples,
        },
        certificate,
    }
}

/// 0 if everything is proved or certified, 1 if something is refuted, 3 if something is undecided.
fn outcome(certificate: &Certificate) -> Outcome {
    match certificate.verdict {
        Standing::Proved | Standing::Certified => Ok(()),
        Standing::Refuted => Err(Failure::check(format!("refuted: {}", certificate.refuted.join(", ")))),
        Standing::Undecided => {
            let undecided = certificate.plans.iter().filter(|plan| plan.verdict == Standing::Undecided);
            let names: Vec<&str> = undecided.map(|plan| plan.estimator.as_str()).collect();
            let message =
                format!("undecided: {}; a larger --budget or --bias-bound may decide", names.join(", "));
            Err(Failure { status: 3, ..Failure::check(message) })
        }
    }
}
