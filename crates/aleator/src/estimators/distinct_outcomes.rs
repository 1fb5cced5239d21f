//! K distinct outcomes of a categorical draw, which are the K samples of an estimate.
//!
//! ```text
//! X = log p + γ,   γ = −log(−log u)            the K largest X, in descending order, are draws without replacement (Gumbel top-k)
//! κ = the largest of the other X
//! ```
//!
//! An estimator gives the samples weights wₖ for which E 1/K Σₖ wₖ F(zₖ) = E F(z). The order of drawing has more information than
//! the samples of an estimate may have: the first is the most probable one. If a second site, or a second draw of the same site, had
//! its most probable outcome at the same sample, the mean of F(z, z') over the samples would be wrong. Therefore the samples are
//! rotated by a uniformly random number of places, for each draw independently. Then
//!
//! ```text
//! E wₖ F(zₖ) = E F(z)    for each k alone,     E wₖ w'ₖ F(zₖ, z'ₖ) = E F(z, z')    for independent draws z and z'
//! ```
//!
//! so that weights of several draws are multiplied, and everything else in the graph is drawn independently for each sample.
//! If fewer than K outcomes have positive probability, all of them are drawn, and the places that remain repeat the most probable
//! outcome with weight 0.
//!
//! Reference: `kool2019stochastic`, `kool2020estimating`.

use aleator_engine::graph::{Expr, FromEnd, Reduction, concat};

use crate::distributions::Support;
use crate::error::{Error, Result};
use crate::rewrite::{Site, SiteInfo, SiteValue};

/// Whether the samples of a site can be distinct outcomes; if not, the reason.
pub(super) fn has_distinct_outcomes(site: &SiteInfo<'_, '_>) -> Result<(), String> {
    match site.distribution.family().support() {
        Support::Indices | Support::OneHot => {}
        Support::Boolean => {
            return Err("a Bernoulli has two outcomes, of which a set of two is all; use enumeration, local_expectation or arms".into());
        }
        _ => {
            return Err(
                "it draws distinct outcomes of a Categorical or OneHotCategorical; use reinforce_loo".into(),
            );
        }
    }
    if site.conditional {
        return Err("its parameters depend on earlier draws and differ from sample to sample, so the samples are no set; use \
                    local_expectation or reinforce_loo here"
            .into());
    }
    Ok(())
}

/// Whether there are K distinct outcomes; if not, the reason.
pub(super) fn has_enough_outcomes(site: &SiteInfo<'_, '_>, samples: usize) -> Result<(), String> {
    let distribution = site.distribution;
    match distribution.family().outcome_count(distribution.parameters()) {
        Some(outcomes) if samples > outcomes => Err(format!(
            "it draws {samples} distinct samples, and there are only {outcomes} outcomes; use at most {outcomes} samples (which are all \
             outcomes, and have no variance), or enumeration"
        )),
        _ => Ok(()),
    }
}

/// How the members of a set are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// All are drawn without replacement.
    Drawn,
    /// All but the last are the most probable outcomes, and the last is drawn from the others.
    MostProbable,
}

/// K distinct outcomes of each draw of a site, in the order in which they were found, along a last axis behind the batch axes. The
/// samples share them, so the sample axis has size 1.
pub(super) struct DistinctOutcomes<'g> {
    /// The index of the outcome, of shape sample + batch + `[K]`.
    place: Expr<'g>,
    /// log p; −∞ at places that remain.
    pub log_p: Expr<'g>,
    /// 1 if all K have positive probability, of shape sample + batch + `[1]`.
    pub complete: Expr<'g>,
    /// The logarithm of the probability of all other outcomes, of shape sample + batch.
    pub log_rest: Expr<'g>,
    /// κ, of shape sample + batch; −∞ if no other outcome has positive probability.
    pub threshold: Expr<'g>,
    /// 1 where sample k (the last axis but one) is the outcome that was found in this order (the last axis).
    rotation: Expr<'g>,
    batch: usize,
}

impl<'g> DistinctOutcomes<'g> {
    /// Draws them.
    ///
    /// # Errors
    /// Returns an error if the family is no categorical one.
    pub fn of(site: &Site<'g>, selection: Selection) -> Result<Self> {
        let distribution = site.distribution();
        let log_p = distribution.family().log_masses(distribution.parameters()).ok_or_else(|| {
            Error::Invalid(format!("the distribution of `{}` is not categorical", site.name()))
        })?;
        let log_p = log_p.stop_gradient();
        let (k, n) = (site.num_samples(), log_p.shape().from_end(0));
        let mut noise = site.shared_noise();
        let gumbel = -(-noise.uniform(&[n]).log()).log();
        let turn = noise.uniform(&[]);
        let perturbed = log_p + gumbel;
        let log_p = log_p.broadcast_to(perturbed.shape());
        let mode = log_p.argmax();
        let largest = |e: Expr<'g>| e.reduce(Reduction::Max, FromEnd(0));
        let (mut places, mut logs) = (Vec::new(), Vec::new());
        let (mut left, mut left_perturbed) = (log_p, perturbed);
        for found in 1..=k {
            let by = match selection {
                Selection::MostProbable if found < k => left,
                Selection::Drawn | Selection::MostProbable => left_perturbed,
            };
            let place = by.argmax();
            let here = place.one_hot(n);
            let possible = largest(by).greater(f64::NEG_INFINITY);
            places.push(possible.select(place, mode).unsqueeze(-1));
            logs.push(possible.select(here.select(log_p, 0.0).sum_axes(-1), f64::NEG_INFINITY).unsqueeze(-1));
            left = here.select(f64::NEG_INFINITY, left);
            left_perturbed = here.select(f64::NEG_INFINITY, left_perturbed);
        }
        let join = |parts: &[Expr<'g>]| concat(parts, -1).unwrap_or(parts[0]);
        let log_of_members = join(&logs);
        let last = log_of_members.slice(-1, k - 1, 1);
        let turn = (turn * k as f64).floor().minimum(k as f64 - 1.0).unsqueeze(-1);
        let order = turn.graph().iota(k) + turn;
        let order = order - k as f64 * order.greater_equal(k as f64);
        Ok(DistinctOutcomes {
            place: join(&places).stop_gradient(),
            log_p: log_of_members.stop_gradient(),
            complete: last.greater(f64::NEG_INFINITY),
            log_rest: left.logsumexp(-1).stop_gradient(),
            threshold: largest(left_perturbed).stop_gradient(),
            rotation: order.one_hot(k).stop_gradient(),
            batch: site.batch_shape().rank(),
        })
    }

    /// Moves numbers from the last axis to the samples.
    pub fn to_samples(&self, e: Expr<'g>) -> Expr<'g> {
        let turned = self.rotation.select(e.unsqueeze(-2), 0.0).sum_axes(-1);
        move_axis(turned.squeeze(FromEnd(self.batch + 1)), 0, self.batch)
    }

    /// Moves numbers from the samples, of shape sample + batch, to the last axis.
    pub fn to_order(&self, e: Expr<'g>) -> Expr<'g> {
        let e = e.with_rank(e.rank().max(self.batch + 1));
        let last = move_axis(e, self.batch, 0).unsqueeze(FromEnd(self.batch + 1));
        self.rotation.select(last.unsqueeze(-1), 0.0).sum_axes(-2)
    }

    /// The samples with their weights, which are given in the order in which the outcomes were found.
    pub fn samples(&self, site: &Site<'g>, weights: Expr<'g>) -> SiteValue<'g> {
        let places = self.to_samples(self.place).stop_gradient();
        let value = match site.distribution().family().support() {
            Support::OneHot => places.one_hot(site.event_shape().numel()),
            _ => places,
        };
        SiteValue::weighted(value, site.joint(self.to_samples(weights)).stop_gradient())
    }

    /// The costs of the samples in the order in which the outcomes were found, each multiplied by the weights of the other draws that
    /// it depends on.
    pub fn costs(&self, site: &Site<'g>, weights: Expr<'g>, cost: Expr<'g>) -> Expr<'g> {
        let others = site.joint_of_others(self.to_samples(weights));
        self.to_order(others.map_or(cost, |others| cost * others))
    }
}

/// Moves an axis, where 0 is the last one.
fn move_axis(e: Expr<'_>, from: usize, to: usize) -> Expr<'_> {
    let rank = e.rank();
    let mut order: Vec<usize> = (0..rank).collect();
    let axis = order.remove(rank - 1 - from);
    order.insert(rank - 1 - to, axis);
    e.permute(&order)
}
