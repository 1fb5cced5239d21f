//! The figure on how to choose: for each example of the gallery, what each unbiased estimator costs beside the best one.
//!
//! The numbers are those of the comparisons on the pages of the gallery: variance × evaluations, divided by the least of the example that
//! is not 0. What has no variance is shown as exact.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

/// What an estimator costs for an example.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cost {
    /// No variance.
    Exact,
    /// Variance × evaluations, as a multiple of the least.
    Multiple(f64),
}

/// The comparisons of the examples.
#[derive(Default)]
pub struct Choices {
    examples: BTreeMap<String, BTreeMap<String, Cost>>,
}

/// The width of a cell and the height of a row.
const CELL: (f64, f64) = (46.0, 23.0);
const LEFT: f64 = 196.0;
/// The space for the slanted names.
const RIGHT: f64 = 130.0;
const TOP: f64 = 290.0;
const INK: &str = "#1f2937";
const SOFT: &str = "#5b6575";
/// The colour of what is exact, and those of multiples up to the number beside them.
const EXACT: &str = "#1d6fb8";
const COLORS: [(f64, &str, &str); 5] = [
    (1.5, "#12805c", "#ffffff"),
    (4.0, "#7cc4a4", INK),
    (20.0, "#f3e3a1", INK),
    (200.0, "#f0a86a", INK),
    (f64::INFINITY, "#c8553d", "#ffffff"),
];

impl Choices {
    /// Keeps the comparison of an example: of several, the one with most estimators.
    pub fn add(&mut self, command: &str, report: &Value) {
        let example = command.split("examples/").nth(1).and_then(|rest| rest.split(".scg").next());
        let (Some(example), Some(costs)) = (example, costs(report)) else { return };
        let old = self.examples.entry(example.into()).or_default();
        if costs.len() > old.len() {
            *old = costs;
        }
    }

    /// The figure; `None` without comparisons.
    pub fn svg(&self) -> Option<String> {
        // Estimators that serve most examples come first.
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for costs in self.examples.values() {
            costs.keys().for_each(|name| *counts.entry(name).or_default() += 1);
        }
        let mut names: Vec<(&str, usize)> = counts.into_iter().collect();
        names.sort_by_key(|&(name, count)| (usize::MAX - count, name));
        let rows: Vec<_> = self.examples.iter().filter(|(_, costs)| costs.len() > 1).collect();
        if rows.is_empty() {
            return None;
        }
        let width = LEFT + CELL.0 * names.len() as f64 + RIGHT;
        let height = TOP + CELL.1 * rows.len() as f64 + 24.0;
        let mut svg = String::new();
        let font = "Helvetica Neue, Helvetica, Arial, DejaVu Sans, sans-serif";
        let _ = writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="{font}" font-size="12" fill="{INK}">"#
        );
        let _ = writeln!(svg, r##"<rect width="100%" height="100%" rx="6" fill="#ffffff"/>"##);
        let _ = writeln!(
            svg,
            r#"<text x="20" y="34" font-size="17" font-weight="bold">Variance × evaluations of unbiased estimators, as a multiple of the best of each example</text>"#
        );
        legend(&mut svg);
        for (column, (name, _)) in names.iter().enumerate() {
            let x = LEFT + CELL.0 * (column as f64 + 0.5);
            let y = TOP - 10.0;
            let _ = writeln!(svg, r#"<text x="{x}" y="{y}" transform="rotate(-50 {x} {y})">{name}</text>"#);
        }
        for (place, (example, costs)) in rows.iter().enumerate() {
            let y = TOP + CELL.1 * place as f64;
            let (x, middle) = (LEFT - 10.0, y + CELL.1 / 2.0);
            let _ =
                writeln!(svg, r#"<text x="{x}" y="{middle}" dy=".35em" text-anchor="end">{example}</text>"#);
            for (column, (name, _)) in names.iter().enumerate() {
                let Some(cost) = costs.get(*name) else { continue };
                let (color, ink, label) = appearance(*cost);
                let x = LEFT + CELL.0 * column as f64;
                let (w, h) = (CELL.0 - 2.0, CELL.1 - 2.0);
                let middle_x = x + w / 2.0;
                let _ = writeln!(
                    svg,
                    r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3" fill="{color}"/><text x="{middle_x}" y="{middle}" dy=".3em" text-anchor="middle" font-size="11" fill="{ink}">{label}</text>"#
                );
            }
        }
        svg.push_str("</svg>\n");
        Some(svg)
    }
}

fn legend(svg: &mut String) {
    let mut entries = vec![(EXACT, "no variance".to_string())];
    let mut from = 1.0;
    for (end, color, _) in COLORS {
        let label = if end.is_finite() {
            format!("{from} to {end} times")
        } else {
            format!("more than {from} times")
        };
        entries.push((color, label));
        from = end;
    }
    let mut x = 20.0;
    for (color, label) in entries {
        let text = x + 20.0;
        let _ = writeln!(
            svg,
            r#"<rect x="{x}" y="53" width="14" height="14" rx="3" fill="{color}"/><text x="{text}" y="60" dy=".35em" fill="{SOFT}">{label}</text>"#
        );
        x += 40.0 + 6.6 * label.len() as f64;
    }
}

/// The colours of a cell and what it says.
fn appearance(cost: Cost) -> (&'static str, &'static str, String) {
    let Cost::Multiple(multiple) = cost else { return (EXACT, "#ffffff", "exact".into()) };
    let (_, color, ink) = COLORS.into_iter().find(|(end, ..)| multiple <= *end).unwrap_or(COLORS[4]);
    let label = match multiple {
        m if m < 9.95 => format!("{m:.1}"),
        m if m < 9999.5 => format!("{m:.0}"),
        m => format!("{m:.0e}"),
    };
    (color, ink, label)
}

/// The costs of the unbiased estimators of a comparison, by name. An estimator serves some sites, and the automatic choice the others:
/// names that all rows have in common are left out.
fn costs(report: &Value) -> Option<BTreeMap<String, Cost>> {
    let results: Vec<&Value> =
        report["results"].as_array()?.iter().filter(|result| result["unbiased"] == true).collect();
    let parts = |result: &Value| -> BTreeSet<String> {
        result["estimator"].as_str().unwrap_or_default().split(" + ").map(String::from).collect()
    };
    let common = results.iter().map(|r| parts(r)).reduce(|a, b| a.intersection(&b).cloned().collect())?;
    let mut costs: BTreeMap<String, f64> = BTreeMap::new();
    for result in &results {
        let own: Vec<String> = match parts(result).difference(&common).cloned().collect::<Vec<_>>() {
            none if none.is_empty() => parts(result).into_iter().collect(),
            some => some,
        };
        let ([name], Some(variance), Some(evaluations)) =
            (&own[..], result["total_variance"].as_f64(), result["evaluations"].as_f64())
        else {
            continue;
        };
        let cost = costs.entry(with_first_option(result, name)).or_insert(f64::INFINITY);
        *cost = cost.min(variance * evaluations);
    }
    let largest = costs.values().copied().filter(|c| c.is_finite()).fold(0.0, f64::max);
    let is_exact = |cost: f64| cost <= 1e-20 * largest.max(f64::MIN_POSITIVE);
    let least = costs.values().copied().filter(|&c| !is_exact(c)).fold(f64::INFINITY, f64::min);
    let of = |(name, cost): (String, f64)| {
        let cost = if is_exact(cost) { Cost::Exact } else { Cost::Multiple(cost / least) };
        (name, cost)
    };
    Some(costs.into_iter().filter(|(_, cost)| cost.is_finite()).map(of).collect())
}

/// An estimator with the first of its options, as the plan writes them.
fn with_first_option(result: &Value, name: &str) -> String {
    let mut plans =
        result["plan"].as_object().into_iter().flat_map(|plan| plan.values()).filter_map(Value::as_str);
    match plans.find_map(|plan| plan.strip_prefix(name)?.strip_prefix('(')) {
        Some(options) => {
            let first = options.split([',', ')']).next().unwrap_or_default();
            format!("{name}({first})")
        }
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_multiples_of_the_least() {
        let row = |name: &str, plan: &str, unbiased: bool, variance: f64| {
            serde_json::json!({
                "estimator": name, "plan": { "b": plan, "z": "pathwise" }, "evaluations": 2, "unbiased": unbiased,
                "total_variance": variance
            })
        };
        let results = [
            row("enumeration + pathwise", "enumeration", true, 0.0),
            row("rebar + pathwise", "rebar(temperature=0.5, coefficient=1)", true, 1.5),
            row("score_function + pathwise", "score_function", true, 4.5),
            row("straight_through + pathwise", "straight_through", false, 0.1),
        ];
        let report = serde_json::json!({ "results": results });
        let costs = costs(&report).unwrap();
        assert_eq!(costs.len(), 3);
        assert_eq!(costs["enumeration"], Cost::Exact);
        assert_eq!(costs["rebar(temperature=0.5)"], Cost::Multiple(1.0));
        assert_eq!(costs["score_function"], Cost::Multiple(3.0));
        let mut choices = Choices::default();
        assert!(choices.svg().is_none());
        choices.add("aleator compare examples/coin.scg", &report);
        let svg = choices.svg().unwrap();
        assert!(svg.contains("coin") && svg.contains("rebar") && !svg.contains("straight"));
    }
}
