//! The kernel of fused loops: a short program of tile operations that is run for each tile of the iterations.
//!
//! A tile stays in the first-level cache, so values that only this kernel uses never reach memory. Chunks of tiles run
//! in parallel; which elements form a tile and a chunk is fixed at compile time, so the bits of the result do not depend
//! on the threads.

// Chunks on several threads read and write disjoint ranges of one arena, and instructions disjoint registers of a tile.
#![allow(unsafe_code)]

use super::aligned::{Aligned, LINE};
use super::math::Real;
use super::memory::Base;
use super::philox::{NoiseAt, fill_uniform};
use super::reduce::{self, Target};
use super::strided::{Strided, gather};
use super::tile::{self, Argument, Logistic};
use crate::graph::{Binary, Reduction, Unary};

/// The location of one number per element of the tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// A tile register.
    Register(usize),
    /// A buffer of one element per iteration, by its offset in the arena.
    Buffer(usize),
}

/// An operand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operand<T> {
    /// One number per element.
    Tile(Place),
    /// The same number for all elements, at an offset of the arena.
    Scalar(usize),
    /// A constant.
    Splat(T),
}

/// One operation on a tile. An instruction never reads the location that it writes. For uniform numbers, `row` is the number of
/// elements per element of the first axis of the noise.
#[derive(Clone, Debug)]
pub(crate) enum Instruction<T> {
    Copy { to: Place, x: Operand<T> },
    Unary { op: Unary, to: Place, x: Operand<T> },
    Binary { op: Binary, to: Place, x: Operand<T>, y: Operand<T> },
    ExpNegAbs { to: Place, x: Operand<T> },
    Logistic { op: Logistic, to: Place, x: Operand<T>, exp_neg_abs: Operand<T> },
    Select { to: Place, c: Operand<T>, x: Operand<T>, y: Operand<T> },
    Uniform { to: Place, stream: u32, row: u64 },
    Gather { to: Place, from: usize },
    Reduce { x: Place, into: usize },
}

/// The iterations as an `outer × inner` rectangle; chunk c is columns `c · step ..` of it, tiles are runs of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunks {
    pub outer: usize,
    pub inner: usize,
    pub step: usize,
    pub count: usize,
    pub tile: usize,
}

impl Chunks {
    fn range(&self, chunk: usize) -> (usize, usize) {
        (chunk * self.step, ((chunk + 1) * self.step).min(self.inner))
    }

    /// The distance between the beginnings of registers, in elements: a multiple of cache lines.
    pub fn pitch(&self) -> usize {
        self.tile.next_multiple_of(LINE)
    }
}

/// Results that only one chunk writes: columns `a .. b` of the iterations write the results `a / block · results_per_block .. b /
/// block · results_per_block`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub block: usize,
    pub results_per_block: usize,
}

/// The results of a reduction.
#[derive(Clone, Debug)]
pub(crate) struct ReduceInto {
    pub reduction: Reduction,
    pub dims: Vec<usize>,
    pub strides: Vec<usize>,
    /// Offset of the results.
    pub to: usize,
    pub results: usize,
    pub storage: Storage,
}

/// The destination of the results of a reduction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Storage {
    /// In place: chunks write disjoint results.
    Direct(Region),
    /// Each chunk has separate partial results, starting at this offset.
    Partial(usize),
}

/// A fused kernel.
pub(crate) struct Fused<T> {
    pub instructions: Vec<Instruction<T>>,
    pub gathers: Vec<Strided>,
    pub reduces: Vec<ReduceInto>,
    pub registers: usize,
    pub chunks: Chunks,
}

/// The working memory of a thread.
pub(crate) struct Scratch<T> {
    pub registers: Aligned<T>,
    /// An index for each axis of the strided tensor of highest rank.
    pub position: Vec<usize>,
}

/// One chunk of a kernel, to be run under `pulp`'s dispatch.
pub(crate) struct ChunkTask<'a, T> {
    pub kernel: &'a Fused<T>,
    pub chunk: usize,
    pub base: Base<T>,
    pub scratch: &'a mut Scratch<T>,
    pub noise: NoiseAt,
}

impl<T: Real> pulp::WithSimd for ChunkTask<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        run_chunk(self);
    }
}

impl ReduceInto {
    /// Offset in the arena, index of the first, and number of the results that a chunk writes.
    fn destination(&self, chunks: &Chunks, chunk: usize) -> (usize, usize, usize) {
        match self.storage {
            Storage::Partial(offset) => (offset + chunk * self.results, 0, self.results),
            Storage::Direct(_) if chunks.count == 1 => (self.to, 0, self.results),
            Storage::Direct(Region { block, results_per_block }) => {
                let (begin, end) = chunks.range(chunk);
                let first = begin / block * results_per_block;
                (self.to + first, first, end / block * results_per_block - first)
            }
        }
    }
}

#[inline(always)]
fn run_chunk<T: Real>(mut task: ChunkTask<'_, T>) {
    let chunks = task.kernel.chunks;
    for reduce in &task.kernel.reduces {
        let (offset, _, len) = reduce.destination(&chunks, task.chunk);
        // SAFETY: these results are this chunk's alone (`Pattern::region`).
        unsafe { task.base.write(offset, len) }.fill(reduce::identity(reduce.reduction));
    }
    let (begin, end) = chunks.range(task.chunk);
    for row in 0..chunks.outer {
        let mut at = begin;
        while at < end {
            let len = chunks.tile.min(end - at);
            run_tile(&mut task, row * chunks.inner + at, len);
            at += len;
        }
    }
}

#[inline(always)]
fn run_tile<T: Real>(task: &mut ChunkTask<'_, T>, start: usize, len: usize) {
    let ChunkTask { kernel, base, .. } = *task;
    let registers = task.scratch.registers.as_mut_ptr();
    debug_assert!(kernel.registers * kernel.chunks.pitch() <= task.scratch.registers.len());
    let position = &mut task.scratch.position[..];
    let pitch = kernel.chunks.pitch();
    // Registers are disjoint parts of the scratch memory, and `len ≤ pitch`. Buffers have one element per iteration, tiles
    // partition the iterations among all threads, and no instruction reads the place it writes. A buffer read was
    // written by an earlier step, or by an earlier instruction for this very tile.
    let read = |place: Place| match place {
        // SAFETY: as above.
        Place::Register(r) => unsafe { std::slice::from_raw_parts(registers.add(r * pitch), len) },
        // SAFETY: as above.
        Place::Buffer(offset) => unsafe { base.read(offset + start, len) },
    };
    let write = |place: Place| match place {
        // SAFETY: as above.
        Place::Register(r) => unsafe { std::slice::from_raw_parts_mut(registers.add(r * pitch), len) },
        // SAFETY: as above.
        Place::Buffer(offset) => unsafe { base.write(offset + start, len) },
    };
    let argument = |operand: Operand<T>| match operand {
        Operand::Tile(place) => Argument::Slice(read(place)),
        // SAFETY: the arena holds the scalar, which an earlier step wrote.
        Operand::Scalar(offset) => Argument::Splat(unsafe { base.read(offset, 1) }[0]),
        Operand::Splat(value) => Argument::Splat(value),
    };
    for instruction in &kernel.instructions {
        match *instruction {
            Instruction::Copy { to, x } => tile::copy(write(to), argument(x)),
            Instruction::Unary { op, to, x } => tile::apply_unary(op, write(to), argument(x)),
            Instruction::Binary { op, to, x, y } => {
                tile::apply_binary(op, write(to), argument(x), argument(y));
            }
            Instruction::ExpNegAbs { to, x } => tile::exp_neg_abs(write(to), argument(x)),
            Instruction::Logistic { op, to, x, exp_neg_abs } => {
                tile::apply_logistic(op, write(to), argument(x), argument(exp_neg_abs));
            }
            Instruction::Select { to, c, x, y } => {
                tile::select(write(to), argument(c), argument(x), argument(y));
            }
            Instruction::Uniform { to, stream, row } => {
                let NoiseAt { seed, step, first_row } = task.noise;
                fill_uniform(write(to), seed, stream, step, first_row * row + start as u64);
            }
            Instruction::Gather { to, from } => {
                let from = &kernel.gathers[from];
                // SAFETY: the extent lies within the buffer of a value of an earlier step.
                let source = unsafe { base.read(from.offset, from.extent()) };
                gather(write(to), source, from, start, position);
            }
            Instruction::Reduce { x, into } => {
                let into = &kernel.reduces[into];
                let (offset, first, count) = into.destination(&kernel.chunks, task.chunk);
                // SAFETY: these results are this chunk's alone (`Pattern::region`).
                let out = unsafe { base.write(offset, count) };
                let target = Target { dims: &into.dims, strides: &into.strides, first };
                reduce::accumulate(into.reduction, read(x), start, target, out, position);
            }
        }
    }
}

/// Combines the partial results of the chunks, in order.
pub(crate) fn combine_partials<T: Real>(kernel: &Fused<T>, base: Base<T>) {
    for reduce in &kernel.reduces {
        let Storage::Partial(offset) = reduce.storage else { continue };
        // SAFETY: all chunks are done; results and partial results are different buffers.
        let (out, partials) = unsafe {
            (base.write(reduce.to, reduce.results), base.read(offset, reduce.results * kernel.chunks.count))
        };
        out.fill(reduce::identity(reduce.reduction));
        for partial in partials.chunks_exact(reduce.results.max(1)) {
            reduce::merge_partials(reduce.reduction, out, partial);
        }
    }
}
