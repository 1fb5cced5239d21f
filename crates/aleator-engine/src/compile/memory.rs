//! Places in the arena: buffers whose lifetimes do not meet share memory.

/// Elements that buffers are aligned to: one cache line of `f32`.
const ALIGN: usize = 16;

/// A buffer with the first and last step that touch it.
pub(crate) struct Interval {
    pub elements: usize,
    pub first: usize,
    pub last: usize,
}

/// Offsets of the buffers, and the number of elements they occupy together. `None` if that overflows.
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

/// Free ranges (offset, size), ascending and never adjacent, below `end`.
#[derive(Default)]
struct Free {
    ranges: Vec<(usize, usize)>,
    end: usize,
}

impl Free {
    /// The smallest free range that fits, or new memory at the end.
    fn take(&mut self, size: usize) -> Option<usize> {
        let fitting = self.ranges.iter().enumerate().filter(|(_, (_, have))| *have >= size);
        if let Some(i) = fitting.min_by_key(|(_, (_, have))| *have).map(|(i, _)| i) {
            let (offset, have) = self.ranges[i];
            if have == size {
                self.ranges.remove(i);
            } else {
                self.ranges[i] = (offset + size, have - size);
            }
            return Some(offset);
        }
        let offset = match self.ranges.last() {
            Some(&(offset, have)) if offset + have == self.end => {
                self.ranges.pop();
                offset
            }
            _ => self.end,
        };
        self.end = offset.checked_add(size)?;
        Some(offset)
    }

    fn give(&mut self, offset: usize, size: usize) {
        if size == 0 {
            return;
        }
        let at = self.ranges.partition_point(|&(o, _)| o < offset);
        self.ranges.insert(at, (offset, size));
        if at + 1 < self.ranges.len() && offset + size == self.ranges[at + 1].0 {
            self.ranges[at].1 += self.ranges.remove(at + 1).1;
        }
        if at > 0 && self.ranges[at - 1].0 + self.ranges[at - 1].1 == offset {
            self.ranges[at - 1].1 += self.ranges.remove(at).1;
        }
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
