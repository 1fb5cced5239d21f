//! Memory that is aligned to cache lines.
//!
//! A vector register of AVX-512 is as wide as a cache line. An unaligned access touches two lines, and a loop over vectors at the
//! usual alignment of the allocator (16 bytes) takes three times as long.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::math::Real;

/// The number of elements of the smaller type in a cache line of 64 bytes.
pub(crate) const LINE: usize = 16;

/// Numbers, initially 0, that are aligned to a cache line.
pub struct Aligned<T> {
    storage: Vec<T>,
    first: usize,
}

impl<T: Real> Aligned<T> {
    /// Creates the given number of zeros.
    pub fn zeros(len: usize) -> Self {
        Self::from(vec![T::default(); len + LINE], len)
    }

    /// The same; `None` if there is not enough memory.
    pub fn try_zeros(len: usize) -> Option<Self> {
        let mut storage = Vec::new();
        storage.try_reserve_exact(len.checked_add(LINE)?).ok()?;
        storage.resize(len + LINE, T::default());
        Some(Self::from(storage, len))
    }

    fn from(mut storage: Vec<T>, len: usize) -> Self {
        let first = storage.as_ptr().align_offset(64).min(LINE);
        storage.truncate(first + len);
        Aligned { storage, first }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.storage[self.first..]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.storage[self.first..]
    }
}

impl<T: fmt::Debug> fmt::Debug for Aligned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_are_none() {
        assert!(Aligned::<f64>::try_zeros(usize::MAX).is_none());
        assert!(Aligned::<f64>::try_zeros(usize::MAX / 9).is_none());
    }

    #[test]
    fn zeros_begin_on_a_line() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let (single, double) = (Aligned::<f32>::zeros(len), Aligned::<f64>::zeros(len));
            assert_eq!((single.as_ptr() as usize % 64, double.as_ptr() as usize % 64), (0, 0));
            assert_eq!((&single[..], &double[..]), (&vec![0.0; len][..], &vec![0.0; len][..]));
            assert_eq!(&Aligned::<f64>::try_zeros(len).unwrap()[..], &double[..]);
        }
    }
}
