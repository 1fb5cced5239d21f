//! The storage of a run's checkpoints: one file that is replaced, or a directory that keeps the last three.
//!
//! Before the first step, the program checks that the file or directory can be written, that it contains nothing of other runs,
//! and that no other run is using it. It remains locked until the run ends.

use std::fs;
use std::io::{ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::places::{is_file_name, place_of, step_file, steps_in};
use crate::error::{Error, Result};
use crate::files::{Identity, Lock, parent, probe, probe_directory};

/// The number of checkpoints that a directory keeps.
const KEPT: usize = 3;

/// A file or directory that can be written.
pub struct Store {
    path: PathBuf,
    _lock: Lock,
}

impl Store {
    /// Opens a `.safetensors` file, or a directory, which is created if necessary. `from` is the checkpoint from which the run is
    /// resumed.
    ///
    /// # Errors
    /// As for [`hold`] and [`check`].
    pub fn open(path: &Path, from: Option<&Path>) -> Result<Self> {
        let lock = hold(path)?;
        check(path, from, path)?;
        Ok(Store { path: path.to_owned(), _lock: lock })
    }

    /// Writes a checkpoint. In a directory, the oldest checkpoints up to its step are deleted.
    ///
    /// # Errors
    /// Returns an error of the operating system.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<PathBuf> {
        let Store { path, .. } = self;
        if is_file_name(path) {
            checkpoint.write(path)?;
            return Ok(path.clone());
        }
        let file = step_file(path, checkpoint.header.step);
        checkpoint.write(&file)?;
        let mut old: Vec<PathBuf> = steps_in(path).into_iter().filter(|other| *other <= file).collect();
        old.truncate(old.len().saturating_sub(KEPT));
        for file in old {
            // One that is gone already is no loss.
            let _ = fs::remove_file(file);
        }
        Ok(file)
    }
}

/// Creates the file or directory if necessary, checks that it can be written, and locks it.
///
/// # Errors
/// Returns an error if there is something of another kind, if it cannot be written, or if another run has locked it.
pub fn hold(path: &Path) -> Result<Lock> {
    is_taken(path)?;
    let locked = || -> IoResult<Lock> {
        if is_file_name(path) {
            fs::create_dir_all(parent(path))?;
            probe(path)?;
        } else {
            fs::create_dir_all(path)?;
            probe_directory(path)?;
        }
        Lock::take(path)
    };
    locked().map_err(|e| refused(path, &e.to_string()))
}

/// Checks that a run may save to a file or directory: that nothing there would be lost or mistaken for its own. Nothing is
/// written. `whole` is the path by which the run would be resumed: the path itself, or the directory of its comparison. The
/// caller must hold the lock of `whole`, so that a running process can be distinguished from one that has ended.
///
/// # Errors
/// Returns an error if the directory contains checkpoints of another run, or if the file exists.
pub fn check(path: &Path, from: Option<&Path>, whole: &Path) -> Result<()> {
    let own = from.is_some_and(|from| same(&place_of(from), path));
    if !is_taken(path)? || own {
        return Ok(());
    }
    let go_on = format!("resume it with `resume = {}`", whole.display());
    let why = if !is_file_name(path) {
        if steps_in(path).is_empty() {
            return Ok(());
        }
        format!("it holds checkpoints of another run; {go_on}, or choose another directory")
    } else {
        match Checkpoint::load(path) {
            Ok(_) => format!("it holds a checkpoint of another run; {go_on}, or choose another name"),
            Err(why) => {
                format!("the existing file is not a checkpoint ({why}); remove it or choose another name")
            }
        }
    };
    Err(refused(path, &why))
}

/// Whether the path exists, and is of the kind that its name indicates.
fn is_taken(path: &Path) -> Result<bool> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(refused(path, &e.to_string())),
    };
    match (is_file_name(path), found.is_dir()) {
        (true, true) => {
            Err(refused(path, "it is a directory, though its name is that of a file; choose another name"))
        }
        (false, false) => {
            Err(refused(path, "it is not a directory; choose another name, or one that ends in .safetensors"))
        }
        _ => Ok(true),
    }
}

fn refused(path: &Path, why: &str) -> Error {
    Error::Invalid(format!("cannot save checkpoints to {}: {why}", path.display()))
}

fn same(a: &Path, b: &Path) -> bool {
    Identity::of(a) == Identity::of(b)
}
