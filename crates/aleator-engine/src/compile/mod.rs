//! Compilation of graphs to fused kernels.
//!
//! ```text
//! graph ─ lower ─► values and views ─ fuse ─► steps ─ emit, chunks ─► tile instructions ─ memory ─► offsets ─► Program
//! ```

pub(crate) mod called;
pub(crate) mod chunks;
pub(crate) mod emit;
pub(crate) mod exp_neg_abs;
pub(crate) mod fuse;
pub(crate) mod lower;
pub(crate) mod memory;
pub(crate) mod schedule;
pub(crate) mod softmax;
pub(crate) mod values;
pub(crate) mod views;

/// Limits and options of a compilation.
#[derive(Clone, Debug)]
pub struct CompileOptions {
    /// The largest size in bytes of a program's buffers; it is lower if the machine, its container or `ulimit -v` provide less.
    pub memory_limit: u128,
    /// The number of threads: 0 for the pool of [the process](crate::exec::pool::process), 1 for the calling thread alone, any
    /// other number for a pool owned by the program. Results have the same bits for any number.
    pub threads: usize,
}

impl Default for CompileOptions {
    fn default() -> Self {
        CompileOptions { memory_limit: 8 << 30, threads: 0 }
    }
}
