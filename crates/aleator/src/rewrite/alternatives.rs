//! The number of alternatives that the enumerated sites of a plan have together.

use crate::analysis::Analysis;
use crate::graph::Graph;

/// The largest number of alternatives that one plan may have.
pub const MOST_ALTERNATIVES: usize = 1 << 20;

/// The number of joint alternatives of the enumerated sites, by group of terms. The numbers of two sites are not multiplied if no
/// term depends on both.
pub(super) struct Alternatives {
    /// The number of alternatives of each group, and of each state that the graph keeps.
    groups: Vec<usize>,
    /// For each site, the indices of the groups and states that depend on it.
    groups_of: Vec<Vec<usize>>,
    /// The sum over the groups that have alternatives.
    in_all: usize,
}

impl Alternatives {
    pub fn new(analysis: &Analysis, graph: &Graph) -> Self {
        let mut groups_of = analysis.groups_of.clone();
        let mut count = analysis.groups.len();
        for next in graph.states().into_iter().filter_map(|state| state.next) {
            analysis.influences.sites(next).for_each(|site| groups_of[site].push(count));
            count += 1;
        }
        Alternatives { groups: vec![1; count], groups_of, in_all: 0 }
    }

    /// Adds the enumeration of a site's `n` outcomes.
    pub fn enumerate(&mut self, site: usize, n: usize) {
        let counted = |alternatives: usize| if alternatives > 1 { alternatives } else { 0 };
        for &place in &self.groups_of[site] {
            let before = self.groups[place];
            self.groups[place] = before.saturating_mul(n);
            self.in_all =
                (self.in_all - counted(before).min(self.in_all)).saturating_add(counted(self.groups[place]));
        }
    }

    /// The largest number of alternatives of any term.
    pub fn most(&self) -> usize {
        self.groups.iter().copied().max().unwrap_or(1)
    }

    /// The sum over the groups that have alternatives.
    pub fn in_all(&self) -> usize {
        self.in_all
    }
}
