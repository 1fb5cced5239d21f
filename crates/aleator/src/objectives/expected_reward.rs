//! Expected reward: −1/B Σ_rows E[reward].
//!
//! The reward may be a black box: then only estimators that need no derivative of it serve the sites.
//! Reference: `williams1992simple`.

use aleator_engine::graph::Expr;

use super::terms::negative_mean;

/// The negative of `reward`, to be minimised, divided by the number of its elements.
pub fn expected_reward(reward: Expr<'_>) -> Expr<'_> {
    negative_mean(reward)
}
