//! What lies downstream of a site, as an estimator may ask for it.

use aleator_engine::graph::Expr;

use super::site::{Draw, Site};
use super::surrogate::{Environment, Rewriter, relocate};
use crate::error::Result;

/// How sites downstream behave when the cost is evaluated at another value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Later {
    /// As their own estimators draw them, from the same noise.
    AsPlanned,
    /// Relaxed at this temperature where their distribution has a relaxation, else drawn differentiably, else at
    /// their mean: differentiable functions of what is upstream.
    Relaxed(f64),
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

    /// The downstream costs at the main path's values, of shape sample + batch: the costs that depend on each element
    /// of the site, those that mix its elements summed into an axis of size 1.
    pub fn cost(&self) -> Expr<'g> {
        self.costs_in(&mut self.main.clone())
    }

    /// The downstream costs with the site's value replaced (it may have further axes in front), of the same layout as
    /// [`Cone::cost`]. Later sites are drawn again from the same noise; what is not downstream keeps its value.
    ///
    /// # Errors
    /// If a later site cannot behave as asked.
    pub fn cost_at(&self, value: Expr<'g>, later: Later) -> Result<Expr<'g>> {
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
        };
        self.rewriter.enter(self.site, Draw::value(value), &mut environment);
        for number in self.site + 1..analysis.sites.len() {
            if !analysis.used[number] || !influence.reaches(analysis.sites[number].value) {
                continue;
            }
            let site = self.rewriter.site(number, &mut environment);
            let draw = match later {
                Later::AsPlanned => self.rewriter.plan[number].draw(&site)?,
                Later::Relaxed(temperature) => Draw::value(differentiable(&site, temperature)?),
                Later::Mean => match site.mean() {
                    Ok(mean) => Draw::value(mean),
                    Err(_) => self.rewriter.plan[number].draw(&site)?,
                },
            };
            if draw.weight.is_none() {
                environment.weights.remove(&number);
            }
            self.rewriter.enter(number, draw, &mut environment);
        }
        Ok(self.costs_in(&mut environment))
    }

    fn costs_in(&self, environment: &mut Environment<'g>) -> Expr<'g> {
        let analysis = self.rewriter.analysis;
        let def = &analysis.sites[self.site];
        // Weights of sites upstream multiply this site's terms as a whole, later.
        let not_upstream =
            |number: usize| number != self.site && !analysis.influence[number].reaches(def.value);
        let mut total: Option<Expr<'g>> = None;
        for group in &analysis.groups {
            let Some(map) = &group.maps[self.site] else { continue };
            let value = self.rewriter.group_value(group, environment);
            let weighted = self.rewriter.weigh(value, group, environment, not_upstream);
            // Groups with and without a site's alternatives are about to be added: what has none must count once.
            let weighted = self.rewriter.sum_alternatives(weighted, group, environment, not_upstream);
            let pairs: Vec<(usize, usize)> =
                map.iter().enumerate().filter_map(|(i, a)| a.map(|a| (a, i))).collect();
            let here = relocate(weighted, group.shape.rank(), def.batch.rank(), &pairs);
            total = Some(match total {
                None => here,
                Some(sum) => sum + here,
            });
        }
        total.unwrap_or_else(|| self.rewriter.graph.engine().scalar(0.0))
    }
}

fn differentiable<'g>(site: &Site<'g>, temperature: f64) -> Result<Expr<'g>> {
    site.relaxed_sample(temperature).or_else(|_| site.rsample()).or_else(|_| site.mean())
}
