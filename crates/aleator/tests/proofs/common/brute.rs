//! Brute force: every joint outcome of every site, without the rewriter.

use std::collections::HashMap;

use aleator::distributions::Distribution;
use aleator::graph::Graph;
use aleator_engine::autodiff;
use aleator_engine::graph::{Expr, NodeId, Shape, substitute};

use super::{evaluate, parameters};

/// All joint outcomes of the discrete sites on one leading axis, these sites standing at given constants. What depends
/// on a continuous site has no value here.
pub struct Brute<'g> {
    graph: &'g Graph,
    /// How many joint outcomes there are.
    pub count: usize,
    /// The author's nodes at the outcomes.
    values: HashMap<NodeId, Expr<'g>>,
}

impl<'g> Brute<'g> {
    pub fn new(graph: &'g Graph) -> Self {
        let sites = graph.sites();
        let outcomes: Vec<Option<Vec<Vec<f64>>>> = sites
            .iter()
            .map(|s| {
                let parameters: Vec<_> = s.parameters.iter().map(|&p| graph.expr(p)).collect();
                s.family.outcomes(&parameters)
            })
            .collect();
        let (sites, outcomes): (Vec<_>, Vec<_>) =
            sites.into_iter().zip(outcomes).filter_map(|(s, o)| Some((s, o?))).unzip();
        let draws: Vec<usize> = sites.iter().map(|s| s.batch.numel()).collect();
        let count: usize = outcomes.iter().zip(&draws).map(|(o, &d)| o.len().pow(d as u32)).product();
        let mut data: Vec<Vec<f64>> = vec![Vec::new(); sites.len()];
        for outcome in 0..count {
            let mut rest = outcome;
            for (site, out) in data.iter_mut().enumerate() {
                for _ in 0..draws[site] {
                    out.extend(&outcomes[site][rest % outcomes[site].len()]);
                    rest /= outcomes[site].len();
                }
            }
        }
        let values = sites
            .iter()
            .zip(data)
            .map(|(s, data)| {
                let shape = Shape::from([count]).join(&s.batch).join(&s.event);
                (s.value, graph.engine().tensor(shape, data))
            })
            .collect();
        Brute { graph, count, values }
    }

    /// A node at every outcome: shape `[count]` + its own.
    pub fn at(&mut self, node: NodeId) -> Expr<'g> {
        let own = self.graph.expr(node).shape();
        let e = substitute(self.graph.engine(), node, &mut self.values);
        e.broadcast_to(Shape::from([self.count]).join(&own))
    }

    /// The distribution of a site at every outcome of the sites before it.
    pub fn distribution(&mut self, site: usize) -> Distribution<'g> {
        let def = &self.graph.sites()[site];
        let own = def.parameters.iter().map(|&p| self.graph.expr(p)).collect();
        let here =
            def.parameters.iter().map(|&p| substitute(self.graph.engine(), p, &mut self.values)).collect();
        Distribution::new(def.family.clone(), own).with_parameters(here)
    }

    /// log p of a site's value at every outcome, shape `[count]`.
    pub fn log_prob(&mut self, site: usize) -> Expr<'g> {
        let distribution = self.distribution(site);
        let def = &self.graph.sites()[site];
        distribution.log_prob(self.values[&def.value]).sum_last(def.batch.rank())
    }

    /// log p of all sites together, shape `[count]`.
    pub fn joint_log_prob(&mut self) -> Expr<'g> {
        let zero = self.graph.engine().full([self.count], 0.0);
        (0..self.graph.sites().len()).fold(zero, |sum, site| sum + self.log_prob(site))
    }

    /// The sum of all costs at every outcome, shape `[count]`.
    pub fn cost(&mut self) -> Expr<'g> {
        let zero = self.graph.engine().full([self.count], 0.0);
        self.graph.costs().iter().fold(zero, |sum, cost| {
            let rank = self.graph.expr(cost.node).rank();
            sum + self.at(cost.node).sum_last(rank)
        })
    }

    /// E Σ costs = Σ p C, as an expression of the parameters.
    pub fn objective(&mut self) -> Expr<'g> {
        (self.joint_log_prob().exp() * self.cost()).sum()
    }

    /// The objective and its gradient, all parameters one after another.
    pub fn answer(&mut self) -> (f64, Vec<f64>) {
        let objective = self.objective();
        let mut outputs = vec![objective];
        outputs.extend(autodiff::grad(objective, &parameters(self.graph)));
        let mut values = evaluate(self.graph, &outputs);
        (values.remove(0)[0], values.concat())
    }
}
