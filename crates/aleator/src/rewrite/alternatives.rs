//! How many alternatives the enumerated sites of a plan make together.

use crate::analysis::Analysis;
use crate::graph::Graph;

/// The most alternatives that one plan may have.
pub const MOST_ALTERNATIVES: usize = 1 << 20;

/// How many alternatives the enumerated sites make together, by group of terms: sites that no term has in common do not
/// multiply.
pub(super) struct Alternatives {
    /// For each group, which sites it depends on, and its alternatives.
    groups: Vec<(Vec<bool>, usize)>,
}

impl Alternatives {
    pub fn new(analysis: &Analysis, graph: &Graph) -> Self {
        let of_costs = analysis.groups.iter().map(|g| g.maps.iter().map(Option::is_some).collect());
        let kept = graph.states().into_iter().filter_map(|state| state.next);
        let of_states = kept.map(|next| analysis.influence.iter().map(|i| i.map(next).is_some()).collect());
        Alternatives { groups: of_costs.chain(of_states).map(|sites| (sites, 1)).collect() }
    }

    /// Adds the enumeration of a site's `n` outcomes.
    pub fn enumerate(&mut self, site: usize, n: usize) {
        for (sites, alternatives) in &mut self.groups {
            if sites[site] {
                *alternatives = alternatives.saturating_mul(n);
            }
        }
    }

    /// The most that a term is evaluated at.
    pub fn most(&self) -> usize {
        self.groups.iter().map(|g| g.1).max().unwrap_or(1)
    }

    /// The sum over the groups that have any.
    pub fn in_all(&self) -> usize {
        self.groups.iter().map(|g| g.1).filter(|&n| n > 1).fold(0, usize::saturating_add)
    }
}
