//! Charts as SVG and PNG.

mod axis;
mod comparison;
mod lines;
mod optimization;
mod page;
mod pixels;
mod training;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use aleator::diagnostics::{Number, OptimizationPath, Report, Row};
use aleator::train::{HistoryPoint, TrainReport};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use resvg::{tiny_skia, usvg};

use super::numbers::{plus_minus_text, significant};
use super::table::{element_name, l2, label, norm};
use super::text::{FONT_FAMILY, ellipsize, printable, text_width};

pub use comparison::comparison_svg;
pub use lines::lines_svg;
pub use optimization::optimization_svg;
pub(crate) use page::{Font, INK, picture, text};
pub(crate) use pixels::{draw, encode};
pub use pixels::{plot_bytes, to_png, write_plot};
pub use training::training_svg;

use axis::*;
use comparison::UNBIASED;
use lines::*;
use page::*;

#[cfg(test)]
pub(crate) mod tests;
