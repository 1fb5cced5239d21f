//! Running graphs on the CPU.

#[forbid(unsafe_code)]
pub(crate) mod aligned;
pub mod draw;
pub(crate) mod fused;
#[forbid(unsafe_code)]
pub(crate) mod machine;
#[forbid(unsafe_code)]
pub mod math;
pub(crate) mod matmul;
pub(crate) mod memory;
#[forbid(unsafe_code)]
pub mod philox;
pub(crate) mod plain;
pub mod pool;
#[forbid(unsafe_code)]
mod program;
#[forbid(unsafe_code)]
pub(crate) mod reduce;
#[forbid(unsafe_code)]
pub(crate) mod strided;
#[forbid(unsafe_code)]
mod summary;
#[forbid(unsafe_code)]
pub(crate) mod tile;
#[forbid(unsafe_code)]
mod vectorized;

pub use aligned::Aligned;
pub use program::{InputAndOutput, Program};
pub use summary::{StepKind, StepSummary};
pub use vectorized::vectorized;
