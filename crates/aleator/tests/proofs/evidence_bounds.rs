//! Estimators of evidence bounds: closed forms of their variance, what they leave out, and where they must refuse.

use aleator::Program;
use aleator::graph::Graph;
use aleator::language::load;

use crate::common::*;

fn read(text: &str) -> Graph {
    match load(text, None, &[]) {
        Ok(model) => model.graph,
        Err(error) => panic!("{text}\n{error:?}"),
    }
}

fn stl() -> Shared {
    named("sticking_the_landing")
}

fn everywhere(graph: &Graph, estimator: &str) -> Vec<Shared> {
    graph.sites().iter().map(|_| named(estimator)).collect()
}

/// q = Normal(μ, σ), p = Normal(0, 1), F = log q − log p + 10⁴.
fn gaussian(mu: f64, sigma: f64) -> Graph {
    read(&format!(
        "param m = {mu}\nparam s = {sigma}\nz ~ Normal(m, s)\ncost f = log_prob(z) - log_prob(Normal(0, 1), z) + 10000"
    ))
}

#[test]
fn sticking_the_landing_has_its_variance_in_closed_form() {
    for (mu, sigma) in [(0.7, 0.5), (-0.3, 1.4), (0.2, 1.0), (0.0, 0.1)] {
        let g = gaussian(mu, sigma);
        let (gradient, off) = ([mu, sigma - 1.0 / sigma], sigma - 1.0 / sigma);
        for samples in [1, 2] {
            let k = samples as f64;
            let got = exactly(&g, &[stl()], samples);
            close("mean", &got.mean, &gradient, 1e-9);
            close("variance", &got.variance, &[off * off / k, (mu * mu + 2.0 * off * off) / k], 1e-8);
            let pathwise = exactly(&g, &[pathwise()], samples);
            close("pathwise", &pathwise.mean, &gradient, 1e-9);
            let variance = [sigma * sigma / k, (mu * mu + 2.0 * sigma * sigma) / k];
            close("its variance", &pathwise.variance, &variance, 1e-8);
            // Less variance where σ² > ½, more where σ² < ½.
            assert_eq!(got.variance[0] < pathwise.variance[0], sigma * sigma > 0.5);
        }
    }
}

#[test]
fn at_the_posterior_it_has_no_variance() {
    for text in [
        "param m = 0.5\nparam ls = 0.2\nz ~ Normal(m, exp(ls))\ncost f = log_prob(z) - log_prob(Normal(0.5, exp(0.2)), z)",
        "param m = [0.5, -3e3]\nparam ls = [0.2, -9]\nz ~ Normal(m, exp(ls))[4]\n\
         cost f = sum(log_prob(z) - log_prob(Normal([0.5, -3e3], exp([0.2, -9])), z)) / 8",
        "param m = 0.5\nparam s = 2e-5\nz ~ LogNormal(m, s)\ncost f = 3 * (log_prob(z) - log_prob(LogNormal(0.5, 2e-5), z))",
        "param m = 0.5\nparam r = 40\nz ~ Weibull(m, r)\ncost f = mean(log_prob(z)) - log_prob(Weibull(0.5, 40), z)",
    ] {
        let g = read(text);
        let (_, gradients) = replicates(&g, &everywhere(&g, "sticking_the_landing"), 2, 200, 5);
        for gradient in &gradients {
            let largest = gradient.iter().fold(0.0f64, |most, x| most.max(x.abs()));
            assert!(largest < 1e-7, "{text}: {gradient:?}");
        }
    }
}

/// Everything by which log q(z) may be multiplied, and every way in which it may be written and used.
const ACCEPTED: [(&str, &str); 14] = [
    ("a constant", "z ~ Normal(m, s)\ncost f = 3 * log_prob(z) + z^2 + m * z"),
    ("a parameter", "z ~ Normal(m, s)\ncost f = (m * s^2) * log_prob(z) - z^3"),
    ("an earlier draw", "y ~ Normal(m, 1)\nz ~ Normal(y * s, s)\ncost f = y^2 * log_prob(z) + y * z"),
    ("an unrelated draw", "z ~ Normal(m, s)\ny ~ Normal(s, 1)\ncost f = y * log_prob(z) + y^2 * z^2"),
    ("the later of two", "y ~ Normal(m, s)\nz ~ Normal(y, s)\ncost f = log_prob(z) + log_prob(y) + y * z^2"),
    ("written out", "z ~ Normal(m, s)\ncost f = -log_prob(Normal(m, s), z) / 2 + z^2"),
    ("a condition", "y ~ Normal(m, 1)\nz ~ Normal(m, s)\ncost f = where(m > 0, log_prob(z), 2) * y"),
    ("stopped", "z ~ Normal(m, s)\ncost f = stop_gradient(log_prob(z)) + log_prob(z) + z^2"),
    ("an index", "z ~ Normal(m, [1, 2])\ncost f = log_prob(z)[1] * m + sum(z^2)"),
    ("copies", "z ~ Normal(m, s)[2]\ncost f = mean(log_prob(z)) + sum(z)^2"),
    ("a matrix", "z ~ Normal([[m], [s]], [1, 2])\ncost f = sum(log_prob(z) @ [[1], [m]]) + 10000"),
    ("cumulative", "z ~ Normal([m, s], 1)\ncost f = sum(cumsum(log_prob(z))) + z[0] * z[1]"),
    ("twice", "z ~ Normal(m, s)\ncost f = log_prob(z) + 1e4\ncost g = 2 * log_prob(z) - m * z^2"),
    ("nowhere", "z ~ Normal(m, s)\ncost f = kl(z, Normal(0, 1)) + z^3"),
];

/// Where log q(z) does not occur, or is taken apart because the weights of its elements differ.
const NOTHING_LEFT_OUT: [&str; 2] = ["a matrix", "nowhere"];

#[test]
fn what_it_leaves_out_has_mean_0() {
    for (name, text) in ACCEPTED {
        let g = read(&format!("param m = 0.4\nparam s = 0.7\n{text}"));
        let reference = exactly(&g, &everywhere(&g, "pathwise"), 1);
        let got = exactly(&g, &everywhere(&g, "sticking_the_landing"), 1);
        close(name, &got.mean, &reference.mean, 1e-7);
        let differs = got.variance.iter().zip(&reference.variance).any(|(a, b)| (a - b).abs() > 1e-6);
        assert_eq!(differs, !NOTHING_LEFT_OUT.contains(&name), "{name}: {got:?}, {reference:?}");
        // Beside other estimators of the other sites.
        for other in ["score_function", "pathwise"] {
            let plan: Vec<Shared> =
                g.sites().iter().map(|site| if site.name == "z" { stl() } else { named(other) }).collect();
            close(&format!("{name} beside {other}"), &exactly(&g, &plan, 1).mean, &reference.mean, 1e-7);
        }
    }
}

#[test]
fn behind_discrete_draws_of_every_estimator_it_is_unbiased() {
    let text = "param m = 0.4\nparam s = 0.7\nb ~ Bernoulli(logits = m)\nz ~ Normal(s * b, s)\n\
                cost f = (1 + b) * log_prob(z) + b * z^2";
    let g = read(text);
    let gradient = exactly(&g, &[named("enumeration"), pathwise()], 1).mean;
    for other in ["enumeration", "score_function", "local_expectation", "muprop"] {
        let got = exactly(&g, &[named(other), stl()], 1);
        close(other, &got.mean, &gradient, 1e-9);
    }
    for other in ["reinforce_loo", "disarm"] {
        let how = How { mirrored: other == "disarm", ..How::default() };
        close(other, &exactly_by(&g, &[named(other), stl()], 2, &how).mean, &gradient, 1e-9);
    }
    for (other, depends) in [("arm", Depends::First), ("rebar", Depends::First)] {
        let how = How { depends, nodes: 60, mirrored: other == "arm", ..How::default() };
        let reference = exactly_by(&g, &[named(other), pathwise()], 1, &how);
        close(other, &exactly_by(&g, &[named(other), stl()], 1, &how).mean, &reference.mean, 1e-9);
    }
}

#[test]
fn a_density_that_is_written_by_hand_leaves_nothing_out() {
    let g = read(
        "param m = 0.4\nparam s = 0.7\nz ~ Normal(m, s)\n\
         cost f = -log(s) - (z - m)^2 / (2 * s^2) - log_prob(Normal(0, 1), z)",
    );
    let (_, ours) = replicates(&g, &[stl()], 3, 50, 1);
    let (_, theirs) = replicates(&g, &[pathwise()], 3, 50, 1);
    ours.iter().zip(&theirs).for_each(|(a, b)| close("same noise", a, b, 1e-12));
}

#[test]
fn factors_that_depend_on_the_draw_are_refused() {
    for (text, because) in [
        ("z ~ Normal(m, s)\ncost f = z * log_prob(z)", "`f` multiplies it by something that depends on `z`"),
        ("z ~ Normal(m, s)\nw = log_prob(z) / (1 + z^2)\ncost f = w", "`w` multiplies it"),
        ("z ~ Normal(m, s)\ncost f = log_prob(z)^2", "`f` is not linear in it"),
        ("z ~ Normal(m, s)\ncost f = exp(log_prob(z))", "`exp`"),
        ("z ~ Normal(m, s)\ncost f = stop_gradient(log_prob(z)) * log_prob(z)", "multiplies it"),
        ("z ~ Normal(m, s)\ncost f = where(z > 0, log_prob(z), 1)", "multiplies it"),
        ("z ~ Normal(m, s)\ncost f = max(log_prob(z), -2)", "is not linear"),
        ("z ~ Normal(m, s)[2]\ncost f = logsumexp(z - log_prob(z))", "is not linear"),
        ("z ~ Normal(m, s)[2]\ncost f = sum(z) * sum(log_prob(z))", "multiplies it"),
        ("z ~ Normal(m, s)\ny ~ Normal(z, 1)\ncost f = y * log_prob(z)", "multiplies it"),
        ("z ~ Normal(m, s)\ny ~ Normal(log_prob(z), 1)\ncost f = y", "the distribution of `y` depends on it"),
        ("z ~ Uniform(m, m + s)\ncost f = log_prob(z) + z", "support depends on its parameters"),
        ("z ~ Bernoulli(logits = m)\ncost f = log_prob(z) + z", "discrete"),
    ] {
        let g = read(&format!("param m = 0.4\nparam s = 0.7\n{text}"));
        let plan: Vec<Shared> =
            g.sites().iter().map(|site| if site.name == "z" { stl() } else { pathwise() }).collect();
        let Err(error) = Program::<f64>::compile(&g, &plan, &aleator::Options::new()) else {
            panic!("{text} is accepted")
        };
        let error = error.to_string();
        assert!(error.contains("sticking_the_landing") && error.contains(because), "{text}: {error}");
        assert!(error.contains("use ") || because == "discrete", "{text}: {error}");
    }
}

/// Bounds of two copies, in all the ways in which they may be written and used.
const BOUNDS: [(&str, &str); 9] = [
    (
        "iwae",
        "z ~ Normal(m, s)[2]\ncost f = logsumexp(log_prob(Normal(m * s, 1.3), z) - log_prob(z)) + 10000",
    ),
    ("a mean", "z ~ Normal(m, s)[2]\ncost f = -log(mean(exp(log_prob(Normal(0.1, 1.1), z) - log_prob(z))))"),
    (
        "renyi",
        "z ~ Normal(m, s)[2]\ncost f = 2 * logsumexp((log_prob(Normal(0.1, 1.1), z) - log_prob(z)) / 2)",
    ),
    ("entropic", "z ~ Normal(m, s)[2]\ncost f = logsumexp(3 * log_prob(z) / 4 - z^2)"),
    ("scaled", "z ~ Normal(m, s)[2]\ncost f = (m - s^2) * logsumexp(-log_prob(z) - z^2 + m * z)"),
    ("lognormal", "z ~ LogNormal(m, s)[2]\ncost f = logsumexp(log_prob(LogNormal(0.1, 1), z) - log_prob(z))"),
    ("no bound", "z ~ Normal([m, s], 0.8)\nw = -log_prob(z)\ncost f = sum(w + z[0] * z[1])"),
    ("one copy", "z ~ Normal(m, s)[1]\ncost f = logsumexp(-log_prob(z) - z^2)"),
    (
        "behind a draw",
        "b ~ Bernoulli(logits = m) via enumeration\nz ~ Normal(m + b, s)[2]\n\
      cost f = (1 + b) * logsumexp(b * z - z^2 - log_prob(z))",
    ),
];

#[test]
fn squared_weights_take_the_place_of_the_score() {
    for (name, text) in BOUNDS {
        let g = read(&format!("param m = 0.4\nparam s = 0.7\n{text}"));
        let plan = |last: &str| -> Vec<Shared> {
            let of = |site: &aleator::graph::SiteDef| {
                if site.name == "z" { named(last) } else { named("enumeration") }
            };
            g.sites().iter().map(of).collect()
        };
        let nodes = if name == "behind a draw" { 44 } else { 70 };
        let how = How { depends: Depends::First, nodes, ..How::default() };
        let reference = exactly_by(&g, &plan("pathwise"), 1, &how);
        let got = exactly_by(&g, &plan("doubly_reparameterized"), 1, &how);
        close(name, &got.mean, &reference.mean, 1e-8);
        let differs = got.variance.iter().zip(&reference.variance).any(|(a, b)| (a - b).abs() > 1e-4);
        assert!(differs, "{name}: {got:?}, {reference:?}");
    }
}

#[test]
fn the_estimate_is_the_published_formula() {
    let with = |cost: &str, via: &str| {
        let g = read(&format!(
            "param m = [0.4, -1]\nparam s = 0.7\nz ~ Normal(m, s)[5] via {via}\n\
             lw = log_prob(Normal([0, 1], 1.2), z) - log_prob({cost}"
        ));
        replicates(&g, &[named(via)], 3, 20, 7).1
    };
    // One bound for each of two columns.
    let ours = with("z)\ncost f = sum(logsumexp(lw, axis = 0))", "doubly_reparameterized");
    let by_hand = with(
        "Normal(stop_gradient(m), stop_gradient(s)), z)\n\
         w = stop_gradient(exp(lw - reshape(logsumexp(lw, axis = 0), [1, 2])))\ncost f = sum(w^2 * lw)",
        "pathwise",
    );
    ours.iter().zip(&by_hand).for_each(|(a, b)| close("same noise", a, b, 1e-10));
}

#[test]
fn at_the_posterior_bounds_have_no_variance() {
    let g = read(
        "param m = 0.5\nparam ls = 0.2\nz ~ Normal(m, exp(ls))[6]\n\
         cost f = logsumexp(log_prob(Normal(0.5, exp(0.2)), z) - log_prob(z)) + 10000",
    );
    let (_, gradients) = replicates(&g, &[named("doubly_reparameterized")], 2, 200, 5);
    assert!(gradients.iter().flatten().all(|x| x.abs() < 1e-9), "{gradients:?}");
    let (_, gradients) = replicates(&g, &[pathwise()], 2, 200, 5);
    assert!(gradients.iter().flatten().any(|x| x.abs() > 0.1));
}

#[test]
fn bounds_of_other_forms_are_refused() {
    for (text, because) in [
        ("z ~ Normal(m, s)[2]\ncost f = logsumexp(-log_prob(z)) + sum(z)", "only through one `logsumexp`"),
        ("z ~ Normal(m, s)\ncost f = log_prob(z)^2", "only through one `logsumexp`"),
        ("z ~ Normal(m, s)[2]\ncost f = logsumexp(-log_prob(z))^2", "is not linear in it"),
        ("z ~ Normal(m, s)[2]\ncost f = logsumexp(z * log_prob(z))", "multiplies it"),
        ("z ~ Normal(m, s)[2]\ncost f = logsumexp(log_prob(z)^2)", "is not linear in it"),
        ("z ~ Normal([m, 1], s)[2]\ncost f = logsumexp(-log_prob(z))", "enters several"),
        ("z ~ Normal(m, s)[2]\ncost f = logsumexp(stop_gradient(z) - log_prob(z))", "stop_gradient"),
        (
            "z ~ Normal(m, s)[2]\ncost f = logsumexp(stop_gradient(log_prob(z)) - log_prob(z))",
            "stop_gradient",
        ),
        ("z ~ Normal(m, s)[2]\ny ~ Normal(z, 1)\ncost f = logsumexp(y - log_prob(z))", "`y` depends on `z`"),
        ("z ~ Uniform(m, m + s)[2]\ncost f = logsumexp(z - log_prob(z))", "support depends"),
    ] {
        let g = read(&format!("param m = 0.4\nparam s = 0.7\n{text}"));
        let of = |site: &aleator::graph::SiteDef| match site.name.as_str() {
            "z" => named("doubly_reparameterized"),
            _ => pathwise(),
        };
        let plan: Vec<Shared> = g.sites().iter().map(of).collect();
        let Err(error) = Program::<f64>::compile(&g, &plan, &aleator::Options::new()) else {
            panic!("{text} is accepted")
        };
        let error = error.to_string();
        assert!(error.contains("doubly_reparameterized") && error.contains(because), "{text}: {error}");
        assert!(error.contains("use "), "{text}: {error}");
    }
}
