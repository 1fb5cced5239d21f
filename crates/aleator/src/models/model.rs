//! What a model is, to those who train it.

use std::fmt;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::Build;
use crate::error::{Error, Result};
use crate::estimators::ReinforceLoo;
use crate::graph::Graph;
use crate::nn::{Parameters, Spec, Tensor};
use crate::objectives::{
    Detached, Terms, elbo, elbo_analytic_kl, expected_reward, iwae, reweighted_wake_sleep,
};
use crate::rewrite::Estimator;

/// What the mean of the log weights is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// A lower bound of log p(x), in nats; the mean of K weights gives a tighter one.
    Bound,
    /// The log-likelihood of a held-out row under draws that all rows share; the mean of K weights is the predictive density.
    Predictive,
    /// A reward: its mean says all.
    Reward,
}

/// A model with random layers. Rows of data are `[rows, width]`.
///
/// A run that was saved goes on only with a model of the same `Debug` form, so derive it, or show there all that training depends
/// on and nothing that changes from process to process, such as an address.
pub trait Model: fmt::Debug + Send + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Its sizes in a few words, such as `2 layers of 200`.
    fn describe(&self) -> String;

    /// Numbers in a row of its data.
    fn width(&self) -> usize;

    /// Its parameters.
    fn specs(&self) -> Vec<Spec>;

    /// The densities of the rows `x` and of draws made with [`Build::sample`].
    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g>;

    /// What its log weights mean.
    fn score(&self) -> Score {
        Score::Bound
    }

    /// What serves its sites unless said otherwise.
    fn default_estimator(&self) -> Arc<dyn Estimator> {
        Arc::new(ReinforceLoo)
    }

    /// The mean pixels of what is drawn from the model, `[rows, pixels]`, for a picture; `None` where there is nothing to
    /// see. Draws are made with `build`, which makes one copy.
    fn generate<'g>(&self, _build: &Build<'g>, _rows: usize) -> Option<Expr<'g>> {
        None
    }

    /// The mean pixels of the rows `x` after a passage through the draws, `[1, rows, pixels]`.
    fn reconstruct<'g>(&self, _build: &Build<'g>, _x: Expr<'g>) -> Option<Expr<'g>> {
        None
    }
}

/// What is optimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The evidence lower bound (or the mean reward), the KL sampled.
    #[default]
    Elbo,
    /// The same with the KL in closed form.
    ElboAnalyticKl,
    /// The bound of K importance weights.
    Iwae(usize),
    /// Reweighted wake-sleep with K importance weights.
    WakeSleep(usize),
}

impl Objective {
    /// K, where there are several importance weights.
    pub fn copies(self) -> Option<usize> {
        match self {
            Objective::Elbo | Objective::ElboAnalyticKl => None,
            Objective::Iwae(k) | Objective::WakeSleep(k) => Some(k),
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Objective::Elbo => f.write_str("elbo"),
            Objective::ElboAnalyticKl => f.write_str("elbo-analytic-kl"),
            Objective::Iwae(k) => write!(f, "iwae with K = {k}"),
            Objective::WakeSleep(k) => write!(f, "wake-sleep with K = {k}"),
        }
    }
}

/// The name of the rows among a graph's data.
pub const X_NAME: &str = "x";

/// The graph that trains a model: `x` of shape `[batch, width]` is its data, the objective its cost.
///
/// # Errors
/// If the model has no closed form of the KL or no importance weights, and `objective` asks for them.
pub fn training_graph(
    model: &dyn Model,
    objective: Objective,
    batch: usize,
    tensors: &[Tensor],
    estimator: Arc<dyn Estimator>,
) -> Result<Graph> {
    if model.score() != Score::Bound && objective.copies().is_some() {
        return Err(Error::invalid(format!(
            "{} has no importance weights: train it by its ELBO",
            model.name()
        )));
    }
    let graph = Graph::new();
    {
        let x = graph.data(X_NAME, [batch, model.width()], vec![0.0]);
        let estimator = match objective {
            Objective::WakeSleep(_) => Arc::new(Detached),
            _ => estimator,
        };
        let parameters = Parameters::to_learn(&graph, tensors);
        let build = Build::to_train(&graph, parameters, estimator, objective.copies());
        let terms = model.terms(&build, x);
        let lacks = |what: &str| Error::Invalid(format!("{} has no {what}", model.name()));
        let cost = match objective {
            Objective::Elbo if model.score() == Score::Reward => expected_reward(terms.log_likelihood),
            Objective::Elbo => elbo(&terms),
            Objective::ElboAnalyticKl => {
                elbo_analytic_kl(&terms).ok_or_else(|| lacks("closed form of the KL: train it by `elbo`"))?
            }
            Objective::Iwae(_) => iwae(terms.log_weight()),
            Objective::WakeSleep(_) => reweighted_wake_sleep(&terms).ok_or_else(|| {
                lacks("posterior of its own that wake-sleep could train: its draws are the model's")
            })?,
        };
        graph.cost(if model.score() == Score::Reward { "negative_reward" } else { "negative_bound" }, cost);
    }
    Ok(graph)
}
