//! Everything that a command reads and every place that it writes to. A place can be written only if it is neither among what is
//! read nor taken by another output, whatever links and detours lead to it.

use std::path::{Path, PathBuf};

use aleator::files::{Identity, probe, write_atomically};

use crate::failure::{Failure, Outcome};

/// What is read and written so far.
#[derive(Debug, Default)]
pub struct Places {
    known: Vec<(String, Identity)>,
}

/// A file that will be written, whole or not at all: it can be, and nothing that the command needs is lost.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
}

impl Places {
    /// Notes a file that is read; `what` names it in a message, such as `--config`.
    pub fn reads(&mut self, what: impl Into<String>, path: &Path) {
        self.known.push((what.into(), Identity::of(path)));
    }

    /// Notes a place that is written to, unless it is noted already by anything but those that `may_share` it.
    ///
    /// # Errors
    /// If it is: of two things in one place, the later would destroy the earlier.
    pub fn takes(&mut self, what: &str, path: &Path, may_share: &[&str]) -> Outcome {
        let identity = Identity::of(path);
        let taken =
            |(other, place): &&(String, Identity)| *place == identity && !may_share.contains(&other.as_str());
        if let Some((other, _)) = self.known.iter().find(taken) {
            return Err(Failure::input(format!(
                "{other} and {what} are both {}: give each a place of its own",
                path.display()
            )));
        }
        self.known.push((what.to_string(), identity));
        Ok(())
    }

    /// A file to be written, now or hours later.
    ///
    /// # Errors
    /// As for [`Places::takes`], or if it cannot be written.
    pub fn output(&mut self, what: &str, path: &Path) -> Outcome<Output> {
        self.takes(what, path, &[])?;
        probe(path).map_err(|e| Failure::input(format!("cannot write `{}`: {e}", path.display())))?;
        Ok(Output { path: path.to_owned() })
    }
}

impl Output {
    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it.
    pub fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        write_atomically(&self.path, bytes)
    }
}
