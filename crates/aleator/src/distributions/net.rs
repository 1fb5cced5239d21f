//! Points of a scrambled Sobol net in place of independent uniform numbers.
//!
//! ```text
//! K = 2^m points,   a_k = C_d · digits of k   (mod 2)      the leading m digits of coordinate d of point k
//!
//! linear    u = 0.(L a + b)₁ … (L a + b)_m  +  v/K          v of each point
//! shift     u = 0.(a + b)₁ … (a + b)_m  +  v/K              one v for all points
//! ```
//!
//! L is lower triangular with a diagonal of 1 and fair coins below it, b are fair coins, v is uniform in (0, 1); all sums of digits are
//! modulo 2, and each coordinate has L, b and v of its own.
//!
//! One point is uniform in the cube and independent of everything else: b makes its m leading digits uniform, v the others. Two points
//! whose digits agree up to digit r and differ in digit r + 1 do so after scrambling as well; with L, their later digits are
//! independent, because column r + 1 of L adds a fair coin to the difference of each. This is the law of pairs of points under Owen's
//! nested scrambling (`owen1995randomly`), which determines the variance of every mean over the points, so that both have the same
//! variance (`matousek1998discrepancy`). Without L, the later digits of a pair keep their difference.
//!
//! Everything is written with operations of the graph, so that it is exported and integrated like other noise.

use aleator_engine::graph::{Expr, Graph, Shape};

pub use super::sobol_matrices::MOST_DIMENSIONS;
use super::sobol_matrices::generator_matrices;

/// The largest m: a net has at most 2^m points.
pub const MOST_DIGITS: usize = 20;

/// How the digits of a net are made random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scramble {
    /// A random lower triangular matrix and a random shift of the digits.
    #[default]
    Linear,
    /// A random shift of the digits alone.
    Shift,
}

/// The net whose points are the samples of a site.
#[derive(Clone, Debug)]
pub struct Net {
    scramble: Scramble,
    /// The first dimension that is not used yet.
    next_dimension: usize,
    /// For each batch axis (0 is the last), whether its elements have dimensions of their own. Elements along the other axes share
    /// dimensions, which are scrambled independently.
    apart: Vec<bool>,
}

impl Net {
    /// A net that begins with dimension `first` of Sobol's sequence. `apart` says for each batch axis (0 is the last) whether its
    /// elements have dimensions of their own.
    pub fn new(scramble: Scramble, first: usize, apart: Vec<bool>) -> Self {
        Net { scramble, next_dimension: first, apart }
    }

    /// The next coordinates of the points, of the shape `shape` + `event`; `shape` consists of leading axes, the axis of the points
    /// and the batch axes. `streams` are that of v and that of the coins.
    pub(super) fn points<'g>(
        &mut self,
        graph: &'g Graph,
        streams: [u32; 2],
        shape: &Shape,
        event: &[usize],
    ) -> Expr<'g> {
        let behind = self.apart.len();
        let lead = shape.rank() - behind - 1;
        let (points, each) = (shape[lead], shape.leading(lead).join(&shape.trailing(behind)).join(event));
        let (own, last) = (behind + event.len(), points.trailing_zeros() as usize);
        let v = match self.scramble {
            Scramble::Linear => graph.uniform(streams[0], shape.join(event)),
            Scramble::Shift => {
                let shared = shape.leading(lead).join(&[1]).join(&shape.trailing(behind));
                graph.uniform(streams[0], shared.join(event))
            }
        };
        let matrices = self.matrices(graph, shape, event, last);
        let below = match self.scramble {
            Scramble::Linear => last * last.saturating_sub(1) / 2,
            Scramble::Shift => 0,
        };
        if last == 0 {
            return v;
        }
        let coins = graph.uniform(streams[1], each.join(&[last + below])).greater(0.5);
        let scrambled = match below {
            0 => matrices,
            _ => modulo_two(lower_triangular(coins.slice(-1, last, below), last).matmul(matrices)),
        };
        let shift = coins.slice(-1, 0, last).unsqueeze(-1);
        let digits = modulo_two(scrambled.matmul(digits_of_numbers(graph, points, last)) + shift);
        // The values of the digits, in units of 1/K.
        let values = (0..last).rev().map(|digit| (1u64 << digit) as f64).collect();
        let interval = (digits * graph.tensor([last, 1], values)).sum_axes(-2);
        // The axis of the points from the last place to its own.
        let order: Vec<usize> = [own].into_iter().chain(0..own).collect();
        let u = (interval.permute(&order) + v) / points as f64;
        // Where the sum is rounded to 1, v is as close to 1.
        u.less(1.0).select(u, v)
    }

    /// The matrices of the next dimensions, of shape batch + event + `[digits, digits]`, with size 1 along axes whose elements share
    /// dimensions.
    fn matrices<'g>(&mut self, graph: &'g Graph, shape: &Shape, event: &[usize], digits: usize) -> Expr<'g> {
        let behind = self.apart.len();
        let batch = shape.trailing(behind);
        let size = |(axis, &size): (usize, &usize)| if self.apart[behind - 1 - axis] { size } else { 1 };
        let own: Shape = batch.iter().enumerate().map(size).collect::<Vec<_>>().into();
        let own = own.join(event);
        let matrices = generator_matrices(self.next_dimension, own.numel(), digits);
        self.next_dimension += own.numel();
        graph.tensor(own.join(&[digits, digits]), matrices)
    }
}

/// The digits of the numbers 0, …, n − 1, the last one first, of shape `[digits, n]`.
fn digits_of_numbers(graph: &Graph, n: usize, digits: usize) -> Expr<'_> {
    let digit = |place: usize| (0..n).map(move |k| (k >> place & 1) as f64);
    graph.tensor([digits, n], (0..digits).flat_map(digit).collect())
}

/// Lower triangular matrices with a diagonal of 1 and the given numbers below it, row by row, which stand along the last axis.
fn lower_triangular(below: Expr<'_>, size: usize) -> Expr<'_> {
    let graph = below.graph();
    let count = size * (size - 1) / 2;
    // Number i stands at place (row, column).
    let mut places = vec![0.0; count * size * size];
    let pairs = (0..size).flat_map(|row| (0..row).map(move |column| (row, column)));
    for (i, (row, column)) in pairs.enumerate() {
        places[(i * size + row) * size + column] = 1.0;
    }
    let diagonal = graph.iota(size).one_hot(size);
    below.matmul(graph.tensor([count, size * size], places)).reshape_last(1, [size, size]) + diagonal
}

/// A whole number modulo 2.
fn modulo_two(e: Expr<'_>) -> Expr<'_> {
    e - 2.0 * (0.5 * e).floor()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aleator_engine::compile::CompileOptions;
    use aleator_engine::exec::Program;
    use aleator_engine::graph::{Op, substitute};

    use super::*;

    /// The intervals of length 1/K that contain the coordinates of the points, `[setting][point][dimension]`, for every joint setting of
    /// the coins.
    fn intervals(scramble: Scramble, points: usize, dimensions: usize) -> Vec<Vec<Vec<usize>>> {
        let digits = points.trailing_zeros() as usize;
        let coins = digits + if scramble == Scramble::Linear { digits * (digits - 1) / 2 } else { 0 };
        let settings = 1usize << (coins * dimensions);
        let graph = Graph::new();
        let shape = Shape::from([settings, points, dimensions]);
        let u = Net::new(scramble, 0, vec![true]).points(&graph, [0, 32], &shape, &[]);
        let mut given = std::collections::HashMap::new();
        for id in graph.ids() {
            let node = graph.node(id);
            let Op::Uniform { stream } = node.op else { continue };
            let values = match stream {
                32 => (0..settings * coins * dimensions)
                    .map(|i| {
                        let (setting, place) = (i / (coins * dimensions), i % (coins * dimensions));
                        0.25 + 0.5 * (setting >> place & 1) as f64
                    })
                    .collect(),
                _ => vec![0.5; node.shape.numel()],
            };
            given.insert(id, graph.tensor(node.shape.clone(), values));
        }
        let u = substitute(&graph, u.id(), &mut given);
        let mut program = Program::<f64>::compile(&graph, &[u.id()], &CompileOptions::default()).unwrap();
        program.run(0, 0);
        let all: Vec<usize> =
            program.output(0).iter().map(|u| (u * points as f64).floor() as usize).collect();
        let point = |p: &[usize]| p.to_vec();
        all.chunks(points * dimensions).map(|s| s.chunks(dimensions).map(point).collect()).collect()
    }

    const CASES: [(Scramble, usize, usize); 6] = [
        (Scramble::Linear, 2, 3),
        (Scramble::Linear, 4, 3),
        (Scramble::Linear, 8, 2),
        (Scramble::Shift, 2, 3),
        (Scramble::Shift, 4, 3),
        (Scramble::Shift, 8, 3),
    ];

    /// Together with the uniform digits behind: each point is uniform in the cube.
    #[test]
    fn each_point_is_uniform_over_the_scramblings() {
        for (scramble, points, dimensions) in CASES {
            let all = intervals(scramble, points, dimensions);
            for k in 0..points {
                let mut counts: BTreeMap<&[usize], usize> = BTreeMap::new();
                all.iter().for_each(|setting| *counts.entry(&setting[k]).or_default() += 1);
                let cells = points.pow(dimensions as u32);
                assert_eq!(counts.len(), cells, "{scramble:?}, {points} points");
                assert!(counts.values().all(|&n| n == all.len() / cells), "{counts:?}");
            }
        }
    }

    #[test]
    fn every_scrambling_is_a_net() {
        for (scramble, points, dimensions) in CASES {
            let digits = points.trailing_zeros();
            for setting in intervals(scramble, points, dimensions) {
                // In each coordinate, and in the first two together for boxes of every form.
                let distinct = |key: &dyn Fn(&[usize]) -> (usize, usize)| {
                    let mut keys: Vec<_> = setting.iter().map(|point| key(point)).collect();
                    keys.sort_unstable();
                    keys.dedup();
                    keys.len()
                };
                for d in 0..dimensions {
                    assert_eq!(distinct(&|point| (point[d], 0)), points);
                }
                for a in 0..=digits {
                    assert_eq!(distinct(&|point| (point[0] >> (digits - a), point[1] >> a)), points);
                }
            }
        }
    }

    /// Under the linear scramble, two points are spread over all pairs of intervals with the same number of common digits, as under
    /// Owen's; under a shift they keep the difference of their digits.
    #[test]
    fn pairs_have_the_law_of_their_scramble() {
        let points = 8;
        for scramble in [Scramble::Linear, Scramble::Shift] {
            let all = intervals(scramble, points, 1);
            for (k, other) in (0..points).flat_map(|k| (0..k).map(move |other| (k, other))) {
                let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
                for setting in &all {
                    *counts.entry((setting[k][0], setting[other][0])).or_default() += 1;
                }
                let (i, j) = counts.keys().next().copied().unwrap();
                let leading = |n: usize| usize::BITS - n.leading_zeros();
                assert!(counts.keys().all(|(a, b)| leading(a ^ b) == leading(i ^ j)), "{counts:?}");
                // The digits behind the first one that differs.
                let free = if scramble == Scramble::Linear { 1 << (leading(i ^ j) - 1) } else { 1 };
                let expected = points * free;
                assert_eq!(counts.len(), expected, "{scramble:?}: {counts:?}");
                assert!(counts.values().all(|&n| n == all.len() / counts.len()), "{counts:?}");
            }
        }
    }

    /// Where a sum is rounded to 1, it is replaced.
    #[test]
    fn no_coordinate_is_an_end() {
        fn check<T: aleator_engine::exec::math::Real>(top: f64, zero: T, one: T) {
            let graph = Graph::new();
            let shape = Shape::from([1024, 1]);
            let u = Net::new(Scramble::Linear, 0, vec![true]).points(&graph, [0, 32], &shape, &[]);
            let mut given = std::collections::HashMap::new();
            for id in graph.ids() {
                let node = graph.node(id);
                let Op::Uniform { stream } = node.op else { continue };
                let value = if stream == 0 { top } else { 0.25 };
                given.insert(id, graph.full(node.shape.clone(), value));
            }
            let u = substitute(&graph, u.id(), &mut given);
            let mut program = Program::<T>::compile(&graph, &[u.id()], &CompileOptions::default()).unwrap();
            program.run(0, 0);
            assert!(program.output(0).iter().all(|&u| u > zero && u < one));
        }
        check::<f64>(1.0 - 2f64.powi(-53), 0.0, 1.0);
        check::<f64>(2f64.powi(-53), 0.0, 1.0);
        check::<f32>(1.0 - 2f64.powi(-24), 0.0, 1.0);
        check::<f32>(2f64.powi(-24), 0.0, 1.0);
    }
}
