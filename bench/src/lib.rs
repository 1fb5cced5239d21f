//! Aleator beside its peers on the same work.
//!
//! ```text
//! inputs and uniforms ─► every side computes losses and gradients ─► they agree to f32 rounding, or the row is void
//!                     └► rounds: each side in turn, alone on the machine, with noise of its own ─► medians, ratios
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`workloads`] | aleator's side of each workload, one file each |
//! | [`peer`] | a peer: a process that reads one command per line and answers one line |
//! | [`rounds`] | agreement, interleaved rounds, medians and ratios |
//! | [`first_gradient`] | from nothing to the first gradient |
//! | [`training`] | a step of training beside its gradient |
//! | [`sweep`] | how the time of a step grows |
//! | [`compilation`] | how the time of a compilation grows |
//! | [`memory`] | peak resident size beside the plan's buffers |
//! | [`profile`] | where aleator's time goes |
//! | [`stored`] | what a peer computed, for tests |
//! | [`report`], [`machine`] | what is printed |

pub mod array;
pub mod compilation;
mod error;
pub mod first_gradient;
pub mod machine;
pub mod memory;
pub mod peer;
pub mod profile;
pub mod report;
pub mod rounds;
pub mod statistics;
pub mod stored;
pub mod sweep;
pub mod training;
pub mod workloads;

pub use error::{Error, Result};
