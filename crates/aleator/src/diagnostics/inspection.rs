//! The description of a graph: its sites, the costs that they influence, the estimators that support them, and warnings.

use std::sync::Arc;

use aleator_engine::graph::{NodeId, ancestors};

use super::kinks::kinks;
use crate::analysis::Analysis;
use crate::error::{Error, Result};
use crate::estimators::{self, Entry, EstimatorOptions};
use crate::graph::Graph;
use crate::plan::{Lint, Plan, lints};
use crate::program::{self, Program};
use crate::rewrite::{Estimator, Layout, Tuning, build, describe};

/// The description of a site.
#[derive(Clone, Debug)]
pub struct SiteReport {
    /// The name.
    pub name: String,
    /// The name of the distribution.
    pub distribution: String,
    /// The shape, as text.
    pub shape: String,
    /// The names of the costs that depend on the site.
    pub influences: Vec<String>,
    /// The estimator of the plan, with its options.
    pub estimator: String,
    /// The reason for this estimator.
    pub reason: String,
    /// The names of the estimators that support the site.
    pub can_serve: Vec<&'static str>,
}

/// The description of a graph, as `aleator check` prints it.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The sites, in order.
    pub sites: Vec<SiteReport>,
    /// The warnings.
    pub lints: Vec<Lint>,
    parameters: usize,
    costs: usize,
}

impl Inspection {
    /// The numbers of parameters, sites and costs, in one line.
    pub fn summary(&self) -> String {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        format!(
            "{}, {}, {}",
            count(self.parameters, "parameter"),
            count(self.sites.len(), "site"),
            count(self.costs, "cost")
        )
    }
}

/// Describes a graph under a plan.
///
/// # Errors
/// Returns an error if the graph holds an error, or if an estimator of the plan does not support its site.
pub fn inspect(graph: &Graph, plan: &Plan) -> Result<Inspection> {
    let graph = &graph.clone();
    let analysis = Analysis::of(graph)?;
    let costs = graph.costs();
    let mut sites = Vec::new();
    for (i, def) in analysis.sites.iter().enumerate() {
        let mut distribution = None;
        let info = analysis.info(graph, i, &mut distribution);
        let can_serve: Vec<&'static str> = estimators::all()
            .iter()
            .filter(|entry| fits(graph, plan, i, entry, |e| e.supports(&info).is_ok()))
            .map(|entry| entry.properties.name)
            .collect();
        plan.estimators[i].supports(&info).map_err(|reason| Error::Unsuitable {
            estimator: plan.estimators[i].properties().name.into(),
            site: def.name.clone(),
            distribution: def.family.name().into(),
            reason: format!("{reason} (estimators that support it: {})", can_serve.join(", ")),
        })?;
        let shape = def.batch.join(&def.event);
        sites.push(SiteReport {
            name: def.name.clone(),
            distribution: def.family.name().into(),
            shape: if shape.rank() == 0 { "scalar".into() } else { shape.to_string() },
            influences: costs
                .iter()
                .filter(|c| analysis.influences.reaches(i, c.node))
                .map(|c| c.name.clone())
                .collect(),
            estimator: describe(&*plan.estimators[i]),
            reason: plan.reasons[i].clone(),
            can_serve,
        });
    }
    let mut lints = lints(graph, plan);
    lints.extend(idle(graph));
    lints.extend(outside_of_its_domain(graph, plan));
    lints.extend(kinks(graph, plan));
    Ok(Inspection { sites, lints, parameters: graph.params().len(), costs: costs.len() })
}

/// The largest number of sites for which a plan is built to find out whether an estimator is supported. For larger graphs only
/// `Estimator::supports` is called, because each plan rewrites the whole graph.
const FEW_SITES: usize = 8;

/// Whether an estimator supports a site, and the plan that uses it there can be built.
fn fits(
    graph: &Graph,
    plan: &Plan,
    site: usize,
    entry: &Entry,
    serves: impl Fn(&dyn Estimator) -> bool,
) -> bool {
    let Ok(estimator) = entry.build(EstimatorOptions::none()) else { return false };
    if !serves(&*estimator) || plan.estimators.len() > FEW_SITES {
        return serves(&*estimator);
    }
    let mut estimators = plan.estimators.clone();
    estimators[site] = Arc::clone(&estimator);
    let samples = estimators.iter().map(|e| e.min_samples()).max().unwrap_or(1);
    build(graph, &estimators, Layout { samples, replicates: None, tuning: Tuning::Held }).is_ok()
}

/// Warnings about nodes on which no cost depends, and about graphs without parameters.
fn idle(graph: &Graph) -> Vec<Lint> {
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(graph.engine(), &costs);
    let lint = |site: &str, cause: NodeId, message: String| Lint {
        site: site.into(),
        message,
        cause,
        biased: false,
    };
    let params = graph.params();
    let mut found = Vec::new();
    if params.is_empty()
        && let Some(&cost) = costs.first()
    {
        let message = "there is no parameter, so there is no gradient; declare one with `param NAME = ..`";
        found.push(lint("", cost, message.into()));
    }
    for param in params.iter().filter(|p| !needed[p.node.index()]) {
        let message = format!(
            "no cost depends on the parameter `{}`: its gradient is 0; use it or remove it",
            param.name
        );
        found.push(lint("", param.node, message));
    }
    for site in graph.sites().iter().filter(|s| !needed[s.value.index()]) {
        let message = format!("no cost depends on `{}`: it is not drawn; use it or remove it", site.name);
        found.push(lint(&site.name, site.value, message));
    }
    found
}

/// A warning about a parameter of a distribution that is outside its domain in one run at the initial values.
fn outside_of_its_domain(graph: &Graph, plan: &Plan) -> Option<Lint> {
    let options = program::Options::new().samples(plan.min_samples());
    let run =
        Program::<f64>::compile(graph, &plan.estimators, &options).and_then(|mut p| p.run().map(|_| ()));
    let Err(error @ Error::Domain { .. }) = run else { return None };
    let message = error.to_string();
    let Error::Domain { site, parameter, .. } = error else { return None };
    let of_sites = graph.sites().into_iter().map(|s| (s.name, s.family, s.parameters, s.value));
    let of_laws = graph.laws().into_iter().map(|l| (l.name, l.family, l.parameters, l.quantity));
    let (_, family, parameters, node) = of_sites.chain(of_laws).find(|(name, ..)| *name == site)?;
    let place = family.parameters().iter().position(|p| p.name == parameter);
    let cause = place.map_or(node, |i| parameters[i]);
    Some(Lint { site, message, cause, biased: false })
}
