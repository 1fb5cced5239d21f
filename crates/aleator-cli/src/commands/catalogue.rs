//! `aleator list`, `explain` and `cite`.

use aleator::distributions;
use aleator::estimators::{self, Bias, Properties};
use aleator::language::{FUNCTIONS, Function, known_elsewhere, nearest};
use aleator::{citation, models, problems};
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

use crate::failure::{Failure, Outcome};
use crate::flags::with_flags;
use crate::output::{print, width};

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    let line = LineStyle::none().fill('─').junction('─');
    table
        .load_style(TableStyle::new().header_separator(line).bottom_border(line))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width().unwrap_or(110))
        .set_header(header.to_vec());
    table
}

fn bias(properties: &Properties) -> &'static str {
    match properties.bias {
        Bias::Unbiased => "unbiased",
        Bias::Biased => "BIASED",
    }
}

pub fn list(what: Option<&str>) -> Outcome {
    let mut parts = Vec::new();
    let wanted = |part: &str| what.is_none_or(|w| w == part);
    if wanted("estimators") {
        let mut rows = table(&["estimator", "bias", "distributions", "evaluations", "what it does"]);
        for p in estimators::all().iter().map(|e| e.properties) {
            rows.add_row([p.name, bias(p), p.distributions, p.evaluations, p.summary]);
        }
        parts.push(format!("Estimators\n{rows}"));
    }
    if wanted("distributions") {
        let mut rows = table(&["distribution", "parameters", "what it is"]);
        for d in distributions::all() {
            let ways: Vec<String> = d.signatures.iter().map(|s| s.names.join(", ")).collect();
            rows.add_row([d.name, &ways.join(" | "), d.summary]);
        }
        parts.push(format!("Distributions\n{rows}"));
    }
    if wanted("functions") {
        parts.push(format!("Functions\n  {}", FUNCTIONS.join(" ")));
    }
    if wanted("models") {
        let mut rows = table(&["model", "what it is", "options"]);
        for model in models::all() {
            let options: Vec<&str> = model.options.iter().map(|option| option.name).collect();
            rows.add_row([model.name, model.summary, &options.join(", ")]);
        }
        parts.push(format!("Models (`aleator train NAME`)\n{rows}"));
    }
    if wanted("problems") {
        let mut rows = table(&["problem", "what it is"]);
        for problem in problems::all() {
            rows.add_row([problem.name, problem.summary()]);
        }
        parts.push(format!("Problems (print one with `aleator explain NAME`)\n{rows}"));
    }
    print(&parts.join("\n\n"))
}

pub fn explain(name: &str) -> Outcome {
    if let Some(entry) = estimators::find(name) {
        let p = entry.properties;
        let mut text = format!("{} ({})\n  {}\n\n  {}\n", p.name, bias(p), p.summary, p.formula);
        let mut line = |label: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("\n  {label:<14}{value}"));
            }
        };
        line("distributions", p.distributions);
        line("needs of F", p.requires);
        line("evaluations", p.evaluations);
        for (i, option) in p.options.iter().enumerate() {
            line(if i == 0 { "options" } else { "" }, &option.to_string());
        }
        line("choose it", p.advice);
        line("also called", &p.aliases.join(", "));
        line("reference", p.reference);
        return print(&text);
    }
    if let Some(entry) = distributions::find(name) {
        let ways: Vec<String> =
            entry.signatures.iter().map(|s| format!("  {}({})", entry.name, s.names.join(", "))).collect();
        return print(&format!("{}: {}\n\n{}", entry.name, entry.summary, ways.join("\n")));
    }
    if let Some(entry) = models::find(name) {
        return print(&model(entry));
    }
    if let Some(problem) = problems::find(name) {
        return print(problem.source);
    }
    if let Some(function) = Function::find(name) {
        return print(&format!("{}\n  {}", function.usage, function.summary));
    }
    Err(unknown(name))
}

fn model(entry: &models::Entry) -> String {
    let mut text = format!("{}\n  {}\n", entry.name, entry.summary);
    let mut line = |label: &str, value: &str| text.push_str(&format!("\n  {label:<14}{value}"));
    line("maximised", &with_flags(entry.objective));
    line("data", &format!("{} [default]", (entry.data)(0).name));
    if !entry.references.is_empty() {
        line("reference", &entry.references.join(", "));
    }
    let longest = entry.options.iter().map(|option| option.name.len() + 1).max().unwrap_or(0).max(12);
    for (i, option) in entry.options.iter().enumerate() {
        let label = if i == 0 { "options" } else { "" };
        line(label, &format!("--{:<longest$}{} [default: {}]", option.name, option.meaning, option.usual));
    }
    text
}

pub fn cite(name: &str) -> Outcome {
    let keys = match (estimators::find(name), models::find(name)) {
        (Some(entry), _) => vec![entry.properties.reference],
        (_, Some(entry)) if entry.references.is_empty() => {
            return Err(Failure::input(format!("`{name}` comes from no paper; it has nothing to cite")));
        }
        (_, Some(entry)) => entry.references.to_vec(),
        _ => vec![name],
    };
    let entries: Option<Vec<&str>> = keys.into_iter().map(citation).collect();
    print(&entries.ok_or_else(|| unknown(name))?.join("\n\n"))
}

fn unknown(name: &str) -> Failure {
    let names = estimators::all()
        .iter()
        .map(|e| e.properties.name)
        .chain(distributions::all().iter().map(|d| d.name))
        .chain(models::all().iter().map(|m| m.name))
        .chain(problems::all().iter().map(|p| p.name));
    let names = names.chain(FUNCTIONS.iter().copied());
    let remedy = match known_elsewhere(name).or_else(|| nearest(name, names)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`aleator list` shows what there is".into(),
    };
    Failure::input(format!("unknown name `{name}`; {remedy}"))
}
