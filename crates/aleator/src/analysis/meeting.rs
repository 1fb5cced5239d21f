//! The elements of a term that are multiplied by the score of each draw.
//!
//! ```text
//! F_s = Σ_e M_es T_e,      M_es = 1 if element e of the term may depend on draw s, else 0
//! ```
//!
//! Along an axis of the site that corresponds to an axis of the term, M is 1 for equal indices, and no multiplication is needed.
//! The remaining factor of M is stored as a constant, unless it is 1 everywhere.

use aleator_engine::graph::{Expr, Shape};

use super::axes::relocate;
use super::draws::{Draws, indices};
use super::influence::AxisMap;

/// How a term is multiplied by the scores of a site.
#[derive(Clone, Debug)]
pub(crate) struct Meeting {
    /// For each batch axis of the site (0 is the last one), the corresponding axis of the term (0 is its last one).
    map: AxisMap,
    /// The other axes of the site (0 is the last one), outermost first.
    others: Vec<usize>,
    /// M over the other axes of the site and those of the term, for one draw: the draw of the indices.
    met: Draws,
}

impl Meeting {
    /// Creates it for a term of this shape and a site with this batch, from the draws on which the elements of the term depend.
    pub fn of(draws: &Draws, told_apart: &Shape, map: &AxisMap, shape: &Shape, batch: &Shape) -> Self {
        let rank = batch.rank();
        let others: Vec<usize> =
            (0..rank).rev().filter(|&i| map[i].is_none() && told_apart.from_end(i) > 1).collect();
        let told = |i: usize| told_apart.from_end(i) > 1;
        let mapped = |axis: usize| (0..rank).any(|i| told(i) && map[i] == Some(axis));
        let of_term = (0..shape.rank()).rev().map(|axis| match draws.shape().from_end(axis) {
            1 if !mapped(axis) => 1,
            _ => shape.from_end(axis),
        });
        let sizes: Vec<usize> = others.iter().map(|&i| batch.from_end(i)).chain(of_term).collect();
        let draw = |index: &[usize]| {
            (0..rank).rev().fold(0, |flat, i| {
                let at = match (map[i], others.iter().position(|&o| o == i)) {
                    (Some(axis), _) if told(i) => index[index.len() - 1 - axis],
                    (_, Some(place)) => index[place],
                    _ => 0,
                };
                flat * told_apart.from_end(i) + at
            })
        };
        let meets = |index: &[usize]| draws.holds(&index[others.len()..], draw(index));
        let met = if draws.is_all() { Draws::all(sizes.len(), 1) } else { Draws::which(sizes.into(), meets) };
        Meeting { map: map.clone(), others, met }
    }

    /// Whether no score of the site multiplies the term.
    pub fn is_none(&self) -> bool {
        self.met.is_empty()
    }

    /// For each draw of the site, of shape lead + batch: the sum of the elements of the term that its score multiplies. An axis
    /// along which all sums are equal has size 1.
    pub fn of_each_draw<'g>(&self, term: Expr<'g>, term_rank: usize) -> Expr<'g> {
        let mut pairs: Vec<(usize, usize)> =
            self.map.iter().enumerate().filter_map(|(i, a)| a.map(|a| (a, i))).collect();
        if self.met.is_all() {
            return relocate(term, term_rank, self.map.len(), &pairs);
        }
        let own = term.shape().trailing(term_rank);
        let ones = Shape::from(vec![1; self.others.len()]);
        let wide = term.reshape_last(term_rank, ones.join(&own));
        let shape = self.met.shape();
        let met = indices(shape).map(|index| f64::from(u8::from(self.met.holds(&index, 0)))).collect();
        let met = term.graph().tensor(shape.clone(), met);
        let count = self.others.len();
        pairs.extend(self.others.iter().enumerate().map(|(j, &axis)| (term_rank + count - 1 - j, axis)));
        relocate(wide * met, term_rank + count, self.map.len(), &pairs)
    }
}
