//! Reductions of tiles into results, with the same bits on every instruction set and for every number of threads.

use super::math::Real;
use super::strided::runs;
use crate::graph::Reduction;

/// Partial sums of a run: a fixed number, so that the order of additions does not depend on the register width.
const LANES: usize = 16;

/// The largest number of elements of short rows that are combined at a time.
const WIDE: usize = 256;

/// The result of a reduction over no elements.
pub(crate) fn identity<T: Real>(reduction: Reduction) -> T {
    match reduction {
        Reduction::Sum => T::default(),
        Reduction::Prod => T::from_f64(1.0),
        Reduction::Max => -T::INFINITY,
        Reduction::Min => T::INFINITY,
    }
}

#[inline(always)]
fn combine<T: Real>(reduction: Reduction, a: T, b: T) -> T {
    match reduction {
        Reduction::Sum => a + b,
        Reduction::Prod => a * b,
        Reduction::Max => a.max(b),
        Reduction::Min => a.min(b),
    }
}

/// The destination of the elements of a tile: the axes of the input of the reduction, with the strides of its result.
pub(crate) struct Target<'a> {
    pub dims: &'a [usize],
    pub strides: &'a [usize],
    /// The index of the first result in `out`.
    pub first: usize,
}

/// Combines a tile that begins at iteration `start` into the results.
#[inline(always)]
pub(crate) fn accumulate<T: Real>(
    reduction: Reduction,
    tile: &[T],
    start: usize,
    target: Target<'_>,
    out: &mut [T],
    position: &mut [usize],
) {
    // One copy of the loops per reduction, with `combine` decided at compile time.
    match reduction {
        Reduction::Sum => into(tile, start, target, out, position, |a, b| combine(Reduction::Sum, a, b)),
        Reduction::Prod => into(tile, start, target, out, position, |a, b| combine(Reduction::Prod, a, b)),
        Reduction::Max => into(tile, start, target, out, position, |a, b| combine(Reduction::Max, a, b)),
        Reduction::Min => into(tile, start, target, out, position, |a, b| combine(Reduction::Min, a, b)),
    }
}

#[inline(always)]
fn into<T: Real>(
    tile: &[T],
    start: usize,
    target: Target<'_>,
    out: &mut [T],
    position: &mut [usize],
    f: impl Fn(T, T) -> T + Copy,
) {
    let Target { dims, strides, first } = target;
    match (dims, strides) {
        ([], _) | ([_], [0]) => {
            if !tile.is_empty() {
                out[0] = f(out[0], fold(tile, f));
            }
        }
        ([_, row], [_, 0]) => rows(tile, start, *row, first, out, f),
        ([_, row], [0, 1]) if first == 0 && 2 * row <= WIDE && start.is_multiple_of(*row) => {
            short_rows(tile, *row, out, f);
        }
        _ if strides[strides.len() - 1] == 0 => {
            runs(dims, strides, start, tile.len(), position, |i, n, at| {
                out[at - first] = f(out[at - first], fold(&tile[i..i + n], f));
            });
        }
        _ => runs(dims, strides, start, tile.len(), position, |i, n, at| {
            merge(&mut out[at - first..][..n], &tile[i..i + n], f);
        }),
    }
}

/// Reduces each of consecutive rows.
#[inline(always)]
fn rows<T: Real>(
    tile: &[T],
    start: usize,
    row: usize,
    first: usize,
    out: &mut [T],
    f: impl Fn(T, T) -> T + Copy,
) {
    let mut at = start / row - first;
    let inside = start % row;
    let head = if inside == 0 { 0 } else { (row - inside).min(tile.len()) };
    let (head, whole) = tile.split_at(head);
    if !head.is_empty() {
        out[at] = f(out[at], fold(head, f));
        at += 1;
    }
    let out = &mut out[at..];
    match row {
        2 => fixed_rows::<T, 2>(whole, out, f),
        3 => fixed_rows::<T, 3>(whole, out, f),
        4 => fixed_rows::<T, 4>(whole, out, f),
        _ => {
            for (out, part) in out.iter_mut().zip(whole.chunks(row)) {
                *out = f(*out, fold(part, f));
            }
        }
    }
}

/// Reduces each of consecutive rows of a length known to the compiler, which then uses vector registers.
#[inline(always)]
fn fixed_rows<T: Real, const ROW: usize>(tile: &[T], out: &mut [T], f: impl Fn(T, T) -> T + Copy) {
    let (rows, rest) = tile.as_chunks::<ROW>();
    for (out, row) in out.iter_mut().zip(rows) {
        *out = f(*out, row[1..].iter().fold(row[0], |a, &b| f(a, b)));
    }
    if !rest.is_empty() {
        out[rows.len()] = f(out[rows.len()], fold(rest, f));
    }
}

/// Combines short rows elementwise, as many at once as fit into a wide row.
#[inline(always)]
fn short_rows<T: Real>(tile: &[T], row: usize, out: &mut [T], f: impl Fn(T, T) -> T + Copy) {
    let width = WIDE / row * row;
    let mut wide = [T::default(); WIDE];
    let used = width.min(tile.len());
    let (head, rest) = tile.split_at(used);
    wide[..used].copy_from_slice(head);
    for part in rest.chunks(width) {
        merge(&mut wide[..part.len()], part, f);
    }
    let mut rows = used / row;
    merge(&mut out[..used % row], &wide[rows * row..used], f);
    if rows == 0 {
        return;
    }
    while rows > 1 {
        let half = rows / 2;
        let (front, back) = wide.split_at_mut((rows - half) * row);
        merge(&mut front[..half * row], &back[..half * row], f);
        rows -= half;
    }
    merge(&mut out[..row], &wide[..row], f);
}

/// out[i] = f(out[i], x[i])
#[inline(always)]
pub(crate) fn merge<T: Real>(out: &mut [T], x: &[T], f: impl Fn(T, T) -> T) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = f(*out, x);
    }
}

/// Combines partial results.
pub(crate) fn merge_partials<T: Real>(reduction: Reduction, out: &mut [T], partial: &[T]) {
    match reduction {
        Reduction::Sum => merge(out, partial, |a, b| combine(Reduction::Sum, a, b)),
        Reduction::Prod => merge(out, partial, |a, b| combine(Reduction::Prod, a, b)),
        Reduction::Max => merge(out, partial, |a, b| combine(Reduction::Max, a, b)),
        Reduction::Min => merge(out, partial, |a, b| combine(Reduction::Min, a, b)),
    }
}

/// Reduces a non-empty run.
#[inline(always)]
fn fold<T: Real>(x: &[T], f: impl Fn(T, T) -> T + Copy) -> T {
    if x.len() < 2 * LANES {
        return x[1..].iter().fold(x[0], |a, &b| f(a, b));
    }
    let mut lanes = [T::default(); LANES];
    lanes.copy_from_slice(&x[..LANES]);
    let mut rest = x[LANES..].chunks_exact(LANES);
    for part in &mut rest {
        for (lane, &x) in lanes.iter_mut().zip(part) {
            *lane = f(*lane, x);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest.remainder()) {
        *lane = f(*lane, x);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = f(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}
