//! Graphs as data that other programs read.
//!
//! [`Portable`] is what some named outputs of a graph depend on: every operation with its attributes, constants bit by
//! bit, inputs and outputs by name. It is written as JSON (with the feature `serde`) and read back, checked, into a
//! [`Graph`](crate::graph::Graph). [`stablehlo`] prints it as text that XLA compiles.
//!
//! # The noise contract, version 1
//! Element e of `uniform` with stream s, at a seed and a step, is made of two words of 32 bits:
//!
//! ```text
//! h = word e mod 4 of Philox4x32-10(key, counter with half = 0),   l = the same word with half = 1
//! key     = (seed mod 2³², ⌊seed / 2³²⌋)
//! counter = (b mod 2³²,  ⌊b / 2³²⌋ + 2¹⁶ ⌊step / 2³²⌋,  step mod 2³²,  s + 2³¹ half),   b = ⌊e / 4⌋
//! f32:  (⌊h / 2⁹⌋ + ½) 2⁻²³        f64:  (2²⁰ h + ⌊l / 2¹²⌋ + ½) 2⁻⁵²
//! ```
//!
//! A run from row r of the noise on adds r · (elements per row) to e. Test vectors, of seed 7, stream 3 and step 5:
//!
//! | e  | h          | l          |
//! |----|------------|------------|
//! | 0  | VECTOR0 |
//! | 1  | VECTOR1 |
//! | 6  | VECTOR6 |
//!
//! The numbers of a draw from a law are made of further blocks, as [`draw`](crate::exec::draw) says.

mod check;
#[cfg(feature = "serde")]
mod json;
mod portable;
mod stablehlo;

pub use portable::{Imported, Number, Portable, PortableNode, PortableOp, PortableOutput};
pub use stablehlo::{Float, stablehlo};
