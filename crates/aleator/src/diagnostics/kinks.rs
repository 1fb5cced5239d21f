//! Parameters at which the objective has no derivative, because a cost has a kink or a jump exactly there.
//!
//! The two sides of [`sides`] are compared: exactly, where there is an exact answer, and otherwise by estimates from the same draws.

use aleator_engine::graph::NodeId;

use super::one_sided::{Kink, Sides, sides};
use crate::error::Result;
use crate::graph::Graph;
use crate::plan::{Lint, Plan};
use crate::program::{Options, Program};

/// The largest number of samples in which draws at a kink are searched for.
const MOST_SAMPLES: usize = 256;
/// The approximate number of values in such an estimate.
const NUMBERS: usize = 1 << 20;
/// Differences below this multiple of the largest number are rounding errors.
pub(super) const ROUNDING: f64 = 1e-11;

/// The objective and its gradient on one side.
pub(super) struct Side {
    pub objective: f64,
    /// The gradient of each parameter, in the order of the graph.
    pub gradient: Vec<Vec<f64>>,
}

impl Side {
    /// The largest magnitude of all numbers; NaN or infinite if one of them is.
    pub fn scale(&self) -> f64 {
        let numbers = self.gradient.iter().flatten().chain([&self.objective]);
        numbers.fold(
            0.0,
            |largest: f64, x| if largest.is_nan() || x.is_nan() { f64::NAN } else { largest.max(x.abs()) },
        )
    }
}

/// A parameter with respect to which there is no derivative.
pub(super) struct NoDerivative {
    /// The index of the parameter in the order of the graph.
    pub place: usize,
    /// What is wrong, and the remedy.
    pub message: String,
    /// The operation with the kink.
    pub cause: Option<NodeId>,
}

/// The parameters with respect to which there is no derivative, given the objective and both sides. They are exact if there are errors
/// of all elements of the gradient, and otherwise estimates.
pub(super) fn without_derivative(
    graph: &Graph,
    kinks: &[Kink],
    here: f64,
    [above, below]: &[Side; 2],
    error: Option<&dyn Fn(usize, usize) -> f64>,
) -> Vec<NoDerivative> {
    let scale = above.scale().max(below.scale());
    if ![above, below].iter().all(|side| side.scale().is_finite()) {
        return vec![];
    }
    let differ = |a: f64, b: f64| (a - b).abs() > ROUNDING * scale;
    let sides_differ = differ(above.objective, below.objective);
    let jumps = sides_differ || differ(here, above.objective);
    let mut found = Vec::new();
    for (place, param) in graph.params().iter().enumerate() {
        let (right, left) = (&above.gradient[place], &below.gradient[place]);
        let differs = (0..right.len()).any(|i| {
            (right[i] - left[i]).abs() > ROUNDING * scale + error.map_or(0.0, |error| error(place, i))
        });
        let concerns = |kink: &&Kink| kink.parameters.contains(&param.name);
        let jump = kinks.iter().filter(|kink| kink.jumps).find(concerns).filter(|_| jumps);
        if !differs && jump.is_none() {
            continue;
        }
        let name = &param.name;
        let kink = jump.or_else(|| kinks.iter().find(concerns)).or(kinks.first());
        let operation = kink.map_or("a cost", |kink| kink.operation.as_str());
        let sides = match (&right[..], &left[..]) {
            ([right], [left]) if !jumps && error.is_some() => {
                format!(" (it is {} below and {} above)", short(*left), short(*right))
            }
            _ => String::new(),
        };
        let what = if jump.is_some() { "jumps" } else { "has a kink" };
        let estimates = match jump.is_some() && !sides_differ {
            true => "estimates of the gradient ignore that",
            false => "estimates take a value between the two sides",
        };
        let message = format!(
            "the objective has no derivative with respect to `{name}` at its present value{sides}: {operation} {what} exactly \
             there with positive probability, and {estimates}; change `{name}` a little"
        );
        found.push(NoDerivative { place, message, cause: kink.map(|kink| kink.node) });
    }
    found
}

fn short(x: f64) -> String {
    let rounded = format!("{x:.4}");
    match rounded.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        number => number.to_owned(),
    }
}

/// Warnings about parameters with respect to which the objective has no derivative at their present values, found by draws. There
/// are none if the programs cannot be run.
pub fn kinks(graph: &Graph, plan: &Plan) -> Vec<Lint> {
    let Some(sides) = sides(graph) else { return vec![] };
    let found = compared(graph, plan, &sides).unwrap_or_default();
    let lint = |NoDerivative { message, cause, .. }| {
        Some(Lint { site: String::new(), message, cause: cause?, biased: false })
    };
    found.into_iter().filter_map(lint).collect()
}

fn compared(graph: &Graph, plan: &Plan, sides: &Sides) -> Result<Vec<NoDerivative>> {
    let least = plan.min_samples().max(1);
    let small = Program::<f64>::compile(graph, &plan.estimators, &Options::new().samples(least))?;
    let each = small.value_bytes() / 8 / least + 1;
    let samples = (NUMBERS / each).min(MOST_SAMPLES).max(least);
    let options = Options::new().samples(samples);
    let side = |graph: &Graph| -> Result<Side> {
        let mut program = Program::<f64>::compile(graph, &plan.estimators, &options)?;
        let objective = program.run_step(0)?.objective();
        let gradient = (0..program.params().count()).map(|place| program.gradient_at(place).to_vec());
        Ok(Side { objective, gradient: gradient.collect() })
    };
    let both = [side(&sides.above)?, side(&sides.below)?];
    Ok(without_derivative(graph, &sides.kinks, side(graph)?.objective, &both, None))
}
