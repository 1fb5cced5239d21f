//! Outcomes that an estimator never draws and that count all the same.
//!
//! ```text
//! E F(z) = Σ_z P(z; θ) F(z):    where P(z) = 0 and ∂P(z) ≠ 0, ∂E F has the term ∂P(z) F(z)
//! ```
//!
//! An estimator that weighs draws never meets such a z. By hand, a coin with p = 0 and F = b: ∂p E b = 1, and every draw is 0,
//! whose score times F is 0. Whether there is such an outcome depends on the numbers, so a program is run for it.

use std::sync::Arc;

use crate::error::Result;
use crate::graph::{Graph, SiteDef};
use crate::plan::{Lint, Plan};
use crate::program::{Options, Program};
use crate::rewrite::Estimator;

/// Estimates at which such outcomes are looked for: parameters may depend on draws.
const AUDITED: usize = 64;

/// Warns of the sites whose estimator does not see an outcome that counts, at the initial parameters. A program that does not
/// run gives nothing.
pub fn blind_spots(graph: &Graph, plan: &Plan) -> Vec<Lint> {
    let blind = blind_sites(graph, &plan.estimators, &Options::new()).unwrap_or_default();
    blind_lints(graph, plan, &blind)
}

/// Sites with outcomes of probability 0 that move with a parameter, which an estimator that weighs draws cannot see.
pub(super) fn blind_sites(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    options: &Options,
) -> Result<Vec<String>> {
    if graph.sites().iter().all(|site| site.family.edges().is_none()) {
        return Ok(vec![]);
    }
    let mut program = Program::<f64>::compile(graph, plan, &options.clone().replicates(AUDITED).audit())?;
    if program.may_be_blind() {
        program.run_step(0)?;
    }
    Ok(program.blind_sites().map(str::to_string).collect())
}

/// The warnings of these sites.
pub(super) fn blind_lints(graph: &Graph, plan: &Plan, blind: &[String]) -> Vec<Lint> {
    let sites = graph.sites();
    let with_estimators = sites.iter().zip(&plan.estimators).filter(|(site, _)| blind.contains(&site.name));
    let lint = |(site, estimator): (&SiteDef, &Arc<dyn Estimator>)| Lint {
        site: site.name.clone(),
        message: format!(
            "an outcome of `{}` has probability 0, which moves with a parameter; {} never draws it, so its gradient lacks what \
             that outcome costs: use enumeration, or keep the probability away from 0",
            site.name,
            estimator.properties().name
        ),
        cause: site.value,
        biased: true,
    };
    with_estimators.map(lint).collect()
}
