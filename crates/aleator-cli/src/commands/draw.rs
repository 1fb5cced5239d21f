//! `aleator graph`: a picture of the graph.

use aleator::graph::Drawing;
use aleator_cli::report::{dot, mermaid, svg};

use crate::arguments::{Draw, Format};
use crate::failure::{Failure, Outcome};
use crate::input::load;
use crate::output::print;

pub fn run(arguments: &Draw) -> Outcome {
    let loaded = load(&arguments.source)?;
    let drawing = Drawing::of(&loaded.model.graph);
    let text = match arguments.format {
        Format::Svg => svg(&drawing),
        Format::Dot => dot(&drawing),
        Format::Mermaid => mermaid(&drawing),
    };
    match &arguments.output {
        None => print(&text),
        Some(path) => std::fs::write(path, text)
            .map_err(|e| Failure::input(format!("cannot write `{}`: {e}", path.display()))),
    }
}
