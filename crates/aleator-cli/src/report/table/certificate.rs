//! The table of `certify`: one row for each plan, and what follows.

use std::fmt::Write as _;

use aleator::certify::{Certificate, IdentityCertificate, PlanCertificate, Standing};
use aleator::diagnostics::Skipped;

use super::columns::{Column, Mark, empty_table, fill, finish};
use crate::report::numbers::significant;
use crate::report::text::{printable, wrap};

/// The columns of the table, as texts: its head and its rows.
pub(crate) fn certificate_cells(certificate: &Certificate) -> (Vec<String>, Vec<Vec<String>>) {
    let columns = columns(certificate);
    let head = columns.iter().map(|c| c.title.clone()).collect();
    let row = |i: usize| columns.iter().map(|c| c.cells[i].clone()).collect();
    (head, (0..certificate.plans.len()).map(row).collect())
}

/// What a certificate says in one sentence.
pub(crate) fn certificate_sentence(certificate: &Certificate) -> String {
    let chance = certificate.confidence;
    match certificate.verdict {
        Standing::Proved => "every mean is the exact gradient, by exact expectation".into(),
        Standing::Certified => format!(
            "every bias is within {} of the gradient's scale; chance alone refutes something with a probability of at most {chance:e}",
            percent(certificate.bias_bound)
        ),
        Standing::Undecided => "the budget ended before everything was decided".into(),
        Standing::Refuted => format!("biased: {}", certificate.refuted.join(", ")),
    }
}

/// The table of `certify`: one row for each plan, below it the conclusion, and what was skipped.
pub fn certificate(certificate: &Certificate, file: &str, width: Option<u16>, color: bool) -> String {
    let room = width.map_or(100, usize::from);
    let mut out = format!("{}: seed {}\n", printable(file), certificate.seed);
    let columns = columns(certificate);
    let mut table = empty_table(width, color);
    let mark = |i: usize| match certificate.plans[i].verdict {
        Standing::Proved => Mark::Best,
        Standing::Certified => Mark::Plain,
        Standing::Undecided => Mark::Warn,
        Standing::Refuted => Mark::Wrong,
    };
    fill(&mut table, &columns.iter().collect::<Vec<_>>(), certificate.plans.len(), mark);
    let _ = writeln!(out, "\n{}", finish(&table));
    let sentence = format!("{}: {}", certificate.verdict.word(), certificate_sentence(certificate));
    let _ = writeln!(out, "{}", wrap(&sentence, room, 2));
    for plan in &certificate.plans {
        for line in remarks(plan, certificate.bias_bound) {
            let _ = writeln!(out, "{}", wrap(&format!("{}: {line}", plan.estimator), room, 2));
        }
    }
    for line in identity_lines(certificate) {
        let _ = writeln!(out, "{}", wrap(&line, room, 2));
    }
    for Skipped { estimator, reason } in &certificate.skipped {
        let _ = writeln!(out, "{}", wrap(&format!("not certified: {estimator}: {reason}"), room, 2));
    }
    out
}

/// What is to be said of the identities: a line for each kind, and one for each that fails or is undecided because of a mean.
pub(crate) fn identity_lines(certificate: &Certificate) -> Vec<String> {
    let of_plans = certificate.plans.iter().flat_map(|plan| &plan.identities);
    let all: Vec<&IdentityCertificate> = certificate.identities.iter().chain(of_plans).collect();
    let mut lines = Vec::new();
    for (identity, statement) in STATEMENTS {
        let own = || all.iter().filter(|i| i.identity == identity);
        let holds = own().filter(|i| matches!(i.verdict, Standing::Proved | Standing::Certified)).count();
        if own().next().is_some() {
            lines.push(format!("identity: {statement}: {holds} of {} hold", own().count()));
        }
        for i in own().filter(|i| i.verdict == Standing::Refuted) {
            let why = i.why.as_deref().unwrap_or_default();
            lines.push(format!("refuted: {identity} of {}: {why}", printable(&i.of)));
        }
        // Many plans have the same reason.
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for i in own().filter(|i| i.verdict == Standing::Undecided) {
            let why = i.why.as_deref().unwrap_or_default();
            match reasons.iter_mut().find(|(other, _)| *other == why) {
                Some((_, names)) => names.push(&i.of),
                None => reasons.push((why, vec![&i.of])),
            }
        }
        for (why, names) in reasons {
            lines.push(format!("undecided: {identity} of {}: {why}", printable(&names.join(", "))));
        }
    }
    lines
}

/// The identities in the order in which they are reported, in words.
const STATEMENTS: [(&str, &str); 5] = [
    ("score", "the mean of each site's score is 0"),
    ("constant", "a constant in the costs leaves the mean"),
    ("cone", "a cost that no site reaches changes no bit"),
    ("threads", "1, 2 and 3 threads compute the same bits"),
    ("training", "the mean, given the state, is the gradient in training as well"),
];

/// What is to be said of a plan besides its row.
pub(crate) fn remarks(plan: &PlanCertificate, bound: f64) -> Vec<String> {
    let mut remarks = Vec::new();
    match plan.verdict {
        Standing::Refuted => {
            if plan.decisive().next().is_none() && !plan.declared_unbiased {
                remarks.push("it declares itself biased; no bias was found at these parameters".into());
            }
            for (name, c) in plan.decisive().take(3) {
                remarks.push(format!(
                    "the bias of `{name}` is between {} and {} (mean {}, gradient {})",
                    significant(c.bias[0].0, 4),
                    significant(c.bias[1].0, 4),
                    significant(c.mean.0, 6),
                    significant(c.reference.0, 6)
                ));
            }
        }
        Standing::Undecided => {
            let needed = plan.needed.map_or(String::new(), |n| {
                format!(
                    "; about {} estimates would be needed for {}",
                    significant(n as f64, 2),
                    percent(bound)
                )
            });
            remarks.push(format!(
                "after {} estimates the bias may be {} of the gradient's scale{needed}",
                plan.replicates,
                percent(plan.largest_bias())
            ));
        }
        Standing::Proved | Standing::Certified => {}
    }
    remarks.extend(plan.why_undecided.clone());
    if let Some(reason) = &plan.why_sampled {
        remarks.push(format!("sampled, because {reason}; compared with: {}", plan.reference));
    }
    if let Some(tails) = plan.tails.filter(|tails| tails.heavy) {
        let index = tails.index.map_or(String::new(), |a| format!(" (tail index {})", significant(a.0, 2)));
        remarks.push(format!("heavy tail{index}: the ± is not to be believed"));
    }
    remarks
}

fn columns(certificate: &Certificate) -> Vec<Column> {
    let plans = &certificate.plans;
    let name = |plan: &PlanCertificate| printable(&plan.estimator).to_string();
    vec![
        Column::left("estimator", plans.iter().map(name)),
        Column::right("K", plans.iter().map(|plan| plan.samples.to_string())),
        Column::left("verdict", plans.iter().map(|plan| plan.verdict.word().to_string())),
        Column::left("method", plans.iter().map(|plan| plan.method.to_string())),
        Column::right("|bias| below", plans.iter().map(|plan| significant(plan.largest_bias(), 2))),
        Column::right("estimates", plans.iter().map(estimates)),
    ]
}

fn estimates(plan: &PlanCertificate) -> String {
    if plan.replicates == 0 { "—".into() } else { plan.replicates.to_string() }
}

fn percent(x: f64) -> String {
    format!("{} %", significant(100.0 * x, 2))
}
