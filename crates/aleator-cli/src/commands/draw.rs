//! `aleator graph`: a picture of the graph.

use std::path::Path;

use aleator::graph::Diagram;
use aleator_cli::report::{dot, mermaid, svg};

use crate::arguments::{Draw, Format};
use crate::failure::{Failure, Outcome};
use crate::input::load_to_look_at;
use crate::output::{print, save};

pub fn run(arguments: &Draw) -> Outcome {
    let mut loaded = load_to_look_at(&arguments.source, 0)?;
    let output = loaded.output("--output", arguments.output.as_ref())?;
    let format = Format::of(arguments.format, arguments.output.as_deref()).map_err(|reason| {
        let name = arguments.output.as_deref().unwrap_or(Path::new("")).display();
        Failure::input(format!("cannot write `{name}`: {reason}"))
    })?;
    let drawing = Diagram::of(&loaded.model.graph);
    let text = match format {
        Format::Svg => svg(&drawing),
        Format::Dot => dot(&drawing),
        Format::Mermaid => mermaid(&drawing),
    };
    match &output {
        None => print(&text),
        Some(output) => save("drawing", output, Ok(text.into_bytes())),
    }
}
