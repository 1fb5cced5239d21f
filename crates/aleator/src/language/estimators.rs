//! Estimators by name: `rebar(temperature = 0.5)` to the object that rewrites sites.
use std::sync::Arc;

use aleator_engine::graph::Graph;

use crate::estimators::{Estimator, OptionValue, all, find};

use super::ast::{Argument, EstimatorCall, Expr, Expressions};
use super::errors::{Diagnostic, quote};
use super::lower::Lowering;
use super::names::CONSTANTS;
use super::synonyms::{Kind, suggest};

/// The estimator that a call names, with its options.
///
/// # Errors
/// A name that no estimator has (with the nearest one), an option that the estimator
/// does not have, or a value that it does not accept; each at its place.
///
/// ```
/// use aleator::language::{estimator, parse_estimator};
///
/// let parsed = parse_estimator("gumbel_softmax(temperature = 1 / 4)")?;
/// let estimator = estimator(&parsed.call, &parsed.expressions)?;
/// assert_eq!(aleator::estimators::describe(estimator.as_ref()), "gumbel_softmax(temperature=0.25)");
/// # Ok::<(), aleator::language::Diagnostic>(())
/// ```
pub fn estimator(call: &EstimatorCall, expressions: &Expressions) -> Result<Arc<dyn Estimator>, Diagnostic> {
    let graph = Graph::new();
    estimator_with(&mut Lowering::new(&graph), call, expressions)
}

/// The same where an option may also use the constants of a file. A constant's name means the constant, also where it
/// is one of an option's words.
pub(super) fn estimator_with(
    lowering: &mut Lowering<'_>,
    call: &EstimatorCall,
    expressions: &Expressions,
) -> Result<Arc<dyn Estimator>, Diagnostic> {
    let Some(entry) = find(&call.name.text) else { return Err(no_estimator(call)) };
    let mut options = Vec::with_capacity(call.arguments.len());
    for argument in &call.arguments {
        let Some(name) = &argument.name else {
            return Err(Diagnostic::new(format!("the options of `{}` are named", call.name.text))
                .at(argument.span)
                .help(match &entry.properties.describe_options()[..] {
                    "" => format!("`{}` takes no options", call.name.text),
                    options => format!("write name = value; options: {options}"),
                }));
        };
        options.push((name.text.clone(), value(lowering, argument, expressions)?));
    }
    entry.build(options.into_iter().collect()).map_err(|error| {
        let named = |argument: &&Argument| argument.name.as_ref().is_some_and(|n| n.text == error.option);
        let span = call.arguments.iter().find(named).map_or(call.span, |argument| argument.span);
        let diagnostic = Diagnostic::new(error.message).at(span);
        let known = entry.properties.options.iter().map(|option| option.name);
        let argument = call.arguments.iter().find(named).and_then(|argument| argument.name.as_ref());
        let unknown = argument.filter(|name| !known.clone().any(|known| known == name.text));
        let diagnostic = match unknown {
            Some(name) => match suggest(diagnostic.at(name.span), Kind::EstimatorOption, &name.text, known) {
                Ok(diagnostic) => return diagnostic,
                Err(diagnostic) => diagnostic.at(span),
            },
            None => diagnostic,
        };
        match &entry.properties.describe_options()[..] {
            "" => diagnostic,
            options => diagnostic.help(format!("options of `{}`: {options}", entry.properties.name)),
        }
    })
}

/// The value of an option: a word, `true` or `false`, or a constant number.
fn value(
    lowering: &mut Lowering<'_>,
    argument: &Argument,
    expressions: &Expressions,
) -> Result<OptionValue, Diagnostic> {
    let node = &expressions[argument.value];
    match &node.expr {
        Expr::Truth(truth) => return Ok(OptionValue::Truth(*truth)),
        Expr::Name(word) if !lowering.names.contains_key(word) && !CONSTANTS.contains(&word.as_str()) => {
            return Ok(OptionValue::Word(word.clone()));
        }
        _ => {}
    }
    let value = lowering.lower(expressions, argument.value)?;
    let wrong = |message: String| Diagnostic::new(message).at(node.span);
    if !value.constant {
        return Err(wrong("the value of an option must be constant".into())
            .help("use numbers, `const` names, `true`, `false` or one of the option's words"));
    }
    let shape = value.expr.shape();
    if shape.rank() != 0 {
        return Err(wrong(format!("the value of an option is a single number, got shape {shape}")));
    }
    let tensor = lowering.constants.tensor(value).map_err(wrong)?;
    Ok(OptionValue::Number(tensor.values.first().copied().unwrap_or(f64::NAN)))
}

fn no_estimator(call: &EstimatorCall) -> Diagnostic {
    let word = call.name.text.as_str();
    let available = || {
        let names: Vec<&str> = all().iter().map(|entry| entry.properties.name).collect();
        format!("the estimators are {}", names.join(", "))
    };
    let names = all().iter().flat_map(|entry| {
        std::iter::once(entry.properties.name).chain(entry.properties.aliases.iter().copied())
    });
    let diagnostic = Diagnostic::new(format!("there is no estimator {}", quote(word))).at(call.name.span);
    suggest(diagnostic, Kind::Estimator, word, names)
        .unwrap_or_else(|diagnostic| diagnostic.help(available()))
}
