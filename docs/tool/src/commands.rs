//! Commands and graphs in the pages: all of them run, and some show what they print.
//!
//! | fence                   | what is done                                                                    |
//! |-------------------------|---------------------------------------------------------------------------------|
//! | `sh`                    | each line that begins with `aleator` must succeed; other lines are only shown    |
//! | `sh,output`             | each line is a command, and what it prints follows                              |
//! | `sh,table`              | the same, with a table of its `--json`, without times: the same on any machine   |
//! | `sh,picture`            | the same, with the drawing that it prints                                       |
//! | `sh,fails`              | the same for commands that must fail, with their message                        |
//! | `scg`                   | `aleator check` accepts it                                                      |
//! | `scg,fails`             | it does not, and its message follows                                            |
//! | `scg,name=FILE`         | saved under that name for what follows, on later pages (by file name) too        |
//! | `python,name=FILE`      | the same for a program                                                          |

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::catalogue::{heading, row};
use crate::choices::Choices;
use crate::write::{clear, files, save};
use crate::{Result, read};

/// Runs what the pages show.
pub struct Runner {
    binary: PathBuf,
    scratch: PathBuf,
    pages: PathBuf,
    /// The comparisons of the examples.
    pub choices: Choices,
    /// Commands run so far.
    pub commands: usize,
    /// Graphs checked so far.
    pub graphs: usize,
}

impl Runner {
    /// With this binary, in a fresh directory that has the examples; drawings go to `pages`.
    pub fn new(binary: &Path, scratch: &Path, pages: &Path) -> Result<Self> {
        let binary = binary.canonicalize().map_err(|e| format!("{}: {e}", binary.display()))?;
        clear(scratch)?;
        for file in files("examples")? {
            save(&scratch.join(&file), &read(&file)?)?;
        }
        Ok(Runner {
            binary,
            scratch: scratch.into(),
            pages: pages.into(),
            choices: Choices::default(),
            commands: 0,
            graphs: 0,
        })
    }

    /// The page with the results of its commands.
    pub fn expand(&mut self, page: &str, to_root: &str) -> Result<String> {
        let mut text = String::new();
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            let Some(fence) = line.strip_prefix("```").filter(|fence| !fence.is_empty()) else {
                text.push_str(line);
                text.push('\n');
                continue;
            };
            let (language, flag) = fence.split_once(',').unwrap_or((fence, ""));
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if language == "sh" && !flag.is_empty() {
                // Each command with what it gives.
                let script = block.join("\n").replace("\\\n", " ");
                for command in script.lines() {
                    text.push_str(&format!("```sh\n{command}\n```\n{}", self.run(command, flag, to_root)?));
                }
                continue;
            }
            // rustdoc's flags mean something to mdBook; ours do not.
            let shown = if language == "scg" || flag.starts_with("name=") { language } else { fence };
            text.push_str(&format!("```{shown}\n{}\n```\n", block.join("\n")));
            match language {
                "sh" => {
                    let script = block.join("\n").replace("\\\n", " ");
                    for command in script.lines().filter(|line| line.starts_with("aleator ")) {
                        self.run(command, "", to_root)?;
                    }
                }
                "scg" => text.push_str(&self.check(&block, flag)?),
                _ => {
                    if let Some(name) = flag.strip_prefix("name=") {
                        save(&self.scratch.join(name), &(block.join("\n") + "\n"))?;
                    }
                }
            }
        }
        Ok(text)
    }

    fn check(&mut self, block: &[&str], flags: &str) -> Result<String> {
        let name = flags.split(',').find_map(|flag| flag.strip_prefix("name=")).unwrap_or("snippet.scg");
        save(&self.scratch.join(name), &(block.join("\n") + "\n"))?;
        self.graphs += 1;
        let fails = flags.split(',').any(|flag| flag == "fails");
        let printed = self.shell(&format!("aleator check {name}"), !fails)?;
        Ok(if fails { format!("\n```text\n{}\n```\n", printed.trim_end()) } else { String::new() })
    }

    fn run(&mut self, command: &str, flag: &str, to_root: &str) -> Result<String> {
        self.commands += 1;
        match flag {
            "" => self.shell(command, true).map(|_| String::new()),
            "output" => Ok(format!("\n```text\n{}\n```\n", self.shell(command, true)?.trim_end())),
            "fails" => Ok(format!("\n```text\n{}\n```\n", self.shell(command, false)?.trim_end())),
            "table" => {
                let json = self.shell(&format!("{command} --json"), true)?;
                let report: Value = serde_json::from_str(&json).map_err(|e| format!("{command}: {e}"))?;
                self.choices.add(command, &report);
                Ok(format!("\n{}", table(&report, to_root).ok_or(format!("{command}: not a comparison"))?))
            }
            "picture" => {
                let svg = self.shell(command, true)?;
                let name = format!("pictures/{}.svg", self.commands);
                save(&self.pages.join(&name), &svg)?;
                Ok(format!("\n![What the command draws]({to_root}{name})\n"))
            }
            other => Err(format!("`{command}` has the unknown flag `{other}`")),
        }
    }

    /// What a command prints: on standard output if it is to succeed, else on standard error.
    fn shell(&self, command: &str, succeeds: bool) -> Result<String> {
        let arguments = command.strip_prefix("aleator").unwrap_or(command);
        let run = Command::new("sh")
            .args(["-c", &format!("\"$ALEATOR\"{arguments}")])
            .env("ALEATOR", &self.binary)
            .env("NO_COLOR", "1")
            .current_dir(&self.scratch)
            .output()
            .map_err(|e| format!("{command}: {e}"))?;
        let errors = String::from_utf8_lossy(&run.stderr).into_owned();
        match (run.status.success(), succeeds) {
            (true, true) => Ok(String::from_utf8_lossy(&run.stdout).into_owned()),
            (false, false) => Ok(errors),
            (true, false) => Err(format!("`{command}` should fail and does not")),
            (false, true) => Err(format!("`{command}` fails:\n{errors}")),
        }
    }
}

/// The rows of a comparison, without times: bias, variance, and variance × evaluations, the least of the unbiased marked.
fn table(report: &Value, to_root: &str) -> Option<String> {
    let results = report["results"].as_array()?;
    let unbiased = |r: &&Value| r["unbiased"] == true;
    let price = |r: &Value| Some(r["total_variance"].as_f64()? * r["evaluations"].as_f64()?);
    let least = results.iter().filter(unbiased).filter_map(price).fold(f64::INFINITY, f64::min);
    let coordinates = |r: &Value, key: &str| -> Vec<(String, Value)> {
        let params = r["gradient"].as_object().into_iter().flatten();
        let each = |(name, g): (&String, &Value)| -> Vec<(String, Value)> {
            let values = g[key].as_array().cloned().unwrap_or_default();
            values.into_iter().map(|value| (name.clone(), value)).collect()
        };
        params.flat_map(each).collect()
    };
    let first = results.first()?;
    let columns = coordinates(first, "variance");
    // With two scalars, the variance of each says more than their sum.
    let apart = columns.len() == 2 && columns[0].0 != columns[1].0;
    let variance_of = |name: &str| format!("variance of ∂{name}");
    let scalar = columns.len() == 1;
    let names: Vec<String> = match apart {
        true => columns.iter().map(|(name, _)| variance_of(name)).collect(),
        false => vec!["variance".into()],
    };
    let mut cells = vec!["estimator", "K", "evaluations", "bias"];
    if scalar {
        cells.push("mean of ĝ");
    }
    cells.extend(names.iter().map(String::as_str));
    cells.push("variance × evaluations");
    let mut text = heading(&cells);
    for result in results {
        let name = result["estimator"].as_str()?;
        let worst =
            coordinates(result, "z").iter().filter_map(|(_, z)| z.as_f64()).map(f64::abs).reduce(f64::max);
        let bias = match (result["unbiased"] == true, worst) {
            _ if coordinates(result, "mean").iter().any(|(_, mean)| mean == "nan") => {
                "**not a number**".into()
            }
            (true, Some(z)) => format!("none, z = {z:.1}"),
            (true, None) => "none".to_string(),
            (false, Some(z)) => format!("**biased**, z = {z:.1}"),
            (false, None) => "**biased**".to_string(),
        };
        let linked = match is_estimator(name) {
            true => format!("[`{}`]({to_root}estimators/{name}.md)", with_options(result, name)),
            false => name.to_string(),
        };
        let mut cells = vec![linked, result["samples"].to_string(), result["evaluations"].to_string(), bias];
        if scalar {
            let value = |key: &str| coordinates(result, key).first().and_then(|(_, x)| x.as_f64());
            cells.push(plus_minus(value("mean"), value("std_error")));
        }
        match apart {
            true => cells.extend(coordinates(result, "variance").iter().map(|(_, v)| number(v.as_f64()))),
            false => cells.push(number(result["total_variance"].as_f64())),
        }
        let worth = number(price(result));
        let best = results.len() > 1 && unbiased(&result) && price(result) == Some(least);
        cells.push(if best { format!("**{worth}**") } else { worth });
        text.push_str(&row(&cells));
    }
    let samples = report["replicates"].as_u64()?;
    text.push_str(&format!("\nFrom {samples} estimates of each"));
    let exact = coordinates(first, "exact");
    let value = exact.first().filter(|_| scalar).map(|(_, x)| format!(" {}", number(x.as_f64())));
    match report["exact"]["method"].as_str() {
        Some(method) => {
            let value = value.unwrap_or_default();
            text.push_str(&format!(", beside the exact gradient{value} by {method}.\n"));
        }
        None => text.push_str("; there is no exact gradient to compare with.\n"),
    }
    Some(text)
}

/// The estimator as the plan writes it, where all sites have the same.
fn with_options<'a>(result: &'a Value, name: &'a str) -> &'a str {
    let mut plans =
        result["plan"].as_object().into_iter().flat_map(|plan| plan.values()).filter_map(Value::as_str);
    let Some(first) = plans.next() else { return name };
    if first.starts_with(name) && plans.all(|plan| plan == first) { first } else { name }
}

fn is_estimator(name: &str) -> bool {
    aleator::estimators::find(name).is_some()
}

/// A mean and its standard error, which has two digits.
fn plus_minus(mean: Option<f64>, error: Option<f64>) -> String {
    match (mean, error) {
        (Some(mean), Some(error)) if error > ROUNDING => {
            let decimals = (1.0 - error.log10().floor()).max(0.0) as usize;
            format!("{mean:.decimals$} ± {error:.decimals$}")
        }
        (mean, _) => number(mean),
    }
}

/// What is smaller is 0 but for rounding.
const ROUNDING: f64 = 1e-16;

/// Three significant digits.
fn number(x: Option<f64>) -> String {
    let Some(x) = x else { return "—".into() };
    if x.abs() < ROUNDING {
        return "0".into();
    }
    let magnitude = x.abs().log10().floor();
    if !(-4.0..6.0).contains(&magnitude) {
        return format!("{x:.2e}");
    }
    let decimals = (2.0 - magnitude).max(0.0) as usize;
    format!("{x:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits() {
        let shown = |x| number(Some(x));
        assert_eq!(
            ["0", "0.0159", "1.37", "215", "123457", "1.23e-9"],
            [shown(0.0), shown(0.015_94), shown(1.367), shown(215.2), shown(123_456.7), shown(1.234e-9)]
                .each_ref()
                .map(String::as_str)
        );
        assert_eq!(number(None), "—");
        assert_eq!(plus_minus(Some(0.024_98), Some(0.000_314)), "0.02498 ± 0.00031");
        assert_eq!(plus_minus(Some(0.025), Some(0.0)), "0.0250");
    }

    #[test]
    fn a_table_marks_the_cheapest_of_the_unbiased() {
        let row = |name: &str, unbiased: bool, variance: f64| {
            serde_json::json!({
                "estimator": name, "plan": { "b": name }, "samples": 1, "evaluations": 2, "unbiased": unbiased,
                "total_variance": variance, "gradient": { "theta": { "variance": [variance], "z": [1.5], "mean": [0.0], "std_error": [1.0] } }
            })
        };
        let rows =
            [row("score_function", true, 3.0), row("rebar", true, 1.0), row("straight_through", false, 0.5)];
        let report = serde_json::json!({ "results": rows, "replicates": 10, "exact": { "method": null } });
        let text = table(&report, "../").unwrap();
        assert!(
            text.contains(
                "| [`rebar`](../estimators/rebar.md) | 1 | 2 | none, z = 1.5 | 0.0 ± 1.0 | 1.00 | **2.00** |"
            ),
            "{text}"
        );
        assert!(text.contains("| **biased**, z = 1.5 | 0.0 ± 1.0 | 0.500 | 1.00 |"), "{text}");
    }
}
