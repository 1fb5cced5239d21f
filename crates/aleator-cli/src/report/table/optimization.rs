//! The summary of `optimize`.

use std::fmt::Write as _;

use aleator::diagnostics::OptimizationPath;

use super::values::{count, named_tensors, plain};
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
