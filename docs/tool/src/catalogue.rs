//! Tables that the book takes from the library's own tables.

use aleator::diagnostics::inspect;
use aleator::distributions::{self, Entry};
use aleator::estimators::{self, Bias};
use aleator::language::{Function, load};
use aleator::plan::Plan;

use crate::Result;

/// A row of a Markdown table.
pub fn row<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.as_ref().replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The first rows of a Markdown table.
pub fn heading(cells: &[&str]) -> String {
    row(cells) + &row(&vec!["---"; cells.len()])
}

/// Estimators: bias, needs, price.
pub fn estimators() -> String {
    let mut text = heading(&["estimator", "bias", "distributions", "needs of F", "evaluations"]);
    for entry in estimators::all() {
        let p = entry.properties;
        let bias = match p.bias {
            Bias::Unbiased => "none",
            Bias::Biased => "**biased**",
        };
        let name = format!("[`{0}`]({0}.md)", p.name);
        text.push_str(&row(&[&name, bias, p.distributions, p.requires, p.evaluations]));
    }
    text
}

/// Estimators as the language writes them: names, other names, options.
pub fn options() -> String {
    let mut text = heading(&["estimator", "also written", "options with their defaults"]);
    for entry in estimators::all() {
        let p = entry.properties;
        let aliases: Vec<String> = p.aliases.iter().map(|a| format!("`{a}`")).collect();
        let name = format!("[`{0}`](../estimators/{0}.md)", p.name);
        text.push_str(&row(&[&name, &aliases.join(", "), &code_words(&p.describe_options())]));
    }
    text
}

/// Functions: usage and what they give.
pub fn functions() -> String {
    let mut text = heading(&["function", "gives"]);
    for function in Function::all() {
        text.push_str(&row(&[&format!("`{}`", function.usage), function.summary]));
    }
    text
}

/// Distributions: what each is.
pub fn distributions() -> String {
    let mut text = heading(&["distribution", "what it is"]);
    for entry in distributions::all() {
        let name = format!("[`{}`](#{})", entry.name, entry.name.to_lowercase());
        text.push_str(&row(&[&name, entry.summary]));
    }
    text
}

/// How a distribution is written.
pub fn signatures(entry: &Entry) -> String {
    let forms: Vec<String> = entry
        .signatures
        .iter()
        .enumerate()
        .map(|(i, signature)| {
            let names: Vec<String> = signature
                .names
                .iter()
                .map(|n| match *n {
                    // By position a probability is always meant, so that logits are named.
                    "logits" if i > 0 => "logits = ..".to_string(),
                    name => name.to_string(),
                })
                .collect();
            format!("`{}({})`", entry.name, names.join(", "))
        })
        .collect();
    forms.join(" or ")
}

/// Words of code in a list of options.
pub fn code_words(options: &str) -> String {
    if options.is_empty() { "none".into() } else { format!("`{options}`") }
}

/// Links to the estimators that can serve a site of this distribution.
pub fn can_serve(entry: &Entry) -> Result<String> {
    let signature = &entry.signatures[0];
    let family = signature.family();
    let arguments: Vec<&str> = family.parameters().iter().map(|p| example(p.name, p.event_rank)).collect();
    // Two copies under a log of a sum of exponentials, so that bounds of several copies are served too.
    let text = format!("z ~ {}({})[2]\ncost f = logsumexp(z)\n", entry.name, arguments.join(", "));
    let wrong = |message: String| format!("{text}: {message} (docs/tool/src/catalogue.rs, `example`)");
    let model = load(&text, None, &[]).map_err(|d| wrong(d.message))?;
    let plan = Plan::choose(&model.graph, &[], None).map_err(|e| wrong(e.to_string()))?;
    let inspection = inspect(&model.graph, &plan).map_err(|e| wrong(e.to_string()))?;
    let links: Vec<String> =
        inspection.sites[0].can_serve.iter().map(|e| format!("[`{e}`](../estimators/{e}.md)")).collect();
    Ok(links.join(", "))
}

/// A value that the parameter of that name may have, with as many event axes.
fn example(parameter: &str, event_rank: usize) -> &'static str {
    match (parameter, event_rank) {
        ("low", _) => "0",
        ("high", _) => "1",
        ("total_count", _) => "3",
        ("k", _) => "2",
        (_, 0) => "0.5",
        (_, 1) => "[0.2, 0.3, 0.5]",
        _ => "eye(3)",
    }
}
