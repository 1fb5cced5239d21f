//! The exact objective and gradient, where they can be had without sampling.
//!
//! Finite sites are enumerated. A continuous site whose draw is a smooth function of uniform numbers u is integrated by
//! the tanh-sinh rule
//!
//! ```text
//! ∫₀¹ f(u) du  ≈  h Σ_j f(u_j) w_j,    u(t) = 1/(1 + e^(−π sinh t)),   w = π cosh t · u (1 − u)
//! ```
//!
//! which puts the nodes where the noise would stand, so that gradients follow pathwise. Where the draw is no such function,
//! the density is integrated instead, by the double exponential rule
//!
//! ```text
//! ∫ p(z) F(z) dz  ≈  h Σ_j p(z_j) F(z_j) z'(x_j) π cosh t_j,    z_j = z(x_j),   x_j = π sinh t_j
//! ```
//!
//! with a smooth map z(x) of the real line onto the support (`Family::chart`), and gradients follow from p. Two rules of
//! different size must agree; their difference bounds the error. Counts that have no end are enumerated from 0 to K − 1,
//! where K times the mass of the last one bounds the neglected mass by 10⁻¹⁵, and twice as many must give the same. Where
//! a cost jumps with a continuous sample, or there are too many dimensions or outcomes, there is no exact answer.

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::{NodeId, ancestors};

use super::report::{Exact, Tensor};
use crate::distributions::Support;
use crate::error::{Error, Result};
use crate::estimators::{Bias, Enumeration, Estimator, Properties, SiteInfo, Smoothness, outcome_count};
use crate::graph::{Draw, Graph, MOST_ALTERNATIVES, Plan, Site, jump, moves_a_jump};
use crate::program::{Options, Program};

/// The tanh-sinh rule as an estimator: a grid in place of the noise.
#[derive(Clone, Debug)]
struct Quadrature {
    nodes: Vec<f64>,
    weights: Vec<f64>,
}

static PROPERTIES: Properties = Properties {
    name: "quadrature",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "a deterministic integration rule in place of the noise",
    formula: "sum_j w_j F(T(u_j))",
    distributions: "differentiable transforms of uniform noise",
    requires: "F smooth",
    evaluations: "number of nodes",
    smoothness: Smoothness::AtSample,
    advice: "internal: gives the exact values that estimates are compared with",
    options: "",
    reference: "",
};

impl Quadrature {
    /// Nodes from −3.1 to 3.1 in t; beyond, weights are below the rounding of 1 − u.
    fn of_size(n: usize) -> Self {
        let h = 6.2 / (n - 1) as f64;
        let (nodes, weights) = (0..n)
            .map(|j| {
                let t = -3.1 + h * j as f64;
                let x = PI * t.sinh();
                let (u, rest) = (1.0 / (1.0 + (-x).exp()), 1.0 / (1.0 + x.exp()));
                (u.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0), h * PI * t.cosh() * u * rest)
            })
            .unzip();
        Quadrature { nodes, weights }
    }
}

impl Estimator for Quadrature {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn serves(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn alternatives(&self, site: &SiteInfo<'_, '_>) -> Result<Option<usize>, String> {
        let dimensions = site.coupled_draws.saturating_mul(site.distribution.event_shape().numel());
        alternatives(self.nodes.len(), dimensions)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<Draw<'g>> {
        Ok(site.quadrature(&self.nodes, &self.weights))
    }
}

/// Values that do not move with the parameters: the first counts, or a rule over the real line, mapped onto the support.
#[derive(Clone, Debug)]
struct FixedNodes {
    nodes: Vec<f64>,
    weights: Vec<f64>,
}

static FIXED_NODES: Properties = Properties {
    name: "fixed_nodes",
    summary: "values of the support weighted by their probability or density",
    formula: "sum_j w_j p(z_j; theta) F(z_j)",
    distributions: "counts, and numbers with a smooth density",
    requires: "F smooth, or nothing where it is summed",
    smoothness: Smoothness::NotNeeded,
    ..PROPERTIES
};

impl FixedNodes {
    /// 0, …, n − 1
    fn counts(n: usize) -> Self {
        FixedNodes { nodes: (0..n).map(|k| k as f64).collect(), weights: vec![1.0; n] }
    }

    /// x = π sinh t, from −3.1 to 3.1 in t: beyond |x| = 35 there is nothing left of an exponential.
    fn on_the_line(n: usize) -> Self {
        let h = 6.2 / (n - 1) as f64;
        let t = |j: usize| -3.1 + h * j as f64;
        let rule = (0..n).map(|j| (PI * t(j).sinh(), h * PI * t(j).cosh()));
        let (nodes, weights) = rule.unzip();
        FixedNodes { nodes, weights }
    }
}

impl Estimator for FixedNodes {
    fn properties(&self) -> &'static Properties {
        &FIXED_NODES
    }

    fn serves(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn alternatives(&self, site: &SiteInfo<'_, '_>) -> Result<Option<usize>, String> {
        alternatives(self.nodes.len(), site.coupled_draws)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<Draw<'g>> {
        site.fixed_nodes(&self.nodes, &self.weights)
    }
}

/// nodes^dimensions, if they are not too many.
fn alternatives(nodes: usize, dimensions: usize) -> Result<Option<usize>, String> {
    u32::try_from(dimensions)
        .ok()
        .and_then(|dimensions| nodes.checked_pow(dimensions))
        .filter(|&n| n <= MOST_ALTERNATIVES)
        .map(Some)
        .ok_or_else(|| "too many dimensions".into())
}

/// What a rule gave: the objective and the gradient of each parameter.
struct Values {
    objective: f64,
    gradient: Vec<Vec<f64>>,
}

/// Relative agreement that two quadrature rules must reach.
const AGREEMENT: f64 = 1e-9;
/// How many outcomes of infinitely many are tried first.
const FEW_COUNTS: usize = 64;
/// How many times as many are tried for a count whose parameters depend on another count.
const ROOM_BELOW: usize = 8;

/// The exact answer; its method is `None` where there is none.
///
/// # Errors
/// If the graph holds an error or a distribution's parameter is outside its domain.
pub fn exact(graph: &Graph) -> Result<Exact> {
    // A rule at fixed nodes misses what passes over a moving boundary, as estimators do.
    if moves_a_jump(graph) {
        return Ok(Exact::default());
    }
    let params = graph.params();
    let answer = |method: &'static str, values: Values| Exact {
        method: Some(method),
        objective: Some(values.objective.into()),
        gradient: params
            .iter()
            .zip(values.gradient)
            .map(|(p, g)| {
                let values = g.into_iter().map(Into::into).collect();
                (p.name.clone(), Tensor { shape: p.shape.to_vec(), values })
            })
            .collect(),
    };
    // Coarse first: what it cannot do, the fine rule cannot either.
    let solve = |nodes: usize, counts: usize| -> Result<Option<(Values, Deterministic)>> {
        let Some(plan) = deterministic_plan(graph, &Quadrature::of_size(nodes), counts)? else {
            return Ok(None);
        };
        Ok(evaluate(graph, &plan.estimators)?.map(|values| (values, plan)))
    };
    let mut counts = FEW_COUNTS;
    while let Some((first, plan)) = solve(41, counts)? {
        let method = if plan.integrates { "quadrature" } else { "enumeration" };
        if !plan.integrates && !plan.truncates {
            return Ok(answer(method, first));
        }
        // NaN where too few counts hold the mass.
        if !first.objective.is_nan() || !plan.truncates {
            let Some((second, _)) = solve(81, 2 * counts)? else { break };
            let close = |a: f64, b: f64| (a - b).abs() <= AGREEMENT * b.abs().max(1.0);
            let pairs = first.gradient.iter().flatten().zip(second.gradient.iter().flatten());
            if close(first.objective, second.objective) && pairs.into_iter().all(|(a, b)| close(*a, *b)) {
                return Ok(answer(method, second));
            }
        }
        if !plan.truncates {
            break;
        }
        counts *= 4;
    }
    Ok(Exact::default())
}

/// A plan without randomness.
struct Deterministic {
    estimators: Vec<Arc<dyn Estimator>>,
    /// Whether it integrates somewhere.
    integrates: bool,
    /// Whether it cuts infinitely many counts.
    truncates: bool,
}

/// A plan without randomness, with `counts` outcomes where there are infinitely many; `None` where some site allows none.
fn deterministic_plan(graph: &Graph, rule: &Quadrature, counts: usize) -> Result<Option<Deterministic>> {
    let (mut integrates, mut truncated): (bool, Vec<(NodeId, usize)>) = (false, Vec::new());
    let choices = Plan::choose_with(graph, |info, def, used| {
        let (family, parameters) = (info.distribution.family(), info.distribution.parameters());
        let discrete = family.support().is_discrete();
        if !used || outcome_count(info).is_ok() {
            return Some(if discrete {
                Arc::new(Enumeration) as Arc<dyn Estimator>
            } else {
                Arc::new(rule.clone())
            });
        }
        if matches!(family.support(), Support::Counts | Support::BoundedCounts) {
            // A count below another one may be larger: it has more room.
            let needed = ancestors(graph.engine(), &def.parameters);
            let above = truncated.iter().filter(|(value, _)| needed[value.index()]).map(|(_, n)| *n).max();
            let n = above.map_or(counts, |n: usize| n.saturating_mul(ROOM_BELOW));
            truncated.push((def.value, n));
            return (n <= MOST_ALTERNATIVES).then(|| Arc::new(FixedNodes::counts(n)) as Arc<dyn Estimator>);
        }
        if discrete || jump(graph, def).is_some() {
            return None;
        }
        integrates = true;
        let origin = graph.engine().scalar(0.0);
        if family.is_reparameterized() {
            Some(Arc::new(rule.clone()))
        } else if family.chart(parameters, origin).is_some() {
            Some(Arc::new(FixedNodes::on_the_line(4 * rule.nodes.len() - 3)))
        } else {
            None
        }
    })?;
    let estimators = choices.into_iter().collect::<Option<Vec<_>>>();
    let truncates = !truncated.is_empty();
    Ok(estimators.map(|estimators| Deterministic { estimators, integrates, truncates }))
}

fn evaluate(graph: &Graph, plan: &[Arc<dyn Estimator>]) -> Result<Option<Values>> {
    let mut program = match Program::<f64>::compile(graph, plan, &Options::new().samples(1)) {
        Ok(program) => program,
        // Too many alternatives, too much memory, or a black box on the way: no exact answer.
        Err(Error::Unsuitable { .. } | Error::Engine(_)) => return Ok(None),
        Err(other) => return Err(other),
    };
    let places = program.params().count();
    let estimate = program.run()?;
    Ok(Some(Values {
        objective: estimate.objective(),
        gradient: (0..places).map(|i| estimate.gradient_at(i).to_vec()).collect(),
    }))
}
