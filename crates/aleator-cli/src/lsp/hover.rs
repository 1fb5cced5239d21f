//! What a word is.

use aleator::language::{Function, initials};
use aleator::{distributions, estimators};

use super::context::{estimator_of, word_at};
use super::documents::Document;

/// Words of the language, and what they do.
pub(super) const WORDS: &[(&str, &str)] = &[
    (
        "param",
        "`param NAME : [shape] = value` is a parameter, which is optimised; the value is the initial one",
    ),
    ("const", "`const NAME = value` is a constant"),
    ("data", "`data NAME : [shape] = file(\"x.npy\")` is data from a file, or from a constant value"),
    ("cost", "`cost NAME = value` is added to the objective, which is minimised"),
    ("reward", "`reward NAME = value` is subtracted from the objective, which is minimised"),
    (
        "observe",
        "`observe VALUE ~ Distribution(..)` adds minus the log density of the value to the objective",
    ),
    ("external", "`external NAME(a, b) -> [shape] = command(\"program\")` is a black box that is a program"),
    ("via", "`via ESTIMATOR(..)` names the estimator of a random node"),
];

/// Describes the word at an offset, in Markdown.
pub(super) fn hover(document: &Document, offset: usize) -> Option<(aleator::language::Span, String)> {
    let text = document.text.as_str();
    let span = word_at(text, offset)?;
    let word = span.text(text);
    let line = &text[text[..span.start].rfind('\n').map_or(0, |at| at + 1)..span.start];
    if line.contains('#') && !line.contains('"') {
        return None;
    }
    let option = estimator_of(text, span.start)
        .and_then(estimators::find)
        .and_then(|entry| Some((entry, entry.properties.options.iter().find(|option| option.name == word)?)));
    if let Some((entry, option)) = option {
        return Some((span, format!("option of `{}`: {option}", entry.properties.name)));
    }
    Some((span, name(document, word).or_else(|| of_the_language(word))?))
}

/// A name of the text: what it is, its shape, and how it is defined.
fn name(document: &Document, word: &str) -> Option<String> {
    let defined = document.definition(word)?;
    let shape = match document.shapes.get(word) {
        Some(shape) if shape == "scalar" || shape == "[]" => ", a scalar".to_owned(),
        Some(shape) => format!(" of shape {shape}"),
        None => String::new(),
    };
    let statement: String = defined.statement.text(&document.text).chars().take(1000).collect();
    Some(format!("`{word}` is {}{shape}\n\n```scg\n{statement}\n```", defined.what))
}

/// A function, distribution, estimator or word of the language.
pub(super) fn of_the_language(word: &str) -> Option<String> {
    if let Some(function) = Function::find(word) {
        return Some(format!("`{}`\n\n{}", function.usage, function.summary));
    }
    if let Some(entry) = distributions::find(word) {
        let ways = entry.signatures.iter().map(|s| format!("`{}({})`", entry.name, s.names.join(", ")));
        return Some(format!("{}\n\n{}", ways.collect::<Vec<_>>().join(" or "), entry.summary));
    }
    if let Some(initial) = initials().iter().find(|initial| initial.name == word) {
        return Some(format!("`{}`\n\n{}", initial.usage, initial.summary));
    }
    if let Some(entry) = estimators::find(word) {
        let p = entry.properties;
        let bias = match p.bias {
            estimators::Bias::Unbiased => "unbiased",
            estimators::Bias::Biased => "biased",
        };
        let options = match &p.describe_options()[..] {
            "" => String::new(),
            options => format!("\n\noptions: {options}"),
        };
        return Some(format!(
            "`{}` ({bias}): {}\n\n```text\n{}\n```\n\n{}{options}",
            p.name, p.summary, p.formula, p.advice
        ));
    }
    let words = WORDS.iter().find(|(name, _)| *name == word).map(|(_, what)| (*what).to_owned());
    words.or_else(|| match word {
        "pi" => Some("the constant π".to_owned()),
        "inf" => Some("infinity".to_owned()),
        "batch" => Some("as the first size of `data`: the number of rows of a batch".to_owned()),
        _ => None,
    })
}
