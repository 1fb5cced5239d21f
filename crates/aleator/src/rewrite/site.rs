//! A site as an estimator sees it: its distribution at the current parameters, its noise, its axes.

use std::rc::Rc;

use aleator_engine::graph::{Expr, Graph, IntoExpr, Shape};

use super::estimator_state::Own;
use crate::distributions::{Coupling, Distribution, Noise, Transform, Transformed};
use crate::error::{Error, Result};

/// A random node during a rewrite. The order of axes is always sample, batch, event; the `lead` axes are the replicates (if any)
/// and the samples.
#[derive(Clone)]
pub struct Site<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) distribution: Distribution<'g>,
    pub(crate) batch: Shape,
    pub(crate) event: Shape,
    pub(crate) lead: Shape,
    /// The position of the axis of its alternatives in front of the lead axes.
    pub(crate) slot: usize,
    /// The number of axes in front of its batch axes: those of enumerated sites, and the lead axes.
    pub(crate) front: usize,
    /// Whether its parameters depend on earlier draws.
    pub(crate) conditional: bool,
    /// For each batch axis (0 is the last), whether costs combine its elements.
    pub(crate) coupled: Vec<bool>,
    /// For each parameter of the distribution, whether it has a derivative with respect to those of the graph.
    pub(crate) moving: Rc<[bool]>,
    pub(crate) own: Own,
    /// A direction in the space of the graph's parameters to which no derivative is orthogonal by chance.
    pub(crate) direction: Direction<'g>,
    /// Whether the probability of an outcome may be 0 and have a derivative with respect to the graph's parameters.
    pub(crate) may_move: bool,
}

/// Pairs of a parameter and its tangent.
pub(crate) type Direction<'g> = Rc<[(Expr<'g>, Expr<'g>)]>;

impl<'g> Site<'g> {
    /// The name of the site.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The distribution, with the parameters of this run.
    pub fn distribution(&self) -> &Distribution<'g> {
        &self.distribution
    }

    /// K, the number of samples that are averaged in one estimate.
    pub fn num_samples(&self) -> usize {
        self.lead.from_end(0)
    }

    /// Whether the parameters depend on earlier draws. If not, all samples have the same parameters.
    pub fn is_conditional(&self) -> bool {
        self.conditional
    }

    /// For each parameter of the distribution, whether it has a derivative with respect to the parameters of the graph, directly or
    /// through earlier draws.
    pub fn moving(&self) -> &[bool] {
        &self.moving
    }

    /// The axes of independent draws.
    pub fn batch_shape(&self) -> &Shape {
        &self.batch
    }

    /// The axes of one draw.
    pub fn event_shape(&self) -> &Shape {
        &self.event
    }

    /// The noise of the site, from its start: two calls return the same numbers.
    pub fn noise(&self) -> Noise<'g> {
        Noise::new(self.graph, self.number, self.lead.join(&self.batch))
    }

    /// Noise that the K samples of an estimate share, of shape sample + batch with size 1 along the sample axis, for estimators that
    /// draw their samples together. It is not independent of [`Site::noise`].
    pub fn shared_noise(&self) -> Noise<'g> {
        let shared = self.lead.leading(self.lead.rank() - 1).join(&[1]);
        Noise::new(self.graph, self.number, shared.join(&self.batch))
    }

    /// A sample that is constant under differentiation.
    pub fn sample(&self) -> Expr<'g> {
        self.distribution.sample(&mut self.noise()).stop_gradient()
    }

    /// A reparameterised sample, through which derivatives pass.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn rsample(&self) -> Result<Expr<'g>> {
        if !self.distribution.family().is_reparameterized() {
            return Err(self.lacks("differentiable sample"));
        }
        Ok(self.distribution.sample(&mut self.noise()))
    }

    /// The relaxation of [`Site::sample`], computed from the same noise.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn relaxed_sample(&self, temperature: impl IntoExpr<'g>) -> Result<Expr<'g>> {
        self.relax(self.perturbed()?, temperature)
    }

    /// The continuous variable whose hard value is [`Site::sample`], computed from the same noise.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn perturbed(&self) -> Result<Expr<'g>> {
        self.distribution.perturbed(&mut self.noise()).ok_or_else(|| self.lacks("relaxation"))
    }

    /// The same variable, drawn again conditionally on its hard value `value`, which must be [`Site::sample`].
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn perturbed_given(&self, value: Expr<'g>, coupling: Coupling) -> Result<Expr<'g>> {
        let given = self.distribution.perturbed_given(&mut self.noise(), value, coupling);
        given.ok_or_else(|| self.lacks("relaxation"))
    }

    /// The same for several independent draws, along a first axis in the layout of [`Site::in_front`].
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn perturbed_given_draws(&self, value: Expr<'g>, draws: usize) -> Result<Expr<'g>> {
        let mut noise = self.noise().copies(draws, self.front - self.lead.rank());
        let given = self.distribution.perturbed_given(&mut noise, value, Coupling::Independent);
        given.ok_or_else(|| self.lacks("relaxation"))
    }

    /// The log-odds to which [`Site::perturbed`] adds noise.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn log_odds(&self) -> Result<Expr<'g>> {
        self.distribution.log_odds().ok_or_else(|| self.lacks("relaxation"))
    }

    /// The relaxation of a perturbed variable at a temperature, which lies between the outcomes.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn relax(&self, perturbed: Expr<'g>, temperature: impl IntoExpr<'g>) -> Result<Expr<'g>> {
        let temperature = temperature.into_expr(self.graph);
        self.distribution.relax(perturbed, temperature).ok_or_else(|| self.lacks("relaxation"))
    }

    /// A sample as a transform of a variable that depends less on the parameters.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn transformed(&self, transform: Transform) -> Result<Transformed<'g>> {
        let transformed = self.distribution.transformed(&mut self.noise(), transform);
        transformed.ok_or_else(|| self.lacks("such transform"))
    }

    /// [`Site::sample`] with its derivatives at a fixed value of the distribution function.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn implicit_sample(&self) -> Result<Expr<'g>> {
        let sample = self.distribution.implicit_sample(&mut self.noise());
        sample.ok_or_else(|| self.lacks("derivative of its distribution function that is known"))
    }

    /// E z at the parameters of this run, in the shape of a value, so that it can replace a sample. Every run checks that it is
    /// finite.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn mean(&self) -> Result<Expr<'g>> {
        let mean = self.distribution.mean().ok_or_else(|| self.lacks("mean that is known"))?;
        let own = &mut *self.own.borrow_mut();
        own.means.push((own.at_work, self.number as usize, mean.id()));
        Ok(self.as_value(mean))
    }

    /// A most probable outcome, in the shape of a value, so that it can replace a sample.
    ///
    /// # Errors
    /// Returns an error if the distribution family does not support this.
    pub fn mode(&self) -> Result<Expr<'g>> {
        self.distribution.mode().map(|mode| self.as_value(mode)).ok_or_else(|| self.lacks("mode"))
    }

    /// Repeats a value that a family returns for one draw over all batch and event axes. A family knows only the shape of its
    /// parameters, which are the same for all copies of a site.
    fn as_value(&self, e: Expr<'g>) -> Expr<'g> {
        let own = self.batch.join(&self.event);
        let lead = e.shape().leading(e.rank().saturating_sub(own.rank()));
        e.broadcast_to(lead.join(&own))
    }

    /// log p(value), of shape sample + batch. For the site's own draw, [`Site::sample`], it is computed from the coordinates in
    /// which the draw was made, which are not affected by rounding: see
    /// [`Family::log_prob_of_draw`](crate::distributions::Family).
    pub fn log_prob(&self, value: Expr<'g>) -> Expr<'g> {
        if value.id() == self.sample().id() {
            return self.distribution.log_prob_of_draw(&mut self.noise());
        }
        self.distribution.log_prob(value)
    }

    /// log p(value) with the parameters held fixed: the derivative passes through the value alone.
    pub fn log_prob_of_fixed_law(&self, value: Expr<'g>) -> Expr<'g> {
        let fixed = self.distribution.parameters().iter().map(|p| p.stop_gradient()).collect();
        self.distribution.with_parameters(fixed).log_prob(value)
    }

    pub(crate) fn lacks(&self, what: &str) -> Error {
        Error::Invalid(format!(
            "the distribution of `{}` ({}) has no {what}",
            self.name,
            self.distribution.name()
        ))
    }

    /// A constant in the site's graph.
    pub fn scalar(&self, value: f64) -> Expr<'g> {
        self.graph.scalar(value)
    }
}
