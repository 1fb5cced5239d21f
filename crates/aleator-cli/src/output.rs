//! Standard output that a closed pipe does not upset, and progress on standard error.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::{Failure, Outcome};

/// Writes to standard output. A reader that has gone away is no error of ours; a full disk is one.
pub fn print(text: &str) -> Outcome {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let mut out = std::io::stdout().lock();
    written(write!(out, "{text}{end}").and_then(|()| out.flush()))
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

/// Writes a warning to standard error.
pub fn warn(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "warning: {text}");
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

/// Writes a plot.
pub fn save_plot(path: &Path, svg: Result<String, String>) -> Outcome {
    let written = svg.and_then(|svg| aleator_cli::report::write_plot(path, &svg));
    written.map_err(|reason| Failure::input(format!("cannot write the plot {}: {reason}", path.display())))
}

/// A progress bar on standard error, where that is a terminal.
pub struct Progress {
    bar: Mutex<(ProgressBar, String)>,
    total: u64,
}

impl Progress {
    /// Of `total` parts.
    pub fn new(total: usize) -> Self {
        let bar = ProgressBar::new(total as u64);
        if let Ok(style) = ProgressStyle::with_template("{msg:40!} {bar:30} {pos}/{len} {per_sec} {eta}") {
            bar.set_style(style);
        }
        Progress { bar: Mutex::new((bar, String::new())), total: total as u64 }
    }

    /// What is being done, and how much of it is.
    pub fn set(&self, label: &str, done: usize) {
        let Ok(mut guard) = self.bar.lock() else { return };
        let (bar, current) = &mut *guard;
        if current != label {
            bar.reset();
            bar.set_message(label.to_string());
            *current = label.to_string();
        }
        bar.set_position((done as u64).min(self.total));
    }

    /// How much of it is done.
    pub fn advance(&self, done: usize) {
        if let Ok(guard) = self.bar.lock() {
            guard.0.set_position((done as u64).min(self.total));
        }
    }

    /// Says something beside the bar.
    pub fn note(&self, text: &str) {
        if let Ok(guard) = self.bar.lock() {
            guard.0.set_message(text.to_string());
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Ok(guard) = self.bar.lock() {
            guard.0.finish_and_clear();
        }
    }
}
