//! Tensor graphs as data: shapes, derivatives, and their execution on the CPU.

#![forbid(unsafe_code)]

pub mod exec;
