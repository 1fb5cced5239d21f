//! Where the checkpoints of a run lie: one file that is replaced, or a directory that keeps the last three.
//!
//! A place is looked at before the first step: that it can be written to, and that nothing of anyone else is in it.

use std::fs::{self, File};
use std::io::{ErrorKind, Result as IoResult, Write};
use std::path::{Path, PathBuf};
use std::process;

use super::checkpoint::Checkpoint;
use crate::error::{Error, Result};

/// Checkpoints that a directory keeps.
const KEPT: usize = 3;

/// A place that can be written to.
pub struct Store(PathBuf);

impl Store {
    /// A `.safetensors` file, or a directory, which is made if need be; `from` is what the run goes on from.
    ///
    /// # Errors
    /// As for [`check`], or if nothing can be written there.
    pub fn open(path: &Path, from: Option<&Path>) -> Result<Self> {
        check(path, from, path)?;
        let directory = if is_file_name(path) { parent(path) } else { path };
        probe(directory).map_err(|e| refused(path, &e.to_string()))?;
        Ok(Store(path.to_owned()))
    }

    /// Writes a checkpoint; in a directory, the oldest of those up to its step go.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<PathBuf> {
        let Store(path) = self;
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

/// Refuses a place that a run must not save into: what is there would be lost, or taken for its own. Writes nothing. `whole` is
/// what the place would be resumed by: itself, or the directory of its comparison.
///
/// # Errors
/// If there are checkpoints of another run in the directory, or anything but a checkpoint is in the place of the file.
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
            Ok(_) => return Ok(()),
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
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
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

/// The directory of a file.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a directory if need be, and finds out whether files can be made in it.
pub fn probe(directory: &Path) -> IoResult<()> {
    fs::create_dir_all(directory)?;
    let (path, _) = temporary(directory)?;
    fs::remove_file(path)
}

/// A new file in a directory, under a name that no other process uses.
fn temporary(directory: &Path) -> IoResult<(PathBuf, File)> {
    let mut count = 0_u64;
    loop {
        let path = directory.join(format!(".aleator-{}-{count}.tmp", process::id()));
        match File::create_new(&path) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => count += 1,
            made => return made.map(|file| (path, file)),
        }
    }
}

/// Replaces a file at once: after a crash at any moment there is either the old one or the new one.
pub fn atomically(path: &Path, bytes: &[u8]) -> IoResult<()> {
    let directory = parent(path);
    fs::create_dir_all(directory)?;
    let (beside, mut file) = temporary(directory)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| fs::rename(&beside, path)) {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    // The name is on the disk once the directory is; some systems cannot open one.
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_files_are_nobody_elses_and_go_away() {
        let directory = std::env::temp_dir().join(format!("aleator-store-{}", process::id()));
        let path = directory.join("name");
        let names = || fs::read_dir(&directory).unwrap().count();
        atomically(&path, b"one").unwrap();
        // Another process on another machine, with the same number, is about to write.
        let (other, _) = temporary(&directory).unwrap();
        atomically(&path, b"two").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), fs::read(&other).unwrap(), names()),
            (b"two".into(), vec![], 2)
        );
        fs::remove_file(other).unwrap();
        // A directory that is not empty cannot be replaced.
        atomically(&directory.join("taken/name"), b"").unwrap();
        assert!(atomically(&directory.join("taken"), b"three").is_err());
        assert_eq!(names(), 2);
        fs::remove_dir_all(directory).unwrap();
    }
}
