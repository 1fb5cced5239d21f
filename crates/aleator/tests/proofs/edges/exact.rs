//! Exact answers at the edges: probabilities of 0 that move, narrow features, small units, infinite expectations, long
//! vectors. Right values by closed forms.

use aleator::diagnostics::{Compare, Exact, Report, compare, exact, grad};
use aleator::language::load;
use aleator::plan::Plan;

use crate::common::close;

fn answer(source: &str) -> Exact {
    exact(&load(source, None, &[]).unwrap().graph).unwrap()
}

fn by_scores(source: &str) -> Report {
    let model = load(source, None, &[]).unwrap();
    let sites = model.graph.sites().len();
    let plan = Plan::choose(&model.graph, &vec![Some(crate::common::score()); sites], None).unwrap();
    grad(&model.graph, &plan, &Compare::all().replicates(200), "test", &|_, _| {}).unwrap()
}

/// Site, cost, objective and ∂p at p, where an outcome has probability 0 and moves.
#[test]
fn outcomes_of_probability_0_that_move_have_their_part() {
    let rows: [(&str, &str, &str, f64, &[f64]); 12] = [
        ("[0, 0.5, 1]", "Bernoulli(p)", "(sum(z) + 1)^2", 6.5, &[6.0, 5.0, 4.0]),
        ("0", "Bernoulli(p)[3]", "(sum(z) + 1)^2", 1.0, &[9.0]),
        ("1", "Bernoulli(p)", "3 * z + 10000", 10003.0, &[3.0]),
        ("[0, 1]", "Categorical(p)", "[5, 7][z]", 7.0, &[-2.0, 0.0]),
        ("[0, 1, 0]", "OneHotCategorical(p)", "dot(z, [5, 7, 1])^2", 49.0, &[-24.0, 0.0, -48.0]),
        ("[0, 2]", "OneHotCategorical(p)", "dot(z, [5, 7])", 7.0, &[-1.0, 0.0]),
        ("0", "Binomial(4, p)", "(z + 1)^2", 1.0, &[12.0]),
        ("1", "Binomial(4, p)", "(z + 1)^2", 25.0, &[36.0]),
        ("0", "Poisson(p)", "(z + 1)^2", 1.0, &[3.0]),
        ("1", "Geometric(p)", "(z + 1)^2", 1.0, &[-3.0]),
        ("0", "NegativeBinomial(2.5, p)", "(z + 1)^2", 1.0, &[7.5]),
        // A factor that is 0 keeps the probability where it is.
        ("0.5", "Poisson(0 * p)", "1 / (1 - z)", 1.0, &[0.0]),
    ];
    for (at, site, cost, objective, gradient) in rows {
        let source = format!("param p = {at}\nz ~ {site}\ncost f = {cost}");
        let got = answer(&source);
        assert_eq!(got.method, Some("enumeration"), "{site} at {at}");
        close(site, &[got.objective.unwrap().0], &[objective], 1e-12);
        let values: Vec<f64> = got.gradient["p"].values.iter().map(|x| x.0).collect();
        close(&format!("{site} at {at}"), &values, gradient, 1e-12);
    }
}

/// Where a cost is infinite behind a mask nothing is seen of it; behind a probability that moves there is no answer.
#[test]
fn infinite_costs_behind_a_probability_of_0() {
    let masked =
        "param p = 0.3\ndata mask : [2] = [0, 1]\nz ~ Bernoulli(p * mask)\ncost f = 1 / (1 - z[0]) + z[1]";
    let got = answer(masked);
    close("masked", &[got.objective.unwrap().0, got.gradient["p"].values[0].0], &[1.3, 1.0], 1e-12);
    for site in ["Bernoulli(p)", "Binomial(3, p)", "Poisson(p)", "NegativeBinomial(2, p)"] {
        let got = answer(&format!("param p = 0\nz ~ {site}\ncost f = 1 / (1 - z)"));
        assert_eq!(got.method, None, "{site}");
        assert!(got.unknown.is_some(), "{site}");
    }
}

/// Scores never see what is never drawn: no row by scores is unbiased or best there.
#[test]
fn scores_are_blind_to_what_is_never_drawn() {
    for (at, site) in
        [("0", "Bernoulli(p)"), ("0", "Poisson(p)"), ("1", "Geometric(p)"), ("[0, 1]", "Categorical(p)")]
    {
        let report = by_scores(&format!("param p = {at}\nz ~ {site}\ncost f = (z - 3)^2"));
        assert!(!report.results[0].unbiased && report.best.is_none(), "{site}");
        assert!(report.lints.iter().any(|l| l.biased && l.message.contains("probability 0")), "{site}");
    }
    // Not where nothing moves, or nothing is 0.
    for (at, site) in
        [("0.3", "Bernoulli(p)"), ("0.3", "Bernoulli(0 * p)"), ("-inf", "Bernoulli(logits = p)")]
    {
        let report = by_scores(&format!("param p = {at}\nz ~ {site}\ncost f = (z - 3)^2"));
        assert!(report.results[0].unbiased, "{site}");
    }
    let model = load("param p = 0\nz ~ Bernoulli(p)\ncost f = z", None, &[]).unwrap();
    let report = compare(&model.graph, &Compare::all().replicates(200), "test", &|_, _| {}).unwrap();
    // Each of these visits the outcome of probability 0 and leaves no variance.
    let exact = ["enumeration", "local_expectation", "measure_valued"];
    assert!(report.best.as_deref().is_some_and(|best| exact.contains(&best)), "{:?}", report.best);
}

/// E |z − t| of a normal variable: ∂m = 1 − 2Φ((t − m)/σ), whatever its unit.
#[test]
fn a_kink_has_its_digits_in_any_unit() {
    for unit in [1e-12, 1e-8, 1.0, 1e8, 1e12] {
        let got = answer(&format!("param m = 0.1\nz ~ Normal(m, 1)\ncost f = {unit:e} * abs(z - 0.3)"));
        close("kink", &[got.gradient["m"].values[0].0 / unit], &[-0.158_519_418_878_206_03], 1e-9);
    }
}

/// E exp(−((z − c)/w)²) = w/√(w² + 2σ²) exp(−(m − c)²/(w² + 2σ²)), z ~ N(m, σ²).
#[test]
fn narrow_peaks_are_found() {
    for (w, c, level) in [(1e-2, 0.313, 0.0), (1e-3, -1.237, 1.0), (1e-4, 0.731_3, 1.0), (1e-4, 2.117, 0.0)] {
        let got = answer(&format!(
            "param m = 0.3\nz ~ Normal(m, 1.5)\ncost f = {level} + exp(-((z - {c}) / {w})^2)"
        ));
        let spread: f64 = w * w + 2.0 * 2.25;
        let value = w / spread.sqrt() * (-(0.3 - c) * (0.3 - c) / spread).exp();
        let Some(objective) = got.objective else { continue };
        close(&format!("{w}"), &[objective.0 - level], &[value], 1e-8 * (level + 1.0) * value.max(0.1));
        let slope = -2.0 * (0.3 - c) / spread * value;
        close(&format!("slope {w}"), &[got.gradient["m"].values[0].0], &[slope], 1e-7);
    }
}

/// ∂m E relu(z − c) = 1 − Φ(c − m): a kink may stand anywhere between the nodes of a rule, its cells' ends included.
#[test]
fn kinks_are_found_wherever_they_stand() {
    let mut places: Vec<f64> = (0..60).map(|i| -0.3 + 0.0101 * f64::from(i)).collect();
    places.extend([3e-6, -1e-7, 1e-12, 2e-4]);
    for c in places {
        let got = answer(&format!("param m = 0\nz ~ Normal(m, 1)\ncost f = relu(z - {c:e})"));
        let beyond = answer(&format!("param c = {c:e}\ncost f = 0.5 - 0.5 * erf(c / sqrt(2))"));
        let Some(slope) = got.gradient.get("m").map(|g| g.values[0].0) else { continue };
        close(&format!("kink at {c:e}"), &[slope], &[beyond.objective.unwrap().0], 1e-8);
    }
}

/// What none of the points sees is unknown, not 0.
#[test]
fn what_is_0_wherever_it_is_looked_at_is_unknown() {
    for (site, cost) in [
        ("Normal(a, 1)", "relu(z - 9)"),
        ("Normal(a, 1)", "relu(1 - abs(z - 0.3135) / 1e-9)"),
        ("Poisson(a)", "where(z > 200, 1e6, 0)"),
    ] {
        let got = answer(&format!("param a = 0.5\nz ~ {site}\ncost f = {cost}"));
        assert!(got.method.is_none() && got.unknown.is_some(), "{cost}: {:?}", got.objective);
    }
}

/// A derivative along the sample ends at a stopped gradient and a score does not, so rows say that they leave it out.
#[test]
fn a_stopped_sample_has_no_exact_answer_and_no_unbiased_slope() {
    for text in [
        "param m = 0.3\nz ~ Normal(m, 1)\ncost f = stop_gradient(z)^2 + z",
        "param m = 0.3\nz ~ Normal(m, 1)\nb ~ Bernoulli(logits = stop_gradient(z))\ncost f = b + z",
    ] {
        assert_eq!(answer(text).method, None, "{text}");
        let model = load(text, None, &[]).unwrap();
        let report = compare(&model.graph, &Compare::all().replicates(2000), "test", &|_, _| {}).unwrap();
        let pathwise = report.results.iter().find(|row| row.estimator.starts_with("pathwise")).unwrap();
        assert!(!pathwise.unbiased, "{text}");
        let score = report.results.iter().find(|row| row.estimator.starts_with("score_function")).unwrap();
        assert!(score.unbiased, "{text}");
    }
}

/// A count whose mean no number holds has no answer, and estimators go on without.
#[test]
fn a_mean_beyond_all_numbers_ends_no_command() {
    let text = "param l = -800\nz ~ Geometric(logits = l)\ncost f = 100 + exp(-z)";
    assert_eq!(answer(text).method, None);
    assert_eq!(by_scores(text).results.len(), 1);
}

/// A draw between random ends grows as they do.
#[test]
fn a_random_end_of_a_support_counts() {
    for (site, cost) in
        [("Uniform(0, exp(x))", "exp(0.0001 * y)"), ("Binomial(floor(exp(x)), 0.5)", "exp(0.0001 * y)")]
    {
        let got = answer(&format!("param a = 0.5\nx ~ Normal(0, a)\ny ~ {site}\ncost f = {cost}"));
        assert_eq!(got.method, None, "{site}: {:?}", got.objective);
    }
    // No more than seven of seven, whatever happens to them.
    let text = "param a = 0.5\nx ~ Binomial(7, a)\ny ~ Binomial(7 - x, 1 - (1 - a)^x)\ncost f = y";
    let mean: f64 = [1.0, 7.0, 21.0, 35.0, 35.0, 21.0, 7.0, 1.0]
        .iter()
        .enumerate()
        .map(|(x, ways)| ways / 128.0 * (7 - x) as f64 * (1.0 - 0.5_f64.powi(x as i32)))
        .sum();
    close("seven", &[answer(text).objective.unwrap().0], &[mean], 1e-12);
}

/// Draws that are rare together, tails that are heavier than their family's name says, logarithms in an exponent.
#[test]
fn what_diverges_only_together_has_no_answer() {
    for (first, second, cost) in [
        ("Exponential(a)", "Exponential(1)", "exp(0.01 * x * y)"),
        ("Normal(0, a)", "Normal(0, 1)", "exp(0.001 * x * y^2)"),
        ("Normal(0, a)", "Normal(0, abs(x))", "exp(0.01 * y^2)"),
        ("Weibull(a, 0.5)", "Normal(0, 1)", "exp(0.001 * x) + 0 * y"),
        ("Weibull(1, a)", "Normal(0, 1)", "exp(0.01 * x)"),
        ("Exponential(a)", "Normal(0, 1)", "exp(0.01 * x * log(x + 1))"),
        ("StudentT(3, a, 1)", "Normal(0, 1)", "exp(0.001 * log1p(x^2)^2)"),
    ] {
        let got = answer(&format!("param a = 0.5\nx ~ {first}\ny ~ {second}\ncost f = {cost}"));
        assert_eq!(got.method, None, "{cost}: {:?}", got.objective);
    }
    let near = answer("param a = 0.5\nx ~ Weibull(1, 2)\ny ~ Normal(0, a)\ncost f = exp(0.5 * y) + x^2");
    close("near", &[near.objective.unwrap().0], &[f64::exp(1.0 / 32.0) + 1.0], 1e-9);
}

#[test]
fn what_has_no_expectation_has_no_answer() {
    for (site, cost) in [
        ("StudentT(1, a, 1)", "z"),
        ("StudentT(2, a, 1)", "z^2"),
        ("Cauchy(a, 1)", "z"),
        ("LogNormal(a, 0.1)", "exp(z)"),
        ("LogNormal(a, 1)", "exp(0.001 * z)"),
        ("Normal(a, 1)", "exp(z^2)"),
        ("Normal(a, 1)", "exp(0.0001 * abs(z)^3)"),
        ("Normal(a, 1)", "1 / z^2"),
        ("Exponential(a)", "exp(2 * z)"),
        ("Exponential(a)", "exp(0.0001 * z^2)"),
        ("Poisson(a)", "exp(0.01 * z^2)"),
        ("Poisson(2 * a)", "exp(lgamma(z + 1))"),
        ("Geometric(a)", "2.5^z"),
        ("Uniform(0, 1)", "a / z"),
    ] {
        let got = answer(&format!("param a = 0.5\nz ~ {site}\ncost f = {cost}"));
        assert_eq!(got.method, None, "{cost} of {site}: {:?}", got.objective);
    }
}

/// What does have one, near those.
#[test]
fn what_has_an_expectation_keeps_its_answer() {
    for (site, cost, objective) in [
        ("LogNormal(a, 0.5)", "z^2", f64::exp(1.0 + 0.5)),
        ("Normal(a, 1)", "exp(z)", f64::exp(1.0)),
        ("Normal(a, 1)", "exp(-z^2)", f64::exp(-0.25 / 3.0) / f64::sqrt(3.0)),
        ("Normal(a, 1)", "1 + sigmoid(exp(z)) - sigmoid(exp(z))", 1.0),
        ("Exponential(a)", "z^3", 48.0),
        ("Poisson(a)", "2^z", f64::exp(0.5)),
        ("Poisson(a)[2]", "z[0] * z[1]", 0.25),
        ("StudentT(6, a, 1)", "z^2", 0.25 + 1.5),
    ] {
        let got = answer(&format!("param a = 0.5\nz ~ {site}\ncost f = {cost}"));
        assert!(got.method.is_some(), "{cost} of {site}: {:?}", got.unknown);
        close(&format!("{cost} of {site}"), &[got.objective.unwrap().0], &[objective], 1e-9);
    }
    // A cost of one count beside another one.
    let got = answer("param a = 0.5\nx ~ Poisson(a)\ny ~ Poisson(3 * a)\ncost f = x^2\ncost g = x * y");
    close("two counts", &[got.objective.unwrap().0, got.gradient["a"].values[0].0], &[1.5, 5.0], 1e-9);
}

/// A softmax is bounded, however fast its argument grows; its logarithm grows as the argument does.
#[test]
fn softmax_functions_grow_no_faster_than_their_arguments() {
    let of = |cost: &str| answer(&format!("param a = 0.5\nz ~ LogNormal(a, 1)\ncost f = {cost}"));
    for (cost, same) in [
        ("softmax([z^2, 0])[0]", "sigmoid(z^2)"),
        ("logsumexp([z, 0])", "softplus(z)"),
        ("log_softmax([z, 0])[1]", "-softplus(z)"),
    ] {
        let (got, want) = (of(cost), of(same));
        close(cost, &[got.objective.unwrap().0], &[want.objective.unwrap().0], 1e-9);
        close(cost, &[got.gradient["a"].values[0].0], &[want.gradient["a"].values[0].0], 1e-9);
    }
    assert!(of("exp(logsumexp([z, 0]))").unknown.is_some());
}

/// Linear in the number of categories where the cost picks a row at first.
#[test]
fn many_categories_are_enumerated_row_by_row() {
    for (site, cost) in [
        ("OneHotCategorical(logits = l)", "dot(z, v)"),
        ("OneHotCategorical(logits = l)", "(dot(z, v) - 1)^2 + 2 * dot(v, z) - 1"),
        ("OneHotCategorical(logits = l)", "sum(z @ transpose(stack([v, v^2])))"),
        ("Categorical(logits = l)", "v[z]^2"),
    ] {
        let source =
            |n: usize| format!("param l : [{n}] = 0\nv = linspace(0, 1, {n})\nz ~ {site}\ncost f = {cost}");
        let mean = |n: usize, f: &dyn Fn(f64) -> f64| {
            (0..n).map(|k| f(k as f64 / (n - 1) as f64)).sum::<f64>() / n as f64
        };
        let f: &dyn Fn(f64) -> f64 = match cost {
            "dot(z, v)" => &|v| v,
            "v[z]^2" => &|v| v * v,
            c if c.starts_with("sum") => &|v| v + v * v,
            _ => &|v| (v - 1.0) * (v - 1.0) + 2.0 * v - 1.0,
        };
        for n in [3, 20_000] {
            let got = answer(&source(n));
            close(cost, &[got.objective.unwrap().0], &[mean(n, f)], 1e-11);
            let expected = (f(1.0) - mean(n, f)) / n as f64;
            close(cost, &[got.gradient["l"].values[n - 1].0], &[expected], 1e-11);
        }
    }
}
