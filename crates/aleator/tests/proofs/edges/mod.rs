//! Where floating point, supports and analyses end: each file is one kind of fault, tested over a table.

mod copies;
mod exact;
mod functions;
mod kinks;
mod levels;
mod moving_jumps;
mod opaque;
mod plan;
mod spellings;
mod states;
mod vimco;

use aleator::graph::Graph;
use aleator::language::load;

/// The graph of a text.
#[track_caller]
fn read(text: &str) -> Graph {
    match load(text, None, &[]) {
        Ok(model) => model.graph,
        Err(error) => panic!("{text}\n{error:?}"),
    }
}
