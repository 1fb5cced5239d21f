//! The treatment of each site of a graph, so that nothing random remains.

use std::cell::OnceCell;
use std::sync::Arc;

use aleator_engine::graph::{NodeId, ancestors};

use super::points::{AtPoints, Drawn, Kind};
use crate::analysis::{FirstDiscontinuities, Stopped};
use crate::distributions::Support;
use crate::error::Result;
use crate::estimators::{Enumeration, outcome_count};
use crate::graph::Graph;
use crate::plan::Plan;
use crate::rewrite::{Estimator, MOST_ALTERNATIVES};

/// The number of counts that are tried first, if there are infinitely many.
const FEW_COUNTS: usize = 64;
/// The factor by which this number is larger for a count whose parameters depend on another count.
const ROOM_BELOW: usize = 8;
/// The largest number of dimensions that are integrated or summed.
const MOST_DIMENSIONS: usize = 3;
/// The treatment of each site.
pub(super) struct Layout {
    pub sites: Vec<SiteLayout>,
}

/// The treatment of one site.
pub(super) struct SiteLayout {
    pub kind: Kind,
    /// The coordinates of the site.
    pub dimensions: usize,
    /// Whether the parameters depend on another count.
    pub below_count: bool,
}

impl Layout {
    pub fn dimensions(&self) -> usize {
        self.sites.iter().map(|s| s.dimensions).sum()
    }

    /// The plan with the coordinates in these inputs of the graph, one after another, and the reciprocals of their weights.
    pub fn plan(&self, columns: &[NodeId], reciprocals: &[NodeId]) -> Vec<Arc<dyn Estimator>> {
        let mut first = 0;
        let estimator = |site: &SiteLayout| {
            let own = first..first + site.dimensions;
            first = own.end;
            match site.kind {
                Kind::Outcomes => Arc::new(Enumeration) as Arc<dyn Estimator>,
                Kind::Unused => Arc::new(Drawn),
                kind => {
                    let (columns, reciprocals) = (columns[own.clone()].to_vec(), reciprocals[own].to_vec());
                    Arc::new(AtPoints { kind, columns, reciprocals })
                }
            }
        };
        self.sites.iter().map(estimator).collect()
    }

    /// For each coordinate: if it is a count, the number of counts to try first.
    pub fn counts(&self) -> Vec<Option<usize>> {
        let of = |site: &SiteLayout| {
            let n = if site.below_count { FEW_COUNTS * ROOM_BELOW } else { FEW_COUNTS };
            vec![(!site.kind.is_continuous()).then_some(n); site.dimensions]
        };
        self.sites.iter().flat_map(of).collect()
    }
}

/// The treatment of all sites; `None` if some site cannot be treated.
pub(super) fn layout(graph: &Graph) -> Result<Option<Layout>> {
    let mut counts: Vec<NodeId> = Vec::new();
    let mut outcomes = 1usize;
    let (discontinuities, stopped) = (FirstDiscontinuities::of(graph), OnceCell::new());
    let sites = Plan::choose_with(graph, |info, def, used| {
        let (family, parameters) = (info.distribution.family(), info.distribution.parameters());
        let finite = |kind| Some((kind, 0, false));
        if !used {
            return finite(Kind::Unused);
        }
        if let Ok(n) = outcome_count(info) {
            outcomes = outcomes.saturating_mul(n);
            return finite(Kind::Outcomes);
        }
        let draws = info.coupled_draws;
        if matches!(family.support(), Support::Counts | Support::BoundedCounts) {
            let needed = ancestors(graph.engine(), &def.parameters);
            let below_count = counts.iter().any(|value| needed[value.index()]);
            counts.push(def.value);
            return Some((Kind::Counts, draws, below_count));
        }
        if family.support().is_discrete() || discontinuities.behind(def).is_some() {
            return None;
        }
        if family.is_reparameterized() {
            // A derivative along the sample ends there, a score does not: they are not one number.
            if stopped.get_or_init(|| Stopped::of(graph)).behind(def).is_some() {
                return None;
            }
            let numbers = draws.saturating_mul(info.distribution.event_shape().numel());
            return Some((Kind::Uniforms, numbers, false));
        }
        let charted = family
            .support_bijector(parameters, info.distribution.parameters()[0].graph().scalar(0.0))
            .is_some();
        charted.then_some((Kind::Logits, draws, false))
    })?;
    let sites: Option<Vec<SiteLayout>> = sites
        .into_iter()
        .map(|site| site.map(|(kind, dimensions, below_count)| SiteLayout { kind, dimensions, below_count }))
        .collect();
    let few = |layout: &Layout| {
        outcomes <= MOST_ALTERNATIVES
            && layout.sites.iter().all(|s| s.dimensions <= MOST_DIMENSIONS)
            && layout.dimensions() <= MOST_DIMENSIONS
    };
    Ok(sites.map(|sites| Layout { sites }).filter(few))
}
