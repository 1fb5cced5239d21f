//! The summary of `optimize`, and the table of several runs.

use std::fmt::Write as _;

use aleator::diagnostics::OptimizationPath;
use aleator::graph::Rewards;

use super::choices::choices;
use super::columns::{Column, Mark, empty_table, fill, finish};
use super::values::{count, named_tensors, objective_of, plain};
use crate::report::numbers::{plus_minus_text, significant};
use crate::report::text::printable;

/// The summary of `optimize`: the objective at both ends, its path, and the final parameters.
pub fn optimization(path: &OptimizationPath) -> String {
    let mut out = String::new();
    let steps = count(path.steps, "step");
    let _ = writeln!(
        out,
        "{}: {steps} of {}, lr {}, seed {}",
        printable(&path.file),
        printable(&path.optimizer),
        plain(path.lr.0),
        path.seed
    );
    for (site, estimator) in &path.plan {
        let _ = writeln!(out, "  {} via {}", printable(site), printable(estimator));
    }
    out.push_str(&choices(&path.measured));
    for name in &path.fixed {
        let _ = writeln!(out, "  {} is fixed", printable(name));
    }
    let values: Vec<f64> = path.history.iter().map(|p| p.objective.0).collect();
    if values.is_empty() {
        out.push_str("\nNo step was taken.\n");
    } else {
        // Single estimates are noisy: the ends are means over a tenth of the points where there are enough.
        let tenth = if values.len() >= 20 { values.len() / 10 } else { 1 };
        let (first, last) = (&values[..tenth], &values[values.len() - tenth..]);
        let over = if tenth > 1 {
            format!(" (means over {tenth} points of the path at each end)")
        } else {
            String::new()
        };
        let _ = writeln!(out, "\nobjective  {} → {}{over}", mean_text(first), mean_text(last));
        if path.rewards != Rewards::None {
            let _ = writeln!(out, "           {}", objective_of(path.rewards));
        }
        let low = values.iter().copied().filter(|x| x.is_finite()).fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().filter(|x| x.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        if low <= high {
            let _ = writeln!(
                out,
                "           {}  from {} to {}",
                sparkline(&values, 60),
                significant(low, 4),
                significant(high, 4)
            );
        }
        if let (Some(exact), Some(method)) = (path.exact_objective, path.exact_method) {
            let _ = writeln!(out, "           exactly {} at the end (by {method})", significant(exact.0, 5));
        }
        let bad = values.iter().filter(|x| !x.is_finite()).count();
        if bad > 0 {
            let _ = writeln!(out, "           not finite at {bad} of {} points", values.len());
        }
    }
    if !path.parameters.is_empty() {
        out.push_str("\nfinal parameters\n");
    }
    out.push_str(&named_tensors(&path.parameters));
    if !path.own_parameters.is_empty() {
        let _ =
            write!(out, "\nestimators' own parameters at the end\n{}", named_tensors(&path.own_parameters));
    }
    out
}

/// The table of several runs of `optimize`: a row for each plan, over its seeds.
pub fn optimizations(groups: &[Vec<OptimizationPath>], width: Option<u16>, color: bool) -> String {
    let mut out = String::new();
    let Some(first) = groups.first().and_then(|paths| paths.first()) else {
        return "No run.\n".into();
    };
    let seeds = groups.first().map_or(0, Vec::len);
    let _ = writeln!(
        out,
        "{}: {} of {}, lr {}, {} from {} on",
        printable(&first.file),
        count(first.steps, "step"),
        printable(&first.optimizer),
        plain(first.lr.0),
        count(seeds, "seed"),
        first.seed
    );
    let firsts: Vec<f64> = groups.iter().map(|paths| mean_of(paths, |path| end(path, false))).collect();
    let mut columns = vec![
        Column::left("estimator", group_names(groups)),
        Column::left("objective first", firsts.iter().map(|x| significant(*x, 4))),
        Column::left("last", groups.iter().map(|paths| spread_text(paths, &|path| Some(end(path, true))))),
    ];
    if groups.iter().flatten().any(|path| path.exact_objective.is_some()) {
        let exact = |path: &OptimizationPath| path.exact_objective.map(|x| x.0);
        columns.push(Column::left("exactly, last", groups.iter().map(|paths| spread_text(paths, &exact))));
    }
    let best = best_group(groups);
    columns.push(Column::left(
        "",
        (0..groups.len()).map(|i| if best == Some(i) { "lowest".to_string() } else { String::new() }),
    ));
    let mut table = empty_table(width, color);
    fill(&mut table, &columns.iter().collect::<Vec<_>>(), groups.len(), |i| match best {
        Some(best) if best == i => Mark::Best,
        _ => Mark::Plain,
    });
    let _ = writeln!(out, "\n{}", finish(&table));
    out.push_str(if seeds > 1 {
        "Numbers are means over the seeds ± the standard deviation of one run.\n"
    } else {
        "One seed tells little: several show how much runs differ.\n"
    });
    out
}

/// The names of groups: the estimators, with the site where they differ.
pub(crate) fn group_names(groups: &[Vec<OptimizationPath>]) -> Vec<String> {
    let name = |paths: &Vec<OptimizationPath>| {
        let Some(path) = paths.first() else { return String::new() };
        let mut estimators: Vec<&str> = path.plan.values().map(String::as_str).collect();
        estimators.dedup();
        match estimators.as_slice() {
            [] => "no random site".into(),
            [one] => printable(one),
            _ => {
                let parts: Vec<String> = path.plan.iter().map(|(site, e)| format!("{site}: {e}")).collect();
                printable(&parts.join(", "))
            }
        }
    };
    groups.iter().map(name).collect()
}

/// The mean objective over the first or the last tenth of the points.
fn end(path: &OptimizationPath, last: bool) -> f64 {
    let values: Vec<f64> = path.history.iter().map(|p| p.objective.0).collect();
    let tenth = if values.len() >= 20 { values.len() / 10 } else { 1 }.min(values.len());
    let part = if last { &values[values.len() - tenth..] } else { &values[..tenth] };
    part.iter().sum::<f64>() / part.len() as f64
}

fn mean_of(paths: &[OptimizationPath], value: impl Fn(&OptimizationPath) -> f64) -> f64 {
    paths.iter().map(value).sum::<f64>() / paths.len() as f64
}

/// The mean over paths ± the standard deviation of one, or `—` if a path has no such value.
fn spread_text(paths: &[OptimizationPath], value: &dyn Fn(&OptimizationPath) -> Option<f64>) -> String {
    let Some(values) = paths.iter().map(value).collect::<Option<Vec<f64>>>() else { return "—".into() };
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return significant(mean, 5);
    }
    let deviation = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    plus_minus_text(mean, Some(deviation))
}

/// The group with the lowest objective at the end, exactly where that is known, if it is lower than all others by more than the
/// standard error of the difference, twice. With one seed there is none.
fn best_group(groups: &[Vec<OptimizationPath>]) -> Option<usize> {
    let known = groups.iter().flatten().all(|path| path.exact_objective.is_some());
    let value = |path: &OptimizationPath| match path.exact_objective {
        Some(exact) if known => exact.0,
        _ => end(path, true),
    };
    let moments: Vec<(f64, f64)> = groups
        .iter()
        .map(|paths| {
            let (n, mean) = (paths.len() as f64, mean_of(paths, value));
            let squares = paths.iter().map(|path| (value(path) - mean).powi(2)).sum::<f64>();
            (mean, squares / (n - 1.0) / n)
        })
        .collect();
    let lowest = (0..moments.len()).min_by(|&i, &j| moments[i].0.total_cmp(&moments[j].0))?;
    let below =
        |&(mean, square): &(f64, f64)| mean - moments[lowest].0 > 2.0 * (square + moments[lowest].1).sqrt();
    let others = moments.iter().enumerate().filter(|(i, _)| *i != lowest);
    (groups.len() > 1 && others.map(|(_, m)| m).all(below)).then_some(lowest)
}

/// Mean ± standard error of the mean, or the single value.
fn mean_text(values: &[f64]) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return significant(mean, 4);
    }
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    plus_minus_text(mean, Some((variance / n).sqrt()))
}

/// A path in at most `width` characters, each the mean of a stretch; `×` where a stretch has no finite value.
fn sparkline(values: &[f64], width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = values.len().min(width.max(1));
    let stretch = |i: usize| {
        let part = &values[i * values.len() / columns..(i + 1) * values.len() / columns];
        let finite: Vec<f64> = part.iter().copied().filter(|x| x.is_finite()).collect();
        (!finite.is_empty()).then(|| finite.iter().map(|x| x / finite.len() as f64).sum::<f64>())
    };
    let means: Vec<Option<f64>> = (0..columns).map(stretch).collect();
    let low = means.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = means.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = (high / 2.0 - low / 2.0).max(f64::MIN_POSITIVE);
    let bar = |mean: Option<f64>| {
        mean.map_or('×', |m| BARS[(((m / 2.0 - low / 2.0) / range) * 7.0).round().clamp(0.0, 7.0) as usize])
    };
    means.into_iter().map(bar).collect()
}
