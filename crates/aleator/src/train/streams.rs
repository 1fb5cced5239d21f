//! Random streams in addition to those of the sites. Sites are numbered from 0, and these streams from the largest number
//! downwards.

use aleator_engine::exec::philox::STREAMS;

/// The pixels that are drawn again in every step.
pub const COINS: u32 = STREAMS - 102;
