//! Training built-in models with random layers on real data: the library behind `aleator train`.
//!
//! ```
//! use aleator::train::{TrainConfig, train};
//!
//! # fn main() -> aleator::Result<()> {
//! let digits = aleator::data::digits_split();
//! let config = TrainConfig { steps: 60, latents: 8, ..TrainConfig::new(digits) };
//! let report = train(&config, &|_| {})?;
//! assert!(report.history.last().unwrap().elbo > report.history[0].elbo);
//! # Ok(())
//! # }
//! ```

mod batches;
mod config;
mod evaluation;
mod report;
mod sbn;
mod trainer;
mod update;

pub use config::{Binarization, Model, TrainConfig};
pub use report::{HistoryPoint, Progress, TrainReport};
pub use sbn::{Sbn, Tensor};
pub use trainer::train;

use aleator_engine::exec::philox::STREAMS;

/// Random streams beside those of the sites, which count from 0: these count from the end.
mod streams {
    use super::STREAMS;

    /// The initial weights: one stream for each tensor, downwards.
    pub const INITIAL: u32 = STREAMS - 1;
    /// The order of the rows in an epoch.
    pub const ORDER: u32 = STREAMS - 100;
    /// The pixels that are black and white by chance.
    pub const PIXELS: u32 = STREAMS - 101;
}
