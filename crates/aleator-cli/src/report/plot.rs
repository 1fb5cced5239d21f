//! Charts as SVG and PNG.

mod axis;
mod comparison;
mod hover;
mod lines;
mod optimization;
mod optimizations;
mod page;
mod pixels;
mod training;

pub use comparison::comparison_svg;
pub use lines::lines_svg;
pub use optimization::optimization_svg;
pub use optimizations::optimizations_svg;
pub(crate) use page::{Font, INK, picture, text};
pub(crate) use pixels::{draw, encode};
pub use pixels::{plot_bytes, to_png, write_plot};
pub use training::training_svg;

#[cfg(test)]
pub(crate) mod tests;
