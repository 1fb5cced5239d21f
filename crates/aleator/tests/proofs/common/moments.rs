//! Exact moments of an estimate: all noise that can make a difference is enumerated or integrated.
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
//!
//! Where the estimate also depends on the noise within an outcome, a tanh–sinh rule integrates over it: over u between
//! the thresholds; for one-hot vectors over the smallest E / p, which is exponential, and how far the others are above it.

use std::collections::HashMap;

use aleator::distributions::{Distribution, Noise, Support};
use aleator::graph::Graph;
use aleator::rewrite::{EstimatorParam, Layout, SecondDerivatives, Tuning, build_with_second_derivatives};
use aleator_engine::graph::{NodeId, Shape, substitute};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{Brute, Evaluator, Shared, evaluate};

/// Nodes of the rule for a normal variable.
const HERMITE: usize = 12;
/// The most settings that one run evaluates side by side.
const SIDE_BY_SIDE: usize = 8192;

/// Moments of an estimate, all parameters one after another.
#[derive(Debug)]
pub struct Exactly {
    pub objective: f64,
    pub mean: Vec<f64>,
    pub variance: Vec<f64>,
    /// Fourth central moments.
    pub fourth: Vec<f64>,
}

/// What of the noise an estimate depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depends {
    /// The outcomes alone.
    Outcomes,
    /// A site's first stream.
    First,
    /// Its second stream as well.
    Both,
    /// The noise of all samples together, which is not summed over here.
    Coupled,
}

/// How moments are computed.
#[derive(Clone, Copy)]
pub struct How<'a> {
    pub depends: Depends,
    /// Nodes for each number within a cell.
    pub nodes: usize,
    /// Whether estimators also look at the mirrored noise 1 − u of coins.
    pub mirrored: bool,
    /// Where the cost jumps, for continuous sites: values of u.
    pub jumps: &'a [f64],
    /// The second derivatives whose moments take the place of those of the gradient.
    pub second: SecondDerivatives,
    /// The estimators' own parameters.
    pub own: &'a dyn Fn(&EstimatorParam) -> Vec<f64>,
}

/// Own parameters at their initial values.
pub fn initial(own: &EstimatorParam) -> Vec<f64> {
    own.initial.clone()
}

/// Own parameters off their initial values, all of them different. What NVIL divides by stays below 1, where it is unbiased.
pub fn elsewhere(own: &EstimatorParam) -> Vec<f64> {
    let salt = own.name.bytes().map(f64::from).sum::<f64>();
    let off = |i: usize| 0.6 * ((salt + i as f64) * 0.754_877_666).fract() - 0.2;
    if own.name.ends_with(".variance") {
        return vec![0.7];
    }
    own.initial.iter().enumerate().map(|(i, v)| v + off(i)).collect()
}

impl Default for How<'_> {
    fn default() -> Self {
        How {
            depends: Depends::Outcomes,
            nodes: 1,
            mirrored: false,
            jumps: &[],
            second: SecondDerivatives::None,
            own: &initial,
        }
    }
}

/// One setting of a site's noise: its two streams.
#[derive(Clone)]
struct Cell {
    streams: [Vec<f64>; 2],
    probability: f64,
}

impl Cell {
    fn new(uniforms: Vec<f64>, probability: f64) -> Self {
        // An estimate that looks at a second stream unforeseen becomes NaN.
        let unforeseen = vec![f64::NAN; uniforms.len()];
        Cell { streams: [uniforms, unforeseen], probability }
    }

    fn and(&self, other: &Cell) -> Cell {
        let joined = |i: usize| [&self.streams[i][..], &other.streams[i][..]].concat();
        Cell { streams: [joined(0), joined(1)], probability: self.probability * other.probability }
    }
}

/// Every combination of a cell of `a` and one of `b`.
fn combinations(a: &[Cell], b: &[Cell]) -> Vec<Cell> {
    a.iter().flat_map(|a| b.iter().map(move |b| a.and(b))).collect()
}

/// The exact moments of the estimate that `plan` gives with K samples, which depends on the outcomes alone.
pub fn exactly(graph: &Graph, plan: &[Shared], samples: usize) -> Exactly {
    exactly_by(graph, plan, samples, &How::default())
}

/// The number of settings that [`exactly_by`] goes through.
pub fn settings(graph: &Graph, samples: usize, how: &How<'_>) -> f64 {
    if how.depends == Depends::Coupled {
        return f64::INFINITY;
    }
    let count = |site| cells_of_site(graph, site, &How { nodes: 1, ..*how }).len() as f64;
    let numbers = |site: usize| {
        let def = &graph.sites()[site];
        let streams = if how.depends == Depends::Both { 2.0 } else { 1.0 };
        def.batch.numel() as f64 * noise_event(graph, site).iter().product::<usize>() as f64 * streams
    };
    let of = |site: usize| count(site) * (how.nodes as f64).powf(numbers(site));
    (0..graph.sites().len()).map(of).product::<f64>().powi(samples as i32)
}

/// The exact moments of the estimate that `plan` gives with K samples.
pub fn exactly_by(graph: &Graph, plan: &[Shared], samples: usize, how: &How<'_>) -> Exactly {
    let sites = graph.sites();
    let cells: Vec<Vec<Cell>> = (0..sites.len()).map(|site| cells_of_site(graph, site, how)).collect();
    let one: usize = cells.iter().map(Vec::len).product();
    let settings = one.pow(samples as u32);
    assert!(settings <= 400_000, "{settings} settings are too many");
    let chunk = settings.min(SIDE_BY_SIDE);
    let layout = Layout { samples, replicates: Some(chunk), tuning: Tuning::Held };
    let surrogate = build_with_second_derivatives(graph, plan, layout, how.second).unwrap();

    // Inputs in place of the noise, both streams of each site, of shape [chunk, K] + batch + event.
    let engine = &surrogate.graph;
    let mut replaced = HashMap::new();
    let mut streams: Vec<[NodeId; 2]> = Vec::new();
    for (number, site) in sites.iter().enumerate() {
        let event = noise_event(graph, number);
        let lead = Shape::from([chunk, samples]);
        let mut noise = Noise::new(engine, number as u32, lead.join(&site.batch));
        streams.push([0, 1].map(|stream| {
            let uniform = noise.uniform(&event);
            let given = engine.input(&format!("noise {stream} of {}", site.name), uniform.shape());
            replaced.insert(uniform.id(), given);
            given.id()
        }));
    }
    let derivatives =
        if how.second == SecondDerivatives::None { &surrogate.gradients } else { &surrogate.second };
    let outputs: Vec<NodeId> = [surrogate.objective].iter().chain(derivatives).copied().collect();
    let outputs: Vec<_> = outputs.into_iter().map(|id| substitute(engine, id, &mut replaced).id()).collect();
    let mut evaluator = Evaluator::within(graph, engine, &outputs);
    for own in &surrogate.own {
        evaluator.set(own.node, &(how.own)(own));
    }

    let mut probability = vec![1.0; settings];
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); outputs.len()];
    for from in (0..settings).step_by(chunk) {
        let mut data: Vec<[Vec<f64>; 2]> = vec![Default::default(); sites.len()];
        for setting in from..from + chunk {
            // The last chunk is filled up with settings that were there before.
            let mut rest = setting % settings;
            let mut p = 1.0;
            for _ in 0..samples {
                for (data, cells) in data.iter_mut().zip(&cells) {
                    let cell = &cells[rest % cells.len()];
                    rest /= cells.len();
                    data.iter_mut().zip(&cell.streams).for_each(|(d, s)| d.extend(s));
                    p *= cell.probability;
                }
            }
            probability[setting % settings] = p;
        }
        for (nodes, data) in streams.iter().zip(&data) {
            nodes.iter().zip(data).for_each(|(&node, values)| evaluator.set(node, values));
        }
        for (all, here) in values.iter_mut().zip(evaluator.run()) {
            all.extend(here);
        }
    }
    let objectives = values.remove(0);
    let expect = |f: &dyn Fn(usize) -> f64| -> f64 {
        // A setting without probability must not make 0 · ∞.
        probability.iter().enumerate().map(|(s, p)| if *p > 0.0 { p * f(s) } else { 0.0 }).sum()
    };
    let mut exactly =
        Exactly { objective: expect(&|s| objectives[s]), mean: vec![], variance: vec![], fourth: vec![] };
    for gradient in values {
        let size = gradient.len() / settings.next_multiple_of(chunk);
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
fn cells_of_site(graph: &Graph, site: usize, how: &How<'_>) -> Vec<Cell> {
    let draws = graph.sites()[site].batch.numel();
    (0..draws)
        .map(|draw| cells_of_draw(graph, site, draw, how))
        .fold(vec![Cell::new(vec![], 1.0)], |all, cells| combinations(&all, &cells))
}

fn cells_of_draw(graph: &Graph, site: usize, draw: usize, how: &How<'_>) -> Vec<Cell> {
    let def = &graph.sites()[site];
    let cells = match def.family.support() {
        Support::Boolean => {
            let mut brute = Brute::new(graph);
            let mean = brute.distribution(site).mean().unwrap();
            let mean = mean.broadcast_to(Shape::from([brute.count]).join(&def.batch));
            let p = evaluate(graph, &[mean]).remove(0);
            let p: Vec<f64> = p.into_iter().skip(draw).step_by(def.batch.numel()).collect();
            let mut thresholds: Vec<f64> = p.iter().map(|p| 1.0 - p).collect();
            thresholds.extend(p.iter().filter(|_| how.mirrored));
            between(&thresholds, how)
        }
        Support::Indices | Support::OneHot => {
            // Noise that decides against any logits of moderate size; constant parameters only.
            let parameters: Vec<_> = def.parameters.iter().map(|&p| graph.expr(p)).collect();
            let distribution = Distribution::new(def.family.clone(), parameters);
            let n = noise_event(graph, site)[0];
            let parameter = distribution.parameters()[0];
            let outcomes = def.family.outcomes(distribution.parameters()).unwrap();
            let p: Vec<f64> = (0..n)
                .map(|k| {
                    let value = graph.engine().tensor(def.event.clone(), outcomes[k].clone());
                    let value = value.broadcast_to(def.batch.join(&def.event));
                    let log_prob = distribution.log_prob(value);
                    assert_eq!(log_prob.shape(), def.batch, "{parameter:?}");
                    evaluate(graph, &[log_prob]).remove(0)[draw].exp()
                })
                .collect();
            match how.depends {
                Depends::Outcomes => (0..n)
                    .map(|k| {
                        let uniforms = (0..n).map(|i| if i == k { 1.0 - 1e-15 } else { 1e-300 }).collect();
                        Cell::new(uniforms, p[k])
                    })
                    .collect(),
                _ => (0..n).flat_map(|k| winning(k, &p, how)).collect(),
            }
        }
        _ if how.depends != Depends::Outcomes => between(how.jumps, how),
        Support::Real => {
            let normal = Normal::standard();
            let cell = |(x, w)| Cell::new(vec![normal.cdf(x)], w);
            gauss_hermite(HERMITE).into_iter().map(cell).collect()
        }
        other => panic!("no exact noise for {other:?}"),
    };
    if how.depends != Depends::Both {
        return cells;
    }
    let second = (0..cells[0].streams[0].len())
        .fold(vec![Cell::new(vec![], 1.0)], |all, _| combinations(&all, &between(&[], how)));
    let both = |first: &Cell, second: &Cell| Cell {
        streams: [first.streams[0].clone(), second.streams[0].clone()],
        probability: first.probability * second.probability,
    };
    cells.iter().flat_map(|a| second.iter().map(move |b| both(a, b))).collect()
}

/// Settings of one uniform number, which matters within the cells between thresholds as `how` says.
fn between(thresholds: &[f64], how: &How<'_>) -> Vec<Cell> {
    let mut thresholds = [thresholds, &[0.0, 1.0]].concat();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup_by(|a, b| (*a - *b).abs() < 1e-13);
    let rule = match how.depends {
        Depends::Outcomes => vec![(0.5, 0.5, 1.0)],
        _ => tanh_sinh(how.nodes),
    };
    let inside = |w: &[f64]| {
        let (low, high) = (w[0], w[1]);
        let gap = high - low;
        // From the nearer end: 1 − v keeps its digits.
        let at = move |v: f64, rest: f64| if v < 0.5 { low + gap * v } else { high - gap * rest };
        rule.iter().map(move |&(v, rest, w)| Cell::new(vec![at(v, rest)], gap * w)).collect::<Vec<_>>()
    };
    thresholds.windows(2).flat_map(inside).collect()
}

/// Noise with which outcome k wins: m = −log w₀ is the smallest of all E/p, hence E_k = p_k m, and the others are
/// Eᵢ = pᵢ m − log wᵢ.
fn winning(k: usize, p: &[f64], how: &How<'_>) -> Vec<Cell> {
    let rule = tanh_sinh(how.nodes);
    let log = |v: f64, rest: f64| if v < 0.5 { v.ln() } else { (-rest).ln_1p() };
    let logs: Vec<(f64, f64)> = rule.iter().map(|&(v, rest, w)| (log(v, rest), w)).collect();
    let smallest = logs.iter().map(|&(l, w)| (-l, Vec::new(), p[k] * w)).collect::<Vec<_>>();
    let settings = p.iter().enumerate().fold(smallest, |all, (i, p)| {
        let more = |(m, u, weight): &(f64, Vec<f64>, f64)| -> Vec<(f64, Vec<f64>, f64)> {
            let with = |(above, w): (f64, f64)| (*m, [&u[..], &[(above - p * m).exp()]].concat(), weight * w);
            if i == k { vec![with((0.0, 1.0))] } else { logs.iter().map(|&l| with(l)).collect() }
        };
        all.iter().flat_map(more).collect()
    });
    settings.into_iter().map(|(_, uniforms, weight)| Cell::new(uniforms, weight)).collect()
}

/// The tanh–sinh rule on (0, 1): nodes v with 1 − v and their weights, which sum to 1.
fn tanh_sinh(n: usize) -> Vec<(f64, f64, f64)> {
    // v = σ(π sinh t): what is beyond the last node is less than 1e-13.
    let last = (30.0 / std::f64::consts::PI).asinh();
    let nodes: Vec<(f64, f64, f64)> = (0..n)
        .map(|i| {
            let t = last * (2.0 * i as f64 / (n as f64 - 1.0) - 1.0);
            let y = std::f64::consts::PI * t.sinh();
            let (v, rest) = (1.0 / (1.0 + (-y).exp()), 1.0 / (1.0 + y.exp()));
            (v, rest, v * rest * t.cosh())
        })
        .collect();
    let total: f64 = nodes.iter().map(|n| n.2).sum();
    nodes.into_iter().map(|(v, rest, w)| (v, rest, w / total)).collect()
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
