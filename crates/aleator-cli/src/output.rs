//! Standard output that a closed pipe does not upset, and progress on standard error.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aleator::graph::Graph;
use aleator_cli::report::{Origin, message, plot_bytes};
use console::{Term, truncate_str};
use serde::Serialize;

use crate::failure::{Failure, Outcome};
use crate::places::Output;

/// Writes to standard output. A reader that has gone away is no error of ours; a full disk is one.
pub fn print(text: &str) -> Outcome {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let mut out = std::io::stdout().lock();
    written(write!(out, "{text}{end}").and_then(|()| out.flush()))
}

/// Writes to standard output, and nothing but the text.
pub fn print_raw(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// How writing to standard output went.
pub fn written(result: std::io::Result<()>) -> Outcome {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("cannot write the results to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Tells standard error what to know before a command begins.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", message(&format!("note: {text}")));
}

/// Writes a warning to standard error.
pub fn warn(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", message(&format!("warning: {text}")));
}

/// Writes lines to standard error, if there are any.
pub fn aside(text: &str) {
    let _ = write!(std::io::stderr().lock(), "{text}");
}

/// Samples of a measurement from which on it is said how many they are: about ten seconds of a small graph.
const MANY_SAMPLES: u128 = 1_000_000_000;

/// Numbers of a measurement from which on it is said how many they are: about a minute.
const MANY_NUMBERS: u128 = 20_000_000_000;

/// Says how much work a measurement of a graph asks for, where that is much.
pub fn warn_of_work(graph: &Graph, samples: Option<usize>, replicates: usize) {
    let samples = samples.unwrap_or(1);
    let all = samples as u128 * replicates as u128;
    let engine = graph.engine();
    let sizes = (0..engine.len()).map(|i| engine.nodes_at(i).1.shape.numel() as u128);
    let of_graph = sizes.fold(0, u128::saturating_add);
    let numbers = of_graph.saturating_mul(all);
    if all < MANY_SAMPLES && numbers >= MANY_NUMBERS {
        warn(&format!(
            "the graph has {:.0e} numbers, and {samples} samples in each of {replicates} replicates compute {:.0e} of them, which may \
             take minutes to hours; use smaller shapes, or lower --samples or --replicates",
            of_graph as f64, numbers as f64
        ));
    }
    if all >= MANY_SAMPLES {
        warn(&format!(
            "--samples {samples} in each of {replicates} replicates are {:.0e} samples, which may take minutes to hours; lower \
             --samples or --replicates",
            all as f64
        ));
    }
}

/// Prints one JSON document.
pub fn print_json(document: &impl Serialize) -> Outcome {
    let text = serde_json::to_string_pretty(document).map_err(Failure::input)?;
    print(&text)
}

/// The width of the terminal, if standard output is one.
pub fn width() -> Option<u16> {
    console::Term::stdout().size_checked().map(|(_, columns)| columns)
}

/// Whether standard output shows colours.
pub fn color() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Writes a plot, if there is a place for it.
pub fn save_plot(output: Option<&Output>, svg: impl FnOnce() -> Result<String, String>) -> Outcome {
    let Some(output) = output else { return Ok(()) };
    save("plot", output, svg().and_then(|svg| plot_bytes(output.path(), &svg)))
}

/// A text as one word of a shell.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Where a report comes from: this process's command line.
pub fn origin(seed: u64) -> Origin {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|text| shell_word(&text.to_string_lossy())).collect();
    let command = format!("aleator {}", arguments.join(" "));
    Origin { command, version: env!("CARGO_PKG_VERSION").into(), seed }
}

/// Writes a report, if there is a place for it.
pub fn save_page(output: Option<&Output>, page: impl FnOnce() -> Result<String, String>) -> Outcome {
    let Some(output) = output else { return Ok(()) };
    save("report", output, page().map(String::into_bytes))
}

/// Writes what was drawn.
pub fn save(what: &str, output: &Output, drawn: Result<Vec<u8>, String>) -> Outcome {
    let path = output.path().display();
    let bytes = drawn.map_err(|reason| Failure::input(format!("cannot make the {what} {path}: {reason}")))?;
    output.write(&bytes).map_err(|reason| Failure::input(format!("cannot write the {what} {path}: {reason}")))
}

/// Columns of the line of progress: of 80, two are left for the `^C` that a terminal shows.
const COLUMNS: usize = 77;
/// Columns of its bar.
const BAR: usize = 10;
/// Time between two of its pictures.
const REDRAW: Duration = Duration::from_millis(100);

/// One line of progress on standard error, where that is a terminal.
///
/// The cursor stays at the end of the line, so that whatever the terminal echoes there goes away with it.
pub struct Progress {
    state: Mutex<State>,
    total: usize,
}

struct State {
    terminal: Option<Term>,
    label: String,
    began: Instant,
    drawn: Option<Instant>,
}

impl Progress {
    /// Of `total` parts.
    pub fn new(total: usize) -> Self {
        let terminal = Some(Term::buffered_stderr()).filter(Term::is_term);
        let state = State { terminal, label: String::new(), began: Instant::now(), drawn: None };
        Progress { state: Mutex::new(state), total }
    }

    /// What is being done, and how much of it is; the speed is that since it began.
    pub fn set(&self, label: &str, done: usize) {
        self.show(label, done, None, "");
    }

    /// The same at a speed that is known, with a word on how it goes.
    pub fn set_at(&self, label: &str, done: usize, per_second: f64, note: impl Display) {
        self.show(label, done, Some(per_second), note);
    }

    /// A line that stays, where standard error is no terminal and so shows nothing else.
    pub fn look(&self, label: &str, done: usize, note: impl Display) {
        if let Ok(guard) = self.state.lock()
            && guard.terminal.is_none()
        {
            let _ = writeln!(
                std::io::stderr().lock(),
                "{}",
                message(&format!("{label} {done}/{}: {note}", self.total))
            );
        }
    }

    fn show(&self, label: &str, done: usize, per_second: Option<f64>, note: impl Display) {
        let Ok(mut guard) = self.state.lock() else { return };
        let State { terminal: Some(terminal), label: current, began, drawn } = &mut *guard else { return };
        let now = Instant::now();
        if current != label {
            *current = label.to_string();
            (*began, *drawn) = (now, None);
        }
        if drawn.is_some_and(|last| now - last < REDRAW) {
            return;
        }
        *drawn = Some(now);
        let per_second = per_second.unwrap_or_else(|| done as f64 / (now - *began).as_secs_f64().max(1e-9));
        let columns = terminal.size_checked().map_or(COLUMNS, |(_, c)| usize::from(c).saturating_sub(3));
        let line = line(label, done, self.total, per_second, &note.to_string());
        let _ = terminal.clear_line();
        let _ = terminal.write_str(&truncate_str(&line, columns.min(COLUMNS), "…"));
        let _ = terminal.flush();
    }

    /// Removes the line.
    pub fn finish(&self) {
        if let Ok(mut guard) = self.state.lock()
            && let Some(terminal) = guard.terminal.take()
            && guard.drawn.is_some()
        {
            let _ = terminal.clear_line();
            let _ = terminal.flush();
        }
    }
}

/// `███░░░░░░░ 90/300 192/s 0:00:02  label  note`.
fn line(label: &str, done: usize, total: usize, per_second: f64, note: &str) -> String {
    let done = done.min(total);
    let filled = (BAR * done).checked_div(total).unwrap_or(BAR);
    let speed = match per_second {
        s if done == 0 || !s.is_finite() || s <= 0.0 => String::new(),
        s => {
            let left = ((total - done) as f64 / s).ceil() as u64;
            let speed = match s {
                s if s < 10.0 => format!("{s:.2}"),
                s if s < 1e4 => format!("{s:.0}"),
                s => format!("{:.0}k", s / 1e3),
            };
            format!(" {speed}/s {}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60)
        }
    };
    let bar = "█".repeat(filled) + &"░".repeat(BAR - filled);
    let space = if note.is_empty() { "" } else { "  " };
    format!("{bar} {done}/{total}{speed}  {label}{space}{note}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_progress() {
        assert_eq!(line("train", 90, 300, 191.55, "x 1"), "███░░░░░░░ 90/300 192/s 0:00:02  train  x 1");
        assert_eq!(line("nvil", 0, 300, 0.0, ""), "░░░░░░░░░░ 0/300  nvil");
        assert_eq!(line("slow", 1, 1801, 0.25, ""), "░░░░░░░░░░ 1/1801 0.25/s 2:00:00  slow");
        assert_eq!(line("none", 0, 0, f64::NAN, ""), "██████████ 0/0  none");
        line("fast", 1, usize::MAX / BAR, 1e-300, "");
    }
}
