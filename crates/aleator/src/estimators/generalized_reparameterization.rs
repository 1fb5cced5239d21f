//! Generalized reparameterization (g-rep).
//!
//! ```text
//! z = T(ε; θ),   ε = T⁻¹(z; θ) ~ q(ε; θ)
//! ∇θ E[F(z)]  ≈  1/K Σₖ ∇F(T(εₖ; θ)) at fixed εₖ + F(zₖ) ∇θ log q(εₖ; θ)
//! ∇θ log q = ∇θ log p(z; θ) + ∇z log p(z; θ) h + u,   h = ∇θ T(ε; θ),   u = ∇θ log |det ∂T/∂ε|
//! ```
//!
//! | property       | value                                                                                  |
//! |----------------|----------------------------------------------------------------------------------------|
//! | bias           | none where F is continuous and differentiable at the sample                            |
//! | distributions  | Normal, LogNormal, Gamma, Chi2, InverseGamma, Beta, Dirichlet                          |
//! | needs of F     | differentiable; a jump in F makes the estimate wrong                                   |
//! | evaluations    | K                                                                                      |
//!
//! This estimator lies between the two classical ones. If T removes all of the dependence on θ, the second term is 0 and it
//! equals [`Pathwise`](super::Pathwise); if T removes none of it, the first term is 0 and it equals the
//! [`ScoreFunction`](super::ScoreFunction).
//! Choose it for Gamma, Beta and Dirichlet, which have no exact transform: standardisation removes their mean and scale, and the
//! correction is small. For a Normal, the transforms `location` and `shifted_scale` demonstrate the effect of a poor choice: on
//! the talk's Gaussian, the variance for σ equals that of the score function, or the variance for μ grows like it.
//! Reference: `ruiz2016generalized`.

use crate::distributions::Transform;
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    SiteValue, Smoothness,
};

/// The derivative through a transform, corrected by the score of the remaining noise.
#[derive(Clone, Copy, Debug, Default)]
pub struct GeneralizedReparameterization {
    /// The transform T.
    pub transform: Transform,
}

/// The options.
const OPTIONS: &[OptionSpec] =
    &[OptionSpec::word("transform", &["standardize", "location", "shifted_scale"])];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "generalized_reparameterization",
    aliases: &["g_rep"],
    bias: Bias::Unbiased,
    summary: "the derivative through a transform that removes part of the dependence on theta, plus a score for the rest",
    formula: "grad F(T(eps; theta)) + F(z) grad log q(eps; theta)",
    distributions: "Normal, LogNormal, Gamma, Chi2, InverseGamma, Beta, Dirichlet",
    requires: "F continuous and differentiable at the sample",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "for Gamma, Beta and Dirichlet, which have no exact transform",
    options: OPTIONS,
    reference: "ruiz2016generalized",
};

const TRANSFORMS: [(&str, Transform); 3] = [
    ("standardize", Transform::Standardize),
    ("location", Transform::Location),
    ("shifted_scale", Transform::ShiftedScale),
];

impl GeneralizedReparameterization {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        GeneralizedReparameterization { transform: options.word("transform", &TRANSFORMS) }
    }
}

impl Estimator for GeneralizedReparameterization {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        let name =
            TRANSFORMS.iter().find(|(_, t)| *t == self.transform).map_or("rejection", |(name, _)| name);
        vec![("transform", name.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        let family = site.distribution.family();
        match family.transformation() {
            Some(formulas) if formulas.has(self.transform) => Ok(()),
            Some(_) => Err("its only transform is `standardize`".into()),
            None if family.support().is_discrete() => {
                Err("a discrete sample has no derivative with respect to its parameters".into())
            }
            None => Err("the estimator only supports Normal, LogNormal, Gamma, Chi2, InverseGamma, Beta and Dirichlet".into()),
        }
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let through = site.transformed(self.transform)?.value;
        // The same number that other estimators draw, with the derivative of T. If it is infinite, `through - held` is NaN, so
        // the transform alone is used.
        let held = through.stop_gradient();
        let is_held = held.abs().less(f64::INFINITY);
        Ok(SiteValue::value(is_held.select(site.sample() + (through - held), through)))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let log_density = site.transformed(self.transform)?.log_density;
        Ok(vec![GradientTerm::score(log_density, cone.cost())])
    }
}
