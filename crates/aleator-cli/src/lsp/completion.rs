//! Which words could stand at a place.

use aleator::language::{CONSTANTS, Function, initials};
use aleator::{distributions, estimators};
use lsp_types::{CompletionItem, CompletionItemKind};

use super::context::Context;
use super::documents::Document;
use super::hover::WORDS;

/// Functions whose arguments may be distributions.
const OF_DISTRIBUTIONS: [&str; 5] = ["log_prob", "entropy", "kl", "mean", "variance"];

/// The words that could stand at an offset.
pub(super) fn complete(document: &Document, offset: usize) -> Vec<CompletionItem> {
    let mut items = Vec::new();
    match Context::of(&document.text, offset) {
        Context::Comment => {}
        Context::Statement => {
            let words = WORDS.iter().filter(|(word, _)| *word != "via");
            items.extend(words.map(|(word, what)| item(word, CompletionItemKind::KEYWORD, what)));
        }
        Context::Distribution => items.extend(laws()),
        Context::Estimator => {
            let all = estimators::all().iter().map(|entry| entry.properties);
            items.extend(all.map(|p| item(p.name, CompletionItemKind::METHOD, p.summary)));
        }
        Context::Options(estimator) => {
            let options = estimators::find(estimator).map_or(&[][..], |entry| entry.properties.options);
            items.extend(options.iter().map(|option| argument(option.name, &option.to_string())));
        }
        Context::Arguments(callee) => {
            if let Some(entry) = distributions::find(callee) {
                let mut names: Vec<&str> = entry.signatures.iter().flat_map(|s| s.names).copied().collect();
                names.dedup();
                items.extend(names.into_iter().map(|name| argument(name, entry.summary)));
            }
            if OF_DISTRIBUTIONS.contains(&callee) {
                items.extend(laws());
            }
            if Function::find(callee).is_some_and(|function| function.usage.contains("axis=")) {
                items.push(argument("axis", "the axis or axes along which the function works"));
            }
            items.extend(values(document, offset));
        }
        Context::Expression => items.extend(values(document, offset)),
    }
    items
}

fn item(label: &str, kind: CompletionItemKind, detail: &str) -> CompletionItem {
    CompletionItem {
        label: label.to_owned(),
        kind: Some(kind),
        detail: Some(detail.to_owned()),
        ..CompletionItem::default()
    }
}

fn argument(name: &str, detail: &str) -> CompletionItem {
    CompletionItem {
        insert_text: Some(format!("{name} = ")),
        ..item(name, CompletionItemKind::PROPERTY, detail)
    }
}

fn laws() -> impl Iterator<Item = CompletionItem> {
    distributions::all().iter().map(|entry| item(entry.name, CompletionItemKind::CLASS, entry.summary))
}

/// Names that are defined above, functions and constants.
fn values(document: &Document, offset: usize) -> Vec<CompletionItem> {
    let above = document.names.iter().filter(|defined| defined.statement.end < offset);
    let names = above.map(|defined| item(&defined.name, CompletionItemKind::VARIABLE, defined.what));
    let functions = Function::all().iter();
    let functions = functions.map(|f| item(f.name, CompletionItemKind::FUNCTION, f.summary));
    let initials = initials().iter().map(|i| item(i.name, CompletionItemKind::FUNCTION, i.summary));
    let constants = CONSTANTS.iter().map(|name| item(name, CompletionItemKind::CONSTANT, "a constant"));
    names.chain(functions).chain(initials).chain(constants).collect()
}
