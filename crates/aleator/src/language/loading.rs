//! What a text alone does not say: settings, where files are, how many rows a batch has, the seed, and whether programs may run.
use std::path::Path;
use std::time::Duration;

use super::parser::Setting;

/// The name of data, and an array for it: its shape, and its elements, row-major.
pub type NamedArray = (String, Vec<usize>, Vec<f64>);

/// How a text is loaded. The default reads no files, takes all rows, and starts no programs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loading<'a> {
    /// Where the files of `data` lines are, and where programs start. Without it, files are an error.
    pub folder: Option<&'a Path>,
    /// Values of parameters, constants and data that replace those of the text.
    pub settings: &'a [Setting],
    /// Arrays in place of the values of data, whose files are not read.
    pub arrays: &'a [NamedArray],
    /// The number of rows of `batch`; all rows without it.
    pub batch: Option<usize>,
    /// The seed of random initial values.
    pub seed: u64,
    /// Whether the text may start programs.
    pub commands: Commands,
    /// Whether the files of data are read.
    pub files: Files,
}

/// Whether the files of data are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Files {
    /// They are read.
    #[default]
    Read,
    /// They must exist; the data are zeros, and a batch has two rows. This is for editors, which load a text often and look at its
    /// shapes alone.
    Sketched,
}

/// Whether a text may start programs as black boxes, which can do anything that the user can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commands {
    /// They are declared, and an evaluation is an error.
    #[default]
    Refused,
    /// They are started when they are first needed.
    Allowed {
        /// How long a program may take for one answer.
        timeout: Duration,
    },
}
