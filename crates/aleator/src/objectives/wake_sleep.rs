//! Reweighted wake-sleep, with the wake phase for q.
//!
//! ```text
//! w̃ₖ = wₖ / Σⱼ wⱼ   (no derivative),   zₖ ~ q(z|x)   (no derivative)
//! model      −1/B Σ_rows Σₖ w̃ₖ log p(x, zₖ)
//! q          −1/B Σ_rows Σₖ w̃ₖ log q(zₖ|x)
//! ```
//!
//! The first gradient is a consistent estimate of −∇ log p(x) (that of [`iwae`](super::iwae) for the parameters of the model).
//! The second moves q towards the posterior by KL(p ‖ q), whereas the ELBO uses KL(q ‖ p). Neither contains a score: the sites
//! use [`Detached`], which only draws. The value of the objective is the negative ELBO; the two phases affect only the
//! derivative. Both gradients are biased for a small number of samples. References: `bornschein2015reweighted`,
//! `le2020revisiting`.

use aleator_engine::graph::{Expr, Reduction};

use super::Terms;
use super::terms::negative_mean;
use crate::error::Result;
use crate::rewrite::{Bias, Estimator, Properties, Site, SiteInfo, SiteValue, Smoothness};

/// The negative ELBO with the derivative of both phases, for terms of shape `[K, rows]`. `None` if the model has no approximate
/// posterior.
pub fn reweighted_wake_sleep<'g>(terms: &Terms<'g>) -> Option<Expr<'g>> {
    let draws = terms.draws?;
    let log_weight = terms.log_weight().stop_gradient();
    let largest = log_weight.reduce(Reduction::Max, -2).unsqueeze(-2);
    let weight = (log_weight - largest).exp();
    let weight = (weight / weight.sum_axes(-2).unsqueeze(-2)).stop_gradient();
    let both = terms.log_likelihood + draws.log_prior + draws.log_posterior;
    let phases = negative_mean((weight * both).sum_axes(-2));
    let value = negative_mean(terms.log_weight().mean_axes(-2));
    Some(phases - phases.stop_gradient() + value.stop_gradient())
}

/// An estimator that draws samples and does not contribute to the gradient, for objectives that are not differentiated through
/// their draws.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detached;

static PROPERTIES: Properties = Properties {
    name: "detached",
    aliases: &[],
    bias: Bias::Biased,
    summary: "a draw without a gradient: for objectives that are not differentiated through their draws",
    formula: "0",
    distributions: "all",
    requires: "",
    evaluations: "1",
    smoothness: Smoothness::NotNeeded,
    advice: "in reweighted wake-sleep",
    options: &[],
    reference: "bornschein2015reweighted",
};

impl Estimator for Detached {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, _site: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(SiteValue::value(site.sample()))
    }
}
