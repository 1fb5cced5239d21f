//! Baselines: control variates of the form b ∇θ log p(z; θ).
//!
//! ```text
//! E[(F(z) − b) ∇ log p(z)] = E[F(z) ∇ log p(z)]    for every b that does not depend on z
//! ```
//!
//! | baseline               | b                                                                            |
//! |------------------------|------------------------------------------------------------------------------|
//! | none                   | 0                                                                            |
//! | number                 | b                                                                            |
//! | moving average         | m, the decayed mean of costs of *earlier* runs; starts at 0                  |
//! | learned                | b_ψ(x) + m: a network of what is known before the draw, trained by least     |
//! |                        | squares, and the moving average of what it leaves; both start at 0           |
//! | learned by variance    | b_ψ(x), trained with the other parameters that follow the variance           |
//! | leave-one-out          | 1/(K−1) Σ_{j≠k} F(zⱼ), the mean of the other samples; K ≥ 2                  |
//! | self-critical          | F at a most probable outcome; one evaluation more                            |
//! | optimal                | Σ_d E[F s_d²] / Σ_d E[s_d²], s = ∇ log p: from earlier (pilot) runs          |
//! | optimal per coordinate | b_d = E[F s_d²] / E[s_d²], one for each coordinate d of the gradient         |
//!
//! The optimal baselines follow from d/db Σ_d Var[(F − b) s_d] = −2 Σ_d E[(F − b) s_d²] = 0, since E s = 0. For several elements
//! with separate costs, ⟨Σ F s, Σ s⟩ takes the place of F s².
//!
//! Together with a control variate that is learned as well (REBAR, RELAX), a baseline must also be trained on the variance. Least
//! squares and the variance have different optima there, and the two would move away from both.
//!
//! A baseline never depends on the sample that it multiplies: stored values are read before they are updated.
//! References: `williams1992simple` (baselines), `mnih2014neural` (learned), `greensmith2004variance` (optimal),
//! `kool2019buy` (leave-one-out), `rennie2017self` (self-critical).

use aleator_engine::graph::Expr;

use super::network::{Network, Trained, known};
use crate::error::Result;
use crate::rewrite::{Cone, DownstreamSites, Site};

/// A baseline.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Baseline {
    /// No baseline.
    #[default]
    None,
    /// A constant.
    Number(f64),
    /// The decayed mean of the costs of earlier runs.
    MovingAverage {
        /// The decay of the mean at each run, in [0, 1).
        decay: f64,
    },
    /// A network of what is known before the draw, plus the decayed mean of its residual in earlier runs.
    Learned {
        /// The number of hidden units of the network.
        hidden: usize,
        /// The decay of the mean at each run, in [0, 1).
        decay: f64,
    },
    /// A network of what is known before the draw, trained by gradient descent on the variance of the estimate.
    LearnedByVariance {
        /// The number of hidden units of the network.
        hidden: usize,
    },
    /// The mean of the other samples.
    LeaveOneOut,
    /// The cost at a most probable outcome.
    SelfCritical,
    /// The constant with the smallest total variance.
    Optimal,
    /// For each coordinate of the gradient, the constant with the smallest variance.
    OptimalPerCoordinate,
}

impl Baseline {
    /// Computes F − b, for costs of shape sample + batch that multiply the score of `log_prob`.
    ///
    /// # Errors
    /// Returns an error if the cost cannot be evaluated at a most probable outcome.
    pub fn subtract<'g>(
        self,
        cost: Expr<'g>,
        log_prob: Expr<'g>,
        site: &Site<'g>,
        cone: &Cone<'_, 'g>,
    ) -> Result<Expr<'g>> {
        Ok(match self {
            Baseline::None => cost,
            Baseline::Number(b) => cost - b,
            Baseline::MovingAverage { decay } => cost - site.moving_average("baseline", decay, cost),
            Baseline::Learned { hidden, decay } => {
                let signal = cost - learned(site, hidden, Trained::ByLoss);
                let centred = signal - site.moving_average("baseline", decay, signal);
                site.own_loss(centred.square().mean());
                centred
            }
            Baseline::LearnedByVariance { hidden } => cost - learned(site, hidden, Trained::ByVariance),
            Baseline::LeaveOneOut => {
                // F_k − 1/(K−1) (Σ F − F_k)
                let others = site.sum_over_samples(cost) - cost;
                cost - others / (site.num_samples() as f64 - 1.0)
            }
            // Later sites are drawn from their own noise, which is independent of z.
            Baseline::SelfCritical => cost - cone.cost_at(site.mode()?, DownstreamSites::AsPlanned)?,
            Baseline::Optimal => cost - site.optimal_baseline(log_prob, cost, false),
            Baseline::OptimalPerCoordinate => cost - site.optimal_baseline(log_prob, cost, true),
        })
    }

    /// The same baseline, trained on the variance if it is learned. Use it together with a control variate that is trained in
    /// this way.
    pub fn following_the_variance(self) -> Self {
        match self {
            Baseline::Learned { hidden, .. } => Baseline::LearnedByVariance { hidden },
            other => other,
        }
    }

    /// The smallest number of samples that the baseline needs.
    pub fn min_samples(self) -> usize {
        if self == Baseline::LeaveOneOut { 2 } else { 1 }
    }

    /// Whether the baseline evaluates the cost at a most probable outcome.
    pub fn needs_mode(self) -> bool {
        self == Baseline::SelfCritical
    }

    /// The number of additional cost evaluations per sample.
    pub fn extra_evaluations(self) -> usize {
        usize::from(self.needs_mode())
    }
}

/// b_ψ, in the layout of the cone's cost.
pub fn learned<'g>(site: &Site<'g>, hidden: usize, trained: Trained) -> Expr<'g> {
    let inputs = known(site);
    Network::new(site, "baseline", &inputs, hidden, trained).apply(&inputs)
}
