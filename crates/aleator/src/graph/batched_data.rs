//! Rows of data of which a graph holds a batch at a time.

use std::sync::Arc;

/// All rows of data of which a graph holds a batch, the first rows at first. All of them share their rows.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchedData {
    /// The number of rows.
    pub total: usize,
    /// The number of rows of a batch.
    pub batch: usize,
    /// The data, in the order of the graph.
    pub data: Vec<RowData>,
}

/// All rows of data.
#[derive(Clone, Debug, PartialEq)]
pub struct RowData {
    /// The name.
    pub name: String,
    /// The shape of one row.
    pub row_shape: Vec<usize>,
    /// The numbers, row by row.
    pub values: Arc<[f64]>,
}

impl RowData {
    /// Writes some rows into `values`, one after another.
    pub fn gather(&self, rows: &[usize], values: &mut Vec<f64>) {
        let width: usize = self.row_shape.iter().product();
        values.clear();
        rows.iter().for_each(|&row| values.extend(&self.values[row * width..][..width]));
    }
}
