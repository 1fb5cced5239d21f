//! Derivatives with respect to the graph's parameters, and baselines that minimise the variance of each gradient coordinate.

use aleator_engine::autodiff;
use aleator_engine::graph::{Expr, Shape};

use super::environment::Environment;
use super::estimator_state::{ParamDeclaration, Score, Tuning, TuningTarget};
use super::rewriter::Rewriter;
use super::term::GradientTerm;
use crate::graph::Param;

/// ĝ computed from cost · score and from the score alone, for each of the graph's parameters.
pub(super) type ScoreEstimates<'g> = [Vec<Expr<'g>>; 2];

/// The variables of differentiation: the graph's parameters, with one copy for each replicate.
pub(super) struct Differentiation<'a, 'g> {
    pub params: &'a [Param],
    pub wrt: &'a [Expr<'g>],
    pub replicates: Option<usize>,
}

impl<'g> Differentiation<'_, 'g> {
    /// Σ weightᵀ ∂expr/∂θ for each parameter, of shape `[R] + parameter` (or the shape of the parameter).
    pub fn vjp(&self, pairs: &[(Expr<'g>, Expr<'g>)]) -> Vec<Expr<'g>> {
        let mut gradients = autodiff::vjp(pairs, self.wrt);
        if let Some(r) = self.replicates {
            for (g, param) in gradients.iter_mut().zip(self.params) {
                *g = g.reshape(Shape::from([r]).join(&param.shape));
            }
        }
        gradients
    }
}

impl<'g> Rewriter<'_, 'g> {
    /// For each site with an optimal baseline, the estimates computed from cost · score and from the score alone.
    pub(super) fn scores(
        &self,
        tuning: Tuning,
        main: &Environment<'g>,
        by: &Differentiation<'_, 'g>,
    ) -> Vec<ScoreEstimates<'g>> {
        let engine = self.graph.engine();
        let own = self.own.borrow();
        let estimate = |score: &Score| {
            if tuning < Tuning::Pilot && !score.coordinates {
                return Default::default();
            }
            let log_prob = engine.expr(score.log_prob);
            let of = |weight: Expr<'g>| {
                by.vjp(&[self.weigh_term(GradientTerm::score(log_prob, weight), score.site, main)])
            };
            [of(engine.expr(score.cost)), of(engine.full(log_prob.shape(), 1.0))]
        };
        own.scores.iter().map(estimate).collect()
    }

    /// ĝ_d ← ĝ_d − b_d s_d, for the sites that have a separate baseline for each coordinate.
    pub(super) fn subtract_coordinate_baselines(
        &self,
        params: &[Param],
        scores: &[ScoreEstimates<'g>],
        gradients: &mut [Expr<'g>],
    ) {
        let mut own = self.own.borrow_mut();
        for (number, [_, alone]) in scores.iter().enumerate() {
            let Score { site, coordinates: true, .. } = own.scores[number] else { continue };
            let site = &self.analysis.sites[site].name;
            for (place, param) in params.iter().enumerate() {
                let declare = ParamDeclaration {
                    name: format!("{site}.baseline.{}", param.name),
                    shape: param.shape.clone(),
                    initial: &|n| vec![0.0; n],
                    target: TuningTarget::OptimalBaseline { score: number, coordinates: Some(place) },
                    from: Tuning::Pilot,
                };
                let baseline = own.declare(self.graph.engine(), declare);
                gradients[place] = gradients[place] - baseline * alone[place];
            }
        }
    }
}
