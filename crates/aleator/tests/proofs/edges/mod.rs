//! Inputs at the edges: the same problem written in many ways, copies beside other sites, draws picked one by one.

mod copies;
mod spellings;
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
