//! Where aleator's time goes: the parts of a step, slowest first.

use std::fmt::Write;

use crate::error::{Error, Result};
use crate::statistics::median;
use crate::workloads::{Size, build};

/// Steps whose parts are timed.
const STEPS: u64 = 200;

/// The parts of all programs of a workload, as text.
///
/// # Errors
/// If there is no such workload, or a step fails.
pub fn profile(name: &str) -> Result<String> {
    let mut workload =
        build(name, Size::Full)?.ok_or_else(|| Error(format!("there is no workload `{name}`")))?;
    let mut text = String::new();
    for (of, program) in workload.programs() {
        let parts = program.parts();
        let mut times = vec![Vec::new(); parts.len()];
        program.run()?;
        for step in 0..STEPS {
            program.run_profiled(step, |part, time| times[part].push(time.as_secs_f64()))?;
        }
        let mut rows: Vec<(f64, usize)> = times.iter().enumerate().map(|(i, t)| (median(t), i)).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let total: f64 = rows.iter().map(|(seconds, _)| seconds).sum();
        let title = if of.is_empty() { name.to_string() } else { format!("{name}, {of}") };
        let line = writeln!(text, "{title}: {:.1} µs in {} parts", total * 1e6, parts.len());
        line.map_err(|e| Error(e.to_string()))?;
        for (seconds, part) in rows {
            let summary = &parts[part];
            let line = writeln!(
                text,
                "{:4}  {:9.2} µs  {:5.1}%  {:6.2} GB/s  {:6.2} Gop/s  {}",
                part + 1,
                seconds * 1e6,
                100.0 * seconds / total,
                summary.bytes as f64 / seconds * 1e-9,
                summary.operations as f64 / seconds * 1e-9,
                summary.what
            );
            line.map_err(|e| Error(e.to_string()))?;
        }
    }
    Ok(text)
}
