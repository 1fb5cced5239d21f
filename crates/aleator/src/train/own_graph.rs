//! A graph of the user's as something that can be trained: how to build it with a minibatch of any size, and its rows.

use std::fmt;

use crate::data::Rows;
use crate::error::{Error, Result};
use crate::graph::Graph;

/// Data of a graph that have one row for each element of a minibatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name of the data in the graph.
    pub name: String,
    /// The number of elements in a row.
    pub width: usize,
}

/// Builds a graph: with a minibatch of so many rows (`None` if its data have a fixed size), and a seed of random initial values.
pub type BuildGraph = dyn Fn(Option<usize>, u64) -> Result<Graph> + Send + Sync;

/// A graph that is trained by minimising its objective. Its data either have a fixed size, so that every step uses all of them, or
/// their first size is that of the minibatch.
///
/// ```
/// use std::ops::ControlFlow;
/// use std::sync::Arc;
///
/// use aleator::data::{Dataset, Rows};
/// use aleator::prelude::*;
/// use aleator::train::{Column, OwnGraph, TrainConfig, train};
///
/// // The mean of 600 numbers, from 50 of them at a time.
/// let columns = vec![Column { name: "x".into(), width: 1 }];
/// let graph = OwnGraph::new("mean", "mean", columns, |batch, _| {
///     let g = Graph::new();
///     let x = g.data("x", [batch.unwrap_or(1)], vec![0.0]);
///     let z = g.sample("z", Normal::new(g.param("mu", 0.0), 1.0));
///     g.cost("loss", (x - z).square().mean_axes(-1));
///     Ok(g)
/// });
/// let rows = |count| Rows { values: vec![3.0; count], width: 1 };
/// let data = Dataset { name: "threes".into(), train: rows(600), held_out: rows(100), image: None, dynamic: false };
/// let usual = TrainConfig::new(graph, Arc::new(data));
/// let config = TrainConfig { steps: 300, batch: 50, learning_rate: Some(0.05), ..usual };
/// let report = train(&config, &|_| ControlFlow::Continue(()))?;
/// assert!((report.weights[0].values[0] - 3.0).abs() < 0.5);
/// # Ok::<(), aleator::Error>(())
/// ```
pub struct OwnGraph {
    name: String,
    identity: String,
    columns: Vec<Column>,
    build: Box<BuildGraph>,
}

impl OwnGraph {
    /// Creates a graph to train. `identity` is everything on which the graph depends besides the arguments of `build`: a run can be
    /// resumed only with an equal one. `columns` are the data whose first axis is the minibatch; if there are none, `build` is
    /// called without a number of rows.
    pub fn new(
        name: impl Into<String>,
        identity: impl Into<String>,
        columns: Vec<Column>,
        build: impl Fn(Option<usize>, u64) -> Result<Graph> + Send + Sync + 'static,
    ) -> Self {
        OwnGraph { name: name.into(), identity: identity.into(), columns, build: Box::new(build) }
    }

    /// The name, for reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The data whose first axis is the minibatch, in the order in which a row contains them.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The number of elements in a row of all columns.
    pub fn width(&self) -> usize {
        self.columns.iter().map(|column| column.width).sum()
    }

    /// Builds the graph for minibatches of `batch` rows.
    ///
    /// # Errors
    /// Returns the error of the function that builds it, and an error if the graph lacks a column or has one of another size.
    pub fn build(&self, batch: usize, seed: u64) -> Result<Graph> {
        let graph = (self.build)((!self.columns.is_empty()).then_some(batch), seed)?;
        let data = graph.datasets();
        for column in &self.columns {
            let found = data.iter().find(|data| data.name == column.name).map(|data| data.shape.numel());
            if found != column.width.checked_mul(batch) {
                return Err(Error::Invalid(format!(
                    "the data `{}` of {} need {} numbers for each of {batch} rows, but {}",
                    column.name,
                    self.name,
                    column.width,
                    found.map_or("there are no such data".into(), |n| format!("they have {n}"))
                )));
            }
        }
        Ok(graph)
    }

    /// Distributes the numbers of `rows` over the columns: calls `write` with the name, the offset and the width of each.
    pub(super) fn scatter(
        &self,
        rows: &[f32],
        mut write: impl FnMut(&str, &mut dyn Iterator<Item = &[f32]>),
    ) {
        let width = self.width();
        let mut offset = 0;
        for Column { name, width: own } in &self.columns {
            let place = offset..offset + own;
            write(name, &mut rows.chunks_exact(width.max(1)).map(|row| &row[place.clone()]));
            offset = place.end;
        }
    }
}

/// Everything on which training depends.
impl fmt::Debug for OwnGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OwnGraph { name, identity, columns, build: _ } = self;
        f.debug_struct("OwnGraph")
            .field("name", name)
            .field("identity", identity)
            .field("columns", columns)
            .finish_non_exhaustive()
    }
}

/// Data whose first axis is the minibatch: all rows, row-major.
pub struct RowsOf<'a> {
    /// The name of the data in the graph.
    pub name: String,
    /// The number of elements in a row.
    pub width: usize,
    /// All rows.
    pub values: &'a [f64],
}

/// The columns of these data, and their rows side by side.
///
/// # Errors
/// Returns an error if the numbers of rows differ, if rows are empty, or if a number is infinite, NaN or too large for 32 bits.
pub fn rows_of(all: &[RowsOf<'_>]) -> Result<(Vec<Column>, Rows)> {
    let columns: Vec<_> =
        all.iter().map(|data| Column { name: data.name.clone(), width: data.width }).collect();
    let width: usize = columns.iter().map(|column| column.width).sum();
    let mut count = None;
    for data in all {
        let rows =
            data.values.len().checked_div(data.width).filter(|rows| rows * data.width == data.values.len());
        let rows = rows.filter(|&rows| rows > 0).ok_or_else(|| {
            Error::Invalid(format!(
                "the data `{}` have no whole rows of {width} numbers, but {} numbers; give {width} numbers for each row, of which there \
                 is at least one",
                data.name,
                data.values.len(),
                width = data.width
            ))
        })?;
        let first = *count.get_or_insert(rows);
        if first != rows {
            return Err(Error::Invalid(format!(
                "data that share their rows have different numbers of them: `{}` has {first}, `{other}` has {rows}; give `{other}` \
                 a row for each row of `{}`",
                all[0].name,
                all[0].name,
                other = data.name
            )));
        }
        if let Some(i) = data.values.iter().position(|&v| !(v as f32).is_finite()) {
            return Err(Error::NotFinite(format!(
                "row {} of the data `{}` contains {}, which is not a finite number of 32 bits; leave out the row, or scale the data",
                i / data.width + 1,
                data.name,
                data.values[i]
            )));
        }
    }
    let count = count.unwrap_or(0);
    let mut values = Vec::with_capacity(count.saturating_mul(width));
    for row in 0..count {
        for data in all {
            values.extend(data.values[row * data.width..][..data.width].iter().map(|&v| v as f32));
        }
    }
    Ok((columns, Rows { values, width }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_side_by_side_and_come_apart_again() {
        let data = |name: &str, width, values| RowsOf { name: name.into(), width, values };
        let (x, y) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0]);
        let (columns, rows) = rows_of(&[data("x", 2, &x), data("y", 1, &y)]).unwrap();
        assert_eq!((&rows.values[..], rows.width), (&[1.0, 2.0, 5.0, 3.0, 4.0, 6.0][..], 3));
        let graph = OwnGraph::new("g", "", columns, |_, _| Ok(Graph::new()));
        let mut apart = Vec::new();
        graph.scatter(&rows.values, |name, rows| {
            apart.push((name.to_string(), rows.flatten().copied().collect::<Vec<_>>()));
        });
        assert_eq!(apart, [("x".into(), vec![1.0, 2.0, 3.0, 4.0]), ("y".into(), vec![5.0, 6.0])]);
        let refused = |all: &[RowsOf<'_>]| rows_of(all).unwrap_err().to_string();
        let different = refused(&[data("x", 2, &x), data("y", 2, &y)]);
        assert!(
            different.contains("`x` has 2, `y` has 1; give `y` a row for each row of `x`"),
            "{different}"
        );
        let broken = refused(&[data("x", 3, &x)]);
        assert!(broken.contains("no whole rows of 3 numbers, but 4 numbers; give 3 numbers"), "{broken}");
        assert!(refused(&[data("x", 0, &[])]).contains("no whole rows"));
        assert!(refused(&[data("y", 1, &[0.0, 1e39])]).contains("bits; leave out the row"));
        assert!(refused(&[data("y", 1, &[0.0, 1e39])]).contains("row 2 of the data `y` contains 1"));
        assert!(graph.build(2, 0).unwrap_err().to_string().contains("there are no such data"));
    }
}
