//! Static shapes. Operations act on trailing axes and broadcast over leading ones.

use std::fmt;
use std::ops::Deref;

/// The sizes of the axes of a tensor, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The shape `[]` of a scalar.
    pub fn scalar() -> Self {
        Shape(Vec::new())
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of elements; `None` if it exceeds what an index can hold. An element takes up to 8 bytes and every byte has an
    /// index, so the limit on a 32-bit target is 2²⁸ elements.
    pub fn checked_numel(&self) -> Option<usize> {
        checked_product(self.0.iter().copied())
    }

    /// The same where axes without elements count as those of one: a bound for the distances between elements too.
    pub(crate) fn checked_extent(&self) -> Option<usize> {
        checked_product(self.0.iter().map(|&d| d.max(1)))
    }

    /// The number of elements. Every node of a graph has passed [`Shape::checked_numel`].
    pub fn numel(&self) -> usize {
        self.0.iter().product()
    }

    /// The number of elements for each index of the first axis.
    pub(crate) fn row(&self) -> u64 {
        self.0.iter().skip(1).product::<usize>() as u64
    }

    /// The size of the axis that is `from_end` positions before the last one (0 is the last axis); 1 if there is no such axis.
    pub fn from_end(&self, from_end: usize) -> usize {
        if from_end < self.rank() { self.0[self.rank() - 1 - from_end] } else { 1 }
    }

    /// The first `n` axes.
    pub fn leading(&self, n: usize) -> Shape {
        Shape(self.0[..n].to_vec())
    }

    /// The last `n` axes.
    pub fn trailing(&self, n: usize) -> Shape {
        Shape(self.0[self.rank() - n..].to_vec())
    }

    /// These axes followed by `tail`.
    pub fn join(&self, tail: &[usize]) -> Shape {
        Shape(self.0.iter().chain(tail).copied().collect())
    }

    /// Broadcasting as in NumPy: shapes are aligned at the last axis, and sizes must be equal or 1.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let rank = self.rank().max(other.rank());
        let mut dims = vec![0; rank];
        for from_end in 0..rank {
            dims[rank - 1 - from_end] = match (self.from_end(from_end), other.from_end(from_end)) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return None,
            };
        }
        Some(Shape(dims))
    }

    /// Row-major strides, in elements.
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.rank()];
        for i in (1..self.rank()).rev() {
            strides[i - 1] = strides[i] * self.0[i];
        }
        strides
    }
}

fn checked_product(mut dims: impl Iterator<Item = usize>) -> Option<usize> {
    const MOST: u64 = if usize::BITS < 64 { usize::MAX as u64 / 16 } else { 1 << 48 };
    dims.try_fold(1usize, |n, d| n.checked_mul(d)).filter(|&n| (n as u64) < MOST)
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl From<Vec<usize>> for Shape {
    fn from(dims: Vec<usize>) -> Self {
        Shape(dims)
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Self {
        Shape(dims.to_vec())
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        Shape(dims.to_vec())
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Self {
        shape.clone()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[")?;
        for (i, d) in self.0.iter().enumerate() {
            write!(f, "{}{d}", if i == 0 { "" } else { ", " })?;
        }
        write!(f, "]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_is_numpys() {
        let b = |a: &[usize], b: &[usize]| Shape::from(a).broadcast(&Shape::from(b));
        assert_eq!(b(&[2, 3], &[3]), Some([2, 3].into()));
        assert_eq!(b(&[4, 1, 3], &[2, 1]), Some([4, 2, 3].into()));
        assert_eq!(b(&[], &[5]), Some([5].into()));
        assert_eq!(b(&[2], &[3]), None);
        assert_eq!(b(&[0], &[1]), Some([0].into()));
    }

    #[test]
    fn huge_shapes_are_refused() {
        assert_eq!(Shape::from([usize::MAX, 2]).checked_numel(), None);
        assert_eq!(Shape::from([1 << 24, 1 << 24]).checked_numel(), None);
        assert_eq!(Shape::from([3, 4]).checked_numel(), Some(12));
    }
}
