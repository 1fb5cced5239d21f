//! Implicit reparameterization: the derivative of a sample at a fixed value of the distribution function.
//!
//! ```text
//! F(z; θ) = U,   U uniform and free of θ:       dz/dθ = −∂θF(z; θ) / p(z; θ)
//! ∇θ E[f(z)]  ≈  1/K Σₖ f′(zₖ) dzₖ/dθ
//! ```
//!
//! | property       | value                                                                                  |
//! |----------------|----------------------------------------------------------------------------------------|
//! | bias           | none where F is continuous and differentiable at the sample                            |
//! | distributions  | Gamma, Beta, Dirichlet, StudentT, VonMises                                             |
//! | needs of F     | differentiable; a jump in F makes the estimate wrong                                   |
//! | evaluations    | K                                                                                      |
//!
//! (F is the distribution function in the formulas, and the cost in the table.)
//!
//! Derivation: the inverse distribution function makes z of U. Differentiating F(z(θ); θ) = U by θ at fixed U gives
//! p(z; θ) dz/dθ + ∂θF(z; θ) = 0. Only the derivative of the quantile at the sample is needed, and not the quantile itself, so the
//! sample may be drawn by any exact method, and it has the numbers of every other estimator with the same seed.
//!
//! This is the pathwise estimator for families without a differentiable transform of noise. There is no score, so the variance does
//! not depend on constants in the cost, and of all derivatives through a one-dimensional sample this one has the least variance: another
//! transform of noise has this derivative as its mean given z.
//! Choose it for these distributions whenever the cost is smooth. For a cost that jumps, use
//! [`ReinforceLoo`](super::ReinforceLoo).
//! Also called: implicit reparameterization gradients, pathwise derivatives beyond the reparameterization trick.
//! Reference: `figurnov2018implicit`.

use crate::error::Result;
use crate::rewrite::{Bias, Estimator, Properties, Site, SiteInfo, SiteValue, Smoothness};

/// The derivative of a sample at a fixed value of the distribution function.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImplicitReparameterization;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "implicit_reparameterization",
    aliases: &["implicit"],
    bias: Bias::Unbiased,
    summary: "the derivative of the sample at a fixed value of its distribution function",
    formula: "grad F(z) . dz/dtheta, dz/dtheta = -grad CDF(z; theta) / p(z; theta)",
    distributions: "Gamma, Beta, Dirichlet, StudentT, VonMises",
    requires: "F continuous and differentiable at the sample",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "for these distributions when the cost is smooth: the variance is that of a pathwise derivative",
    options: &[],
    reference: "figurnov2018implicit",
};

impl Estimator for ImplicitReparameterization {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        let family = site.distribution.family();
        if family.implicit_reparameterization().is_some() {
            Ok(())
        } else if family.support().is_discrete() {
            Err("a discrete sample has no derivative with respect to its parameters".into())
        } else if family.is_reparameterized() {
            Err("its sample is a differentiable transform of noise: use pathwise".into())
        } else {
            Err("the derivative of its distribution function is not known".into())
        }
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        site.implicit_sample().map(SiteValue::value)
    }
}
