//! How rows are read from files.

/// The conversion of grey pixels to black and white.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binarization {
    /// 1 if the pixel is above one half, else 0.
    #[default]
    Threshold,
    /// 1 with the value of the pixel as probability, drawn once with the seed of the data. Also called sampled.
    Static,
    /// The same, but pixels are drawn again for every minibatch. Held-out pixels are drawn once.
    Dynamic,
}

/// How rows are read from a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// How pixels are made black and white; `None` to leave numbers unchanged.
    pub binarization: Option<Binarization>,
    /// The seed of a random binarisation, and of the choice of held-out rows.
    pub seed: u64,
    /// The columns of a table, by the names of its header or by numbers from 1, in this order; none for all.
    pub columns: Vec<String>,
    /// Whether the last column may consist of words.
    pub labels: bool,
    /// The names of the classes, if they are known: other words are an error.
    pub classes: Vec<String>,
    /// The names of the columns in their order, if they are known. Those of a table with a header are taken by these names, and
    /// `columns` does not count; those of another table are taken by position.
    pub names: Vec<String>,
    /// Whether all rows of a file are training rows, so that none are held out.
    pub whole: bool,
}

/// The words of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headings {
    /// The names of the classes in sorted order, if the labels are words.
    pub classes: Vec<String>,
    /// The names of the columns that were read, in their order, if the table has a header.
    pub columns: Vec<String>,
}
