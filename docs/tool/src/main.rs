//! The book's own tool, used by `docs/build` from the root of the repository.
//!
//! ```text
//! aleator-book write ALEATOR      pages of docs/src and of the code → target/book-src; runs every command in them
//! aleator-book check              every link within target/book leads somewhere
//! ```

mod catalogue;
mod choices;
mod commands;
mod gallery;
mod headers;
mod links;
mod references;
mod write;

use std::path::Path;
use std::process::ExitCode;

/// What goes wrong is told to whoever edits the book, in words.
type Result<T, E = String> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["write", binary] => write::write(Path::new(binary)),
        ["check"] => links::check(Path::new("target/book")),
        _ => Err("usage: aleator-book write ALEATOR | aleator-book check".into()),
    };
    match done {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Reads a text file; the error names it.
fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
