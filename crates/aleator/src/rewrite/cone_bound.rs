//! The slopes of the weights in a bound log Σₖ e^{ℓₖ} over the copies of a site.

use aleator_engine::autodiff;
use aleator_engine::graph::{Expr, FromEnd};

use super::cone::Cone;
use crate::analysis::{LogSumExp, enters_linearly, find_log_sum_exp, own_densities};
use crate::error::{Error, Result};

impl<'g> Cone<'_, 'g> {
    /// For costs c log Σₖ e^{ℓₖ} in which ℓₖ contains s log q(zₖ) of the site's own draws: the derivative of c s w̃ₖ by zₖ with the
    /// other copies fixed, w̃ = softmax ℓ, of shape sample + batch + event.
    ///
    /// ```text
    /// ∂(c s w̃ₖ)/∂zₖ = s gₖ (1 − w̃ₖ) ∂ℓₖ/∂zₖ,   gₖ = ∂cost/∂ℓₖ = c w̃ₖ
    /// ```
    ///
    /// `None` if log q(z) does not occur, or enters the costs with a factor that does not depend on z.
    ///
    /// # Errors
    /// Returns an error if log q(z) enters the costs in another way than through such a bound.
    pub(crate) fn slope_of_own_weight(&self) -> Result<Option<Expr<'g>>> {
        let (graph, analysis) = (self.rewriter.graph, self.rewriter.analysis);
        let def = &analysis.sites[self.site];
        let own = own_densities(graph, def, &analysis.nodes);
        let costs: Vec<_> = graph.costs().iter().map(|cost| cost.node).collect();
        if own.is_empty() || enters_linearly(graph, &analysis.influences, self.site, &own, &costs).is_ok() {
            return Ok(None);
        }
        let found =
            find_log_sum_exp(graph, analysis, self.site).and_then(|LogSumExp { node, axis, .. }| {
                let log_prob = own.iter().find_map(|id| self.main.values.get(id))?;
                Some((*self.main.values.get(&node)?, *log_prob, axis))
            });
        let Some((terms, log_prob, axis)) = found else {
            let reason =
                format!("the log-density of `{}` is not within one `logsumexp`; use pathwise", def.name);
            return Err(Error::Invalid(reason));
        };
        let ones = |e: Expr<'g>| e.graph().full(e.shape(), 1.0);
        let costs: Vec<_> = self.costs_of_main().into_iter().map(|cost| (cost, ones(cost))).collect();
        let g = autodiff::vjp(&costs, &[terms])[0];
        let total = terms.logsumexp(FromEnd(axis)).unsqueeze(FromEnd(axis));
        let others = 1.0 - (terms - total).exp();
        let z = self.value();
        let slope = autodiff::vjp(&[(terms, (g * others).broadcast_to(terms.shape()))], &[z])[0];
        let factor = autodiff::vjp(&[(terms, ones(terms))], &[log_prob])[0];
        Ok(Some((0..def.event.rank()).fold(factor, |e, _| e.unsqueeze(-1)) * slope))
    }
}
