//! Randomised quasi-Monte Carlo: noise from a scrambled Sobol net.
//!
//! ```text
//! zₖ = T(uₖ; θ),   u₁, …, u_K the points of one scrambled net,   K = 2^m
//! ∇θ E[F(z)]  ≈  1/K Σₖ ∇θ F(T(uₖ; θ))
//!
//! scramble = linear     u's digits are L a + b, and uniform ones behind them        a: the digits of Sobol's point
//! scramble = shift      a + b, and the same uniform ones behind all of them
//! ```
//!
//! | property       | value                                                                                |
//! |----------------|--------------------------------------------------------------------------------------|
//! | bias           | none, over scramblings: each point alone is uniform                                  |
//! | distributions  | continuous ones that are a differentiable transform of uniform numbers               |
//! | needs of F     | continuous, differentiable at the sample                                             |
//! | evaluations    | K = 2^m ≥ 2                                                                          |
//!
//! Derivation: under the random shift b and the uniform digits behind it, each uₖ is uniform in the cube of all noise that the sites with
//! this estimator use, and independent of all other noise. So every summand has the pathwise mean, whatever the dependence between the
//! points, also if parameters depend on earlier draws. The points are very dependent: in each coordinate, every interval of length 1/K
//! contains exactly one of them, and the first coordinates together are spread as evenly. With one uniform number and a derivative
//! h(u) = ∇θ F(T(u; θ)), the linear scramble has the variance of stratified sampling,
//!
//! ```text
//! Var = 1/K² Σⱼ Var(h(u) | u in interval j)        ≈  1/(12 K³) ∫ h′(u)² du  for smooth h, where independent samples have Var(h)/K
//! ```
//!
//! For h = u with K = 2 this is ½ · 1/48 = 1/96 by intervals of length ½, where two independent samples have 1/24. In several
//! dimensions, the standard error falls as K^(−3/2) (log K)^((d−1)/2) for smooth h. For any h with finite variance, K times the variance of the
//! linear scramble tends to 0, and it never exceeds that of independent samples by more than a factor that does not depend on h
//! (`owen1997scrambled`). All sites with this estimator take their coordinates from one net, so that functions of
//! several draws gain as well. Draws that no cost combines, such as the rows of a batch, share coordinates that are scrambled
//! independently.
//!
//! The linear scramble draws a random lower triangular matrix L of coins with a unit diagonal for each coordinate (`matousek1998discrepancy`).
//! Owen's nested scrambling has the same variance for every F, because pairs of points have the same law. A shift keeps the
//! differences of digits and costs less; it has no guarantee against an F that resonates with the net.
//!
//! The points of one net are not independent: ± comes from independent scramblings (replicates), never from the spread of the points.
//! Choose it if F is smooth and few draws matter, with as many samples as are affordable. With hundreds of draws of similar importance or
//! an F that is far from smooth there is little gain, and a minibatch adds variance that it does not touch.
//! Also called: QMC variational inference, RQMC.
//! Reference: `buchholz2018quasi`, `owen1997scrambled`, `joe2008constructing`.

use aleator_engine::graph::{Graph, Op};

use super::pathwise::has_path;
use crate::distributions::{Distribution, MOST_DIGITS, MOST_DIMENSIONS, Noise, Scramble};
use crate::error::{Error, Result};
use crate::rewrite::{
    AnyOrder, Bias, CheckedOptions, Estimator, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    SiteValue, Smoothness,
};

/// The scrambles by their words.
const SCRAMBLES: [(&str, Scramble); 2] = [("linear", Scramble::Linear), ("shift", Scramble::Shift)];

/// Samples from the points of a scrambled net.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuasiMonteCarlo {
    /// How the digits of the net are made random.
    pub scramble: Scramble,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::word("scramble", &["linear", "shift"])];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "quasi_monte_carlo",
    aliases: &["qmc", "rqmc"],
    bias: Bias::Unbiased,
    summary: "pathwise with the noise of the samples from the points of one scrambled Sobol net",
    formula: "1/K sum_k grad F(T(u_k; theta)), u_1..u_K a scrambled net",
    distributions: "continuous distributions with a differentiable transform of uniform numbers",
    requires: "F continuous and differentiable at the sample",
    evaluations: "K, a power of 2",
    smoothness: Smoothness::AtSample,
    advice: "if F is smooth and few draws matter; the error falls faster than 1/sqrt(K)",
    options: OPTIONS,
    reference: "buchholz2018quasi",
};

impl QuasiMonteCarlo {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        QuasiMonteCarlo { scramble: options.word("scramble", &SCRAMBLES) }
    }
}

/// The number of uniform numbers of one draw; `None` if the sampler uses other noise.
fn uniforms(distribution: &Distribution<'_>) -> Option<usize> {
    let scratch = Graph::new();
    let parameters = distribution.parameters().iter().map(|p| scratch.input("p", p.shape())).collect();
    let alike = Distribution::new(distribution.family().clone(), parameters);
    let shape = alike.batch_shape().unwrap_or_default();
    alike.sample(&mut Noise::new(&scratch, 0, shape.clone()));
    let mut numbers = 0;
    for id in scratch.ids() {
        let (uniform, draw, count) = scratch.with_node(id, |node| {
            let is_draw = matches!(node.op, Op::Draw { .. });
            (matches!(node.op, Op::Uniform { .. }), is_draw, node.shape.numel())
        });
        match (uniform, draw) {
            (_, true) => return None,
            (true, _) => numbers += count,
            _ => {}
        }
    }
    (numbers > 0).then(|| numbers / shape.numel().max(1))
}

impl Estimator for QuasiMonteCarlo {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        let word = SCRAMBLES.iter().find(|(_, s)| *s == self.scramble).map_or("linear", |(word, _)| word);
        vec![("scramble", word.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_path(site)?;
        let uniforms = uniforms(site.distribution).ok_or(
            "its sampler does not use uniform numbers alone, which the points of a net could replace",
        )?;
        match uniforms.checked_mul(site.coupled_draws) {
            Some(dimensions) if dimensions <= MOST_DIMENSIONS => Ok(()),
            _ => Err(format!(
                "costs combine {} draws of {uniforms} uniform numbers each, and Sobol's sequence has {MOST_DIMENSIONS} dimensions \
                 with published direction numbers; use pathwise",
                site.coupled_draws
            )),
        }
    }

    fn min_samples(&self) -> usize {
        2
    }

    fn accepts_samples(&self, _: &SiteInfo<'_, '_>, samples: usize) -> Result<(), String> {
        let most = 1 << MOST_DIGITS;
        if samples > most {
            return Err(format!(
                "a net has at most {most} points; use more replicates instead of more samples"
            ));
        }
        if samples.is_power_of_two() {
            return Ok(());
        }
        let above = samples.next_power_of_two();
        Err(format!(
            "the points of a net are a power of 2 in number, and {samples} is not one; use {} or {above} samples",
            above / 2
        ))
    }

    fn any_order(&self) -> Option<AnyOrder> {
        Some(AnyOrder::Differentiable)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let uniforms = uniforms(site.distribution()).unwrap_or(0);
        let mut noise = site.net_noise(uniforms, self.scramble).map_err(|reason| Error::Unsuitable {
            estimator: PROPERTIES.name.into(),
            site: site.name().into(),
            distribution: site.distribution().name().into(),
            reason,
        })?;
        Ok(SiteValue::value(site.distribution().sample(&mut noise)))
    }
}
