//! `aleator check`: sites, what they influence, what can serve them, and what to be warned of.

use aleator::diagnostics::{Pilot, SiteReport, blind_spots, inspect};
use aleator::plan::Lint;
use serde::Serialize;

use crate::arguments::Check;
use crate::failure::{Failure, Outcome};
use crate::findings::Finding;
use crate::flags::with_flags;
use crate::input::{Loaded, lower};
use crate::output::{print, print_json};
use crate::text::Text;

/// What is known of a graph, as one document.
#[derive(Serialize)]
struct Document<'a> {
    aleator: &'static str,
    file: &'a str,
    parameters: Vec<Shaped>,
    sites: Vec<Site>,
    costs: Vec<String>,
    diagnostics: Vec<Finding>,
}

#[derive(Serialize)]
struct Shaped {
    name: String,
    shape: Vec<usize>,
}

#[derive(Serialize)]
struct Site {
    name: String,
    distribution: String,
    shape: Vec<usize>,
    influences: Vec<String>,
    estimator: String,
    reason: String,
    can_serve: Vec<&'static str>,
}

pub fn run(arguments: &Check) -> Outcome {
    let text = Text::read(&arguments.source.file)?;
    let loaded = match lower(&arguments.source, 0, &text)? {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            if arguments.json {
                let findings = mistakes.iter().map(|mistake| Finding::error(&text.text, mistake));
                print_json(&Document::new(&text.name, findings.collect()))?;
            }
            return Err(Failure::at_all(&text.name, &text.text, &mistakes));
        }
    };
    let plan = loaded.plan(&[], &Pilot::default())?.plan;
    let inspection = inspect(&loaded.model.graph, &plan).map_err(|e| loaded.failure(e))?;
    let summary = format!("{}: {}\n", loaded.file, inspection.summary());
    let mut lints = inspection.lints;
    lints.extend(blind_spots(&loaded.model.graph, &plan));
    if arguments.json {
        let warning =
            |lint: &Lint| Finding::warning(&loaded.text, with_flags(&lint.message), loaded.place_of(lint));
        let findings = lints.iter().map(warning).collect();
        print_json(&Document::of(&loaded, &inspection.sites, findings))?;
    } else {
        print(&inspection.sites.iter().fold(summary, |text, site| text + &describe(site)))?;
        loaded.warn_of(&lints);
    }
    match (arguments.strict, lints.len()) {
        (true, n) if n > 0 => Err(Failure::check(format!("error: {n} warning(s) with --strict"))),
        _ => Ok(()),
    }
}

impl<'a> Document<'a> {
    fn new(file: &'a str, diagnostics: Vec<Finding>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Document {
            aleator: version,
            file,
            parameters: Vec::new(),
            sites: Vec::new(),
            costs: Vec::new(),
            diagnostics,
        }
    }

    fn of(loaded: &'a Loaded, reports: &[SiteReport], diagnostics: Vec<Finding>) -> Self {
        let graph = &loaded.model.graph;
        let shaped = |name: &str, shape: &[usize]| Shaped { name: name.to_owned(), shape: shape.to_vec() };
        let site = |report: &SiteReport| Site {
            name: report.name.clone(),
            distribution: report.distribution.clone(),
            shape: graph
                .sites()
                .iter()
                .find(|site| site.name == report.name)
                .map_or_else(Vec::new, |site| site.batch.iter().chain(site.event.iter()).copied().collect()),
            influences: report.influences.clone(),
            estimator: report.estimator.clone(),
            reason: with_flags(&report.reason),
            can_serve: report.can_serve.clone(),
        };
        Document {
            parameters: graph.params().iter().map(|param| shaped(&param.name, &param.shape)).collect(),
            sites: reports.iter().map(site).collect(),
            costs: graph.costs().iter().map(|cost| cost.name.clone()).collect(),
            ..Document::new(&loaded.file, diagnostics)
        }
    }
}

fn describe(site: &SiteReport) -> String {
    let influences = match &site.influences[..] {
        [] => "no cost".to_string(),
        costs => costs.join(", "),
    };
    format!(
        "\n{} ~ {} {}\n  influences  {influences}\n  estimator   {} ({})\n  can serve   {}\n",
        site.name,
        site.distribution,
        site.shape,
        site.estimator,
        with_flags(&site.reason),
        site.can_serve.join(", "),
    )
}
