//! The order in which minibatches visit the rows of data.

use aleator_engine::exec::philox::{self, STREAMS};

/// The random stream of the order of rows, in addition to those of the sites, which are numbered from 0.
const ORDER: u32 = STREAMS - 100;

/// Minibatches of row numbers, without replacement within a pass over the data. The order in a pass is a function of seed and pass. The
/// rows of a pass after the last complete batch are omitted.
pub struct RowOrder {
    seed: u64,
    batch: usize,
    /// The pass of `order`.
    pass: Option<u64>,
    order: Vec<usize>,
    uniforms: Vec<f64>,
}

impl RowOrder {
    /// Batches of `batch` of `count` rows. A batch has at least 1 row and at most all.
    pub fn new(count: usize, batch: usize, seed: u64) -> Self {
        let batch = batch.clamp(1, count.max(1));
        RowOrder { seed, batch, pass: None, order: vec![0; count], uniforms: vec![0.0; count] }
    }

    /// The rows of a step.
    pub fn at_step(&mut self, step: u64) -> &[usize] {
        let in_pass = self.order.len() / self.batch;
        if in_pass == 0 {
            return &[];
        }
        let (pass, place) = (step / in_pass as u64, (step % in_pass as u64) as usize);
        if self.pass != Some(pass) {
            self.shuffle(pass);
        }
        &self.order[place * self.batch..][..self.batch]
    }

    /// Fisher and Yates, from one uniform number for each row.
    fn shuffle(&mut self, pass: u64) {
        philox::fill_uniform(&mut self.uniforms, self.seed, ORDER, pass, 0);
        self.order.iter_mut().enumerate().for_each(|(i, row)| *row = i);
        for last in (1..self.order.len()).rev() {
            let other = (self.uniforms[last] * (last + 1) as f64) as usize;
            self.order.swap(last, other.min(last));
        }
        self.pass = Some(pass);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_visits_no_row_twice_and_passes_differ() {
        let mut order = RowOrder::new(10, 3, 7);
        let mut pass =
            |pass: u64| (0..3).flat_map(|i| order.at_step(3 * pass + i).to_vec()).collect::<Vec<_>>();
        let (first, second, again) = (pass(0), pass(1), pass(0));
        assert_eq!(first, again);
        assert_ne!(first, second);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 9);
        assert_eq!(RowOrder::new(3, 5, 0).at_step(4).len(), 3);
        assert!(RowOrder::new(0, 5, 0).at_step(4).is_empty());
    }
}
