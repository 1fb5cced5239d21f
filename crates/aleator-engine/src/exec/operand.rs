//! Operands of kernels that compute one element at a time.

use super::strided::Strided;

/// A strided tensor, with fast paths for simple layouts.
#[derive(Debug)]
pub(crate) struct Operand {
    pub tensor: Strided,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// A single element.
    Constant,
    /// Contiguous elements.
    Contiguous,
    General,
}

impl Operand {
    pub fn new(tensor: Strided) -> Self {
        let mut behind = 1;
        let contiguous = tensor.dims.iter().zip(&tensor.strides).rev().all(|(&dim, &stride)| {
            let fits = dim == 1 || stride == behind;
            behind *= dim;
            fits
        });
        let constant = tensor.dims.iter().zip(&tensor.strides).all(|(&dim, &stride)| dim == 1 || stride == 0);
        let layout = match (constant, contiguous) {
            (true, _) => Layout::Constant,
            (_, true) => Layout::Contiguous,
            _ => Layout::General,
        };
        Operand { tensor, layout }
    }

    /// The distance of the element at a row-major index from the first.
    pub fn distance(&self, index: usize) -> usize {
        match self.layout {
            Layout::Constant => 0,
            Layout::Contiguous => index,
            Layout::General => self.tensor.distance(index),
        }
    }

    /// The place of the element at a row-major index in the arena.
    pub fn place(&self, index: usize) -> usize {
        self.tensor.offset + self.distance(index)
    }

    /// Whether elements of adjacent indices are adjacent.
    pub fn is_contiguous(&self) -> bool {
        matches!(self.layout, Layout::Contiguous)
    }
}
