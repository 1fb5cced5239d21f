//! A peer: a process that reads one JSON command per line on its standard input and answers one JSON line.
//!
//! | command | answer |
//! |---|---|
//! | none: at the start | `{"peer": name, "version": text}` or `{"missing": why}` |
//! | `{"do": "prepare", "workload": name, "settings": {..}, "folder": path}` | `{"not_compared": {"names": [..], "why": text} or null}`: the outputs from the arrays in the folder lie in its subfolder of the peer's name; or `{"unsupported": why}` |
//! | `{"do": "run", "iterations": n}` | `{"seconds": s}` for n steps of the prepared workload, each finished before the next |
//! | `{"do": "first", "workload": name, "settings": {..}, "folder": path}` | `{"seconds": s}` from nothing to the first gradient; or `{"unsupported": why}` |
//!
//! A failed command is answered by `{"error": message}`. The peer ends when its input does.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::workloads::Workload;

/// A running peer.
pub struct Peer {
    name: String,
    version: String,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// What a peer said of its outputs.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct NotCompared {
    /// Outputs that are not meant to agree.
    pub names: Vec<String>,
    /// Why.
    pub why: String,
}

/// What became of starting a peer.
pub enum Started {
    /// It runs.
    Running(Peer),
    /// It cannot, because something is not installed.
    Missing(String),
}

impl Peer {
    /// Starts a peer's script.
    ///
    /// # Errors
    /// If it does not start or does not introduce itself.
    pub fn start(python: &Path, script: &Path) -> Result<Started> {
        let failed = |e: std::io::Error| Error(format!("{}: {e}", python.display()));
        let mut command = Command::new(python);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error("a peer has no pipes".into()));
        };
        let name = script.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let output = BufReader::new(output);
        let mut peer = Peer { name, version: String::new(), child, input: Some(input), output };
        let hello = peer.answer()?;
        if let Some(why) = hello["missing"].as_str() {
            return Ok(Started::Missing(why.into()));
        }
        let text = |key: &str| hello[key].as_str().unwrap_or_default().to_string();
        (peer.name, peer.version) = (text("peer"), text("version"));
        Ok(Started::Running(peer))
    }

    /// What it calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of what it runs on.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Prepares a workload and has its outputs computed from the inputs in the folder; the reason if the peer does not
    /// have that workload.
    ///
    /// # Errors
    /// If the peer fails.
    pub fn prepare(
        &mut self,
        workload: &dyn Workload,
        folder: &Path,
    ) -> Result<Result<Option<NotCompared>, String>> {
        let mut answer = self.ask(&command("prepare", workload, folder))?;
        Ok(match answer["unsupported"].as_str() {
            Some(why) => Err(why.into()),
            None => Ok(serde_json::from_value(answer["not_compared"].take())?),
        })
    }

    /// Seconds that this many steps of the prepared workload take.
    ///
    /// # Errors
    /// If the peer fails.
    pub fn run(&mut self, iterations: usize) -> Result<f64> {
        let answer = self.ask(&json!({"do": "run", "iterations": iterations}))?;
        self.seconds(&answer)
    }

    /// Seconds from nothing to the first gradient; the reason if the peer has none.
    ///
    /// # Errors
    /// If the peer fails.
    pub fn first(&mut self, workload: &dyn Workload, folder: &Path) -> Result<Result<f64, String>> {
        let answer = self.ask(&command("first", workload, folder))?;
        match answer["unsupported"].as_str() {
            Some(why) => Ok(Err(why.into())),
            None => self.seconds(&answer).map(Ok),
        }
    }

    fn seconds(&self, answer: &Value) -> Result<f64> {
        answer["seconds"].as_f64().ok_or_else(|| Error(format!("{}: no time in {answer}", self.name)))
    }

    fn ask(&mut self, command: &Value) -> Result<Value> {
        let Some(input) = &mut self.input else { return Err(Error(format!("{} has ended", self.name))) };
        writeln!(input, "{command}")?;
        input.flush()?;
        let answer = self.answer()?;
        match answer["error"].as_str() {
            Some(message) => Err(Error(format!("{}: {message}", self.name))),
            None => Ok(answer),
        }
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(Error(format!("{} ended without an answer", self.name)));
        }
        serde_json::from_str(&line).map_err(|e| Error(format!("{}: {e} in {line:?}", self.name)))
    }
}

fn command(what: &str, workload: &dyn Workload, folder: &Path) -> Value {
    json!({"do": what, "workload": workload.name(), "settings": workload.settings(), "folder": folder})
}

impl Drop for Peer {
    /// Ends its input, which ends the process.
    fn drop(&mut self) {
        self.input = None;
        // Nothing can be done about a process that cannot be waited for.
        let _ = self.child.wait();
    }
}
