//! Constant parameters of distributions: whether they lie in their domains.
use aleator_engine::graph::{Expr, Graph};

use crate::distributions::{Constraint, Distribution};

use super::errors::Diagnostic;
use super::print::number_text;
use super::span::Span;
use super::values::{Constants, Value};

/// Most elements of a constant parameter that are looked at when a text is loaded. Larger ones are checked when a program runs.
const MOST_CHECKED: usize = 1 << 16;

/// Refuses constant parameters outside of their domains, such as a scale of -1. Parameters that are not constant are checked when a
/// program runs. `what` has the parameters, in words.
pub(super) fn check_domain<'g>(
    what: &str,
    distribution: &Distribution<'g>,
    parameters: impl Iterator<Item = (Value<'g>, Span)>,
    constants: &mut Constants,
) -> Result<(), Diagnostic> {
    // Computed in a graph of its own, so that the author's has no more nodes than the text says.
    let scratch = Graph::new();
    let mut known = Vec::new();
    for ((value, span), parameter) in parameters.zip(distribution.family().parameters()) {
        let shape = value.expr.shape();
        // A shape that does not fit is reported elsewhere.
        let fits = shape.rank() >= parameter.event_rank && !shape.contains(&0);
        if !value.constant || !fits || shape.numel() > MOST_CHECKED || value.expr.graph().error().is_some() {
            continue;
        }
        let at = |message: String| Diagnostic::new(message).at(span);
        let numbers = constants.tensor(value).map_err(at)?.values;
        let constant = scratch.tensor(shape.clone(), numbers.to_vec());
        known.push((constant, span));
        let Some(place) = first_violation(parameter.constraint.violated(constant)).map_err(at)? else {
            continue;
        };
        let got = match numbers.get(place) {
            Some(number) if shape.rank() == 0 => format!(", got {}", number_text(*number)),
            Some(number) => format!(", got {} (element {place})", number_text(*number)),
            None => String::new(),
        };
        let rule = parameter.constraint.describe();
        let message = format!("{} of {what} must be {rule}{got}", parameter.name);
        let diagnostic = Diagnostic::new(message).at(span).label("outside of the domain");
        return Err(match remedy(distribution.name(), parameter.name, parameter.constraint) {
            Some(remedy) => diagnostic.help(remedy),
            None => diagnostic,
        });
    }
    let exprs: Vec<Expr<'_>> = known.iter().map(|(expr, _)| *expr).collect();
    let (Some((_, first)), Some((_, last))) = (known.first(), known.last()) else { return Ok(()) };
    if exprs.len() < distribution.family().parameters().len() {
        return Ok(());
    }
    let span = first.join(*last);
    let Some((violated, rule)) = distribution.family().jointly_violated(&exprs) else { return Ok(()) };
    let at = |message: String| Diagnostic::new(message).at(span);
    match scratch.error().is_none() && first_violation(violated).map_err(at)?.is_some() {
        true => Err(at(format!("the parameters of {what} must be so that {rule}"))
            .label("outside of the domain")
            .help(format!("change these numbers so that {rule}"))),
        false => Ok(()),
    }
}

/// The first element that is not 0.
fn first_violation(violated: Expr<'_>) -> Result<Option<usize>, String> {
    let violated = Constants::default().tensor(Value { expr: violated, constant: true })?;
    Ok(violated.values.iter().position(|&violated| violated != 0.0))
}

/// What may have been meant.
fn remedy(name: &str, parameter: &str, constraint: Constraint) -> Option<String> {
    Some(match constraint {
        Constraint::Probability | Constraint::PositiveProbability | Constraint::ProbabilityBelowOne => {
            format!("to give log-odds, write `{name}(logits = ..)`")
        }
        Constraint::Weights => format!("to give log-weights, write `{name}(logits = ..)`"),
        Constraint::Positive if parameter == "scale" => {
            "the scale is a standard deviation; `exp(x)` and `softplus(x)` are positive for every x"
                .to_owned()
        }
        Constraint::Positive => "`exp(x)` and `softplus(x)` are positive for every x".to_owned(),
        Constraint::Count => "write a whole number such as 10".to_owned(),
        Constraint::LowerCholesky => {
            "write a lower triangular matrix with a positive diagonal, such as `[[1, 0], [0.5, 1]]`"
                .to_owned()
        }
        Constraint::NotNan | Constraint::Real | Constraint::NotNegative | Constraint::LogWeights => {
            return None;
        }
    })
}
