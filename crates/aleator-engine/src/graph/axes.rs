//! Axes of expressions.
//!
//! An author counts axes as NumPy does: 0 is the first and −1 the last. Operations count them from the end, because an expression
//! may get additional leading axes (samples, copies, alternatives) while it is compiled. An axis is converted when the node is
//! created, for the shape that the author sees. Code that works on graphs of any rank writes [`FromEnd`].

use std::fmt;

use super::shape::Shape;
use crate::error::Error;

/// One axis: an `isize` counts as NumPy does, [`FromEnd`] counts from the last axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// 0 is the first axis, −1 the last.
    Signed(isize),
    /// 0 is the last axis.
    FromEnd(usize),
}

/// One or several axes, counted from the end: 0 is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FromEnd<T>(pub T);

impl From<isize> for Axis {
    fn from(axis: isize) -> Self {
        Axis::Signed(axis)
    }
}

impl From<FromEnd<usize>> for Axis {
    fn from(FromEnd(axis): FromEnd<usize>) -> Self {
        Axis::FromEnd(axis)
    }
}

impl Axis {
    /// The position from the end, among `rank` axes.
    pub(crate) fn position(self, rank: usize) -> Option<usize> {
        match self {
            Axis::Signed(axis) if axis < 0 => Some(axis.unsigned_abs() - 1),
            Axis::Signed(axis) => rank.checked_sub(axis.unsigned_abs() + 1),
            Axis::FromEnd(axis) => Some(axis),
        }
        .filter(|&axis| axis < rank)
    }

    /// The position from the end in `shape`, or the error of `operation`.
    pub(crate) fn within(self, operation: &str, shape: &Shape) -> Result<usize, Error> {
        self.position(shape.rank())
            .ok_or_else(|| Error::shape(operation, format!("shape {shape} has no axis {self}")))
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Axis::Signed(axis) => write!(f, "{axis}"),
            Axis::FromEnd(axis) => write!(f, "{axis} (from the end)"),
        }
    }
}

/// One axis or a list of axes: `-1`, `[0, 2]`, a slice, or [`FromEnd`] of these.
pub trait Axes {
    /// The axes, in the order in which they were given.
    fn axes(self) -> Vec<Axis>;
}

impl Axes for isize {
    fn axes(self) -> Vec<Axis> {
        vec![self.into()]
    }
}

impl<const N: usize> Axes for [isize; N] {
    fn axes(self) -> Vec<Axis> {
        self.map(Axis::Signed).into()
    }
}

impl Axes for &[isize] {
    fn axes(self) -> Vec<Axis> {
        self.iter().map(|&axis| Axis::Signed(axis)).collect()
    }
}

impl Axes for Axis {
    fn axes(self) -> Vec<Axis> {
        vec![self]
    }
}

impl Axes for FromEnd<usize> {
    fn axes(self) -> Vec<Axis> {
        vec![self.into()]
    }
}

impl<const N: usize> Axes for FromEnd<[usize; N]> {
    fn axes(self) -> Vec<Axis> {
        self.0.map(Axis::FromEnd).into()
    }
}

impl Axes for FromEnd<&[usize]> {
    fn axes(self) -> Vec<Axis> {
        self.0.iter().map(|&axis| Axis::FromEnd(axis)).collect()
    }
}

impl Axes for FromEnd<&Vec<usize>> {
    fn axes(self) -> Vec<Axis> {
        FromEnd(self.0.as_slice()).axes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, FromEnd};
    use crate::graph::{Expr, Graph, Reduction, concat};

    #[test]
    fn axes_count_as_in_numpy() {
        let found = |axis: Axis| (0..4).map(|rank| axis.position(rank)).collect::<Vec<_>>();
        assert_eq!(found(0.into()), [None, Some(0), Some(1), Some(2)]);
        assert_eq!(found(2.into()), [None, None, None, Some(0)]);
        assert_eq!(found((-1).into()), [None, Some(0), Some(0), Some(0)]);
        assert_eq!(found((-3).into()), [None, None, None, Some(2)]);
        assert_eq!(found(FromEnd(1).into()), [None, None, Some(1), Some(1)]);
        assert_eq!(found(isize::MAX.into()), [None; 4]);
        assert_eq!(found(isize::MIN.into()), [None; 4]);
    }

    #[test]
    fn functions_take_axes_from_either_end() {
        let graph = Graph::new();
        let x = graph.input("x", [2, 3, 4]);
        let shapes = [
            (x.sum_axes(0), vec![3, 4]),
            (x.sum_axes(-3), vec![3, 4]),
            (x.mean_axes([0, 1]), vec![4]),
            (x.mean_axes([2, -1]), vec![2, 3]),
            (x.norm([0, -1]), vec![3]),
            (x.logsumexp(1), vec![2, 4]),
            (x.reduce(Reduction::Max, FromEnd([0, 1])), vec![2]),
            (x.unsqueeze(0), vec![1, 2, 3, 4]),
            (x.unsqueeze(3), vec![2, 3, 4, 1]),
            (x.unsqueeze(-1), vec![2, 3, 4, 1]),
            (x.unsqueeze(-4).squeeze(0), vec![2, 3, 4]),
            (x.slice(0, 1, 1), vec![1, 3, 4]),
            (x.slice(-2, 1, 2), vec![2, 2, 4]),
            (concat(&[x, x], 0).unwrap(), vec![4, 3, 4]),
            (concat(&[graph.input("y", [3, 1]), x], 2).unwrap(), vec![2, 3, 5]),
        ];
        for (e, shape) in shapes {
            assert_eq!(e.shape(), shape.into(), "{e:?}");
        }
        let mean = x.mean_axes([0, -1]);
        assert_eq!(mean, x.sum_axes([0, 2]) / 8.0);
        assert!(graph.error().is_none());
    }

    #[test]
    fn an_axis_that_does_not_exist_is_an_error_that_names_it() {
        type Build = fn(&Graph) -> Expr<'_>;
        let cases: [(Build, &str); 8] = [
            (|g| g.input("x", [2, 3]).sum_axes(2), "sum: shape [2, 3] has no axis 2"),
            (|g| g.input("x", [2, 3]).mean_axes(-3), "mean: shape [2, 3] has no axis -3"),
            (|g| g.input("x", [2, 3]).norm([0, 5]), "norm: shape [2, 3] has no axis 5"),
            (|g| g.input("x", []).logsumexp(-1), "logsumexp: shape [] has no axis -1"),
            (|g| g.input("x", [2]).unsqueeze(2), "position 2"),
            (|g| g.input("x", [2]).squeeze(0), "axis 0 of shape [2] is not of size 1"),
            (|g| g.input("x", [2]).slice(1, 0, 1), "has no axis 1"),
            (|g| concat(&[g.input("x", [2])], 1).unwrap(), "concat: shape [2] has no axis 1"),
        ];
        for (make, expected) in cases {
            let graph = Graph::new();
            make(&graph);
            let error = graph.error().expect(expected).to_string();
            assert!(error.contains(expected), "{error}, not {expected}");
        }
    }
}
