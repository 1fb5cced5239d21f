//! `aleator certify --check`: certifying again what a certificate says.
//!
//! The certificate has the text of the graph and all settings. It holds if the plans are the same, and for each plan the verdict is the
//! same and the intervals of the bias overlap in every coordinate: two intervals for the same number do. Sampled estimates are as many as
//! before. What was undecided may be decided now.

use std::collections::BTreeMap;
use std::path::Path;

use aleator::certify::{Certify as How, IdentityCertificate, PlanCertificate, Standing, certify};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::arguments::{Certify, Source};
use crate::failure::{Failure, Outcome};
use crate::input::load_text;
use crate::output::{print, warn};
use crate::text::Text;
use crate::via::ToCertify;

/// The options that say what was certified, besides those of the certificate itself.
#[derive(Serialize, Deserialize)]
pub(super) struct Settings {
    pub via: Vec<String>,
    pub set: Vec<String>,
    pub batch: Option<usize>,
    pub samples: Option<usize>,
}

/// The SHA-256 of a text, in hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is read of a certificate.
#[derive(Deserialize)]
struct Recorded {
    aleator: String,
    file: String,
    graph: String,
    graph_sha256: String,
    settings: Settings,
    seed: u64,
    confidence: f64,
    bias_bound: f64,
    plans: Vec<RecordedPlan>,
    #[serde(default)]
    identities: Vec<RecordedIdentity>,
}

#[derive(Deserialize)]
struct RecordedPlan {
    estimator: String,
    plan: BTreeMap<String, String>,
    samples: usize,
    verdict: String,
    replicates: u64,
    gradient: BTreeMap<String, Vec<RecordedCoordinate>>,
    #[serde(default)]
    identities: Vec<RecordedIdentity>,
}

#[derive(Deserialize)]
struct RecordedIdentity {
    identity: String,
    of: String,
    verdict: String,
}

/// Numbers that are not finite are no numbers in JSON.
#[derive(Deserialize)]
struct RecordedCoordinate {
    bias: [Value; 2],
}

pub fn run(arguments: &Certify, path: &Path) -> Outcome {
    let document = Text::read(path)?;
    let recorded: Recorded = serde_json::from_str(&document.text).map_err(|e| {
        Failure::input(format!("`{}` is not a certificate of `aleator certify --json`: {e}", path.display()))
    })?;
    if digest(&recorded.graph) != recorded.graph_sha256 {
        return Err(Failure::check("the certificate does not hold: the text of its graph was changed"));
    }
    if recorded.aleator != env!("CARGO_PKG_VERSION") {
        warn(&format!("the certificate was made by aleator {}", recorded.aleator));
    }
    let text = Text { name: recorded.file.clone(), text: recorded.graph.clone(), ..document };
    let Settings { via, set, batch, samples } = &recorded.settings;
    let source = Source {
        file: arguments.source.file.clone(),
        set: set.clone(),
        batch: *batch,
        allow_commands: arguments.source.allow_commands,
        external_timeout: arguments.source.external_timeout,
    };
    let loaded = load_text(&source, recorded.seed, &text)?;
    let ToCertify { estimators, fixed } = loaded.to_certify(via)?;
    let most = recorded.plans.iter().map(|plan| plan.replicates).max().unwrap_or(0);
    let how = How {
        estimators,
        fixed,
        samples: *samples,
        confidence: recorded.confidence,
        bias_bound: recorded.bias_bound,
        budget: arguments.budget,
        most_replicates: most.max(1),
        seed: recorded.seed,
        ..How::new()
    };
    let now = certify(&loaded.model.graph, &how).map_err(|e| loaded.failure(e))?;
    let mut differences = differences(&recorded.plans, &now.plans);
    differences.extend(other_identities(&recorded.identities, &now.identities));
    if differences.is_empty() {
        let plans = match now.plans.len() {
            1 => "1 plan".to_string(),
            n => format!("{n} plans"),
        };
        return print(&format!("the certificate holds: {plans}, {}\n", now.verdict.word()));
    }
    Err(Failure::check(format!("the certificate does not hold: {}", differences.join("; "))))
}

/// What is different, in words.
fn differences(recorded: &[RecordedPlan], now: &[PlanCertificate]) -> Vec<String> {
    let mut all = Vec::new();
    for plan in recorded {
        let same = |other: &&PlanCertificate| {
            (&other.estimator, &other.plan, other.samples) == (&plan.estimator, &plan.plan, plan.samples)
        };
        match now.iter().find(same) {
            None => all.push(format!("{} has no such plan", plan.estimator)),
            Some(other) => {
                all.extend(difference(plan, other));
                all.extend(other_identities(&plan.identities, &other.identities));
            }
        }
    }
    let is_new = |other: &&PlanCertificate| !recorded.iter().any(|plan| plan.estimator == other.estimator);
    all.extend(now.iter().filter(is_new).map(|other| format!("{} is missing in it", other.estimator)));
    all
}

/// The identities that fail now and did not before, or the reverse. What is only decided in one of them is no difference.
fn other_identities(recorded: &[RecordedIdentity], now: &[IdentityCertificate]) -> Vec<String> {
    let fails = Standing::Refuted.word();
    let mut all = Vec::new();
    for other in recorded {
        let same = |i: &&IdentityCertificate| i.identity == other.identity && i.of == other.of;
        match now.iter().find(same) {
            Some(i) if (i.verdict.word() == fails) == (other.verdict == fails) => {}
            Some(i) => all.push(format!(
                "the identity {} of {} is {} and not {}",
                i.identity,
                i.of,
                i.verdict.word(),
                other.verdict
            )),
            None => all.push(format!("{} has no identity {}", other.of, other.identity)),
        }
    }
    all
}

fn difference(recorded: &RecordedPlan, now: &PlanCertificate) -> Option<String> {
    let name = &recorded.estimator;
    if recorded.verdict == Standing::Undecided.word() && now.verdict != Standing::Refuted {
        return None;
    }
    if recorded.verdict != now.verdict.word() {
        return Some(format!("{name} is {} and not {}", now.verdict.word(), recorded.verdict));
    }
    for (param, coordinates) in &now.gradient {
        let Some(others) = recorded.gradient.get(param).filter(|others| others.len() == coordinates.len())
        else {
            return Some(format!("{name} has other coordinates of `{param}`"));
        };
        for (place, (c, other)) in coordinates.iter().zip(others).enumerate() {
            let low = other.bias[0].as_f64().unwrap_or(f64::NEG_INFINITY);
            let high = other.bias[1].as_f64().unwrap_or(f64::INFINITY);
            if c.bias[0].0 > high || c.bias[1].0 < low {
                return Some(format!(
                    "the bias of {name} in `{param}` (element {place}) is between {:e} and {:e}, not between {low:e} and {high:e}",
                    c.bias[0].0, c.bias[1].0
                ));
            }
        }
    }
    None
}
