//! Where the checkpoints of a run lie: one file that is replaced, or a directory that keeps the last three.
//!
//! A place is looked at before the first step: that it can be written to, that nothing of anyone else is in it, and that no other
//! run is at work there. It stays locked until the run ends.

use std::fs;
use std::io::{ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::places::{is_file_name, place_of, step_file, steps_in};
use crate::error::{Error, Result};
use crate::files::{Identity, Lock, parent, probe, probe_directory};

/// Checkpoints that a directory keeps.
const KEPT: usize = 3;

/// A place that can be written to.
pub struct Store {
    path: PathBuf,
    _lock: Lock,
}

impl Store {
    /// A `.safetensors` file, or a directory, which is made if need be; `from` is what the run goes on from.
    ///
    /// # Errors
    /// As for [`hold`] and [`check`].
    pub fn open(path: &Path, from: Option<&Path>) -> Result<Self> {
        let lock = hold(path)?;
        check(path, from, path)?;
        Ok(Store { path: path.to_owned(), _lock: lock })
    }

    /// Writes a checkpoint; in a directory, the oldest of those up to its step go.
    ///
    /// # Errors
    /// What the operating system says.
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

/// Makes a place for checkpoints if need be, finds out whether it can be written to, and locks it.
///
/// # Errors
/// If something of another kind is there, nothing can be written, or another run holds it.
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

/// Refuses a place that a run must not save into: what is there would be lost, or taken for its own. Writes nothing. `whole` is
/// what the place would be resumed by: itself, or the directory of its comparison. Whoever calls it holds `whole`: a run that is
/// at work there is then told apart from one that has left its checkpoints.
///
/// # Errors
/// If there are checkpoints of another run in the directory, or anything is in the place of the file.
pub fn check(path: &Path, from: Option<&Path>, whole: &Path) -> Result<()> {
    let own = from.is_some_and(|from| same(&place_of(from), path));
    if !is_taken(path)? || own {
        return Ok(());
    }
    let go_on = format!("go on with `resume = {}`", whole.display());
    let why = if !is_file_name(path) {
        if steps_in(path).is_empty() {
            return Ok(());
        }
        format!("it holds checkpoints of another run; {go_on}, or choose another directory")
    } else {
        match Checkpoint::load(path) {
            Ok(_) => format!("it holds a checkpoint of another run; {go_on}, or choose another name"),
            Err(why) => format!("what is there is no checkpoint ({why}); remove it or choose another name"),
        }
    };
    Err(refused(path, &why))
}

/// Whether there is something in a place, and of the kind that its name stands for.
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
            Err(refused(path, "it is no directory; choose another name, or one that ends in .safetensors"))
        }
        _ => Ok(true),
    }
}

fn refused(path: &Path, why: &str) -> Error {
    Error::Invalid(format!("cannot keep checkpoints in {}: {why}", path.display()))
}

fn same(a: &Path, b: &Path) -> bool {
    Identity::of(a) == Identity::of(b)
}
