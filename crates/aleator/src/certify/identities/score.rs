//! The mean of the score.
//!
//! ```text
//! E ∇θ log p(z; θ) = ∇θ ∫ p(z; θ) dz = 0        given all earlier draws, if the support does not depend on θ
//! ```
//!
//! This is the gradient of the cost 1 by the score function. It fails if log p is not normalised, or is that of other parameters, or if draws
//! are not those of p, because noise or parameters are clipped or rounded; any level of the cost multiplies such an error. It is a property of
//! the distributions of the graph and not of a plan: the site in question has the score alone, and the others are drawn and have
//! no terms. The error bound of the expectation is relative to E |score|, and so is the bound of a sampled mean.

use std::sync::Arc;

use aleator_engine::graph::NodeId;

use super::unknown;
use crate::analysis::Analysis;
use crate::certify::certificate::{IdentityCertificate, PlanCertificate, Standing};
use crate::certify::expectation::{Power, Question, expectation};
use crate::certify::own_state::OwnState;
use crate::certify::sampled::{Reference, Sampling, sample};
use crate::certify::truth::ROUNDING;
use crate::diagnostics::Number;
use crate::error::{Error, Result};
use crate::estimators::ScoreFunction;
use crate::graph::{Cost, Graph};
use crate::plan::Plan;
use crate::quadrature::{Deadline, Unknown};
use crate::rewrite::{Bias, Cone, Estimator, GradientTerm, Properties, Site, SiteInfo, Smoothness};

/// The entry of both estimators of this file; it is not part of the table.
static PROPERTIES: Properties = Properties {
    name: "score",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the score alone",
    formula: "grad log p(z; theta)",
    distributions: "all",
    requires: "nothing",
    evaluations: "1",
    smoothness: Smoothness::NotNeeded,
    advice: "",
    options: &[],
    reference: "williams1992simple",
};

/// The score, multiplied by nothing, or no term.
#[derive(Clone, Copy, Debug)]
enum Score {
    Alone,
    Missing,
}

impl Estimator for Score {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        match self {
            Score::Alone => ScoreFunction::default().supports(site),
            Score::Missing => Ok(()),
        }
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        Ok(match self {
            Score::Alone => vec![GradientTerm::score(site.log_prob(cone.value()), site.scalar(1.0))],
            Score::Missing => vec![],
        })
    }
}

/// The score of a site, of which the mean is asked.
pub struct ScoreOf {
    name: String,
    /// The graph in which the cost is 1, and the plan with the score of this site alone.
    graph: Graph,
    plan: Plan,
    /// The parameters of the graph that move the site directly.
    moves: Vec<bool>,
    /// Why the expectation is not known.
    reason: String,
}

/// The scores of all sites in use: what is proved or refuted of them, and those that must be sampled.
///
/// # Errors
/// Returns an error if the graph is wrong.
pub fn prove_scores(graph: &Graph, deadline: Deadline) -> Result<(Vec<IdentityCertificate>, Vec<ScoreOf>)> {
    let analysis = Analysis::of(graph)?;
    let (mut known, mut open) = (Vec::new(), Vec::new());
    for (number, site) in analysis.sites.iter().enumerate().filter(|(number, _)| analysis.used[*number]) {
        let mut distribution = None;
        let has_score = Score::Alone.supports(&analysis.info(graph, number, &mut distribution)).is_ok();
        let moves = moved_by(graph, &analysis, number);
        if !has_score || !moves.contains(&true) {
            continue;
        }
        let mut score = ScoreOf {
            name: site.name.clone(),
            graph: with_cost_1(graph, site.value),
            plan: alone(analysis.sites.len(), number),
            moves,
            reason: String::new(),
        };
        match score.prove(deadline)? {
            Ok(certificate) => known.push(certificate),
            Err(reason) => {
                score.reason = reason;
                open.push(score);
            }
        }
    }
    Ok((known, open))
}

/// The factor by which a mean must exceed its error bound to be refuted.
const CLEAR: f64 = 8.0;

impl ScoreOf {
    fn prove(&self, deadline: Deadline) -> Result<Result<IdentityCertificate, String>> {
        let question = Question { samples: 1, state: OwnState::Initial, power: Power::First };
        let known = match expectation(&self.graph, &self.plan.estimators, question, deadline) {
            Ok(Ok(known)) => known,
            Ok(Err(Unknown::NotOfTheKind)) => return Ok(Err("its expectation is not known".into())),
            Ok(Err(Unknown::Because(reason))) => return Ok(Err(reason)),
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => return Ok(Err(error.to_string())),
        };
        // Densities and their derivatives have rounding errors of their own, and a score is a difference of numbers of order 1.
        let rounding = |error: f64| error * (ROUNDING / known.relative).max(1.0) + f64::EPSILON;
        let of_gradient = || known.values.iter().zip(&known.errors).skip(1).map(|(x, e)| (x, rounding(*e)));
        let refuted = of_gradient().any(|(mean, error)| mean.abs() > CLEAR * error);
        if !refuted && of_gradient().any(|(mean, error)| mean.abs() > error) {
            return Ok(Err("the error of its expectation is too large".into()));
        }
        let relative =
            |(mean, error): (&f64, f64)| (mean.abs() + error) / (error / known.relative.max(ROUNDING));
        let size = of_gradient().filter(|(_, error)| *error > 0.0).map(relative).fold(0.0, f64::max);
        Ok(Ok(IdentityCertificate {
            identity: "score",
            of: self.name.clone(),
            verdict: if refuted { Standing::Refuted } else { Standing::Proved },
            method: known.method,
            deviation: Number(size),
            replicates: 0,
            why: refuted.then(|| {
                format!(
                    "the mean of the score is not 0, but up to {size:.2e} of the mean of its absolute value"
                )
            }),
        }))
    }
}

/// Samples the score of a site whose expectation is not known.
///
/// # Errors
/// Returns an error if the graph is wrong.
pub fn sample_score(score: &ScoreOf, how: &Sampling) -> Result<IdentityCertificate> {
    let mut sampled = PlanCertificate::blank(&score.name, 1);
    let moves = &score.moves;
    let sizes = score.graph.params().into_iter().map(|p| p.shape.numel());
    let of_each = moves.iter().zip(sizes).flat_map(|(&moves, n)| std::iter::repeat_n(moves, n)).collect();
    match sample(&score.graph, &score.plan, 1, &Reference::Zero(of_each), how, &mut sampled) {
        Ok(()) => {}
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) => return Ok(unknown("score", &score.name, error.to_string())),
    }
    let why = match sampled.verdict {
        Standing::Proved | Standing::Certified => None,
        Standing::Undecided => {
            let more = sampled.why_undecided.clone().unwrap_or_else(|| "more estimates are needed".into());
            Some(format!("{}, and {more}", score.reason))
        }
        Standing::Refuted => Some("the mean of the score is not 0".into()),
    };
    Ok(IdentityCertificate {
        identity: "score",
        of: score.name.clone(),
        verdict: sampled.verdict,
        method: "sampling",
        deviation: Number(sampled.largest_bias()),
        replicates: sampled.replicates,
        why,
    })
}

impl ScoreOf {
    /// What is known of a score when the budget is spent.
    pub fn left_open(&self) -> IdentityCertificate {
        unknown("score", &self.name, format!("{}, and the budget ended", self.reason))
    }
}

/// For each parameter of the graph, whether the parameters of a site depend on it other than through earlier draws.
fn moved_by(graph: &Graph, analysis: &Analysis, site: usize) -> Vec<bool> {
    let draws: Vec<NodeId> = analysis.sites.iter().map(|site| site.value).collect();
    let engine = graph.engine();
    let mut seen = vec![false; engine.len()];
    let mut pending = analysis.sites[site].parameters.clone();
    while let Some(id) = pending.pop() {
        if !std::mem::replace(&mut seen[id.index()], true) && !draws.contains(&id) {
            pending.extend(engine.node(id).inputs.iter().copied());
        }
    }
    graph.params().iter().map(|param| seen[param.node.index()]).collect()
}

/// The graph whose cost is 1 whatever the draw is, infinite ones included, and has the derivative 0.
fn with_cost_1(graph: &Graph, draw: NodeId) -> Graph {
    let own = graph.clone();
    let cost = (1.0 + own.expr(draw).greater(f64::INFINITY).sum()).id();
    own.with_costs(vec![Cost { name: "(the cost 1)".into(), node: cost, is_reward: false }])
}

/// The plan with the score of one site.
fn alone(sites: usize, number: usize) -> Plan {
    let score = |i: usize| -> Arc<dyn Estimator> {
        Arc::new(if i == number { Score::Alone } else { Score::Missing })
    };
    Plan { estimators: (0..sites).map(score).collect(), reasons: vec![String::new(); sites] }
}
