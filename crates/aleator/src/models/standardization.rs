//! Columns in units of their standard deviations.
//!
//! ```text
//! y = (x − m) / s        m: mean of the column, s: its standard deviation (1 where it is 0), both over the training rows
//! ```

use serde::{Deserialize, Serialize};

use crate::data::Rows;

/// The means and the standard deviations of the first columns of rows.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Standardization {
    /// The mean of each column.
    pub mean: Vec<f64>,
    /// The standard deviation of each column, positive.
    pub scale: Vec<f64>,
}

impl Standardization {
    /// Those of the first `columns` columns of these rows.
    pub fn of(rows: &Rows, columns: usize) -> Self {
        let mut mean = rows.mean();
        mean.truncate(columns);
        let mut squares = vec![0.0_f64; mean.len()];
        for row in rows.values.chunks_exact(rows.width.max(1)) {
            squares.iter_mut().zip(row).zip(&mean).for_each(|((s, &v), m)| *s += (f64::from(v) - m).powi(2));
        }
        let count = rows.count().max(1) as f64;
        let usable = |s: f64| if s > 0.0 && s.is_finite() { s } else { 1.0 };
        let scale = squares.into_iter().map(|s| usable((s / count).sqrt())).collect();
        Standardization { mean, scale }
    }

    /// Standardises rows of this width. Columns beyond the first ones are unchanged.
    ///
    /// ```
    /// use aleator::data::Rows;
    /// use aleator::models::Standardization;
    ///
    /// let mut rows = Rows { values: vec![1.0, 0.0, 5.0, 1.0], width: 2 };
    /// let units = Standardization::of(&rows, 1);
    /// units.apply(&mut rows.values, 2);
    /// assert_eq!(rows.values, [-1.0, 0.0, 1.0, 1.0]);
    /// units.undo(&mut rows.values, 2);
    /// assert_eq!(rows.values, [1.0, 0.0, 5.0, 1.0]);
    /// ```
    pub fn apply(&self, values: &mut [f32], width: usize) {
        self.each(values, width, |v, mean, scale| (v - mean) / scale);
    }

    /// The inverse of [`Standardization::apply`].
    pub fn undo(&self, values: &mut [f32], width: usize) {
        self.each(values, width, |v, mean, scale| v * scale + mean);
    }

    fn each(&self, values: &mut [f32], width: usize, map: impl Fn(f64, f64, f64) -> f64) {
        for row in values.chunks_exact_mut(width.max(1)) {
            for ((v, &mean), &scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *v = map(f64::from(*v), mean, scale) as f32;
            }
        }
    }
}
