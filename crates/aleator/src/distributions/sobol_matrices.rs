//! The generator matrices of Sobol's sequence, with the direction numbers of Joe and Kuo (`joe2008constructing`).
//!
//! ```text
//! digits of coordinate d of point k  =  C_d · digits of k   (mod 2)
//! ```
//!
//! The first row holds the leading digit of the coordinate, 1/2, and the first column the last digit of k. C_d is upper triangular with
//! a diagonal of 1, so that the first 2^m points use the leading m × m block, and each of the 2^m intervals of length 2^−m contains one
//! of them in each coordinate.

use std::sync::OnceLock;

use sobol::Sobol;
use sobol::params::JoeKuoD6;

/// The number of dimensions for which direction numbers are published.
pub const MOST_DIMENSIONS: usize = 21_201;

/// The number of dimensions of the short table, which is read faster.
const FEW_DIMENSIONS: usize = 1000;

/// The direction numbers of at least this number of dimensions.
fn table(dimensions: usize) -> &'static JoeKuoD6 {
    static FEW: OnceLock<JoeKuoD6> = OnceLock::new();
    static ALL: OnceLock<JoeKuoD6> = OnceLock::new();
    match dimensions {
        0..=FEW_DIMENSIONS => FEW.get_or_init(JoeKuoD6::standard),
        _ => ALL.get_or_init(JoeKuoD6::extended),
    }
}

/// The leading `digits` × `digits` blocks of the matrices of the dimensions `first`, `first + 1`, …, row by row: of shape
/// `[count, digits, digits]`. There are [`MOST_DIMENSIONS`], and at most 32 digits.
pub(super) fn generator_matrices(first: usize, count: usize, digits: usize) -> Vec<f64> {
    let dimensions = first + count;
    let columns = Sobol::<u32>::init_direction_vals(dimensions, digits, table(dimensions));
    let mut matrices = Vec::with_capacity(count * digits * digits);
    for of_dimension in &columns[first..] {
        for row in 0..digits {
            let digit = |column: &u32| f64::from(column >> (31 - row) & 1);
            matrices.extend(of_dimension.iter().map(digit));
        }
    }
    matrices
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first 2^m points of some dimensions, as numerators over 2^m, computed by the definition.
    fn points(first: usize, count: usize, digits: usize) -> Vec<Vec<usize>> {
        let matrices = generator_matrices(first, count, digits);
        let of_point = |d: usize, k: usize| {
            (0..digits).fold(0, |number, row| {
                let entry = |column: usize| matrices[(d * digits + row) * digits + column] as usize;
                let digit = (0..digits).map(|c| entry(c) * (k >> c & 1)).sum::<usize>() % 2;
                2 * number + digit
            })
        };
        (0..count).map(|d| (0..1 << digits).map(|k| of_point(d, k)).collect()).collect()
    }

    #[test]
    fn matrices_are_upper_triangular_with_a_diagonal_of_ones() {
        let (count, digits) = (300, 12);
        for (first, count) in [(0, count), (990, count), (MOST_DIMENSIONS - 7, 7)] {
            let matrices = generator_matrices(first, count, digits);
            assert_eq!(matrices.len(), count * digits * digits);
            for (i, &entry) in matrices.iter().enumerate() {
                let (row, column) = (i / digits % digits, i % digits);
                assert!(row != column || entry == 1.0, "dimension {}", first + i / digits / digits);
                assert!(row <= column || entry == 0.0, "dimension {}", first + i / digits / digits);
            }
        }
    }

    /// The rows 2 to 6 of the published file, by the recurrence that the authors state.
    #[test]
    fn columns_follow_the_published_direction_numbers() {
        for (dimension, degree, a, initial) in [
            (2, 1, 0u32, &[1u32][..]),
            (3, 2, 1, &[1, 3]),
            (4, 3, 1, &[1, 3, 1]),
            (5, 3, 2, &[1, 1, 1]),
            (6, 4, 1, &[1, 1, 3, 3]),
        ] {
            let digits = 10;
            let mut m = initial.to_vec();
            for k in degree..digits {
                let mut next = m[k - degree] ^ m[k - degree] << degree;
                for i in 1..degree {
                    next ^= (a >> (degree - 1 - i) & 1) * (m[k - i] << i);
                }
                m.push(next);
            }
            let matrix = generator_matrices(dimension - 1, 1, digits);
            for (k, m) in m.iter().enumerate() {
                // v_k = m_k / 2^(k + 1)
                let column: f64 =
                    (0..digits).map(|row| matrix[row * digits + k] / f64::from(1u32 << (row + 1))).sum();
                assert_eq!(column, f64::from(*m) / f64::from(1u32 << (k + 1)), "dimension {dimension}");
            }
        }
    }

    #[test]
    fn two_dimensions_are_a_net() {
        // Every box of area 2^−m with sides that are powers of ½ contains one of the first 2^m points.
        for digits in 1..8 {
            let points = points(0, 2, digits);
            for a in 0..=digits {
                let b = digits - a;
                let mut boxes: Vec<_> = (0..1 << digits)
                    .map(|k| (points[0][k] >> (digits - a), points[1][k] >> (digits - b)))
                    .collect();
                boxes.sort_unstable();
                boxes.dedup();
                assert_eq!(boxes.len(), 1 << digits);
            }
        }
    }
}
