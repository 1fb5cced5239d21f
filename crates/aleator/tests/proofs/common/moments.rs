//! Exact moments of an estimate: all noise that can make a difference is enumerated.
//!
//! The crate's own surrogate is built with one replicate for each joint setting of the noise of all K samples and all
//! sites; its uniform numbers are replaced by these settings; and its gradients are summed with the settings'
//! probabilities.
//!
//! ```text
//! Bernoulli           u between two neighbouring thresholds q that the site can ever have; probability: the gap
//! (OneHot)Categorical the Gumbel noise that makes one outcome win, at a site with constant parameters
//! Normal              u = Φ(x) at the nodes x of the Gauss–Hermite rule: exact for polynomials up to degree 2n − 1
//! ```

use std::collections::HashMap;

use aleator::distributions::{Distribution, Noise, Support};
use aleator::graph::{Graph, Layout, Tuning, build};
use aleator_engine::graph::{NodeId, Shape, substitute};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{Brute, Shared, evaluate};

/// Nodes of the rule for a normal variable.
const HERMITE: usize = 12;

/// Moments of an estimate, all parameters one after another.
#[derive(Debug)]
pub struct Exactly {
    pub objective: f64,
    pub mean: Vec<f64>,
    pub variance: Vec<f64>,
    /// Fourth central moments.
    pub fourth: Vec<f64>,
}

/// One setting of a site's noise.
#[derive(Clone)]
struct Cell {
    uniforms: Vec<f64>,
    probability: f64,
}

/// The exact moments of the estimate that `plan` gives with K samples.
pub fn exactly(graph: &Graph, plan: &[Shared], samples: usize) -> Exactly {
    let sites = graph.sites();
    let cells: Vec<Vec<Cell>> = (0..sites.len()).map(|site| cells_of_site(graph, site)).collect();
    let one: usize = cells.iter().map(Vec::len).product();
    let settings = one.pow(samples as u32);
    assert!(settings <= 200_000, "{settings} settings are too many");
    let layout = Layout { samples, replicates: Some(settings), tuning: Tuning::Held };
    let surrogate = build(graph, plan, layout).unwrap();

    // For each site the noise of all settings, shape [settings, K] + batch + event.
    let mut data: Vec<Vec<f64>> = vec![Vec::new(); sites.len()];
    let mut probability = vec![1.0; settings];
    for (setting, p) in probability.iter_mut().enumerate() {
        let mut rest = setting;
        for _ in 0..samples {
            for (site, cells) in cells.iter().enumerate() {
                let cell = &cells[rest % cells.len()];
                rest /= cells.len();
                data[site].extend(&cell.uniforms);
                *p *= cell.probability;
            }
        }
    }
    let engine = graph.engine();
    let mut replaced = HashMap::new();
    for (number, site) in sites.iter().enumerate() {
        let event = noise_event(graph, number);
        let lead = Shape::from([settings, samples]);
        let noise = Noise::new(engine, number as u32, lead.join(&site.batch)).uniform(&event);
        let given = engine.tensor(noise.shape(), std::mem::take(&mut data[number]));
        replaced.insert(noise.id(), given);
    }
    let outputs: Vec<NodeId> = [surrogate.objective].into_iter().chain(surrogate.gradients).collect();
    let outputs: Vec<_> = outputs.into_iter().map(|id| substitute(engine, id, &mut replaced)).collect();
    let mut values = evaluate(graph, &outputs);
    let objectives = values.remove(0);
    let expect = |f: &dyn Fn(usize) -> f64| -> f64 {
        // A setting without probability must not make 0 · ∞.
        probability.iter().enumerate().map(|(s, p)| if *p > 0.0 { p * f(s) } else { 0.0 }).sum()
    };
    let mut exactly =
        Exactly { objective: expect(&|s| objectives[s]), mean: vec![], variance: vec![], fourth: vec![] };
    for gradient in values {
        let size = gradient.len() / settings;
        for i in 0..size {
            let mean = expect(&|s| gradient[s * size + i]);
            let central = |power: i32| expect(&|s| (gradient[s * size + i] - mean).powi(power));
            exactly.mean.push(mean);
            exactly.variance.push(central(2));
            exactly.fourth.push(central(4));
        }
    }
    exactly
}

/// The event axes of a site's noise.
fn noise_event(graph: &Graph, site: usize) -> Vec<usize> {
    let def = &graph.sites()[site];
    match def.family.support() {
        Support::Indices | Support::OneHot => vec![graph.expr(def.parameters[0]).shape().from_end(0)],
        _ => vec![],
    }
}

/// All combinations of the cells of a site's draws.
fn cells_of_site(graph: &Graph, site: usize) -> Vec<Cell> {
    let draws = graph.sites()[site].batch.numel();
    (0..draws).map(|draw| cells_of_draw(graph, site, draw)).fold(
        vec![Cell { uniforms: vec![], probability: 1.0 }],
        |all, cells| {
            let both = |a: &Cell, b: &Cell| Cell {
                uniforms: [&a.uniforms[..], &b.uniforms[..]].concat(),
                probability: a.probability * b.probability,
            };
            all.iter().flat_map(|a| cells.iter().map(move |b| both(a, b))).collect()
        },
    )
}

fn cells_of_draw(graph: &Graph, site: usize, draw: usize) -> Vec<Cell> {
    let def = &graph.sites()[site];
    match def.family.support() {
        Support::Boolean => {
            let mut brute = Brute::new(graph);
            let mean = brute.distribution(site).mean().unwrap();
            let mean = mean.broadcast_to(Shape::from([brute.count]).join(&def.batch));
            let p = evaluate(graph, &[mean]).remove(0);
            let mut thresholds: Vec<f64> =
                p.iter().skip(draw).step_by(def.batch.numel()).map(|p| 1.0 - p).collect();
            thresholds.extend([0.0, 1.0]);
            thresholds.sort_by(f64::total_cmp);
            thresholds.dedup_by(|a, b| (*a - *b).abs() < 1e-13);
            thresholds
                .windows(2)
                .map(|w| Cell { uniforms: vec![0.5 * (w[0] + w[1])], probability: w[1] - w[0] })
                .collect()
        }
        Support::Indices | Support::OneHot => {
            // Noise that decides against any logits of moderate size; constant parameters only.
            let parameters: Vec<_> = def.parameters.iter().map(|&p| graph.expr(p)).collect();
            let distribution = Distribution::new(def.family.clone(), parameters);
            let n = noise_event(graph, site)[0];
            let parameter = distribution.parameters()[0];
            let outcomes = def.family.outcomes(distribution.parameters()).unwrap();
            (0..n)
                .map(|k| {
                    let value = graph.engine().tensor(def.event.clone(), outcomes[k].clone());
                    let value = value.broadcast_to(def.batch.join(&def.event));
                    let log_prob = distribution.log_prob(value);
                    assert_eq!(log_prob.shape(), def.batch, "{parameter:?}");
                    let probability = evaluate(graph, &[log_prob]).remove(0)[draw].exp();
                    let uniforms = (0..n).map(|i| if i == k { 1.0 - 1e-15 } else { 1e-300 }).collect();
                    Cell { uniforms, probability }
                })
                .collect()
        }
        Support::Real => {
            let normal = Normal::standard();
            gauss_hermite(HERMITE)
                .into_iter()
                .map(|(x, w)| Cell { uniforms: vec![normal.cdf(x)], probability: w })
                .collect()
        }
        other => panic!("no exact noise for {other:?}"),
    }
}

/// Nodes and weights for E f(X), X standard normal: Newton's method on the orthonormal Hermite polynomials.
fn gauss_hermite(n: usize) -> Vec<(f64, f64)> {
    // h_n and its derivative √n h_{n−1}.
    let h = |x: f64| {
        let (mut before, mut here) = (0.0, 1.0);
        for k in 0..n {
            let k = k as f64;
            (before, here) = (here, (x * here - k.sqrt() * before) / (k + 1.0).sqrt());
        }
        (here, (n as f64).sqrt() * before, before)
    };
    // Roots interlace and are simple: look for changes of sign.
    let steps = 4000;
    let at = |i: usize| -9.0 + 18.0 * (i as f64 + 0.37) / steps as f64;
    (0..steps)
        .filter(|&i| h(at(i)).0 * h(at(i + 1)).0 < 0.0)
        .map(|i| {
            let root = (0..50).fold(0.5 * (at(i) + at(i + 1)), |x, _| x - h(x).0 / h(x).1);
            (root, 1.0 / (n as f64 * h(root).2.powi(2)))
        })
        .collect()
}
