//! Chi-squared: z > 0, the sum of the squares of ν standard normal numbers.
//!
//! ```text
//! z ~ Gamma(ν/2, ½)
//! log p(z) = (ν/2 − 1) log z − z/2 − (ν/2) log 2 − log Γ(ν/2)
//! E z = ν,   Var z = 2ν
//! ```
//!
//! Parameter: ν (`df`), the degrees of freedom, positive and finite. Samples, derivatives, transforms and moments are those of the
//! Gamma family.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support};
use super::gamma::Gamma;
use super::implicit::ImplicitReparameterization;
use super::noise::Noise;
use super::transformation::{Transform, Transformation, Transformed};

/// The chi-squared family.
#[derive(Clone, Copy, Debug)]
pub struct Chi2;

impl Chi2 {
    /// ν (`df`) > 0.
    pub fn new<'g>(df: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Chi2), [df.into()])
    }
}

/// The concentration and the rate of the Gamma.
pub(super) fn of_gamma<'g>(parameters: &[Expr<'g>]) -> [Expr<'g>; 2] {
    [0.5 * parameters[0], parameters[0].graph().scalar(0.5)]
}

impl Family for Chi2 {
    fn name(&self) -> &'static str {
        "Chi2"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter { name: "df", constraint: Constraint::Positive, event_rank: 0 }]
    }

    fn support(&self) -> Support {
        Support::Positive
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        Gamma.sample(&of_gamma(parameters), noise)
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn transformation(&self) -> Option<&dyn Transformation> {
        Some(self)
    }

    fn implicit_reparameterization(&self) -> Option<&dyn ImplicitReparameterization> {
        Some(self)
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        Gamma.log_prob(&of_gamma(parameters), z)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        Gamma.log_prob_of_draw(&of_gamma(parameters), noise)
    }

    fn support_bijector<'g>(&self, parameters: &[Expr<'g>], x: Expr<'g>) -> Option<(Expr<'g>, Expr<'g>)> {
        Gamma.support_bijector(&of_gamma(parameters), x)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(parameters[0])
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(2.0 * parameters[0])
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Gamma.entropy(&of_gamma(parameters))
    }
}

impl ImplicitReparameterization for Chi2 {
    fn implicit_sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        Gamma.implicit_sample(&of_gamma(parameters), noise)
    }
}

impl Transformation for Chi2 {
    fn has(&self, transform: Transform) -> bool {
        Gamma.has(transform)
    }

    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g> {
        Gamma.transformed(&of_gamma(parameters), noise, transform)
    }
}
