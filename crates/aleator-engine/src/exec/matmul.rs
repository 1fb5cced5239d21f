//! Matrix products: the `gemm` crate on strided operands, cut into parts that depend on the shapes alone.
//!
//! Transposed or sliced operands are read in place. The same product gives the same bits for any number of threads, because each
//! part is computed by one thread. Different machines may give different bits, because `gemm` uses fused multiply-add if it is
//! available. `gemm` allocates its own packing buffers.

// `gemm` takes pointers, and parts on several threads write disjoint ranges of one result.
#![allow(unsafe_code)]

use std::ops::Range;

use super::math::Real;
use super::memory::Base;
use super::strided::Strided;

/// The number of multiplications per part, about 50 µs.
const PART: usize = 1 << 21;
/// The largest number of parts of one product.
const MAX_PARTS: usize = 16;
/// The smallest number of rows or columns of a part.
const THINNEST: usize = 32;
/// The unit in which rows or columns are split: a multiple of the width of vector registers.
const UNIT: usize = 8;
/// Below this many multiplications a plain loop is faster than packing.
const SMALL: usize = 512;

/// `out[b] = left[b] @ right[b]` for each batch element b.
#[derive(Debug)]
pub(crate) struct MatMul {
    pub m: usize,
    pub k: usize,
    pub n: usize,
    /// Batch axes, then rows and columns.
    pub left: Strided,
    pub right: Strided,
    /// The offset of the contiguous result.
    pub out: usize,
    batches: usize,
    /// The number of parts of each product, by rows or by columns.
    parts: usize,
    by_rows: bool,
}

impl MatMul {
    /// The product of two operands with equal batch axes.
    pub fn new(left: Strided, right: Strided, out: usize) -> Self {
        let rank = left.dims.len();
        let (m, k, n) = (left.dims[rank - 2], left.dims[rank - 1], right.dims[rank - 1]);
        let batches = left.dims[..rank - 2].iter().product();
        let by_rows = m >= n;
        let long = m.max(n);
        let work = m.saturating_mul(n).saturating_mul(k);
        // A power of two, so that the parts are dealt out evenly to two, four or eight threads.
        let wanted = (work / PART).min(long / THINNEST).clamp(1, MAX_PARTS);
        let parts = 1 << wanted.ilog2();
        MatMul { m, k, n, left, right, out, batches, parts, by_rows }
    }

    /// The rows or columns of a part: whole units, distributed as evenly as possible.
    fn range(&self, part: usize) -> Range<usize> {
        let long = if self.by_rows { self.m } else { self.n };
        let begin = |part: usize| (long.div_ceil(UNIT) * part / self.parts * UNIT).min(long);
        begin(part)..begin(part + 1)
    }

    /// The number of parts that can run at the same time.
    pub fn tasks(&self) -> usize {
        self.batches * self.parts
    }

    /// Whether the product is large enough for several threads.
    pub fn is_large(&self) -> bool {
        let work = self.m.saturating_mul(self.n).saturating_mul(self.k).saturating_mul(self.batches);
        self.tasks() > 1 && work > PART / 2
    }

    /// Computes one part.
    pub fn run<T: Real>(&self, task: usize, base: Base<T>) {
        let (batch, part) = (task / self.parts, task % self.parts);
        let rank = self.left.dims.len();
        let batch_offset = |x: &Strided| {
            let mut rest = batch;
            let mut offset = x.offset;
            for axis in (0..rank - 2).rev() {
                offset += rest % x.dims[axis] * x.strides[axis];
                rest /= x.dims[axis];
            }
            offset
        };
        let range = self.range(part);
        let (rows, columns) = if self.by_rows { (range, 0..self.n) } else { (0..self.m, range) };
        let (m, n) = (rows.len(), columns.len());
        if m == 0 || n == 0 {
            return;
        }
        let strides = |x: &Strided| (x.strides[rank - 2], x.strides[rank - 1]);
        let ((left_row, left_column), (right_row, right_column)) =
            (strides(&self.left), strides(&self.right));
        let left = batch_offset(&self.left) + rows.start * left_row;
        let right = batch_offset(&self.right) + columns.start * right_column;
        let out = self.out + batch * self.m * self.n + rows.start * self.n + columns.start;
        if self.k == 0 || m * n * self.k < SMALL {
            // SAFETY: the ranges end with the last element of each operand, and these rows of the result or, where parts
            // are columns, these columns belong to this part. Small products have one part.
            let (left, right, out) = unsafe {
                (
                    base.read(left, extent(m, self.k, left_row, left_column)),
                    base.read(right, extent(self.k, n, right_row, right_column)),
                    base.write(out, if self.parts == 1 { m * n } else { 0 }),
                )
            };
            for (i, out) in out.chunks_exact_mut(n).enumerate() {
                out.fill(T::default());
                for l in 0..self.k {
                    let x = left[i * left_row + l * left_column];
                    if right_column == 1 {
                        for (out, &y) in out.iter_mut().zip(&right[l * right_row..][..n]) {
                            *out += x * y;
                        }
                    } else {
                        for (j, out) in out.iter_mut().enumerate() {
                            *out += x * right[l * right_row + j * right_column];
                        }
                    }
                }
            }
            return;
        }
        // SAFETY: `lower` and the arena plan guarantee that every element these dimensions and strides reach lies in the
        // operands' buffers, that the result's buffer is neither operand's, and that parts and batch elements write
        // different elements of it. `T` is `f32` or `f64`, which `gemm` knows.
        unsafe {
            gemm::gemm(
                m,
                n,
                self.k,
                base.pointer_mut(out),
                1,
                self.n as isize,
                false,
                base.pointer(left),
                left_column as isize,
                left_row as isize,
                base.pointer(right),
                right_column as isize,
                right_row as isize,
                T::default(),
                T::from_f64(1.0),
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }
}

/// The number of elements that an `m × k` matrix with these strides spans.
fn extent(m: usize, k: usize, row: usize, column: usize) -> usize {
    if m == 0 || k == 0 { 0 } else { 1 + (m - 1) * row + (k - 1) * column }
}
