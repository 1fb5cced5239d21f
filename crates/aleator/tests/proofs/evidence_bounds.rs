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
        "param a = 0.7\nparam s = 1.5\ny ~ Normal(a, s)\nz ~ Normal(a * y, s)\n\
         cost f = log_prob(y) + log_prob(z) - log_prob(Normal(0.7, 1.5), y) - log_prob(Normal(0.7 * y, 1.5), z)",
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

#[test]
fn what_it_leaves_out_has_mean_0() {
    for (name, text) in ACCEPTED {
        let g = read(&format!("param m = 0.4\nparam s = 0.7\n{text}"));
        let reference = exactly(&g, &everywhere(&g, "pathwise"), 1);
        let got = exactly(&g, &everywhere(&g, "sticking_the_landing"), 1);
        close(name, &got.mean, &reference.mean, 1e-7);
        let differs = got.variance.iter().zip(&reference.variance).any(|(a, b)| (a - b).abs() > 1e-6);
        assert_eq!(differs, name != "nowhere", "{name}: {got:?}, {reference:?}");
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
        close(other, &exactly(&g, &[named(other), stl()], 2).mean, &gradient, 1e-9);
    }
    for (other, depends) in [("arm", Depends::First), ("rebar", Depends::First)] {
        let how = How { depends, nodes: 40, mirrored: other == "arm", ..How::default() };
        let how = How { nodes: 12, ..how };
        // A coarse rule, the same for both.
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
