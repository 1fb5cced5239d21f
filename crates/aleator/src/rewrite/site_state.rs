//! State that an estimator keeps at a site between runs: trained parameters, averages, baselines.

use aleator_engine::graph::{Expr, Shape};

use super::estimator_state::{Declared, ParamDeclaration, Score, Tuning, TuningTarget};
use super::site::Site;
use crate::error::{Error, Result};

impl<'g> Site<'g> {
    /// Declares a parameter of the estimator, named `site.name`, that is trained by gradient descent on the variance of the
    /// gradient estimate. The mean of the estimate must not depend on it. All replicates and samples share one value.
    pub fn own_param(
        &self,
        name: &str,
        shape: impl Into<Shape>,
        initial: &dyn Fn(usize) -> Vec<f64>,
    ) -> Expr<'g> {
        self.declare(name, shape.into(), initial, TuningTarget::Variance, Tuning::Tuned)
    }

    /// Like [`Site::own_param`], but all sites that ask for that name share the parameter, and its name has no site in front.
    ///
    /// # Errors
    /// Returns an error if another site declared it with other initial values.
    pub fn shared_param(
        &self,
        name: &str,
        shape: impl Into<Shape>,
        initial: &dyn Fn(usize) -> Vec<f64>,
    ) -> Result<Expr<'g>> {
        let shape = shape.into();
        let start = initial(shape.numel());
        let mut own = self.own.borrow_mut();
        let (target, from) = (TuningTarget::Variance, Tuning::Tuned);
        let shared =
            own.declare(self.graph, ParamDeclaration { name: name.into(), shape, initial, target, from });
        let differs = |d: &Declared| d.node == shared.id() && d.initial != start;
        if own.declared.iter().any(differs) {
            return Err(Error::Invalid(format!(
                "`{}` shares `{name}` with another site, but their initial values differ; use the same value, or do not \
                 share it",
                self.name
            )));
        }
        Ok(shared)
    }

    /// Like [`Site::own_param`], but trained by gradient descent on the losses declared with [`Site::own_loss`].
    pub fn own_param_of_loss(
        &self,
        name: &str,
        shape: impl Into<Shape>,
        initial: &dyn Fn(usize) -> Vec<f64>,
    ) -> Expr<'g> {
        self.declare(name, shape.into(), initial, TuningTarget::Loss, Tuning::Tuned)
    }

    /// Declares a scalar loss for the parameters of [`Site::own_param_of_loss`].
    pub fn own_loss(&self, loss: Expr<'g>) {
        self.own.borrow_mut().losses.push(loss.id());
    }

    /// The moving average of the observations of earlier runs: m ← decay · m + (1 − decay) · mean of `observed`, starting at 0.
    /// The returned m does *not* yet include the observation of this run, so it does not depend on this run's sample.
    pub fn moving_average(&self, name: &str, decay: f64, observed: Expr<'g>) -> Expr<'g> {
        self.average_from(name, 0.0, decay, observed, Tuning::Tuned)
    }

    /// The same as [`Site::moving_average`] from another first value, and changing in training only
    /// ([`Tuning::Training`]): for numbers that must not move where an estimate is measured.
    pub fn training_average(&self, name: &str, initial: f64, decay: f64, observed: Expr<'g>) -> Expr<'g> {
        self.average_from(name, initial, decay, observed, Tuning::Training)
    }

    fn average_from(
        &self,
        name: &str,
        initial: f64,
        decay: f64,
        observed: Expr<'g>,
        from: Tuning,
    ) -> Expr<'g> {
        let before = self.declare(name, Shape::scalar(), &|_| vec![initial], TuningTarget::Nothing, from);
        let update = decay * before + (1.0 - decay) * observed.stop_gradient().mean();
        let mut own = self.own.borrow_mut();
        if let Some(declared) = own.declared.iter_mut().find(|d| d.node == before.id()) {
            declared.target = TuningTarget::Value(update.id());
        }
        before
    }

    /// Declares that what this site keeps scales the mean of the estimate once it has changed: in training the estimate is not
    /// unbiased then, and its program says so ([`Program::is_rescaled`](crate::Program::is_rescaled)).
    pub fn rescales(&self) {
        self.own.borrow_mut().rescales = true;
    }

    /// The constant b that makes the variance of (cost − b) ∇ log p smallest, estimated in pilot runs ([`Tuning::Pilot`]) and
    /// starting at 0. With `coordinates` there is one constant for each coordinate of the gradient: the rewriting subtracts
    /// those, and the result is 0.
    pub fn optimal_baseline(&self, log_prob: Expr<'g>, cost: Expr<'g>, coordinates: bool) -> Expr<'g> {
        let score = {
            let mut own = self.own.borrow_mut();
            own.scores.push(Score {
                site: self.number as usize,
                log_prob: log_prob.id(),
                cost: cost.id(),
                coordinates,
            });
            own.scores.len() - 1
        };
        if coordinates {
            return self.scalar(0.0);
        }
        let target = TuningTarget::OptimalBaseline { score, coordinates: None };
        self.declare("baseline", Shape::scalar(), &|_| vec![0.0], target, Tuning::Pilot)
    }

    fn declare(
        &self,
        name: &str,
        shape: Shape,
        initial: &dyn Fn(usize) -> Vec<f64>,
        target: TuningTarget,
        from: Tuning,
    ) -> Expr<'g> {
        let name = format!("{}.{name}", self.name);
        self.own.borrow_mut().declare(self.graph, ParamDeclaration { name, shape, initial, target, from })
    }
}
