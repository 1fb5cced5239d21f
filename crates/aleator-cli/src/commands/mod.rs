//! The commands: parse, call the library, report.

mod bench;
mod catalogue;
mod certify;
mod certify_catalogue;
mod certify_check;
mod check;
mod compare;
mod draw;
mod export;
mod format;
mod grad;
mod hessian;
mod manual;
mod new;
mod optimize;
mod train;
mod train_outputs;
mod trained;

use crate::arguments::Command;
use crate::failure::Outcome;
use crate::lsp;

/// Carries out a command.
pub fn run(command: Command) -> Outcome {
    match command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Graph(arguments) => draw::run(&arguments),
        Command::Grad(arguments) => grad::run(&arguments),
        Command::Hessian(arguments) => hessian::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Certify(arguments) => certify::run(&arguments),
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
        Command::Fmt(arguments) => format::run(&arguments),
        Command::New { name } => new::run(&name),
        Command::Lsp => lsp::run(),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { folder } => manual::pages(folder.as_deref()),
    }
}
