//! The text of `aleator bench`.

use std::fmt::Write;

use aleator::diagnostics::{Profile, ProfiledPart};

use super::numbers::{duration, significant};
use super::text::printable;

/// Parts of a run with their times, slowest first.
pub fn profile(profile: &Profile) -> String {
    let mut out = String::new();
    let plan = if profile.estimators.is_empty() { "no random site" } else { &profile.estimators };
    let _ = writeln!(
        out,
        "{}: {}, K = {}, {} × {}, {} of buffers",
        printable(&profile.file),
        printable(plan),
        profile.samples,
        profile.replicates,
        profile.numbers,
        bytes(profile.buffer_bytes as f64)
    );
    let parts: f64 = profile.parts.iter().map(|p| p.seconds).sum();
    let _ = writeln!(
        out,
        "one run {} (median of {}); its parts together {}",
        duration(profile.seconds),
        profile.runs,
        duration(parts)
    );
    let _ = writeln!(
        out,
        "this machine copies {}/s and multiplies matrices at {} operations/s",
        bytes(profile.limits.copied_bytes_per_second),
        amount(profile.limits.product_operations_per_second)
    );
    let mut order: Vec<(usize, &ProfiledPart)> = profile.parts.iter().enumerate().collect();
    order.sort_by(|a, b| b.1.seconds.total_cmp(&a.1.seconds));
    let percent = |x: f64| format!("{:.0}%", 100.0 * x);
    let mut rows = vec![
        ["part", "time", "of run", "bytes", "of copying", "operations", "of products", "what"]
            .map(String::from),
    ];
    rows.extend(order.into_iter().map(|(i, part)| {
        [
            format!("{}", i + 1),
            duration(part.seconds),
            percent(part.seconds / parts),
            bytes(part.bytes as f64),
            percent(part.share_of_copying),
            amount(part.operations as f64),
            percent(part.share_of_products),
            printable(&part.what),
        ]
    }));
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let (what, numbers) = (&row[7], &row[..7]);
        out.push('\n');
        for (cell, &width) in numbers.iter().zip(&widths) {
            let _ = write!(out, "{cell:>width$}  ");
        }
        out.push_str(what);
    }
    out.push('\n');
    out
}

/// Bytes with a unit, three digits.
fn bytes(n: f64) -> String {
    match n {
        n if n < 1e3 => format!("{n:.0} B"),
        n if n < 1e6 => format!("{} kB", significant(n / 1e3, 3)),
        n if n < 1e9 => format!("{} MB", significant(n / 1e6, 3)),
        n => format!("{} GB", significant(n / 1e9, 3)),
    }
}

/// A count with three digits.
fn amount(n: f64) -> String {
    match n {
        n if n < 1e3 => format!("{n:.0}"),
        n if n < 1e6 => format!("{}k", significant(n / 1e3, 3)),
        n if n < 1e9 => format!("{}M", significant(n / 1e6, 3)),
        n => format!("{}G", significant(n / 1e9, 3)),
    }
}

#[cfg(test)]
mod tests {
    use aleator::diagnostics::Limits;

    use super::*;

    #[test]
    fn the_slowest_part_comes_first() {
        let part = |what: &str, seconds| ProfiledPart {
            what: what.into(),
            kind: "fused",
            seconds,
            bytes: 2048,
            operations: 1_500_000,
            share_of_copying: 0.5,
            share_of_products: 0.25,
        };
        let text = profile(&Profile {
            aleator: "0",
            file: "toy.scg".into(),
            estimators: "b via enumeration".into(),
            numbers: "f64",
            samples: 1,
            replicates: 1,
            runs: 3,
            seconds: 4e-6,
            buffer_bytes: 512,
            limits: Limits { copied_bytes_per_second: 1e10, product_operations_per_second: 1e11 },
            parts: vec![part("8 elements: exp", 1e-6), part("[2, 3] @ [3, 4]", 3e-6)],
        });
        let expected = "\
toy.scg: b via enumeration, K = 1, 1 × f64, 512 B of buffers
one run 4.00 µs (median of 3); its parts together 4.00 µs
this machine copies 10.0 GB/s and multiplies matrices at 100G operations/s

part     time  of run    bytes  of copying  operations  of products  what
   2  3.00 µs     75%  2.05 kB         50%       1.50M          25%  [2, 3] @ [3, 4]
   1  1.00 µs     25%  2.05 kB         50%       1.50M          25%  8 elements: exp
";
        assert_eq!(text, expected);
    }
}
