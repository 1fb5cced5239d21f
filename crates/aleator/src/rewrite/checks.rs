//! Conditions that are checked in a run: the domains of distribution parameters, and the finiteness of the means that estimators
//! use.

use aleator_engine::graph::{FromEnd, NodeId, Reduction};

use super::rewriter::Rewriter;
use super::site::Site;
use crate::distributions::Support;

/// A condition on a parameter of a distribution, or on its mean if an estimator uses the mean. It is checked after a run.
#[derive(Clone, Debug)]
pub struct DomainCheck {
    /// The name of the parameter.
    pub parameter: String,
    /// The name of the site.
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

/// The conditions on the parameters of a site's distribution.
pub(super) fn domain_checks(site: &Site<'_>) -> Vec<DomainCheck> {
    let distribution = &site.distribution;
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
                site: site.name.clone(),
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
            site: site.name.clone(),
            distribution: family.name(),
            constraint: rule,
            violations: count,
            example: count,
            estimator: None,
        });
    }
    checks
}

impl Rewriter<'_, '_> {
    /// The conditions that the means which estimators use are finite, for sites with unbounded support.
    pub(super) fn mean_checks(&self) -> Vec<DomainCheck> {
        let mut means = self.own.borrow().means.clone();
        means.sort_unstable_by_key(|&(_, _, mean)| mean);
        means.dedup_by_key(|&mut (_, _, mean)| mean);
        let unbounded = |&(_, site, _): &(usize, usize, NodeId)| {
            !matches!(
                self.analysis.sites[site].family.support(),
                Support::Boolean | Support::OneHot | Support::UnitInterval | Support::Simplex
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
