//! The page of `certify --catalogue`.

use aleator::certify::{Catalogue, Counts, Standing};

use super::document::{Origin, Page};
use crate::report::numbers::significant;
use crate::report::table::{catalogue_counts, catalogue_identities, catalogue_reasons};

/// The page of `certify --catalogue`: counts, reasons, and every entry.
pub fn catalogue_page(catalogue: &Catalogue, origin: Origin) -> String {
    let mut page = Page::new("Certificate of the catalogue", origin);
    let Counts { proved, certified, refuted, undecided } = catalogue.counts;
    page.paragraph(&format!(
        "{} graphs: {proved} entries are proved, {certified} certified, {refuted} refuted, {undecided} undecided. Chance alone refutes \
         something in the whole table with a probability of at most {:e}.",
        catalogue.graphs, catalogue.confidence
    ));
    for (reason, count) in catalogue_reasons(catalogue) {
        page.paragraph(&format!("{count} undecided: {reason}."));
    }
    for line in catalogue_identities(catalogue) {
        page.paragraph(&format!("{line}."));
    }
    let names = |titles: &[&str]| titles.iter().map(|title| title.to_string()).collect::<Vec<_>>();
    page.heading("Counts");
    let counts: Vec<Vec<String>> = catalogue_counts(catalogue, |e| e.distribution.clone())
        .into_iter()
        .chain(catalogue_counts(catalogue, |e| e.estimator.clone()))
        .map(|(name, c)| {
            let numbers = [c.proved, c.certified, c.undecided, c.refuted].map(|n| n.to_string());
            [vec![name], numbers.to_vec()].concat()
        })
        .collect();
    page.table(
        &names(&["distribution or estimator", "proved", "certified", "undecided", "refuted"]),
        &counts,
        |_| false,
    );
    page.heading("Entries");
    let rows: Vec<Vec<String>> = catalogue
        .entries
        .iter()
        .map(|e| {
            vec![
                e.distribution.clone(),
                e.topology.into(),
                e.regime.clone(),
                e.estimator.clone(),
                e.verdict.word().into(),
                e.method.into(),
                significant(e.largest_bias.0, 2),
                e.why.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let head =
        ["distribution", "topology", "regime", "estimator", "verdict", "method", "|bias| below", "reason"];
    page.table(&names(&head), &rows, |i| catalogue.entries[i].verdict == Standing::Refuted);
    page.html()
}
