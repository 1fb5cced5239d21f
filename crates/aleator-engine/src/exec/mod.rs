//! Running graphs on the CPU.
pub mod math;
