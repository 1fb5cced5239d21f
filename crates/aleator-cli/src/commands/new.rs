//! `aleator new`: an example of the gallery as a file of one's own.

use std::io::Write;

use aleator::language::nearest;
use aleator::problems;

use crate::failure::{Failure, Outcome};
use crate::output::print;

pub fn run(name: &str) -> Outcome {
    let stem = name.strip_suffix(".scg").unwrap_or(name);
    let Some(problem) = problems::find(stem) else {
        let remedy = match nearest(stem, problems::all().iter().map(|problem| problem.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`aleator list problems` shows the examples".into(),
        };
        return Err(Failure::input(format!("there is no example `{stem}`; {remedy}")));
    };
    let file = format!("{}.scg", problem.name);
    let mut options = std::fs::OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .open(&file)
        .and_then(|mut out| out.write_all(problem.source.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::input(format!(
            "`{file}` exists and is not overwritten; rename it, or write the example in another folder"
        )),
        _ => Failure::input(format!("cannot write `{file}`: {error}")),
    })?;
    print(&format!("{file}: {}\nTry `aleator compare {file}`.", problem.summary()))
}
