//! From reports and drawings to text and pictures.
mod diagnostic;
#[cfg(test)]
mod drawings;
mod numbers;
mod page;
mod pictures;
mod plot;
mod profile;
mod table;
mod text;

pub use aleator::drawing::{dot, mermaid, svg};
pub use diagnostic::render_diagnostic;
pub use page::{
    Origin, Page, Several, catalogue_markdown, catalogue_page, certificate_page, comparison_page,
    optimization_page, training_page, training_runs_page,
};
pub use pictures::pictures_png;
pub use plot::{
    comparison_svg, lines_svg, optimization_svg, optimizations_svg, plot_bytes, to_png, training_svg,
    write_plot,
};
pub use profile::profile;
pub use table::{
    Spread, catalogue, certificate, choices, comparison, evaluation, gradient, optimization, optimizations,
    second_derivatives, spread, training, training_comparison, training_spread,
};
pub use text::message;
