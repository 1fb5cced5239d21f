//! The description of a site before rewriting, from what is known of its graph.

use super::density_use::{score_moves_to_path, score_separates};
use super::graph_analysis::Analysis;
use super::site_info::SiteInfo;
use crate::distributions::Distribution;
use crate::graph::Graph;

impl Analysis {
    /// The description of a site before rewriting.
    pub fn info<'a, 'g>(
        &'a self,
        graph: &'g Graph,
        site: usize,
        distribution: &'a mut Option<Distribution<'g>>,
    ) -> SiteInfo<'a, 'g> {
        let def = &self.sites[site];
        let parameters = def.parameters.iter().map(|&p| graph.expr(p)).collect();
        let coupled = self.coupled(site);
        let rank = def.batch.rank();
        let coupled_draws =
            (0..rank).filter(|&i| coupled[i]).fold(1usize, |n, i| n.saturating_mul(def.batch.from_end(i)));
        let built = Distribution::new(def.family.clone(), parameters);
        SiteInfo {
            name: &def.name,
            distribution: distribution.insert(built),
            batch: &def.batch,
            draws: def.batch.numel(),
            coupled_draws,
            conditional: self.is_conditional(site),
            support_moves: def.family.support().ends().any(|end| self.moving[site][end]),
            moving: &self.moving[site],
            undefined_between: self.undefined_between[site],
            score_separates: Box::new(move || score_separates(graph, self, site)),
            score_moves_to_path: Box::new(move || score_moves_to_path(graph, self, site)),
        }
    }
}
