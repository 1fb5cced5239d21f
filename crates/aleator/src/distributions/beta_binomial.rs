//! Beta-binomial: z ∈ {0, …, n}, a Binomial whose probability of a success is a Beta.
//!
//! ```text
//! z ~ Binomial(n, p),   p ~ Beta(a, b)
//! log p(z) = log (n over z) + log B(z + a, n − z + b) − log B(a, b)
//!          = c(z) − D(z, n ρ) − D(n − z, n (1 − ρ)) − D(a, s ρ) − D(b, s (1 − ρ)) + e(z)     with Stirling's formula, see `special`
//! s = a + b,   ρ = (z + a)/(n + s),   c(z) as for the Binomial
//! e(z) = ½ log a b (n + s)/((z + a)(n − z + b) s) + δ(z + a) − δ(a) + δ(n − z + b) − δ(b) − δ(n + s) + δ(s)
//! E z = n a/s,   Var z = n (a/s)(b/s)(n + s)/(s + 1)
//! P(k + 1) ≥ P(k)  where  k (s − 2) ≤ n (a − 1) + 1 − b                                the mode follows from this
//! ```
//!
//! The linear parts of the four deviances cancel, as ρ and 1 − ρ have the sum 1; what is left of x log x are the logarithms of the Gamma
//! functions. Everything that is large is part of a deviance, so that large counts and concentrations are accurate.
//! By hand, for n = 1: P(1) = B(1 + a, b)/B(a, b) = a/s.
//!
//! Parameters: n (`total_count`), a non-negative integer, with respect to which nothing is differentiated; a (`concentration1`) and b
//! (`concentration0`), positive and finite. Samples are exact. If n is constant and not too large, the outcomes can be enumerated, and the
//! entropy is a sum over them.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::binomial::{coefficient, entropy_of_counts, largest_count};
use super::coordinates;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::{deviance_by_log, is_count, place, stirling_error};

/// The beta-binomial family.
#[derive(Clone, Copy, Debug)]
pub struct BetaBinomial;

impl BetaBinomial {
    /// n (`total_count`), a (`concentration1`) > 0 and b (`concentration0`) > 0.
    pub fn new<'g>(
        total_count: impl Into<Argument<'g>>,
        concentration1: impl Into<Argument<'g>>,
        concentration0: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(
            Arc::new(BetaBinomial),
            [total_count.into(), concentration1.into(), concentration0.into()],
        )
    }
}

impl Family for BetaBinomial {
    fn name(&self) -> &'static str {
        "BetaBinomial"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "total_count", constraint: Constraint::Count, event_rank: 0 },
            Parameter { name: "concentration1", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "concentration0", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::BoundedCounts
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [n, a, b] = unpack(parameters);
        let logit = noise.logit_beta(a, b);
        noise.binomial(n, logit.sigmoid(), (-logit).sigmoid())
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let possible = is_count(z);
        let log_prob = self.log_prob_of_count(parameters, possible.select(z, 0.0));
        possible.select(log_prob, f64::NEG_INFINITY)
    }

    fn log_prob_of_count<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [n, a, b] = unpack(parameters);
        let n = n.stop_gradient();
        let possible = place(z).less_equal(n);
        let z = possible.select(z, 0.0);
        let s = a + b;
        let log_total = (n + s).log();
        // Of the successes and of the failures: the deviances and the remainders of the Gamma functions.
        let side = |count: Expr<'g>, concentration: Expr<'g>| {
            let sum = count + concentration;
            let log_share = sum.log() - log_total;
            let share = sum / (n + s);
            let part = |x: Expr<'g>, of: Expr<'g>| {
                let empty = place(of).equal(0.0);
                let log_of = empty.select(0.0, empty.select(1.0, of).log());
                deviance_by_log(x, of * share, log_of + log_share)
            };
            let remainder =
                0.5 * (concentration.log() - sum.log()) + stirling_error(sum) - stirling_error(concentration);
            remainder - part(count, n) - part(concentration, s)
        };
        let of_totals = 0.5 * (log_total - s.log()) - stirling_error(n + s) + stirling_error(s);
        let log_prob = coefficient(n, z) + side(z, a) + side(n - z, b) + of_totals;
        possible.select(log_prob, f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [n, a, b] = unpack(parameters);
        let (p, q) = (a / (a + b), b / (a + b));
        let deviation = n.sqrt() * (p * q * ((n + a + b) / (1.0 + a + b))).sqrt();
        coordinates::of_count(self, parameters, noise, deviation)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [n, a, b] = unpack(parameters);
        Some(n.stop_gradient() * (a / (a + b)))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [n, a, b] = unpack(parameters);
        let (n, s) = (n.stop_gradient(), a + b);
        Some(n * (a / s) * (b / s) * ((n + s) / (1.0 + s)))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        entropy_of_counts(self, parameters)
    }

    fn outcomes(&self, parameters: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        Some((0..=largest_count(parameters[0])?).map(|k| vec![k as f64]).collect())
    }

    fn outcome_count(&self, parameters: &[Expr<'_>]) -> Option<usize> {
        Some(largest_count(parameters[0])? + 1)
    }

    /// Where the probabilities first rise and then fall, the last rise decides; where they first fall, the greater end.
    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [n, a, b] = unpack(parameters);
        let excess = a + b - 2.0;
        let has_peak = excess.greater(0.0);
        let last_rise = ((n * (a - 1.0) + 1.0 - b) / has_peak.select(excess, 1.0)).floor();
        let peak = (last_rise + 1.0).maximum(0.0).minimum(n);
        Some(has_peak.select(peak, a.greater(b).select(n, 0.0)))
    }
}
