//! The parameters and data of a program, by name.

use aleator_engine::graph::Shape;

use crate::error::{Error, Result};

/// A parameter or data: an input of the compiled graph.
pub(super) struct Slot {
    pub name: String,
    pub shape: Shape,
    /// The index of the input.
    pub slot: usize,
}

/// The index of the slot of that name; the error lists the names that exist.
pub(super) fn place_of(kind: &'static str, slots: &[Slot], name: &str) -> Result<usize> {
    let place = slots.iter().position(|slot| slot.name == name);
    place.ok_or_else(|| Error::unknown_name(kind, name, slots.iter().map(|slot| slot.name.as_str())))
}
