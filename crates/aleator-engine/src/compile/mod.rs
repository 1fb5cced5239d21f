//! Compilation of graphs to fused kernels.
//!
//! ```text
//! graph ─ lower ─► values and views ─ fuse ─► steps ─ emit, chunks ─► tile instructions ─ memory ─► offsets ─► Program
//! ```

pub(crate) mod chunks;
pub(crate) mod emit;
pub(crate) mod exp_neg_abs;
pub(crate) mod fuse;
pub(crate) mod lower;
pub(crate) mod memory;
pub(crate) mod schedule;
pub(crate) mod values;
pub(crate) mod views;

/// Limits and preferences of a compilation.
#[derive(Clone, Debug)]
pub struct CompileOptions {
    /// The most bytes that a program's buffers may occupy; less where the machine, its container or `ulimit -v` leave less.
    pub memory_limit: u128,
    /// How many threads run it: 0 for those of [the process](crate::exec::pool::process), 1 for the calling thread alone, any
    /// other number for a pool of the program's own. Results have the same bits for any number.
    pub threads: usize,
}

impl Default for CompileOptions {
    fn default() -> Self {
        CompileOptions { memory_limit: 8 << 30, threads: 0 }
    }
}
