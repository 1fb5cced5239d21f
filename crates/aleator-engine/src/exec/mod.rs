//! Execution on the CPU: vector mathematics and random bits.

pub mod math;
pub mod philox;
