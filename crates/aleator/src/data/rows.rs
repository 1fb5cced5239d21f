//! Rows of numbers, and their parts.

use aleator_engine::exec::philox;

use crate::error::{Error, Result};

/// The random stream of the choice of rows.
const SPLIT: u32 = philox::STREAMS - 104;

/// Rows of numbers of the same width.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// The numbers, one row after another.
    pub values: Vec<f32>,
    /// The number of elements in a row.
    pub width: usize,
}

impl Rows {
    /// The number of rows.
    pub fn count(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// A row.
    ///
    /// # Panics
    /// Panics if there is no such row.
    #[track_caller]
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..][..self.width]
    }

    /// At most `most` rows, evenly spaced.
    pub fn thinned(&self, most: usize) -> Rows {
        let count = self.count();
        if count <= most {
            return self.clone();
        }
        let values = (0..most).flat_map(|i| self.row(i * count / most)).copied().collect();
        Rows { values, width: self.width }
    }

    /// These rows without a share of them, and that share, drawn with the seed; both in the order of these rows. Each part has at
    /// least one row.
    ///
    /// # Errors
    /// Returns an error if the share is not between 0 and 1, or if there are fewer than two rows.
    pub fn split(&self, share: f64, seed: u64) -> Result<(Rows, Rows)> {
        if !(share > 0.0 && share < 1.0) {
            return Err(Error::Invalid(format!("a share of rows must be between 0 and 1, got {share}")));
        }
        let count = self.count();
        if count < 2 {
            return Err(Error::Invalid(format!("{count} rows cannot be split: each part needs one")));
        }
        // 0.3 of 10 rows is 3 of them, although 0.3 × 10 may be a little less.
        let apart = (count as f64 * share + 1e-9).floor() as usize;
        Ok(self.apart(apart.clamp(1, count - 1), seed))
    }

    /// These rows without so many of them, and these, drawn with the seed without replacement.
    pub(super) fn apart(&self, number: usize, seed: u64) -> (Rows, Rows) {
        let count = self.count();
        let mut uniforms = vec![0.0_f64; count];
        philox::fill_uniform(&mut uniforms, seed, SPLIT, 0, 0);
        // The first steps of Fisher and Yates.
        let mut order: Vec<usize> = (0..count).collect();
        let mut is_apart = vec![false; count];
        for i in 0..number.min(count) {
            let other = i + (uniforms[i] * (count - i) as f64) as usize;
            order.swap(i, other.min(count - 1));
            is_apart[order[i]] = true;
        }
        let part = |wanted: bool| Rows {
            values: (0..count)
                .filter(|&i| is_apart[i] == wanted)
                .flat_map(|i| self.row(i))
                .copied()
                .collect(),
            width: self.width,
        };
        (part(false), part(true))
    }

    /// A checksum of the rows.
    pub fn checksum(&self) -> u32 {
        self.checksum_after(crc32c::crc32c(&self.sizes()))
    }

    pub(super) fn sizes(&self) -> Vec<u8> {
        [self.width as u64, self.count() as u64].into_iter().flat_map(u64::to_le_bytes).collect()
    }

    pub(super) fn checksum_after(&self, crc: u32) -> u32 {
        let mut bytes = Vec::with_capacity(1 << 16);
        self.values.chunks(1 << 14).fold(crc, |crc, part| {
            bytes.clear();
            bytes.extend(part.iter().flat_map(|v| v.to_le_bytes()));
            crc32c::crc32c_append(crc, &bytes)
        })
    }

    /// The mean of each column over the rows.
    pub fn mean(&self) -> Vec<f64> {
        let mut sum = vec![0.0_f64; self.width];
        for row in self.values.chunks_exact(self.width.max(1)) {
            sum.iter_mut().zip(row).for_each(|(s, &v)| *s += f64::from(v));
        }
        let count = self.count().max(1) as f64;
        sum.into_iter().map(|s| s / count).collect()
    }
}
