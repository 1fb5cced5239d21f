//! ARM, DisARM and ARMS: exact means and variances, the identities between them, and mistakes that are seen.
//!
//! The noise of ARMS is coupled over all K samples. Its draws depend on d alone, which is uniform on the simplex, and the set S of
//! the samples with dₖ > t has a probability that follows by inclusion and exclusion from P(dₖ > t for all k in S) =
//! max(1 − |S| t, 0)^(K−1). One d for every set, and the sum over all sets of all coins, give exact moments.

use aleator::estimators::{Estimator, GradientTerm, Properties, SiteInfo};
use aleator::graph::Graph;
use aleator::prelude::{Bernoulli, Normal};
use aleator::rewrite::{Cone, DownstreamSites, Layout, Site, SiteValue, Tuning, build};
use aleator_engine::graph::{FromEnd, NodeId, Shape, concat, substitute};

use crate::common::*;

/// A probability and the uniform numbers of every site.
pub(crate) type Setting = (f64, Vec<Vec<f64>>);

/// The gradients of a plan at given uniform numbers of each site, of shape K + batch + `event`, one setting in each replicate.
pub(crate) fn at_noise(
    g: &Graph,
    plan: &[Shared],
    samples: usize,
    event: &[Vec<usize>],
    settings: &[Setting],
) -> Vec<Vec<f64>> {
    let r = settings.len();
    let layout = Layout { samples, replicates: Some(r), tuning: Tuning::Held };
    let surrogate = build(g, plan, layout).unwrap();
    let engine = &surrogate.graph;
    let mut replaced = std::collections::HashMap::new();
    let inputs: Vec<NodeId> = (g.sites().iter().enumerate())
        .map(|(i, site)| {
            let lead = Shape::from([r, samples]).join(&site.batch);
            let uniform = aleator::distributions::Noise::new(engine, i as u32, lead).uniform(&event[i]);
            let given = engine.input(&site.name, uniform.shape());
            replaced.insert(uniform.id(), given);
            given.id()
        })
        .collect();
    let outputs: Vec<NodeId> =
        surrogate.gradients.iter().map(|&id| substitute(engine, id, &mut replaced).id()).collect();
    let mut evaluator = Evaluator::within(g, engine, &outputs);
    for (site, &input) in inputs.iter().enumerate() {
        let data: Vec<f64> = settings.iter().flat_map(|(_, noise)| noise[site].clone()).collect();
        evaluator.set(input, &data);
    }
    let gradients = evaluator.run();
    let of = |i: usize| {
        gradients.iter().flat_map(|g| g[i * g.len() / r..(i + 1) * g.len() / r].to_vec()).collect()
    };
    (0..r).map(of).collect()
}

/// For each coin with this logit, all sets of K samples that are on the rare side: probability, and numbers U of the samples.
fn sets(phi: f64, k: usize) -> Vec<(f64, Vec<f64>)> {
    let rare = 1.0 / (1.0 + phi.abs().exp());
    let t = 1.0 - rare.powf(1.0 / (k as f64 - 1.0));
    let above = |n: usize| (1.0 - n as f64 * t).max(0.0).powi(k as i32 - 1);
    let choose = |n: usize, m: usize| (0..m).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
    let exactly = |n: usize| -> f64 {
        (n..=k).map(|m| (-1f64).powi((m - n) as i32) * choose(k - n, m - n) * above(m)).sum()
    };
    (0..1usize << k)
        .filter_map(|set| {
            let n = set.count_ones() as usize;
            let probability = exactly(n);
            if probability < 1e-13 {
                return None;
            }
            // The lowest and highest d of those above t for which the others are below it.
            let low = if n == 0 { 0.0 } else { t.max((1.0 - (k - n) as f64 * t) / n as f64) };
            let d = |in_set: bool| match in_set {
                true => 0.5 * (low + 1.0 / n as f64),
                false => {
                    (1.0 - n as f64 * if n == 0 { 0.0 } else { 0.5 * (low + 1.0 / n as f64) })
                        / (k - n) as f64
                }
            };
            Some((probability, (0..k).map(|i| (-d(set >> i & 1 == 1)).exp()).collect()))
        })
        .collect()
}

/// All settings of the noise of independent coins that ARMS couples over K samples, of shape K + coins.
fn coupled(phi: &[f64], k: usize) -> Vec<(f64, Vec<f64>)> {
    let mut all: Vec<(f64, Vec<Vec<f64>>)> = vec![(1.0, vec![])];
    for &phi in phi {
        let of_coin = sets(phi, k);
        let more = |(p, coins): &(f64, Vec<Vec<f64>>)| -> Vec<(f64, Vec<Vec<f64>>)> {
            of_coin.iter().map(|(q, u)| (p * q, [&coins[..], std::slice::from_ref(u)].concat())).collect()
        };
        all = all.iter().flat_map(more).collect();
    }
    let by_sample = |coins: &[Vec<f64>]| (0..k).flat_map(|s| coins.iter().map(move |c| c[s])).collect();
    all.iter().map(|(p, coins)| (*p, by_sample(coins))).collect()
}

/// Mean and variance of each coordinate.
pub(crate) fn moments(gradients: &[Vec<f64>], settings: &[Setting]) -> (Vec<f64>, Vec<f64>) {
    let total: f64 = settings.iter().map(|(p, _)| p).sum();
    assert!((total - 1.0).abs() < 1e-11, "{total}");
    let expect = |i: usize, about: f64, power: i32| -> f64 {
        gradients.iter().zip(settings).map(|(g, (p, _))| p * (g[i] - about).powi(power)).sum()
    };
    let mean: Vec<f64> = (0..gradients[0].len()).map(|i| expect(i, 0.0, 1)).collect();
    let variance = mean.iter().enumerate().map(|(i, &m)| expect(i, m, 2)).collect();
    (mean, variance)
}

/// Three coins with F = (Σ b − 1.35)² + level.
fn three_coins(level: f64) -> Graph {
    let g = Graph::new();
    let phi = g.param_tensor("phi", [3], PHI.to_vec());
    let b = g.sample("b", Bernoulli::from_logits(phi));
    g.cost("f", (b.sum() - 1.35).square() + level);
    g
}

const PHI: [f64; 3] = [0.0, 0.5, -1.0];

fn arms_moments(plan: &Shared, level: f64, k: usize) -> (Vec<f64>, Vec<f64>) {
    let g = three_coins(level);
    let settings: Vec<Setting> = coupled(&PHI, k).into_iter().map(|(p, u)| (p, vec![u])).collect();
    let gradients = at_noise(&g, std::slice::from_ref(plan), k, &[vec![]], &settings);
    moments(&gradients, &settings)
}

#[test]
fn total_variances_of_three_coins() {
    let mirrored = How { mirrored: true, ..How::default() };
    for level in [0.0, 1e4] {
        let g = three_coins(level);
        let gradient = Brute::new(&three_coins(0.0)).answer().1;
        let of = |text: &str, k: usize| exactly_by(&g, &[named(text)], k, &mirrored);
        let rows =
            [("local_expectation", 1, 0.281557), ("disarm", 2, 0.161225), ("disarm", 4, 0.161225 / 2.0)];
        let rows = rows.iter().filter(|row| row.1 < 4 || level == 0.0);
        for &(text, k, total) in rows {
            if k == 4 {
                continue;
            }
            let got = of(text, k);
            close(text, &got.mean, &gradient, 1e-10);
            close(text, &[got.variance.iter().sum()], &[total], 1e-6);
        }
        if level == 0.0 {
            let got = exactly_by(&g, &[score()], 1, &How::default());
            close("score", &[got.variance.iter().sum()], &[0.934395], 1e-6);
            let got = exactly_by(&g, &[loo()], 2, &How::default());
            close("leave one out", &[got.variance.iter().sum()], &[0.507203], 1e-6);
        }
        // ARMS with K = 2 is DisARM; more samples have a smaller variance, and that of a pair is never reached by leave-one-out.
        let mut before = f64::INFINITY;
        for k in [2, 3, 4, 5] {
            let (mean, variance) = arms_moments(&named("arms"), level, k);
            close("arms", &mean, &gradient, 1e-10);
            let total: f64 = variance.iter().sum();
            assert!(total < before, "K = {k}: {total}");
            if k == 2 {
                close("arms and disarm", &variance, &of("disarm", 2).variance, 1e-9);
            }
            if k < 4 {
                let independent: f64 = exactly(&three_coins(0.0), &[loo()], k).variance.iter().sum();
                assert!(total < independent, "K = {k}: {total}, independent {independent}");
            }
            before = total;
        }
    }
}

#[test]
fn variances_of_one_coin() {
    for (t, phi) in
        [(0.45, 0.0), (0.45, -2.0), (0.45, 1.0), (0.2, 1.3), (-0.5, -0.4), (0.45, 30.0), (0.45, -30.0)]
    {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param("phi", phi)));
        g.cost("f", (b - t).square());
        let p = 1.0 / (1.0 + f64::exp(-phi));
        let (less, more) = (1.0 / (1.0 + phi.abs().exp()), 1.0 / (1.0 + (-phi.abs()).exp()));
        let delta: f64 = 1.0 - 2.0 * t;
        let gradient = delta * less * more;
        let arm = 2.0 / 3.0 * delta * delta * (0.125 - (p - 0.5).abs().powi(3)) - gradient.powi(2);
        let disarm = 0.5 * delta * delta * more * more * less - gradient.powi(2);
        let how = How { depends: Depends::First, nodes: 36, mirrored: true, ..How::default() };
        let got = exactly_by(&g, &[named("arm")], 1, &how);
        close("arm", &got.mean, &[gradient], 1e-11);
        close("arm", &got.variance, &[arm], 1e-11);
        let got = exactly_by(&g, &[named("disarm")], 2, &How { mirrored: true, ..How::default() });
        close("disarm", &got.mean, &[gradient], 1e-12);
        close("disarm", &got.variance, &[disarm], 1e-12);
    }
}

#[test]
fn arms_of_two_is_disarm_and_disarm_is_the_mean_of_arm() {
    let g = three_coins(0.0);
    // Numbers U of two samples; u = 1 − d of the first.
    let uniform = |i: usize| ((i as f64 + 1.0) * 0.618_033_988_749_894_9).fract();
    let settings: Vec<Setting> =
        (0..200).map(|s| (1.0, vec![(0..6).map(|j| uniform(6 * s + j)).collect()])).collect();
    let mirrored = |(p, noise): &Setting| {
        let u = |coin: usize| {
            let (e, other) = (-noise[0][coin].ln(), -noise[0][3 + coin].ln());
            // b = 1[u < p] or 1[1 − u < p] there, 1[1 − u < p] or 1[u > q] here.
            if PHI[coin] < 0.0 { e / (e + other) } else { other / (e + other) }
        };
        (*p, vec![(0..6).map(|j| u(j % 3)).collect()])
    };
    let same: Vec<Setting> = settings.iter().map(mirrored).collect();
    let arms = at_noise(&g, &[named("arms")], 2, &[vec![]], &settings);
    let disarm = at_noise(&g, &[named("disarm")], 2, &[vec![]], &same);
    close("same noise", &arms.concat(), &disarm.concat(), 1e-13);
    // ARM is linear in each u within a cell, so its mean is that at the middles of the cells between 0, p and q, 1.
    let cell = |phi: f64, i: usize| {
        let p = 1.0 / (1.0 + f64::exp(-phi));
        let mut ends = [0.0, p, 1.0 - p, 1.0];
        ends.sort_by(f64::total_cmp);
        (ends[i] + ends[i + 1]) / 2.0
    };
    let cells: Vec<Setting> = (0..27)
        .map(|c| {
            (1.0, vec![[c % 3, c / 3 % 3, c / 9].iter().zip(PHI).map(|(&i, phi)| cell(phi, i)).collect()])
        })
        .collect();
    let pairs: Vec<Setting> = cells.iter().map(|(p, u)| (*p, vec![[&u[0][..], &u[0]].concat()])).collect();
    let arm = at_noise(&g, &[named("arm")], 1, &[vec![]], &cells);
    let disarm = at_noise(&g, &[named("disarm")], 2, &[vec![]], &pairs);
    close("mean given the pair", &arm.concat(), &disarm.concat(), 1e-13);
}

/// A coin that decides two others, and a cost of each and of all; the second layer's noise matters.
fn layers() -> Graph {
    let g = Graph::new();
    let (u, w) = (g.param("u", 0.4), g.param("w", 1.7));
    let a = g.sample("a", Bernoulli::from_logits(u));
    let b = g.sample("b", Bernoulli::from_logits(w * a - 0.6));
    g.cost("all", (a + 2.0 * b - 0.5).square() * w);
    g.cost("first", 2.0 * a);
    g
}

#[test]
fn coins_behind_coins_have_partners_of_their_own() {
    let g = layers();
    let gradient = Brute::new(&g).answer().1;
    // The partners of `b` for both values of `a`: cells between all thresholds of u.
    let how = How { mirrored: true, ..How::default() };
    for plan in [
        ["disarm", "disarm"],
        ["disarm", "score_function"],
        ["score_function", "disarm"],
        ["disarm", "reinforce_loo"],
    ] {
        let got = exactly_by(&g, &plan.map(named), 2, &how);
        close(&format!("{plan:?}"), &got.mean, &gradient, 1e-11);
    }
    let how = How { depends: Depends::First, nodes: 24, mirrored: true, ..How::default() };
    let got = exactly_by(&g, &[named("arm"), named("arm")], 1, &how);
    close("arm", &got.mean, &gradient, 1e-10);
    // ARMS: partners of `b` in each sample from K numbers of its own, for both values of `a`: thresholds of d on a fine grid.
    let numbers = |d: f64| vec![(-d).exp(), (-(1.0 - d)).exp()];
    let q = |x: f64| 1.0 / (1.0 + f64::exp(x));
    let mut ends: Vec<f64> =
        [0.0, 1.0].into_iter().chain([-0.6, 1.1].iter().flat_map(|&x| [q(x), 1.0 - q(x)])).collect();
    ends.sort_by(f64::total_cmp);
    let of_b: Vec<(f64, Vec<f64>)> =
        ends.windows(2).map(|w| (w[1] - w[0], numbers(0.5 * (w[0] + w[1])))).collect();
    let mut settings: Vec<Setting> = Vec::new();
    for (p, of_a) in coupled(&[0.4], 2) {
        for (q, first) in &of_b {
            for (r, second) in &of_b {
                settings.push((p * q * r, vec![of_a.clone(), [&first[..], second].concat()]));
            }
        }
    }
    let plan = [named("arms"), named("arms")];
    let (mean, _) = moments(&at_noise(&g, &plan, 2, &[vec![], vec![2]], &settings), &settings);
    close("arms", &mean, &gradient, 1e-11);
}

#[test]
fn deep_and_mixed_graphs_have_the_right_means() {
    let coins = Graph::new();
    let phi = coins.param_tensor("phi", [2, 3], vec![0.1, -0.3, 1.2, 0.0, 2.0, -1.0]);
    let w = coins.param_tensor("w", [3, 2], vec![0.8, -0.6, 0.4, 1.1, -0.9, 0.3]);
    let s = coins.param("s", 0.7);
    let a = coins.sample("a", Bernoulli::from_logits(phi));
    let b = coins.sample("b", Bernoulli::from_logits(a.matmul(w) - 0.2));
    let z = coins.sample("z", Normal::new(b.sum_axes(-1), s));
    let c = coins.sample("c", Bernoulli::from_probs((0.3 * z).sigmoid()));
    coins.cost("rows", (c - 0.4).square() * (1.0 + b.sum_axes(-1)) + 0.2 * a.sum_axes(-1).square());
    coins.cost("level", 10.0 + 0.1 * z);
    let gradient = gradient_of(&coins);
    let plans: [([&str; 4], usize); 5] = [
        (["disarm", "disarm", "pathwise", "disarm"], 2),
        (["arms", "arms", "pathwise", "arms"], 3),
        (["arm", "disarm", "pathwise", "arms"], 4),
        (["local_expectation", "local_expectation", "pathwise", "local_expectation"], 1),
        (["disarm", "local_expectation", "score_function", "enumeration"], 2),
    ];
    let comparisons = plans.len() * gradient.len();
    for (plan, samples) in plans {
        let estimators = plan.map(named);
        means_agree(
            &format!("{plan:?}"),
            &coins,
            &estimators,
            &untuned(samples, 20_000),
            &gradient,
            comparisons,
        );
    }
}

#[test]
fn odd_numbers_of_samples_are_refused_and_costs_are_counted() {
    let g = layers();
    let evaluations = |text: &str, samples: usize| {
        let plan = [named(text), named(text)];
        aleator::Program::<f64>::compile(&g, &plan, &aleator::Options::new().samples(samples))
            .map(|p| p.evaluations())
    };
    assert_eq!(evaluations("disarm", 4).unwrap(), 8);
    assert_eq!(evaluations("arm", 3).unwrap(), 9);
    assert_eq!(evaluations("arms", 3).unwrap(), 9);
    let refused = evaluations("disarm", 3).unwrap_err().to_string();
    assert!(refused.contains("3 is odd") && refused.contains("2 or 4"), "{refused}");
    assert!(evaluations("arms", 1).is_err());
}

/// Pairs as they must not be: of two samples with different parameters; or without the correction of their correlation.
#[derive(Debug)]
struct Mistaken {
    across_samples: bool,
    factor: fn(f64) -> f64,
}

impl Estimator for Mistaken {
    fn properties(&self) -> &'static Properties {
        named("disarm").properties()
    }

    fn supports(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> aleator::Result<SiteValue<'g>> {
        let u = site.noise().uniform(&[]);
        let axis = FromEnd(site.batch_shape().rank());
        let first = u.slice(axis, 0, 1);
        let u = if self.across_samples { concat(&[first, 1.0 - first], axis).unwrap() } else { u };
        Ok(SiteValue::value(u.greater((-site.log_odds()?).sigmoid()).stop_gradient()))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> aleator::Result<Vec<GradientTerm<'g>>> {
        let (phi, b) = (site.log_odds()?, cone.value());
        let larger = phi.abs().sigmoid();
        let swap = |e: aleator::graph::Expr<'g>| {
            let axis = FromEnd(site.batch_shape().rank());
            concat(&[e.slice(axis, 1, 1), e.slice(axis, 0, 1)], axis).unwrap()
        };
        let (other, f_other) = if self.across_samples {
            (swap(b), swap(cone.cost()))
        } else {
            let other = (1.0 - site.noise().uniform(&[])).greater((-phi).sigmoid()).stop_gradient();
            (other, cone.cost_at(other, DownstreamSites::AsPlanned)?)
        };
        let scale = (self.factor)(1.0) + ((self.factor)(0.0) - (self.factor)(1.0)) * (1.0 - larger);
        Ok(vec![GradientTerm {
            expr: phi,
            weight: 0.5 * (cone.cost() - f_other) * (b - other) * scale,
            event_rank: 0,
        }])
    }
}

#[test]
fn mistakes_are_seen() {
    let g = layers();
    let gradient = Brute::new(&g).answer().1;
    let how = How { mirrored: true, ..How::default() };
    let off = |plan: [Shared; 2]| {
        let mean = exactly_by(&g, &plan, 2, &how).mean;
        mean.iter().zip(&gradient).map(|(m, g)| (m - g).abs()).fold(0.0, f64::max)
    };
    let mistaken = |across_samples, factor| shared(Mistaken { across_samples, factor });
    // max(p, q) as a function of 1 − max(p, q); and 1, which forgets the correlation.
    let right: fn(f64) -> f64 = |x| x;
    let forgotten: fn(f64) -> f64 = |_| 1.0;
    assert!(
        off([named("disarm"), mistaken(true, right)]) > 1e-2,
        "pairs of samples with different parameters"
    );
    assert!(off([mistaken(false, forgotten), score()]) > 1e-2, "no correction");
    assert!(off([mistaken(false, right), score()]) < 1e-11);
}

#[test]
fn coins_that_never_or_nearly_never_fall_keep_their_digits() {
    // pq/(p − P₁₁) to the last digits: the mean of one coin by the sets of ARMS, for rare sides down to 1e-12.
    for (k, phi) in [(2, -27.0), (3, 27.0), (5, -14.0), (4, 1e-9), (3, -700.0)] {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param("phi", phi)));
        g.cost("f", 3.0 * b + 1e4);
        let settings: Vec<Setting> = coupled(&[phi], k).into_iter().map(|(p, u)| (p, vec![u])).collect();
        let gradients = at_noise(&g, &[named("arms")], k, &[vec![]], &settings);
        assert!(gradients.concat().iter().all(|x| x.is_finite()));
        let rare = 1.0 / (1.0 + phi.abs().exp());
        // One sample on the rare side: weight 3 (1/K) K/(K−1) … times its probability, K sets in all.
        let mean: f64 = gradients.iter().zip(&settings).map(|(g, (p, _))| p * g[0]).sum();
        close("mean", &[mean], &[3.0 * rare * (1.0 - rare)], 1e-11);
    }
    let many = Graph::new();
    let b = many.sample("b", Bernoulli::from_logits(many.param("phi", 0.3)));
    many.cost("f", (b - 0.2).square());
    let p = 1.0 / (1.0 + (-0.3f64).exp());
    means_agree("K = 200", &many, &[named("arms")], &untuned(200, 2000), &[0.6 * p * (1.0 - p)], 1);
}
