//! Ranges of expressions in which a bounded number occurs more than once.
//!
//! ```text
//! 0.3 s + 0.8 (1 − s) = 0.8 − 0.5 s,   0 < s < 1:     0.3 < … < 0.8,   where intervals alone give (0, 1.1)
//! 1 − z + (2z − 1) p,   0 ≤ z ≤ 1,  0 < p < 1:        above 0
//! ```
//!
//! A polynomial that is linear in each of its leaves is, at every point of the box of their ranges, a mean of its values at the
//! corners. Its bounds are therefore attained at corners. A corner of an open end has weight, together with the other end, and is
//! never alone: a bound is attained only if all corners between which the open leaves lie have this value.

use std::collections::BTreeMap;

use aleator_engine::graph::{Binary, NodeId, Op, Shape, Unary};

use super::range::{Bound, Range};

/// The largest number of leaves and of terms.
const MOST_LEAVES: usize = 4;
const MOST_TERMS: usize = 12;

/// Σ c · Π leaves, where each leaf occurs at most once in a product.
#[derive(Clone, Debug)]
pub(super) struct Multilinear(BTreeMap<Vec<NodeId>, f64>);

impl Multilinear {
    /// A number.
    pub fn number(value: f64) -> Option<Self> {
        value.is_finite().then(|| Multilinear(BTreeMap::from([(vec![], value)])))
    }

    /// A node with a bounded range.
    pub fn leaf(id: NodeId) -> Self {
        Multilinear(BTreeMap::from([(vec![id], 1.0)]))
    }

    /// The leaves.
    pub fn leaves(&self) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = self.0.keys().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn checked(self) -> Option<Self> {
        let fits = self.0.len() <= MOST_TERMS
            && self.0.values().all(|c| c.is_finite())
            && self.leaves().len() <= MOST_LEAVES;
        fits.then_some(self)
    }

    fn plus(&self, by: f64, other: &Self) -> Option<Self> {
        let mut sum = self.0.clone();
        for (leaves, c) in &other.0 {
            *sum.entry(leaves.clone()).or_default() += by * c;
        }
        Multilinear(sum).checked()
    }

    fn times(&self, other: &Self) -> Option<Self> {
        let mut product: BTreeMap<Vec<NodeId>, f64> = BTreeMap::new();
        for (a, x) in &self.0 {
            for (b, y) in &other.0 {
                let mut leaves = [&a[..], b].concat();
                leaves.sort_unstable();
                if leaves.windows(2).any(|pair| pair[0] == pair[1]) {
                    return None;
                }
                *product.entry(leaves).or_default() += x * y;
            }
        }
        Multilinear(product).checked()
    }

    /// The polynomial of an operation on two polynomials, or on one.
    pub fn apply(op: &Op, inputs: &[&Multilinear]) -> Option<Self> {
        match (op, inputs) {
            (Op::Unary(Unary::Neg), [x]) => Multilinear(BTreeMap::new()).plus(-1.0, x),
            (Op::Binary(Binary::Add), [x, y]) => x.plus(1.0, y),
            (Op::Binary(Binary::Sub), [x, y]) => x.plus(-1.0, y),
            (Op::Binary(Binary::Mul), [x, y]) => x.times(y),
            (Op::Reshape { .. } | Op::Broadcast { .. }, [x]) => Some((*x).clone()),
            _ => None,
        }
    }

    /// Whether elements of the leaves meet at the same index in a node of this shape: each has the same shape, or one element.
    pub fn is_by_elements(&self, shape: &Shape, of: impl Fn(NodeId) -> Shape) -> bool {
        self.leaves().into_iter().map(of).all(|leaf| leaf.numel() == 1 || leaf == *shape)
    }

    /// The range, given those of the leaves; `None` if a leaf is not bounded.
    pub fn range(&self, of: impl Fn(NodeId) -> Range) -> Option<Range> {
        let leaves = self.leaves();
        let ranges: Vec<Range> = leaves.iter().map(|&leaf| of(leaf)).collect();
        if ranges.iter().any(|r| !r.low.at.is_finite() || !r.high.at.is_finite()) {
            return None;
        }
        let corners = 1usize << leaves.len();
        let values: Vec<f64> = (0..corners)
            .map(|corner| {
                let at = |leaf: &NodeId| {
                    let i = leaves.binary_search(leaf).unwrap_or_default();
                    if corner >> i & 1 == 1 { ranges[i].high.at } else { ranges[i].low.at }
                };
                self.0.iter().map(|(monomial, c)| c * monomial.iter().map(at).product::<f64>()).sum()
            })
            .collect();
        // A corner is reached in the leaves whose end there is closed; in the others both ends count, if neither is.
        let attains = |bound: f64| {
            (0..corners).any(|corner| {
                let mut free = 0;
                let reachable = ranges.iter().enumerate().all(|(i, r)| {
                    let high = corner >> i & 1 == 1;
                    let end = if high { r.high } else { r.low };
                    if end.open && r.low.open && r.high.open {
                        free |= 1usize << i;
                        return true;
                    }
                    !end.open
                });
                reachable && (0..corners).all(|other| (other ^ corner) & !free != 0 || values[other] == bound)
            })
        };
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let bound = |at: f64| Bound { at, open: !attains(at) };
        (low <= high).then(|| Range { low: bound(low), high: bound(high) })
    }
}
