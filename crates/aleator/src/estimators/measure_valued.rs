//! Measure-valued derivatives: the derivative of the distribution as a difference of two distributions.
//!
//! ```text
//! ∂p/∂θᵢ = cᵢ (pᵢ⁺ − pᵢ⁻)
//! ∇θ E[F(z)]  ≈  1/K Σₖ Σᵢ ∇θᵢ cᵢ (F(zₖ with zᵢ = zᵢ⁺) − F(zₖ with zᵢ = zᵢ⁻))      the other draws as they are
//! ```
//!
//! | property       | value                                                                                      |
//! |----------------|--------------------------------------------------------------------------------------------|
//! | bias           | none                                                                                       |
//! | distributions  | those of the table below, with respect to the parameters named there                       |
//! | needs of F     | none: may be discontinuous or a black box; finite at both values                            |
//! | evaluations    | K (1 + m D) for D draws that costs combine, where m values of the table differ from z      |
//!
//! Derivation: ∂p/∂θ integrates to 0, so its positive and its negative part have the same mass c. Parts that overlap serve as
//! well; a triple (c, p⁺, p⁻) is not unique. For draw i, E F = E of the mean over zᵢ given the others, and the derivative by the
//! parameters of draw i passes through its own distribution alone, so one joint draw of all others serves every i, as in
//! [`LocalExpectation`]. For a Bernoulli with the probability p, ∂p E F = F(1) − F(0): c = 1, and both values are certain.
//!
//! The two values are coupled, which lowers the variance and does not change the mean: most triples move z itself, so that F at the
//! main path is one of the two evaluations, and later layers are drawn again from their own noise.
//!
//! | distribution                          | parameters               | values m, besides z                          |
//! |---------------------------------------|--------------------------|----------------------------------------------|
//! | Normal, LogNormal, Laplace, Logistic, Cauchy, StudentT | location (2), scale (1) | μ ± σ R; μ + σ M              |
//! | Gumbel                                | location (1)             | a second exponential number is added         |
//! | HalfNormal, HalfCauchy                | scale (1)                | σ |M|                                        |
//! | Exponential, Gamma, InverseGamma, Weibull, Kumaraswamy | rate or scale (1), Kumaraswamy's b | a further exponential number is added |
//! | Uniform, TruncatedNormal              | both ends (1 each)       | the end itself                               |
//! | Pareto                                | scale (1), alpha (1)     | the end itself; a further exponential number |
//! | Poisson                               | rate (1)                 | z + 1                                        |
//! | Binomial                              | probability (2)          | z − 1 and z + 1                              |
//! | Geometric, NegativeBinomial           | probability (1)          | z + 1 + a further geometric count            |
//! | Bernoulli, Categorical and other finite supports | all (n − 1)   | the other outcomes, as in local expectation   |
//!
//! The formulas are those of [`WeakDerivative`]; R is a Rayleigh variable at a Normal, and M = ±√(x² + 2E) a Maxwell variable on both
//! sides. For Poisson(λ) and F = z², the estimate is 2z + 1, with the variance 4λ. For Normal(μ, σ) and F = (z − k)², it is
//! 4 (μ − k) R/√(2π) for μ, with the variance 4 (μ − k)² (4/π − 1), and 2σE + 2 (μ − k)(M − x) for σ, with 4σ² + 4 (μ − k)².
//! (The pathwise variances are 4σ² and 8σ² + 4 (μ − k)².)
//!
//! A constant that is added to F has no effect. The values need not be near z, so a bounded F gives a bounded estimate, unlike the
//! score. The number of evaluations is proportional to the number of draws: more than `most_coordinates` draws that costs combine
//! are refused. Where an outcome has probability 0 and a derivative, it is visited, as in enumeration.
//! Choose it for few continuous draws or counts if F jumps or is a black box, and for Poisson draws.
//! Also called: weak derivatives, measure-valued differentiation.
//! Reference: `mohamed2020monte`.
//!
//! [`LocalExpectation`]: super::LocalExpectation
//! [`WeakDerivative`]: crate::distributions::WeakDerivative

use aleator_engine::graph::Expr;

use super::enumeration::finite_outcomes;
use crate::distributions::{Constraint, Place, Triple, WeakDerivative};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, DownstreamSites, Estimator, GradientTerm, OptionSpec, OptionValue,
    Properties, Site, SiteInfo, Smoothness,
};

/// The difference of two evaluations for each draw and each of its parameters.
#[derive(Clone, Copy, Debug)]
pub struct MeasureValued {
    /// The largest number of draws that costs combine.
    pub most_coordinates: usize,
}

/// The largest number of additional evaluations for each sample.
const MOST_EVALUATIONS: usize = 1 << 14;
/// The default of `most_coordinates`.
const MOST_COORDINATES: usize = 64;

impl Default for MeasureValued {
    fn default() -> Self {
        MeasureValued { most_coordinates: MOST_COORDINATES }
    }
}

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "measure_valued",
    aliases: &["mvd", "weak_derivative"],
    bias: Bias::Unbiased,
    summary: "the difference of F at draws from the positive and the negative part of the distribution's derivative",
    formula: "sum_i c_i (F(z with z_i = z_i+) - F(z with z_i = z_i-))",
    distributions: "distributions with a known decomposition, or with finite support",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K (1 + 2 D) or fewer, by distribution",
    smoothness: Smoothness::NotNeeded,
    advice: "for few continuous draws or counts if F jumps or is a black box",
    options: &[OptionSpec::count("most_coordinates", MOST_COORDINATES, MOST_EVALUATIONS)],
    reference: "mohamed2020monte",
};

impl MeasureValued {
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        MeasureValued { most_coordinates: options.count("most_coordinates") }
    }

    /// The number of evaluations in addition to the main one, or the reason why there is none.
    fn evaluations(&self, site: &SiteInfo<'_, '_>) -> std::result::Result<usize, String> {
        let draws = site.coupled_draws;
        let each = values_of_each(site)?;
        if draws > self.most_coordinates {
            return Err(format!(
                "measure_valued would evaluate the cost {each} times for each of {draws} draws that are combined in costs, more \
                 than {}; use reinforce_loo, or measure_valued(most_coordinates = {draws}) if you can afford it",
                self.most_coordinates
            ));
        }
        each.checked_mul(draws).filter(|&n| n <= MOST_EVALUATIONS).ok_or_else(|| {
            format!(
                "measure_valued would evaluate the cost {each} times for each of {draws} draws that are combined in costs, more \
                 than {MOST_EVALUATIONS} evaluations for each sample; use reinforce_loo"
            )
        })
    }
}

/// The number of values besides the draw, for each draw.
fn values_of_each(site: &SiteInfo<'_, '_>) -> std::result::Result<usize, String> {
    let family = site.distribution.family();
    let Some(weak) = family.weak_derivative() else {
        return finite_outcomes(site).map(|n| n - 1).map_err(|_| {
            format!(
                "no decomposition of the derivative of a {} is known; use pathwise or reinforce_loo",
                family.name()
            )
        });
    };
    let mut values = 0;
    for (number, spec) in family.parameters().iter().enumerate() {
        if !site.moving[number] || spec.constraint == Constraint::Count {
            continue;
        }
        values += weak.values(number).ok_or_else(|| {
            format!(
                "no decomposition of its derivative with respect to `{}` is known, which depends on parameters here; use \
                 reinforce_loo, or hold it constant",
                spec.name
            )
        })?;
    }
    Ok(values)
}

impl Estimator for MeasureValued {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("most_coordinates", self.most_coordinates.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> std::result::Result<(), String> {
        self.evaluations(site).map(|_| ())
    }

    fn extra_evaluations(&self, site: &SiteInfo<'_, '_>, _: usize) -> usize {
        self.evaluations(site).unwrap_or(0)
    }

    fn visits_every_outcome(&self) -> bool {
        true
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        match site.distribution().family().weak_derivative() {
            Some(weak) => differences(weak, site, cone),
            None => of_outcomes(site, cone),
        }
    }
}

/// Σ_j ∂pⱼ (F(z with zᵢ = j) − F(z)): where all outcomes are evaluated anyway, each counts with the derivative of its probability.
fn of_outcomes<'g>(site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
    let distribution = site.distribution();
    if distribution.family().outcome_count(distribution.parameters()) == Some(1) {
        return Ok(Vec::new());
    }
    let (outcomes, p) = site.other_outcomes(cone.value())?;
    let f = cone.cost_with_each(outcomes, DownstreamSites::AsPlanned)?;
    Ok(vec![GradientTerm { expr: p, weight: difference(f, cone.cost()), event_rank: 0 }])
}

/// The triples of each parameter that moves. All values stand along one axis.
fn differences<'g>(
    weak: &dyn WeakDerivative,
    site: &Site<'g>,
    cone: &Cone<'_, 'g>,
) -> Result<Vec<GradientTerm<'g>>> {
    let distribution = site.distribution();
    let (family, parameters) = (distribution.family(), distribution.parameters());
    let mut triples: Vec<(usize, Triple<'g>)> = Vec::new();
    for (number, spec) in family.parameters().iter().enumerate() {
        if site.moving()[number] && spec.constraint != Constraint::Count {
            let of_parameter = weak.triples(number, parameters, &mut site.noise());
            triples.extend(of_parameter.into_iter().map(|triple| (number, triple)));
        }
    }
    let values: Vec<Expr<'g>> = triples
        .iter()
        .flat_map(|(_, t)| [t.positive, t.negative])
        .filter_map(|place| match place {
            Place::Sample => None,
            Place::At(value) => Some(value),
        })
        .collect();
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let costs = cone.cost_with_each(site.stacked(&values), DownstreamSites::AsPlanned)?;
    let mut next = 0;
    let mut cost = |place: Place<'g>| match place {
        Place::Sample => cone.cost(),
        Place::At(_) => {
            next += 1;
            costs.slice(0, next - 1, 1).squeeze(0)
        }
    };
    let term = |(number, triple): &(usize, Triple<'g>)| {
        let (positive, negative) = (cost(triple.positive), cost(triple.negative));
        let weight = site.of_every_draw(triple.constant * difference(positive, negative));
        GradientTerm { expr: parameters[*number], weight, event_rank: 0 }
    };
    Ok(triples.iter().map(term).collect())
}

/// F⁺ − F⁻, 0 where both are equal, even if they are infinite.
fn difference<'g>(positive: Expr<'g>, negative: Expr<'g>) -> Expr<'g> {
    positive.equal(negative).select(0.0, positive - negative)
}
