//! Messages about discontinuities that move with parameters.

use super::lint::Lint;
use crate::analysis::{Discontinuity, Moving};

impl From<Moving> for Lint {
    fn from(moving: Moving) -> Self {
        let Moving { discontinuity, parameters, draw, biased } = moving;
        let message = if biased {
            beside_a_draw(&discontinuity, &parameters, draw.as_deref())
        } else {
            alone(&discontinuity, &parameters)
        };
        Lint { site: draw.unwrap_or_default(), message, cause: discontinuity.node, biased }
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn beside_a_draw(jump: &Discontinuity, parameters: &[String], draw: Option<&str>) -> String {
    let (names, first) = (list(parameters), parameters.first().map_or("q", String::as_str));
    let draw = draw.map_or_else(|| "a draw".to_string(), |name| format!("`{name}`"));
    let what = jump.describe();
    format!(
        "{what} makes the cost jump where {draw} crosses a position that depends on {names}: every estimator is biased, \
         because none accounts for draws that cross this position; make the distribution of {draw} depend on {names} \
         instead, or draw it: \
         `tried ~ Normal({first}, s)`"
    )
}

fn alone(jump: &Discontinuity, parameters: &[String]) -> String {
    let names = list(parameters);
    let what = jump.describe();
    format!(
        "{what} makes the cost jump as {names} changes, and no continuous draw is compared there: the gradient is correct \
         between the jumps and ignores them; smooth the step, as sigmoid(x / 0.1) smooths x > 0"
    )
}
