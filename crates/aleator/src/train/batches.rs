//! Minibatches. The order of rows in an epoch is a function of seed and epoch.

use aleator_engine::exec::{philox, pool};

use super::bits::Bits;
use super::streams;
use crate::data::Rows;
use crate::optim::RowOrder;

/// The number of rows that one thread gathers at a time.
const TOGETHER: usize = 16;

/// Minibatches of one size. The rows of an epoch after the last complete batch are omitted.
pub struct Batches<'a> {
    rows: &'a Rows,
    /// The same rows as bits, if they are black and white.
    bits: Option<Bits>,
    seed: u64,
    order: RowOrder,
    /// For data that are probabilities, one uniform number per element; else empty.
    coins: Vec<f32>,
}

impl<'a> Batches<'a> {
    /// Minibatches of `batch` rows, at least 1 and at most the number of rows. If `dynamic`, each number is the probability of a
    /// 1, which is drawn again in every step.
    pub fn new(rows: &'a Rows, batch: usize, seed: u64, dynamic: bool) -> Self {
        Batches {
            rows,
            bits: Bits::of(rows),
            seed,
            order: RowOrder::new(rows.count(), batch, seed),
            coins: vec![0.0; if dynamic { batch * rows.width } else { 0 }],
        }
    }

    /// Writes the minibatch of a step into `values`, row by row.
    pub fn at_step(&mut self, step: u64, values: &mut [f32]) {
        let chosen = self.order.at_step(step);
        let (rows, bits, seed, width) = (self.rows, &self.bits, self.seed, self.rows.width);
        // The rows lie anywhere in memory: waiting for them is shared, too.
        let mut coins = self.coins.chunks_mut(TOGETHER * width);
        let mut parts: Vec<_> = values
            .chunks_mut(TOGETHER * width)
            .zip(chosen.chunks(TOGETHER))
            .map(|(values, chosen)| (values, chosen, coins.next()))
            .collect();
        pool::process().for_each_mut(&mut parts, |part, (values, chosen, coins)| {
            match bits {
                Some(bits) => bits.write(chosen, values, width),
                None => {
                    for (row, &index) in values.chunks_exact_mut(width).zip(*chosen) {
                        row.copy_from_slice(rows.row(index));
                    }
                }
            }
            if let Some(coins) = coins {
                philox::fill_uniform(coins, seed, streams::COINS, step, (part * TOGETHER * width) as u64);
                values.iter_mut().zip(coins.iter()).for_each(|(v, u)| *v = f32::from(*u < *v));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> Rows {
        Rows { values: (0..count).map(|i| i as f32).collect(), width: 1 }
    }

    fn at_step(batches: &mut Batches<'_>, step: u64) -> Vec<f32> {
        let mut values = vec![0.0; batches.order.at_step(0).len() * batches.rows.width];
        batches.at_step(step, &mut values);
        values
    }

    fn epoch(batches: &mut Batches<'_>, epoch: u64) -> Vec<f32> {
        (0..3).flat_map(|i| at_step(batches, 3 * epoch + i)).collect()
    }

    #[test]
    fn an_epoch_meets_no_row_twice_and_differs_from_the_next() {
        let set = numbered(10);
        let mut batches = Batches::new(&set, 3, 7, false);
        let first = epoch(&mut batches, 0);
        let mut sorted = first.clone();
        sorted.sort_by(f32::total_cmp);
        sorted.dedup();
        assert_eq!(sorted.len(), 9);
        assert_ne!(first, epoch(&mut batches, 1));
        // A function of seed and step, wherever one starts.
        assert_eq!(first, epoch(&mut batches, 0));
        assert_ne!(first, epoch(&mut Batches::new(&set, 3, 8, false), 0));
    }

    #[test]
    fn every_row_stands_anywhere_equally_often() {
        let set = numbered(10);
        let mut batches = Batches::new(&set, 1, 0, false);
        let epochs = 20_000;
        let mut counts = [0.0; 10];
        for e in 0..epochs {
            counts[at_step(&mut batches, 10 * e)[0] as usize] += 1.0;
        }
        let expected = epochs as f64 / 10.0;
        let chi_square: f64 = counts.iter().map(|c: &f64| (c - expected).powi(2) / expected).sum();
        // χ² with 9 degrees of freedom exceeds 33.7 with probability 1e-4; the seed is fixed.
        assert!(chi_square < 33.7, "{counts:?}");
    }

    #[test]
    fn dynamic_pixels_are_drawn_anew_with_their_probability() {
        let set = Rows { values: vec![0.0, 0.25, 1.0], width: 3 };
        let mut batches = Batches::new(&set, 1, 0, true);
        let mut ones = [0.0; 3];
        for step in 0..4000 {
            ones.iter_mut().zip(at_step(&mut batches, step)).for_each(|(n, v)| *n += f64::from(v));
        }
        assert_eq!((ones[0], ones[2]), (0.0, 4000.0));
        // 1000 ± 27; 4 standard deviations.
        assert!((ones[1] - 1000.0).abs() < 110.0, "{ones:?}");
    }
}
