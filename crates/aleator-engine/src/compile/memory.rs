//! Addresses in the memory arena: buffers whose lifetimes do not overlap share memory.

use std::collections::{BTreeMap, BTreeSet};

/// The alignment of buffers in elements: one cache line of `f32`.
const ALIGN: usize = 16;

/// A buffer with the first and the last step that uses it.
pub(crate) struct Interval {
    pub elements: usize,
    pub first: usize,
    pub last: usize,
}

/// The offsets of the buffers, and the total number of elements. `None` if that overflows.
pub(crate) fn place(intervals: &[Interval], steps: usize) -> Option<(Vec<usize>, usize)> {
    let mut offsets = vec![0; intervals.len()];
    let mut starting: Vec<Vec<usize>> = vec![Vec::new(); steps];
    let mut ending: Vec<Vec<usize>> = vec![Vec::new(); steps];
    for (i, interval) in intervals.iter().enumerate() {
        starting[interval.first].push(i);
        if interval.last < steps {
            ending[interval.last].push(i);
        }
    }
    let mut free = Free::default();
    for step in 0..steps {
        for &i in &starting[step] {
            offsets[i] = free.take(aligned(intervals[i].elements)?)?;
        }
        for &i in &ending[step] {
            free.give(offsets[i], aligned(intervals[i].elements)?);
        }
    }
    Some((offsets, free.end))
}

/// A size rounded up to the alignment.
pub(crate) fn aligned(elements: usize) -> Option<usize> {
    elements.checked_next_multiple_of(ALIGN)
}

/// The free ranges, never adjacent, below `end`.
#[derive(Default)]
struct Free {
    /// The size of the range at each offset.
    sizes: BTreeMap<usize, usize>,
    /// The same ranges, ordered by (size, offset).
    by_size: BTreeSet<(usize, usize)>,
    end: usize,
}

impl Free {
    /// Returns the smallest free range that fits (the first one of equal size), or new memory at the end.
    fn take(&mut self, size: usize) -> Option<usize> {
        if let Some(&(have, offset)) = self.by_size.range((size, 0)..).next() {
            self.remove(offset);
            self.insert(offset + size, have - size);
            return Some(offset);
        }
        let offset = match self.sizes.last_key_value() {
            Some((&offset, &have)) if offset + have == self.end => {
                self.remove(offset);
                offset
            }
            _ => self.end,
        };
        self.end = offset.checked_add(size)?;
        Some(offset)
    }

    fn give(&mut self, mut offset: usize, mut size: usize) {
        if size == 0 {
            return;
        }
        size += self.remove(offset + size);
        if let Some((&before, &have)) = self.sizes.range(..offset).next_back()
            && before + have == offset
        {
            size += self.remove(before);
            offset = before;
        }
        self.insert(offset, size);
    }

    fn insert(&mut self, offset: usize, size: usize) {
        if size > 0 {
            self.sizes.insert(offset, size);
            self.by_size.insert((size, offset));
        }
    }

    /// Removes a range and returns its size, which is 0 if no range begins there.
    fn remove(&mut self, offset: usize) -> usize {
        let size = self.sizes.remove(&offset).unwrap_or(0);
        self.by_size.remove(&(size, offset));
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn living_buffers_never_overlap() {
        let lives = [(40, 0, 1), (16, 0, 3), (40, 1, 2), (100, 2, 9), (7, 3, 3), (0, 3, 4), (64, 4, 5)];
        let intervals: Vec<Interval> =
            lives.iter().map(|&(elements, first, last)| Interval { elements, first, last }).collect();
        let (offsets, end) = place(&intervals, 6).unwrap();
        for (i, a) in intervals.iter().enumerate() {
            assert!(offsets[i] + a.elements <= end);
            for (j, b) in
                intervals.iter().enumerate().filter(|&(j, b)| j != i && b.elements > 0 && a.elements > 0)
            {
                let together = a.first <= b.last && b.first <= a.last;
                let apart = offsets[i] + a.elements <= offsets[j] || offsets[j] + b.elements <= offsets[i];
                assert!(!together || apart, "{i} and {j}");
            }
        }
        assert!(end < 40 + 16 + 40 + 100 + 7 + 64 + 5 * 16, "memory is reused");
    }
}
