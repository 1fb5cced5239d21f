//! The commands: parse, call the library, report.

mod bench;
mod catalogue;
mod check;
mod compare;
mod draw;
mod export;
mod grad;
mod optimize;
mod train;
mod trained;

use crate::arguments::Command;
use crate::failure::Outcome;

/// Carries out a command.
pub fn run(command: Command) -> Outcome {
    match command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Graph(arguments) => draw::run(&arguments),
        Command::Grad(arguments) => grad::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Optimize(arguments) => optimize::run(&arguments),
        Command::Train(arguments) => match &arguments.trained {
            Some(trained) => trained::run(trained),
            None => train::run(&arguments),
        },
        Command::Export(arguments) => export::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::List(arguments) => catalogue::list(arguments.what.as_deref()),
        Command::Explain { name } => catalogue::explain(&name),
        Command::Cite { name } => catalogue::cite(&name),
        Command::Completions { shell } => catalogue::completions(shell),
    }
}
