//! The execution of graphs on the CPU.

pub(crate) mod aligned;
pub mod draw;
pub(crate) mod fused;
pub(crate) mod machine;
pub mod math;
pub(crate) mod matmul;
pub(crate) mod memory;
pub(crate) mod operand;
pub mod philox;
pub(crate) mod plain;
pub mod pool;
mod program;
pub(crate) mod quantile;
pub(crate) mod reduce;
pub(crate) mod strided;
mod summary;
pub(crate) mod tile;
mod vectorized;

pub use aligned::Aligned;
pub use program::{InputAndOutput, Program};
pub use summary::{StepKind, StepSummary};
pub use vectorized::vectorized;
