//! Tables for the terminal.

mod columns;
mod comparison;
mod gradient;
mod optimization;
mod training;
mod values;

use std::fmt::Write as _;

use aleator::diagnostics::{GradientEstimate, Number, OptimizationPath, Report, Row, Tensor};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};

use super::numbers::{align_plus_minus, align_points, duration, plus_minus, plus_minus_text, significant};
use super::text::{printable, wrap};

/// Gradients of at most this many coordinates get a column for each.
const FEW_COORDINATES: usize = 3;
/// Elements of one parameter that are shown.
const MAX_ELEMENTS: usize = 20;
/// Elements of a longer tensor that are shown within a line.
const FIRST_ELEMENTS: usize = 8;
/// |z| beyond which an estimator that should be unbiased is called into question: once in two million where it is.
pub(crate) const SUSPICIOUS_Z: f64 = 5.0;

pub use comparison::comparison;
pub use gradient::gradient;
pub use optimization::optimization;
pub(crate) use training::is_reward;
pub use training::{training, training_comparison};
pub(crate) use values::{element_name, l2, label, norm, worst_z};

use columns::*;
use values::*;

#[cfg(test)]
pub(crate) mod tests;
