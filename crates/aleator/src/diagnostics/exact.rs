//! The exact objective and gradient, where they can be had without sampling.
//!
//! Finite sites are enumerated. A continuous site whose draw is a smooth function of uniform numbers u is integrated by
//! the tanh-sinh rule
//!
//! ```text
//! ∫₀¹ f(u) du  ≈  h Σ_j f(u_j) w_j,    u(t) = 1/(1 + e^(−π sinh t)),   w = π cosh t · u (1 − u)
//! ```
//!
//! which puts the nodes where the noise would stand, so that gradients follow pathwise. Two rules of different size must
//! agree; their difference bounds the error. Where a cost jumps with the sample, or there are too many dimensions, there
//! is no exact answer.

use std::f64::consts::PI;
use std::sync::Arc;

use super::report::{Exact, Tensor};
use crate::error::{Error, Result};
use crate::estimators::{Bias, Enumeration, Estimator, Properties, SiteInfo, Smoothness, outcome_count};
use crate::graph::{Draw, Graph, MOST_ALTERNATIVES, Plan, Site, jump};
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
        u32::try_from(site.coupled_draws)
            .ok()
            .and_then(|draws| self.nodes.len().checked_pow(draws))
            .filter(|&n| n <= MOST_ALTERNATIVES)
            .map(Some)
            .ok_or_else(|| "too many dimensions".into())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<Draw<'g>> {
        Ok(site.quadrature(&self.nodes, &self.weights))
    }
}

/// What a rule gave: the objective and the gradient of each parameter.
struct Values {
    objective: f64,
    gradient: Vec<Vec<f64>>,
}

/// Relative agreement that two quadrature rules must reach.
const AGREEMENT: f64 = 1e-9;

/// The exact answer; its method is `None` where there is none.
///
/// # Errors
/// If the graph holds an error or a distribution's parameter is outside its domain.
pub fn exact(graph: &Graph) -> Result<Exact> {
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
    let solve = |nodes: usize| -> Result<Option<(Values, bool)>> {
        let Some(plan) = deterministic_plan(graph, &Quadrature::of_size(nodes))? else { return Ok(None) };
        Ok(evaluate(graph, &plan.estimators)?.map(|values| (values, plan.integrates)))
    };
    let Some((first, integrates)) = solve(41)? else { return Ok(Exact::default()) };
    if !integrates {
        return Ok(answer("enumeration", first));
    }
    let Some((second, _)) = solve(81)? else { return Ok(Exact::default()) };
    let close = |a: f64, b: f64| (a - b).abs() <= AGREEMENT * b.abs().max(1.0);
    let pairs = first.gradient.iter().flatten().zip(second.gradient.iter().flatten());
    let agree = close(first.objective, second.objective) && pairs.into_iter().all(|(a, b)| close(*a, *b));
    Ok(if agree { answer("quadrature", second) } else { Exact::default() })
}

/// A plan without randomness.
struct Deterministic {
    estimators: Vec<Arc<dyn Estimator>>,
    /// Whether it integrates somewhere.
    integrates: bool,
}

/// A plan without randomness; `None` where some site allows none.
fn deterministic_plan(graph: &Graph, rule: &Quadrature) -> Result<Option<Deterministic>> {
    let choices = Plan::choose_with(graph, |info, def, used| {
        if !used || outcome_count(info).is_ok() {
            return Some(if def.family.support().is_discrete() {
                Arc::new(Enumeration) as Arc<dyn Estimator>
            } else {
                Arc::new(rule.clone())
            });
        }
        let smooth = def.family.is_reparameterized() && jump(graph, def).is_none();
        smooth.then(|| Arc::new(rule.clone()) as Arc<dyn Estimator>)
    })?;
    let integrates = choices
        .iter()
        .any(|c| c.used && c.estimator.as_ref().is_some_and(|e| e.properties().name == PROPERTIES.name));
    let estimators = choices.into_iter().map(|c| c.estimator).collect::<Option<Vec<_>>>();
    Ok(estimators.map(|estimators| Deterministic { estimators, integrates }))
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
