//! DisARM for categorical draws: an antithetic pair of outcomes, with the noise integrated out.
//!
//! ```text
//! outcomes in ascending order of p:     Sₖ = Σ pⱼ behind k,     Rₖ = pₖ + Sₖ,     sₖ = pₖ/Rₖ ≤ ½, but 1 for the last
//! bₖ = 1[uₖ < sₖ],   b̃ₖ = 1[1 − uₖ < sₖ]                       z, z̃: the first outcome with bₖ = 1, with b̃ₖ = 1
//! i: the earlier of z and z̃
//!
//! ∇ E[F(z)]  ≈  ½ (F(z) − F(z̃)) (e_z − e_z̃) w                  by log p;               variant = importance_weighting
//!    w = p_z p_z̃/P(z, z̃) = Sᵢ/Rᵢ Π_{k before i} (1 + pₖ²/(Rₖ (Sₖ − pₖ)))  <  2
//!
//! ∇ E[F(z)]  ≈  ½ (F(z) − F(z̃)) dₖ                             by log sₖ/(1 − sₖ);     variant = stick_breaking
//!    dₖ = (bₖ − b̃ₖ)(1 − sₖ)        up to i
//!    dₖ = bₖ − sₖ  or  sₖ − b̃ₖ     behind i, where only z or only z̃ is still to come;   0 behind both
//! ```
//!
//! | property       | value                                                                              |
//! |----------------|------------------------------------------------------------------------------------|
//! | bias           | none                                                                               |
//! | distributions  | Categorical, OneHotCategorical with at most 512 outcomes                           |
//! | needs of F     | none: may be discontinuous or a black box                                          |
//! | evaluations    | K, even: K/2 pairs; 2 K where the parameters depend on earlier draws               |
//!
//! Derivation: bₖ decides whether the draw is k or one behind it, so that z has the distribution p, and so has z̃, in any order. If
//! the pair is (i, j) with i before j, the coins before i fall on 0 in both sequences, which has the probability 1 − 2 sₖ; coin i on 1
//! in one of them alone, sᵢ; and those from there to j in the other one as if it were alone. Hence P(z = i, z̃ = j) =
//! Π_{k before i} (1 − 2 sₖ) sᵢ pⱼ/Sᵢ, which is positive for all i ≠ j, because only the last two outcomes can have sₖ = ½. Independent draws
//! have E[F(z)(e_z − e_z')] = Σᵢⱼ pᵢ pⱼ Fᵢ (eᵢ − eⱼ), the derivative by log p; the pair is weighted by pᵢ pⱼ/P(i, j), and both halves
//! are averaged. With n outcomes sₖ ≤ 1/(the number from k on), so w ≤ Π_{m=3}ⁿ (m − 1)²/(m (m − 2)) = 2 (n − 1)/n.
//!
//! In the other variant, each coin has the estimate of [`Disarm`], with 1 − sₖ = max(sₖ, 1 − sₖ). A coin behind z has no influence on F(z):
//! given b̃ₖ, the mean of (bₖ − b̃ₖ)(1 − sₖ) is sₖ − b̃ₖ, which takes its place.
//!
//! Two outcomes, by hand: s₁ = min(p, q), w = S₁/R₁ = max(p, q), and both are DisARM.
//!
//! Each draw of a site has its own coins. A constant that is added to F has no effect, and a pair of equal outcomes contributes nothing.
//! If a site's parameters do not depend on earlier draws, samples k and k + K/2 are a pair. If they do, each sample has a partner of its
//! own, as in [`Disarm`].
//! Choose it for many categorical draws that together influence one cost; `local_expectation` is better if F may be evaluated at all
//! other outcomes, and `unordered_set` for one draw.
//! Reference: `dong2021coupled`; the weights are also those of `dimitriev2021carms` for two samples.
//!
//! [`Disarm`]: super::Disarm

use aleator_engine::graph::{Expr, Shape};

use super::coupled_coins::{has_pairs, mirrored, partners};
use crate::distributions::Support;
use crate::error::{Error, Result};
use crate::rewrite::{
    Bias, CheckedOptions, Cone, DownstreamSites, Estimator, GradientTerm, OptionSpec, OptionValue,
    Properties, Site, SiteInfo, SiteValue, Smoothness,
};

/// The largest number of outcomes: all pairs of them are compared.
const MOST_OUTCOMES: usize = 512;

/// How the pair becomes an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// By the probability of the pair.
    #[default]
    ImportanceWeighting,
    /// Coin by coin.
    StickBreaking,
}

/// The variants by their words.
const VARIANTS: [(&str, Variant); 2] =
    [("importance_weighting", Variant::ImportanceWeighting), ("stick_breaking", Variant::StickBreaking)];

/// The antithetic pair of categorical draws.
#[derive(Clone, Copy, Debug, Default)]
pub struct DisarmCategorical {
    /// How the pair becomes an estimate.
    pub variant: Variant,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::word("variant", &["importance_weighting", "stick_breaking"])];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "disarm_categorical",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the difference of F over an antithetic pair of categorical draws, with their noise integrated out",
    formula: "1/2 (F(z) - F(z~)) (grad log p(z) - grad log p(z~)) p(z) p(z~) / P(z, z~)",
    distributions: "Categorical and OneHotCategorical",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K, even (2 K behind earlier draws)",
    smoothness: Smoothness::NotNeeded,
    advice: "for many categorical z when F may be evaluated in pairs",
    options: OPTIONS,
    reference: "dong2021coupled",
};

/// The coins of each draw of a site, with the outcomes along a last axis, and what is known of their order.
struct Coins<'g> {
    /// b
    here: Expr<'g>,
    /// b̃
    there: Expr<'g>,
    /// 1 where the outcome of the last axis comes before that of the last but one.
    before: Expr<'g>,
    /// p
    p: Expr<'g>,
    /// S
    behind: Expr<'g>,
    /// R
    from: Expr<'g>,
    /// s
    share: Expr<'g>,
}

impl<'g> Coins<'g> {
    fn of(site: &Site<'g>) -> Result<Self> {
        let log_p = log_masses(site)?.stop_gradient();
        let n = log_p.shape().from_end(0);
        let (row, column) = (log_p.unsqueeze(-1), log_p.unsqueeze(-2));
        // Outcomes of equal probability in the order of their numbers.
        let lower = (0..n * n).map(|at| f64::from(u8::from(at % n < at / n))).collect();
        let lower = log_p.graph().tensor(Shape::from([n, n]), lower);
        let before = column.less(row) + column.equal(row) * lower;
        let p = log_p.exp();
        let other = 1.0 - log_p.graph().iota(n).one_hot(n);
        let behind = ((other - before) * p.unsqueeze(-2)).sum_axes(-1);
        let from = p + behind;
        let share = p / from;
        let u = if site.is_conditional() { site.noise().uniform(&[n]) } else { mirrored(site, &[n]) };
        let last = behind.equal(0.0);
        let coin = |u: Expr<'g>| last.select(1.0, u.less(share)).stop_gradient();
        Ok(Coins { here: coin(u), there: coin(1.0 - u), before, p, behind, from, share })
    }

    /// 1 where no coin before falls on 1.
    fn open(&self, coins: Expr<'g>) -> Expr<'g> {
        (self.before * coins.unsqueeze(-2)).sum_axes(-1).equal(0.0)
    }

    /// The first outcome whose coin falls on 1, as a one-hot vector.
    fn first(&self, coins: Expr<'g>) -> Expr<'g> {
        coins * self.open(coins)
    }

    /// e_z − e_z̃, multiplied by w.
    fn weighted(&self) -> Expr<'g> {
        let earlier = self.first(self.here.maximum(self.there));
        let factor = 1.0 + self.p.square() / (self.from * (self.behind - self.p));
        // The last two outcomes are before no first one, and may have an infinite factor.
        let log_factors = self.before.select(factor.log().unsqueeze(-2), 0.0).sum_axes(-1);
        let weight = earlier.select(self.behind / self.from * log_factors.exp(), 0.0).sum_axes(-1);
        (self.first(self.here) - self.first(self.there)) * weight.unsqueeze(-1)
    }

    /// Σₖ dₖ ∂ log(sₖ/(1 − sₖ)) by each log p, where log(sₖ/(1 − sₖ)) = log pₖ − log Sₖ.
    fn by_coin(&self) -> Expr<'g> {
        let (open_here, open_there) = (self.open(self.here), self.open(self.there));
        let only_here = self.here - self.share;
        let only_there = self.share - self.there;
        let both = (self.here - self.there) * (1.0 - self.share);
        let d = open_here.select(open_there.select(both, only_here), open_there.select(only_there, 0.0));
        let d = self.behind.greater(0.0).select(d, 0.0);
        let per_mass = self.behind.greater(0.0).select(d / self.behind, 0.0);
        d - self.p * (self.before * per_mass.unsqueeze(-2)).sum_axes(-1)
    }
}

/// log p of all outcomes along a last axis.
fn log_masses<'g>(site: &Site<'g>) -> Result<Expr<'g>> {
    let distribution = site.distribution();
    distribution
        .family()
        .log_masses(distribution.parameters())
        .ok_or_else(|| Error::Invalid(format!("the distribution of `{}` is not categorical", site.name())))
}

impl DisarmCategorical {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        DisarmCategorical { variant: options.word("variant", &VARIANTS) }
    }

    /// A one-hot vector as a value of the site.
    fn value<'g>(site: &Site<'g>, one_hot: Expr<'g>) -> Expr<'g> {
        match site.distribution().family().support() {
            Support::OneHot => one_hot,
            _ => one_hot.argmax(),
        }
    }
}

impl Estimator for DisarmCategorical {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        let word = VARIANTS.iter().find(|(_, v)| *v == self.variant).map_or(VARIANTS[0].0, |(word, _)| word);
        vec![("variant", word.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        let distribution = site.distribution;
        match distribution.family().support() {
            Support::Indices | Support::OneHot => {}
            Support::Boolean => return Err("its draws have two outcomes; use disarm".into()),
            _ => {
                return Err(
                    "it couples the draws of a Categorical or OneHotCategorical; use reinforce_loo".into()
                );
            }
        }
        match distribution.family().outcome_count(distribution.parameters()) {
            Some(n) if n > MOST_OUTCOMES => Err(format!(
                "it compares all pairs of its {n} outcomes, of which there may be {MOST_OUTCOMES}; use reinforce_loo"
            )),
            _ => Ok(()),
        }
    }

    fn min_samples(&self) -> usize {
        2
    }

    fn accepts_samples(&self, _: &SiteInfo<'_, '_>, samples: usize) -> Result<(), String> {
        has_pairs(samples)
    }

    fn extra_evaluations(&self, site: &SiteInfo<'_, '_>, _: usize) -> usize {
        usize::from(site.conditional)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let coins = Coins::of(site)?;
        Ok(SiteValue::value(Self::value(site, coins.first(coins.here)).stop_gradient()))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let (coins, f) = (Coins::of(site)?, cone.cost());
        let (here, there) = (coins.first(coins.here), coins.first(coins.there));
        let f_there = if site.is_conditional() {
            let there = Self::value(site, there).stop_gradient();
            cone.cost_at(there, DownstreamSites::AsPlanned)?
        } else {
            partners(site, f)
        };
        let same = (here * there).sum_axes(-1);
        let difference = same.select(0.0, f - f_there);
        let direction = match self.variant {
            Variant::ImportanceWeighting => coins.weighted(),
            Variant::StickBreaking => coins.by_coin(),
        };
        // A probability of 0 has the derivative 0, by which −∞ must not be multiplied.
        let log_p = log_masses(site)?;
        let expr = log_p.equal(f64::NEG_INFINITY).select(0.0, log_p);
        let weight = (0.5 * difference).unsqueeze(-1) * direction;
        Ok(vec![GradientTerm { expr, weight, event_rank: 1 }])
    }
}
