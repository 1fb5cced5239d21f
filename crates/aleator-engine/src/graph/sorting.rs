//! Sorting by a network of comparisons, so that its results are continuous and its derivatives follow automatically.
//!
//! Batcher's odd–even merge sort (`batcher1968sorting`) compares elements at a distance k, in layers: in each layer, element i of a
//! pair (i, i + k) becomes the minimum and element i + k the maximum. There are O(log² n) layers.

use super::axes::FromEnd;
use super::expr::Expr;
use super::op::Op;
use crate::error::Error;

/// The largest number of elements that are sorted.
const MOST_SORTED: usize = 1 << 14;

/// A layer of the network: the distance, and the first element of each pair.
struct Layer {
    distance: usize,
    firsts: Vec<usize>,
}

/// The network for n elements.
fn network(n: usize) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut block = 1;
    while block < n {
        let mut distance = block;
        while distance >= 1 {
            let mut firsts = Vec::new();
            let mut start = distance % block;
            while start + distance < n {
                for first in start..(start + distance).min(n - distance) {
                    if first / (2 * block) == (first + distance) / (2 * block) {
                        firsts.push(first);
                    }
                }
                start += 2 * distance;
            }
            layers.push(Layer { distance, firsts });
            distance /= 2;
        }
        block *= 2;
    }
    layers
}

impl<'g> Expr<'g> {
    /// The elements along the last axis in ascending order. If one of them is NaN, so are those that are compared with it.
    ///
    /// The last axis may have up to 2¹⁴ elements.
    #[track_caller]
    pub fn sort(self) -> Self {
        let graph = self.graph();
        let Some(&n) = self.shape().last() else { return self.no_elements("sort") };
        if n > MOST_SORTED {
            let problem = format!("it sorts up to {MOST_SORTED} elements, got {n}");
            return graph.fail(Error::shape("sort", problem));
        }
        network(n).into_iter().fold(self, |x, Layer { distance, firsts }| {
            let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
            for i in firsts {
                first[i] = 1.0;
                second[i + distance] = 1.0;
            }
            let after = x.slice(-1, distance, n - distance).pad(0, distance);
            let before = x.slice(-1, 0, n - distance).pad(distance, 0);
            let (first, second) = (graph.tensor([n], first), graph.tensor([n], second));
            first.select(x.minimum(after), second.select(x.maximum(before), x))
        })
    }

    /// Zeros before and after the elements of the last axis.
    fn pad(self, before: usize, after: usize) -> Self {
        self.graph().apply(Op::Pad { axis: 0, before, after }, &[self])
    }

    /// The `k` largest elements along the last axis, the largest first.
    #[track_caller]
    pub fn top_k(self, k: usize) -> Self {
        let n = self.shape().last().copied().unwrap_or(0);
        if k > n {
            let problem = format!("the last axis has {n} elements, and {k} are wanted");
            return self.graph().fail(Error::shape("top_k", problem));
        }
        // Descending: the order of −x.
        -(-self).sort().slice(FromEnd(0), 0, k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network sorts all sequences if it sorts those of 0 and 1.
    #[test]
    fn networks_sort_zeros_and_ones() {
        for n in 0..=14 {
            for bits in 0..1_u32 << n {
                let mut x: Vec<u32> = (0..n).map(|i| bits >> i & 1).collect();
                for Layer { distance, firsts } in network(n as usize) {
                    for i in firsts {
                        if x[i] > x[i + distance] {
                            x.swap(i, i + distance);
                        }
                    }
                }
                assert!(x.is_sorted(), "{n} {bits:b}");
            }
        }
    }

    #[test]
    fn pairs_of_a_layer_are_disjoint() {
        for n in [2, 3, 7, 100, 1000] {
            for Layer { distance, firsts } in network(n) {
                let mut seen = vec![false; n];
                for i in firsts.iter().flat_map(|&i| [i, i + distance]) {
                    assert!(!std::mem::replace(&mut seen[i], true), "{n} {distance} {i}");
                }
            }
        }
    }
}
