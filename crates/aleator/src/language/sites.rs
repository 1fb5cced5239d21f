//! The arguments of a distribution: which signature they mean, and in which order.
use crate::distributions::{self, Entry, Signature};

use super::ast::{Argument, ExprId, Name};
use super::errors::{Diagnostic, quote};
use super::span::Span;
use super::synonyms::{Kind, suggest};

/// A distribution's arguments in the order of its signature.
pub(super) struct Bound {
    pub signature: &'static Signature,
    /// Name, value and place of each.
    pub arguments: Vec<(&'static str, ExprId, Span)>,
}

/// How a distribution is written, such as `Bernoulli(probs) or Bernoulli(logits=..)`.
pub(super) fn usage(entry: &Entry) -> String {
    let positional = entry.signatures.first().map_or(&[][..], |signature| signature.names);
    let write = |signature: &Signature| {
        let names = signature.names.iter().map(|name| match positional.contains(name) {
            true => (*name).to_owned(),
            false => format!("{name}=.."),
        });
        format!("{}({})", entry.name, names.collect::<Vec<_>>().join(", "))
    };
    entry.signatures.iter().map(write).collect::<Vec<_>>().join(" or ")
}

/// The distribution of that name.
pub(super) fn find(name: &Name) -> Result<&'static Entry, Diagnostic> {
    let word = name.text.as_str();
    if let Some(entry) = distributions::find(word) {
        return Ok(entry);
    }
    let diagnostic = Diagnostic::new(format!("there is no distribution {}", quote(word))).at(name.span);
    Err(suggest(diagnostic, Kind::Distribution, word, distributions::names()).unwrap_or_else(|diagnostic| {
        let names: Vec<&str> = distributions::names().collect();
        diagnostic.help(format!("the distributions are {}", names.join(", ")))
    }))
}

/// Gives each argument its parameter: positional ones those of the first signature, and all names together decide
/// between the signatures.
pub(super) fn bind(entry: &'static Entry, name: &Name, arguments: &[Argument]) -> Result<Bound, Diagnostic> {
    let wrong = |message: String, span: Span| {
        Diagnostic::new(message).at(span).help(format!("write `{}`", usage(entry)))
    };
    let positional = entry.signatures.first().map_or(&[][..], |signature| signature.names);
    let mut given: Vec<(&'static str, ExprId, Span)> = Vec::with_capacity(arguments.len());
    for (position, argument) in arguments.iter().enumerate() {
        let parameter = match &argument.name {
            None => *positional.get(position).ok_or_else(|| {
                let (most, got) = (positional.len(), arguments.len());
                let plural = if most == 1 { "" } else { "s" };
                let message =
                    format!("`{}` takes {most} argument{plural} by position, got {got}", entry.name);
                wrong(message, argument.span)
            })?,
            Some(word) => {
                let known = entry.signatures.iter().flat_map(|signature| signature.names).copied();
                known.clone().find(|known| *known == word.text).ok_or_else(|| {
                    let message = format!("`{}` has no parameter {}", entry.name, quote(&word.text));
                    suggest(wrong(message, word.span), Kind::Parameter, &word.text, known.clone())
                        .map(|mut diagnostic| {
                            let remedy = diagnostic.help.take().unwrap_or_default();
                            diagnostic.help(format!("{remedy} write `{}`", usage(entry)))
                        })
                        .unwrap_or_else(|diagnostic| *diagnostic)
                })?
            }
        };
        if given.iter().any(|(other, ..)| *other == parameter) {
            return Err(wrong(format!("`{parameter}` is given twice"), argument.span));
        }
        given.push((parameter, argument.value, argument.span));
    }
    let holds = |signature: &&Signature| given.iter().all(|(given, ..)| signature.names.contains(given));
    let Some(signature) = entry.signatures.iter().filter(holds).min_by_key(|s| s.names.len()) else {
        let names: Vec<String> = given.iter().map(|(name, ..)| format!("`{name}`")).collect();
        let span = given.last().map_or(name.span, |(_, _, span)| *span);
        return Err(wrong(format!("{} exclude each other", names.join(" and ")), span));
    };
    let mut ordered = Vec::with_capacity(given.len());
    for wanted in signature.names {
        match given.iter().find(|(name, ..)| name == wanted) {
            Some(argument) => ordered.push(*argument),
            None => return Err(wrong(format!("`{}` needs `{wanted}`", entry.name), name.span)),
        }
    }
    Ok(Bound { signature, arguments: ordered })
}
