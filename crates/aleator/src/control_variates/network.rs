//! A small network over the elements of a site that belong together. It is used as a learned control variate or baseline.
//!
//! ```text
//! r(x) = w₂ᵀ tanh(W₁ᵀ x + a) + c
//! ```
//!
//! x contains, for each group of draws whose costs are combined, all numbers of the group in one row. The groups (for example the
//! rows of a batch) share the weights. Inputs are clipped to finite numbers: parameters that may be infinite (logits) are clipped
//! at ±16, beyond which a probability is within 10⁻⁷ of 0 or 1; all other inputs are clipped at ±10³⁰, so that no sum overflows
//! in either number format. Infinite inputs would produce ∞ − ∞. A baseline may be any function of the parameters, and a control
//! variate may be any differentiable function of the draw, so clipping biases neither. w₂ and c start at 0, so r = 0 initially
//! for any W₁. The initial W₁ is uniform in ±1/√n for n inputs, and is the same at every start.

use aleator_engine::exec::philox;
use aleator_engine::graph::{Expr, Shape, concat};

use crate::rewrite::Site;

/// The largest number of hidden units.
pub const MOST_HIDDEN: usize = 4096;

/// The bound at which logits are clipped.
const LARGEST_LOGIT: f64 = 16.0;
/// The bound at which all other inputs are clipped.
const LARGEST_INPUT: f64 = 1e30;

/// The objective that trains the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trained {
    /// The variance of the gradient estimate.
    ByVariance,
    /// A loss declared with [`Site::own_loss`].
    ByLoss,
}

/// The network with its weights, which are parameters owned by the site.
pub struct Network<'a, 'g> {
    site: &'a Site<'g>,
    weights: [Expr<'g>; 4],
}

/// The stream of the initial weights, which is disjoint from the streams of the sites.
const STREAM: u32 = philox::STREAMS - 200;

impl<'a, 'g> Network<'a, 'g> {
    /// Creates a network with `hidden` units; inputs are (expression, event rank). The weights are named `name.hidden_weight` and
    /// so on.
    pub fn new(
        site: &'a Site<'g>,
        name: &str,
        inputs: &[(Expr<'g>, usize)],
        hidden: usize,
        trained: Trained,
    ) -> Self {
        let width: usize =
            inputs.iter().map(|&(x, event)| site.coupled_rows(x, event).shape().from_end(0)).sum();
        let uniform = |n: usize| {
            let mut values = vec![0.0; n];
            philox::fill_uniform(&mut values, 0, STREAM, 0, 0);
            let limit = 1.0 / (width.max(1) as f64).sqrt();
            values.into_iter().map(|u: f64| limit * (2.0 * u - 1.0)).collect()
        };
        let zeros = |n: usize| vec![0.0; n];
        let weight = |part: &str, shape: Shape, initial: &dyn Fn(usize) -> Vec<f64>| {
            let name = format!("{name}.{part}");
            match trained {
                Trained::ByVariance => site.own_param(&name, shape, initial),
                Trained::ByLoss => site.own_param_of_loss(&name, shape, initial),
            }
        };
        let weights = [
            weight("hidden_weight", [width, hidden].into(), &uniform),
            weight("hidden_bias", [hidden].into(), &zeros),
            weight("output_weight", [hidden, 1].into(), &zeros),
            weight("output_bias", Shape::scalar(), &zeros),
        ];
        Network { site, weights }
    }

    /// Applies r to inputs of shape sample + batch + event. The result has the layout of the cone's cost.
    pub fn apply(&self, inputs: &[(Expr<'g>, usize)]) -> Expr<'g> {
        let [w1, a, w2, c] = self.weights;
        let parts: Vec<Expr<'g>> =
            inputs.iter().map(|&(x, event)| self.site.coupled_rows(x, event)).collect();
        let Some(x) = concat(&parts, -1) else { return self.site.scalar(0.0) };
        self.site.cost_of_rows((x.matmul(w1) + a).tanh().matmul(w2) + c)
    }
}

/// The inputs of a baseline: the parameters of the site's distribution, which are functions of the data and of upstream nodes but
/// not of the site's own draw. No derivative passes through them.
pub fn known<'g>(site: &Site<'g>) -> Vec<(Expr<'g>, usize)> {
    let distribution = site.distribution();
    let specs = distribution.family().parameters();
    let each = specs.iter().zip(distribution.parameters());
    each.map(|(spec, parameter)| {
        let parameter = parameter.stop_gradient();
        let finite = if spec.constraint.admits_infinity() {
            cut(parameter, LARGEST_LOGIT)
        } else {
            within_range(parameter)
        };
        (finite, spec.event_rank)
    })
    .collect()
}

/// A network input, clipped so that sums of such numbers do not overflow.
pub fn within_range(x: Expr<'_>) -> Expr<'_> {
    cut(x, LARGEST_INPUT)
}

fn cut(x: Expr<'_>, largest: f64) -> Expr<'_> {
    x.maximum(-largest).minimum(largest)
}
