//! Strided views: reshapes, transposes, broadcasts and slices that move no data.
//!
//! ```text
//! element (i₀, i₁, …) of a view = element  offset + Σ iₐ · strideₐ  of the value's row-major buffer
//! ```
//!
//! A broadcast axis has stride 0.

use crate::graph::Shape;

/// A view of the elements of a value's buffer as a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    /// The value that owns the buffer.
    pub value: usize,
    /// The offset of the first element.
    pub offset: usize,
    /// The shape.
    pub dims: Vec<usize>,
    /// The distance between adjacent elements along each axis, in elements.
    pub strides: Vec<usize>,
}

impl View {
    /// The view of a whole value.
    pub fn whole(value: usize, shape: &Shape) -> Self {
        View { value, offset: 0, dims: shape.to_vec(), strides: shape.strides() }
    }

    /// The number of elements.
    pub fn numel(&self) -> usize {
        self.dims.iter().product()
    }

    /// The same view with axes of size 1 removed, and with adjacent axes merged if one stride describes both.
    pub fn collapsed(&self) -> (Vec<usize>, Vec<usize>) {
        if self.numel() == 0 {
            return (vec![0], vec![1]);
        }
        let (mut dims, mut strides): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (&dim, &stride) in self.dims.iter().zip(&self.strides) {
            match (dims.last_mut(), strides.last_mut()) {
                _ if dim == 1 => {}
                (Some(d), Some(s)) if *s == dim * stride => {
                    *d *= dim;
                    *s = stride;
                }
                _ => {
                    dims.push(dim);
                    strides.push(stride);
                }
            }
        }
        (dims, strides)
    }

    /// Whether the elements are contiguous.
    pub fn is_contiguous(&self) -> bool {
        let mut behind = 1;
        self.numel() == 0
            || self.dims.iter().zip(&self.strides).rev().filter(|&(&dim, _)| dim != 1).all(
                |(&dim, &stride)| {
                    let follows = stride == behind;
                    behind *= dim;
                    follows
                },
            )
    }

    /// Whether the view is one element, repeated.
    pub fn is_splat(&self) -> bool {
        self.numel() > 0 && self.dims.iter().zip(&self.strides).all(|(&d, &s)| d == 1 || s == 0)
    }

    /// Whether the view covers a buffer of `numel` elements, in order.
    pub fn is_identity(&self, numel: usize) -> bool {
        self.numel() == numel && (numel == 0 || (self.offset == 0 && self.is_contiguous()))
    }

    /// Broadcasts the view to a shape of at least its rank.
    pub fn broadcast(mut self, to: &[usize]) -> Self {
        let new = to.len() - self.dims.len();
        self.dims.splice(0..0, to[..new].iter().copied());
        self.strides.splice(0..0, std::iter::repeat_n(0, new));
        for (i, &to) in to.iter().enumerate().skip(new) {
            if self.dims[i] != to {
                self.dims[i] = to;
                self.strides[i] = 0;
            }
        }
        self
    }

    /// Permutes the last axes.
    pub fn permute(mut self, order: &[usize]) -> Self {
        let lead = self.dims.len() - order.len();
        let (dims, strides) = (self.dims.clone(), self.strides.clone());
        for (i, &o) in order.iter().enumerate() {
            self.dims[lead + i] = dims[lead + o];
            self.strides[lead + i] = strides[lead + o];
        }
        self
    }

    /// Takes a part of an axis counted from the end.
    pub fn slice(mut self, axis: usize, start: usize, len: usize) -> Self {
        let at = self.dims.len() - 1 - axis;
        self.dims[at] = len;
        if self.numel() > 0 {
            self.offset += start * self.strides[at];
        }
        self
    }

    /// Inserts axes of size 1, which are counted from the end of the result, in ascending order.
    pub fn with(mut self, axes: &[usize]) -> Self {
        for axis in axes {
            let at = self.dims.len() - axis;
            self.dims.insert(at, 1);
            self.strides.insert(at, 0);
        }
        self
    }

    /// Removes axes of size 1, which are counted from the end, in ascending order.
    pub fn without(mut self, axes: &[usize]) -> Self {
        for axis in axes.iter().rev() {
            let at = self.dims.len() - 1 - axis;
            self.dims.remove(at);
            self.strides.remove(at);
        }
        self
    }

    /// Reshapes the view, if strides can describe the result.
    pub fn reshape(&self, to: &Shape) -> Option<Self> {
        let strides =
            if self.numel() == 0 { to.strides() } else { reshaped_strides(&self.dims, &self.strides, to)? };
        Some(View { value: self.value, offset: self.offset, dims: to.to_vec(), strides })
    }
}

/// The strides of a reshaped view. The shortest groups of old and new axes with equal sizes are matched; within a group, the old
/// axes must be contiguous to each other.
fn reshaped_strides(dims: &[usize], strides: &[usize], to: &[usize]) -> Option<Vec<usize>> {
    let old: Vec<(usize, usize)> =
        dims.iter().copied().zip(strides.iter().copied()).filter(|&(d, _)| d != 1).collect();
    let mut new = vec![0; to.len()];
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < to.len() {
        let (first, mut have, mut want) = (j, old[i].0, to[j]);
        while have != want {
            if want < have {
                j += 1;
                want *= to[j];
            } else {
                if old[i].1 != old[i + 1].0 * old[i + 1].1 {
                    return None;
                }
                i += 1;
                have *= old[i].0;
            }
        }
        let mut stride = old[i].1;
        for axis in (first..=j).rev() {
            new[axis] = stride;
            stride *= to[axis];
        }
        i += 1;
        j += 1;
    }
    Some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(dims: &[usize]) -> View {
        View::whole(0, &dims.into())
    }

    #[test]
    fn reshapes_without_copying_where_strides_allow() {
        let t = view(&[2, 3, 4]).permute(&[0, 2, 1]);
        assert_eq!(t.strides, [12, 1, 4]);
        assert_eq!(t.reshape(&[1, 2, 1, 4, 3, 1].into()).map(|v| v.collapsed()), Some(t.collapsed()));
        assert_eq!(t.reshape(&[8, 3].into()), None);
        assert_eq!(view(&[6]).reshape(&[2, 1, 3].into()).map(|v| v.strides), Some(vec![3, 3, 1]));
        let b = view(&[1, 3]).broadcast(&[4, 5, 3]);
        assert_eq!(b.reshape(&[20, 3].into()).map(|v| v.strides), Some(vec![0, 1]));
        assert_eq!(b.reshape(&[4, 15].into()), None);
    }

    #[test]
    fn contiguous_is_what_collapses_to_stride_1() {
        let views =
            [view(&[2, 3, 4]), view(&[1]), view(&[]), view(&[4, 1, 3]), view(&[3, 0, 2]), view(&[1, 5])];
        for v in &views {
            let rank = v.dims.len();
            let mut variants = vec![v.clone(), v.clone().broadcast(&[&[2], &v.dims[..]].concat())];
            variants.extend((0..rank).map(|axis| v.clone().slice(axis, 0, v.dims[rank - 1 - axis].min(2))));
            variants.extend((2..=rank).map(|n| v.clone().permute(&(0..n).rev().collect::<Vec<_>>())));
            for v in variants {
                let (dims, strides) = v.collapsed();
                assert_eq!(v.is_contiguous(), dims.is_empty() || strides == [1], "{v:?}");
            }
        }
    }

    #[test]
    fn collapses_axes() {
        assert_eq!(view(&[2, 1, 3]).collapsed(), (vec![6], vec![1]));
        assert_eq!(view(&[2, 3]).permute(&[1, 0]).collapsed(), (vec![3, 2], vec![1, 3]));
        assert!(view(&[1]).broadcast(&[4, 4]).is_splat());
        assert!(view(&[4, 3]).slice(1, 1, 2).is_contiguous());
        assert!(!view(&[4, 3]).slice(0, 1, 2).is_contiguous());
    }
}
