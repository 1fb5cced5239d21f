//! FINI: weighted derivatives at counts, exact for quadratic costs.
//!
//! ```text
//! forward:   F(z),  z a count
//! backward:  ∂z/∂θ := w(z) ∂m/∂θ,     m = E z,     w(z) = 1 + V'(m) (z − m)/(2 V(m)),  V(m) = Var z
//!
//! Poisson                    w = ½ (z/m + 1)
//! Binomial, Bernoulli        w = ½ (z/(n p) + (n − z)/(n q))
//! NegativeBinomial           w = ½ ((1 + p) z/m + q),  m = r p/q;       Geometric the same with r = 1 and p for q
//! ```
//!
//! | property       | value                                                                                          |
//! |----------------|------------------------------------------------------------------------------------------------|
//! | bias           | **biased**, except where F is a quadratic function of each count                               |
//! | distributions  | Poisson, Binomial, NegativeBinomial, Geometric, Bernoulli                                      |
//! | needs of F     | differentiable at the counts                                                                   |
//! | evaluations    | K                                                                                              |
//!
//! Derivation: the weights follow from the cases F = z and F = z² (`distributions::QuadraticVariance`). The other draws of a site, and
//! other sites, are as they were drawn, so that a cost is differentiated correctly if it is quadratic in each count with any
//! coefficients that depend on the others. For a coin, w ∂p/∂φ is the derivative of ReinMax at temperature 1.
//!
//! For z ~ Poisson(λ) and F = z³, E[w 3z²] = 3λ² + 6λ + 3/2, where the derivative is 3λ² + 6λ + 1: the bias is ½, small beside a large λ.
//! For a cubic F it is F'''/12 by m in every family, as for the trapezoidal rule between two counts. The variance is that of w F', without the level of F.
//! The count r of a NegativeBinomial must not depend on parameters, because it moves the law other than through the mean.
//! Choose it for counts that are not small, if F is smooth at the scale of one count and a bias is acceptable; `measure_valued` and
//! `perturbation_analysis` are unbiased.
//! Reference: derived here, for the families of `morris1982natural`; `liu2023bridging` for coins.

use super::hard_forward::with_derivative_of;
use crate::distributions::Constraint;
use crate::error::Result;
use crate::rewrite::{Bias, Estimator, Properties, Site, SiteInfo, SiteValue, Smoothness};

/// A count forward, the weighted derivative of its mean backward.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fini;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "fini",
    aliases: &[],
    bias: Bias::Biased,
    summary: "the count forward, the derivative of its mean with a weight that makes quadratic costs exact backward",
    formula: "w(z) F'(z) grad m, w = 1 + V'(m) (z - m)/(2 V(m)), m = E z, V = Var z",
    distributions: "Poisson, Binomial, NegativeBinomial, Geometric, Bernoulli",
    requires: "F differentiable at the counts",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "biased; for counts that are not small and a cost that is nearly quadratic over their spread",
    options: &[],
    reference: "morris1982natural",
};

impl Estimator for Fini {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        let family = site.distribution.family();
        if family.quadratic_variance().is_none() {
            return Err(match family.support().is_discrete() {
                true => "it has weights for counts of a Poisson, Binomial, NegativeBinomial or Geometric and for coins; use \
                         reinforce_loo or straight_through"
                    .into(),
                false => "it is already continuous; use pathwise or implicit_reparameterization".into(),
            });
        }
        // The last parameter moves the mean; those before it are numbers of trials.
        let trials = family.parameters().iter().zip(site.moving).rev().skip(1);
        for (parameter, &moves) in trials {
            if moves && parameter.constraint != Constraint::Count {
                return Err(format!(
                    "`{}` depends on parameters and moves the distribution other than through its mean; use reinforce_loo",
                    parameter.name
                ));
            }
        }
        site.defined_between()
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let (z, distribution) = (site.sample(), site.distribution());
        let quadratic =
            distribution.family().quadratic_variance().ok_or_else(|| site.lacks("quadratic variance"))?;
        let weight = quadratic.weight(distribution.parameters(), z).stop_gradient();
        Ok(with_derivative_of(z, weight * site.mean()?))
    }
}
