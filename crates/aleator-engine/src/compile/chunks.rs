//! How the iterations of a fused kernel are divided into chunks that may run in parallel.
//!
//! The division depends on shapes and operations only, never on the number of threads, so results have the same bits for any
//! number of threads. The iterations form an `outer × inner` rectangle in row-major order; a chunk is a range of `inner` for all
//! of `outer`. If `outer` = 1, the chunks are ranges of rows; a reduction over leading axes into a large result is better divided
//! into ranges of columns. If no two chunks share a result of a reduction, the result is written directly. Otherwise each chunk
//! has a partial result, and these are combined in the order of the chunks.

use std::collections::HashMap;

use crate::exec::fused::{Chunks, Region};
use crate::exec::tile::MAX_TILE;

/// The work of one chunk, in units of a cheap operation on one element: about 10 µs.
const CHUNK_COST: usize = 100_000;
/// The largest number of chunks. More chunks would occupy no further threads, but each needs partial results.
const MAX_CHUNKS: usize = 64;

/// The axes of a reduction's input, outermost first: their sizes, and whether they are reduced. Adjacent axes of one kind are
/// merged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub dims: Vec<usize>,
    pub reduced: Vec<bool>,
}

impl Pattern {
    /// The pattern of reducing `axes` (counted from the end) of a tensor.
    pub fn new(shape: &[usize], axes: &[usize]) -> Self {
        let mut pattern = Pattern { dims: Vec::new(), reduced: Vec::new() };
        for (i, &dim) in shape.iter().enumerate().filter(|&(_, &dim)| dim != 1) {
            let reduced = axes.contains(&(shape.len() - 1 - i));
            match (pattern.dims.last_mut(), pattern.reduced.last()) {
                (Some(last), Some(&r)) if r == reduced => *last *= dim,
                _ => {
                    pattern.dims.push(dim);
                    pattern.reduced.push(reduced);
                }
            }
        }
        pattern
    }

    /// The number of results.
    pub fn results(&self) -> usize {
        self.dims.iter().zip(&self.reduced).filter(|&(_, &r)| !r).map(|(&d, _)| d).product()
    }

    /// The strides of the result along each axis; 0 for reduced axes.
    pub fn result_strides(&self) -> Vec<usize> {
        let mut strides = vec![0; self.dims.len()];
        let mut stride = 1;
        for i in (0..self.dims.len()).rev().filter(|&i| !self.reduced[i]) {
            strides[i] = stride;
            stride *= self.dims[i];
        }
        strides
    }

    /// The number of iterations that share the index of the outermost kept axis, from axis `from` on.
    fn block(&self, from: usize) -> Option<usize> {
        (self.reduced.get(from) == Some(&false)).then(|| self.dims[from + 1..].iter().product())
    }

    /// The results that a chunk writes, if no other chunk writes them.
    pub fn region(&self, chunks: &Chunks) -> Option<Region> {
        let results = self.results();
        if chunks.count == 1 {
            return Some(Region { block: chunks.inner.max(1), results_per_block: results });
        }
        let from = match (chunks.outer, self.reduced.first()) {
            (1, _) => 0,
            (outer, Some(true)) if self.dims[0] == outer => 1,
            _ => return None,
        };
        let block = self.block(from).filter(|&block| chunks.step.is_multiple_of(block))?;
        Some(Region { block, results_per_block: results / self.dims[from] })
    }
}

/// Chooses the division of `iterations`, each of the given computational cost, with these reductions. `registers` limits the
/// tile.
pub(crate) fn choose(
    iterations: usize,
    cost: usize,
    patterns: &[Pattern],
    tile: usize,
    row: usize,
) -> Chunks {
    // Use whole rows in a tile, if they fit.
    let tile = if row > 1 && row <= tile { tile / row * row } else { tile };
    let target = (CHUNK_COST / cost.max(1)).max(1024).max(iterations / MAX_CHUNKS);
    if iterations < 2 * target {
        return Chunks { outer: 1, inner: iterations, step: iterations.max(1), count: 1, tile };
    }
    let cut = |outer: usize, unit: usize| {
        let inner = iterations / outer;
        let step = ((target / outer).max(256) / unit).max(1) * unit;
        Chunks { outer, inner, step, count: inner.div_ceil(step), tile }
    };
    let round = if target >= 2 * tile { tile } else { 1 };
    let patterns = distinct(patterns);
    let mut candidates = vec![cut(1, round)];
    let blocks: Vec<usize> = patterns.iter().filter_map(|(p, _)| p.block(0)).collect();
    candidates.extend(blocks.iter().map(|&block| cut(1, block)));
    let common = blocks.iter().try_fold(1usize, |a, &b| lcm(a, b).filter(|&c| c <= iterations));
    candidates.extend(common.filter(|_| blocks.len() > 1).map(|unit| cut(1, unit)));
    for (pattern, _) in patterns.iter().filter(|(p, _)| p.reduced.first() == Some(&true)) {
        if let Some(block) = pattern.block(1) {
            candidates.push(cut(pattern.dims[0], block.max(16)));
        }
    }
    let time = |chunks: &Chunks| {
        let partial: u64 = patterns
            .iter()
            .filter(|(p, _)| p.region(chunks).is_none())
            .map(|(p, times)| p.results() as u64 * (chunks.count * times) as u64)
            .sum();
        let run = chunks.tile.min(chunks.step).min(chunks.inner) as f64;
        let work = iterations as f64 * cost as f64 * (1.0 + 64.0 / run);
        work / chunks.count.min(16) as f64 + 4.0 * partial as f64
    };
    candidates.into_iter().min_by(|a, b| time(a).total_cmp(&time(b))).unwrap_or(Chunks {
        outer: 1,
        inner: iterations,
        step: iterations,
        count: 1,
        tile,
    })
}

/// The distinct patterns in the order of their first occurrence, and the number of occurrences: many reductions of a kernel have
/// the same pattern.
fn distinct(patterns: &[Pattern]) -> Vec<(&Pattern, usize)> {
    let mut places: HashMap<&Pattern, usize> = HashMap::new();
    let mut distinct = Vec::new();
    for pattern in patterns {
        let place = *places.entry(pattern).or_insert_with(|| {
            distinct.push((pattern, 0));
            distinct.len() - 1
        });
        distinct[place].1 += 1;
    }
    distinct
}

/// The number of elements per tile, such that all registers stay in the first-level cache.
pub(crate) fn tile_elements(registers: usize, element_bytes: usize) -> usize {
    (40 * 1024 / (registers.max(1) * element_bytes) / 64 * 64).clamp(256, MAX_TILE)
}

fn lcm(a: usize, b: usize) -> Option<usize> {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x.max(1)).checked_mul(b)
}
