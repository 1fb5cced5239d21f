//! What is subtracted from a cost before it multiplies a score.

mod baseline;

pub use baseline::Baseline;
