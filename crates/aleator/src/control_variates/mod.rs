//! Control variates: expressions that are subtracted from a cost before it multiplies a score.

mod baseline;
mod network;
mod relaxed_pair;

pub use baseline::{Baseline, learned};
pub use network::{MOST_HIDDEN, Network, Trained, known, within_range};
pub use relaxed_pair::{Relaxation, RelaxedPair};
