//! Conditions that are checked in a run: the domains of distribution parameters, and the finiteness of the means that estimators
//! use.

use std::collections::HashSet;

use aleator_engine::graph::{FromEnd, NodeId, Reduction, dependents};

use super::environment::Environment;
use super::rewriter::Rewriter;
use crate::distributions::{Distribution, Support};
use crate::graph::{Law, SiteDef};

/// A condition on a parameter of a distribution, or on its mean if an estimator uses the mean. It is checked after a run.
#[derive(Clone, Debug)]
pub struct DomainCheck {
    /// The name of the parameter.
    pub parameter: String,
    /// The name of the site, of the observation, or of the distribution.
    pub site: String,
    /// The name of the distribution.
    pub distribution: &'static str,
    /// The condition, in words.
    pub constraint: &'static str,
    /// The number of elements that violate it.
    pub violations: NodeId,
    /// One of the violating values.
    pub example: NodeId,
    /// The estimator that requires it, if it is not a condition of the distribution itself.
    pub estimator: Option<&'static str>,
}

/// The conditions on the parameters of a distribution; `name` is that of its site.
pub(super) fn domain_checks(name: &str, distribution: &Distribution<'_>) -> Vec<DomainCheck> {
    let family = distribution.family();
    let mut checks: Vec<DomainCheck> = family
        .parameters()
        .iter()
        .zip(distribution.parameters())
        .map(|(spec, &parameter)| {
            let violated = spec.constraint.violated(parameter);
            let every: Vec<usize> = (0..violated.rank()).collect();
            let example = violated.select(parameter, f64::NEG_INFINITY);
            DomainCheck {
                parameter: spec.name.into(),
                site: name.into(),
                distribution: family.name(),
                constraint: spec.constraint.describe(),
                violations: violated.sum().id(),
                example: example.reduce(Reduction::Max, FromEnd(&every)).id(),
                estimator: None,
            }
        })
        .collect();
    if let Some((violated, rule)) = family.jointly_violated(distribution.parameters()) {
        let count = violated.sum().id();
        checks.push(DomainCheck {
            parameter: "the parameters".into(),
            site: name.into(),
            distribution: family.name(),
            constraint: rule,
            violations: count,
            example: count,
            estimator: None,
        });
    }
    checks
}

impl<'g> Rewriter<'_, 'g> {
    /// The conditions on the parameters of the distributions, other than those of sites, of which costs compute a quantity, at the
    /// values of an environment. A parameter that depends on a site which is not drawn has no value to check.
    pub(super) fn checks_of_laws(&self, environment: &mut Environment<'g>) -> Vec<DomainCheck> {
        let (engine, sites) = (self.graph.engine(), &self.analysis.sites);
        let mut laws = self.graph.laws();
        laws.retain(|law| self.analysis.nodes.binary_search(&law.quantity).is_ok());
        let drawn = || sites.iter().zip(&self.analysis.used).filter(|(_, used)| **used).map(|(site, _)| site);
        let is_that_of = |law: &Law, site: &SiteDef| {
            law.family.name() == site.family.name() && law.parameters == site.parameters
        };
        laws.retain(|law| !drawn().any(|site| is_that_of(law, site)));
        let mut known = HashSet::new();
        laws.retain(|law| known.insert((law.family.name(), law.parameters.clone())));
        if laws.is_empty() {
            return Vec::new();
        }
        let undrawn = sites.iter().zip(&self.analysis.used).filter(|(_, used)| !**used);
        let unknown = dependents(engine, &undrawn.map(|(site, _)| site.value).collect::<Vec<_>>());
        laws.retain(|law| !law.parameters.iter().any(|p| unknown.get(p.index()).copied().unwrap_or(false)));
        let check = |law: Law| {
            let own = law.parameters.iter().map(|&p| self.graph.expr(p)).collect();
            let parameters = law.parameters.iter().map(|&p| environment.at(self.graph, p)).collect();
            domain_checks(&law.name, &Distribution::new(law.family, own).with_parameters(parameters))
        };
        laws.into_iter().flat_map(check).collect()
    }

    /// The conditions that the means which estimators use are finite, for sites with unbounded support.
    pub(super) fn mean_checks(&self) -> Vec<DomainCheck> {
        let mut means = self.own.borrow().means.clone();
        means.sort_unstable_by_key(|&(_, _, mean)| mean);
        means.dedup_by_key(|&mut (_, _, mean)| mean);
        let unbounded = |&(_, site, _): &(usize, usize, NodeId)| {
            !matches!(
                self.analysis.sites[site].family.support(),
                Support::Boolean
                    | Support::OneHot
                    | Support::Subsets
                    | Support::UnitInterval
                    | Support::Simplex
            )
        };
        means.retain(unbounded);
        let check = |(at_work, site, mean): (usize, usize, NodeId)| {
            let (def, mean) = (&self.analysis.sites[site], self.graph.expr(mean));
            let estimator = self.plan.name(at_work);
            let infinite = !mean.abs().less(f64::INFINITY);
            let every: Vec<usize> = (0..mean.rank()).collect();
            let example = infinite.select(mean, f64::NEG_INFINITY);
            DomainCheck {
                parameter: "the mean".into(),
                site: def.name.clone(),
                distribution: def.family.name(),
                constraint: "finite",
                violations: infinite.sum().id(),
                example: example.reduce(Reduction::Max, FromEnd(&every)).id(),
                estimator: Some(estimator),
            }
        };
        means.into_iter().map(check).collect()
    }
}
