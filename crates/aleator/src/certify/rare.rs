//! Outcomes that are too rare for sampling.
//!
//! An outcome of probability p is seen about p n times among n estimates. Until then its effect on the mean is invisible, however large
//! it is, and the sample has no trace of it: a mean without it looks like a certain bias. A bounded effect that is seen m times gives
//! the estimates a kurtosis of n/m at least, and the interval of [`sequential`](super::sequential) counts from m = z⁴/6 on. Hence samples
//! decide nothing before p n ≥ z⁴/6 for the least likely outcome of every site with finitely many.
//!
//! Of counts without an end, of those whose end is no constant, and of vectors with more outcomes than can be listed, the outcome is an
//! event: that a count is not 0, whose probability is at most the mean of the count, or that it is not at its end n, whose probability is
//! at most n minus the mean. Both are the probability itself where they are small and the count has one step, and a score is as large as
//! 1/p at the first step of a rare count: the tail behind it has less of the mean by a factor of p for each step.

use std::sync::Arc;

use aleator_engine::backend::{Backend, Cpu, Executable};
use aleator_engine::exec::philox::NoiseAt;
use aleator_engine::graph::{Expr, FromEnd, Graph as Engine, Reduction, Shape};

use crate::analysis::Analysis;
use crate::distributions::{Distribution, Support};
use crate::error::Result;
use crate::graph::Graph;
use crate::rewrite::{Estimator, Extras, Layout, Tuning, rewrite};

/// The estimates among which the smallest probability is looked for.
const LOOKED_AT: usize = 256;
/// The largest number of outcomes whose probabilities are computed one by one.
const MOST_OUTCOMES: usize = 64;

/// The least likely possible outcome of a site.
#[derive(Clone, Debug)]
pub(super) struct Rarest {
    /// The name of the site.
    pub site: String,
    /// Its probability, the smallest one that occurs among some draws of earlier sites.
    pub probability: f64,
}

/// The least likely possible outcome of all drawn sites; `None` if no drawn site has finitely many outcomes.
///
/// # Errors
/// Returns an error if the plan does not serve the graph.
pub(super) fn rarest_of(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    seed: u64,
) -> Result<Option<Rarest>> {
    let own = graph.clone();
    let analysis = Analysis::of(&own)?;
    let layout = Layout { samples, replicates: Some(LOOKED_AT), tuning: Tuning::Held };
    let surrogate = rewrite(own, &analysis, plan, layout, Extras::audit())?;
    let engine = &surrogate.graph;
    let sites = graph.sites();
    let (mut names, mut outputs) = (Vec::new(), Vec::new());
    for drawn in surrogate.audit.drawn.iter().chain(&surrogate.audit.weighted) {
        let site = &sites[drawn.number];
        let parameters: Vec<_> = drawn.parameters.iter().map(|&p| engine.expr(p)).collect();
        let distribution = Distribution::new(site.family.clone(), parameters);
        for masses in masses_of(engine, &distribution, &site.event) {
            let axes: Vec<usize> = (0..masses.rank()).collect();
            let possible = masses.greater(0.0).select(masses, 1.0);
            names.push(&site.name);
            outputs.push(possible.reduce(Reduction::Min, FromEnd(&axes)).id());
        }
    }
    let inputs = engine.inputs();
    let mut executable: Box<dyn Executable<f64>> = Cpu.compile(engine, &outputs, &Default::default())?;
    let params = graph.params().into_iter().map(|p| (p.node, p.initial));
    let data = graph.datasets().into_iter().map(|d| (d.node, d.values));
    let own = surrogate.own.iter().map(|own| (own.node, own.initial.clone()));
    for (node, values) in params.chain(data).chain(own) {
        let slot = inputs.iter().position(|input| input.node == node).unwrap_or(usize::MAX);
        executable.set_input(slot, &values)?;
    }
    executable.run(NoiseAt { seed, step: 0, first_row: 0 })?;
    let all = names
        .iter()
        .enumerate()
        .map(|(i, site)| Rarest { site: site.to_string(), probability: executable.output(i)[0] });
    Ok(all.min_by(|a, b| a.probability.total_cmp(&b.probability)))
}

/// Probabilities of outcomes or events of a draw, the smallest of which may carry a mean; those that are 0 are not possible.
fn masses_of<'g>(engine: &'g Engine, distribution: &Distribution<'g>, event: &Shape) -> Vec<Expr<'g>> {
    let (family, parameters) = (distribution.family(), distribution.parameters());
    if let Some(masses) = family.masses(parameters) {
        return vec![masses];
    }
    let outcomes = family.outcomes(parameters).unwrap_or_default();
    if (1..=MOST_OUTCOMES).contains(&outcomes.len()) {
        let mass = |outcome: Vec<f64>| distribution.mass(engine.tensor(event.clone(), outcome));
        return outcomes.into_iter().map(mass).collect();
    }
    let Some(mean) = distribution.mean().filter(|_| family.support().is_discrete()) else { return vec![] };
    let not_zero = mean.minimum(1.0);
    match family.support() {
        Support::Subsets => vec![not_zero, 1.0 - not_zero],
        Support::BoundedCounts => vec![not_zero, (parameters[0] - mean).minimum(1.0)],
        Support::Counts | Support::Compositions => vec![not_zero],
        // Their masses are known, or they have no smallest one.
        Support::Boolean
        | Support::Indices
        | Support::OneHot
        | Support::Real
        | Support::Positive
        | Support::Interval { .. }
        | Support::UnitInterval
        | Support::Circle
        | Support::Simplex
        | Support::RealVector => vec![],
    }
}
