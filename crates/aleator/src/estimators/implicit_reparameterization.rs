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
//! | distributions  | Gamma, Chi2, InverseGamma, Beta, Dirichlet, StudentT, VonMises                         |
//! | needs of F     | differentiable; a jump in F makes the estimate wrong                                   |
//! | evaluations    | K; for VonMises K (1 + 2 D) for D draws that costs combine                            |
//!
//! (F is the distribution function in the formulas, and the cost in the table.)
//!
//! Derivation: the inverse distribution function makes z of U. Differentiating F(z(θ); θ) = U by θ at fixed U gives
//! p(z; θ) dz/dθ + ∂θF(z; θ) = 0. Only the derivative of the quantile at the sample is needed, and not the quantile itself, so the
//! sample may be drawn by any exact method, and it has the numbers of every other estimator with the same seed.
//!
//! On a circle, z moves with μ, and probability p dz/dθ crosses the point ±π at which the angle jumps. A cost that is not a function
//! of the point on the circle alone, such as z itself, differs there, and the estimate has the additional term
//!
//! ```text
//! (f(−π) − f(π)) p(π; θ) dz/dθ at π           for each draw, the other draws as they are
//! ```
//!
//! which is the surface term of −∫ f (p dz/dθ)′ dz = ∂θ E f by partial integration. It is 0 for a periodic cost.
//!
//! Families: the derivatives of Gamma, Beta, StudentT and VonMises quantiles are operations of the engine. Chi2 and InverseGamma are
//! functions of a Gamma. A Dirichlet draw is that of
//! independent Gamma variates, each at its own fixed probability, divided by their sum.
//!
//! This is the pathwise estimator for families without a differentiable transform of noise. There is no score, so the variance does
//! not depend on constants in the cost, and of all derivatives through a one-dimensional sample this one has the least variance: another
//! transform of noise has this derivative as its mean given z.
//! Choose it for these distributions whenever the cost is smooth. For a cost that jumps, use
//! [`ReinforceLoo`](super::ReinforceLoo).
//! Also called: implicit reparameterization gradients, pathwise derivatives beyond the reparameterization trick.
//! Reference: `figurnov2018implicit`.

use aleator_engine::graph::Shape;

use crate::distributions::{Flux, Support};
use crate::error::Result;
use crate::rewrite::{
    Bias, Cone, DownstreamSites, Estimator, GradientTerm, Properties, Site, SiteInfo, SiteValue, Smoothness,
};

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
    distributions: "Gamma, Chi2, InverseGamma, Beta, Dirichlet, StudentT, VonMises",
    requires: "F continuous and differentiable at the sample",
    evaluations: "K; for VonMises K (1 + 2 D)",
    smoothness: Smoothness::AtSample,
    advice: "for these distributions when the cost is smooth: the variance is that of a pathwise derivative",
    options: &[],
    reference: "figurnov2018implicit",
};

/// The largest number of additional evaluations for each sample.
const MOST_EVALUATIONS: usize = 4096;

/// The number of evaluations at the cut of a circle.
fn evaluations_at_ends(site: &SiteInfo<'_, '_>) -> usize {
    match site.distribution.family().support() {
        Support::Circle => site.coupled_draws.saturating_mul(2),
        _ => 0,
    }
}

impl Estimator for ImplicitReparameterization {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        let family = site.distribution.family();
        let ends = evaluations_at_ends(site);
        if family.implicit_reparameterization().is_some() && ends <= MOST_EVALUATIONS {
            Ok(())
        } else if ends > MOST_EVALUATIONS {
            Err(format!(
                "it would evaluate the cost at both sides of the angle pi for each of {} draws that are combined in costs, more \
                 than {MOST_EVALUATIONS} times for each sample; use reinforce_loo",
                site.coupled_draws
            ))
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

    fn extra_evaluations(&self, site: &SiteInfo<'_, '_>, _: usize) -> usize {
        evaluations_at_ends(site)
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let Some(Flux { from, to, crossing }) = site.distribution().flux() else { return Ok(Vec::new()) };
        let graph = crossing.graph();
        let in_front = |numbers: [f64; 2]| site.in_front(graph.tensor([2], numbers.to_vec()), 0);
        let costs = cone.cost_with_each(in_front([from, to]), DownstreamSites::AsPlanned)?;
        let signs = graph.tensor(Shape::from([2]).join(&vec![1; costs.rank() - 1]), vec![1.0, -1.0]);
        Ok(vec![GradientTerm { expr: crossing, weight: (signs * costs).sum_axes(0), event_rank: 0 }])
    }
}
