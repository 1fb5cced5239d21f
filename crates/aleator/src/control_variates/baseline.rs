//! Baselines: control variates of the form b ∇θ log p(z; θ).
//!
//! ```text
//! E[(F(z) − b) ∇ log p(z)] = E[F(z) ∇ log p(z)]    for every b that does not depend on z
//! ```
//!
//! | baseline       | b                                                                  |
//! |----------------|--------------------------------------------------------------------|
//! | none           | 0                                                                  |
//! | number         | b                                                                  |
//! | moving average | m, the decayed mean of costs of *earlier* runs; starts at 0        |
//! | leave-one-out  | 1/(K−1) Σ_{j≠k} F(zⱼ), the mean of the other samples; K ≥ 2        |
//!
//! A baseline never depends on the sample it multiplies: the moving average is read before it is updated.
//! References: `williams1992simple` (baselines), `kool2019buy` (leave-one-out).

use aleator_engine::graph::Expr;

use crate::graph::Site;

/// Which baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Baseline {
    /// Nothing is subtracted.
    None,
    /// A constant.
    Number(f64),
    /// The decayed mean of the costs of earlier runs.
    MovingAverage {
        /// How much of the mean is kept at each run, in [0, 1).
        decay: f64,
    },
    /// The mean of the other samples.
    LeaveOneOut,
}

impl Baseline {
    /// F − b, for costs of shape sample + batch.
    pub fn subtract<'g>(self, cost: Expr<'g>, site: &Site<'g>) -> Expr<'g> {
        match self {
            Baseline::None => cost,
            Baseline::Number(b) => cost - b,
            Baseline::MovingAverage { decay } => cost - site.moving_average("baseline", decay, cost),
            Baseline::LeaveOneOut => {
                // F_k − 1/(K−1) (Σ F − F_k)
                let others = site.sum_over_samples(cost) - cost;
                cost - others / (site.num_samples() as f64 - 1.0)
            }
        }
    }

    /// The fewest samples it needs.
    pub fn min_samples(self) -> usize {
        if self == Baseline::LeaveOneOut { 2 } else { 1 }
    }
}
