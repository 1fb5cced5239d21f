//! ReinMax: straight-through of second order.
//!
//! ```text
//! forward:   F(z),  z hard
//! backward:  2 J(½ (π_τ + z)) g − ½ J(π) g,      g = ∂F/∂z,   J(p) = diag p − p pᵀ,   π_τ = softmax(φ/τ)
//! ```
//!
//! | property       | value                                                              |
//! |----------------|--------------------------------------------------------------------|
//! | bias           | **biased**, except where F is quadratic in a one-hot z and τ = 1   |
//! | distributions  | Bernoulli, OneHotCategorical                                       |
//! | needs of F     | differentiable at the outcomes                                     |
//! | evaluations    | K                                                                  |
//!
//! Derivation: ∇E F = Σᵢ Σⱼ πᵢ πⱼ (F(eᵢ) − F(eⱼ)) ∂φᵢ, up to the symmetry in i and j. Straight-through replaces the difference
//! by the first-order expansion ∂F(eⱼ)ᵀ(eᵢ − eⱼ). Heun's rule takes the mean of the derivatives at both ends, ½ (∂F(eᵢ) + ∂F(eⱼ))ᵀ(eᵢ − eⱼ),
//! which is exact for quadratics. In the mean over z = eⱼ this is the estimate above, from one draw. For a Bernoulli, z stands for the
//! one-hot vector (1 − z, z), and J(p) is p (1 − p).
//! On F(z) = z₁³ + 2 z₂³ − z₃³ + e^(z₁ − z₂) with π = (0.2, 0.5, 0.3), the mean is (0.450, 0.414, −0.864), and the gradient
//! is (0.358, 0.220, −0.578).
//! Choose it for smooth F if a bias is acceptable and only one evaluation is affordable. τ ≥ 1 reduces the variance.
//! Reference: `liu2023bridging`.

use aleator_engine::graph::Expr;

use super::gumbel_softmax::has_relaxation;
use super::hard_forward::{finite_log_odds, with_derivative_of};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Estimator, OptionSpec, OptionValue, Properties, Site, SiteInfo, SiteValue,
    Smoothness,
};

/// A hard forward pass, and Heun's rule in the backward pass.
#[derive(Clone, Copy, Debug)]
pub struct ReinMax {
    /// τ > 0
    pub temperature: f64,
}

impl Default for ReinMax {
    fn default() -> Self {
        ReinMax { temperature: 1.0 }
    }
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::temperature(1.0).always_shown()];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "reinmax",
    aliases: &[],
    bias: Bias::Biased,
    summary: "straight-through of second order: exact for quadratic costs of a one-hot draw",
    formula: "2 J((pi_tau + z) / 2) g - J(pi) g / 2, g = dF/dz, J(p) = diag p - p p^T",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F differentiable at the outcomes",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "biased; closer to the gradient than straight_through where F curves",
    options: OPTIONS,
    reference: "liu2023bridging",
};

impl ReinMax {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        ReinMax { temperature: options.number("temperature") }
    }
}

/// An expression with the derivative J(p) ∂φ; p is constant.
fn through<'g>(site: &Site<'g>, p: Expr<'g>, phi: Expr<'g>) -> Expr<'g> {
    let p = p.stop_gradient();
    match site.event_shape().rank() {
        0 => p * (1.0 - p) * phi,
        _ => p * (phi - (p * phi).sum_axes(-1).unsqueeze(-1)),
    }
}

impl Estimator for ReinMax {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("temperature", self.temperature.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_relaxation(site)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let z = site.sample();
        let pi = |temperature: f64| site.relax(site.log_odds()?, temperature);
        let phi = finite_log_odds(site)?;
        let middle = 0.5 * (pi(self.temperature)? + z);
        let backward = 2.0 * through(site, middle, phi) - 0.5 * through(site, pi(1.0)?, phi);
        Ok(with_derivative_of(z, backward))
    }
}
