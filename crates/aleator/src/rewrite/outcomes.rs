//! The outcomes of a site as alternatives: along a separate axis in front of the samples, weighted by their probabilities.
//!
//! ```text
//! E F(z) = Σ_z w(z; θ) F(z),     w = Π P(zᵢ; θ) over the draws whose costs mix
//! ∂E F   = Σ_z ∂w F + w ∂F
//! ```
//!
//! An outcome with w = 0 contributes if w has a derivative, ∂w ≠ 0: at p = 0 a coin has ∂P(1) = 1, so ∂p E F = F(1) − F(0). This
//! is determined by the derivative of w along one direction v in the space of the parameters, w' = ∂w · v. No ratio of entries of
//! v is simple, so w' = 0 only if ∂w = 0 (or if two derivatives cancel in exactly that ratio). An outcome with w = 0 and w' = 0
//! (a mask, a logit of −∞, a constant) is never included: in its place, the most probable outcome is evaluated with weight 0, so
//! the value of F at the excluded outcome has no effect.

use aleator_engine::autodiff;
use aleator_engine::graph::{Expr, FromEnd, Graph, Reduction, Shape};

use super::site::{Direction, Site};
use super::site_value::{Places, SiteValue};
use crate::error::Result;
use crate::graph::Param;

/// The fractional parts of the multiples of the golden ratio are far from every simple ratio.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The direction v: entries between 1 and 2, for the copies of the parameters.
pub(crate) fn direction<'g>(graph: &'g Graph, params: &[Param], copies: &[Expr<'g>]) -> Direction<'g> {
    let mut before = 1;
    let entry = |(param, copy): (&Param, &Expr<'g>)| {
        let places = graph.iota(param.shape.numel()) + before as f64;
        before += param.shape.numel();
        let multiples = places * GOLDEN;
        let entries = (1.0 + multiples - multiples.floor()).reshape(param.shape.clone());
        (*copy, entries.with_rank(copy.rank()).broadcast_to(copy.shape()))
    };
    params.iter().zip(copies).map(entry).collect()
}

impl<'g> Site<'g> {
    /// The number of draws that must be enumerated together.
    fn coupled_draws(&self) -> usize {
        self.coupled_axes().into_iter().map(|i| self.batch.from_end(i)).product()
    }

    /// The batch axes whose elements are combined by costs.
    fn coupled_axes(&self) -> Vec<usize> {
        (0..self.batch.rank()).filter(|&i| self.coupled[i]).collect()
    }

    /// Π of a number of each draw, of shape sample + batch, over the draws that costs combine; their axes remain, with size 1.
    pub fn joint(&self, each: Expr<'g>) -> Expr<'g> {
        let axes = self.coupled_axes();
        axes.iter().fold(each.reduce(Reduction::Prod, FromEnd(&axes)), |e, &axis| e.unsqueeze(FromEnd(axis)))
    }

    /// Π of a number of each draw that is not negative, of shape sample + batch, over the other draws that costs combine with it; `None`
    /// if there are no others.
    pub fn joint_of_others(&self, each: Expr<'g>) -> Option<Expr<'g>> {
        if self.coupled_draws() <= 1 {
            return None;
        }
        let log = each.log();
        let axes = self.coupled_axes();
        let sum = axes.iter().fold(log.sum_axes(FromEnd(&axes)), |e, &axis| e.unsqueeze(FromEnd(axis)));
        // A draw whose own number is 0 needs no other.
        Some(each.greater(0.0).select(sum - log, f64::NEG_INFINITY).exp())
    }

    /// ∂e · v
    fn along_direction(&self, e: Expr<'g>) -> Expr<'g> {
        autodiff::jvp(&[e], &self.direction)[0].stop_gradient()
    }

    /// 1 where a probability is 0 and has a derivative with respect to the graph's parameters, of the shape of the distribution's
    /// parameter; `None` if there is no such element.
    pub(crate) fn moving_edges(&self) -> Option<Expr<'g>> {
        let (place, ends) = self.distribution.family().edges().filter(|_| self.may_move)?;
        let parameter = self.distribution.parameters()[place];
        let at = ends.iter().map(|&end| parameter.equal(end)).reduce(|a, b| a + b)?;
        Some(at * self.along_direction(parameter).abs().greater(0.0))
    }

    /// The derivative of a value with respect to the graph's parameters in a fixed direction to which no derivative is orthogonal by
    /// chance; if the graph has one parameter, the derivative by it, up to a positive factor.
    pub fn drift(&self, value: Expr<'g>) -> Expr<'g> {
        self.along_direction(value)
    }

    /// Whether the graph has a single number as its parameters, so that [`Site::drift`] is the derivative by it.
    pub fn has_one_direction(&self) -> bool {
        let replicates = if self.lead.rank() > 1 { self.lead[0] } else { 1 };
        self.direction.iter().map(|(copy, _)| copy.shape().numel()).sum::<usize>() <= replicates
    }

    /// 1 where a value does not change with the graph's parameters, of its shape.
    pub(crate) fn stays(&self, value: Expr<'g>) -> Expr<'g> {
        !self.along_direction(value).abs().greater(0.0)
    }

    /// Every outcome of the coupled draws, as alternatives weighted by their probabilities. Draws whose costs are never combined
    /// are enumerated in parallel.
    ///
    /// # Errors
    /// Returns an error if the support is infinite.
    pub fn outcomes(&self) -> Result<SiteValue<'g>> {
        let family = self.distribution.family();
        let parameters = self.distribution.parameters();
        if self.coupled_draws() == 1
            && let Some(masses) = family.masses(parameters)
        {
            return self.categories(masses);
        }
        let outcomes = family.outcomes(parameters).ok_or_else(|| self.lacks("finite support"))?;
        let value = self.all_combinations(&outcomes, &self.event);
        let mode = self.mode()?.stop_gradient();
        Ok(self.weigh_values(value, mode))
    }

    /// Values, of shape sample + batch + event with alternatives in front, weighted by their probabilities. Where a value has
    /// probability 0, and that does not move with the parameters, the cost is evaluated at `instead` with weight 0.
    pub fn weigh_values(&self, value: Expr<'g>, instead: Expr<'g>) -> SiteValue<'g> {
        let each = self.mass_of_each(value, instead);
        let weight = self.joint(each);
        let entered = self.entered(weight);
        let possible = (entered + each.stop_gradient().greater(0.0)).greater(0.0);
        let value = self.over_event(possible).select(value, instead);
        SiteValue::weighted(value, entered.select(weight, 0.0))
    }

    /// P(value) of each draw. Where it is 0 and no edge of the family, it has the derivative 0; `instead` is an outcome with a
    /// positive probability.
    pub(super) fn mass_of_each(&self, value: Expr<'g>, instead: Expr<'g>) -> Expr<'g> {
        if self.distribution.family().edges().is_some() {
            return self.distribution.mass(value);
        }
        // The derivative of exp(log P) is 0 · ∞ where P is 0; the derivative 0 is used there.
        let possible = self.log_prob(value).stop_gradient().greater(f64::NEG_INFINITY);
        let safe = self.over_event(possible).select(value, instead);
        possible.select(self.distribution.mass(safe), 0.0)
    }

    /// A number of each draw, with an axis of size 1 for each event axis.
    pub(super) fn over_event(&self, e: Expr<'g>) -> Expr<'g> {
        (0..self.event.rank()).fold(e, |e, _| e.unsqueeze(-1))
    }

    /// 1 where a weight is positive or has a derivative.
    pub(super) fn entered(&self, weight: Expr<'g>) -> Expr<'g> {
        let positive = weight.stop_gradient().greater(0.0);
        if !self.may_move {
            return positive;
        }
        (positive + self.along_direction(weight).abs().greater(0.0)).greater(0.0)
    }

    /// The outcomes of one categorical draw, whose `masses` are along the last axis. The computational cost is linear in their
    /// number as long as only [`Places`] is used.
    fn categories(&self, masses: Expr<'g>) -> Result<SiteValue<'g>> {
        let n = masses.shape().from_end(0);
        let core = self.batch.rank();
        let weight = last_to_axis(masses, core + self.lead.rank() + self.slot);
        let weight = weight.broadcast_to(weight.shape().leading(weight.rank() - core).join(&self.batch));
        let entered = self.entered(weight);
        let places = self.graph.iota(n).reshape([&[n], &vec![1; core][..]].concat());
        let place = self.on_slot(places, core);
        let mode = masses.argmax().stop_gradient();
        let place = entered.select(place, mode);
        let value = if self.event.rank() == 0 { place } else { place.one_hot(n) };
        Ok(SiteValue {
            value: self.over_batch(value),
            weight: Some(entered.select(weight, 0.0)),
            places: Some(Places { entered, mode }),
            log_prob: None,
        })
    }

    /// Moves `values`, of shape `[alternatives] + batch (or ones) + event`, to this site's own axis in front of the lead axes.
    fn on_slot(&self, values: Expr<'g>, core_rank: usize) -> Expr<'g> {
        let mut shape = vec![values.shape()[0]];
        shape.extend(std::iter::repeat_n(1, self.slot + self.lead.rank()));
        shape.extend_from_slice(&values.shape().trailing(core_rank));
        values.reshape(shape)
    }

    /// All combinations of `outcomes` over the coupled draws, with equal outcomes for the others: shape alternatives (on this
    /// site's axis) + batch + event.
    fn all_combinations(&self, outcomes: &[Vec<f64>], event: &Shape) -> Expr<'g> {
        let draws = self.coupled_draws();
        let count = outcomes.len().pow(draws as u32);
        let mut data = Vec::with_capacity(count * draws * event.numel());
        for combination in 0..count {
            let mut rest = combination;
            for _ in 0..draws {
                data.extend_from_slice(&outcomes[rest % outcomes.len()]);
                rest /= outcomes.len();
            }
        }
        let mut shape = vec![count];
        shape.extend_from_slice(&self.shared_batch());
        shape.extend_from_slice(event);
        let grid = self.on_slot(self.graph.tensor(shape, data), self.batch.rank() + event.rank());
        self.over_batch(grid)
    }

    /// The batch axes, with size 1 where draws have equal outcomes.
    pub(crate) fn shared_batch(&self) -> Vec<usize> {
        let rank = self.batch.rank();
        (0..rank).map(|i| if self.coupled[rank - 1 - i] { self.batch[i] } else { 1 }).collect()
    }

    /// Repeats values over the batch axes along which draws have equal outcomes.
    pub(crate) fn over_batch(&self, values: Expr<'g>) -> Expr<'g> {
        let full = self.batch.join(&self.event);
        let leading = values.shape().leading(values.rank() - full.rank());
        values.broadcast_to(leading.join(&full))
    }
}

/// Moves the last axis to the place with `behind` axes behind it. There may be further axes in front of that place, along which the
/// estimator of an earlier site evaluates several values at once; its own size is 1 then.
pub(crate) fn last_to_axis(e: Expr<'_>, behind: usize) -> Expr<'_> {
    let in_front = e.rank().saturating_sub(behind + 2);
    let e = e.with_rank(in_front + behind + 2).squeeze(FromEnd(behind + 1));
    let last = in_front + behind;
    let order: Vec<usize> = (0..in_front).chain([last]).chain(in_front..last).collect();
    e.permute(&order)
}
