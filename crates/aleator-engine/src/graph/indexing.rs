//! Elements along an axis: at a place that is computed, and at several constant places.

use super::axes::{Axis, FromEnd};
use super::expr::{Expr, concat};
use super::shape::Shape;

/// The most runs of neighbouring places that are sliced and joined; more places are selected through a table.
const MOST_SLICES: usize = 32;

impl<'g> Expr<'g> {
    /// The element at place `at`, which counts from 0, along an axis, which is removed. `at` broadcasts against the other axes.
    /// Where it lies outside of the axis or is not whole, the result is NaN.
    ///
    /// ```
    /// use aleator_engine::graph::Graph;
    ///
    /// let graph = Graph::new();
    /// let (x, at) = (graph.input("x", [2, 3]), graph.input("at", []));
    /// assert_eq!(x.element(-1, at).shape(), [2].into());
    /// ```
    pub fn element(self, axis: impl Into<Axis>, at: Expr<'g>) -> Self {
        let graph = self.graph();
        let shape = self.shape();
        let axis = match axis.into().within("index", &shape) {
            Ok(axis) => axis,
            Err(error) => return graph.fail(error),
        };
        let size = shape.from_end(axis);
        let mut column = vec![1; axis + 1];
        column[0] = size;
        let here = if at.rank() == 0 {
            at.one_hot(size).reshape(column)
        } else {
            // Axes of `at` behind the removed one stand behind it in the comparison too.
            graph.iota(size).reshape(column).equal(at.unsqueeze_at(axis))
        };
        // Selected, not multiplied: what is not asked for may be infinite.
        let found = here.select(self, 0.0).sum_axes(FromEnd(axis));
        let valid = at.floor().equal(at) * at.greater_equal(0.0) * at.less(size as f64);
        valid.select(found, f64::NAN)
    }

    /// Inserts an axis of size 1 so that `behind` axes are behind it, where there are as many.
    fn unsqueeze_at(self, behind: usize) -> Self {
        if self.rank() > behind { self.unsqueeze(FromEnd(behind)) } else { self }
    }

    /// `self[at]` along the first axis, for every element of `at`, which may have any shape: the result has the shape of `at`, followed by
    /// the other axes. Where there is no such element, it is NaN.
    ///
    /// ```
    /// use aleator_engine::graph::Graph;
    ///
    /// let graph = Graph::new();
    /// let (x, at) = (graph.input("x", [5, 3]), graph.input("at", [2, 4]));
    /// assert_eq!(x.gather(at).shape(), [2, 4, 3].into());
    /// ```
    pub fn gather(self, at: Expr<'g>) -> Self {
        let Some(rest) = self.rank().checked_sub(1) else { return self.no_elements("gather") };
        let size = self.shape()[0];
        let behind = |e: Expr<'g>, n: usize| (0..n).fold(e, |e, _| e.unsqueeze(FromEnd(0)));
        // [at.., size, rest..]
        let here = behind(self.graph().iota(size), rest).equal(behind(at, rest + 1));
        let elements = (0..at.rank()).fold(self, |x, _| x.unsqueeze(FromEnd(rest + 1)));
        // Selected, not multiplied: what is not asked for may be infinite.
        let found = here.select(elements, 0.0).sum_axes(FromEnd(rest));
        let at = behind(at, rest);
        let valid = at.floor().equal(at) * at.greater_equal(0.0) * at.less(size as f64);
        valid.select(found, f64::NAN)
    }

    /// The elements at constant places along an axis, which keeps its position and gets the size of `places`.
    ///
    /// ```
    /// use aleator_engine::graph::Graph;
    ///
    /// let graph = Graph::new();
    /// let x = graph.input("x", [2, 3]);
    /// assert_eq!(x.take(1, &[2, 0, 0, 1]).shape(), [2, 4].into());
    /// assert_eq!(x.take(0, &[0, 1]), x);
    /// ```
    pub fn take(self, axis: impl Into<Axis>, places: &[usize]) -> Self {
        let graph = self.graph();
        let shape = self.shape();
        let axis = match axis.into().within("take", &shape) {
            Ok(axis) => axis,
            Err(error) => return graph.fail(error),
        };
        let size = shape.from_end(axis);
        if let Some(place) = places.iter().find(|&&place| place >= size) {
            let problem = format!("place {place} lies outside of an axis of size {size}");
            return graph.fail(crate::error::Error::shape("take", problem));
        }
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for &place in places {
            match runs.last_mut() {
                Some((start, len)) if *start + *len == place => *len += 1,
                _ => runs.push((place, 1)),
            }
        }
        match runs[..] {
            [] => self.slice(FromEnd(axis), 0, 0),
            [(0, len)] if len == size => self,
            _ if runs.len() <= MOST_SLICES => {
                let parts: Vec<Self> =
                    runs.iter().map(|&(start, len)| self.slice(FromEnd(axis), start, len)).collect();
                concat(&parts, FromEnd(axis)).unwrap_or(self)
            }
            _ => {
                // [places, size, 1, ..] picks from [.., 1, size, ..].
                let numbers = places.iter().map(|&place| place as f64).collect();
                let table = Shape::from([places.len(), 1]).join(&Shape::from(vec![1; axis]));
                let column = Shape::from([size]).join(&Shape::from(vec![1; axis]));
                let here = graph.iota(size).reshape(column);
                let here = here.equal(graph.tensor([places.len()], numbers).reshape(table));
                here.select(self.unsqueeze(FromEnd(axis + 1)), 0.0).sum_axes(FromEnd(axis))
            }
        }
    }
}
