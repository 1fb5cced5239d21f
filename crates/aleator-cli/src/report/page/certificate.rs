//! The page of `certify`.

use aleator::certify::{Certificate, Standing};

use super::document::{Origin, Page};
use crate::report::numbers::significant;
use crate::report::table::{certificate_cells, certificate_remarks, certificate_sentence, identity_lines};

/// The page of `certify`: the conclusion, the plans, every coordinate, the graph and formulas. `graph` is the picture of the graph.
pub fn certificate_page(certificate: &Certificate, file: &str, graph: &str, origin: Origin) -> String {
    let mut page = Page::new(&format!("Certificate: {file}"), origin);
    page.paragraph(&format!("{}: {}.", certificate.verdict.word(), certificate_sentence(certificate)));
    let (head, rows) = certificate_cells(certificate);
    page.table(&head, &rows, |i| certificate.plans[i].verdict == Standing::Proved);
    page.paragraph(
        "The bias is relative to the scale of the gradient: its largest element, or the spread of the cost where that is 0. A proof is \
         the estimate's own code, summed over all outcomes of its noise and integrated over the rest; a certificate is a confidence \
         interval that holds at all looks and for all coordinates together.",
    );
    page.heading("Coordinates");
    let head: Vec<String> =
        ["estimator", "coordinate", "verdict", "mean", "compared with", "bias from", "to"]
            .map(String::from)
            .to_vec();
    let mut rows = Vec::new();
    for plan in &certificate.plans {
        for (name, coordinates) in &plan.gradient {
            for (i, c) in coordinates.iter().enumerate().take(MOST_COORDINATES) {
                let place = if coordinates.len() == 1 { name.clone() } else { format!("{name}[{i}]") };
                let number = |x: f64| significant(x, 6);
                rows.push(vec![
                    plan.estimator.clone(),
                    place,
                    c.verdict.word().into(),
                    number(c.mean.0),
                    number(c.reference.0),
                    significant(c.bias[0].0, 3),
                    significant(c.bias[1].0, 3),
                ]);
            }
        }
    }
    page.table(&head, &rows, |_| false);
    for plan in &certificate.plans {
        for remark in certificate_remarks(plan, certificate.bias_bound) {
            page.paragraph(&format!("{}: {remark}.", plan.estimator));
        }
    }
    page.heading("Identities");
    for line in identity_lines(certificate) {
        page.paragraph(&format!("{line}."));
    }
    page.heading("The graph");
    page.figure("Squares are deterministic, circles stochastic, diamonds costs", graph);
    page.formulas(certificate.plans.iter().flat_map(|plan| plan.plan.values()));
    page.html()
}

/// Coordinates of one parameter that are shown.
const MOST_COORDINATES: usize = 50;
