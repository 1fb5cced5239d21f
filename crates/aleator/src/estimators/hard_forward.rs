//! A hard value with the derivative of another expression: what the straight-through estimators share.
//!
//! ```text
//! z + y − sg(y):     the value z, the derivative ∂y/∂θ
//! ```

use aleator_engine::graph::Expr;

use crate::error::Result;
use crate::rewrite::{Site, SiteValue};

/// The value `hard` with the derivative of `backward`.
pub(super) fn with_derivative_of<'g>(hard: Expr<'g>, backward: Expr<'g>) -> SiteValue<'g> {
    SiteValue::value(hard + (backward - backward.stop_gradient()))
}

/// The log-odds φ, with 0 in place of those that are infinite. Their probabilities are 0 or 1 and have the derivative 0, which
/// must not be multiplied by ∞.
pub(super) fn finite_log_odds<'g>(site: &Site<'g>) -> Result<Expr<'g>> {
    let phi = site.log_odds()?;
    Ok(phi.abs().equal(f64::INFINITY).select(0.0, phi))
}
