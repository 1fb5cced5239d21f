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
//! The optimal ones follow from d/db Σ_d Var[(F − b) s_d] = −2 Σ_d E[(F − b) s_d²] = 0, as E s = 0. Several elements
//! with costs of their own have ⟨Σ F s, Σ s⟩ in place of F s².
//!
//! Beside a control variate that learns as well (REBAR, RELAX) a baseline must follow the variance, too: least squares and the
//! variance ask for different things there, and the two would drive each other away from both.
//!
//! A baseline never depends on the sample it multiplies: what is kept is read before it is updated.
//! References: `williams1992simple` (baselines), `mnih2014neural` (learned), `greensmith2004variance` (optimal),
//! `kool2019buy` (leave-one-out), `rennie2017self` (self-critical).

use aleator_engine::graph::Expr;

use super::network::{Network, Trained, known};
use crate::error::Result;
use crate::rewrite::{Cone, DownstreamSites, Site};

/// Which baseline.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Baseline {
    /// Nothing is subtracted.
    #[default]
    None,
    /// A constant.
    Number(f64),
    /// The decayed mean of the costs of earlier runs.
    MovingAverage {
        /// How much of the mean is kept at each run, in [0, 1).
        decay: f64,
    },
    /// A network of what is known before the draw, and the decayed mean of what it left in earlier runs.
    Learned {
        /// Hidden units of the network.
        hidden: usize,
        /// How much of the mean is kept at each run, in [0, 1).
        decay: f64,
    },
    /// A network of what is known before the draw, trained by descent on the variance of the estimate.
    LearnedByVariance {
        /// Hidden units of the network.
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
    /// F − b, for costs of shape sample + batch that multiply the score of `log_prob`.
    ///
    /// # Errors
    /// If the cost cannot be evaluated at a most probable outcome.
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
            // Later sites are drawn from their own noise, which z knows nothing of.
            Baseline::SelfCritical => cost - cone.cost_at(site.mode()?, DownstreamSites::AsPlanned)?,
            Baseline::Optimal => cost - site.optimal_baseline(log_prob, cost, false),
            Baseline::OptimalPerCoordinate => cost - site.optimal_baseline(log_prob, cost, true),
        })
    }

    /// The same, but following the variance if it is learned: for use beside a control variate that does.
    pub fn following_the_variance(self) -> Self {
        match self {
            Baseline::Learned { hidden, .. } => Baseline::LearnedByVariance { hidden },
            other => other,
        }
    }

    /// The fewest samples it needs.
    pub fn min_samples(self) -> usize {
        if self == Baseline::LeaveOneOut { 2 } else { 1 }
    }

    /// Whether it evaluates the cost at a most probable outcome.
    pub fn needs_mode(self) -> bool {
        self == Baseline::SelfCritical
    }

    /// Cost evaluations per sample that it adds.
    pub fn extra_evaluations(self) -> usize {
        usize::from(self.needs_mode())
    }
}

/// b_ψ, in the layout of the cone's cost.
pub fn learned<'g>(site: &Site<'g>, hidden: usize, trained: Trained) -> Expr<'g> {
    let inputs = known(site);
    Network::new(site, "baseline", &inputs, hidden, trained).apply(&inputs)
}
