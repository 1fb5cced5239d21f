//! The command `aleator`: parse, call the library, report.

mod arguments;
mod commands;
mod failure;
mod input;
mod output;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    if let Some(threads) = arguments.threads {
        aleator::set_threads(threads.into());
    }
    match commands::run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr().lock(), "{}", failure.message.trim_end());
            ExitCode::from(failure.status)
        }
    }
}
