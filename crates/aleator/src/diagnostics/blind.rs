//! Outcomes that an estimator never draws although they contribute to the gradient.
//!
//! ```text
//! E F(z) = Σ_z P(z; θ) F(z):    where P(z) = 0 and ∂P(z) ≠ 0, ∂E F has the term ∂P(z) F(z)
//! ```
//!
//! An estimator that weights draws never draws such a z. For example, let p = 0 and F = b for a Bernoulli b: ∂p E b = 1, but
//! every draw is 0, and its score times F is 0. Whether there is such an outcome depends on the values of the parameters, so a
//! program is run to find out.

use std::sync::Arc;

use crate::error::Result;
use crate::graph::{Graph, SiteDef};
use crate::plan::{Lint, Plan};
use crate::program::{Options, Program};
use crate::rewrite::Estimator;

/// The number of estimates in which such outcomes are searched for, because parameters may depend on draws.
const AUDITED: usize = 64;

/// Warnings about sites whose estimator never draws an outcome that contributes to the gradient at the initial parameters. There
/// are none if the program cannot be run.
pub fn blind_spots(graph: &Graph, plan: &Plan) -> Vec<Lint> {
    let blind = blind_sites(graph, &plan.estimators, &Options::new()).unwrap_or_default();
    blind_lints(graph, plan, &blind)
}

/// The sites with an outcome whose probability is 0 with a nonzero derivative, and with an estimator that weights draws.
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

/// The warnings about these sites.
pub(super) fn blind_lints(graph: &Graph, plan: &Plan, blind: &[String]) -> Vec<Lint> {
    let sites = graph.sites();
    let with_estimators = sites.iter().zip(&plan.estimators).filter(|(site, _)| blind.contains(&site.name));
    let lint = |(site, estimator): (&SiteDef, &Arc<dyn Estimator>)| Lint {
        site: site.name.clone(),
        message: format!(
            "an outcome of `{}` has probability 0 with a nonzero derivative; {} never draws it, so its gradient omits this \
             outcome: use enumeration, or keep the probability away from 0",
            site.name,
            estimator.properties().name
        ),
        cause: site.value,
        biased: true,
    };
    with_estimators.map(lint).collect()
}
