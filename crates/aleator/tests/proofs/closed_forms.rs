//! The closed forms of the literature: means and variances, exactly where the noise can be enumerated or integrated,
//! and as measured.

use aleator::diagnostics::{Measure, measure};
use aleator::distributions::{Bernoulli, Categorical, Coupling, Normal, OneHotCategorical};
use aleator::estimators::{Estimator, GradientTerm, Properties, SiteInfo};
use aleator::graph::Graph;
use aleator::rewrite::{Cone, DownstreamSites, EstimatorParam, Site, SiteValue};
use statrs::distribution::ContinuousCDF;

use crate::common::*;

/// The talk's Gaussian: F = z² + c, z ~ N(μ, σ²), σ itself the parameter.
fn gaussian(mu: f64, sigma: f64, c: f64) -> Graph {
    let g = Graph::new();
    let (m, s) = (g.param("mu", mu), g.param("sigma", sigma));
    let z = g.sample("z", Normal::new(m, s));
    g.cost("f", z.square() + c);
    g
}

#[test]
fn gaussian_variances() {
    let settings = [(1.0, 1.0, 0.0), (1.0, 1.0, 1.0), (0.5, 2.0, -1.5), (-1.2, 0.6, 3.0)];
    let comparisons = settings.len() * 12 * 4;
    for (mu, sigma, c) in settings {
        let g = gaussian(mu, sigma, c);
        let (m, s) = (mu * mu, sigma * sigma);
        let mean = c + m + s;
        let plain = (
            (m + c).powi(2) / s + 15.0 * s + 14.0 * m + 6.0 * c,
            2.0 * (m + c).powi(2) / s + 74.0 * s + 60.0 * m + 20.0 * c,
        );
        // Score function with a baseline b: E[s_μ²] = 1/σ², E[s_σ²] = 2/σ², E F s_d² = b*_d E s_d².
        let with = |b: f64| {
            let (best_mu, best_sigma) = (mean + 2.0 * s, mean + 4.0 * s);
            (plain.0 + (b * b - 2.0 * b * best_mu) / s, plain.1 + 2.0 * (b * b - 2.0 * b * best_sigma) / s)
        };
        let rows = [
            ("pathwise", pathwise(), 1, (4.0 * s, 4.0 * m + 8.0 * s)),
            ("score function", score(), 1, plain),
            ("b = E F", score_minus(mean), 1, (8.0 * m + 10.0 * s, 40.0 * m + 56.0 * s)),
            ("b best for mu", score_minus(mean + 2.0 * s), 1, (8.0 * m + 6.0 * s, with(mean + 2.0 * s).1)),
            (
                "b best for sigma",
                score_minus(mean + 4.0 * s),
                1,
                (with(mean + 4.0 * s).0, 40.0 * m + 24.0 * s),
            ),
            ("b = 0.8", score_minus(0.8), 1, with(0.8)),
            ("leave one out", loo(), 2, (8.0 * m + 6.0 * s, 24.0 * m + 32.0 * s)),
            ("muprop", named("muprop"), 1, (15.0 * s, 74.0 * s)),
            ("muprop, K = 3", named("muprop"), 3, (5.0 * s, 74.0 * s / 3.0)),
            // Without the linear term F(μ) = μ² + c is a baseline like any other.
            ("F(mu) alone", named("muprop(linear=false)"), 1, {
                let (best_mu, best_sigma, b) = (mean + 2.0 * s, mean + 4.0 * s, m + c);
                let square = |best: f64| b * b - 2.0 * b * best;
                (plain.0 + square(best_mu) / s, plain.1 + 2.0 * square(best_sigma) / s)
            }),
            ("pathwise, K = 2", pathwise(), 2, (2.0 * s, 2.0 * m + 4.0 * s)),
            ("score, K = 2", score(), 2, (plain.0 / 2.0, plain.1 / 2.0)),
        ];
        for (name, estimator, samples, variance) in rows {
            let what = format!("{name} at mu = {mu}, sigma = {sigma}, c = {c}");
            let plan = [estimator];
            let exact = exactly(&g, &plan, samples);
            close(&what, &exact.mean, &[2.0 * mu, 2.0 * sigma], 1e-8);
            close(&what, &exact.variance, &[variance.0, variance.1], 1e-8);
            variances_agree(&what, &g, &plan, samples, 200_000, &exact, comparisons);
        }
    }
}

/// Own parameters after a pilot: what measurements use.
fn piloted(g: &Graph, plan: &[Shared]) -> Vec<(String, Vec<f64>)> {
    let how = Measure { samples: None, replicates: 1, tune: 0, seed: 3 };
    let own = measure(g, plan, &how, &|_| {}).unwrap().own_parameters;
    own.into_iter().map(|(name, tensor)| (name, tensor.values.iter().map(|x| x.0).collect())).collect()
}

#[test]
fn optimal_baselines_of_the_gaussian() {
    // The pilot's 2¹⁵ estimates: Var b̂ = Var[(F − b) s²] / (n E[s²]²), to be seen against 6 standard errors.
    const PILOT: f64 = 32768.0;
    for (mu, sigma, c) in [(1.0, 1.0, 0.0), (1.0, 1.0, 1.0), (0.5, 2.0, -1.5), (-1.2, 0.6, 3.0)] {
        let g = gaussian(mu, sigma, c);
        let (m, s) = (mu * mu, sigma * sigma);
        let (best_mu, best_sigma) = (c + m + 3.0 * s, c + m + 5.0 * s);
        let together = (best_mu + 2.0 * best_sigma) / 3.0;
        let each = (8.0 * m + 6.0 * s, 40.0 * m + 24.0 * s);
        // What a baseline b off the best adds: (b − b*)² E s_d².
        let variance = |b: (f64, f64)| {
            (each.0 + (b.0 - best_mu).powi(2) / s, each.1 + 2.0 * (b.1 - best_sigma).powi(2) / s)
        };
        let per_coordinate = named("score_function(baseline=optimal_per_coordinate)");
        let one = named("score_function(baseline=optimal)");
        let check = |what: &str, plan: &Shared, own: &[(String, Vec<f64>)], b: (f64, f64)| {
            let set = |p: &EstimatorParam| own.iter().find(|(name, _)| *name == p.name).unwrap().1.clone();
            let how = How { own: &set, ..How::default() };
            let got = exactly_by(&g, std::slice::from_ref(plan), 1, &how);
            let (at_mu, at_sigma) = variance(b);
            close(what, &got.mean, &[2.0 * mu, 2.0 * sigma], 1e-8);
            close(what, &got.variance, &[at_mu, at_sigma], 1e-8);
        };
        let named_values = |values: &[(&str, f64)]| -> Vec<(String, Vec<f64>)> {
            values.iter().map(|(name, v)| (name.to_string(), vec![*v])).collect()
        };
        let best = named_values(&[("z.baseline.mu", best_mu), ("z.baseline.sigma", best_sigma)]);
        check("best for each", &per_coordinate, &best, (best_mu, best_sigma));
        check("best for both", &one, &named_values(&[("z.baseline", together)]), (together, together));
        // As the pilot finds them.
        let own = piloted(&g, std::slice::from_ref(&per_coordinate));
        let of = |name: &str| own.iter().find(|(n, _)| n == name).unwrap().1[0];
        let found = (of("z.baseline.mu"), of("z.baseline.sigma"));
        check("pilot for each", &per_coordinate, &own, found);
        let spread = |b: f64, score: &dyn Fn(f64) -> f64| {
            // Moments over x standard normal, z = μ + σ x; s² in units of its mean.
            let h = 1.0 / 64.0;
            let term = |i: i32| {
                let x = f64::from(i) * h;
                let weight = h * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
                weight * (((mu + sigma * x).powi(2) + c - b) * score(x)).powi(2)
            };
            ((-640..=640).map(term).sum::<f64>() / PILOT).sqrt()
        };
        let error = (spread(best_mu, &|x| x * x), spread(best_sigma, &|x| (x * x - 1.0).powi(2) / 2.0));
        assert!((found.0 - best_mu).abs() < 6.0 * error.0, "{} ± {}, exact {best_mu}", found.0, error.0);
        assert!((found.1 - best_sigma).abs() < 6.0 * error.1, "{} ± {}, {best_sigma}", found.1, error.1);
        let own = piloted(&g, std::slice::from_ref(&one));
        check("pilot for both", &one, &own, (own[0].1[0], own[0].1[0]));
        let error = spread(together, &|x| (x * x + (x * x - 1.0).powi(2)) / 3.0);
        assert!((own[0].1[0] - together).abs() < 6.0 * error, "{} ± {error}, {together}", own[0].1[0]);
    }
}

#[test]
fn optimal_baselines_of_a_coin_leave_no_variance() {
    for (t, phi) in [(0.45, 0.0), (0.2, 1.3)] {
        let g = coin(t, phi);
        let p: f64 = 1.0 / (1.0 + f64::exp(-phi));
        let best = (1.0 - t).powi(2) * (1.0 - p) + t * t * p;
        for text in ["optimal", "optimal_per_coordinate"] {
            let plan = [named(&format!("score_function(baseline={text})"))];
            let how = How { own: &|_| vec![best], ..How::default() };
            let got = exactly_by(&g, &plan, 1, &how);
            close(text, &got.mean, &[(1.0 - 2.0 * t) * p * (1.0 - p)], 1e-14);
            close(text, &got.variance, &[0.0], 1e-20);
            let found = piloted(&g, &plan)[0].1[0];
            assert!((found - best).abs() < 0.02, "{found}, best {best}");
        }
    }
}

#[test]
fn a_jump_of_a_normal_variable() {
    // E[a 1[z > k] + z²/2] = a Φ(−x) + (μ² + σ²)/2 with x = (k − μ)/σ.
    let (mu, sigma, a, k) = (0.2, 0.9, 2.0, 0.4);
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param("mu", mu), g.param("sigma", sigma)));
    g.cost("f", a * z.greater(k) + 0.5 * z.square());
    let x: f64 = (k - mu) / sigma;
    let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    let gradient = [a * density / sigma + mu, a * density * x / sigma + sigma];
    let jumps = [statrs::distribution::Normal::standard().cdf(x)];
    let rows = ["score_function(baseline=0.4)", "lax", "lax(hidden=3)", "nvil", "muprop(linear=false)"];
    for text in rows {
        let how =
            How { depends: Depends::First, nodes: 100, jumps: &jumps, own: &elsewhere, ..How::default() };
        close(text, &exactly_by(&g, &[named(text)], 1, &how).mean, &gradient, 1e-9);
    }
    let how = How { depends: Depends::First, nodes: 100, jumps: &jumps, ..How::default() };
    let lax = exactly_by(&g, &[named("lax")], 1, &how);
    let score = exactly_by(&g, &[score()], 1, &how);
    close("LAX starts as the score function", &lax.variance, &score.variance, 0.0);
    // Smooth costs need no jumps, and pathwise is right there.
    let smooth = gaussian(mu, sigma, 0.3);
    for text in ["pathwise", "lax(hidden=3)", "muprop", "reinforce_loo"] {
        let how = How { depends: Depends::First, nodes: 60, own: &elsewhere, ..How::default() };
        let plan = [named(text)];
        let got = exactly_by(&smooth, &plan, least(&plan), &how);
        close(text, &got.mean, &[2.0 * mu, 2.0 * sigma], 1e-9);
    }
}

#[test]
fn rebar_variances() {
    let published = [
        (0.1, 0.087251727, 0.090414357, 130),
        (0.5, 0.022653117, 0.024067107, 60),
        (1.0, 0.018489087, 0.017916667, 50),
    ];
    for (tau, independent, common, nodes) in published {
        for (coupling, variance, depends) in
            [("independent", independent, Depends::Both), ("common", common, Depends::First)]
        {
            let plan = [named(&format!("rebar(temperature={tau}, coupling={coupling})"))];
            let g = coin(0.45, 0.0);
            let got = exactly_by(&g, &plan, 1, &How { depends, nodes, ..How::default() });
            close("mean", &got.mean, &[0.025], 1e-12);
            close("variance", &got.variance, &[variance], 1e-9);
            variances_agree("rebar", &g, &plan, 1, 100_000, &got, 12);
        }
    }
}

/// REBAR as it must not be: ζ̃ depends on φ through X̃ = φ + noise alone, the noise given b being held.
#[derive(Debug)]
struct Forgetful;

impl Estimator for Forgetful {
    fn properties(&self) -> &'static Properties {
        named("rebar").properties()
    }

    fn supports(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> aleator::Result<SiteValue<'g>> {
        Ok(SiteValue::value(site.sample()))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> aleator::Result<Vec<GradientTerm<'g>>> {
        let (b, tau) = (cone.value(), site.scalar(0.5));
        let phi = site.log_odds()?;
        let noise = (site.perturbed_given(b, Coupling::Independent)? - phi).stop_gradient();
        let (free, given) = (site.relax(site.perturbed()?, tau)?, site.relax(phi + noise, tau)?);
        let (_, free_slope) = cone.cost_and_slope_at(free, DownstreamSites::Relaxed(tau))?;
        let (at_given, given_slope) = cone.cost_and_slope_at(given, DownstreamSites::Relaxed(tau))?;
        Ok(vec![
            GradientTerm::score(site.log_prob(b), cone.cost() - at_given),
            GradientTerm::value(site, free, free_slope),
            GradientTerm::value(site, given, -given_slope),
        ])
    }
}

#[test]
fn forgetting_that_conditional_noise_depends_on_the_parameters_is_seen() {
    let how = How { depends: Depends::Both, nodes: 60, ..How::default() };
    let got = exactly_by(&coin(0.45, 0.0), &[shared(Forgetful)], 1, &how);
    close("published bias", &got.mean, &[0.0077], 5e-5);
    // Hidden by symmetry.
    let got = exactly_by(&coin(0.5, 0.0), &[shared(Forgetful)], 1, &how);
    close("at t = 1/2", &got.mean, &[0.0], 1e-12);
}

#[test]
fn a_log_scale_multiplies_by_sigma() {
    let (mu, sigma) = (0.7f64, 1.4f64);
    let g = Graph::new();
    let (m, l) = (g.param("mu", mu), g.param("log_sigma", sigma.ln()));
    let z = g.sample("z", Normal::new(m, l.exp()));
    g.cost("f", z.square());
    for plan in [[pathwise()], [score()]] {
        let plain = exactly(&gaussian(mu, sigma, 0.0), &plan, 1);
        let log = exactly(&g, &plan, 1);
        close("mean", &[log.mean[1]], &[sigma * plain.mean[1]], 1e-8);
        close("variance", &[log.variance[1]], &[sigma * sigma * plain.variance[1]], 1e-8);
    }
}

/// F = (b − t)², b ~ Bernoulli(σ(φ)).
fn coin(t: f64, phi: f64) -> Graph {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", phi)));
    g.cost("f", (b - t).square());
    g
}

#[test]
fn coin_variances() {
    let settings = [(0.45, 0.0), (0.45, -2.0), (0.499, 0.0), (0.2, 1.3), (-0.5, -0.4)];
    let comparisons = settings.len() * 4 * 2;
    for (t, phi) in settings {
        let g = coin(t, phi);
        let p = 1.0 / (1.0 + f64::exp(-phi));
        let q = 1.0 - p;
        let (delta, f1, f0): (f64, f64, f64) = (1.0 - 2.0 * t, (1.0 - t).powi(2), t * t);
        let gradient = delta * p * q;
        let squared = gradient * gradient;
        let rows = [
            ("score", score(), 1, p * q * q * f1 * f1 + q * p * p * f0 * f0 - squared),
            ("best baseline", score_minus(f1 * q + f0 * p), 1, 0.0),
            (
                "b = E F",
                score_minus(p * f1 + q * f0),
                1,
                delta * delta * p * q * (p.powi(3) + q.powi(3)) - squared,
            ),
            ("leave one out", loo(), 2, 0.5 * p * q * delta * delta - squared),
        ];
        for (name, estimator, samples, variance) in rows {
            let what = format!("{name} at t = {t}, phi = {phi}");
            let plan = [estimator];
            let exact = exactly(&g, &plan, samples);
            close(&what, &exact.mean, &[gradient], 1e-12);
            close(&what, &exact.variance, &[variance], 1e-12);
            variances_agree(&what, &g, &plan, samples, 200_000, &exact, comparisons);
        }
        let got = exactly(&g, &[straight_through()], 1);
        close("straight-through", &got.mean, &[2.0 * p * q * (p - t)], 1e-12);
    }
    // Published numbers.
    let variance = |t, phi, e: Shared, k| exactly(&coin(t, phi), &[e], k).variance[0];
    close("score", &[variance(0.45, 0.0, score(), 1)], &[0.015939063], 1e-9);
    close("loo", &[variance(0.45, 0.0, loo(), 2)], &[0.000625], 1e-12);
    close("score", &[variance(0.45, -2.0, score(), 1)], &[0.0088652979], 1e-10);
    close("loo", &[variance(0.45, -2.0, loo(), 2)], &[0.0004147314], 1e-10);
}

/// Moments of f(x), x logistic, by the midpoint rule (which is spectrally accurate for smooth f, and for a jump between
/// nodes of second order).
fn over_logistic(f: impl Fn(f64) -> f64) -> Exactly {
    let h = 1.0 / 512.0;
    let nodes: Vec<(f64, f64)> = (-20_000..=20_000)
        .map(|i| {
            let x = (i as f64 + 0.5) * h;
            let s = 1.0 / (1.0 + (-x.abs()).exp());
            (f(x), h * s * (1.0 - s))
        })
        .collect();
    let expect = |g: &dyn Fn(f64) -> f64| nodes.iter().map(|&(y, w)| w * g(y)).sum::<f64>();
    let mean = expect(&|y| y);
    Exactly {
        objective: f64::NAN,
        mean: vec![mean],
        variance: vec![expect(&|y| (y - mean).powi(2))],
        fourth: vec![expect(&|y| (y - mean).powi(4))],
    }
}

#[test]
fn concrete_mean_and_variance() {
    let (t, phi) = (0.45, 0.0);
    for (tau, mean) in [(0.1, 0.024798923), (0.5, 0.021460184), (1.0, 1.0 / 60.0)] {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let slope = |x: f64| {
            let zeta = sigmoid((phi + x) / tau);
            (zeta, zeta * sigmoid(-(phi + x) / tau) / tau)
        };
        let relaxed = over_logistic(|x| 2.0 * (slope(x).0 - t) * slope(x).1);
        close("published mean", &relaxed.mean, &[mean], 1e-8);
        let how = How { depends: Depends::First, nodes: 200, ..How::default() };
        let exact = |e: Shared| exactly_by(&coin(t, phi), &[e], 1, &how);
        let got = exact(concrete(tau));
        close("concrete", &[got.mean[0], got.variance[0]], &[relaxed.mean[0], relaxed.variance[0]], 1e-9);
        variances_agree("concrete", &coin(t, phi), &[concrete(tau)], 1, 200_000, &relaxed, 12);
        // The hard value forward: 2 (b − t) in place of 2 (ζ − t).
        let hard = over_logistic(|x| 2.0 * (if phi + x > 0.0 { 1.0 } else { 0.0 } - t) * slope(x).1);
        let got = exact(straight_through_concrete(tau));
        close("hard", &[got.mean[0], got.variance[0]], &[hard.mean[0], hard.variance[0]], 1e-6);
        let plan = [straight_through_concrete(tau)];
        variances_agree("straight-through concrete", &coin(t, phi), &plan, 1, 200_000, &hard, 12);
    }
}

#[test]
fn categorical_variances() {
    let logits: Vec<f64> = [0.1f64, 0.2, 0.3, 0.4].iter().map(|p| p.ln()).collect();
    let costs = vec![3.0, -1.0, 2.0, 0.5];
    let index = Graph::new();
    let k = index.sample("k", Categorical::from_logits(index.param_tensor("phi", [4], logits.clone())));
    index.cost("f", k.one_hot(4).dot(index.data("costs", [4], costs.clone())));
    let vector = Graph::new();
    let z = vector.sample("z", OneHotCategorical::from_logits(vector.param_tensor("phi", [4], logits)));
    vector.cost("f", z.dot(vector.data("costs", [4], costs)));
    for g in [index, vector] {
        for (plan, samples, total) in [([score()], 1, 1.737), ([loo()], 2, 1.267)] {
            let exact = exactly(&g, &plan, samples);
            close("objective", &[exact.objective], &[0.9], 1e-12);
            close("gradient", &exact.mean, &[0.21, -0.38, 0.33, -0.16], 1e-12);
            close("total variance", &[exact.variance.iter().sum()], &[total], 1e-12);
            variances_agree("categorical", &g, &plan, samples, 200_000, &exact, 32);
        }
    }
}
