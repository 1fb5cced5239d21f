//! `aleator new`: an example of the gallery as a file of one's own.

use std::io::Write;
use std::path::Path;

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
    for (path, content) in problem.files {
        beside(path, content)?;
    }
    write_new(&file, problem.source)?;
    let mut text = format!("{file}: {}\n", problem.summary());
    if !problem.files.is_empty() {
        let paths: Vec<&str> = problem.files.iter().map(|(path, _)| *path).collect();
        text.push_str(&format!("Beside it: {}.\n", paths.join(", ")));
    }
    print(&format!("{text}Try `aleator compare {file}`."))
}

/// Writes a file that the example needs, unless the same is there already.
fn beside(path: &str, content: &str) -> Outcome {
    if std::fs::read(path).is_ok_and(|there| there == content.as_bytes()) {
        return Ok(());
    }
    let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::input(format!("cannot make the folder `{}`: {error}", folder.display()))
        })?;
    }
    write_new(path, content)
}

/// Writes a file that must not exist.
fn write_new(file: &str, content: &str) -> Outcome {
    let mut options = std::fs::OpenOptions::new();
    let written =
        options.write(true).create_new(true).open(file).and_then(|mut out| out.write_all(content.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::input(format!(
            "`{file}` exists and is not overwritten; rename it, or write the example in another folder"
        )),
        _ => Failure::input(format!("cannot write `{file}`: {error}")),
    })
}
