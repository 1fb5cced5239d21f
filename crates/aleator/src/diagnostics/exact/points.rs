//! An estimator that evaluates a site at given points instead of random draws, for exact answers.
//!
//! ```text
//! u in the place of the noise                 where the draw is a differentiable function of it
//! z = z(x), x = logit u, weight p(z) z'(x) dx/du,   dx/du = 2 + eˣ + e⁻ˣ      where the density is integrated
//! k with weight p(k)/q(k)                     of counts that are summed with the weights q
//! ```
//!
//! Then E F is the mean of w F over the points, and parts that do not depend on a site have separate means. Each replicate is one
//! point. Draws that are never combined in a cost share the point.

use aleator_engine::graph::{Expr, NodeId, concat};

use crate::distributions::Noise;
use crate::error::Result;
use crate::rewrite::{AnyOrder, Bias, Estimator, Properties, Site, SiteInfo, SiteValue, Smoothness};

/// The treatment of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnostics) enum Kind {
    /// No cost depends on it.
    Unused,
    /// All outcomes are enumerated.
    Outcomes,
    /// Counts are weighted by their probabilities.
    Counts,
    /// Uniform numbers replace the noise.
    Uniforms,
    /// Values are weighted by their density, at logits of uniform numbers.
    Logits,
}

impl Kind {
    /// Whether the coordinates are numbers in an interval.
    pub fn is_continuous(self) -> bool {
        matches!(self, Kind::Uniforms | Kind::Logits)
    }
}

static PROPERTIES: Properties = Properties {
    name: "at_points",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "values at given points, with their weights",
    formula: "w(z) F(z)",
    distributions: "all",
    requires: "nothing",
    evaluations: "1",
    smoothness: Smoothness::NotNeeded,
    advice: "internal: gives the exact values that estimates are compared with",
    options: &[],
    reference: "",
};

/// A site at the points that inputs of the graph contain.
#[derive(Clone, Debug)]
pub(super) struct AtPoints {
    pub kind: Kind,
    pub columns: Vec<NodeId>,
    /// For each column of counts, the reciprocals of the weights with which they are summed.
    pub reciprocals: Vec<NodeId>,
}

impl Estimator for AtPoints {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn any_order(&self) -> Option<AnyOrder> {
        Some(AnyOrder::Differentiable)
    }

    fn alternatives(&self, _: &SiteInfo<'_, '_>) -> Result<Option<usize>, String> {
        Ok((self.kind != Kind::Uniforms).then_some(1))
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        match self.kind {
            Kind::Counts => site.at_counts(&self.columns, &self.reciprocals),
            Kind::Logits => site.at_logits(&self.columns),
            _ => site.at_uniforms(&self.columns),
        }
    }
}

/// A random draw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn;

impl Estimator for Drawn {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(SiteValue::value(site.sample()))
    }
}

impl<'g> Site<'g> {
    /// The columns, one for each number of the coupled draws, as values of shape sample + batch + event.
    fn at_columns(&self, columns: &[NodeId], slots: usize) -> Option<Expr<'g>> {
        let replicates = self.lead[0];
        let columns: Vec<_> = columns.iter().map(|&c| self.graph.expr(c).reshape([replicates, 1])).collect();
        let shape = [&vec![1; slots][..], &self.lead[..], &self.shared_batch()[..], &self.event[..]].concat();
        Some(self.over_batch(concat(&columns, -1)?.reshape(shape)))
    }

    /// The draw at uniform numbers.
    pub(crate) fn at_uniforms(&self, columns: &[NodeId]) -> Result<SiteValue<'g>> {
        let uniforms = self.at_columns(columns, 0).ok_or_else(|| self.lacks("numbers to integrate"))?;
        Ok(SiteValue::value(self.distribution.sample(&mut Noise::given(self.graph, uniforms))))
    }

    /// Values that do not depend on the parameters, weighted by their density.
    pub(crate) fn at_logits(&self, columns: &[NodeId]) -> Result<SiteValue<'g>> {
        let chart = |x: Expr<'g>| {
            let parameters = self.distribution.parameters();
            let placed = self.distribution.family().support_bijector(parameters, x);
            placed.map(|(value, slope)| (value.stop_gradient(), slope.stop_gradient()))
        };
        let x = self.at_columns(columns, 1 + self.slot);
        let placed = x.and_then(|x| Some((x, chart(x)?, chart(self.graph.scalar(0.0))?)));
        let (x, (value, slope), (middle, _)) = placed.ok_or_else(|| self.lacks("numbers to integrate"))?;
        let rises = slope.greater(0.0);
        let size = x.abs();
        let log_rate = size + 2.0 * (-size).exp().log1p();
        let value = rises.select(value, middle);
        let each = (self.log_prob(value) + rises.select(slope, 1.0).log() + log_rate).exp();
        let weight = self.joint(rises.select(each, 0.0));
        // What has no mass is never entered.
        let entered = weight.stop_gradient().greater(0.0);
        Ok(SiteValue::weighted(entered.select(value, middle), entered.select(weight, 0.0)))
    }

    /// Counts, weighted by their probabilities times 1/q.
    pub(crate) fn at_counts(&self, columns: &[NodeId], reciprocals: &[NodeId]) -> Result<SiteValue<'g>> {
        let counts = self.at_columns(columns, 1 + self.slot).ok_or_else(|| self.lacks("numbers to sum"))?;
        let SiteValue { value, weight, .. } = self.weigh_values(counts, self.mean()?.floor().stop_gradient());
        let shape = [&self.lead[..], &vec![1; self.batch.rank()][..]].concat();
        let column = |&column: &NodeId| self.graph.expr(column).reshape(shape.clone());
        let weight = weight.map(|w| reciprocals.iter().map(column).fold(w, |w, reciprocal| w * reciprocal));
        Ok(SiteValue { value, weight, places: None, log_prob: None })
    }
}
