//! Random streams beside those of the sites, which count from 0: these count from the end.

use aleator_engine::exec::philox::STREAMS;

/// The order of the rows in an epoch.
pub const ORDER: u32 = STREAMS - 100;
/// The pixels that are drawn anew at every step.
pub const COINS: u32 = STREAMS - 102;
