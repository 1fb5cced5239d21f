//! Estimators that are chosen by measurement during training.
//!
//! Before the first step, and before every step after an evaluation, a pilot measures the variance and the price of plans at the present
//! parameters ([`choose_by_measurement`]), beginning with the present plan. What it uses comes from earlier steps: the parameters, and
//! rows of the last minibatch. Its noise has a seed of its own, which depends on the seed of the run and on the step. Given all
//! earlier steps, the choice is therefore independent of the noise of the steps that follow, and each of these is unbiased:
//!
//! ```text
//! E[ĝ_t | θ_t, the chosen plan] = ∇J(θ_t)
//! ```
//!
//! Prices are counted and not timed, so that equal runs choose equally. A checkpoint contains the choices, so that a resumed run goes on
//! with the same estimators.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::config::TrainConfig;
use super::subject::Subject;
use crate::diagnostics::{Pilot, choose_by_measurement};
use crate::error::{Error, Result};
use crate::estimators::{Estimator, describe};
use crate::graph::Graph;
use crate::language;
use crate::models::X_NAME;
use crate::nn::Tensor;
use crate::plan::Plan;

/// The largest number of rows on which the pilot measures a built-in model, whose objective is a mean over rows. A graph is measured with
/// whole minibatches, because its objective may be anything.
const ROWS: usize = 4;
/// The largest number of estimates by which a plan is measured.
const ESTIMATES: usize = 200;
/// The number of steps by which the estimators' own parameters are tuned before a plan is measured.
const TUNE: usize = 20;
/// The largest number of sites that a line names.
const MOST_NAMED: usize = 8;
/// The operations that the measurement of one plan may take.
const OPERATIONS: u64 = 1 << 28;

/// The estimators that were chosen before a step, because the estimators of before were others or because it was the first choice.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EstimatorChoice {
    /// The number of gradient steps taken before.
    pub step: usize,
    /// The estimators with their options, by site.
    pub estimators: BTreeMap<String, String>,
}

impl EstimatorChoice {
    /// A plan in words.
    pub(super) fn of(graph: &Graph, plan: &Plan, step: usize) -> Self {
        EstimatorChoice { step, estimators: plan.describe(graph).into_iter().collect() }
    }

    /// The choice in one line, which names a few sites at most.
    pub fn describe(&self) -> String {
        let mut estimators = self.estimators.values();
        let first = estimators.next();
        if let Some(one) =
            first.filter(|one| self.estimators.len() > 1 && estimators.all(|other| other == *one))
        {
            return format!("every site via {one}");
        }
        let each = self.estimators.iter().take(MOST_NAMED);
        let each: Vec<String> = each.map(|(site, estimator)| format!("{site} via {estimator}")).collect();
        let more = if self.estimators.len() > MOST_NAMED { ", .." } else { "" };
        format!("{}{more}", each.join(", "))
    }

    /// The plan that is described.
    pub(super) fn plan(&self, graph: &Graph) -> Result<Plan> {
        let of_site = |site: crate::graph::SiteDef| {
            let text = self.estimators.get(&site.name);
            let text = text.ok_or_else(|| {
                Error::Invalid(format!("its estimators do not name that of `{}`", site.name))
            })?;
            named(text)
        };
        let estimators: Vec<_> = graph.sites().into_iter().map(of_site).collect::<Result<_>>()?;
        let reasons = vec!["measured".into(); estimators.len()];
        Ok(Plan { estimators, reasons })
    }
}

/// The estimator of a description.
fn named(text: &str) -> Result<Arc<dyn Estimator>> {
    let parsed = language::parse_estimator(text);
    let built = parsed.and_then(|parsed| language::estimator(&parsed.call, &parsed.expressions));
    built.map_err(|mistake| Error::Invalid(format!("in the estimator '{text}': {}", mistake.message)))
}

/// The plan of the next steps, given the present values of tensors and the rows of a minibatch.
///
/// # Errors
/// Returns an error if the graph cannot be built, or if no unbiased estimator supports a site.
pub(super) fn decide(
    config: &TrainConfig,
    tensors: &[Tensor],
    rows: &[f32],
    plan: &Plan,
    step: usize,
) -> Result<Plan> {
    let graph = graph_of_pilot(config, tensors, rows)?;
    let present: Vec<_> = plan.estimators.iter().cloned().map(Some).collect();
    let how = Pilot {
        samples: config.samples,
        tune: TUNE,
        replicates: ESTIMATES,
        seed: config.seed ^ (step as u64 + 1).wrapping_mul(0xD1B5_4A32_D192_ED03),
        operations: OPERATIONS,
    };
    let chosen = choose_by_measurement(&graph, &present, &vec![true; present.len()], &how)?.plan;
    // A description is all that a checkpoint keeps.
    let estimators: Vec<_> = chosen
        .estimators
        .iter()
        .zip(&plan.estimators)
        .map(|(chosen, now)| {
            let text = describe(&**chosen);
            let same = text == describe(&**now);
            let read = named(&text).is_ok_and(|read| describe(&*read) == text);
            if same || !read { Arc::clone(now) } else { Arc::clone(chosen) }
        })
        .collect();
    Ok(Plan { estimators, ..chosen })
}

/// The graph of a training step at these values.
fn graph_of_pilot(config: &TrainConfig, tensors: &[Tensor], rows: &[f32]) -> Result<Graph> {
    let numbers = |rows: &[f32]| rows.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    match &config.model {
        Subject::Model(model) => {
            let batch = config.batch.min(ROWS);
            let (graph, _) = TrainConfig { batch, ..config.clone() }.training_graph(tensors)?;
            graph.set_data(X_NAME, numbers(&rows[..batch * model.width()]))?;
            Ok(graph)
        }
        Subject::Graph(own) => {
            let (graph, _) = config.training_graph(tensors)?;
            for tensor in tensors.iter().filter(|tensor| tensor.learned) {
                graph.set_param(&tensor.name, tensor.values.clone())?;
            }
            let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
            own.scatter(rows, |name, rows| {
                columns.push((name.to_string(), rows.flat_map(&numbers).collect()));
            });
            for (name, values) in columns {
                graph.set_data(&name, values)?;
            }
            Ok(graph)
        }
    }
}
