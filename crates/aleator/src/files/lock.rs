//! One process at a time for what a run writes.
//!
//! The lock is the operating system's, on a file beside the place (or in it, if it is a directory) that says who holds it. It goes
//! away with the process, however that ends, so that a file that a killed process left locks nobody out.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Read, Result as IoResult, Write};
use std::path::{Path, PathBuf};
use std::process;

use super::{Identity, parent};

/// Holds a place until it is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

/// What of a lock's text is read.
const LONGEST: u64 = 200;

impl Lock {
    /// Takes a directory, or a file, which need not exist.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] if another process, or another run of this one, holds it: the message says which. Or what the
    /// operating system says.
    pub fn take(place: &Path) -> IoResult<Self> {
        let path = Self::path(place);
        loop {
            let mut file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(held(&mut file)),
                // Some file systems have no locks: there, a run goes on without one.
                Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(e)) => return Err(e),
            }
            // Who held it before may have removed the file after it was opened here.
            if Identity::of_open(&file).is_none_or(|open| open == Identity::of(&path)) {
                file.set_len(0)?;
                file.write_all(format!("process {}{}", process::id(), on_machine()).as_bytes())?;
                return Ok(Lock { path, _file: file });
            }
        }
    }

    fn path(place: &Path) -> PathBuf {
        let real = place.canonicalize().unwrap_or_else(|_| place.to_owned());
        match real.is_dir() {
            true => real.join(".aleator.lock"),
            false => {
                let name = real.file_name().unwrap_or_default().to_string_lossy();
                parent(&real).join(format!(".{name}.lock"))
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still held.
        let _ = fs::remove_file(&self.path);
    }
}

/// Says who holds it.
fn held(file: &mut File) -> Error {
    let mut holder = String::new();
    let known = file.take(LONGEST).read_to_string(&mut holder).is_ok() && holder.starts_with("process ");
    let holder = if known { holder.escape_debug().to_string() } else { "another process".into() };
    Error::new(
        ErrorKind::WouldBlock,
        format!("a run of {holder} is writing there; wait for it, stop it, or choose another path"),
    )
}

/// Of use where several machines share a file system.
fn on_machine() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { String::new() } else { format!(" on {}", name.trim()) }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn one_at_a_time_and_a_left_file_locks_nobody_out() {
        let scratch = Scratch::new("lock");
        for place in [scratch.path().to_owned(), scratch.path().join("file")] {
            fs::write(Lock::path(&place), "process 1 that was killed, with a long name").unwrap();
            let lock = Lock::take(&place).unwrap();
            let message = Lock::take(&place).unwrap_err().to_string();
            assert!(message.contains(&format!("process {}", process::id())), "{message}");
            assert!(!message.contains("killed"));
            drop(lock);
            assert!(!Lock::path(&place).exists());
            Lock::take(&place).unwrap();
        }
    }
}
