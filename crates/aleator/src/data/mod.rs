//! Real data: images to train on, and arrays for the language's `data` statements.
//!
//! | what | how |
//! |---|---|
//! | 1797 handwritten digits of 8×8 pixels, in the binary | [`digits`], [`digits_split`] |
//! | MNIST and anything else in IDX files | [`load_idx_dir`] |
//! | either one, by what a user typed | [`load_images`] |
//! | rows of any of these, to train on | [`Dataset::load`] |
//! | an array in a `.npy`, `.npz` or `.csv` file | [`load_array`] |
//!
//! Files are untrusted input. Every size in a header is compared with a limit before memory is allocated, memory grows with the
//! bytes that are actually read, and every problem with a file is returned as a [`DataError`] that names the file.

mod array;
mod columns;
mod csv;
mod dataset;
mod digits;
mod error;
mod header;
mod idx;
mod image_set;
mod npy;
mod npz;
mod reading;
mod rows;
mod table;
mod write;

pub(crate) use array::place_in_file;
pub use array::{MAX_ARRAY_BYTES, load_array};
pub use dataset::Dataset;
pub use digits::{DIGITS_TRAINING, digits, digits_split};
pub use error::DataError;
pub use idx::{MAX_PIXELS, load_idx_dir};
pub use image_set::{ImageSet, Split};
pub use reading::{Binarization, Headings, Reading};
pub use rows::Rows;

pub use write::{npy_bytes, npz_bytes};

use std::path::{Path, PathBuf};

/// Loads the images that `source` names: `digits` for the embedded ones, otherwise a directory of IDX files.
///
/// # Errors
/// Returns [`DataError::NoSuchSource`] if it is neither, and the errors of [`load_idx_dir`].
pub fn load_images(source: &str) -> Result<Split, DataError> {
    match source {
        "digits" => Ok(digits_split()),
        directory if Path::new(directory).is_dir() => load_idx_dir(directory),
        other => Err(DataError::NoSuchSource { source_name: other.to_owned() }),
    }
}

/// The files that [`Dataset::load`] reads for `source`: none for `digits`.
pub fn files_of(source: &str) -> Vec<PathBuf> {
    match array::parts_of(Path::new(source)).0 {
        path if path.is_file() => vec![path.to_owned()],
        path if path.is_dir() => idx::files_in(path),
        _ => Vec::new(),
    }
}

/// Helpers for the tests of the file formats.
#[cfg(test)]
mod scratch {
    use std::fs;
    use std::path::{Path, PathBuf};

    /// A temporary directory that is removed after the test.
    pub struct Scratch(PathBuf);

    impl Scratch {
        pub fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("aleator-data-{}-{test}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub fn path(&self) -> &Path {
            &self.0
        }

        pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, bytes).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_digits_or_a_directory() {
        assert_eq!(load_images("digits").unwrap().train.count, 1500);
        let message = load_images("digts").unwrap_err().to_string();
        assert!(message.contains("digts") && message.contains("digits"), "{message}");
    }
}
