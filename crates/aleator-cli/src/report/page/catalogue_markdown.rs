//! The page of `certify --catalogue` as Markdown, for the book.

use std::fmt::Write as _;

use aleator::certify::{Catalogue, CatalogueEntry, Counts, Standing};

use crate::report::table::{catalogue_counts, catalogue_identities, catalogue_reasons};

/// Counts, identities, reasons, and everything that is undecided or refuted.
pub fn catalogue_markdown(catalogue: &Catalogue) -> String {
    let mut page = String::new();
    let Counts { proved, certified, refuted, undecided } = catalogue.counts;
    let _ = writeln!(
        page,
        "aleator {}, seed {}: {} graphs, {} entries. {proved} are proved, {certified} certified, {refuted} refuted, {undecided} undecided. \
         The bias bound is {} %, and chance alone refutes something in the whole table with a probability of at most {:e}.\n",
        catalogue.aleator,
        catalogue.seed,
        catalogue.graphs,
        catalogue.entries.len(),
        100.0 * catalogue.bias_bound,
        catalogue.confidence
    );
    for line in catalogue_identities(catalogue) {
        let _ = writeln!(page, "- {line}");
    }
    let _ = writeln!(page, "\n## Why entries are undecided\n\n| entries | reason |\n|---:|---|");
    for (reason, count) in catalogue_reasons(catalogue) {
        let _ = writeln!(page, "| {count} | {} |", cell(&reason));
    }
    let by_topology = |e: &CatalogueEntry| match e.regime.as_str() {
        "ordinary" => e.topology.to_string(),
        _ => "extreme parameters".into(),
    };
    for (title, groups) in [
        ("topology", catalogue_counts(catalogue, by_topology)),
        ("estimator", catalogue_counts(catalogue, |e| e.estimator.clone())),
        ("distribution", catalogue_counts(catalogue, |e| e.distribution.clone())),
    ] {
        let _ = writeln!(page, "\n## By {title}\n");
        let _ = writeln!(
            page,
            "| {title} | proved | certified | undecided | refuted |\n|---|---:|---:|---:|---:|"
        );
        for (name, c) in groups {
            let [p, q, u, r] = [c.proved, c.certified, c.undecided, c.refuted];
            let _ = writeln!(page, "| {} | {p} | {q} | {u} | {r} |", cell(&name));
        }
    }
    let _ = writeln!(page, "\n## Everything that is undecided or refuted\n");
    let _ = writeln!(page, "| distribution | graph | estimators | verdict | reason |\n|---|---|---|---|---|");
    for (graph, estimators) in open(catalogue) {
        let (distribution, place, verdict, reason) = graph;
        let names = estimators.join(", ");
        let _ = writeln!(
            page,
            "| {} | {} | {names} | {verdict} | {} |",
            cell(&distribution),
            cell(&place),
            cell(&reason)
        );
    }
    page
}

/// Distribution, graph, verdict and reason of entries.
type Place = (String, String, &'static str, String);

/// The entries that are undecided or refuted, with the estimators that share everything else.
fn open(catalogue: &Catalogue) -> Vec<(Place, Vec<String>)> {
    let mut all: Vec<(Place, Vec<String>)> = Vec::new();
    for e in &catalogue.entries {
        if !matches!(e.verdict, Standing::Undecided | Standing::Refuted) {
            continue;
        }
        let place = if e.regime == "ordinary" { e.topology.to_string() } else { e.regime.clone() };
        let key = (e.distribution.clone(), place, e.verdict.word(), e.why.clone().unwrap_or_default());
        match all.iter_mut().find(|(other, _)| *other == key) {
            Some((_, names)) => names.push(e.estimator.clone()),
            None => all.push((key, vec![e.estimator.clone()])),
        }
    }
    all
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
