//! The alternatives of the enumerated sites of a plan: their number, and the axes on which they stand.
//!
//! Sites on which a common term depends have axes of their own. Sites without a common term meet in no value, and share an axis: the
//! rank of the values does not grow with the number of independent sites.

use crate::analysis::Analysis;
use crate::graph::Graph;

/// The largest number of alternatives that one plan may have.
pub const MOST_ALTERNATIVES: usize = 1 << 20;

/// What the enumerated sites of a group of terms, or of a state that the graph keeps, take.
#[derive(Clone)]
struct Group {
    /// The number of joint alternatives.
    alternatives: usize,
    /// The axes that are taken.
    axes: Vec<usize>,
}

/// The joint alternatives of the enumerated sites, by group of terms. The numbers of two sites are not multiplied if no term depends
/// on both.
pub(super) struct Alternatives {
    /// The groups, and then the states that the graph keeps.
    groups: Vec<Group>,
    /// For each site, the indices of the groups and states that depend on it.
    groups_of: Vec<Vec<usize>>,
    /// For each enumerated site, its axis.
    axis_of: Vec<Option<usize>>,
    /// The sum over the groups that have alternatives.
    in_all: usize,
    /// The number of axes.
    axes: usize,
}

impl Alternatives {
    pub fn new(analysis: &Analysis, graph: &Graph) -> Self {
        let mut groups_of = analysis.groups_of.clone();
        let mut count = analysis.groups.len();
        for next in graph.states().into_iter().filter_map(|state| state.next) {
            analysis.influences.sites(next).for_each(|site| groups_of[site].push(count));
            count += 1;
        }
        let none = Group { alternatives: 1, axes: Vec::new() };
        let axis_of = vec![None; groups_of.len()];
        Alternatives { groups: vec![none; count], groups_of, axis_of, in_all: 0, axes: 0 }
    }

    /// Adds the enumeration of a site's `n` outcomes and returns its axis, counted from the one in front of the samples.
    pub fn enumerate(&mut self, analysis: &Analysis, site: usize, n: usize) -> usize {
        let counted = |alternatives: usize| if alternatives > 1 { alternatives } else { 0 };
        let beside = self.groups_of[site].iter().flat_map(|&place| &self.groups[place].axes).copied();
        let upstream = analysis.influences.sites(analysis.sites[site].value).filter_map(|s| self.axis_of[s]);
        let mut taken: Vec<usize> = beside.chain(upstream).collect();
        taken.sort_unstable();
        taken.dedup();
        // The first gap.
        let axis = taken.iter().enumerate().find(|&(i, &axis)| i != axis).map_or(taken.len(), |(i, _)| i);
        self.axis_of[site] = Some(axis);
        self.axes = self.axes.max(axis + 1);
        for &place in &self.groups_of[site] {
            let group = &mut self.groups[place];
            let before = group.alternatives;
            group.alternatives = before.saturating_mul(n);
            group.axes.push(axis);
            let rest = self.in_all - counted(before).min(self.in_all);
            self.in_all = rest.saturating_add(counted(group.alternatives));
        }
        axis
    }

    /// The number of axes.
    pub fn axes(&self) -> usize {
        self.axes
    }

    /// The largest number of alternatives of any term.
    pub fn most(&self) -> usize {
        self.groups.iter().map(|group| group.alternatives).max().unwrap_or(1)
    }

    /// The sum over the groups that have alternatives.
    pub fn in_all(&self) -> usize {
        self.in_all
    }
}
