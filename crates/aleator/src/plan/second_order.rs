//! The automatic choice for second derivatives.

use std::sync::Arc;

use super::choice::Plan;
use super::lint::lints;
use crate::analysis::Analysis;
use crate::error::Result;
use crate::estimators::{ReinforceLoo, ScoreFunction};
use crate::graph::Graph;
use crate::rewrite::{AnyOrder, Estimator, with_first_derivatives};

impl Plan {
    /// As [`Plan::choose`], but every estimator that is chosen automatically has unbiased second derivatives: a draw is
    /// differentiated only if the first derivatives of the costs do not jump in it, and what has no proof of second derivatives is
    /// replaced by leave-one-out or, with one sample, by the score function.
    ///
    /// # Errors
    /// As [`Plan::choose`].
    pub fn choose_for_second_derivatives(
        graph: &Graph,
        overrides: &[Option<Arc<dyn Estimator>>],
        samples: Option<usize>,
    ) -> Result<Self> {
        let mut plan = Self::choose(graph, overrides, samples)?;
        let sites = graph.sites();
        let is_automatic =
            |i: usize| overrides.get(i).is_none_or(Option::is_none) && sites[i].estimator().is_none();
        let transformed: Vec<usize> = (0..sites.len())
            .filter(|&i| plan.estimators[i].any_order() == Some(AnyOrder::Differentiable))
            .filter(|&i| !sites[i].family.support().is_discrete())
            .collect();
        let derivatives = with_first_derivatives(graph, &transformed);
        let jumps = lints(&derivatives, &plan);
        for (i, site) in sites.iter().enumerate().filter(|&(i, _)| is_automatic(i)) {
            let kinked = jumps.iter().any(|lint| lint.biased && lint.site == site.name);
            if plan.estimators[i].any_order().is_some() && !kinked {
                continue;
            }
            let score: Arc<dyn Estimator> = match samples {
                Some(1) => Arc::new(ScoreFunction::default()),
                _ => Arc::new(ReinforceLoo),
            };
            let analysis = Analysis::of(graph)?;
            let mut distribution = None;
            if score.supports(&analysis.info(graph, i, &mut distribution)).is_ok() {
                plan.estimators[i] = score;
                plan.reasons[i] = match kinked {
                    true => "the first derivative of a cost jumps in it, which a second derivative through the draw ignores".into(),
                    false => "second derivatives by the score".into(),
                };
            }
        }
        Ok(plan)
    }
}
