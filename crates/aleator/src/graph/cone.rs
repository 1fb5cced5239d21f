//! What lies downstream of a site, as an estimator may ask for it.

use aleator_engine::autodiff;
use aleator_engine::graph::{Expr, Stops, dependents, substitute};

use super::influence::AxisMap;
use super::log_sum_exp::{self, LogSumExp};
use super::site::{Draw, Site};
use super::surrogate::{Environment, Rewriter, TermGroup, relocate};
use crate::distributions::Support;
use crate::error::{Error, Result};

/// How sites downstream behave when the cost is evaluated at another value.
#[derive(Clone, Copy, Debug)]
pub enum Later<'g> {
    /// As their own estimators draw them, from the same noise.
    AsPlanned,
    /// Relaxed at this temperature where their distribution has a relaxation, else drawn differentiably, else at
    /// their mean: differentiable functions of what is upstream.
    Relaxed(Expr<'g>),
    /// At their means; drawn as planned where there is no mean.
    Mean,
}

/// The cone of a site: the costs that depend on it.
pub struct Cone<'a, 'g> {
    rewriter: &'a Rewriter<'a, 'g>,
    site: usize,
    main: &'a Environment<'g>,
}

impl<'a, 'g> Cone<'a, 'g> {
    pub(crate) fn new(rewriter: &'a Rewriter<'a, 'g>, site: usize, main: &'a Environment<'g>) -> Self {
        Cone { rewriter, site, main }
    }

    /// The site's value on the main path: what its estimator drew.
    pub fn value(&self) -> Expr<'g> {
        let site = &self.rewriter.analysis.sites[self.site];
        self.main.values[&site.value]
    }

    /// The downstream costs at the main path's values, of shape sample + batch: for each element of the site, the costs
    /// that depend on it. A cost that mixes elements counts for each of them.
    pub fn cost(&self) -> Expr<'g> {
        self.sum(self.costs_in(&mut self.main.clone()))
    }

    /// The downstream costs with the site's value replaced (it may have further axes in front), of the same layout as
    /// [`Cone::cost`]. Later sites are drawn again from the same noise; what is not downstream keeps its value.
    ///
    /// # Errors
    /// If a later site cannot behave as asked.
    pub fn cost_at(&self, value: Expr<'g>, later: Later<'g>) -> Result<Expr<'g>> {
        Ok(self.sum(self.costs_in(&mut self.environment_at(value, later, Stops::Stay)?)))
    }

    /// [`Cone::cost_at`], and the derivative by the value of the sum of all these costs, each counted once.
    ///
    /// ```text
    /// cost = 3 stop_gradient(b) + b²  at ζ:     3 ζ + ζ²,  with the slope 3 + 2 ζ
    /// ```
    ///
    /// The slope is that of the cost as a function of the value, on every way from the one to the other: where the author stops
    /// derivatives, those by the graph's parameters are meant, and the identity that puts a control variate's mean back,
    /// E[c(ζ̃) ∇ log p(b)] = ∇E[c(ζ)] − E[∇c(ζ̃)], asks for the derivative of the very function c.
    ///
    /// # Errors
    /// If a later site cannot behave as asked.
    pub fn cost_and_slope_at(&self, value: Expr<'g>, later: Later<'g>) -> Result<(Expr<'g>, Expr<'g>)> {
        let mut environment = self.environment_at(value, later, Stops::Open)?;
        let costs = self.costs_in(&mut environment);
        let pairs: Vec<_> = costs.iter().map(|&c| (c, c.graph().full(c.shape(), 1.0))).collect();
        Ok((self.sum(costs), autodiff::vjp(&pairs, &[value])[0]))
    }

    /// For costs of the form log Σₖ e^{ℓₖ} over the copies on the site's first batch axis: the costs with ℓₖ replaced by
    /// `replacement(others)`, for each k. Others are the ℓⱼ, j ≠ k, with −∞ in place of ℓₖ, and the axis they are on; it is
    /// to return one number in their place, on an axis of size 1. The result has the layout of [`Cone::cost`], with each k in its
    /// place on the first batch axis.
    ///
    /// # Errors
    /// If the site reaches a cost in another way.
    pub fn cost_without_each(&self, replacement: impl Fn(Expr<'g>, usize) -> Expr<'g>) -> Result<Expr<'g>> {
        let Rewriter { graph, analysis, .. } = self.rewriter;
        let def = &analysis.sites[self.site];
        let Some(LogSumExp { node, axis }) = log_sum_exp::find(graph, analysis, self.site) else {
            return Err(Error::Unsuitable {
                estimator: self.rewriter.plan[self.site].properties().name.into(),
                site: def.name.clone(),
                distribution: def.family.name().into(),
                reason: "it must reach the cost only through a `logsumexp` (or the log of a mean of exp) over its first axis"
                    .into(),
            });
        };
        let engine = graph.engine();
        let core = graph.expr(node).shape();
        let main = substitute(engine, node, &mut self.main.values.clone());
        let copies = core.from_end(axis);
        let lead = main.rank() - core.rank();
        // Alternative k in front leaves out copy k.
        let mut shape = vec![1; main.rank() + 1];
        shape[0] = copies;
        let last = shape.len() - 1;
        shape[last - axis] = copies;
        let left_out = engine.iota(copies).one_hot(copies).reshape(shape);
        let others = left_out.select(f64::NEG_INFINITY, main.with_rank(main.rank() + 1));
        let replaced = left_out.select(replacement(others, axis), main.with_rank(main.rank() + 1));
        let behind = dependents(engine, &[node]);
        let mut environment = Environment {
            values: self
                .main
                .values
                .iter()
                .filter(|(n, _)| !behind.get(n.index()).is_some_and(|&b| b))
                .map(|(n, e)| (*n, *e))
                .collect(),
            weights: self.main.weights.clone(),
            stops: Stops::Stay,
        };
        environment.values.insert(node, replaced);
        let cost = self.sum(self.costs_in(&mut environment));
        // [k, lead, 1, rest of the batch] to [lead, k, rest of the batch].
        let rest = def.batch.rank() - 1;
        let order: Vec<usize> = (1..=lead).chain([0]).chain(lead + 1..=lead + rest).collect();
        Ok(cost.squeeze(rest).permute(&order))
    }

    fn sum(&self, costs: Vec<Expr<'g>>) -> Expr<'g> {
        let zero = || self.rewriter.graph.engine().scalar(0.0);
        costs.into_iter().reduce(|sum, cost| sum + cost).unwrap_or_else(zero)
    }

    fn environment_at(&self, value: Expr<'g>, later: Later<'g>, stops: Stops) -> Result<Environment<'g>> {
        let analysis = self.rewriter.analysis;
        let influence = &analysis.influence[self.site];
        let mut environment = Environment {
            values: self
                .main
                .values
                .iter()
                .filter(|(n, _)| !influence.reaches(**n))
                .map(|(n, e)| (*n, *e))
                .collect(),
            weights: self.main.weights.clone(),
            stops,
        };
        self.rewriter.enter(self.site, Draw::value(value), &mut environment);
        for number in self.site + 1..analysis.sites.len() {
            if !analysis.used[number] || !influence.reaches(analysis.sites[number].value) {
                continue;
            }
            let site = self.rewriter.site(number, &mut environment);
            let draw = match later {
                Later::AsPlanned => self.rewriter.plan[number].draw(&site)?,
                Later::Relaxed(_) if analysis.undefined_between[number] => {
                    return Err(self.cannot_be_passed(
                        &site,
                        "it indexes a tensor, which has no element between two of its outcomes",
                    ));
                }
                Later::Relaxed(temperature) => Draw::value(
                    site.relaxed_sample(temperature)
                        .or_else(|_| site.rsample())
                        .or_else(|_| site.mean())
                        .map_err(|_| {
                            self.cannot_be_passed(
                                &site,
                                "it has no relaxation, no differentiable sample and no mean that is known",
                            )
                        })?,
                ),
                Later::Mean => match site.mean() {
                    Ok(mean) if !analysis.undefined_between[number] => Draw::value(mean),
                    _ => self.rewriter.plan[number].draw(&site)?,
                },
            };
            if draw.weight.is_none() {
                environment.weights.remove(&number);
            }
            self.rewriter.enter(number, draw, &mut environment);
        }
        Ok(environment)
    }

    /// Why a later site cannot be made a differentiable function of this one.
    fn cannot_be_passed(&self, later: &Site<'g>, why: &str) -> Error {
        let Rewriter { analysis, plan, .. } = self.rewriter;
        let def = &analysis.sites[self.site];
        let index = later.distribution().family().support() == Support::Indices;
        let remedy = if index {
            "; use OneHotCategorical there"
        } else {
            "; use reinforce_loo or score_function here"
        };
        Error::Unsuitable {
            estimator: plan[self.site].properties().name.into(),
            site: def.name.clone(),
            distribution: def.family.name().into(),
            reason: format!(
                "the later site `{}` ({}) cannot be made a differentiable function of this one: {why}{remedy}",
                later.name(),
                later.distribution().name()
            ),
        }
    }

    /// The costs that depend on the site, by groups: along an axis that a group mixes it has size 1.
    fn costs_in(&self, environment: &mut Environment<'g>) -> Vec<Expr<'g>> {
        let analysis = self.rewriter.analysis;
        let def = &analysis.sites[self.site];
        // Weights of sites upstream multiply this site's terms as a whole, later.
        let not_upstream =
            |number: usize| number != self.site && !analysis.influence[number].reaches(def.value);
        let groups = analysis.groups.iter().filter_map(|g| Some((g, g.maps[self.site].as_ref()?)));
        let cost = |(group, map): (&TermGroup, &AxisMap)| {
            let value = self.rewriter.group_value(group, environment);
            let weighted = self.rewriter.weigh(value, group, environment, not_upstream);
            // Groups with and without a site's alternatives are about to be added: what has none must count once.
            let weighted = self.rewriter.sum_alternatives(weighted, group, environment, not_upstream);
            let pairs: Vec<(usize, usize)> =
                map.iter().enumerate().filter_map(|(i, a)| a.map(|a| (a, i))).collect();
            relocate(weighted, group.shape.rank(), def.batch.rank(), &pairs)
        };
        groups.map(cost).collect()
    }
}
