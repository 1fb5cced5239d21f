//! A small network over the elements of a site that belong together: a learned control variate or baseline.
//!
//! ```text
//! r(x) = w₂ᵀ tanh(W₁ᵀ x + a) + c
//! ```
//!
//! x holds, for each group of draws whose costs mix, all their numbers in one row. The groups (the rows of a
//! batch, say) share the weights. A network is fed with finite numbers only: where a parameter may be infinite (logits), it is
//! cut at ±16, beyond which a probability is within 10⁻⁷ of 0 or 1; anything else is cut at ±10³⁰, so that no sum overflows in
//! either number format. Infinite inputs would meet as ∞ − ∞. A baseline may know any function of the parameters, and a
//! control variate may be any differentiable function of the draw, so neither gets a bias from that. w₂ and c start at 0, so that r = 0 at first, whatever W₁ is; W₁ is uniform in ±1/√n for n
//! inputs, the same at every start.

use aleator_engine::exec::philox;
use aleator_engine::graph::{Expr, Shape, concat};

use crate::rewrite::Site;

/// The most hidden units.
pub const MOST_HIDDEN: usize = 4096;

/// Where logits are cut.
const LARGEST_LOGIT: f64 = 16.0;
/// Where all other inputs are cut.
const LARGEST_INPUT: f64 = 1e30;

/// What trains the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trained {
    /// Descent on the variance of the gradient estimate.
    ByVariance,
    /// Descent on losses declared with [`Site::own_loss`].
    ByLoss,
}

/// The network with its weights, which are the site's own parameters.
pub struct Network<'a, 'g> {
    site: &'a Site<'g>,
    weights: [Expr<'g>; 4],
}

/// Stream of the initial weights, out of reach of the sites'.
const STREAM: u32 = philox::STREAMS - 200;

impl<'a, 'g> Network<'a, 'g> {
    /// A network of so many hidden units for inputs like these: each with the number of its event axes. Its weights are
    /// `name.hidden_weight` and so on.
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

    /// r of inputs of shape sample + batch + event, in the layout of the cone's cost.
    pub fn apply(&self, inputs: &[(Expr<'g>, usize)]) -> Expr<'g> {
        let [w1, a, w2, c] = self.weights;
        let parts: Vec<Expr<'g>> =
            inputs.iter().map(|&(x, event)| self.site.coupled_rows(x, event)).collect();
        let Some(x) = concat(&parts, 0) else { return self.site.scalar(0.0) };
        self.site.cost_of_rows((x.matmul(w1) + a).tanh().matmul(w2) + c)
    }
}

/// What a baseline may know at a site without knowing its draw: the parameters of its distribution, which are functions
/// of the data and of what is upstream. No derivative passes.
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

/// A network's input, cut where sums of such numbers might overflow.
pub fn within_range(x: Expr<'_>) -> Expr<'_> {
    cut(x, LARGEST_INPUT)
}

fn cut(x: Expr<'_>, largest: f64) -> Expr<'_> {
    x.maximum(-largest).minimum(largest)
}
