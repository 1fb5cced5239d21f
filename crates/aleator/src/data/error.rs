//! What can be wrong with a data file.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A data file or directory that cannot be used. Every message names the file and, where there is one, the remedy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system or the decompressor refused.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },

    /// A directory, a device or a pipe where a file was expected.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },

    /// Data that are neither built in nor there.
    #[error(
        "there is no file or directory {source_name:?}; give `digits`, a directory with MNIST's four IDX files, a .npy file or a \
         .csv file"
    )]
    NoSuchSource {
        /// What was named.
        source_name: String,
    },

    /// One of the IDX files is missing.
    #[error("{} has no {file} (nor {file}.gz)", directory.display())]
    Missing {
        /// The directory searched.
        directory: PathBuf,
        /// The file's usual name.
        file: String,
    },

    /// The file's first bytes are not those of its format.
    #[error("{} is not {format}: it starts with {found:02x?}, expected {expected:02x?}", path.display())]
    Magic {
        /// The file.
        path: PathBuf,
        /// The format that was expected.
        format: &'static str,
        /// How such a file starts.
        expected: Vec<u8>,
        /// How this one starts.
        found: Vec<u8>,
    },

    /// The header is not one this library understands.
    #[error("{} has a header that makes no sense: {reason}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The file ends before its data does.
    #[error("{} is cut short: its header promises {expected} bytes of data, there are {found}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that the header promises.
        expected: u64,
        /// Bytes found.
        found: u64,
    },

    /// The file goes on after its data.
    #[error("{} holds more than the {expected} bytes of data that its header promises", path.display())]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// Bytes that the header promises.
        expected: u64,
    },

    /// More data than this library is willing to hold in memory.
    #[error("{} is too large: {claim}, the limit is {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What the file holds or claims to hold.
        claim: String,
        /// The limit, in the same unit.
        limit: u64,
    },

    /// A set without images, or images without pixels.
    #[error("{} holds no pixels: {count} images of {height}×{width}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// Number of images.
        count: usize,
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
    },

    /// Two files that belong together do not fit.
    #[error("{} does not fit the file beside it: it holds {found}, expected {expected}", path.display())]
    Mismatch {
        /// The file that was read second.
        path: PathBuf,
        /// What the first file calls for.
        expected: String,
        /// What this one holds.
        found: String,
    },

    /// An element type other than real numbers.
    #[error("{} holds elements of type {found}; save it as one of f4, f8, i1 to i8, u1 to u8 or bool", path.display())]
    ElementType {
        /// The file.
        path: PathBuf,
        /// The type, as NumPy writes it.
        found: String,
    },

    /// A line of text that is not a row of numbers.
    #[error("{}:{line}: {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },

    /// A file name that does not say what is in it.
    #[error("{}: only .npy and .csv files can be loaded as arrays", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
}

impl DataError {
    /// Wraps an [`io::Error`] for use in `map_err`.
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Read { path: path.to_owned(), source }
    }

    pub(super) fn header(path: &Path, reason: impl Into<String>) -> Self {
        Self::Header { path: path.to_owned(), reason: reason.into() }
    }
}

/// Text from a file as an error shows it: quoted, and not the whole of a long one.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}..", &text[..end]),
        None => format!("{text:?}"),
    }
}
