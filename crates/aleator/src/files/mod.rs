//! Files that a command writes: each appears whole or not at all, and none is written that another run or the command itself needs.
//!
//! | question | answer |
//! |---|---|
//! | can this place be written, and will it be one file? | [`probe`] |
//! | are these two paths one file? | [`Identity`] |
//! | write it so that a crash leaves the old file or the new one | [`write_atomically`] |
//! | is another process at work here? | [`Lock`] |
//! | what is on standard input, however often it is asked for? | [`standard_input`] |

mod identity;
mod input;
mod lock;
mod temporary;

pub use identity::Identity;
pub use input::standard_input;
pub use lock::Lock;
pub use temporary::{probe, probe_directory, write_atomically};

use std::path::Path;

/// The directory of a file.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What the tests of this folder share.
#[cfg(test)]
mod scratch {
    use std::fs;
    use std::path::{Path, PathBuf};

    /// A directory of its own that goes away with the test.
    pub struct Scratch(PathBuf);

    impl Scratch {
        pub fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("aleator-files-{}-{test}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
