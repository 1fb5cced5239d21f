//! The trait of models, and the graph that trains one.

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

/// What the mean of the log weights measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// A lower bound of log p(x), in nats; the mean of K weights gives a tighter one.
    Bound,
    /// The log-likelihood of a held-out row under draws that all rows share; the mean of K weights is the predictive density.
    Predictive,
    /// A reward. The mean of several weights is not tighter than one.
    Reward,
}

/// A model with random layers. Rows of data have shape `[rows, width]`.
///
/// A saved run can be resumed only with a model that has the same `Debug` output. Derive `Debug`, or print everything on which
/// training depends and nothing that differs between processes, such as an address.
///
/// ```
/// use std::ops::ControlFlow;
/// use std::sync::Arc;
///
/// use aleator::data::{Binarization, Dataset};
/// use aleator::distributions::kl;
/// use aleator::models::{Build, Model};
/// use aleator::nn::{Linear, Spec};
/// use aleator::objectives::{DrawTerms, Terms};
/// use aleator::prelude::*;
/// use aleator::train::{TrainConfig, train};
///
/// /// p(z) = Bernoulli(1/2)^4, with a linear encoder and a linear decoder.
/// #[derive(Debug)]
/// struct Factors {
///     encoder: Linear,
///     decoder: Linear,
/// }
///
/// impl Model for Factors {
///     fn name(&self) -> &'static str {
///         "factors"
///     }
///
///     fn describe(&self) -> String {
///         "4 latents".into()
///     }
///
///     fn width(&self) -> usize {
///         64
///     }
///
///     fn specs(&self) -> Vec<Spec> {
///         [self.encoder.specs(), self.decoder.specs()].concat()
///     }
///
///     fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
///         let prior = Bernoulli::from_logits(build.tensor([], vec![0.0]));
///         let posterior = Bernoulli::from_logits(build.linear(&self.encoder, x));
///         let z = build.sample("z", posterior.clone());
///         let pixels = Bernoulli::from_logits(build.linear(&self.decoder, z));
///         Terms {
///             log_likelihood: pixels.log_prob(x).sum_last(1),
///             draws: Some(DrawTerms {
///                 log_prior: prior.log_prob(z).sum_last(1),
///                 log_posterior: posterior.log_prob(z).sum_last(1),
///             }),
///             kl: kl(&posterior, &prior).ok().map(|kl| kl.sum_last(1)),
///         }
///     }
/// }
///
/// let digits = Arc::new(Dataset::load("digits", Binarization::Threshold, 0)?);
/// let model = Factors { encoder: Linear::new("encoder", 64, 4), decoder: Linear::new("decoder", 4, 64) };
/// let config = TrainConfig { steps: 20, eval_rows: 10, ..TrainConfig::new(Arc::new(model), digits) };
/// let report = train(&config, &|_| ControlFlow::Continue(()))?;
/// assert!(report.history.iter().all(|point| point.elbo.is_finite()));
/// # Ok::<(), aleator::Error>(())
/// ```
pub trait Model: fmt::Debug + Send + Sync {
    /// The name of the model, for messages and reports.
    fn name(&self) -> &'static str;

    /// The sizes of the model in a few words, such as `2 layers of 200`.
    fn describe(&self) -> String;

    /// The number of elements in a row of data.
    fn width(&self) -> usize;

    /// The parameters: names, shapes and initial values.
    fn specs(&self) -> Vec<Spec>;

    /// The log-densities of the rows `x`, of shape `[rows, width]`, and of the draws, which are made with [`Build::sample`].
    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g>;

    /// What the mean of the log weights measures.
    fn score(&self) -> Score {
        Score::Bound
    }

    /// The estimator for the sites, if the configuration names none.
    fn default_estimator(&self) -> Arc<dyn Estimator> {
        Arc::new(ReinforceLoo)
    }

    /// `rows` rows drawn from the model, of shape `[rows, width]`; of pixels that are 0 or 1, their means. `None` if the model does not
    /// generate rows. Draws are made with `build`, which makes one copy.
    fn generate<'g>(&self, _build: &Build<'g>, _rows: usize) -> Option<Expr<'g>> {
        None
    }

    /// The number of sets of initial parameters that are tried, if the configuration gives none; of these, training goes on with
    /// the one that is the most likely after a tenth of the steps.
    fn starts(&self) -> usize {
        1
    }

    /// The probabilities of the classes of each row, of shape `[samples, rows, classes]`, and the number of classes. The label is
    /// the last element of a row of `x` and is not used. `None` if the model does not classify.
    fn classify<'g>(&self, _build: &Build<'g>, _x: Expr<'g>) -> Option<(Expr<'g>, usize)> {
        None
    }

    /// The means of the rows `x`, reconstructed from their latent variables, of shape `[1, rows, pixels]`.
    fn reconstruct<'g>(&self, _build: &Build<'g>, _x: Expr<'g>) -> Option<Expr<'g>> {
        None
    }
}

/// The objective of training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The evidence lower bound with a sampled KL divergence, or the mean reward.
    #[default]
    Elbo,
    /// The evidence lower bound with the KL divergence in closed form.
    ElboAnalyticKl,
    /// The importance-weighted bound with K weights.
    Iwae(usize),
    /// Reweighted wake-sleep with K importance weights.
    WakeSleep(usize),
}

impl Objective {
    /// K, if the objective has several importance weights.
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

/// The name under which the rows are data of the graph.
pub const X_NAME: &str = "x";

/// The graph that trains a model. The data are `x`, of shape `[batch, width]`, and the objective is the cost.
///
/// # Errors
/// Returns an error if `objective` needs a closed form of the KL divergence, importance weights or a posterior that the model does
/// not have.
pub fn training_graph(
    model: &dyn Model,
    objective: Objective,
    batch: usize,
    tensors: &[Tensor],
    estimator: Arc<dyn Estimator>,
) -> Result<Graph> {
    if model.score() != Score::Bound && objective.copies().is_some() {
        return Err(Error::invalid(format!(
            "{} has no importance weights; use `objective = elbo`",
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
            Objective::ElboAnalyticKl => elbo_analytic_kl(&terms)
                .ok_or_else(|| lacks("closed form of the KL divergence; use `objective = elbo`"))?,
            Objective::Iwae(_) => iwae(terms.log_weight()),
            Objective::WakeSleep(_) => reweighted_wake_sleep(&terms)
                .ok_or_else(|| lacks("approximate posterior, which wake-sleep requires"))?,
        };
        graph.cost(if model.score() == Score::Reward { "negative_reward" } else { "negative_bound" }, cost);
    }
    Ok(graph)
}
