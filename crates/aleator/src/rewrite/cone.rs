//! The nodes downstream of a site, as an estimator uses them.

use aleator_engine::autodiff;
use aleator_engine::graph::{Expr, FromEnd, Stops, dependents, substitute};

use super::environment::{Environment, Weights};
use super::rewriter::Rewriter;
use super::site::Site;
use super::site_value::SiteValue;
use crate::analysis::{LogSumExp, TermGroup, find_log_sum_exp};
use crate::distributions::Support;
use crate::error::{Error, Result};

/// How sites downstream are evaluated when the cost is evaluated at another value.
#[derive(Clone, Copy, Debug)]
pub enum DownstreamSites<'g> {
    /// They are drawn by their own estimators, from the same noise.
    AsPlanned,
    /// They are differentiable functions of upstream values: relaxed at this temperature if their distribution has a relaxation,
    /// otherwise drawn differentiably, otherwise at their mean.
    Relaxed(Expr<'g>),
    /// They are at their means; a site without a mean is drawn as planned.
    Mean,
}

/// The cone of a site: the costs that depend on it.
pub struct Cone<'a, 'g> {
    pub(super) rewriter: &'a Rewriter<'a, 'g>,
    pub(super) site: usize,
    pub(super) main: &'a Environment<'g>,
}

impl<'a, 'g> Cone<'a, 'g> {
    pub(crate) fn new(rewriter: &'a Rewriter<'a, 'g>, site: usize, main: &'a Environment<'g>) -> Self {
        Cone { rewriter, site, main }
    }

    /// The site's value on the main path, as its estimator drew it.
    pub fn value(&self) -> Expr<'g> {
        let site = &self.rewriter.analysis.sites[self.site];
        self.main.values[&site.value]
    }

    /// The downstream costs at the values of the main path, of shape sample + batch: for each element of the site, the sum of the
    /// costs that depend on it. A cost that depends on several elements is counted for each of them.
    pub fn cost(&self) -> Expr<'g> {
        let groups = self.weighted(&self.main.weights, |place, _| self.main.groups[place]);
        self.sum(self.of_each_draw(groups))
    }

    /// The downstream costs with the site's value replaced by `value` (which may have additional leading axes), in the layout of
    /// [`Cone::cost`]. Later sites are drawn again from the same noise; nodes that are not downstream keep their values.
    ///
    /// # Errors
    /// Returns an error if a later site cannot be evaluated as `later` requests.
    pub fn cost_at(&self, value: Expr<'g>, later: DownstreamSites<'g>) -> Result<Expr<'g>> {
        Ok(self.sum(self.costs_in(&mut self.environment_at(value, later, Stops::Stay)?)))
    }

    /// [`Cone::cost_at`], and the derivative of the sum of all these costs, each counted once, with respect to the value (the
    /// *slope*).
    ///
    /// ```text
    /// cost = 3 stop_gradient(b) + b²  at ζ:     3 ζ + ζ²,  with the slope 3 + 2 ζ
    /// ```
    ///
    /// The slope is the derivative of the cost as a function of the value, along every path between them, including paths through
    /// the author's `stop_gradient`. An author who stops derivatives means those with respect to the graph's parameters, whereas
    /// the identity that adds the mean of a control variate back, E[c(ζ̃) ∇ log p(b)] = ∇E[c(ζ)] − E[∇c(ζ̃)], requires the full
    /// derivative of c.
    ///
    /// # Errors
    /// Returns an error if a later site cannot be evaluated as `later` requests.
    pub fn cost_and_slope_at(
        &self,
        value: Expr<'g>,
        later: DownstreamSites<'g>,
    ) -> Result<(Expr<'g>, Expr<'g>)> {
        let costs = self.groups_at(&mut self.environment_at(value, later, Stops::Open)?);
        let pairs: Vec<_> = costs.iter().map(|&(_, c)| (c, c.graph().full(c.shape(), 1.0))).collect();
        Ok((self.sum(self.of_each_draw(costs)), autodiff::vjp(&pairs, &[value])[0]))
    }

    /// For costs of the form log Σₖ e^{ℓₖ} over the copies along the site's first batch axis: the costs with ℓₖ replaced by
    /// `replacement(others, axis)`, for each k. `others` are the ℓⱼ, j ≠ k, along `axis`, with −∞ in place of ℓₖ; the function
    /// returns one number in their place, along an axis of size 1. The result has the layout of [`Cone::cost`], with each k at
    /// its position along the first batch axis.
    ///
    /// # Errors
    /// Returns an error if a cost depends on the site in any other way.
    pub fn cost_without_each(&self, replacement: impl Fn(Expr<'g>, usize) -> Expr<'g>) -> Result<Expr<'g>> {
        let Rewriter { graph, analysis, .. } = self.rewriter;
        let def = &analysis.sites[self.site];
        let Some(LogSumExp { node, axis, .. }) = find_log_sum_exp(graph, analysis, self.site) else {
            return Err(Error::Unsuitable {
                estimator: self.rewriter.plan.name(self.site).into(),
                site: def.name.clone(),
                distribution: def.family.name().into(),
                reason: "it must reach the costs only through one `logsumexp` (or the log of a mean of exp) over its first \
                         axis: anything else that depends on it is not part of the bound; move that to a separate site, or use reinforce_loo"
                    .into(),
            });
        };
        let engine = graph.engine();
        let core = graph.expr(node).shape();
        let main = substitute(engine, node, &mut self.main.values.clone());
        let copies = core.from_end(axis);
        // Alternative k leaves out copy k. The alternatives have their own axis, in front of those of the enumerated sites.
        let own_axis = self.rewriter.lead.rank() + self.rewriter.alternative_axes;
        let rank = own_axis + core.rank();
        let mut shape = vec![1; rank + 1];
        shape[0] = copies;
        shape[rank - axis] = copies;
        let left_out = engine.iota(copies).one_hot(copies).reshape(shape);
        let others = left_out.select(f64::NEG_INFINITY, main.with_rank(rank + 1));
        let replaced = left_out.select(replacement(others, axis), main.with_rank(rank + 1));
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
            groups: Vec::new(),
        };
        environment.values.insert(node, replaced);
        let cost = self.sum(self.costs_in(&mut environment));
        // [k, alternatives, lead, 1, rest of the batch] to [alternatives, lead, k, rest of the batch].
        let rest = def.batch.rank() - 1;
        let order: Vec<usize> = (1..=own_axis).chain([0]).chain(own_axis + 1..=own_axis + rest).collect();
        let cost = cost.with_rank(own_axis + rest + 2);
        // If the copies influence different costs, each copy has its own alternative.
        let own = match cost.shape().from_end(rest) {
            1 => cost.squeeze(FromEnd(rest)),
            _ => {
                let mut shape = vec![1; own_axis + rest + 2];
                shape[0] = copies;
                shape[own_axis + 1] = copies;
                (cost * engine.iota(copies).one_hot(copies).reshape(shape)).sum_axes(FromEnd(rest))
            }
        };
        Ok(own.permute(&order))
    }

    /// The groups of costs at the values of the main path that depend on the site, weighted.
    pub(super) fn costs_of_main(&self) -> Vec<Expr<'g>> {
        let groups = self.weighted(&self.main.weights, |place, _| self.main.groups[place]);
        groups.into_iter().map(|(_, value)| value).collect()
    }

    pub(super) fn sum(&self, costs: Vec<Expr<'g>>) -> Expr<'g> {
        let Rewriter { graph, analysis, lead, .. } = self.rewriter;
        let zero = || {
            let rank = lead.rank() + analysis.sites[self.site].batch.rank();
            graph.engine().full(vec![1; rank], 0.0)
        };
        costs.into_iter().reduce(|sum, cost| sum + cost).unwrap_or_else(zero)
    }

    pub(super) fn environment_at(
        &self,
        value: Expr<'g>,
        later: DownstreamSites<'g>,
        stops: Stops,
    ) -> Result<Environment<'g>> {
        let analysis = self.rewriter.analysis;
        let influences = &analysis.influences;
        let mut environment = Environment {
            values: self
                .main
                .values
                .iter()
                .filter(|(n, _)| !influences.reaches(self.site, **n))
                .map(|(n, e)| (*n, *e))
                .collect(),
            weights: self.main.weights.clone(),
            stops,
            groups: Vec::new(),
        };
        self.rewriter.enter(self.site, SiteValue::value(value), &mut environment);
        for number in self.site + 1..analysis.sites.len() {
            if !analysis.used[number] || !influences.reaches(self.site, analysis.sites[number].value) {
                continue;
            }
            let site = self.rewriter.site(number, &mut environment);
            let draw = match later {
                DownstreamSites::AsPlanned => self.rewriter.plan.draw(number, &site)?,
                DownstreamSites::Relaxed(_) if analysis.undefined_between[number] => {
                    return Err(self.cannot_be_passed(
                        &site,
                        "it indexes a tensor, which has no element between two of its outcomes",
                    ));
                }
                DownstreamSites::Relaxed(temperature) => SiteValue::value(
                    site.relaxed_sample(temperature)
                        .or_else(|_| site.rsample())
                        .or_else(|_| site.mean())
                        .map_err(|_| {
                            self.cannot_be_passed(
                                &site,
                                "it has no relaxation, no differentiable sample and no known mean",
                            )
                        })?,
                ),
                DownstreamSites::Mean => match site.mean() {
                    Ok(mean) if !analysis.undefined_between[number] => SiteValue::value(mean),
                    _ => self.rewriter.plan.draw(number, &site)?,
                },
            };
            if draw.weight.is_none() {
                environment.weights.remove(&number);
            }
            self.rewriter.enter(number, draw, &mut environment);
        }
        Ok(environment)
    }

    /// The reason why a later site cannot be made a differentiable function of this one.
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
            estimator: plan.name(self.site).into(),
            site: def.name.clone(),
            distribution: def.family.name().into(),
            reason: format!(
                "the later site `{}` ({}) cannot be made a differentiable function of this one: {why}{remedy}",
                later.name(),
                later.distribution().name()
            ),
        }
    }

    /// The costs that depend on the site, by group and for each draw of the site; an axis that a group combines has size 1.
    pub(super) fn costs_in(&self, environment: &mut Environment<'g>) -> Vec<Expr<'g>> {
        self.of_each_draw(self.groups_at(environment))
    }

    /// The groups of terms that multiply the scores of the site, weighted.
    fn groups_at(&self, environment: &mut Environment<'g>) -> Vec<(&'a TermGroup, Expr<'g>)> {
        let weights = environment.weights.clone();
        self.weighted(&weights, |_, group| self.rewriter.group_value(group, environment))
    }

    /// The groups of terms that multiply the scores of the site, with their indices.
    fn met(&self) -> impl Iterator<Item = (usize, &'a TermGroup)> + use<'a, 'g> {
        let analysis = self.rewriter.analysis;
        let met = analysis.groups_behind(self.site).filter(|(_, _, dependence)| dependence.meeting.is_some());
        met.map(|(place, group, _)| (place, group))
    }

    fn of_each_draw(&self, groups: Vec<(&TermGroup, Expr<'g>)>) -> Vec<Expr<'g>> {
        let met = |(group, value): (&TermGroup, Expr<'g>)| {
            let meeting = group.dependence(self.site)?.meeting.as_ref()?;
            Some(meeting.of_each_draw(value, group.shape.rank()))
        };
        groups.into_iter().filter_map(met).collect()
    }

    /// The groups of terms that multiply the scores of the site, weighted, computed from their values.
    fn weighted(
        &self,
        weights: &Weights<'g>,
        mut value: impl FnMut(usize, &'a TermGroup) -> Expr<'g>,
    ) -> Vec<(&'a TermGroup, Expr<'g>)> {
        let analysis = self.rewriter.analysis;
        let def = &analysis.sites[self.site];
        // The weights of sites upstream multiply all terms of this site later.
        let not_upstream =
            |number: usize| number != self.site && !analysis.influences.reaches(number, def.value);
        let weighted = |(place, group): (usize, &'a TermGroup)| {
            let weighted = self.rewriter.weigh(value(place, group), group, weights, not_upstream);
            // Groups with and without alternatives of a site are added next, so a group without them must be counted once.
            (group, self.rewriter.sum_alternatives(weighted, group, weights, not_upstream))
        };
        self.met().map(weighted).collect()
    }
}
