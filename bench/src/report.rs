//! Results as JSON, as text and as a page of documentation.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::compilation::Compilation;
use crate::machine::Machine;
use crate::memory::Memory;
use crate::rounds::{Effort, Row};
use crate::sweep::Sweep;
use crate::training::Training;

/// Everything that one call measured.
pub struct Report {
    /// Where and when.
    pub machine: Machine,
    /// How long.
    pub effort: Effort,
    /// The peers that ran, with their versions.
    pub peers: Vec<(String, String)>,
    /// The peers that did not, with the reason.
    pub missing: Vec<(String, String)>,
    /// The workloads.
    pub rows: Vec<Row>,
    /// A step of training.
    pub training: Option<Training>,
    /// How times grow.
    pub sweeps: Vec<Sweep>,
    /// How times of compilation grow.
    pub compilations: Vec<Compilation>,
    /// Peak memory.
    pub memory: Option<Memory>,
}

/// Peers that every result names, null where they did not run.
const NAMED: [&str; 3] = ["jax", "torch", "storchastic"];

impl Report {
    /// Whether a row is void.
    pub fn is_void(&self) -> bool {
        self.rows.iter().any(|row| !row.void.is_empty())
    }

    /// One document.
    pub fn json(&self) -> Value {
        let names = |list: &[(String, String)]| -> Map<String, Value> {
            list.iter().map(|(name, text)| (name.clone(), json!(text))).collect()
        };
        let memory = self.memory.map(|m| json!({"workload": "sbn-step", "bytes": m, "ratio": m.ratio()}));
        json!({
            "results": self.rows.iter().map(row_json).collect::<Vec<_>>(),
            "training": self.training,
            "sweeps": self.sweeps,
            "compilations": self.compilations,
            "memory": memory,
            "machine": self.machine,
            "rounds": self.effort.rounds,
            "seconds_per_turn": self.effort.turn.as_secs_f64(),
            "peers": names(&self.peers),
            "missing_peers": names(&self.missing),
        })
    }

    /// The page `docs/benchmarks.md`, which is also what is printed.
    pub fn markdown(&self) -> String {
        let mut page = String::new();
        self.write(&mut page).unwrap_or(());
        page
    }

    fn write(&self, page: &mut String) -> std::fmt::Result {
        let Machine { processor, processors, system, date, aleator, commit, rustc } = &self.machine;
        writeln!(page, "# Benchmarks\n")?;
        writeln!(page, "Printed by `bench/run --write docs/benchmarks.md` on {date}.\n")?;
        writeln!(page, "- Machine: {processor}, {processors} logical processors, {system}")?;
        writeln!(page, "- aleator {aleator} ({commit}), {rustc}")?;
        for (name, version) in &self.peers {
            writeln!(page, "- {name} {version}")?;
        }
        for (name, why) in &self.missing {
            writeln!(page, "- {name} was skipped: {why}")?;
        }
        writeln!(
            page,
            "\nEvery side had {} turns of about {} s for each workload, one process working at a time, one turn of each \
             side after the other. Times are medians of the turns' mean time of a step; every step ends before the next \
             begins. A ratio below 1 means that aleator is faster; in brackets, the smallest and the largest ratio of a \
             round. Before anything is timed, all sides compute losses and gradients from the same inputs and uniform \
             numbers; the last column is their largest difference, relative to the largest element. When timed, each \
             side draws its own noise.\n",
            self.effort.rounds,
            self.effort.turn.as_secs_f64()
        )?;
        if !self.rows.is_empty() {
            self.write_rows(page)?;
        }
        if let Some(training) = self.training {
            let [low, high] = training.ratio.spread;
            writeln!(page, "\n## Training\n")?;
            writeln!(
                page,
                "A step of `aleator train` (a minibatch of 60,000 images, the gradient of `sbn-step`, Adam, the gradient's \
                 statistics) takes {}, an `sbn-step` in turn with it {}: a ratio of {:.2} [{low:.2}, {high:.2}].",
                time(training.seconds),
                time(training.gradient_seconds),
                training.ratio.value
            )?;
        }
        if !self.sweeps.is_empty() {
            writeln!(page, "\n## Growth\n")?;
            writeln!(
                page,
                "Time of an `sbn-step` as one size grows and the others stay; α is fitted to time = c · sizeᵅ. In depth, \
                 every layer is 200 wide.\n"
            )?;
            writeln!(page, "| size | steps | α |\n|---|---|---|")?;
            for sweep in &self.sweeps {
                let points = sweep.values.iter().zip(&sweep.microseconds);
                let points: Vec<String> = points.map(|(n, us)| format!("{n}: {}", time(us * 1e-6))).collect();
                writeln!(page, "| {} | {} | {:.2} |", sweep.of, points.join(", "), sweep.exponent)?;
            }
        }
        if !self.compilations.is_empty() {
            writeln!(page, "\n## Compilation\n")?;
            writeln!(
                page,
                "Time from a graph to its program, beside the nodes of the surrogate; α is fitted to time = c · nodesᵅ.\n"
            )?;
            writeln!(page, "| graph | nodes: time | µs a node, largest | α |\n|---|---|---|---|")?;
            for compilation in &self.compilations {
                let points = compilation.nodes.iter().zip(&compilation.milliseconds);
                let points: Vec<String> = points.map(|(n, ms)| format!("{n}: {}", time(ms * 1e-3))).collect();
                let largest = compilation.nodes.last().zip(compilation.milliseconds.last());
                let each = largest.map_or(0.0, |(&n, ms)| ms * 1e3 / n as f64);
                writeln!(
                    page,
                    "| {} | {} | {each:.1} | {:.2} |",
                    compilation.of,
                    points.join(", "),
                    compilation.exponent
                )?;
            }
        }
        if let Some(memory) = self.memory {
            writeln!(page, "\n## Memory\n")?;
            writeln!(
                page,
                "A process that does nothing but `sbn-step` grew by {} at its peak; the program's buffers are {}, the \
                 graph's parameters {}: a ratio of {:.2}.",
                bytes(memory.peak_resident.saturating_sub(memory.resident_before)),
                bytes(memory.buffers),
                bytes(memory.parameters),
                memory.ratio()
            )?;
        }
        Ok(())
    }

    fn write_rows(&self, page: &mut String) -> std::fmt::Result {
        write!(page, "| workload | aleator |")?;
        for (name, _) in &self.peers {
            write!(page, " {name} | ratio |")?;
        }
        writeln!(page, " difference |")?;
        writeln!(page, "|---|---|{}---|", "---|---|".repeat(self.peers.len()))?;
        for row in &self.rows {
            write!(page, "| `{}` | {} |", row.workload, time(row.seconds))?;
            for (name, _) in &self.peers {
                match row.beside.iter().find(|b| b.peer == *name).map(|b| &b.times) {
                    Some(Ok((seconds, ratio))) => {
                        let [low, high] = ratio.spread;
                        write!(page, " {} | {:.2} [{low:.2}, {high:.2}] |", time(*seconds), ratio.value)?;
                    }
                    Some(Err(why)) if why.starts_with("void") => write!(page, " void | void |")?,
                    _ => write!(page, " – | – |")?,
                }
            }
            let distances = row.beside.iter().filter_map(|b| b.agreement.as_ref().map(|a| a.distance));
            let distance = distances.fold(None, |m: Option<f64>, d| Some(m.map_or(d, |m| m.max(d))));
            writeln!(page, " {} |", distance.map_or("–".into(), |d| format!("{d:.0e}")))?;
        }
        writeln!(page)?;
        for row in &self.rows {
            writeln!(page, "- `{}`: {}", row.workload, row.summary)?;
            for what in row.void.iter().cloned().chain(notes(row)) {
                writeln!(page, "  - {what}")?;
            }
        }
        Ok(())
    }
}

/// What agreement does not cover.
fn notes(row: &Row) -> impl Iterator<Item = String> {
    row.beside.iter().filter_map(|b| {
        let not_compared = b.agreement.as_ref()?.not_compared.as_ref()?;
        Some(format!("{} of {} not compared: {}", not_compared.names.join(", "), b.peer, not_compared.why))
    })
}

fn row_json(row: &Row) -> Value {
    let mut object = Map::new();
    object.insert("workload".into(), json!(row.workload));
    object.insert("aleator_us".into(), json!(row.seconds * 1e6));
    for name in NAMED {
        let beside = row.beside.iter().find(|b| b.peer == name);
        let times = beside.and_then(|b| b.times.as_ref().ok());
        // The spread of the ratio to JAX, which always runs, has the plain name.
        let spread = if name == "jax" { "ratio_spread".to_string() } else { format!("ratio_spread_{name}") };
        object.insert(format!("{name}_us"), json!(times.map(|(seconds, _)| seconds * 1e6)));
        object.insert(format!("ratio_to_{name}"), json!(times.map(|(_, ratio)| ratio.value)));
        object.insert(spread, json!(times.map(|(_, ratio)| ratio.spread)));
        object.insert(
            format!("difference_{name}"),
            json!(beside.and_then(|b| b.agreement.as_ref().map(|a| a.distance))),
        );
    }
    object.insert("void".into(), json!(row.void));
    object.insert("notes".into(), json!(notes(row).collect::<Vec<_>>()));
    object.insert("summary".into(), json!(row.summary));
    Value::Object(object)
}

/// A time with three digits.
fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$} {unit}")
}

/// A size in mebibytes.
fn bytes(n: u64) -> String {
    format!("{:.1} MiB", n as f64 / f64::from(1 << 20))
}
