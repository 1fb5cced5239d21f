//! The one allocation that holds all tensors of a program.

#![allow(unsafe_code)]

use super::math::Real;

/// Elements between cache lines of 64 bytes, for the smaller number type.
const LINE: usize = 16;

/// Zeroed memory whose first element lies on a cache line.
pub(crate) struct Arena<T> {
    storage: Vec<T>,
    first: usize,
    len: usize,
}

impl<T: Real> Arena<T> {
    pub fn new(len: usize) -> Self {
        let storage = vec![T::default(); len + LINE];
        let first = storage.as_ptr().align_offset(64).min(LINE);
        Arena { storage, first, len }
    }

    pub fn slice(&self, offset: usize, len: usize) -> &[T] {
        &self.storage[self.first + offset..][..len]
    }

    pub fn slice_mut(&mut self, offset: usize, len: usize) -> &mut [T] {
        &mut self.storage[self.first + offset..][..len]
    }

    /// Two ranges (offset and length), the first to be written; `None` if they overlap.
    pub fn disjoint(&mut self, written: (usize, usize), read: (usize, usize)) -> Option<(&mut [T], &[T])> {
        let ((w, w_len), (r, r_len)) = (written, read);
        let all = &mut self.storage[self.first..];
        if w + w_len <= r {
            let (left, right) = all.split_at_mut(r);
            Some((&mut left[w..][..w_len], &right[..r_len]))
        } else if r + r_len <= w {
            let (left, right) = all.split_at_mut(w);
            Some((&mut right[..w_len], &left[r..][..r_len]))
        } else {
            None
        }
    }

    /// Shared access for kernels, which write disjoint parts.
    pub fn base(&mut self) -> Base<T> {
        Base { pointer: self.storage[self.first..].as_mut_ptr(), len: self.len }
    }

    pub fn bytes(&self) -> usize {
        self.storage.len() * size_of::<T>()
    }
}

/// A pointer to an arena that several threads use at once.
///
/// Whoever compiles a kernel guarantees that what one thread writes no other thread reads or writes during the kernel:
/// a step's results occupy buffers that its operands do not (`compile::memory` ends no buffer's life before the step
/// that reads it last has got its own buffers), and chunks write disjoint ranges of them.
#[derive(Clone, Copy)]
pub(crate) struct Base<T> {
    pointer: *mut T,
    len: usize,
}

// SAFETY: a `Base` is only an address; each access states why it is exclusive or shared.
unsafe impl<T: Send> Send for Base<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Base<T> {}

impl<T> Base<T> {
    /// `len` elements from `offset`.
    ///
    /// # Safety
    /// The range lies within the arena, the arena is alive for `'a`, and nobody writes the range meanwhile.
    #[inline(always)]
    pub unsafe fn read<'a>(self, offset: usize, len: usize) -> &'a [T] {
        debug_assert!(offset + len <= self.len);
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(self.pointer.add(offset), len) }
    }

    /// `len` elements from `offset`.
    ///
    /// # Safety
    /// As for [`Base::read`], and nobody else reads the range meanwhile.
    #[inline(always)]
    pub unsafe fn write<'a>(self, offset: usize, len: usize) -> &'a mut [T] {
        debug_assert!(offset + len <= self.len);
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(offset), len) }
    }

    /// The address of an element.
    pub fn pointer(self, offset: usize) -> *const T {
        self.pointer_mut(offset)
    }

    /// The address of an element.
    pub fn pointer_mut(self, offset: usize) -> *mut T {
        self.pointer.wrapping_add(offset)
    }
}
