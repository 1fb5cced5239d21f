//! How the time of a compilation grows with the nodes of the surrogate.

use std::sync::Arc;
use std::time::Instant;

use aleator::distributions::{Bernoulli, Normal};
use aleator::estimators::{Estimator, Pathwise, ReinforceLoo};
use aleator::graph::Graph;
use aleator::rewrite::{Layout, Tuning, build};
use aleator::{Options, Program};
use serde::Serialize;

use crate::error::Result;
use crate::rounds::Effort;
use crate::statistics::{exponent, median};

/// A kind of graph at several sizes.
#[derive(Clone, Debug, Serialize)]
pub struct Compilation {
    /// What is compiled.
    pub of: &'static str,
    /// Nodes of the surrogate.
    pub nodes: Vec<usize>,
    /// Milliseconds of a compilation, from the graph to the program.
    pub milliseconds: Vec<f64>,
    /// α in time = c · nodesᵅ.
    pub exponent: f64,
}

/// Sites of each graph: surrogates of about 10³, 10⁴ and 10⁵ nodes.
const SITES: [usize; 3] = [40, 400, 4000];
const SAMPLES: usize = 2;

type Make = fn(&Graph, usize) -> Arc<dyn Estimator>;

/// Compilations of a chain of normal draws and of as many independent Bernoulli draws.
///
/// # Errors
/// If a graph cannot be compiled.
pub fn compilations(effort: Effort, progress: &dyn Fn(&str)) -> Result<Vec<Compilation>> {
    let kinds: [(&'static str, Make); 2] =
        [("chain of normal draws, pathwise", chain), ("independent Bernoulli draws, leave-one-out", apart)];
    kinds
        .into_iter()
        .map(|(of, make)| {
            progress(of);
            let (mut nodes, mut times) = (Vec::new(), Vec::new());
            for sites in SITES {
                let graph = Graph::new();
                let plan = vec![make(&graph, sites); sites];
                let layout = Layout { samples: SAMPLES, replicates: None, tuning: Tuning::Held };
                nodes.push(build(&graph, &plan, layout)?.graph.len());
                let mut seconds = Vec::new();
                for _ in 0..effort.rounds {
                    let start = Instant::now();
                    Program::<f64>::compile(&graph, &plan, &Options::new().samples(SAMPLES))?;
                    seconds.push(start.elapsed().as_secs_f64());
                }
                times.push(median(&seconds));
            }
            let points: Vec<(f64, f64)> = nodes.iter().zip(&times).map(|(&n, &t)| (n as f64, t)).collect();
            let milliseconds = times.iter().map(|t| t * 1e3).collect();
            Ok(Compilation { of, nodes, milliseconds, exponent: exponent(&points) })
        })
        .collect()
}

/// x₁ ~ N(θ, 1), xᵢ₊₁ ~ N(xᵢ, 1), and a cost of the last.
fn chain(graph: &Graph, sites: usize) -> Arc<dyn Estimator> {
    let mut last = graph.param("theta", 0.5);
    for i in 0..sites {
        last = graph.sample(&format!("x{i}"), Normal::new(last, 1.0));
    }
    graph.cost("loss", (last - 1.0).square());
    Arc::new(Pathwise)
}

/// bᵢ ~ Bernoulli(σ(θ)), each with a cost of its own.
fn apart(graph: &Graph, sites: usize) -> Arc<dyn Estimator> {
    let theta = graph.param("theta", 0.5);
    for i in 0..sites {
        let b = graph.sample(&format!("b{i}"), Bernoulli::from_logits(theta));
        graph.cost(&format!("loss{i}"), (b - 0.45).square() * (1.0 + i as f64));
    }
    Arc::new(ReinforceLoo)
}
