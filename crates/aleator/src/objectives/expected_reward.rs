//! Expected reward: −1/B Σ_rows E[reward].
//!
//! The reward may be a black box. Then only estimators that do not differentiate the cost can be used. Reference:
//! `williams1992simple`.

use aleator_engine::graph::Expr;

use super::terms::negative_mean;

/// The negative of `reward` divided by the number of its elements, as a cost.
pub fn expected_reward(reward: Expr<'_>) -> Expr<'_> {
    negative_mean(reward)
}
