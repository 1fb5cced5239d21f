//! What makes two paths one file.

use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};

use super::parent;

/// Equal for paths that lead to one file, whatever links and detours are on the way; also before that file exists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Identity {
    /// A file that exists: its device and its number there, which hard links share.
    Number(u64, u64),
    /// A path without links and detours, as far as it exists.
    Path(PathBuf),
}

impl Identity {
    /// Of what a path leads to.
    pub fn of(path: &Path) -> Self {
        match fs::metadata(path).ok().and_then(|metadata| number(&metadata)) {
            Some((device, number)) => Identity::Number(device, number),
            None => Identity::Path(real(path)),
        }
    }

    /// Of an open file; `None` where the system has no number for it.
    pub(super) fn of_open(file: &File) -> Option<Self> {
        let (device, number) = number(&file.metadata().ok()?)?;
        Some(Identity::Number(device, number))
    }
}

/// A path without links and detours, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let of_parent = || {
        let parent = parent(path);
        parent.canonicalize().or_else(|_| std::path::absolute(parent)).ok()
    };
    match (path.canonicalize(), path.file_name()) {
        (Ok(real), _) => real,
        (Err(_), Some(name)) => of_parent().map_or_else(|| path.to_owned(), |parent| parent.join(name)),
        (Err(_), None) => path.to_owned(),
    }
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn detours_and_links_lead_to_the_same_file() {
        let scratch = Scratch::new("identity");
        let path = scratch.path().join("a");
        let detour = scratch.path().join("b/../a");
        fs::create_dir(scratch.path().join("b")).unwrap();
        assert_eq!(Identity::of(&path), Identity::of(&detour));
        let before = Identity::of(&path);
        fs::write(&path, "").unwrap();
        assert_eq!(Identity::of(&path), Identity::of(&detour));
        assert_ne!(Identity::of(&path), Identity::of(&scratch.path().join("c")));
        #[cfg(unix)]
        {
            assert_ne!(Identity::of(&path), before);
            let (hard, soft) = (scratch.path().join("hard"), scratch.path().join("soft"));
            fs::hard_link(&path, &hard).unwrap();
            std::os::unix::fs::symlink("a", &soft).unwrap();
            assert_eq!(Identity::of(&path), Identity::of(&hard));
            assert_eq!(Identity::of(&path), Identity::of(&soft));
        }
    }
}
