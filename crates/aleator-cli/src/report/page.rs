//! Reports as one HTML file: no scripts, and nothing from elsewhere.
//!
//! `document` builds a page from parts; the other files build the pages of commands from it.

mod catalogue;
mod catalogue_markdown;
mod certificate;
mod comparison;
mod document;
mod optimization;
mod style;
mod training;

pub use catalogue::catalogue_page;
pub use catalogue_markdown::catalogue_markdown;
pub use certificate::certificate_page;
pub use comparison::comparison_page;
pub use document::{Origin, Page};
pub use optimization::optimization_page;
pub use training::{Several, training_page, training_runs_page};

#[cfg(test)]
mod tests;
