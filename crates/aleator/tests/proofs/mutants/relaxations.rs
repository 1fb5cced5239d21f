//! Mistakes in control variates that relax the draw.

use aleator::control_variates::{Network, Relaxation, RelaxedPair, Trained, known};
use aleator::distributions::{Bernoulli, Coupling, OneHotCategorical};
use aleator::estimators::GradientTerm;
use aleator::graph::{Expr, Graph};
use aleator::rewrite::{Cone, DownstreamSites, Site};
use aleator_engine::autodiff;

use super::scores::toy;
use super::{Mutant, NONE};

const REBAR: &str = "rebar(temperature = 0.5, tune = false)";

/// A coin that moves a coin.
fn layers(g: &Graph) {
    let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.5)));
    let b = g.sample(
        "b",
        Bernoulli::from_logits(1.5 * a - 0.5).via(aleator::estimators::ScoreFunction::default()),
    );
    g.cost("loss", (a + 2.0 * b - 0.5).square());
}

/// ζ and ζ̃ of REBAR.
fn relaxed<'g>(site: &Site<'g>, cone: &Cone<'_, 'g>, coupling: Coupling) -> aleator::Result<RelaxedPair<'g>> {
    RelaxedPair::new(site, cone.value(), site.scalar(0.5), coupling, Relaxation::Concrete)
}

/// The cost and its slope at a relaxation.
fn at<'g>(site: &Site<'g>, cone: &Cone<'_, 'g>, zeta: Expr<'g>) -> aleator::Result<(Expr<'g>, Expr<'g>)> {
    cone.cost_and_slope_at(zeta, DownstreamSites::Relaxed(site.scalar(0.5)))
}

pub(super) fn mutants() -> Vec<Mutant> {
    vec![
        Mutant {
            of: REBAR,
            mistake: "ζ̃ is differentiated at fixed u: its noise v depends on θ",
            graph: toy,
            terms: Some(|site, cone| {
                let pair = relaxed(site, cone, Coupling::Common)?;
                let (_, slope) = at(site, cone, pair.zeta)?;
                let (c, given_slope) = at(site, cone, pair.zeta_given_b)?;
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - c),
                    GradientTerm::value(site, pair.zeta, slope),
                    GradientTerm::value(site, pair.zeta, -given_slope),
                ])
            }),
            ..NONE
        },
        Mutant {
            of: REBAR,
            mistake: "ζ̃ is a constant: its term is missing",
            graph: toy,
            terms: Some(|site, cone| {
                let pair = relaxed(site, cone, Coupling::Common)?;
                let (_, slope) = at(site, cone, pair.zeta)?;
                let (c, _) = at(site, cone, pair.zeta_given_b)?;
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - c),
                    GradientTerm::value(site, pair.zeta, slope),
                ])
            }),
            ..NONE
        },
        Mutant {
            of: REBAR,
            mistake: "ζ̃ is conditional on a draw of its own, independent of b",
            graph: toy,
            terms: Some(|site, cone| {
                let mut noise = site.noise();
                let (phi, _, _) = (site.log_odds()?, noise.uniform(&[]), noise.uniform(&[]));
                let other = noise.uniform(&[]).greater((-phi).sigmoid()).stop_gradient();
                let zeta = site.relax(site.perturbed()?, 0.5)?;
                let given = site.relax(site.perturbed_given(other, Coupling::Independent)?, 0.5)?;
                let (_, slope) = at(site, cone, zeta)?;
                let (c, given_slope) = at(site, cone, given)?;
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - c),
                    GradientTerm::value(site, zeta, slope),
                    GradientTerm::value(site, given, -given_slope),
                ])
            }),
            ..NONE
        },
        Mutant {
            of: REBAR,
            mistake: "the term of ζ̃ has the wrong sign",
            graph: toy,
            terms: Some(|site, cone| {
                let pair = relaxed(site, cone, Coupling::Common)?;
                let (_, slope) = at(site, cone, pair.zeta)?;
                let (c, given_slope) = at(site, cone, pair.zeta_given_b)?;
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - c),
                    GradientTerm::value(site, pair.zeta, slope),
                    GradientTerm::value(site, pair.zeta_given_b, given_slope),
                ])
            }),
            ..NONE
        },
        Mutant {
            of: REBAR,
            mistake: "of a one-hot draw, the term of ζ is missing",
            graph: |g| {
                let l = g.param_tensor("l", [3], vec![0.1, -0.1, 0.0]);
                let z = g.sample("z", OneHotCategorical::from_logits(l));
                g.cost("f", z.dot(g.data("v", [3], vec![1.0, -1.0, 0.2])));
            },
            terms: Some(|site, cone| {
                let pair = relaxed(site, cone, Coupling::Common)?;
                let (c, given_slope) = at(site, cone, pair.zeta_given_b)?;
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - c),
                    GradientTerm::value(site, pair.zeta_given_b, -given_slope),
                ])
            }),
            ..NONE
        },
        Mutant {
            of: REBAR,
            mistake: "η multiplies the cost at ζ̃ but not the derivatives",
            graph: toy,
            terms: Some(|site, cone| {
                let pair = relaxed(site, cone, Coupling::Common)?;
                let (_, slope) = at(site, cone, pair.zeta)?;
                let (c, given_slope) = at(site, cone, pair.zeta_given_b)?;
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - 0.5 * c),
                    GradientTerm::value(site, pair.zeta, slope),
                    GradientTerm::value(site, pair.zeta_given_b, -given_slope),
                ])
            }),
            ..NONE
        },
        Mutant {
            of: REBAR,
            mistake: "ζ and ζ̃ have different temperatures",
            graph: toy,
            terms: Some(|site, cone| {
                let pair = relaxed(site, cone, Coupling::Common)?;
                let zeta = site.relax(site.perturbed()?, 0.3)?;
                let (_, slope) = at(site, cone, zeta)?;
                let (c, given_slope) = at(site, cone, pair.zeta_given_b)?;
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - c),
                    GradientTerm::value(site, zeta, slope),
                    GradientTerm::value(site, pair.zeta_given_b, -given_slope),
                ])
            }),
            ..NONE
        },
        Mutant {
            of: REBAR,
            mistake: "later sites stay hard inside the control variate",
            graph: layers,
            terms: Some(|site, cone| {
                let pair = relaxed(site, cone, Coupling::Common)?;
                let at = |zeta| cone.cost_and_slope_at(zeta, DownstreamSites::AsPlanned);
                let (_, slope) = at(pair.zeta)?;
                let (c, given_slope) = at(pair.zeta_given_b)?;
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - c),
                    GradientTerm::value(site, pair.zeta, slope),
                    GradientTerm::value(site, pair.zeta_given_b, -given_slope),
                ])
            }),
            ..NONE
        },
        Mutant {
            of: "relax(tune = false)",
            mistake: "the derivative of the network at ζ̃ is missing, while the network is 0",
            graph: toy,
            terms: Some(|site, cone| {
                let inputs = |zeta| [vec![(zeta, 0)], known(site)].concat();
                let network = Network::new(site, "control", &inputs(cone.value()), 10, Trained::ByVariance);
                let pair = relaxed(site, cone, Coupling::Common)?;
                let [r, given] = [pair.zeta, pair.zeta_given_b].map(|zeta| network.apply(&inputs(zeta)));
                let slope = autodiff::grad(r, &[pair.zeta])[0];
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cone.cost() - given),
                    GradientTerm::value(site, pair.zeta, slope),
                ])
            }),
            ..NONE
        },
    ]
}
