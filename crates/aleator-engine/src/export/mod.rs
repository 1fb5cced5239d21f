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
//! | e | h | l |
//! |---|---|---|
//! | 0 | `0x0907F074` | `0xED4737F0` |
//! | 1 | `0x238DAA77` | `0xC10BC007` |
//! | 6 | `0x3E4A3865` | `0x422C14EC` |
//!
//! The numbers of a draw from a law are made of further blocks, as [`draw`](crate::exec::draw) says.

mod check;
mod jax;
#[cfg(feature = "serde")]
mod json;
mod portable;
mod stablehlo;

pub use jax::jax;
pub use portable::{Imported, Number, Portable, PortableNode, PortableOp, PortableOutput, PortablePullBack};
pub use stablehlo::{Float, stablehlo};

#[cfg(test)]
mod tests {
    use crate::exec::philox::{fill_uniform, fill_words};

    /// The test vectors above.
    #[test]
    fn the_noise_is_what_the_contract_says() {
        for (element, high, low) in
            [(0, 0x0907_F074, 0xED47_37F0), (1, 0x238D_AA77, 0xC10B_C007), (6, 0x3E4A_3865, 0x422C_14EC)]
        {
            let (mut h, mut l, mut single, mut double) = ([0], [0], [0f32], [0f64]);
            fill_words(&mut h, &mut l, 7, 3, 5, element);
            fill_uniform(&mut single, 7, 3, 5, element);
            fill_uniform(&mut double, 7, 3, 5, element);
            assert_eq!((h, l), ([high], [low]), "element {element}: {:#010x} {:#010x}", h[0], l[0]);
            assert_eq!(single[0], ((high >> 9) as f32 + 0.5) * 2f32.powi(-23));
            let bits = (u64::from(high) << 20) + u64::from(low >> 12);
            assert_eq!(double[0], (bits as f64 + 0.5) * 2f64.powi(-52));
        }
    }
}
