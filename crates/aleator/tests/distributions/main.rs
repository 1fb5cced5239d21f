//! Every distribution of the table against references that share no code with it: values (`values`), mass and scores
//! (`mass`), derivatives (`derivatives`), samplers (`samplers`), relaxations (`relaxations`), shapes and domains (`shapes`),
//! counts summed over their outcomes (`counts`), vectors against the numbers in them (`vectors`).
//!
//! The parameter sets are in `data/distributions_reference.json` and in `cases`; a new distribution fails
//! [`every_signature_has_parameters`] until it has its own.

mod cases;
mod closed_forms;
mod compositions;
mod counts;
mod derivatives;
mod harness;
mod kl;
mod mass;
mod relaxations;
mod samplers;
mod scores;
mod shapes;
mod subsets;
mod values;
mod vectors;

use aleator::distributions::all;

#[test]
fn every_signature_has_parameters() {
    for (entry, signature) in all().iter().flat_map(|e| e.signatures.iter().map(move |s| (e, s))) {
        let has = |cases: &[cases::Case]| {
            cases.iter().any(|c| c.name() == entry.name && c.signature.names == signature.names)
        };
        let rows: Vec<cases::Case> = cases::reference_rows().into_iter().map(|row| row.case).collect();
        assert!(has(&rows), "{} {:?} is not in the reference", entry.name, signature.names);
        assert!(has(&cases::moderate()), "{} {:?} is not in `moderate`", entry.name, signature.names);
    }
}
