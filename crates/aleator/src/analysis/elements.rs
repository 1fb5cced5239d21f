//! The ranges of the single elements of small nodes, where they differ.
//!
//! ```text
//! log |(x, 1)|:    the squares are in [0, ∞) and {1}, so their sum is at least 1
//! [[1, 0], [x, eˣ]]:    the diagonal is positive, although other elements are not
//! ```

use std::rc::Rc;

use aleator_engine::graph::{Binary, Op, Reduction, Shape};

use super::range::{Range, binary, reduce, unary};

/// The largest number of elements that are told apart.
const MOST: usize = 64;

/// What is known of a node: the range of all its elements, and the range of each one where they differ.
#[derive(Clone)]
pub(super) struct Spread {
    pub whole: Range,
    pub each: Option<Rc<[Range]>>,
}

impl Spread {
    fn at(&self, index: usize) -> Range {
        self.each.as_ref().and_then(|each| each.get(index).copied()).unwrap_or(self.whole)
    }
}

/// The ranges of the elements of a node of this shape, from those of its inputs; `None` if they are not told apart. `constant` says
/// whether the inputs are constants, which have their values for all parameters.
pub(super) fn elements(
    op: &Op,
    shape: &Shape,
    inputs: &[(Spread, Shape)],
    constant: bool,
) -> Option<Vec<Range>> {
    let count = shape.numel();
    let told_apart = inputs.iter().any(|(spread, _)| spread.each.is_some());
    if count == 0 || count > MOST || inputs.iter().any(|(_, s)| s.numel() > MOST * MOST) {
        return None;
    }
    let exactly = |x: f64| Range::closed(x, x);
    match op {
        Op::Tensor(data) if data.0.len() == count => {
            return Some(data.0.iter().map(|&x| exactly(x)).collect());
        }
        Op::Iota => return Some((0..count).map(|i| exactly(i as f64)).collect()),
        Op::Concat { .. } | Op::Pad { .. } => {}
        _ if !told_apart => return None,
        _ => {}
    }
    // Every input has at least the axes that the operation names.
    let first = inputs.first()?;
    let from = &first.1;
    let places = || (0..count).map(|flat| unravel(flat, shape));
    Some(match op {
        Op::Unary(op) => (0..count).map(|i| unary(*op, first.0.at(i))).collect(),
        Op::StopGradient | Op::Reshape { .. } if from.numel() == count => {
            (0..count).map(|i| first.0.at(i)).collect()
        }
        Op::Broadcast { .. } => places().map(|place| broadcast(first, &place)).collect(),
        Op::Binary(op) => {
            let second = inputs.get(1)?;
            let of = |place: Vec<usize>| binary(*op, broadcast(first, &place), broadcast(second, &place));
            places().map(of).collect()
        }
        Op::Select => {
            let [condition, yes, no] = inputs else { return None };
            let of = |place: Vec<usize>| {
                let (yes, no) = (broadcast(yes, &place), broadcast(no, &place));
                let condition = broadcast(condition, &place);
                match condition.only_value() {
                    Some(0.0) => no,
                    Some(_) => yes,
                    None if condition.excludes_zero() => yes,
                    None => yes.union(no),
                }
            };
            places().map(of).collect()
        }
        Op::OneHot(n) => {
            let of = |flat: usize| {
                let (index, k) = (first.0.at(flat / n), exactly((flat % n) as f64));
                if constant && index == k { exactly(1.0) } else { binary(Binary::Eq, index, k) }
            };
            (0..count).map(of).collect()
        }
        Op::Slice { axis, start, .. } => {
            let at = from.rank().checked_sub(axis + 1)?;
            let moved = |mut place: Vec<usize>| {
                place[at] += start;
                first.0.at(ravel(&place, from))
            };
            places().map(moved).collect()
        }
        Op::Permute(order) => {
            // Axis i of the result is axis order[i] of the input, among the last ones.
            let lead = from.rank().checked_sub(order.len())?;
            let permuted = |place: Vec<usize>| {
                let mut source = place.clone();
                order.iter().enumerate().for_each(|(i, &axis)| source[lead + axis] = place[lead + i]);
                first.0.at(ravel(&source, from))
            };
            places().map(permuted).collect()
        }
        Op::Pad { axis, before, .. } => {
            let at = from.rank().checked_sub(axis + 1)?;
            let inner = |mut place: Vec<usize>| match place[at].checked_sub(*before) {
                Some(inside) if inside < from[at] => {
                    place[at] = inside;
                    first.0.at(ravel(&place, from))
                }
                _ => exactly(0.0),
            };
            places().map(inner).collect()
        }
        Op::Concat { axis } => {
            let at = shape.rank().checked_sub(axis + 1)?;
            let part = |mut place: Vec<usize>| {
                for (spread, from) in inputs {
                    let size = from.from_end(*axis);
                    if place[at] < size {
                        let lead = place.len().checked_sub(from.rank())?;
                        return Some(spread.at(ravel(&place[lead..], from)));
                    }
                    place[at] -= size;
                }
                None
            };
            places().map(part).collect::<Option<Vec<Range>>>()?
        }
        Op::Reduce(reduction, axes) => {
            let mut all: Vec<Vec<Range>> = vec![Vec::new(); count];
            for flat in 0..from.numel() {
                let place = unravel(flat, from);
                let rank = from.rank();
                let kept = (0..rank).filter(|i| !axes.contains(&(rank - 1 - i))).map(|i| place[i]);
                all.get_mut(ravel(&kept.collect::<Vec<_>>(), shape))?.push(first.0.at(flat));
            }
            all.into_iter().map(|each| together(*reduction, &each)).collect()
        }
        _ => return None,
    })
}

/// The range of a reduction of elements in these ranges.
fn together(reduction: Reduction, each: &[Range]) -> Range {
    let start = |r: &Range| reduce(reduction, *r, 1);
    let Some((first, rest)) = each.split_first() else {
        return reduce(reduction, Range::closed(0.0, 0.0), 0);
    };
    rest.iter().fold(start(first), |all, range| match reduction {
        Reduction::Sum => all.plus(*range),
        Reduction::Prod => all.times(*range),
        Reduction::Max => binary(Binary::Max, all, *range),
        Reduction::Min => binary(Binary::Min, all, *range),
    })
}

/// The index of a flat position, row-major.
fn unravel(mut flat: usize, shape: &Shape) -> Vec<usize> {
    let mut place = vec![0; shape.rank()];
    for (at, &size) in place.iter_mut().zip(shape.iter()).rev() {
        *at = flat % size.max(1);
        flat /= size.max(1);
    }
    place
}

fn ravel(place: &[usize], shape: &Shape) -> usize {
    place.iter().zip(shape.iter()).fold(0, |flat, (&at, &size)| flat * size + at)
}

/// The element of an input that is broadcast to this index.
fn broadcast((spread, shape): &(Spread, Shape), place: &[usize]) -> Range {
    let lead = place.len().saturating_sub(shape.rank());
    let own: Vec<usize> =
        place[lead..].iter().zip(shape.iter()).map(|(&at, &size)| if size == 1 { 0 } else { at }).collect();
    spread.at(ravel(&own, shape))
}
