//! A site as an estimator sees it: its distribution at the current parameters, its noise, its axes.

use std::rc::Rc;

use aleator_engine::graph::{Expr, Graph, IntoExpr, Shape};

use super::outcomes::Places;
use super::own::{Aim, Declare, Declared, Own, Score, Tuning};
use crate::distributions::{Coupling, Distribution, Noise, Transform, Transformed};
use crate::error::{Error, Result};

/// What an estimator puts in place of a site: a value, and, where it stands for several alternatives, their weights.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'g> {
    /// The value, of shape sample + batch + event (alternatives in front).
    pub value: Expr<'g>,
    /// Weights by which costs downstream are multiplied and summed over the alternatives, of shape sample + batch.
    pub weight: Option<Expr<'g>>,
    /// Where the alternatives are the outcomes of one categorical draw, one after another: how they stand for one.
    pub(crate) places: Option<Places<'g>>,
}

impl<'g> Draw<'g> {
    /// A single value.
    pub fn value(value: Expr<'g>) -> Self {
        Draw { value, weight: None, places: None }
    }

    /// Alternatives on the site's own axis, with their weights.
    pub fn weighted(value: Expr<'g>, weight: Expr<'g>) -> Self {
        Draw { value, weight: Some(weight), places: None }
    }
}

/// A random node in the middle of a rewrite. Axis order is always sample, batch, event; `lead` axes are the replicates
/// (if any) and the samples.
#[derive(Clone)]
pub struct Site<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) distribution: Distribution<'g>,
    pub(crate) batch: Shape,
    pub(crate) event: Shape,
    pub(crate) lead: Shape,
    /// Which place in front of the lead axes its alternatives take.
    pub(crate) slot: usize,
    /// For each batch axis (0 is the last): whether costs mix its elements.
    pub(crate) coupled: Vec<bool>,
    pub(crate) own: Own,
    /// A direction in the space of the graph's parameters that no derivative is orthogonal to by chance.
    pub(crate) direction: Direction<'g>,
    /// Whether an outcome of probability 0 may move with the graph's parameters.
    pub(crate) may_move: bool,
}

/// Pairs of a parameter and its tangent.
pub(crate) type Direction<'g> = Rc<[(Expr<'g>, Expr<'g>)]>;

impl<'g> Site<'g> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its distribution, at this run's parameters.
    pub fn distribution(&self) -> &Distribution<'g> {
        &self.distribution
    }

    /// K, the samples that are averaged in one estimate.
    pub fn num_samples(&self) -> usize {
        self.lead.from_end(0)
    }

    /// The axes of independent draws.
    pub fn batch_shape(&self) -> &Shape {
        &self.batch
    }

    /// The axes of one draw.
    pub fn event_shape(&self) -> &Shape {
        &self.event
    }

    /// Its noise, from the start: two calls give the same numbers.
    pub fn noise(&self) -> Noise<'g> {
        Noise::new(self.graph, self.number, self.lead.join(&self.batch))
    }

    /// A draw without a derivative.
    pub fn sample(&self) -> Expr<'g> {
        self.distribution.sample(&mut self.noise()).stop_gradient()
    }

    /// A differentiable draw.
    ///
    /// # Errors
    /// If the family has none.
    pub fn rsample(&self) -> Result<Expr<'g>> {
        if !self.distribution.family().is_reparameterized() {
            return Err(self.lacks("differentiable sample"));
        }
        Ok(self.distribution.sample(&mut self.noise()))
    }

    /// The relaxation of [`Site::sample`] from the same noise.
    ///
    /// # Errors
    /// If the family has none.
    pub fn relaxed_sample(&self, temperature: impl IntoExpr<'g>) -> Result<Expr<'g>> {
        self.relax(self.perturbed()?, temperature)
    }

    /// The continuous variable whose hard value is [`Site::sample`], from the same noise.
    ///
    /// # Errors
    /// If the family has none.
    pub fn perturbed(&self) -> Result<Expr<'g>> {
        self.distribution.perturbed(&mut self.noise()).ok_or_else(|| self.lacks("relaxation"))
    }

    /// The same variable drawn again, given that its hard value is `value`, which [`Site::sample`] drew.
    ///
    /// # Errors
    /// If the family has none.
    pub fn perturbed_given(&self, value: Expr<'g>, coupling: Coupling) -> Result<Expr<'g>> {
        let given = self.distribution.perturbed_given(&mut self.noise(), value, coupling);
        given.ok_or_else(|| self.lacks("relaxation"))
    }

    /// The log-odds that [`Site::perturbed`] adds noise to.
    ///
    /// # Errors
    /// If the family has none.
    pub fn log_odds(&self) -> Result<Expr<'g>> {
        self.distribution.log_odds().ok_or_else(|| self.lacks("relaxation"))
    }

    /// A perturbed variable at a temperature: between the outcomes.
    ///
    /// # Errors
    /// If the family has no relaxation.
    pub fn relax(&self, perturbed: Expr<'g>, temperature: impl IntoExpr<'g>) -> Result<Expr<'g>> {
        let temperature = temperature.into_expr(self.graph);
        self.distribution.relax(perturbed, temperature).ok_or_else(|| self.lacks("relaxation"))
    }

    /// A draw as a transform of a variable that depends less on the parameters.
    ///
    /// # Errors
    /// If the family has no such transform.
    pub fn transformed(&self, transform: Transform) -> Result<Transformed<'g>> {
        let transformed = self.distribution.transformed(&mut self.noise(), transform);
        transformed.ok_or_else(|| self.lacks("such transform"))
    }

    /// E z at this run's parameters, of the shape of a value: it may stand in a draw's place. That it is finite is looked at
    /// in every run.
    ///
    /// # Errors
    /// If the family knows none.
    pub fn mean(&self) -> Result<Expr<'g>> {
        let mean = self.distribution.mean().ok_or_else(|| self.lacks("mean that is known"))?;
        let own = &mut *self.own.borrow_mut();
        own.means.push((own.at_work, self.number as usize, mean.id()));
        Ok(self.as_value(mean))
    }

    /// A most probable outcome, of the shape of a value: it may stand in a draw's place.
    ///
    /// # Errors
    /// If the family gives none.
    pub fn mode(&self) -> Result<Expr<'g>> {
        self.distribution.mode().map(|mode| self.as_value(mode)).ok_or_else(|| self.lacks("mode"))
    }

    /// Repeats what a family says of one draw over all batch and event axes. A family knows the shape of its parameters
    /// alone, and these are the same for all copies of a site.
    fn as_value(&self, e: Expr<'g>) -> Expr<'g> {
        let own = self.batch.join(&self.event);
        let lead = e.shape().leading(e.rank().saturating_sub(own.rank()));
        e.broadcast_to(lead.join(&own))
    }

    /// log p(value), of shape sample + batch. For the site's own draw, [`Site::sample`], it is computed from the coordinates
    /// in which that was made, which rounding does not reach: see [`Family::log_prob_of_draw`](crate::distributions::Family).
    pub fn log_prob(&self, value: Expr<'g>) -> Expr<'g> {
        if value.id() == self.sample().id() {
            return self.distribution.log_prob_of_draw(&mut self.noise());
        }
        self.distribution.log_prob(value)
    }

    pub(super) fn lacks(&self, what: &str) -> Error {
        Error::Invalid(format!(
            "the distribution of `{}` ({}) has no {what}",
            self.name,
            self.distribution.name()
        ))
    }

    /// The numbers that belong together in one cost side by side: something of shape sample + batch + event becomes
    /// `[..., batch axes whose elements never mix, numbers]`. Axes of size 1 that stand for a whole batch are repeated.
    pub fn coupled_rows(&self, e: Expr<'g>, event_rank: usize) -> Expr<'g> {
        let batch = self.batch.rank();
        let rank = batch + event_rank;
        let shape = e.with_rank(rank).shape();
        let (lead, event) = match shape.rank().checked_sub(rank) {
            Some(lead) => (shape.leading(lead), shape.trailing(event_rank)),
            // A constant for all.
            None => (Shape::scalar(), Shape::from(vec![1; event_rank])),
        };
        let full = self.batch.join(&event);
        let e = e.broadcast_to(lead.join(&full));
        // Positions from the front: what never mixes stays in front.
        let (free, mixed): (Vec<usize>, Vec<usize>) =
            (0..rank).partition(|&i| i < batch && !self.coupled[batch - 1 - i]);
        let numbers: usize = mixed.iter().map(|&i| full[i]).product();
        let order: Vec<usize> = free.iter().chain(&mixed).copied().collect();
        e.permute(&order).reshape_last(mixed.len(), [numbers])
    }

    /// One number for each row of [`Site::coupled_rows`], as `[..., batch axes whose elements never mix, 1]`, in the layout
    /// of the cone's cost.
    pub fn cost_of_rows(&self, rows: Expr<'g>) -> Expr<'g> {
        let batch = self.batch.rank();
        let size = |i: usize| if self.coupled[batch - 1 - i] { 1 } else { self.batch[i] };
        let free = self.coupled.iter().filter(|&&coupled| !coupled).count();
        rows.reshape_last(free + 1, (0..batch).map(size).collect::<Vec<_>>())
    }

    /// Σ over the sample axis, which stays as an axis of size 1, of something of shape sample + batch.
    pub fn sum_over_samples(&self, e: Expr<'g>) -> Expr<'g> {
        let axis = self.batch.rank();
        e.sum_axes(&[axis]).unsqueeze(axis)
    }

    /// A constant of the site's graph.
    pub fn scalar(&self, value: f64) -> Expr<'g> {
        self.graph.scalar(value)
    }

    /// A parameter of the estimator's own, named `site.name`, that is trained by descent on the variance of the gradient
    /// estimate. The mean of the estimate must not depend on it. It has one value for all replicates and samples.
    pub fn own_param(
        &self,
        name: &str,
        shape: impl Into<Shape>,
        initial: &dyn Fn(usize) -> Vec<f64>,
    ) -> Expr<'g> {
        self.declare(name, shape.into(), initial, Aim::Variance, Tuning::Tuned)
    }

    /// The same, but one for all sites that ask for that name, which has no site in front.
    ///
    /// # Errors
    /// If another site wants it to start from other values.
    pub fn shared_param(
        &self,
        name: &str,
        shape: impl Into<Shape>,
        initial: &dyn Fn(usize) -> Vec<f64>,
    ) -> Result<Expr<'g>> {
        let shape = shape.into();
        let start = initial(shape.numel());
        let mut own = self.own.borrow_mut();
        let (aim, from) = (Aim::Variance, Tuning::Tuned);
        let shared = own.declare(self.graph, Declare { name: name.into(), shape, initial, aim, from });
        let differs = |d: &Declared| d.node == shared.id() && d.initial != start;
        if own.declared.iter().any(differs) {
            return Err(Error::Invalid(format!(
                "`{}` shares `{name}` with another site, but they start it from different values: let them agree, or \
                 give each its own",
                self.name
            )));
        }
        Ok(shared)
    }

    /// The same as [`Site::own_param`], but trained by descent on what [`Site::own_loss`] declares.
    pub fn own_param_of_loss(
        &self,
        name: &str,
        shape: impl Into<Shape>,
        initial: &dyn Fn(usize) -> Vec<f64>,
    ) -> Expr<'g> {
        self.declare(name, shape.into(), initial, Aim::Loss, Tuning::Tuned)
    }

    /// Declares a loss, a scalar, for the parameters of [`Site::own_param_of_loss`].
    pub fn own_loss(&self, loss: Expr<'g>) {
        self.own.borrow_mut().losses.push(loss.id());
    }

    /// The mean of all observations of earlier runs: m ← decay · m + (1 − decay) · mean of `observed`, from 0. What is
    /// returned is m *before* this run's observation, so it does not depend on this run's sample.
    pub fn moving_average(&self, name: &str, decay: f64, observed: Expr<'g>) -> Expr<'g> {
        self.average_from(name, 0.0, decay, observed, Tuning::Tuned)
    }

    /// The same from another first value, and changing in training only: for numbers that must not move where an
    /// estimate is measured.
    pub(crate) fn training_average(
        &self,
        name: &str,
        initial: f64,
        decay: f64,
        observed: Expr<'g>,
    ) -> Expr<'g> {
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
        let before = self.declare(name, Shape::scalar(), &|_| vec![initial], Aim::Nothing, from);
        let update = decay * before + (1.0 - decay) * observed.stop_gradient().mean();
        let mut own = self.own.borrow_mut();
        if let Some(declared) = own.declared.iter_mut().find(|d| d.node == before.id()) {
            declared.aim = Aim::Value(update.id());
        }
        before
    }

    /// Says that what this site keeps scales the mean of the estimate once it has changed.
    pub(crate) fn rescales(&self) {
        self.own.borrow_mut().rescales = true;
    }

    /// The constant b that makes the variance of (cost − b) ∇ log p smallest, from pilot runs, starting at 0; with
    /// `coordinates`, one for each coordinate of the gradient, which is then taken care of without the caller.
    pub(crate) fn optimal_baseline(&self, log_prob: Expr<'g>, cost: Expr<'g>, coordinates: bool) -> Expr<'g> {
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
        let aim = Aim::OptimalBaseline { score, coordinates: None };
        self.declare("baseline", Shape::scalar(), &|_| vec![0.0], aim, Tuning::Pilot)
    }

    fn declare(
        &self,
        name: &str,
        shape: Shape,
        initial: &dyn Fn(usize) -> Vec<f64>,
        aim: Aim,
        from: Tuning,
    ) -> Expr<'g> {
        let name = format!("{}.{name}", self.name);
        self.own.borrow_mut().declare(self.graph, Declare { name, shape, initial, aim, from })
    }
}
