//! Smoothed perturbation analysis (stochastic triples): a small change of a parameter makes few discrete draws jump.
//!
//! ```text
//! ∇θ E[F(z)]  ≈  1/K Σₖ Σᵢ Σ_{jumps zᵢ → a} rate ∇θ (F(zₖ with zᵢ = a) − F(zₖ))
//!
//! Bernoulli, δ = ∂θ p:       0 → 1 with the weight δ/(1 − p) where δ > 0,     1 → 0 with −δ/p where δ < 0
//! counts:                    z → z + 1 with up(z) δ where the count rises,    z → z − 1 with −down(z) δ where it falls
//! Categorical, Sₖ = Σ_{j≥k} pⱼ:   z → z + 1 with ∂S_{z+1}/p_z where that is positive,   z → z − 1 with −∂S_z/p_z where that is
//!                            negative; outcomes of probability 0 are passed over
//! ```
//!
//! | property       | value                                                                                          |
//! |----------------|------------------------------------------------------------------------------------------------|
//! | bias           | none                                                                                           |
//! | distributions  | Bernoulli, Binomial, Poisson, Geometric, NegativeBinomial, Categorical, OneHotCategorical       |
//! | needs of F     | none: may be discontinuous or a black box; finite at the neighbours of a draw                   |
//! | evaluations    | `jumps = all`: K (1 + m D) for D draws that costs combine, m = 1, of categories 2; `one`: 2 K  |
//!
//! Derivation: E F = F(0) + Σₖ P(z ≥ k)(F(k) − F(k − 1)), so ∂E F = Σₖ ∂P(z ≥ k)(F(k) − F(k − 1)). Each step k may be taken from
//! below, from the draws z = k − 1, or from above, from z = k; dividing by the probability of the draw makes a mean over draws of it.
//! On two outcomes, (1 − p) · (F(1) − F(0))/(1 − p) = F(1) − F(0), and p · (F(1) − F(0))/p is the same: either is unbiased for every
//! parameter, whichever direction is chosen, as long as the choice does not look at z. Sampling by inversion moves the numbers at the
//! end of an interval when θ moves: to the right where δ > 0, to the left where δ < 0, and that is the direction taken here. With
//! several parameters, the sign is that of the derivative in one fixed direction, so that all of them share the evaluations. At an end
//! of the domain, where one side has no draws, the other one is taken.
//!
//! The rates ([`Jumps`]) are known numbers. Later sites are drawn again from their own noise, and the draws before and beside stay:
//! the alternative and the main path share all other randomness, and often meet again.
//!
//! Several draws of a site: with `jumps = all`, every jump is evaluated, one draw at a time, and all evaluations stand along one axis.
//! With `jumps = one`, one of the jumps of a row of draws that costs combine is chosen with the probability πⱼ, and its weight is divided
//! by πⱼ: Σⱼ πⱼ (wⱼ/πⱼ)(Fⱼ − F) is the same sum. πⱼ is proportional to the magnitude of the weight |wⱼ|, with which the variance that the
//! choice adds is least for equal differences. If the graph has several parameters, |wⱼ| is that of the fixed direction, and a tenth of
//! the probability is spread evenly over the possible jumps, so that no πⱼ is small where the derivative by another parameter is not.
//! (Two draws, weights w₁ and w₂ > 0: π₁ = w₁/(w₁ + w₂), and either choice gives (w₁ + w₂)(Fⱼ − F).) Sites are not pruned against each
//! other: each has its own jump.
//!
//! For one Bernoulli with δ > 0, the variance is (F(1) − F(0))² δ² p/(1 − p). [`MeasureValued`] and [`LocalExpectation`] have none here;
//! they use the difference also where the draw is 1 already. Perturbation analysis only evaluates F next to the draw, and chooses
//! jumps by their size, which matters if there are many draws. A constant that is added to F has no effect.
//! Choose it for programs with many dependent discrete draws, such as random walks and populations, and with `jumps = one` for many
//! draws at once if two evaluations are all that is affordable.
//! Also called: smoothed perturbation analysis (SPA), stochastic triples, StochasticAD.
//! Reference: `arya2022automatic`.
//!
//! [`Jumps`]: crate::distributions::Jumps
//! [`LocalExpectation`]: super::LocalExpectation
//! [`MeasureValued`]: super::MeasureValued

use aleator_engine::graph::{Expr, Reduction};

use crate::distributions::{Constraint, Jumps, Support};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, DownstreamSites, Estimator, GradientTerm, OptionSpec, OptionValue,
    Properties, Site, SiteInfo, Smoothness,
};

/// The jumps of discrete draws, with their weights.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerturbationAnalysis {
    /// Which jumps are evaluated.
    pub jumps: EvaluatedJumps,
}

/// Which jumps of a site are evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvaluatedJumps {
    /// All of them.
    #[default]
    All,
    /// One, chosen with a probability proportional to its weight.
    One,
}

const JUMPS: &[(&str, EvaluatedJumps)] = &[("all", EvaluatedJumps::All), ("one", EvaluatedJumps::One)];
/// The largest number of additional evaluations for each sample.
const MOST_EVALUATIONS: usize = 4096;
/// The share of the probability that is spread evenly, if there are several parameters.
const EVEN: f64 = 0.1;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "perturbation_analysis",
    aliases: &["stochastic_triples", "spa"],
    bias: Bias::Unbiased,
    summary: "F after a jump of one discrete draw to its neighbour, with the rate of the jump and the same noise",
    formula: "sum_i rate_i (F(z with z_i jumped) - F(z))",
    distributions: "Bernoulli, Binomial, Poisson, Geometric, NegativeBinomial, Categorical, OneHotCategorical",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K (1 + D), 2 K with jumps = one",
    smoothness: Smoothness::NotNeeded,
    advice: "for programs with many dependent discrete draws, such as random walks",
    options: &[OptionSpec::word("jumps", &["all", "one"])],
    reference: "arya2022automatic",
};

impl PerturbationAnalysis {
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        PerturbationAnalysis { jumps: options.word("jumps", JUMPS) }
    }

    /// The number of evaluations in addition to the main one, or the reason why there is none.
    fn evaluations(&self, site: &SiteInfo<'_, '_>) -> std::result::Result<usize, String> {
        let each = jumps_of_each(site)?;
        if self.jumps == EvaluatedJumps::One {
            return Ok(1);
        }
        let draws = site.coupled_draws;
        each.checked_mul(draws).filter(|&n| n <= MOST_EVALUATIONS).ok_or_else(|| {
            format!(
                "perturbation_analysis would evaluate the cost for each of {draws} draws that are combined in costs, more than \
                 {MOST_EVALUATIONS} times for each sample; use perturbation_analysis(jumps = one) or reinforce_loo"
            )
        })
    }
}

/// The number of jumps of one draw.
fn jumps_of_each(site: &SiteInfo<'_, '_>) -> std::result::Result<usize, String> {
    let family = site.distribution.family();
    let Some(jumps) = family.jumps() else {
        return match family.support() {
            Support::Indices | Support::OneHot if family.masses(site.distribution.parameters()).is_some() => {
                Ok(2)
            }
            support if support.is_discrete() => {
                Err("the jumps of its draws are not known; use reinforce_loo or local_expectation".into())
            }
            _ => Err("only discrete draws jump; use pathwise or measure_valued".into()),
        };
    };
    for (number, spec) in family.parameters().iter().enumerate() {
        if site.moving[number] && spec.constraint != Constraint::Count && number != jumps.parameter() {
            return Err(format!(
                "its jumps with respect to `{}` are not known, which depends on parameters here; use reinforce_loo, or hold it constant",
                spec.name
            ));
        }
    }
    Ok(1)
}

/// A jump of each draw: rate (F(to) − F(z)) multiplies the derivative of `expr`.
struct Jump<'g> {
    expr: Expr<'g>,
    /// 0 where there is no jump.
    rate: Expr<'g>,
    /// The place after the jump, or that of the draw where there is none.
    to: Expr<'g>,
}

impl Estimator for PerturbationAnalysis {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        let word = JUMPS.iter().find(|(_, jumps)| *jumps == self.jumps).map_or("all", |(word, _)| word);
        vec![("jumps", word.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> std::result::Result<(), String> {
        self.evaluations(site).map(|_| ())
    }

    fn extra_evaluations(&self, site: &SiteInfo<'_, '_>, _: usize) -> usize {
        self.evaluations(site).unwrap_or(0)
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let z = cone.value();
        let jumps = match site.distribution().family().jumps() {
            Some(rates) => of_count(site, rates, z),
            None => of_categories(site, z)?,
        };
        match self.jumps {
            EvaluatedJumps::All => all(site, cone, &jumps),
            EvaluatedJumps::One => one(site, cone, z, &jumps),
        }
    }
}

/// The jump of a count.
fn of_count<'g>(site: &Site<'g>, jumps: &dyn Jumps, z: Expr<'g>) -> Vec<Jump<'g>> {
    let parameters = site.distribution().parameters();
    let expr = parameters[jumps.parameter()];
    let rates = jumps.rates(parameters, z);
    let drift = site.drift(expr);
    let rising = if jumps.rises() { drift.greater(0.0) } else { drift.less(0.0) };
    let up = rates.only_down.select(0.0, rates.only_up.select(1.0, rising)).stop_gradient();
    let rate = up.select(rates.up, -rates.down);
    let step = up.select(1.0, -1.0);
    let next = z + step;
    // Where counts are so large that they are rounded, there is no neighbour.
    let next = (next - z).equal(step).select(next, f64::NAN);
    vec![Jump { expr, rate, to: rate.equal(0.0).select(z, next) }]
}

/// The jumps of a category to the next and the previous one of positive probability.
fn of_categories<'g>(site: &Site<'g>, z: Expr<'g>) -> Result<Vec<Jump<'g>>> {
    let distribution = site.distribution();
    let family = distribution.family();
    let p = family.masses(distribution.parameters()).ok_or_else(|| site.lacks("finite support"))?;
    let n = p.shape().from_end(0);
    let one_hot = family.support() == Support::OneHot;
    let index = if one_hot { z.argmax() } else { z };
    let here = index.unsqueeze(-1);
    let places = z.graph().iota(n);
    let possible = p.stop_gradient().greater(0.0);
    let own = places.equal(here).select(p, 0.0).sum_axes(-1);
    let value = |place: Expr<'g>| if one_hot { place.one_hot(n) } else { place };
    let jump = |up: bool| {
        let beyond = if up { places.greater(here) } else { places.less(here) };
        let candidates = beyond * possible;
        // The nearest one.
        let sign = if up { -1.0 } else { 1.0 };
        let nearest = sign * candidates.select(sign * places, f64::NEG_INFINITY).reduce(Reduction::Max, -1);
        // P(z' > z), or P(z' ≥ z)
        let tail = if up { beyond } else { !beyond };
        let expr = tail.select(p, 0.0).sum_axes(-1);
        let rising = site.drift(expr).greater(0.0);
        let goes = nearest.abs().less(f64::INFINITY) * if up { rising } else { !rising };
        let rate = goes.select(-sign / own, 0.0);
        Jump { expr, rate, to: value(goes.select(nearest, index)) }
    };
    Ok(vec![jump(true), jump(false)])
}

/// Every jump, one draw at a time.
fn all<'g>(site: &Site<'g>, cone: &Cone<'_, 'g>, jumps: &[Jump<'g>]) -> Result<Vec<GradientTerm<'g>>> {
    let values: Vec<Expr<'g>> = jumps.iter().map(|jump| jump.to).collect();
    let costs = cone.cost_with_each(site.stacked(&values), DownstreamSites::AsPlanned)?;
    let term = |(i, jump): (usize, &Jump<'g>)| {
        let weight = jump.rate * difference(costs.slice(0, i, 1).squeeze(0), cone.cost());
        GradientTerm { expr: jump.expr, weight: site.of_every_draw(weight), event_rank: 0 }
    };
    Ok(jumps.iter().enumerate().map(term).collect())
}

/// One jump of all draws that costs combine.
fn one<'g>(
    site: &Site<'g>,
    cone: &Cone<'_, 'g>,
    z: Expr<'g>,
    jumps: &[Jump<'g>],
) -> Result<Vec<GradientTerm<'g>>> {
    let row = |e: Expr<'g>, how: Reduction| site.over_coupled(site.of_every_draw(e), how);
    let over_jumps = |each: &[Expr<'g>]| {
        let sums = each.iter().map(|&e| row(e, Reduction::Sum));
        sums.reduce(|a, b| a + b).unwrap_or_else(|| z.graph().scalar(0.0))
    };
    let size = |jump: &Jump<'g>| (jump.rate * site.drift(jump.expr)).abs().stop_gradient();
    let sizes: Vec<Expr<'g>> = jumps.iter().map(size).collect();
    let shares = shares(&sizes, over_jumps);
    let shares: Vec<Expr<'g>> = if site.has_one_direction() {
        shares
    } else {
        let possible: Vec<Expr<'g>> = jumps.iter().map(|jump| jump.rate.not_equal(0.0)).collect();
        let even = self::shares(&possible, over_jumps);
        shares.iter().zip(even).map(|(&s, even)| (1.0 - EVEN) * s + EVEN * even).collect()
    };
    // The first of independent exponential clocks with these rates.
    let mut noise = site.noise();
    let _ = site.distribution().sample(&mut noise);
    let clock = |&share: &Expr<'g>| {
        let time = -noise.uniform(&[]).log() / share;
        site.of_every_draw(share.greater(0.0).select(time, f64::INFINITY))
    };
    let clocks: Vec<Expr<'g>> = shares.iter().map(clock).collect();
    let first = clocks.iter().map(|&clock| -row(-clock, Reduction::Max)).reduce(Expr::minimum);
    let chosen: Vec<Expr<'g>> = match first {
        Some(first) => clocks.iter().map(|&c| c.equal(first) * c.less(f64::INFINITY)).collect(),
        None => return Ok(Vec::new()),
    };
    let over_event = |e: Expr<'g>| (0..site.event_shape().rank()).fold(e, |e, _| e.unsqueeze(-1));
    let value = chosen.iter().zip(jumps).fold(z, |z, (&c, jump)| over_event(c).select(jump.to, z));
    let f = difference(cone.cost_at(value, DownstreamSites::AsPlanned)?, cone.cost());
    let term = |((jump, &share), &c): ((&Jump<'g>, &Expr<'g>), &Expr<'g>)| {
        let weight = c.select(jump.rate / share * f, 0.0);
        GradientTerm { expr: jump.expr, weight: site.of_every_draw(weight), event_rank: 0 }
    };
    Ok(jumps.iter().zip(&shares).zip(&chosen).map(term).collect())
}

/// Numbers divided by their sum over all jumps of a row; 0 where all are 0.
fn shares<'g>(sizes: &[Expr<'g>], sum: impl Fn(&[Expr<'g>]) -> Expr<'g>) -> Vec<Expr<'g>> {
    let total = sum(sizes);
    let none = total.equal(0.0);
    sizes.iter().map(|&size| none.select(0.0, size / none.select(1.0, total))).collect()
}

/// F after the jump less F before; 0 where both are equal, even if they are infinite.
fn difference<'g>(after: Expr<'g>, before: Expr<'g>) -> Expr<'g> {
    after.equal(before).select(0.0, after - before)
}
