//! The table of `certify --catalogue`: counts by distribution and by estimator, and everything that is not proved or certified.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aleator::certify::{Catalogue, CatalogueEntry, Counts, Standing};

use super::columns::{Column, Mark, empty_table, fill, finish};
use crate::report::text::wrap;

/// Counts by a name that entries have, in the order of the first entries.
pub(crate) fn catalogue_counts(
    catalogue: &Catalogue,
    name: impl Fn(&CatalogueEntry) -> String,
) -> Vec<(String, Counts)> {
    let mut groups: Vec<(String, Vec<&CatalogueEntry>)> = Vec::new();
    for entry in &catalogue.entries {
        let own = name(entry);
        match groups.iter_mut().find(|(other, _)| *other == own) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((own, vec![entry])),
        }
    }
    groups.into_iter().map(|(name, entries)| (name, Counts::of(entries))).collect()
}

/// The reasons why entries are undecided, with their numbers.
pub(crate) fn catalogue_reasons(catalogue: &Catalogue) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for entry in catalogue.entries.iter().filter(|e| e.verdict == Standing::Undecided) {
        *reasons.entry(entry.why.clone().unwrap_or_default()).or_insert(0) += 1;
    }
    reasons
}

/// The identities with their counts, and those that fail.
pub(crate) fn catalogue_identities(catalogue: &Catalogue) -> Vec<String> {
    let of_each = catalogue.identities.iter().map(|own| {
        let Counts { proved, certified, refuted, undecided } = own.counts;
        format!(
            "identity {}: {proved} proved, {certified} certified, {refuted} refuted, {undecided} undecided",
            own.identity
        )
    });
    of_each.chain(catalogue.failures.iter().map(|failure| format!("refuted: {failure}"))).collect()
}

/// The counts of `certify --catalogue`, the reasons of undecided entries, and every refuted entry.
pub fn catalogue(catalogue: &Catalogue, width: Option<u16>, color: bool) -> String {
    let room = width.map_or(100, usize::from);
    let mut out = format!(
        "{} graphs, {} entries, seed {}\n",
        catalogue.graphs,
        catalogue.entries.len(),
        catalogue.seed
    );
    let by_distribution = catalogue_counts(catalogue, |e| e.distribution.clone());
    let by_estimator = catalogue_counts(catalogue, |e| e.estimator.clone());
    let by_regime = catalogue_counts(catalogue, |e| {
        if e.regime == "ordinary" { e.topology.to_string() } else { "extreme parameters".into() }
    });
    for (title, groups) in
        [("distribution", by_distribution), ("estimator", by_estimator), ("topology", by_regime)]
    {
        let mut table = empty_table(width, color);
        let columns = columns(title, &groups);
        let mark = |i: usize| match groups[i].1 {
            Counts { refuted: 1.., .. } => Mark::Wrong,
            Counts { undecided: 1.., .. } => Mark::Warn,
            _ => Mark::Plain,
        };
        fill(&mut table, &columns.iter().collect::<Vec<_>>(), groups.len(), mark);
        let _ = writeln!(out, "\n{}", finish(&table));
    }
    let Counts { proved, certified, refuted, undecided } = catalogue.counts;
    let sentence = format!(
        "{}: {proved} proved, {certified} certified, {refuted} refuted, {undecided} undecided",
        catalogue.verdict.word()
    );
    let _ = writeln!(out, "{}", wrap(&sentence, room, 2));
    for line in catalogue_identities(catalogue) {
        let _ = writeln!(out, "{}", wrap(&line, room, 2));
    }
    for (reason, count) in catalogue_reasons(catalogue) {
        let _ = writeln!(out, "{}", wrap(&format!("{count} undecided: {reason}"), room, 2));
    }
    for e in catalogue.entries.iter().filter(|e| e.verdict == Standing::Refuted) {
        let why = e.why.as_deref().unwrap_or_default();
        let place = format!("{}, {}, {}, {}", e.estimator, e.distribution, e.topology, e.regime);
        let _ = writeln!(out, "{}", wrap(&format!("refuted: {place}: {why}"), room, 2));
    }
    out
}

fn columns(title: &str, groups: &[(String, Counts)]) -> Vec<Column> {
    let number = |count: fn(&Counts) -> usize| {
        groups.iter().map(move |(_, c)| match count(c) {
            0 => "·".to_string(),
            n => n.to_string(),
        })
    };
    vec![
        Column::left(title, groups.iter().map(|(name, _)| name.clone())),
        Column::right("proved", number(|c| c.proved)),
        Column::right("certified", number(|c| c.certified)),
        Column::right("undecided", number(|c| c.undecided)),
        Column::right("refuted", number(|c| c.refuted)),
    ]
}
