//! Batched matrix products that are one product of matrices.
//!
//! ```text
//! [.., y, m, k] @ [.., 1, k, n]  =  [.., y·m, k] @ [.., k, n],   as [.., y, m, n]
//! ```
//!
//! The matrices along the innermost batch axes of the left side are the rows of one matrix if the right side has one matrix for
//! all of them. The graph keeps the batched product, in which every axis is what its author meant. It becomes one product where it
//! is computed: when a graph is lowered or exported, and in the derivative with respect to the right side.

use super::shape::Shape;

/// The number of innermost batch axes of `left` along which `right` has one matrix.
pub(crate) fn axes_of_rows(left: &Shape, right: &Shape) -> usize {
    (2..left.rank()).take_while(|&axis| right.from_end(axis) == 1).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_axes_that_the_right_side_repeats() {
        for (left, right, axes) in [
            (&[4, 3][..], &[3, 2][..], 0),
            (&[5, 4, 3], &[3, 2], 1),
            (&[6, 5, 4, 3], &[1, 3, 2], 2),
            (&[6, 5, 4, 3], &[6, 1, 3, 2], 1),
            (&[6, 5, 4, 3], &[1, 5, 3, 2], 0),
            (&[4, 3], &[5, 3, 2], 0),
        ] {
            assert_eq!(axes_of_rows(&left.into(), &right.into()), axes, "{left:?} @ {right:?}");
        }
    }
}
