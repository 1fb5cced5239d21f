//! Files that appear whole or not at all: written beside their place under a temporary name, brought to the disk, renamed.
//!
//! A process keeps its temporary file locked while it writes, and the lock goes away with the process. So whoever finds a
//! temporary file that can be locked has found one of a process that was killed, and removes it.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Result as IoResult, Write};
use std::path::{Path, PathBuf};
use std::process;

use super::{Identity, parent};

/// How the names of temporary files begin and end; between them stand two numbers.
const BEGINNING: &str = ".aleator-";
const END: &str = ".tmp";

/// Finds out whether [`write_atomically`] will be able to write a file, and removes what killed processes left beside it.
///
/// # Errors
/// Why it will not. Only regular files are replaced: to open a pipe would wait for its reader, and a device is no place for a file.
pub fn probe(path: &Path) -> IoResult<()> {
    probe_directory(parent(&target(path)?))
}

/// Finds out whether files can be made in a directory, which exists, and removes what killed processes left there.
///
/// # Errors
/// What the operating system says.
pub fn probe_directory(directory: &Path) -> IoResult<()> {
    clean(directory);
    let (path, _) = temporary(directory)?;
    fs::remove_file(path)
}

/// Replaces a file at once: after a crash at any moment there is either the old one or the new one. Its permissions remain, and a
/// link to it remains a link.
///
/// # Errors
/// As for [`probe`], and what the operating system says.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> IoResult<()> {
    let target = target(path)?;
    let directory = parent(&target);
    let (beside, mut file) = temporary(directory)?;
    let permissions = fs::metadata(&target).ok().map(|metadata| metadata.permissions());
    let written = file
        .write_all(bytes)
        .and_then(|()| permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions)))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, &target));
    if let Err(error) = written {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    // The name is on the disk once the directory is; some systems cannot open one.
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// The file that a path stands for, behind any links; it need not exist.
fn target(path: &Path) -> IoResult<PathBuf> {
    let refused = |why: &str| Err(std::io::Error::new(ErrorKind::InvalidInput, why.to_string()));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => refused("it is a directory"),
        Ok(found) if !found.is_file() => refused("it is not a regular file but a pipe, a socket or a device"),
        Ok(found) if found.permissions().readonly() => refused("it is write-protected"),
        Ok(_) => path.canonicalize(),
        Err(e) if e.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_ok() => {
            refused("it is a link to a file that does not exist")
        }
        Err(e) if e.kind() == ErrorKind::NotFound => match parent(path) {
            directory if directory.is_dir() => Ok(path.to_owned()),
            directory => refused(&format!("there is no directory {}", directory.display())),
        },
        Err(e) => Err(e),
    }
}

/// A new file in a directory, locked, under a name that no other process uses.
fn temporary(directory: &Path) -> IoResult<(PathBuf, File)> {
    let mut count = 0_u64;
    loop {
        let path = directory.join(format!("{BEGINNING}{}-{count}{END}", process::id()));
        count += 1;
        match File::create_new(&path) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
            // Another process may have taken it for a left one before it was locked.
            Ok(file) if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) || !path.exists() => {}
            Ok(file) => return Ok((path, file)),
        }
    }
}

/// Removes the temporary files of processes that are gone. Those that cannot be locked stay.
fn clean(directory: &Path) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in entries.filter(|path| is_temporary(path)) {
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
            && Identity::of_open(&file).is_none_or(|open| open == Identity::of(&path))
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether a name is one of [`temporary`]'s, of a regular file.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let numbers =
        name.strip_prefix(BEGINNING).and_then(|n| n.strip_suffix(END)).and_then(|n| n.split_once('-'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    numbers.is_some_and(|(process, count)| is_number(process) && is_number(count))
        && fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut all: Vec<_> =
            entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        all.sort();
        all
    }

    #[test]
    fn temporary_files_are_nobody_elses_and_go_away() {
        let scratch = Scratch::new("atomic");
        let path = scratch.path().join("name");
        write_atomically(&path, b"one").unwrap();
        // Another one is being written, and is left alone.
        let (other, file) = temporary(scratch.path()).unwrap();
        write_atomically(&path, b"two").unwrap();
        probe(&path).unwrap();
        assert_eq!((fs::read(&path).unwrap(), names(scratch.path()).len()), (b"two".into(), 2));
        // Its process ends before it is renamed: nobody else's files go with it.
        drop(file);
        for name in [".aleator-1.tmp", ".aleator-1-x.tmp", "aleator-1-1.tmp"] {
            fs::write(scratch.path().join(name), "").unwrap();
        }
        probe(&path).unwrap();
        assert!(!other.exists());
        assert_eq!(names(scratch.path()).len(), 4);
        // A directory that is not empty cannot be replaced.
        assert!(write_atomically(scratch.path(), b"three").is_err());
        assert_eq!(names(scratch.path()).len(), 4);
    }

    #[test]
    #[cfg(unix)]
    fn only_a_regular_file_is_replaced_and_its_kind_remains() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let scratch = Scratch::new("kinds");
        let at = |name: &str| scratch.path().join(name);
        assert!(probe(Path::new("/dev/null")).unwrap_err().to_string().contains("device"));
        assert!(write_atomically(Path::new("/dev/null"), b"").is_err());
        assert!(probe(scratch.path()).unwrap_err().to_string().contains("a directory"));
        assert!(probe(&at("no/such")).unwrap_err().to_string().contains("no directory"));
        symlink("nothing", at("dangling")).unwrap();
        assert!(probe(&at("dangling")).unwrap_err().to_string().contains("a link"));
        fs::write(at("file"), "old").unwrap();
        fs::set_permissions(at("file"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("file", at("link")).unwrap();
        write_atomically(&at("link"), b"new").unwrap();
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
        assert_eq!(fs::read(at("file")).unwrap(), b"new");
        assert_eq!(fs::metadata(at("file")).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(at("file"), fs::Permissions::from_mode(0o400)).unwrap();
        assert!(write_atomically(&at("file"), b"newer").unwrap_err().to_string().contains("protected"));
    }
}
