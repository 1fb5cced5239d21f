//! Errors of data files.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A data file or directory that cannot be used. Every message names the file and, if there is one, the remedy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system or the decompressor reported an error.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// A directory, a device or a pipe where a file was expected.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The path or name that was passed.
        path: PathBuf,
    },

    /// A name that is neither that of built-in data nor an existing path.
    #[error(
        "there is no file or directory {source_name:?}; give `digits`, a directory with MNIST's four IDX files, or a .npy, .npz \
         or .csv file"
    )]
    NoSuchSource {
        /// The path or name that was passed.
        source_name: String,
    },

    /// One of the IDX files is missing.
    #[error("{} has no {file} (nor {file}.gz)", directory.display())]
    Missing {
        /// The directory searched.
        directory: PathBuf,
        /// The usual name of the file.
        file: String,
    },

    /// The first bytes of the file are not those of the format.
    #[error("{} is not {format}: it starts with {found:02x?}, expected {expected:02x?}", path.display())]
    Magic {
        /// The file.
        path: PathBuf,
        /// The format that was expected.
        format: &'static str,
        /// The first bytes that were expected.
        expected: Vec<u8>,
        /// The first bytes that were found.
        found: Vec<u8>,
    },

    /// The header is invalid or not supported.
    #[error("{} has an invalid header: {reason}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },

    /// The file is shorter than its header states.
    #[error("{} is truncated: its header states {expected} bytes of data, but there are {found}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The number of bytes according to the header.
        expected: u64,
        /// The number of bytes found.
        found: u64,
    },

    /// The file is longer than its header states.
    #[error("{} contains more than the {expected} bytes of data that its header states", path.display())]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// The number of bytes according to the header.
        expected: u64,
    },

    /// The data exceed the limit of this library.
    #[error("{} is too large: {claim}, the limit is {limit}; save a part of its rows or columns as a file of its own", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The size of the data.
        claim: String,
        /// The limit, in the same unit.
        limit: u64,
    },

    /// A set without images, or images without pixels.
    #[error("{} holds no pixels: {count} images of {height}×{width}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The number of images.
        count: usize,
        /// The number of rows of an image.
        height: usize,
        /// The number of columns of an image.
        width: usize,
    },

    /// Two files that belong together are inconsistent.
    #[error("{} is inconsistent with the file beside it: it contains {found}, expected {expected}", path.display())]
    Mismatch {
        /// The file that was read second.
        path: PathBuf,
        /// What the first file requires.
        expected: String,
        /// What this file contains.
        found: String,
    },

    /// An element type other than real numbers.
    #[error("{} holds elements of type {found}; save it as one of f2, f4, f8, i1 to i8, u1 to u8 or bool", path.display())]
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
        /// The problem.
        reason: String,
    },

    /// Columns that cannot be chosen.
    #[error("{}: {reason}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },

    /// An archive that cannot be used.
    #[error("cannot use the archive {}: {reason}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },

    /// A file name with an unknown extension.
    #[error("{}: only .npy, .npz and .csv files can be loaded as arrays", path.display())]
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

    pub(super) fn archive(path: &Path, reason: impl Into<String>) -> Self {
        Self::Archive { path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn header(path: &Path, reason: impl Into<String>) -> Self {
        Self::Header { path: path.to_owned(), reason: reason.into() }
    }
}

/// Text from a file for an error message: quoted, and shortened if it is long.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}..", &text[..end]),
        None => format!("{text:?}"),
    }
}
