//! Where the checkpoints of a run lie: one file that is replaced, or a directory that keeps the last three.
//!
//! A place is looked at before the first step: that it can be written to, that nothing of anyone else is in it, and that no other
//! run is at work there. It stays locked until the run ends.

use std::fs;
use std::io::{ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
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
    /// As for [`check`], or if nothing can be written there.
    pub fn open(path: &Path, from: Option<&Path>) -> Result<Self> {
        check(path, from, path)?;
        let lock = hold(path).map_err(|e| refused(path, &e.to_string()))?;
        // Another run may have saved there before it was locked.
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
        let file = path.join(format!("step-{:010}.safetensors", checkpoint.header.step));
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
pub fn hold(path: &Path) -> IoResult<Lock> {
    let is_file = is_file_name(path);
    fs::create_dir_all(if is_file { parent(path) } else { path })?;
    if is_file {
        probe(path)?
    } else {
        probe_directory(path)?
    }
    Lock::take(path)
}

/// Refuses a place that a run must not save into: what is there would be lost, or taken for its own. Writes nothing. `whole` is
/// what the place would be resumed by: itself, or the directory of its comparison.
///
/// # Errors
/// If there are checkpoints of another run in the directory, or anything is in the place of the file.
pub fn check(path: &Path, from: Option<&Path>, whole: &Path) -> Result<()> {
    let kind = match fs::metadata(path) {
        Ok(found) => found.file_type(),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(refused(path, &e.to_string())),
    };
    let why = match (is_file_name(path), kind.is_dir()) {
        (true, true) => "it is a directory, though its name is that of a file; choose another name".into(),
        (false, false) => "it is no directory; choose another name, or one that ends in .safetensors".into(),
        _ if from.is_some_and(|from| same(&place_of(from), path)) => return Ok(()),
        (true, false) => match Checkpoint::load(path) {
            Ok(_) => format!(
                "it holds a checkpoint of another run; go on with --resume {}, or choose another name",
                whole.display()
            ),
            Err(why) => format!("what is there is no checkpoint ({why}); remove it or choose another name"),
        },
        (false, true) if steps_in(path).is_empty() => return Ok(()),
        (false, true) => format!(
            "it holds checkpoints of another run; go on with --resume {}, or choose another directory",
            whole.display()
        ),
    };
    Err(refused(path, &why))
}

fn refused(path: &Path, why: &str) -> Error {
    Error::Invalid(format!("cannot keep checkpoints in {}: {why}", path.display()))
}

fn same(a: &Path, b: &Path) -> bool {
    Identity::of(a) == Identity::of(b)
}

/// Where a run that goes on from this checkpoint, or from the newest in this directory, saves its own.
pub fn place_of(resume: &Path) -> PathBuf {
    if is_step(resume) { parent(resume).to_owned() } else { resume.to_owned() }
}

/// Whether a path names a checkpoint, not a directory of some.
pub fn is_file_name(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "safetensors")
}

/// The checkpoints in a directory, oldest first.
pub fn steps_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> = entries.filter(|path| is_step(path)).collect();
    all.sort();
    all
}

/// Whether a file has the name of a checkpoint in a directory of some.
fn is_step(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let digits = name.strip_prefix("step-").and_then(|n| n.strip_suffix(".safetensors"));
    digits.is_some_and(|d| d.len() == 10 && d.bytes().all(|b| b.is_ascii_digit()))
}
