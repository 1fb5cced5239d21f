//! A relaxation of a discrete draw, and a second one conditional on the draw: the control variate of REBAR and RELAX.
//!
//! ```text
//! ζ = relax(X; τ),  ζ̃ = relax(X̃; τ),  X̃ ~ p(X | b)
//! E[c(ζ̃) ∇ log p(b)] = ∇E[c(ζ)] − E[∇c(ζ̃)]          for any differentiable c
//! ```
//!
//! because ∇E c(ζ) = ∇E_b E[c(ζ̃) | b] = E[c(ζ̃) ∇ log p(b)] + E[∇c(ζ̃)]. Both derivatives are with respect to the parameters of
//! the site, through ζ and ζ̃ alone; any other dependence of c on them cancels in the mean.
//!
//! | relaxation   | X in ζ                                                                                   |
//! |--------------|------------------------------------------------------------------------------------------|
//! | `concrete`   | log-odds + noise                                                                         |
//! | `mean_field` | (τ² + τ + 1)/(τ + 1) · log-odds + noise, so that ζ → E z for τ → ∞, as in MuProp         |
//!
//! Reference: `tucker2017rebar`, `grathwohl2018backpropagation`.

use aleator_engine::graph::Expr;

use crate::distributions::Coupling;
use crate::error::Result;
use crate::rewrite::Site;

/// The variable that is relaxed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relaxation {
    /// The perturbed log-odds, unchanged.
    #[default]
    Concrete,
    /// The perturbed log-odds, scaled so that the limit of high temperature is the mean.
    MeanField,
}

/// The pair of ζ and ζ̃.
#[derive(Clone, Copy, Debug)]
pub struct RelaxedPair<'g> {
    /// τ
    pub temperature: Expr<'g>,
    /// ζ, of shape sample + batch + event.
    pub zeta: Expr<'g>,
    /// ζ̃, conditional on the draw.
    pub zeta_given_b: Expr<'g>,
}

/// Replaces infinite log-odds, which would make the derivative with respect to the temperature 0 · ∞.
const LARGE: f64 = 1e30;

impl<'g> RelaxedPair<'g> {
    /// Creates the pair for the draw `value` of the site.
    ///
    /// # Errors
    /// Returns an error if the family of the site has no relaxation.
    pub fn new(
        site: &Site<'g>,
        value: Expr<'g>,
        temperature: Expr<'g>,
        coupling: Coupling,
        relaxation: Relaxation,
    ) -> Result<Self> {
        let relax = |x: Expr<'g>| {
            let x = match relaxation {
                Relaxation::Concrete => x,
                Relaxation::MeanField => {
                    // (τ² + τ + 1)/(τ + 1) − 1 = τ²/(τ + 1)
                    let log_odds = site.log_odds()?.maximum(-LARGE).minimum(LARGE);
                    x + log_odds * (temperature.square() / (temperature + 1.0))
                }
            };
            site.relax(x, temperature)
        };
        Ok(RelaxedPair {
            temperature,
            zeta: relax(site.perturbed()?)?,
            zeta_given_b: relax(site.perturbed_given(value, coupling)?)?,
        })
    }
}
