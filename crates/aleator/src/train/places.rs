//! The names of checkpoints: one file, or a directory of files with the step in their names.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files::parent;

/// Where a run that resumes from this checkpoint, or from the newest in this directory, saves its checkpoints.
pub fn place_of(resume: &Path) -> PathBuf {
    if is_step(resume) { parent(resume).to_owned() } else { resume.to_owned() }
}

/// Whether a path is a checkpoint file, and not a directory of checkpoints.
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

/// Whether a file has the name of a checkpoint in a directory.
fn is_step(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let digits = name.strip_prefix("step-").and_then(|n| n.strip_suffix(".safetensors"));
    digits.is_some_and(|d| d.len() == 10 && d.bytes().all(|b| b.is_ascii_digit()))
}

/// The name of the checkpoint of a step in a directory.
pub fn step_file(directory: &Path, step: usize) -> PathBuf {
    directory.join(format!("step-{step:010}.safetensors"))
}

/// The newest checkpoint of a directory, or the file itself.
///
/// # Errors
/// Returns an error if there is none.
pub fn newest(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let none = || Error::Invalid(format!("there is no checkpoint in {}", path.display()));
    steps_in(path).pop().ok_or_else(none)
}
