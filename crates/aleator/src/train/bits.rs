//! Black and white rows with one bit per pixel. All of MNIST takes 6 MB in this form and fits into the last-level cache.

use crate::data::Rows;

/// Rows of zeros and ones.
pub struct Bits {
    bytes: Vec<u8>,
    /// The number of bytes in a row.
    per_row: usize,
}

/// The eight numbers of each byte, the lowest bit first.
static NUMBERS: [[f32; 8]; 256] = {
    let mut numbers = [[0.0; 8]; 256];
    let mut i = 0;
    while i < 256 * 8 {
        numbers[i / 8][i % 8] = (((i / 8) >> (i % 8)) & 1) as f32;
        i += 1;
    }
    numbers
};

impl Bits {
    /// The rows as bits; `None` if there are numbers other than 0 and 1.
    pub fn of(rows: &Rows) -> Option<Self> {
        let is_bit = |v: &f32| [0.0_f32, 1.0].iter().any(|bit| bit.to_bits() == v.to_bits());
        if !rows.values.iter().all(is_bit) {
            return None;
        }
        let byte = |part: &[f32]| part.iter().rev().fold(0, |byte, &v| byte << 1 | u8::from(v == 1.0));
        let bytes = rows.values.chunks_exact(rows.width.max(1)).flat_map(|row| row.chunks(8).map(byte));
        Some(Bits { bytes: bytes.collect(), per_row: rows.width.div_ceil(8) })
    }

    fn row(&self, index: usize) -> &[u8] {
        &self.bytes[index * self.per_row..][..self.per_row]
    }

    /// Converts rows to numbers.
    pub fn write(&self, indices: &[usize], rows: &mut [f32], width: usize) {
        // All of them are on their way to the cache before the first is needed.
        let touched = indices.iter().fold(0, |all, &index| {
            let row = self.row(index);
            all ^ row.first().unwrap_or(&0) ^ row.last().unwrap_or(&0)
        });
        std::hint::black_box(touched);
        for (&index, row) in indices.iter().zip(rows.chunks_exact_mut(width)) {
            self.write_row(index, row);
        }
    }

    fn write_row(&self, index: usize, row: &mut [f32]) {
        let bytes = self.row(index);
        let (whole, rest) = row.as_chunks_mut::<8>();
        for (numbers, &byte) in whole.iter_mut().zip(bytes) {
            *numbers = NUMBERS[usize::from(byte)];
        }
        if let Some(&byte) = bytes.last() {
            rest.copy_from_slice(&NUMBERS[usize::from(byte)][..rest.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back() {
        for width in [1, 7, 8, 9, 100] {
            let values: Vec<f32> = (0..7 * width).map(|i| f32::from(u8::from(i * i % 7 < 3))).collect();
            let rows = Rows { values, width };
            let bits = Bits::of(&rows).unwrap();
            let mut row = vec![0.5; width];
            for index in 0..7 {
                bits.write(&[index], &mut row, width);
                assert_eq!(row, rows.row(index));
            }
        }
    }

    #[test]
    fn other_numbers_are_not_bits() {
        for other in [0.5, -0.0, 2.0, f32::NAN] {
            assert!(Bits::of(&Rows { values: vec![1.0, other], width: 2 }).is_none());
        }
    }
}
