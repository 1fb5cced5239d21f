//! Sticking the landing: the pathwise derivative without the score of the draw's own distribution.
//!
//! ```text
//! F(z; θ) = r(z; θ) + c log q(z; θ),   z = T(ε; θ):
//!
//! ∇θ E[F]  ≈  1/K Σₖ ∂F/∂z ∂z/∂θ + ∂r/∂θ                  pathwise would add c ∂θ log q(z; θ) with z held fixed
//! ```
//!
//! | property       | value                                                                               |
//! |----------------|-------------------------------------------------------------------------------------|
//! | bias           | none where it is accepted                                                           |
//! | distributions  | those with a differentiable transform of θ-free noise; their support is free of θ   |
//! | needs of F     | differentiable; log q(z) enters with a factor c that does not depend on z           |
//! | evaluations    | K                                                                                   |
//!
//! Derivation: the total derivative of c log q(z; θ) has a part c ∂z log q ∂z/∂θ through the draw and a part c ∂θ log q(z; θ)
//! through the parameters, the score of q. Its mean is 0, given everything on which c depends, if c depends neither on z nor
//! on draws behind z: E[∂θ log q] = ∫ ∂θ q dz = 0. The parameters of q may depend on earlier draws; the mean is then 0 given these.
//! With a factor that depends on z the mean is not 0: F = z log q(z) has E[z ∂μ log q] = 1 for z ~ Normal(μ, σ). Such costs are refused,
//! and so is log q(z) inside a function that is not linear, as in an importance-weighted bound.
//!
//! If q is the posterior, log q(z) − log p(x, z) is constant in z, so this estimate has no variance, whereas that of
//! [`Pathwise`](super::Pathwise) has the variance of the score. Far from there it may have more variance, because the score may cancel
//! other terms. For q = Normal(μ, σ), p = Normal(0, 1) and F = log q − log p, with K = 1:
//!
//! ```text
//!                         ∂μ            variance             ∂σ                        variance
//! pathwise                z             σ²                   −1/σ + zε                 μ² + 2σ²
//! sticking the landing    z − ε/σ       (σ − 1/σ)²           zε − ε²/σ                 μ² + 2(σ − 1/σ)²
//! ```
//!
//! so it has the smaller variance where σ² > ½ and the larger one where σ² < ½.
//!
//! `log_prob(z)` is recognised in the graph, also as `log_prob(D(..), z)` with the site's own parameters. If the density is written in
//! another way, or does not occur (as with `kl` in closed form), nothing is left out and the estimate is that of pathwise. The same
//! holds where the objective is a sum of parts that depend on different draws only: there log q is taken apart into its summands.
//! If the parameters of q depend on an earlier draw y, the derivative of log q(z | y) along y is left out as well. It has mean 0 given y, but
//! log p may contain its counterpart, so that the estimate then keeps a variance also at the posterior.
//! Choose it for evidence lower bounds with log-densities of draws, if q can come near the posterior.
//! Also called: STL, path derivative.
//! Reference: `roeder2017sticking`.

use super::pathwise::has_path;
use crate::error::Result;
use crate::rewrite::{Bias, Estimator, Properties, Site, SiteInfo, SiteValue, Smoothness};

/// The pathwise derivative without the score.
#[derive(Clone, Copy, Debug, Default)]
pub struct StickingTheLanding;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "sticking_the_landing",
    aliases: &["stl"],
    bias: Bias::Unbiased,
    summary: "the pathwise derivative without the score of q, for costs that contain log_prob(z)",
    formula: "grad F(T(eps; theta)) with the parameters of log q(z) held fixed",
    distributions: "continuous distributions with a differentiable transform and a fixed support",
    requires: "F differentiable, and log q(z) enters with a factor that does not depend on z",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "for evidence lower bounds, near the posterior: no variance where q is the posterior, but more than pathwise far away",
    options: &[],
    reference: "roeder2017sticking",
};

impl Estimator for StickingTheLanding {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_path(site)?;
        site.score_separates()
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let z = site.rsample()?;
        Ok(SiteValue::value(z).with_log_prob(site.log_prob_of_fixed_law(z)))
    }
}
