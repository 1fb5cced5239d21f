//! Convolutions of images and their transposes.
//!
//! ```text
//! new           y[i, j] = b + Σ_{d,e} x[s i + d − p, s j + e − p] W[d, e]                     size ⌊(n + 2p − k) / s⌋ + 1
//! transposed    y = b + what each x[i, j] W[d, e] adds at [s i + d − p, s j + e − p]          size s (n − 1) + k − 2p
//! ```
//!
//! k: kernel, s: stride, p: padding by zeros; x and W[d, e] are a row and a matrix of channels. Images are
//! `[.., rows, height, width, channels]`, channels last, and W is kept as one matrix `[height · width · inputs, outputs]`
//! whose rows go by d, then e, then channel. As neural networks have it, the kernel is not mirrored.
//!
//! Both are one matrix product behind a rearrangement of the image: every output gets the patch that it sees as a row.
//! That costs as many copies of the image as W has places, and no operation of its own in the graph. The transpose sees
//! the image with s − 1 zeros put between neighbours, through the mirrored kernel; with W transposed place by place it
//! is the adjoint of the convolution. Also called deconvolution.
//!
//! Reference: `dumoulin2016guide`.

use aleator_engine::graph::{Expr, Op, concat};

use super::{Init, Parameters, Spec};
use crate::error::{Error, Result};

/// A convolution, or the transpose of one.
#[derive(Clone, Debug)]
pub struct Conv2d {
    name: String,
    inputs: usize,
    outputs: usize,
    kernel: [usize; 2],
    stride: usize,
    padding: usize,
    transposed: bool,
    weight: Init,
}

impl Conv2d {
    /// From `inputs` channels to `outputs`, with a kernel of `[height, width]`, stride 1 and no padding. W starts as Glorot has
    /// it for its matrix, b at 0.
    pub fn new(name: impl Into<String>, inputs: usize, outputs: usize, kernel: [usize; 2]) -> Self {
        let (stride, padding, transposed, weight) = (1, 0, false, Init::Glorot);
        Conv2d { name: name.into(), inputs, outputs, kernel, stride, padding, transposed, weight }
    }

    /// The same for a transposed convolution.
    pub fn transposed(name: impl Into<String>, inputs: usize, outputs: usize, kernel: [usize; 2]) -> Self {
        Conv2d { transposed: true, ..Self::new(name, inputs, outputs, kernel) }
    }

    /// Another stride, at least 1, along both axes.
    pub fn with_stride(self, stride: usize) -> Self {
        Conv2d { stride, ..self }
    }

    /// Another padding, on all four sides.
    pub fn with_padding(self, padding: usize) -> Self {
        Conv2d { padding, ..self }
    }

    /// Another start for W.
    pub fn with_weight(self, weight: Init) -> Self {
        Conv2d { weight, ..self }
    }

    /// `name.weight` and `name.bias`.
    pub fn specs(&self) -> Vec<Spec> {
        let [k, l] = self.kernel;
        let rows = k.saturating_mul(l).saturating_mul(self.inputs);
        vec![
            Spec::new(format!("{}.weight", self.name), [rows, self.outputs], self.weight.clone()),
            Spec::new(format!("{}.bias", self.name), [self.outputs], Init::Constant(0.0)),
        ]
    }

    /// Height and width of what it makes of an image of this height and width.
    ///
    /// # Errors
    /// If stride or kernel is 0, the image is empty, or kernel and padding do not fit it.
    pub fn size(&self, image: [usize; 2]) -> Result<[usize; 2]> {
        let along = |axis: usize| {
            let (n, k, s) = (image[axis], self.kernel[axis], self.stride);
            let both = self.padding.checked_mul(2)?;
            if k == 0 || n == 0 || s == 0 {
                None
            } else if self.transposed {
                let size = (n - 1).checked_mul(s)?.checked_add(k)?.checked_sub(both)?;
                (self.padding < k && size > 0).then_some(size)
            } else {
                Some(n.checked_add(both)?.checked_sub(k)? / s + 1)
            }
        };
        along(0).zip(along(1)).map(|(height, width)| [height, width]).ok_or_else(|| {
            let Conv2d { name, kernel: [k, l], stride, padding, .. } = self;
            let [height, width] = image;
            Error::Invalid(format!(
                "the convolution `{name}` with a kernel of {k} x {l}, stride {stride} and padding {padding} does not fit \
                 images of {height} x {width}"
            ))
        })
    }

    /// Of `x` with shape `[.., rows, height, width, inputs]`: `[.., rows, height', width', outputs]`.
    ///
    /// # Errors
    /// As for [`Conv2d::size`]. Wrong channels poison the graph.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Result<Expr<'g>> {
        let size = self.size([x.shape().from_end(2), x.shape().from_end(1)])?;
        let (p, [k, l]) = (self.padding, self.kernel);
        let (x, stride) = if self.transposed {
            let spread = spread(spread(x, 2, self.stride), 1, self.stride);
            (padded(padded(spread, 2, [k - 1 - p; 2]), 1, [l - 1 - p; 2]), 1)
        } else {
            let stride = if size == [1, 1] { 1 } else { self.stride };
            // What lies behind the last whole stride is seen by nobody, but there must be something to cut off.
            let around = [p, p + stride - 1];
            (padded(padded(x, 2, around), 1, around), stride)
        };
        let patch = |place: usize| {
            let from = if self.transposed { k * l - 1 - place } else { place };
            every(every(x, 2, from / l, size[0], stride), 1, from % l, size[1], stride)
        };
        let patches = concat(&(0..k * l).map(patch).collect::<Vec<_>>(), 0).unwrap_or(x);
        Ok(patches.matmul(parameters.get(&format!("{}.weight", self.name)))
            + parameters.get(&format!("{}.bias", self.name)))
    }
}

/// `count` elements along an axis, from `first` on, `stride` apart.
fn every(x: Expr<'_>, axis: usize, first: usize, count: usize, stride: usize) -> Expr<'_> {
    let part = x.slice(axis, first, count * stride);
    if stride == 1 || part.is_poison() {
        return part;
    }
    let behind = part.shape().trailing(axis).to_vec();
    let apart = part.reshape_last(axis + 1, [&[count, stride], &behind[..]].concat());
    apart.slice(axis, 0, 1).squeeze(axis)
}

/// With `stride` − 1 zeros between neighbours along an axis.
fn spread(x: Expr<'_>, axis: usize, stride: usize) -> Expr<'_> {
    if stride == 1 || x.rank() <= axis {
        return x;
    }
    let behind = x.shape().trailing(axis).to_vec();
    let length = x.shape().from_end(axis) * stride;
    let apart = padded(x.unsqueeze(axis), axis, [0, stride - 1]);
    let close = apart.reshape_last(axis + 2, [&[length], &behind[..]].concat());
    close.slice(axis, 0, length - (stride - 1))
}

/// With so many zeros before and behind, along an axis.
fn padded(x: Expr<'_>, axis: usize, [before, after]: [usize; 2]) -> Expr<'_> {
    x.graph().apply(Op::Pad { axis, before, after }, &[x])
}
