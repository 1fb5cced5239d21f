//! `aleator graph`: a picture of the graph.

use aleator::graph::Drawing;
use aleator_cli::report::{dot, mermaid, svg};

use crate::arguments::{Draw, Format};
use crate::failure::Outcome;
use crate::input::load;
use crate::output::{print, save};

pub fn run(arguments: &Draw) -> Outcome {
    let mut loaded = load(&arguments.source)?;
    let output = loaded.output("--output", arguments.output.as_ref())?;
    let drawing = Drawing::of(&loaded.model.graph);
    let text = match arguments.format {
        Format::Svg => svg(&drawing),
        Format::Dot => dot(&drawing),
        Format::Mermaid => mermaid(&drawing),
    };
    match &output {
        None => print(&text),
        Some(output) => save("drawing", output, Ok(text.into_bytes())),
    }
}
