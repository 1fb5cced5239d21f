//! The one allocation that holds all tensors of a program.

// The accesses by which kernels on several threads read and write disjoint buffers of one arena.
#![allow(unsafe_code)]

use super::aligned::Aligned;
use super::math::Real;

/// Zeroed memory.
pub(crate) struct Arena<T> {
    elements: Aligned<T>,
}

impl<T: Real> Arena<T> {
    /// `None` if there is not enough memory.
    pub fn new(len: usize) -> Option<Self> {
        Some(Arena { elements: Aligned::try_zeros(len)? })
    }

    pub fn slice(&self, offset: usize, len: usize) -> &[T] {
        &self.elements[offset..][..len]
    }

    pub fn slice_mut(&mut self, offset: usize, len: usize) -> &mut [T] {
        &mut self.elements[offset..][..len]
    }

    /// Splits off ranges (offset and length) for writing. Everything outside of them can still be read. Returns no ranges if two
    /// of them overlap.
    pub fn apart(&mut self, written: &[(usize, usize)]) -> (Vec<&mut [T]>, Unwritten<'_, T>) {
        let mut order: Vec<usize> = (0..written.len()).collect();
        order.sort_by_key(|&i| written[i].0);
        let mut parts: Vec<Option<&mut [T]>> = written.iter().map(|_| None).collect();
        let mut between = Vec::new();
        let (mut rest, mut at) = (&mut self.elements[..], 0);
        for i in order {
            let (offset, len) = written[i];
            if offset < at {
                return (Vec::new(), Unwritten { between: Vec::new() });
            }
            let (before, from) = std::mem::take(&mut rest).split_at_mut(offset - at);
            let (part, after) = from.split_at_mut(len);
            between.push((at, &*before));
            parts[i] = Some(part);
            (rest, at) = (after, offset + len);
        }
        between.push((at, &*rest));
        (parts.into_iter().flatten().collect(), Unwritten { between })
    }

    /// Shared access for kernels, which write disjoint parts.
    pub fn base(&mut self) -> Base<T> {
        Base { pointer: self.elements.as_mut_ptr(), len: self.elements.len() }
    }

    pub fn bytes(&self) -> usize {
        self.elements.len() * size_of::<T>()
    }
}

/// The parts between ranges that are being written.
pub(crate) struct Unwritten<'a, T> {
    /// Offsets and elements, ascending.
    between: Vec<(usize, &'a [T])>,
}

impl<'a, T> Unwritten<'a, T> {
    /// Returns a range; `None` if a part of it is being written.
    pub fn slice(&self, offset: usize, len: usize) -> Option<&'a [T]> {
        let after = self.between.partition_point(|(at, _)| *at <= offset);
        let (at, elements) = *self.between.get(after.checked_sub(1)?)?;
        elements.get(offset - at..)?.get(..len)
    }
}

/// A pointer to an arena that several threads use at once.
///
/// The compiler of kernels guarantees that no thread reads or writes what another thread writes during a kernel: the results of a
/// step do not share buffers with its operands (`compile::memory` allocates the buffers of a step before it frees those that the
/// step reads last), and chunks write disjoint ranges.
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
    /// The range must lie within the arena, the arena must be alive for `'a`, and no thread may write the range during this time.
    #[inline(always)]
    pub unsafe fn read<'a>(self, offset: usize, len: usize) -> &'a [T] {
        debug_assert!(offset + len <= self.len);
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(self.pointer.add(offset), len) }
    }

    /// `len` elements from `offset`.
    ///
    /// # Safety
    /// As for [`Base::read`], and no other thread may read the range.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_apart_and_what_lies_between_them() {
        let mut arena = Arena::<f64>::new(10).unwrap();
        (0..10).for_each(|i| arena.slice_mut(i, 1)[0] = i as f64);
        let (parts, rest) = arena.apart(&[(6, 2), (1, 3)]);
        assert_eq!(parts, [&[6.0, 7.0][..], &[1.0, 2.0, 3.0]]);
        assert_eq!(rest.slice(4, 2), Some(&[4.0, 5.0][..]));
        assert_eq!(rest.slice(8, 2), Some(&[8.0, 9.0][..]));
        assert_eq!((rest.slice(0, 2), rest.slice(2, 1), rest.slice(5, 2)), (None, None, None));
        assert!(arena.apart(&[(0, 3), (2, 1)]).0.is_empty());
    }
}
