//! Iteration over strided tensors, in runs along the innermost axis.

use super::math::Real;

/// A strided tensor in the arena, row-major order of `dims`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Strided {
    pub offset: usize,
    pub dims: Vec<usize>,
    pub strides: Vec<usize>,
}

impl Strided {
    /// The number of elements.
    pub fn numel(&self) -> usize {
        self.dims.iter().product()
    }

    /// The number of elements of the buffer, starting at `offset`, that the tensor spans.
    pub fn extent(&self) -> usize {
        if self.numel() == 0 {
            return 0;
        }
        1 + self.dims.iter().zip(&self.strides).map(|(&d, &s)| (d - 1) * s).sum::<usize>()
    }

    /// Distance of the element at a row-major index from the first.
    #[inline(always)]
    pub fn distance(&self, mut index: usize) -> usize {
        let mut distance = 0;
        for (&dim, &stride) in self.dims.iter().zip(&self.strides).rev() {
            distance += index % dim * stride;
            index /= dim;
        }
        distance
    }
}

/// Visits elements `start .. start + len` (row-major) of a tensor of at least one axis: `visit(i, n, distance)` for each
/// run of n elements along the last axis, i elements after `start`, the first of them `distance` elements from the
/// beginning. `position` is scratch space for an index of each axis.
#[inline(always)]
pub(crate) fn runs(
    dims: &[usize],
    strides: &[usize],
    start: usize,
    len: usize,
    position: &mut [usize],
    mut visit: impl FnMut(usize, usize, usize),
) {
    let last = dims.len() - 1;
    let mut distance = 0;
    let mut rest = start;
    for axis in (0..=last).rev() {
        position[axis] = if rest == 0 { 0 } else { rest % dims[axis] };
        rest = if rest == 0 { 0 } else { rest / dims[axis] };
        distance += position[axis] * strides[axis];
    }
    let mut done = 0;
    while done < len {
        let run = (dims[last] - position[last]).min(len - done);
        visit(done, run, distance);
        done += run;
        position[last] += run;
        distance += run * strides[last];
        let mut axis = last;
        while axis > 0 && position[axis] == dims[axis] {
            distance -= dims[axis] * strides[axis];
            position[axis] = 0;
            axis -= 1;
            position[axis] += 1;
            distance += strides[axis];
        }
    }
}

/// Copies elements from `start` on into `out`; `source` begins at the tensor's offset.
#[inline(always)]
pub(crate) fn gather<T: Real>(
    out: &mut [T],
    source: &[T],
    from: &Strided,
    start: usize,
    position: &mut [usize],
) {
    let stride = from.strides[from.strides.len() - 1];
    let len = out.len();
    if let ([_, 2..=4], [1, 0]) = (&from.dims[..], &from.strides[..])
        && start.is_multiple_of(from.dims[1])
    {
        let source = &source[start / from.dims[1]..];
        return match from.dims[1] {
            2 => repeat_each::<T, 2>(out, source),
            3 => repeat_each::<T, 3>(out, source),
            _ => repeat_each::<T, 4>(out, source),
        };
    }
    match stride {
        0 => runs(&from.dims, &from.strides, start, len, position, |i, n, at| out[i..i + n].fill(source[at])),
        1 => runs(&from.dims, &from.strides, start, len, position, |i, n, at| {
            out[i..i + n].copy_from_slice(&source[at..at + n]);
        }),
        _ => runs(&from.dims, &from.strides, start, len, position, |i, n, at| {
            for (out, x) in out[i..i + n].iter_mut().zip(source[at..].iter().step_by(stride)) {
                *out = *x;
            }
        }),
    }
}

/// Repeats each element N times. N is a constant, so that the compiler uses vector registers.
#[inline(always)]
fn repeat_each<T: Real, const N: usize>(out: &mut [T], source: &[T]) {
    let (rows, rest) = out.as_chunks_mut::<N>();
    rest.fill(source.get(rows.len()).copied().unwrap_or_default());
    for (row, &x) in rows.iter_mut().zip(source) {
        *row = [x; N];
    }
}
