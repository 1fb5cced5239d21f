//! Convolutions of images and their transposes.
//!
//! ```text
//! new           y[i, j] = b + Σ_{d,e} x[s i + d − p, s j + e − p] W[d, e]                     size ⌊(n + 2p − k) / s⌋ + 1
//! transposed    y = b + what each x[i, j] W[d, e] adds at [s i + d − p, s j + e − p]          size s (n − 1) + k − 2p + o
//! ```
//!
//! k: kernel, s: stride, p: padding by zeros, o < s: output padding, so that a transposed convolution can return any input size
//! of the convolution; x is a row of channels and W[d, e] is a matrix of channels. Images are `[.., rows, height, width,
//! channels]`, channels last, and W is stored as one matrix `[height · width · inputs, outputs]` whose rows are ordered by d,
//! then e, then channel. As usual for neural networks, the kernel is not mirrored.
//!
//! Both are one matrix product after a rearrangement of the image, in which each row is the patch that contributes to one output.
//! This needs one copy of the image for each position of the kernel, and no separate operation in the graph. The transposed
//! convolution applies the mirrored kernel to the image with s − 1 zeros inserted between neighbours; with transposed matrices
//! W[d, e], it is the adjoint of the convolution. Also called deconvolution.
//!
//! Reference: `dumoulin2016guide`.

use aleator_engine::graph::{Expr, FromEnd, Op, concat};

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
    output_padding: usize,
    transposed: bool,
    weight: Init,
}

impl Conv2d {
    /// From `inputs` channels to `outputs`, with a kernel of `[height, width]`, stride 1 and no padding. W is initialised by
    /// Glorot's rule for its matrix, b is 0.
    pub fn new(name: impl Into<String>, inputs: usize, outputs: usize, kernel: [usize; 2]) -> Self {
        Conv2d {
            name: name.into(),
            inputs,
            outputs,
            kernel,
            stride: 1,
            padding: 0,
            output_padding: 0,
            transposed: false,
            weight: Init::Glorot,
        }
    }

    /// A transposed convolution with the same arguments.
    pub fn transposed(name: impl Into<String>, inputs: usize, outputs: usize, kernel: [usize; 2]) -> Self {
        Conv2d { transposed: true, ..Self::new(name, inputs, outputs, kernel) }
    }

    /// Sets the stride along both axes, at least 1.
    pub fn with_stride(self, stride: usize) -> Self {
        Conv2d { stride, ..self }
    }

    /// Sets the padding on all four sides.
    pub fn with_padding(self, padding: usize) -> Self {
        Conv2d { padding, ..self }
    }

    /// Sets the number of additional rows below and columns to the right of the output of a transposed convolution. It must be
    /// less than the stride.
    pub fn with_output_padding(self, output_padding: usize) -> Self {
        Conv2d { output_padding, ..self }
    }

    /// Sets the initial values of W.
    pub fn with_weight(self, weight: Init) -> Self {
        Conv2d { weight, ..self }
    }

    /// The parameters `name.weight` and `name.bias`.
    pub fn specs(&self) -> Vec<Spec> {
        let [k, l] = self.kernel;
        let rows = k.saturating_mul(l).saturating_mul(self.inputs);
        vec![
            Spec::new(format!("{}.weight", self.name), [rows, self.outputs], self.weight.clone()),
            Spec::new(format!("{}.bias", self.name), [self.outputs], Init::Constant(0.0)),
        ]
    }

    /// The height and width of the output for an image of the given height and width.
    ///
    /// # Errors
    /// Returns an error if stride or kernel is 0, if the image is empty, or if it is too small for kernel and padding.
    pub fn size(&self, image: [usize; 2]) -> Result<[usize; 2]> {
        let along = |axis: usize| {
            let (n, k, s) = (image[axis], self.kernel[axis], self.stride);
            let both = self.padding.checked_mul(2)?;
            let extra = self.output_padding;
            if k == 0 || n == 0 || s == 0 || extra > 0 && (!self.transposed || extra >= s) {
                None
            } else if self.transposed {
                let size = (n - 1).checked_mul(s)?.checked_add(k)?.checked_add(extra)?.checked_sub(both)?;
                (size > 0).then_some(size)
            } else {
                Some(n.checked_add(both)?.checked_sub(k)? / s + 1)
            }
        };
        along(0).zip(along(1)).map(|(height, width)| [height, width]).ok_or_else(|| {
            let Conv2d { name, kernel: [k, l], stride, padding, output_padding, .. } = self;
            let [height, width] = image;
            Error::Invalid(format!(
                "the convolution `{name}` with a kernel of {k} x {l}, stride {stride}, padding {padding} and output padding \
                 {output_padding} does not fit images of {height} x {width}"
            ))
        })
    }

    /// The output, of shape `[.., rows, height', width', outputs]`, for `x` of shape `[.., rows, height, width, inputs]`. If the
    /// image is too small or the number of channels is wrong, the graph holds an error.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        let poison = |problem: String| {
            x.graph().fail(aleator_engine::Error::Shape { operation: self.name.clone(), problem })
        };
        if x.is_poison() {
            return x;
        }
        if x.rank() < 3 {
            return poison(format!("images have axes height, width and channels, got shape {}", x.shape()));
        }
        let size = match self.size([x.shape().from_end(2), x.shape().from_end(1)]) {
            Ok(size) => size,
            Err(error) => return poison(error.to_string()),
        };
        let (p, [k, l]) = (self.padding, self.kernel);
        let (x, stride) = if self.transposed {
            let spread = spread(spread(x, 2, self.stride), 1, self.stride);
            // Padding beyond the kernel's reach cuts off what lies there.
            let around = |x: Expr<'g>, axis, k: usize| {
                let (reach, extra) = (k - 1, self.output_padding);
                let cut = [p.saturating_sub(reach), p.saturating_sub(reach + extra)];
                let length = x.shape().from_end(axis).saturating_sub(cut[0] + cut[1]);
                padded(
                    x.slice(FromEnd(axis), cut[0], length),
                    axis,
                    [reach.saturating_sub(p), (reach + extra).saturating_sub(p)],
                )
            };
            (around(around(spread, 2, k), 1, l), 1)
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
        let patches = concat(&(0..k * l).map(patch).collect::<Vec<_>>(), -1).unwrap_or(x);
        patches.matmul(parameters.get(&format!("{}.weight", self.name)))
            + parameters.get(&format!("{}.bias", self.name))
    }
}

/// `count` elements along an axis, beginning at `first`, in steps of `stride`.
fn every(x: Expr<'_>, axis: usize, first: usize, count: usize, stride: usize) -> Expr<'_> {
    let part = x.slice(FromEnd(axis), first, count * stride);
    if stride == 1 || part.is_poison() {
        return part;
    }
    let behind = part.shape().trailing(axis).to_vec();
    let apart = part.reshape_last(axis + 1, [&[count, stride], &behind[..]].concat());
    apart.slice(FromEnd(axis), 0, 1).squeeze(FromEnd(axis))
}

/// Inserts `stride` − 1 zeros between neighbours along an axis.
fn spread(x: Expr<'_>, axis: usize, stride: usize) -> Expr<'_> {
    if stride == 1 || x.rank() <= axis {
        return x;
    }
    let behind = x.shape().trailing(axis).to_vec();
    let length = x.shape().from_end(axis) * stride;
    let apart = padded(x.unsqueeze(FromEnd(axis)), axis, [0, stride - 1]);
    let close = apart.reshape_last(axis + 2, [&[length], &behind[..]].concat());
    close.slice(FromEnd(axis), 0, length - (stride - 1))
}

/// Pads an axis with zeros before and after its elements.
fn padded(x: Expr<'_>, axis: usize, [before, after]: [usize; 2]) -> Expr<'_> {
    x.graph().apply(Op::Pad { axis, before, after }, &[x])
}
