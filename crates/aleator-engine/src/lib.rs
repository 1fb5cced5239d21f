//! Tensor graphs as data: shapes, derivatives, and their execution on the CPU.

pub mod exec;
