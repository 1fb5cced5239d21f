//! Measuring estimators: bias, variance, price.
mod report;
pub use report::*;
