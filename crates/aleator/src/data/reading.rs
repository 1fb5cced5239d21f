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
    /// The seed of a random binarisation.
    pub seed: u64,
    /// The columns of a table, by the names of its header or by numbers from 1, in this order; none for all.
    pub columns: Vec<String>,
    /// Whether the last column may consist of words.
    pub labels: bool,
    /// The names of the classes, if they are known: other words are an error.
    pub classes: Vec<String>,
}
