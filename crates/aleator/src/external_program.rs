//! Black boxes that are programs of their own, in any language.
//!
//! A program is started once, when it is first needed. For every evaluation it reads one line of JSON from its standard input, the
//! object of its arguments by name, and writes one line to its standard output, a number or nested list of the declared shape:
//!
//! ```text
//! {"z": [0.5, 1.0], "s": 3.0}        an argument is a number or a nested list, row-major
//! 0.25
//! ```
//!
//! Many lines are sent before any answer is awaited, so that a program which reads all that it can get may answer in bulk. A number
//! that is not finite is the word "nan", "inf" or "-inf" in quotes; `NaN`, `Infinity` and `-Infinity`, as Python's `json` writes them,
//! are understood too.

mod answer;
mod process;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aleator_engine::graph::{self as engine, Expr, External, ExternalFn, Shape};

use crate::graph::Graph;

use answer::{read_answer, write_question};
use process::Process;

/// The most questions that are sent before answers are awaited.
const MOST_QUESTIONS: usize = 1 << 16;
/// The most bytes of questions that are sent before answers are awaited, but for one question that is larger.
const MOST_BYTES: usize = 16 << 20;

/// The shapes of the arguments and of the result of one evaluation.
#[derive(Clone, Debug)]
struct Signature {
    /// The arguments: their names and shapes.
    arguments: Vec<(String, Vec<usize>)>,
    /// The shape of the result, which has at least one element.
    result: Vec<usize>,
}

/// A program that evaluates a black box.
pub struct ExternalProgram {
    command: Vec<String>,
    folder: Option<PathBuf>,
    timeout: Duration,
    state: Mutex<State>,
}

enum State {
    NotStarted,
    Running(Process),
    /// Why it can answer no more.
    Failed(String),
}

impl ExternalProgram {
    /// A program and its arguments, which starts in `folder` (without one, in the current folder) when it is first needed. An answer
    /// that takes longer than `timeout` is an error.
    pub fn new(command: Vec<String>, folder: Option<PathBuf>, timeout: Duration) -> Self {
        ExternalProgram { command, folder, timeout, state: Mutex::new(State::NotStarted) }
    }

    /// The black box in a graph of tensor operations: its result has the given shape, which has at least one element.
    pub(crate) fn call<'g>(
        self: &Arc<Self>,
        graph: &'g engine::Graph,
        name: &str,
        shape: Shape,
        arguments: &[(&str, Expr<'g>)],
    ) -> Expr<'g> {
        if shape.contains(&0) {
            let problem = format!("a result of shape {shape} has no elements");
            return graph.fail(aleator_engine::Error::Shape { operation: name.into(), problem });
        }
        let signature = Signature {
            arguments: arguments
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.shape().to_vec()))
                .collect(),
            result: shape.to_vec(),
        };
        let program = self.clone();
        let function: Arc<ExternalFn> = Arc::new(move |arguments: &[&[f64]], result: &mut [f64]| {
            program.evaluate(&signature, arguments, result)
        });
        let values: Vec<Expr<'g>> = arguments.iter().map(|(_, value)| *value).collect();
        let ranks = values.iter().map(|value| value.rank()).collect();
        let external = External { vectorized: true, ..External::new(name, shape, ranks, function) };
        graph.external(external, &values)
    }

    /// Evaluates the black box once for each element of `result` divided by the shape of one result. Each argument, and the result,
    /// holds one evaluation after another.
    ///
    /// # Errors
    /// The reason why there is no answer, with the command and the last lines that the program wrote to its standard error. After an
    /// error the program is stopped, and every further evaluation is an error.
    fn evaluate(
        &self,
        signature: &Signature,
        arguments: &[&[f64]],
        result: &mut [f64],
    ) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let State::NotStarted = *state {
            *state = match Process::start(&self.command, self.folder.as_deref()) {
                Ok(process) => State::Running(process),
                Err(reason) => State::Failed(format!("{} cannot be started: {reason}", self.shown())),
            };
        }
        let process = match &mut *state {
            State::Running(process) => process,
            State::Failed(reason) => return Err(reason.clone()),
            State::NotStarted => return Err("the program has not started".to_owned()),
        };
        let Err(reason) = ask(process, signature, arguments, result, self.timeout) else { return Ok(()) };
        let heard = process.heard();
        let heard =
            if heard.is_empty() { String::new() } else { format!("; it wrote to standard error:\n{heard}") };
        let reason = format!("{} {reason}{heard}", self.shown());
        // This stops the program.
        *state = State::Failed(reason.clone());
        Err(reason)
    }

    /// The command for messages, on one line and of bounded length.
    fn shown(&self) -> String {
        let line = self.command.join(" ");
        let mut shown: String = line.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if line.chars().count() > 80 {
            shown.push('…');
        }
        format!("the program `{shown}`")
    }
}

impl Graph {
    /// Adds a black box that is a program of its own; `arguments` are the names that the program reads, and their values. `shape` is that
    /// of the result.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// use aleator::external_program::ExternalProgram;
    /// use aleator::prelude::*;
    ///
    /// let g = Graph::new();
    /// let stock = g.sample("stock", Normal::new(g.param("target", 10.0), 1.0).via(ReinforceLoo));
    /// let command = ["python3", "shop.py"].map(String::from).to_vec();
    /// let shop = Arc::new(ExternalProgram::new(command, None, Duration::from_secs(60)));
    /// g.cost("cost", g.external_program("shop", [], &[("stock", stock)], &shop));
    /// g.compile(&Options::new().samples(8))?.run()?;
    /// # Ok::<(), aleator::Error>(())
    /// ```
    #[track_caller]
    pub fn external_program<'g>(
        &'g self,
        name: &str,
        shape: impl Into<Shape>,
        arguments: &[(&str, Expr<'g>)],
        program: &Arc<ExternalProgram>,
    ) -> Expr<'g> {
        program.call(self.engine(), name, shape.into(), arguments)
    }
}

fn ask(
    process: &mut Process,
    signature: &Signature,
    arguments: &[&[f64]],
    result: &mut [f64],
    timeout: Duration,
) -> Result<(), String> {
    if process.has_unasked() {
        return Err("wrote more lines than it was asked questions".to_owned());
    }
    let size: usize = signature.result.iter().product::<usize>().max(1);
    let count = result.len() / size;
    let sizes: Vec<usize> = signature.arguments.iter().map(|(_, shape)| shape.iter().product()).collect();
    let longest = 4096 + 64 * size;
    let mut next = 0;
    while next < count {
        let first = next;
        let mut block = Vec::new();
        while next < count && next - first < MOST_QUESTIONS && (next == first || block.len() < MOST_BYTES) {
            let own = arguments.iter().zip(&sizes).map(|(all, &n)| &all[next * n..][..n]);
            write_question(&mut block, &signature.arguments, own);
            next += 1;
        }
        process.send(block);
        for answer in result[first * size..next * size].chunks_exact_mut(size) {
            let line = process.receive(timeout, longest)?;
            read_answer(&line, &signature.result, answer)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
