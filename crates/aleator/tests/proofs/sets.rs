//! Distinct outcomes as samples: exact means and variances over all orders, rotations and thresholds, and mistakes that are seen.
//!
//! The noise that K samples share is replaced by settings: an ordered set (b₁, …, b_K) with the probability Π p(bⱼ)/(1 − Σ_{i<j} p(bᵢ)),
//! or, where the estimate depends on the largest X of the others, κ, a set and κ at the nodes of a quadrature over v =
//! exp(−P(others) e^(−κ)), with the probability Π q(s). Both with each of the K rotations. No function of the crate computes these.

use std::collections::HashMap;

use aleator::distributions::Noise;
use aleator::estimators::{Estimator, GradientTerm, Properties, SiteInfo, UnorderedSet};
use aleator::graph::Graph;
use aleator::prelude::{Bernoulli, Categorical, Normal, OneHotCategorical};
use aleator::rewrite::{Cone, Layout, Site, SiteValue, Tuning, build};
use aleator_engine::graph::{NodeId, Shape, substitute};

use crate::common::*;

/// The noise of one site in one setting: its probability, and its streams one after another.
type Cell = (f64, Vec<Vec<f64>>);

const ROTATIONS: bool = true;

/// The Gumbel noise u for which log p + γ = x.
fn uniform(p: f64, x: f64) -> f64 {
    (-(-(x - p.ln())).exp()).exp()
}

/// All ordered choices of K from the outcomes in `from`.
fn orders(from: &[usize], k: usize) -> Vec<Vec<usize>> {
    if k == 0 {
        return vec![vec![]];
    }
    let after = |&first: &usize| {
        let rest: Vec<usize> = from.iter().copied().filter(|&i| i != first).collect();
        orders(&rest, k - 1).into_iter().map(move |tail| [&[first][..], &tail].concat()).collect::<Vec<_>>()
    };
    from.iter().flat_map(after).collect()
}

/// With rotations by r of K places, or only by 0.
fn rotated(cells: Vec<(f64, Vec<f64>)>, k: usize, rotations: bool) -> Vec<Cell> {
    let turns = if rotations { k } else { 1 };
    let each = |(p, u): (f64, Vec<f64>)| {
        (0..turns).map(move |r| (p / turns as f64, vec![u.clone(), vec![(r as f64 + 0.5) / k as f64]]))
    };
    cells.into_iter().flat_map(each).collect()
}

/// The settings of one draw by order.
fn by_order(p: &[f64], k: usize, rotations: bool) -> Vec<Cell> {
    let all: Vec<usize> = (0..p.len()).filter(|&i| p[i] > 0.0).collect();
    let least = k.min(all.len());
    let cell = |order: Vec<usize>| {
        let mut left = 1.0;
        let mut probability = 1.0;
        for &i in &order {
            probability *= p[i] / left;
            left -= p[i];
        }
        let x = |i: usize| match order.iter().position(|&j| j == i) {
            Some(place) => 4.0 + (least - place) as f64,
            None => 3.0 - 0.1 * i as f64,
        };
        (probability, (0..p.len()).map(|i| if p[i] > 0.0 { uniform(p[i], x(i)) } else { 0.5 }).collect())
    };
    rotated(orders(&all, least).into_iter().map(cell).collect(), k, rotations)
}

/// The settings of one draw of which K − 1 outcomes are the most probable ones.
fn by_sample(p: &[f64], k: usize) -> Vec<Cell> {
    let mut sorted: Vec<usize> = (0..p.len()).collect();
    sorted.sort_by(|&i, &j| p[j].total_cmp(&p[i]).then(i.cmp(&j)));
    let rest = &sorted[k - 1..];
    let total: f64 = rest.iter().map(|&i| p[i]).sum();
    let cell = |&v: &usize| {
        let u = (0..p.len()).map(|i| uniform(p[i], if i == v { 5.0 } else { 3.0 - 0.1 * i as f64 }));
        (p[v] / total, u.collect())
    };
    rotated(rest.iter().map(cell).collect(), k, ROTATIONS)
}

/// The settings of one draw by set and threshold.
fn by_threshold(p: &[f64], k: usize) -> Vec<Cell> {
    let n = p.len();
    if k == n {
        return by_order(p, k, ROTATIONS);
    }
    let mut cells = Vec::new();
    for set in (0..1usize << n).filter(|set| set.count_ones() as usize == k) {
        let inside = |i: usize| set >> i & 1 == 1;
        let rest: f64 = (0..n).filter(|&i| !inside(i)).map(|i| p[i]).sum();
        // tanh–sinh over v, with 1 − v kept apart.
        let step = 0.09;
        for node in -38..=38 {
            let t = step * f64::from(node);
            let s = std::f64::consts::FRAC_PI_2 * t.sinh();
            // Beyond, u would round to 1; what is left there has a mass below 1e-13.
            if s > 16.0 {
                continue;
            }
            let log_v = -(-2.0 * s).exp().ln_1p();
            let weight = step * std::f64::consts::PI * t.cosh() / (2.0 * s.cosh()).powi(2);
            let kappa = -(-log_v / rest).ln();
            let q: f64 = (0..n).filter(|&i| inside(i)).map(|i| -(-p[i] * (-kappa).exp()).exp_m1()).product();
            let mut found = 0;
            let x = (0..n).map(|i| {
                if inside(i) {
                    return kappa + 1.0 + i as f64;
                }
                found += 1;
                if found == 1 { kappa } else { kappa - 0.1 * found as f64 }
            });
            let u = x.collect::<Vec<_>>().into_iter().enumerate().map(|(i, x)| uniform(p[i], x)).collect();
            cells.push((weight * q, u));
        }
    }
    rotated(cells, k, ROTATIONS)
}

/// The settings of a coin for K samples; the probabilities of 1 are `p`.
fn coins(p: f64, k: usize) -> Vec<Cell> {
    let cell = |outcome: usize| {
        let bit = |s: usize| outcome >> s & 1 == 1;
        let probability = (0..k).map(|s| if bit(s) { p } else { 1.0 - p }).product();
        (probability, vec![(0..k).map(|s| if bit(s) { 1.0 - 0.5 * p } else { 0.5 * (1.0 - p) }).collect()])
    };
    (0..1usize << k).map(cell).collect()
}

/// Independent draws of one site: the streams of each one after another.
fn product(draws: &[Vec<Cell>]) -> Vec<Cell> {
    let mut all: Vec<Cell> = vec![(1.0, vec![vec![], vec![]])];
    for draw in draws {
        let join = |a: &[Vec<f64>], b: &[Vec<f64>]| {
            a.iter().zip(b).map(|(a, b)| [&a[..], b].concat()).collect::<Vec<_>>()
        };
        all = (all.iter()).flat_map(|(p, a)| draw.iter().map(move |(q, b)| (p * q, join(a, b)))).collect();
    }
    all
}

/// How the noise of a site is read.
#[derive(Clone, Copy)]
enum Kind {
    /// One stream for each sample.
    Plain,
    /// Two streams, shared by the samples, the first with n numbers.
    Set(usize),
}

struct Moments {
    objective: f64,
    mean: Vec<f64>,
    variance: Vec<f64>,
}

/// The moments of a plan over all combinations of the settings of each site.
fn moments(g: &Graph, plan: &[Shared], k: usize, noise: &[(Kind, Vec<Cell>)]) -> Moments {
    let r: usize = noise.iter().map(|(_, cells)| cells.len()).product();
    assert!(r < 120_000, "{r}");
    let surrogate = build(g, plan, Layout { samples: k, replicates: Some(r), tuning: Tuning::Held }).unwrap();
    let engine = &surrogate.graph;
    let mut replaced = HashMap::new();
    let mut inputs: Vec<Vec<NodeId>> = Vec::new();
    for (number, (site, (kind, _))) in g.sites().iter().zip(noise).enumerate() {
        let (samples, events) = match kind {
            Kind::Plain => (k, vec![vec![]]),
            Kind::Set(n) => (1, vec![vec![*n], vec![]]),
        };
        let mut source = Noise::new(engine, number as u32, Shape::from([r, samples]).join(&site.batch));
        let stream = |event: &Vec<usize>| {
            let uniform = source.uniform(event);
            let given = engine.input(&format!("{} {event:?}", site.name), uniform.shape());
            replaced.insert(uniform.id(), given);
            given.id()
        };
        inputs.push(events.iter().map(stream).collect());
    }
    let outputs: Vec<NodeId> = [surrogate.objective].iter().chain(&surrogate.gradients).copied().collect();
    let outputs: Vec<NodeId> =
        outputs.into_iter().map(|id| substitute(engine, id, &mut replaced).id()).collect();
    let mut evaluator = Evaluator::within(g, engine, &outputs);
    let mut probability = vec![1.0; r];
    let mut data: Vec<Vec<Vec<f64>>> = inputs.iter().map(|i| vec![vec![]; i.len()]).collect();
    for (setting, probability) in probability.iter_mut().enumerate() {
        let mut rest = setting;
        for ((_, cells), data) in noise.iter().zip(&mut data) {
            let (p, streams) = &cells[rest % cells.len()];
            rest /= cells.len();
            *probability *= p;
            data.iter_mut().zip(streams).for_each(|(data, stream)| data.extend(stream));
        }
    }
    for (nodes, data) in inputs.iter().zip(&data) {
        nodes.iter().zip(data).for_each(|(&node, data)| evaluator.set(node, data));
    }
    let total: f64 = probability.iter().sum();
    assert!((total - 1.0).abs() < 1e-9, "{total}");
    let mut values = evaluator.run();
    let objectives = values.remove(0);
    let expect =
        |f: &dyn Fn(usize) -> f64| -> f64 { probability.iter().enumerate().map(|(s, p)| p * f(s)).sum() };
    let mut all = Moments { objective: expect(&|s| objectives[s]), mean: vec![], variance: vec![] };
    for gradient in values {
        let size = gradient.len() / r;
        for i in 0..size {
            let mean = expect(&|s| gradient[s * size + i]);
            all.mean.push(mean);
            all.variance.push(expect(&|s| (gradient[s * size + i] - mean).powi(2)));
        }
    }
    all
}

const P: [f64; 4] = [0.1, 0.2, 0.3, 0.4];

/// The categorical draw of the known answers, with F + level.
fn categorical(level: f64) -> Graph {
    let g = Graph::new();
    let l = g.param_tensor("l", [4], P.iter().map(|p| p.ln()).collect());
    let z = g.sample("z", OneHotCategorical::from_logits(l));
    g.cost("f", z.dot(g.engine().tensor([4], vec![3.0, -1.0, 2.0, 0.5])) + level);
    g
}

const ALL: [&str; 7] = [
    "unordered_set",
    "unordered_set(baseline=built_in)",
    "sum_and_sample",
    "sum_and_sample(baseline=built_in)",
    "sum_and_sample(summed=drawn)",
    "sum_and_sample(summed=drawn, baseline=built_in)",
    "without_replacement",
];

/// The settings of one draw for an estimator.
fn cells(text: &str, p: &[f64], k: usize) -> Vec<Cell> {
    match text {
        _ if text.starts_with("without") => by_threshold(p, k),
        _ if text.contains("drawn") || text.starts_with("unordered") => by_order(p, k, ROTATIONS),
        _ => by_sample(p, k),
    }
}

fn of_categorical(text: &str, level: f64, k: usize) -> Moments {
    moments(&categorical(level), &[named(text)], k, &[(Kind::Set(4), cells(text, &P, k))])
}

#[test]
fn means_and_variances_of_the_known_categorical() {
    let gradient = [0.21, -0.38, 0.33, -0.16];
    let total = |text: &str, k: usize| of_categorical(text, 0.0, k).variance.iter().sum::<f64>();
    close("none", &[total("unordered_set", 2)], &[0.5647081178625296], 1e-12);
    close("built in", &[total("unordered_set(baseline=built_in)", 2)], &[0.8527739334195217], 1e-12);
    let known = [0.2540537842059901, 0.021005052790346906, 0.1742306641887525, 0.11541861667744022];
    close("each", &of_categorical("unordered_set", 0.0, 2).variance, &known, 1e-12);
    for level in [0.0, 1e4] {
        for text in ALL.into_iter().chain(["without_replacement(baseline=built_in)"]) {
            let least = named(text).min_samples();
            for k in least..=4 {
                let got = of_categorical(text, level, k);
                let what = format!("{text}, K = {k}, level {level}");
                let tolerance = if text.starts_with("without") { 1e-8 } else { 1e-11 } * (1.0 + level);
                close(&what, &got.mean, &gradient, tolerance);
                close(&what, &[got.objective], &[0.9 + level], tolerance / (1.0 + level));
                if k == 4 {
                    close(&what, &got.variance, &[0.0; 4], 1e-20 * (1.0 + level * level));
                }
            }
        }
    }
    // A constant makes no difference with the baselines that are differences.
    for text in ["unordered_set(baseline=built_in)", "sum_and_sample(baseline=built_in)"] {
        let [at, far] = [0.0, 1e4].map(|level| of_categorical(text, level, 3).variance);
        close(text, &far, &at, 1e-8);
    }
    // One sample is the score function, and the mean over orders has a smaller variance.
    for text in ["unordered_set", "sum_and_sample", "sum_and_sample(summed=drawn)"] {
        close(text, &[total(text, 1)], &[1.737], 1e-12);
    }
    for k in [2, 3] {
        let set = total("unordered_set", k);
        for other in ["sum_and_sample(summed=drawn)", "without_replacement"] {
            assert!(set < total(other, k), "{other}, K = {k}");
        }
    }
}

/// Shared parameters, costs that depend on them directly, and a second draw beside the set.
fn beside() -> Graph {
    let g = Graph::new();
    let (a, b) = (g.param("a", 0.3), g.param("b", -0.7));
    let logits =
        aleator::graph::concat(&[a.reshape([1]), (a * b).reshape([1]), (-b).reshape([1])], 0).unwrap();
    let z = g.sample("z", Categorical::from_logits(logits));
    let c = g.sample("c", Bernoulli::from_logits(a + b));
    g.cost("both", (z - 2.0 * c - 0.5).square() * (1.0 + a * a));
    g.cost("one", a * z);
    g.cost("other", c * b);
    g
}

fn beside_p() -> Vec<f64> {
    let weights = [0.3f64, -0.21, 0.7].map(f64::exp);
    weights.iter().map(|w| w / weights.iter().sum::<f64>()).collect()
}

#[test]
fn other_draws_beside_a_set_and_behind_it() {
    let g = beside();
    let (objective, gradient) = Brute::new(&g).answer();
    let coin = 1.0 / (1.0 + 0.4f64.exp());
    for text in ALL {
        for other in ["score_function", "reinforce_loo", "local_expectation", "enumeration"] {
            let k = 2;
            let of_coin =
                if other == "enumeration" { vec![(1.0, vec![vec![0.5; k]])] } else { coins(coin, k) };
            let noise = [(Kind::Set(3), cells(text, &beside_p(), k)), (Kind::Plain, of_coin)];
            let got = moments(&g, &[named(text), named(other)], k, &noise);
            let tolerance = if text.starts_with("without") { 1e-8 } else { 1e-11 };
            close(&format!("{text} and {other}"), &got.mean, &gradient, tolerance);
            close(&format!("{text} and {other}"), &[got.objective], &[objective], tolerance);
        }
    }
    // A coin whose parameter is the outcome: its terms have the weight of the sample.
    let g = Graph::new();
    let (l, w) = (g.param_tensor("l", [3], vec![0.2, -0.5, 0.4]), g.param("w", 0.8));
    let z = g.sample("z", OneHotCategorical::from_logits(l));
    let first = z.dot(g.engine().tensor([3], vec![1.0, 0.0, -1.0]));
    let c = g.sample("c", Bernoulli::from_logits(w * first));
    g.cost("f", (first + 2.0 * c - 0.3).square() * w);
    let gradient = Brute::new(&g).answer().1;
    let weights = [0.2f64, -0.5, 0.4].map(f64::exp);
    let p: Vec<f64> = weights.iter().map(|x| x / weights.iter().sum::<f64>()).collect();
    // Cells of u between the thresholds of the three outcomes.
    let mut ends = [0.0, 1.0 / (1.0 + 0.8f64.exp()), 0.5, 1.0 / (1.0 + (-0.8f64).exp()), 1.0];
    ends.sort_by(f64::total_cmp);
    let one: Vec<(f64, f64)> = ends.windows(2).map(|w| (w[1] - w[0], 0.5 * (w[0] + w[1]))).collect();
    let two: Vec<Cell> =
        one.iter().flat_map(|a| one.iter().map(move |b| (a.0 * b.0, vec![vec![a.1, b.1]]))).collect();
    for text in ALL {
        for other in ["score_function", "reinforce_loo"] {
            let noise = [(Kind::Set(3), cells(text, &p, 2)), (Kind::Plain, two.clone())];
            let got = moments(&g, &[named(text), named(other)], 2, &noise);
            let tolerance = if text.starts_with("without") { 1e-8 } else { 1e-11 };
            close(&format!("{text} before {other}"), &got.mean, &gradient, tolerance);
        }
    }
}

/// Two sites, the second with two draws, all in one cost; and a cost of each draw.
fn several() -> Graph {
    let g = Graph::new();
    let (l, m) = (g.param_tensor("l", [3], vec![0.2, -0.5, 0.4]), g.param_tensor("m", [2, 3], ROWS.concat()));
    let x = g.sample("x", Categorical::from_logits(l));
    let y = g.sample("y", Categorical::from_logits(m));
    g.cost("all", (x - 0.5 * y.sum()).square());
    g.cost("each", y.square() * 0.3);
    g
}

const ROWS: [[f64; 3]; 2] = [[0.1, 0.9, -0.4], [-0.3, 0.0, 0.6]];

fn softmax(x: &[f64]) -> Vec<f64> {
    let total: f64 = x.iter().map(|x| x.exp()).sum();
    x.iter().map(|x| x.exp() / total).collect()
}

#[test]
fn weights_of_several_sets_are_multiplied() {
    let g = several();
    let (objective, gradient) = Brute::new(&g).answer();
    let first = softmax(&[0.2, -0.5, 0.4]);
    for (text, other) in [
        ("unordered_set", "unordered_set(baseline=built_in)"),
        ("unordered_set(baseline=built_in)", "unordered_set"),
        ("unordered_set(baseline=built_in)", "sum_and_sample(baseline=built_in)"),
        ("sum_and_sample(baseline=built_in)", "sum_and_sample"),
    ] {
        let rows: Vec<Vec<Cell>> = ROWS.iter().map(|row| cells(other, &softmax(row), 2)).collect();
        let noise = [(Kind::Set(3), cells(text, &first, 2)), (Kind::Set(3), product(&rows))];
        let got = moments(&g, &[named(text), named(other)], 2, &noise);
        close(&format!("{text}, {other}"), &got.mean, &gradient, 1e-11);
        close(&format!("{text}, {other}"), &[got.objective], &[objective], 1e-11);
    }
    // Without the rotation, the most probable outcomes of both sites would meet in the same sample.
    let plan = [named("unordered_set"), named("unordered_set")];
    let rows: Vec<Vec<Cell>> = ROWS.iter().map(|row| by_order(&softmax(row), 2, false)).collect();
    let noise = [(Kind::Set(3), by_order(&first, 2, false)), (Kind::Set(3), product(&rows))];
    let wrong = moments(&g, &plan, 2, &noise);
    assert!(wrong.mean.iter().zip(&gradient).any(|(a, b)| (a - b).abs() > 1e-2), "{:?}", wrong.mean);
    assert!((wrong.objective - objective).abs() > 1e-4);
}

#[test]
fn impossible_outcomes_and_extreme_logits() {
    // Fewer possible outcomes than samples: enumeration, and F is not evaluated at the others.
    let masked = |logits: Vec<f64>| {
        let g = Graph::new();
        let n = logits.len();
        let l = g.param_tensor("l", [n], logits);
        let z = g.sample("z", Categorical::from_logits(l));
        g.cost("f", 1.0 / (z - 1.0) + z);
        g
    };
    let g = masked(vec![0.3, f64::NEG_INFINITY, -0.2, f64::NEG_INFINITY]);
    let p = softmax(&[0.3, -0.2]);
    let f = [-1.0, 3.0];
    let mean = p[0] * f[0] + p[1] * f[1];
    let expected = [p[0] * (f[0] - mean), 0.0, p[1] * (f[1] - mean), 0.0];
    for text in ALL {
        for k in [2, 3, 4] {
            if k > 2 && text.contains("most") {
                continue;
            }
            let mut got =
                aleator::Program::<f64>::compile(&g, &[named(text)], &aleator::Options::new().samples(k))
                    .unwrap();
            let estimate = got.run().unwrap();
            close(&format!("{text}, K = {k}"), estimate.gradient("l").unwrap(), &expected, 1e-12);
            close(&format!("{text}, K = {k}"), &[estimate.objective()], &[mean], 1e-12);
        }
    }
    // Probabilities that underflow: everything is finite, and what is drawn in the tail has its conditional probabilities.
    let g = Graph::new();
    let l = g.param_tensor("l", [5], vec![700.0, -700.0, -701.0, -700.5, -40.0]);
    let z = g.sample("z", OneHotCategorical::from_logits(l));
    g.cost("f", z.dot(g.engine().tensor([5], vec![1.0, 5.0, -2.0, 4.0, 1e4])));
    for text in ALL.into_iter().chain(["without_replacement(baseline=built_in)"]) {
        for k in 3..=4 {
            let mut program =
                aleator::Program::<f64>::compile(&g, &[named(text)], &aleator::Options::new().samples(k))
                    .unwrap();
            for _ in 0..5 {
                let estimate = program.run().unwrap();
                assert!((estimate.objective() - 1.0).abs() < 1e-12, "{text}: {}", estimate.objective());
                close(text, estimate.gradient("l").unwrap(), &[0.0; 5], 1e-12);
            }
            let mut program =
                aleator::Program::<f32>::compile(&g, &[named(text)], &aleator::Options::new().samples(k))
                    .unwrap();
            assert!(program.run().unwrap().objective().is_finite());
        }
    }
}

#[test]
fn means_of_a_larger_graph() {
    let g = Graph::new();
    let l = g.param_tensor("l", [2, 5], (0..10).map(|i| (i as f64 * 0.7).sin()).collect());
    let s = g.param("s", 0.6);
    let z = g.sample("z", OneHotCategorical::from_logits(l));
    let values = g.engine().tensor([5], vec![0.5, -1.0, 2.0, 0.0, 1.0]);
    let score = z.dot(values);
    let x = g.sample("x", Normal::new(score, s));
    let c = g.sample("c", Bernoulli::from_probs((0.4 * x).sigmoid()));
    g.cost("f", (c - 0.3).square() * (1.0 + score.square()) + 0.1 * x);
    g.cost("level", 10.0 + 0.5 * score.sum().square());
    let gradient = gradient_of(&g);
    let plans = [
        (["unordered_set(baseline=built_in)", "pathwise", "reinforce_loo"], 3),
        (["unordered_set", "score_function", "enumeration"], 4),
        (["sum_and_sample(baseline=built_in)", "pathwise", "enumeration"], 3),
        (["without_replacement", "pathwise", "disarm"], 4),
    ];
    let comparisons = plans.len() * gradient.len();
    for (plan, samples) in plans {
        let estimators = plan.map(named);
        means_agree(&format!("{plan:?}"), &g, &estimators, &untuned(samples, 20_000), &gradient, comparisons);
    }
}

#[test]
fn what_is_no_set_is_refused() {
    let refused = |g: &Graph, plan: &[&str], k: usize| {
        let plan: Vec<Shared> = plan.iter().map(|text| named(text)).collect();
        let compiled = aleator::Program::<f64>::compile(g, &plan, &aleator::Options::new().samples(k));
        compiled.err().map(|e| e.to_string()).unwrap_or_default()
    };
    for text in ALL {
        let why = refused(&categorical(0.0), &[text], 5);
        assert!(why.contains("at most 4 samples") && why.contains("enumeration"), "{why}");
    }
    let g = Graph::new();
    let z = g.sample("z", Categorical::from_logits(g.param_tensor("l", [40], vec![0.0; 40])));
    g.cost("f", z.square());
    assert!(refused(&g, &["unordered_set"], 11).contains("2^11"));
    assert_eq!(refused(&g, &["unordered_set(baseline=built_in)"], 10), "");
    assert_eq!(refused(&g, &["without_replacement"], 30), "");
    assert!(refused(&g, &["unordered_set(baseline=built_in)"], 1).contains("at least 2"));
    assert!(refused(&g, &["without_replacement(baseline=built_in)"], 2).contains("at least 3"));
    let g = Graph::new();
    let l = g.param_tensor("l", [3], vec![0.0; 3]);
    let z = g.sample("z", OneHotCategorical::from_logits(l));
    let y = g.sample("y", OneHotCategorical::from_logits(z * 2.0 + l));
    let b = g.sample("b", Bernoulli::from_logits(l.sum()));
    g.cost("f", y.dot(z) + b);
    assert!(refused(&g, &["unordered_set", "unordered_set", "score_function"], 2).contains("earlier draws"));
    assert!(refused(&g, &["unordered_set", "score_function", "unordered_set"], 2).contains("two outcomes"));
}

/// Mistakes: samples without their weights, and a baseline that contains the sample itself.
#[derive(Clone, Copy, Debug)]
enum Mistake {
    NoWeights,
    OwnBaseline,
}

#[derive(Debug)]
struct Wrong(Shared, Mistake);

impl Estimator for Wrong {
    fn properties(&self) -> &'static Properties {
        self.0.properties()
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        self.0.supports(site)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> aleator::Result<SiteValue<'g>> {
        let drawn = self.0.draw(site)?;
        Ok(match self.1 {
            Mistake::NoWeights => SiteValue::value(drawn.value),
            Mistake::OwnBaseline => drawn,
        })
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> aleator::Result<Vec<GradientTerm<'g>>> {
        let terms = self.0.terms(site, cone)?;
        let Some(weight) = self.0.draw(site)?.weight else { return Ok(terms) };
        let log_prob = site.log_prob(cone.value());
        Ok(match self.1 {
            Mistake::NoWeights => vec![GradientTerm::score(log_prob, cone.cost())],
            Mistake::OwnBaseline => {
                let k = site.num_samples() as f64;
                let mean = site.sum_over_samples(weight * cone.cost()) / k;
                vec![GradientTerm::score(log_prob, weight * (cone.cost() - mean))]
            }
        })
    }
}

#[test]
fn mistakes_are_seen() {
    let gradient = [0.21, -0.38, 0.33, -0.16];
    for text in ALL.into_iter().chain(["without_replacement(baseline=built_in)"]) {
        for mistake in [Mistake::NoWeights, Mistake::OwnBaseline] {
            // The sum is the same in each order: the baseline of its own has no bias where C is fixed and v is one of the others.
            let plan = [shared(Wrong(named(text), mistake))];
            let got = moments(&categorical(0.0), &plan, 3, &[(Kind::Set(4), cells(text, &P, 3))]);
            let off = got.mean.iter().zip(gradient).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off > 1e-2, "{text}, {mistake:?}: {off}");
        }
    }
    assert_eq!(UnorderedSet::default().min_samples(), 1);
}
