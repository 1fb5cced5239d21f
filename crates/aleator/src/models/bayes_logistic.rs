//! Bayesian logistic regression with a Gaussian posterior with independent weights.
//!
//! ```text
//! p(w) = N(0, I),   p(y|x, w) = Bernoulli(logits = wᵀ (x, 1)),   q(w) = N(m, diag(exp 2 λ))
//! maximised   E_q [ mean over rows of log p(y|x, w) + (log p(w) − log q(w)) / N ]        N: rows of the training data
//! judged by   log p(y|x) of held-out rows: the logarithm of the mean of p(y|x, w) over draws of w
//! ```
//!
//! With C > 2 classes, y ~ Categorical(logits = (w₁ᵀ (x, 1), .., w_Cᵀ (x, 1))) with weights for each class.
//!
//! The last column of a row is y. All rows share one draw of w. Reference: `jaakkola2000bayesian` (the model, with a different
//! bound).

use std::sync::Arc;

use aleator_engine::graph::{Expr, concat};

use super::{Build, Model, Score};
use crate::distributions::{Bernoulli, Categorical, Normal, kl};
use crate::estimators::Pathwise;
use crate::nn::{Init, Spec};
use crate::objectives::{DrawTerms, Terms};
use crate::rewrite::Estimator;

/// Logistic regression on rows of features followed by a label.
#[derive(Clone, Debug)]
pub struct BayesLogistic {
    /// The number of features.
    pub features: usize,
    /// N, the number of training rows.
    pub rows: usize,
    /// C, the number of classes, at least 2.
    pub classes: usize,
}

impl BayesLogistic {
    /// The number of linear functions: one for two classes, else one for each.
    fn functions(&self) -> usize {
        if self.classes == 2 { 1 } else { self.classes }
    }

    /// The logits of rows, of shape `[.., rows, functions]`, for weights of shape `[.., 1, functions · (features + 1)]`.
    fn logits<'g>(&self, build: &Build<'g>, x: Expr<'g>, w: Expr<'g>) -> Expr<'g> {
        let rows = x.shape().from_end(1);
        let one = build.tensor([rows, 1], vec![1.0; rows]);
        let features = concat(&[x.slice(-1, 0, self.features), one], -1).unwrap_or(x);
        let w = w.squeeze(-2).reshape_last(1, [1, self.functions(), self.features + 1]);
        (features.unsqueeze(-2) * w).sum_last(1)
    }

    /// log p(y|x, w) of each row.
    fn log_likelihood<'g>(&self, logits: Expr<'g>, label: Expr<'g>) -> Expr<'g> {
        match self.classes {
            2 => Bernoulli::from_finite_logits(logits.squeeze(-1)).log_prob(label),
            _ => Categorical::from_logits(logits).log_prob(label),
        }
    }
}

impl Model for BayesLogistic {
    fn name(&self) -> &'static str {
        "bayes-logistic"
    }

    fn describe(&self) -> String {
        let classes = if self.classes == 2 { String::new() } else { format!(", {} classes", self.classes) };
        format!("{} features and a constant{classes}", self.features)
    }

    fn width(&self) -> usize {
        self.features + 1
    }

    fn specs(&self) -> Vec<Spec> {
        let weights = [1, self.functions() * (self.features + 1)];
        vec![
            Spec::new("posterior.loc", weights, Init::Constant(0.0)),
            Spec::new("posterior.log_scale", weights, Init::Constant(-2.0)),
        ]
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let number = |value: f64| build.tensor([], vec![value]);
        let prior = Normal::new(number(0.0), number(1.0));
        let posterior =
            Normal::new(build.parameter("posterior.loc"), build.parameter("posterior.log_scale").exp());
        let w = build.sample("w", posterior.clone());
        let label = x.slice(-1, self.features, 1).squeeze(-1);
        let log_likelihood = self.log_likelihood(self.logits(build, x, w), label);
        if !build.is_training() {
            return Terms::likelihood(log_likelihood);
        }
        // One draw for all rows: each row bears an equal part of what it costs.
        let per_row = |e: Expr<'g>| e.sum_last(1) / self.rows as f64;
        Terms {
            log_likelihood,
            draws: Some(DrawTerms {
                log_prior: per_row(prior.log_prob(w)),
                log_posterior: per_row(posterior.log_prob(w)),
            }),
            kl: kl(&posterior, &prior).ok().map(per_row),
        }
    }

    fn score(&self) -> Score {
        Score::Predictive
    }

    fn default_estimator(&self) -> Arc<dyn Estimator> {
        Arc::new(Pathwise)
    }

    fn classify<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Option<(Expr<'g>, usize)> {
        let posterior =
            Normal::new(build.parameter("posterior.loc"), build.parameter("posterior.log_scale").exp());
        let logits = self.logits(build, x, build.sample("w", posterior));
        let probs = match self.classes {
            2 => {
                let yes = logits.sigmoid();
                concat(&[1.0 - yes, yes], -1)?
            }
            _ => logits.softmax(),
        };
        Some((probs, self.classes))
    }
}
