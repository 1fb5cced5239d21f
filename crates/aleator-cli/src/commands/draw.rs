//! `aleator graph`: a picture of the graph.

use std::path::Path;

use aleator::graph::Drawing;
use aleator_cli::report::{dot, mermaid, svg};

use crate::arguments::{Draw, Format};
use crate::failure::{Failure, Outcome};
use crate::input::load;
use crate::output::print;

pub fn run(arguments: &Draw) -> Outcome {
    let output = arguments.output.as_deref();
    let cannot = |reason: String| {
        Failure::input(format!("cannot write `{}`: {reason}", output.unwrap_or(Path::new("")).display()))
    };
    let format = Format::of(arguments.format, output).map_err(cannot)?;
    let loaded = load(&arguments.source)?;
    let drawing = Drawing::of(&loaded.model.graph);
    let text = match format {
        Format::Svg => svg(&drawing),
        Format::Dot => dot(&drawing),
        Format::Mermaid => mermaid(&drawing),
    };
    match output {
        None => print(&text),
        Some(path) => std::fs::write(path, text).map_err(|e| cannot(e.to_string())),
    }
}
