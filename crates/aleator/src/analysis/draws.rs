//! The draws of a site on which each element of a node may depend.
//!
//! The graph is evaluated on sets in place of numbers. An element of a site has the set that contains its own draw, and every
//! other element has the union of the sets of the elements from which it is computed. Elements that are multiplied by the
//! constant 0, or not selected by a constant condition, are not included. If a draw is selected by an index, a slice, a mask or
//! from a stack, it is therefore known to be the only relevant one, through any change of shape.
//!
//! ```text
//! D(z_s) = {s},    D(f(x, y)) = D(x) ∪ D(y),    D(0 · x) = ∅
//! ```
//!
//! Sets never omit a relevant draw. If they would take too much memory, they contain all draws.

use aleator_engine::graph::{Op, Shape};

/// The largest number of bits of the sets of one node.
const MOST_BITS: usize = 1 << 24;

/// The sets of the elements of a node. If all elements along an axis have the same set, the axis has size 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draws {
    shape: Shape,
    /// The number of draws.
    count: usize,
    /// The sets in row-major order, each with as many words as `count` bits need.
    bits: Vec<u64>,
}

/// The elements of a constant that let a set pass.
#[derive(Clone, Debug)]
pub(crate) struct Mask {
    pub shape: Shape,
    pub passes: Vec<bool>,
}

/// The index of each element of a shape, in row-major order.
pub(crate) fn indices(shape: &Shape) -> impl Iterator<Item = Vec<usize>> + use<> {
    let shape = shape.clone();
    (0..shape.numel()).map(move |flat| {
        let mut rest = flat;
        let mut index = vec![0; shape.rank()];
        for axis in (0..shape.rank()).rev() {
            index[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        index
    })
}

/// The flat position of an index in a shape that broadcasts to the shape of the index.
fn place(shape: &Shape, index: &[usize]) -> usize {
    let skip = index.len().saturating_sub(shape.rank());
    shape.iter().zip(&index[skip..]).fold(0, |flat, (&n, &i)| flat * n + if n == 1 { 0 } else { i })
}

impl Draws {
    /// Every element may depend on every draw.
    pub fn all(rank: usize, count: usize) -> Self {
        let mut bits = vec![u64::MAX; words(count)];
        if let (Some(last), tail @ 1..) = (bits.last_mut(), count % 64) {
            *last = (1 << tail) - 1;
        }
        Draws { shape: vec![1; rank].into(), count, bits }
    }

    /// Whether this number of draws can be distinguished.
    pub fn are_few(count: usize) -> bool {
        count.checked_mul(64 * words(count)).is_some_and(|bits| bits <= MOST_BITS)
    }

    /// The sets of the draws themselves, for a batch of this shape, followed by `event_rank` axes that share a draw.
    pub fn themselves(batch: &Shape, event_rank: usize) -> Self {
        let (count, shape) = (batch.numel(), batch.join(&vec![1; event_rank]));
        Self::new(shape, count, |set, index| insert(set, place(batch, &index[..batch.rank()])))
    }

    /// Sets with a single possible member: whether each element contains it.
    pub fn which(shape: Shape, belongs: impl Fn(&[usize]) -> bool) -> Self {
        Self::new(shape, 1, |set, index| set[0] = u64::from(belongs(index)))
    }

    /// The number of bits of the sets.
    pub fn size(&self) -> usize {
        64 * self.bits.len()
    }

    /// The size of the largest set.
    pub fn most(&self) -> usize {
        let sizes = self.bits.chunks(words(self.count).max(1));
        sizes.map(|set| set.iter().map(|word| word.count_ones() as usize).sum()).max().unwrap_or(0)
    }

    /// The sets that `fill` writes, given an empty set and the index of the element. They contain all draws if they would be too
    /// large.
    fn new(shape: Shape, count: usize, fill: impl Fn(&mut [u64], &[usize])) -> Self {
        let words = words(count);
        if shape.checked_numel().and_then(|n| n.checked_mul(64 * words)).is_none_or(|n| n > MOST_BITS) {
            return Self::all(shape.rank(), count);
        }
        let mut bits = vec![0; shape.numel() * words];
        if words > 0 {
            for (set, index) in bits.chunks_mut(words).zip(indices(&shape)) {
                fill(set, &index);
            }
        }
        Draws { shape, count, bits }.squashed()
    }

    /// Reduces axes along which all sets are equal to size 1.
    fn squashed(mut self) -> Self {
        let words = words(self.count);
        for axis in 0..self.shape.rank() {
            let n = self.shape[axis];
            let behind = words * self.shape[axis + 1..].iter().product::<usize>();
            if n <= 1 || behind == 0 {
                continue;
            }
            let same = |block: &[u64]| block.chunks(behind).all(|part| *part == block[..behind]);
            if self.bits.chunks(n * behind).all(same) {
                self.bits = self.bits.chunks(n * behind).flat_map(|b| b[..behind].iter().copied()).collect();
                let mut shape = self.shape.to_vec();
                shape[axis] = 1;
                self.shape = shape.into();
            }
        }
        self
    }

    /// The shape of the sets, which broadcasts to that of the node.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Whether no element depends on any draw.
    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|&word| word == 0)
    }

    /// Whether every element may depend on every draw.
    pub fn is_all(&self) -> bool {
        self.bits == Self::all(0, self.count).bits
    }

    /// The set of the element at an index of the node.
    fn at(&self, index: &[usize]) -> &[u64] {
        let words = words(self.count);
        let start = words * place(&self.shape, index);
        &self.bits[start..start + words]
    }

    /// Whether the element at an index of the node may depend on a draw.
    pub fn holds(&self, index: &[usize], draw: usize) -> bool {
        self.at(index)[draw / 64] >> (draw % 64) & 1 == 1
    }

    /// Whether the sets of two nodes are equal, one node being broadcast to the other.
    pub fn same(&self, other: &Self) -> bool {
        let core = |d: &Self| d.shape.iter().copied().skip_while(|&n| n == 1).collect::<Vec<_>>();
        core(self) == core(other) && self.bits == other.bits
    }

    fn reshaped(&self, shape: impl Into<Shape>) -> Self {
        Draws { shape: shape.into(), ..self.clone() }
    }

    /// The shape, with the given sizes on the given axes (from the end).
    fn with_sizes(&self, sizes: &[(usize, usize)]) -> Shape {
        let mut shape = self.shape.to_vec();
        for &(axis, size) in sizes {
            let at = shape.len() - 1 - axis;
            shape[at] = size;
        }
        shape.into()
    }

    /// The unions over axes counted from the end, which get size 1.
    fn over(&self, axes: &[usize]) -> Self {
        let shape = self.with_sizes(&axes.iter().map(|&a| (a, 1)).collect::<Vec<_>>());
        let within = |i: usize| axes.contains(&(self.shape.rank() - 1 - i));
        let inner: Shape = (0..self.shape.rank())
            .map(|i| if within(i) { self.shape[i] } else { 1 })
            .collect::<Vec<_>>()
            .into();
        Self::new(shape, self.count, |set, index| {
            for offset in indices(&inner) {
                let at: Vec<usize> = index.iter().zip(&offset).map(|(a, b)| a + b).collect();
                unite(set, self.at(&at));
            }
        })
    }

    /// The same without axes of size 1.
    fn without(&self, axes: &[usize]) -> Self {
        let rank = self.shape.rank();
        let kept = |i: &usize| !axes.contains(&(rank - 1 - i));
        self.reshaped((0..rank).filter(kept).map(|i| self.shape[i]).collect::<Vec<_>>())
    }

    /// The unions over the last axes, which are replaced by `event` axes that share the result.
    pub fn of_events(&self, consumed: usize, event: usize) -> Self {
        let axes: Vec<usize> = (0..consumed.min(self.shape.rank())).collect();
        let leading = self.over(&axes).without(&axes);
        leading.reshaped(leading.shape.join(&vec![1; event]))
    }

    /// The elementwise union of the sets that pass the masks.
    pub fn union(parts: &[(&Draws, Option<&Mask>)], rank: usize, count: usize) -> Self {
        let mut shapes =
            parts.iter().flat_map(|(d, mask)| [Some(&d.shape), mask.map(|m| &m.shape)]).flatten();
        let ones = Shape::from(vec![1; rank]);
        let Some(shape) = shapes.try_fold(ones, |all, s| all.broadcast(s)) else {
            return Self::all(rank, count);
        };
        Self::new(shape, count, |set, index| {
            for (draws, mask) in parts {
                if mask.is_none_or(|m| m.passes[place(&m.shape, index)]) {
                    unite(set, draws.at(index));
                }
            }
        })
    }

    /// The sets of a matrix product, one factor of which depends on no draw: the union over its nonzero elements.
    pub fn of_product(&self, left: bool, other: Option<&Mask>) -> Self {
        let summed = usize::from(!left);
        let Some(mask) = other.filter(|m| m.shape.rank() >= 2) else { return self.over(&[summed]) };
        // [.., i, k, j], where k is summed.
        let widened = |shape: &Shape, left: bool| {
            let (lead, matrix) = (shape.leading(shape.rank() - 2), shape.trailing(2));
            lead.join(&if left { [matrix[0], matrix[1], 1] } else { [1, matrix[0], matrix[1]] })
        };
        let wide = self.reshaped(widened(&self.shape, left));
        let mask = Mask { shape: widened(&mask.shape, !left), passes: mask.passes.clone() };
        Self::union(&[(&wide, Some(&mask))], wide.shape.rank(), self.count).over(&[1]).without(&[1])
    }

    /// The sets of the result of an operation that moves or mixes the elements of its first input (or, for `Concat`, of all
    /// inputs), whose shapes are given; `None` for any other operation.
    pub fn moved(op: &Op, inputs: &[Option<&Draws>], from: &[Shape], count: usize) -> Option<Self> {
        if let Op::Concat { axis } = op {
            let rank = from.iter().map(Shape::rank).max()?;
            let total = from.iter().map(|s| s.from_end(*axis)).sum();
            let mut shape = vec![1; rank];
            for draws in inputs.iter().flatten() {
                shape.iter_mut().rev().zip(draws.shape.iter().rev()).for_each(|(n, &m)| *n = (*n).max(m));
            }
            let at = rank - 1 - axis;
            shape[at] = total;
            return Some(Self::new(shape.into(), count, |set, index| {
                let mut index = index.to_vec();
                for (draws, shape) in inputs.iter().zip(from) {
                    match index[at].checked_sub(shape.from_end(*axis)) {
                        Some(behind) => index[at] = behind,
                        None => {
                            if let Some(draws) = draws {
                                unite(set, draws.at(&index));
                            }
                            return;
                        }
                    }
                }
            }));
        }
        let (own, from) = ((*inputs.first()?)?, &from[0]);
        let rank = own.shape.rank();
        Some(match op {
            Op::Reduce(_, axes) | Op::LogSumExp(axes) => own.over(axes).without(axes),
            Op::LogSoftmax(axes) | Op::Softmax(axes) => own.over(axes),
            Op::OneHot(_) => own.reshaped(own.shape.join(&[1])),
            Op::ArgMax => own.over(&[0]).without(&[0]),
            Op::CumSum { reverse } => {
                let n = own.shape.from_end(0);
                Self::new(own.shape.clone(), count, |set, index| {
                    let mut at = index.to_vec();
                    let last = index[rank - 1];
                    for i in if *reverse { last..n } else { 0..last + 1 } {
                        at[rank - 1] = i;
                        unite(set, own.at(&at));
                    }
                })
            }
            Op::Reshape { consumed, to } => {
                let lead = own.shape.leading(rank - consumed);
                if own.shape.trailing(*consumed).iter().all(|&n| n == 1) {
                    return Some(own.reshaped(lead.join(&vec![1; to.rank()])));
                }
                let old = from.trailing(*consumed);
                Self::new(lead.join(to), count, |set, index| {
                    let (front, back) = index.split_at(lead.rank());
                    let mut rest = place(to, back);
                    let mut at = front.to_vec();
                    at.resize(rank, 0);
                    for axis in (0..old.rank()).rev() {
                        at[lead.rank() + axis] = rest % old[axis];
                        rest /= old[axis];
                    }
                    unite(set, own.at(&at));
                })
            }
            Op::Broadcast { .. } => own.clone(),
            Op::Permute(order) => {
                let (lead, tail) = (rank - order.len(), own.shape.trailing(order.len()));
                let shape = own.shape.leading(lead).join(&order.iter().map(|&o| tail[o]).collect::<Vec<_>>());
                Self::new(shape, count, |set, index| {
                    let mut at = index.to_vec();
                    order.iter().enumerate().for_each(|(i, &o)| at[lead + o] = index[lead + i]);
                    unite(set, own.at(&at));
                })
            }
            Op::Slice { axis, start, len } => {
                if own.shape.from_end(*axis) == 1 {
                    return Some(own.clone());
                }
                Self::new(own.with_sizes(&[(*axis, *len)]), count, |set, index| {
                    let mut at = index.to_vec();
                    at[rank - 1 - axis] += start;
                    unite(set, own.at(&at));
                })
            }
            Op::Pad { axis, before, after } => {
                let n = from.from_end(*axis);
                Self::new(own.with_sizes(&[(*axis, before + n + after)]), count, |set, index| {
                    let mut at = index.to_vec();
                    let place = at[rank - 1 - axis].checked_sub(*before).filter(|&i| i < n);
                    if let Some(place) = place {
                        at[rank - 1 - axis] = place;
                        unite(set, own.at(&at));
                    }
                })
            }
            _ => return None,
        })
    }
}

fn words(count: usize) -> usize {
    count.div_ceil(64)
}

fn insert(set: &mut [u64], draw: usize) {
    set[draw / 64] |= 1 << (draw % 64);
}

fn unite(set: &mut [u64], other: &[u64]) {
    set.iter_mut().zip(other).for_each(|(a, b)| *a |= b);
}
