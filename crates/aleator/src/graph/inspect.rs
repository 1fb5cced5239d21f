//! A graph described to its author: sites, what they influence, what can serve them, what to be warned of.

use super::influence::Influence;
use super::lint::{Lint, lints};
use super::model::Graph;
use super::plan::Plan;
use super::surrogate::Analysis;
use crate::error::{Error, Result};
use crate::estimators::{self, Options, describe};

/// A site as `check` prints it.
#[derive(Clone, Debug)]
pub struct SiteReport {
    /// Its name.
    pub name: String,
    /// Its distribution's name.
    pub distribution: String,
    /// Its shape, as text.
    pub shape: String,
    /// Names of the costs that depend on it.
    pub influences: Vec<String>,
    /// The plan's estimator.
    pub estimator: String,
    /// Why this one.
    pub reason: String,
    /// Names of the estimators that can serve it.
    pub can_serve: Vec<&'static str>,
}

/// What `check` prints.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The sites in order.
    pub sites: Vec<SiteReport>,
    /// What to be warned of.
    pub lints: Vec<Lint>,
    parameters: usize,
    costs: usize,
}

impl Inspection {
    /// One line: how much of what there is.
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
/// If the graph holds an error or an estimator of the plan cannot serve its site.
pub fn inspect(graph: &Graph, plan: &Plan) -> Result<Inspection> {
    let analysis = Analysis::of(graph)?;
    let costs = graph.costs();
    let mut sites = Vec::new();
    for (i, def) in analysis.sites.iter().enumerate() {
        let mut distribution = None;
        let info = analysis.info(graph, i, &mut distribution);
        let can_serve: Vec<&'static str> = estimators::all()
            .iter()
            .filter(|entry| entry.build(Options::none()).is_ok_and(|e| e.serves(&info).is_ok()))
            .map(|entry| entry.properties.name)
            .collect();
        plan.estimators[i].serves(&info).map_err(|reason| Error::Unsuitable {
            estimator: plan.estimators[i].properties().name.into(),
            site: def.name.clone(),
            distribution: def.family.name().into(),
            reason: format!("{reason} (those that can serve it: {})", can_serve.join(", ")),
        })?;
        let influence: &Influence = &analysis.influence[i];
        let shape = def.batch.join(&def.event);
        sites.push(SiteReport {
            name: def.name.clone(),
            distribution: def.family.name().into(),
            shape: if shape.rank() == 0 { "scalar".into() } else { shape.to_string() },
            influences: costs.iter().filter(|c| influence.reaches(c.node)).map(|c| c.name.clone()).collect(),
            estimator: describe(&*plan.estimators[i]),
            reason: plan.reasons[i].clone(),
            can_serve,
        });
    }
    Ok(Inspection { sites, lints: lints(graph, plan), parameters: graph.params().len(), costs: costs.len() })
}
