//! The command `aleator`: parse, call the library, report.

mod arguments;
mod commands;
mod failure;
mod findings;
mod flags;
mod input;
mod lsp;
mod memory;
mod output;
mod parameters;
mod places;
mod signals;
mod text;
mod via;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

#[global_allocator]
static MEMORY: memory::OrExplain = memory::OrExplain;

fn main() -> ExitCode {
    match run() {
        Ok(status) => status,
        Err(failure) => {
            let _ = writeln!(std::io::stderr().lock(), "{}", failure.message.trim_end());
            ExitCode::from(failure.status)
        }
    }
}

fn run() -> failure::Outcome<ExitCode> {
    let parsed = arguments::grammar(arguments::Arguments::command())
        .try_get_matches()
        .and_then(|matches| arguments::Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        // Help and version, too.
        Err(told) => {
            output::written(told.print().and_then(|()| std::io::stdout().flush()))?;
            return Ok(ExitCode::from(told.exit_code() as u8));
        }
    };
    if let Some(threads) = arguments.threads {
        aleator::set_threads(threads.into());
    }
    commands::run(arguments.command).map(|()| ExitCode::SUCCESS)
}
