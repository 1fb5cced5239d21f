//! `kl` against E_q[log q − log p], with its derivatives: sums over outcomes and integrals by double-exponential rules.

// Reference values are written with all digits that they were computed with.
#![allow(clippy::excessive_precision)]

use aleator::distributions::{
    Bernoulli, Beta, Binomial, Categorical, Dirichlet, Distribution, Exponential, Gamma, Geometric,
    MultivariateNormal, NegativeBinomial, Normal, OneHotCategorical, Poisson, StudentT, Support, Uniform, kl,
    kl_pairs,
};
use aleator::graph::Graph;
use aleator::plan::{Plan, lints};
use aleator_engine::autodiff::grad;
use aleator_engine::graph::Expr;

use crate::cases::{Case, moderate};
use crate::harness::Bench;

fn assert_near(got: f64, want: f64, tolerance: f64, what: &str) {
    let near = (got - want).abs() <= tolerance * (1.0 + want.abs());
    assert!(got == want || near, "{what}: {got:e}, expected {want:e}");
}

/// Numbers z with weights for ∫ f(z) dz over an interval between two of `ends`, which may be infinite.
fn nodes(ends: &[f64]) -> Vec<(f64, f64)> {
    let steps = (-480..=480).map(|i| f64::from(i) / 64.0);
    let half_pi = std::f64::consts::FRAC_PI_2;
    let tail = |end: f64, sign: f64| {
        let at = move |t: f64| {
            let reach = (half_pi * t.sinh()).exp();
            (end + sign * reach, reach * half_pi * t.cosh() / 64.0)
        };
        steps.clone().filter(|t| *t < 6.0).map(at).collect::<Vec<_>>()
    };
    let between = |a: f64, b: f64| {
        let at = |t: f64| {
            let (y, half) = (half_pi * t.sinh(), 0.5 * (b - a));
            let offset = 2.0 * half / (1.0 + (2.0 * y.abs()).exp());
            let z = if y < 0.0 { a + offset } else { b - offset };
            (z, half * half_pi * t.cosh() / y.cosh().powi(2) / 64.0)
        };
        steps.clone().filter(|t| t.abs() < 4.0).map(at).filter(|(z, _)| *z > a && *z < b).collect::<Vec<_>>()
    };
    ends.windows(2)
        .flat_map(|pair| match (pair[0], pair[1]) {
            (a, b) if a == b => Vec::new(),
            (a, f64::INFINITY) => tail(a, 1.0),
            (f64::NEG_INFINITY, b) => tail(b, -1.0),
            (a, b) => between(a, b),
        })
        .collect()
}

/// The ends of q's support, and where its or p's density may have a kink.
fn ends(case: &Case, other: &Case) -> Vec<f64> {
    let loc = |c: &Case| c.scalar("loc").filter(|_| !matches!(c.name(), "LogNormal" | "VonMises"));
    let (low, high) = match case.family().support() {
        Support::Real => (f64::NEG_INFINITY, f64::INFINITY),
        Support::Positive => (0.0, f64::INFINITY),
        Support::UnitInterval => (0.0, 1.0),
        Support::Circle => (-std::f64::consts::PI, std::f64::consts::PI),
        Support::Interval { high: Some(_), .. } => {
            (case.scalar("low").unwrap(), case.scalar("high").unwrap())
        }
        Support::Interval { low, high: None } => (case.parameters[low].values[0], f64::INFINITY),
        support => panic!("no integral over {support:?}"),
    };
    let mut inner: Vec<f64> = [loc(case), loc(other), Some(1.0)].into_iter().flatten().collect();
    inner.retain(|x| *x > low && *x < high);
    inner.sort_by(f64::total_cmp);
    inner.dedup();
    [vec![low], inner, vec![high]].concat()
}

/// Σ or ∫ q (log q − log p), as an expression of the parameters.
fn by_definition<'g>(
    bench: &'g Bench,
    q: &Distribution<'g>,
    p: &Distribution<'g>,
    cases: [&Case; 2],
) -> Expr<'g> {
    let graph = &bench.graph;
    let (z, weights) = match q.family().support() {
        Support::Counts | Support::BoundedCounts => (graph.iota(3000), None),
        Support::Boolean => (graph.iota(2), None),
        Support::Indices => (graph.iota(q.parameters()[0].shape().from_end(0)), None),
        Support::OneHot => {
            let n = q.parameters()[0].shape().from_end(0);
            (graph.iota(n).one_hot(n), None)
        }
        _ => {
            let all = nodes(&ends(cases[0], cases[1]));
            // Where q is of no weight, log p may overflow.
            let alone = Bench::new();
            let everywhere = alone.graph.tensor([all.len()], all.iter().map(|(z, _)| *z).collect());
            let log_q = alone.run::<f64>(&[cases[0].build(&alone).log_prob(everywhere)], 0).remove(0);
            let counts =
                all.into_iter().zip(log_q).filter(|(_, log_q)| *log_q > -200.0).map(|(node, _)| node);
            let (z, w): (Vec<f64>, Vec<f64>) = counts.unzip();
            (graph.tensor([z.len()], z), Some(graph.tensor([w.len()], w)))
        }
    };
    let (log_q, log_p) = (q.log_prob(z), p.log_prob(z));
    let nothing = log_q.less(-700.0);
    let difference = nothing.select(0.0, log_q) - nothing.select(0.0, log_p);
    let terms = nothing.select(0.0, log_q).exp() * difference;
    let terms = nothing.select(0.0, terms);
    weights.map_or(terms, |w| w * terms).sum()
}

fn inputs<'g>(bench: &'g Bench, case: &Case, fixed: Option<Expr<'g>>) -> Vec<Expr<'g>> {
    let one = |(i, p): (usize, &crate::cases::Parameter)| match fixed {
        Some(count) if i == 0 => count,
        _ => bench.input(p.event.clone(), p.values.clone()),
    };
    case.parameters.iter().enumerate().map(one).collect()
}

/// What differs of the divergence and all its first derivatives from those of the definition.
fn differences(q: &Case, p: &Case, tolerance: f64) -> Vec<String> {
    let bench = Bench::new();
    let count = q.scalar("total_count").map(|n| bench.graph.scalar(n));
    let (theta, phi) = (inputs(&bench, q, count), inputs(&bench, p, count));
    let (q_d, p_d) = (q.signature.build(theta.clone()), p.signature.build(phi.clone()));
    let parameters: Vec<Expr<'_>> =
        theta.into_iter().chain(phi).filter(|e| Some(e.id()) != count.map(|c| c.id())).collect();
    let closed = kl(&q_d, &p_d).unwrap();
    let defined = by_definition(&bench, &q_d, &p_d, [q, p]);
    let all = |e: Expr<'_>| [vec![e.id()], grad(e, &parameters).iter().map(|d| d.id()).collect()].concat();
    let outputs: Vec<Expr<'_>> =
        [all(closed), all(defined)].concat().into_iter().map(|id| bench.graph.expr(id)).collect();
    let results = bench.run::<f64>(&outputs, 0);
    let (ours, theirs) = results.split_at(parameters.len() + 1);
    let fits = |(a, b): (&Vec<f64>, &Vec<f64>)| {
        let size = b.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * size)
    };
    let differs = |i: &usize| !fits((&ours[*i], &theirs[*i])) || ours[0][0] < 0.0;
    let words = |i| format!("KL of {q} from {p}, derivative {i}: {:?}, expected {:?}", ours[i], theirs[i]);
    (0..ours.len()).filter(differs).map(words).collect()
}

fn case(name: &str, parameters: &[(&str, &[f64])]) -> Case {
    Case::new(name, parameters)
}

/// Cases of a family: its moderate ones, and some that are far from those.
fn cases(name: &str) -> Vec<Case> {
    let two = |a: &'static str, b: &'static str, values: &[[f64; 2]]| -> Vec<Case> {
        values.iter().map(|v| case(name, &[(a, &[v[0]]), (b, &[v[1]])])).collect()
    };
    let one = |a: &'static str, values: &[f64]| -> Vec<Case> {
        values.iter().map(|v| case(name, &[(a, &[*v])])).collect()
    };
    match name {
        "Bernoulli" => {
            [one("logits", &[0.0, -30.0, 300.0, 1.5]), one("probs", &[0.3, 1e-12, 0.999])].concat()
        }
        "Categorical" | "OneHotCategorical" => [
            case(name, &[("logits", &[0.0, 1.0, -2.0])]),
            case(name, &[("logits", &[-40.0, 5.0, 100.0])]),
            case(name, &[("probs", &[0.2, 3.0, 1e-9])]),
        ]
        .to_vec(),
        "Binomial" => [
            case(name, &[("total_count", &[7.0]), ("logits", &[0.4])]),
            case(name, &[("total_count", &[7.0]), ("logits", &[-20.0])]),
            case(name, &[("total_count", &[7.0]), ("probs", &[0.9])]),
        ]
        .to_vec(),
        "NegativeBinomial" => [
            case(name, &[("total_count", &[2.5]), ("logits", &[0.4])]),
            case(name, &[("total_count", &[2.5]), ("logits", &[-20.0])]),
            case(name, &[("total_count", &[2.5]), ("probs", &[0.9])]),
        ]
        .to_vec(),
        "Geometric" => [one("logits", &[0.3, -3.0, 20.0]), one("probs", &[0.1, 0.99])].concat(),
        "Poisson" => one("rate", &[0.7, 1e-8, 40.0, 1000.0]),
        "Exponential" => one("rate", &[0.7, 1e-3, 40.0]),
        "Normal" | "Laplace" | "LogNormal" => {
            two("loc", "scale", &[[0.3, 1.2], [-2.0, 0.4], [1.0, 3.0], [0.3, 1.2000001]])
        }
        "Cauchy" | "Gumbel" | "Logistic" => two("loc", "scale", &[[0.3, 1.2], [-2.0, 0.7], [1.0, 3.0]]),
        "HalfNormal" | "HalfCauchy" => one("scale", &[1.2, 0.4, 3.0]),
        "InverseGamma" => two("concentration", "rate", &[[0.5, 1.0], [2.0, 0.3], [30.0, 20.0]]),
        "Chi2" => one("df", &[1.0, 4.0, 60.0]),
        "ContinuousBernoulli" => {
            [one("logits", &[0.0, 1e-3, -3.0, 20.0]), one("probs", &[0.3, 0.501, 0.999])].concat()
        }
        "Weibull" => two("scale", "concentration", &[[0.8, 1.5], [2.0, 0.7], [1.0, 3.0]]),
        "Gamma" => two("concentration", "rate", &[[0.5, 1.0], [2.0, 0.3], [30.0, 20.0], [2.0000001, 0.3]]),
        "Beta" => {
            two("concentration1", "concentration0", &[[0.5, 1.8], [2.0, 3.0], [60.0, 20.0], [1.0, 1.0]])
        }
        "VonMises" => two("loc", "concentration", &[[0.3, 1.2], [-2.0, 0.0], [1.0, 30.0], [1.0, 80.0]]),
        _ => moderate().into_iter().filter(|c| c.name() == name).collect(),
    }
}

#[test]
fn every_pair_is_its_sum_or_integral() {
    let elsewhere = ["Uniform", "Pareto", "MultivariateNormal", "Dirichlet"];
    let pairs = kl_pairs().filter(|(a, b)| !elsewhere.contains(a) && !elsewhere.contains(b));
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (a, b) in pairs {
        for (q, p) in cases(a).iter().flat_map(|q| cases(b).into_iter().map(move |p| (q, p))) {
            wrong.extend(differences(q, &p, 1e-10));
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 200, "{compared}");
}

fn values(bench: &Bench, outputs: &[Expr<'_>]) -> Vec<f64> {
    bench.run::<f64>(outputs, 0).concat()
}

/// z₁ of a Dirichlet and z₂/(1 − z₁) are independent Beta variates: divergences add up.
#[test]
fn a_dirichlet_is_a_chain_of_betas() {
    let bench = Bench::new();
    for (a, b) in [
        ([0.6, 2.0, 3.5], [1.0, 1.0, 1.0]),
        ([1e-3, 20.0, 0.5], [4.0, 5e4, 1e-2]),
        ([1e6, 2e6, 3e6], [2e6, 4e6, 6.001e6]),
    ] {
        let beta = |a: f64, rest: f64| {
            let [a, rest] = [a, rest].map(|x| bench.graph.scalar(x));
            Beta::new(a, rest)
        };
        let vector = |v: [f64; 3]| Dirichlet::new(bench.input([3], v.to_vec()));
        let first = kl(&beta(a[0], a[1] + a[2]), &beta(b[0], b[1] + b[2])).unwrap();
        let second = kl(&beta(a[1], a[2]), &beta(b[1], b[2])).unwrap();
        let r = values(&bench, &[kl(&vector(a), &vector(b)).unwrap(), first + second]);
        assert_near(r[0], r[1], 1e-10, &format!("{a:?} {b:?}"));
    }
}

#[test]
fn a_multivariate_normal_is_the_usual_formula() {
    let bench = Bench::new();
    let normal = |loc: [f64; 2], tril: [f64; 4]| {
        MultivariateNormal::new(bench.input([2], loc.to_vec()), bench.input([2, 2], tril.to_vec()))
    };
    let (q, p) = (([1.0, -2.0], [0.5, 0.0, 1.25, 2.0]), ([0.3, 0.4], [1.5, 0.0, -0.7, 0.6]));
    let covariance = |l: [f64; 4]| [l[0] * l[0], l[0] * l[2], l[2] * l[2] + l[3] * l[3]];
    let (s, t) = (covariance(q.1), covariance(p.1));
    let [det_s, det_t] = [s, t].map(|c| c[0] * c[2] - c[1] * c[1]);
    let trace = (t[2] * s[0] - 2.0 * t[1] * s[1] + t[0] * s[2]) / det_t;
    let d = [q.0[0] - p.0[0], q.0[1] - p.0[1]];
    let square = (t[2] * d[0] * d[0] - 2.0 * t[1] * d[0] * d[1] + t[0] * d[1] * d[1]) / det_t;
    let want = 0.5 * (trace - 2.0 + square + (det_t / det_s).ln());
    let (a, b) = (normal(q.0, q.1), normal(p.0, p.1));
    let r = values(&bench, &[kl(&a, &b).unwrap(), kl(&a, &a).unwrap()]);
    assert_near(r[0], want, 1e-13, "MultivariateNormal");
    assert_eq!(r[1], 0.0);
    // A batch of locations beside one matrix.
    let locs = bench.input([3, 2], vec![1.0, -2.0, 0.3, 0.4, 5.0, 5.0]);
    let many = kl(&MultivariateNormal::new(locs, a.parameters()[1]), &b).unwrap();
    assert_eq!(many.shape().to_vec(), [3]);
    assert_near(values(&bench, &[many])[0], want, 1e-13, "the first of a batch");
}

#[test]
fn a_uniform_needs_room() {
    let bench = Bench::new();
    let uniform = |low: f64, high: f64| Uniform::new(bench.input([], vec![low]), bench.input([], vec![high]));
    let (q, p) = (uniform(0.0, 1.0), uniform(-1.0, 3.0));
    let closed = kl(&q, &p).unwrap();
    let mut outputs = vec![closed, kl(&p, &q).unwrap(), kl(&q, &q).unwrap()];
    outputs.extend(grad(closed, &[q.parameters(), p.parameters()].concat()));
    assert_eq!(values(&bench, &outputs), [4f64.ln(), f64::INFINITY, 0.0, 1.0, -1.0, -0.25, 0.25]);
    let beta = Beta::new(bench.graph.scalar(1.0), bench.graph.scalar(1.0));
    let normal = Normal::new(bench.graph.scalar(0.0), bench.graph.scalar(1.0));
    let others = [kl(&beta, &q), kl(&beta, &uniform(0.5, 2.0)), kl(&uniform(-1.0, 1.0), &normal)];
    let r = values(&bench, &others.map(|e| e.unwrap()));
    assert_near(r[0], 0.0, 1e-15, "Beta(1, 1) from Uniform(0, 1)");
    assert_eq!(r[1], f64::INFINITY);
    assert_near(
        r[2],
        -(2f64.ln()) + 0.5 * std::f64::consts::TAU.ln() + 1.0 / 6.0,
        1e-15,
        "Uniform from Normal",
    );
}

#[test]
fn a_pareto_needs_room() {
    let at = |scale: f64, alpha: f64| case("Pareto", &[("scale", &[scale]), ("alpha", &[alpha])]);
    // The end of q does not move the integral over its support, whose density is greatest there; see the derivatives by hand.
    let bench = Bench::new();
    let build = |case: &Case| case.signature.build(inputs(&bench, case, None));
    let (q, p) = (build(&at(2.0, 3.0)), build(&at(0.5, 1.5)));
    let closed = kl(&q, &p).unwrap();
    let mut outputs = vec![closed, kl(&p, &q).unwrap(), kl(&q, &q).unwrap()];
    outputs.push(by_definition(&bench, &q, &p, [&at(2.0, 3.0), &at(0.5, 1.5)]));
    outputs.extend(grad(closed, &[q.parameters(), p.parameters()].concat()));
    let r = values(&bench, &outputs);
    assert_eq!(r[1..3], [f64::INFINITY, 0.0]);
    assert_near(r[0], 2f64.ln() - 0.5 + 1.5 * 4f64.ln(), 1e-14, "Pareto");
    assert_near(r[3], r[0], 1e-10, "the integral");
    // α_p/s_q, 1/α_q − α_p/α_q², −α_p/s_p, 1/α_q − 1/α_p + log(s_q/s_p)
    for (got, want) in
        r[4..].iter().zip([0.75, 1.0 / 3.0 - 1.5 / 9.0, -3.0, 1.0 / 3.0 - 2.0 / 3.0 + 4f64.ln()])
    {
        assert_near(*got, want, 1e-13, "a derivative of Pareto");
    }
}

/// Between two formulas of one function nothing jumps as a parameter varies.
#[test]
fn closed_forms_do_not_jump() {
    let mut wrong = Vec::new();
    let closed = |case: &Case| {
        kl_pairs().any(|(a, b)| a == b && a == case.name()) && !["Uniform", "Pareto"].contains(&case.name())
    };
    for case in moderate().into_iter().filter(closed) {
        let graph = Graph::new();
        let count = case.scalar("total_count").map(|n| graph.engine().scalar(n));
        let parameters = |side: &str| -> Vec<Expr<'_>> {
            let one = |(i, p): (usize, &crate::cases::Parameter)| match count {
                Some(count) if i == 0 => count,
                _ => graph.param_tensor(&format!("{side}{i}"), p.event.clone(), p.values.clone()),
            };
            case.parameters.iter().enumerate().map(one).collect()
        };
        let q = case.signature.build(parameters("q"));
        graph.sample("z", q.clone());
        graph.cost("cost", kl(&q, &case.signature.build(parameters("p"))).unwrap().sum());
        let plan = Plan::choose(&graph, &[], None).unwrap();
        let found = lints(&graph, &plan);
        wrong.extend(found.iter().map(|lint| format!("{case}: {}", lint.message)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Equal parameters give 0 with a derivative of 0, and nearly equal ones a half of the Fisher information times the square of the
/// difference, which is never negative.
#[test]
fn equal_arguments_give_exactly_zero() {
    let all = moderate().into_iter().chain(crate::cases::extreme());
    for case in all.filter(|c| kl_pairs().any(|(a, b)| a == b && a == c.name())) {
        let bench = Bench::new();
        let count = case.scalar("total_count").map(|n| bench.graph.scalar(n));
        let (theta, phi) = (inputs(&bench, &case, count), inputs(&bench, &case, count));
        let (q, p) = (case.signature.build(theta.clone()), case.signature.build(phi.clone()));
        let zero = kl(&q, &p).unwrap();
        let r = bench.run::<f64>(&[zero], 0);
        assert_eq!(r[0], [0.0], "{case}");
        for relative in [1e-16, 1e-13, 1e-9, 1e-5] {
            if ["Uniform", "Pareto"].contains(&case.name()) {
                continue;
            }
            let moved = phi
                .iter()
                .map(|e| if Some(e.id()) == count.map(|c| c.id()) { *e } else { *e * (1.0 - relative) });
            let near = kl(&q, &case.signature.build(moved.collect())).unwrap();
            let r = bench.run::<f64>(&[near], 0);
            assert!(r[0][0] >= 0.0, "{case} moved by {relative}: {:?}", r[0]);
        }
    }
}

#[test]
fn the_ends_of_probabilities_are_exact() {
    let bench = Bench::new();
    let inf = f64::INFINITY;
    let x = |v: f64| bench.input([], vec![v]);
    let ln = |v: f64| v.ln();
    let probs = |v: f64| Bernoulli::from_probs(x(v));
    let logits = |v: f64| Bernoulli::from_logits(x(v));
    let half = logits(0.0);
    let rate = |v: f64| Poisson::new(x(v));
    let weights = |v: [f64; 3]| Categorical::from_probs(bench.input([3], v.to_vec()));
    let one_hot = |v: [f64; 3]| OneHotCategorical::from_logits(bench.input([3], v.to_vec()));
    let geometric = |v: f64| Geometric::from_probs(x(v));
    let negative = |v: f64| NegativeBinomial::from_probs(bench.graph.scalar(2.0), x(v));
    let binomial = |v: f64| Binomial::from_probs(bench.graph.scalar(3.0), x(v));
    let cases = [
        (kl(&probs(0.0), &half), ln(2.0)),
        (kl(&probs(1.0), &half), ln(2.0)),
        (kl(&probs(0.0), &probs(0.0)), 0.0),
        (kl(&probs(1.0), &probs(0.0)), inf),
        (kl(&half, &probs(1.0)), inf),
        (kl(&logits(inf), &half), ln(2.0)),
        (kl(&logits(-inf), &logits(-inf)), 0.0),
        (kl(&logits(inf), &logits(-inf)), inf),
        (kl(&half, &logits(inf)), inf),
        (kl(&logits(-800.0), &half), ln(2.0)),
        (kl(&half, &logits(1000.0)), 500.0 - ln(2.0)),
        (kl(&rate(0.0), &rate(2.0)), 2.0),
        (kl(&rate(0.0), &rate(0.0)), 0.0),
        (kl(&rate(2.0), &rate(0.0)), inf),
        (kl(&weights([0.0, 1.0, 1.0]), &weights([1.0, 1.0, 2.0])), 0.5 * ln(2.0)),
        (kl(&weights([0.0, 1.0, 1.0]), &weights([0.0, 2.0, 2.0])), 0.0),
        (kl(&weights([1.0, 1.0, 1.0]), &weights([0.0, 2.0, 2.0])), inf),
        (kl(&one_hot([-inf, 0.0, 0.0]), &one_hot([0.0, 0.0, ln(2.0)])), 0.5 * ln(2.0)),
        (kl(&one_hot([0.0, 0.0, 0.0]), &one_hot([-inf, 0.0, 0.0])), inf),
        (kl(&geometric(1.0), &geometric(0.25)), ln(4.0)),
        (kl(&geometric(0.25), &geometric(1.0)), inf),
        (kl(&geometric(1.0), &geometric(1.0)), 0.0),
        (kl(&negative(0.0), &negative(0.75)), 2.0 * ln(4.0)),
        (kl(&negative(0.75), &negative(0.0)), inf),
        (kl(&binomial(0.0), &binomial(0.5)), 3.0 * ln(2.0)),
        (kl(&binomial(0.5), &binomial(0.0)), inf),
    ];
    let (outputs, wanted): (Vec<Expr<'_>>, Vec<f64>) =
        cases.into_iter().map(|(e, w)| (e.unwrap(), w)).unzip();
    for (i, (got, want)) in values(&bench, &outputs).into_iter().zip(wanted).enumerate() {
        assert_near(got, want, 1e-14, &format!("case {i}"));
    }
    // Derivatives by what is inside of its domain are numbers there.
    let (certain, other) = (probs(0.0), logits(0.3));
    let derivative = grad(kl(&certain, &other).unwrap(), &[other.parameters()[0]]);
    assert_near(values(&bench, &derivative)[0], 1.0 / (1.0 + (-0.3f64).exp()), 1e-14, "the derivative by p");
}

/// Against 40 digits.
#[test]
fn extreme_parameters_keep_their_digits() {
    let bench = Bench::new();
    let two = |[a, b]: [f64; 2]| (bench.input([], vec![a]), bench.input([], vec![b]));
    let gamma = |v| {
        let (a, b) = two(v);
        Gamma::new(a, b)
    };
    let beta = |v| {
        let (a, b) = two(v);
        Beta::new(a, b)
    };
    for (q, p, want) in GAMMAS {
        let got = values(&bench, &[kl(&gamma(q), &gamma(p)).unwrap()])[0];
        assert!((got - want).abs() <= 1e-10 * want + 1e-15, "Gamma {q:?} {p:?}: {got:e}, expected {want:e}");
    }
    for (q, p, want) in BETAS {
        let got = values(&bench, &[kl(&beta(q), &beta(p)).unwrap()])[0];
        assert!((got - want).abs() <= 1e-10 * want + 1e-15, "Beta {q:?} {p:?}: {got:e}, expected {want:e}");
    }
}

const GAMMAS: [([f64; 2], [f64; 2], f64); 8] = [
    ([1.0, 1.0], [2.0, 1.0], 0.5772156649015329),
    ([1000000.0, 1000000.0], [2000000.0, 2000000.0], 0.153426451386694),
    ([0.001, 1.0], [5.0, 2.0], 4994.683423129284),
    ([5.0, 2.0], [0.001, 1.0], 8.758900426707038),
    ([1000000.0, 10.0], [1010000.0, 10.0], 49.83418653434534),
    ([2.0, 3.0], [2.001, 3.003], 3.2223320154669593e-7),
    ([0.001, 0.001], [0.002, 1.0], 1.2920381297493524),
    ([300000000.0, 1.0], [300010000.0, 1.0002], 4.166064908440485),
];
const BETAS: [([f64; 2], [f64; 2], f64); 6] = [
    ([1.0, 1.0], [2.0, 1.0], 0.3068528194400547),
    ([0.001, 0.001], [2.0, 3.0], 2488.922395927817),
    ([100000.0, 200000.0], [101000.0, 201000.0], 0.827378852843878),
    ([1000000.0, 1.0], [1000000.0, 2.0], 0.5772151649019496),
    ([2.0, 3.0], [2.001, 3.0], 2.1174635455721334e-7),
    ([50.0, 0.01], [0.01, 50.0], 5222.099127813515),
];

/// Second derivatives of KL(q ‖ p) at p = q are the Fisher information, by p and by q.
#[test]
fn second_derivatives_at_equality_are_the_fisher_information() {
    for (case, information) in [
        (case("Normal", &[("loc", &[0.3]), ("scale", &[0.5])]), vec![4.0, 8.0]),
        (case("Laplace", &[("loc", &[0.3]), ("scale", &[0.5])]), vec![4.0, 4.0]),
        (case("Cauchy", &[("loc", &[0.3]), ("scale", &[0.5])]), vec![2.0, 2.0]),
        (case("Exponential", &[("rate", &[0.5])]), vec![4.0]),
        (case("Poisson", &[("rate", &[0.5])]), vec![2.0]),
        (case("Bernoulli", &[("probs", &[0.25])]), vec![16.0 / 3.0]),
        (case("Geometric", &[("probs", &[0.5])]), vec![8.0]),
        // ψ₁(2) and α/λ².
        (case("Gamma", &[("concentration", &[2.0]), ("rate", &[0.5])]), vec![0.644_934_066_848_226_4, 8.0]),
    ] {
        let bench = Bench::new();
        let (theta, phi) = (inputs(&bench, &case, None), inputs(&bench, &case, None));
        let divergence =
            kl(&case.signature.build(theta.clone()), &case.signature.build(phi.clone())).unwrap();
        for by in [theta, phi] {
            for (x, want) in by.into_iter().zip(&information) {
                let second = grad(grad(divergence, &[x])[0], &[x])[0];
                assert_near(values(&bench, &[second])[0], *want, 1e-12, &case.to_string());
            }
        }
    }
}

#[test]
fn batches_broadcast_and_events_are_summed() {
    let bench = Bench::new();
    let q = Normal::new(bench.input([2, 1], vec![0.0, 1.0]), bench.graph.scalar(1.0));
    let p = Normal::new(bench.graph.scalar(0.0), bench.input([3], vec![1.0, 2.0, 4.0]));
    let normal = kl(&q, &p).unwrap();
    assert_eq!(normal.shape().to_vec(), [2, 3]);
    let at = |loc: f64, scale: f64| 0.5 * (loc * loc + 1.0) / (scale * scale) - 0.5 + scale.ln();
    for (i, got) in values(&bench, &[normal]).into_iter().enumerate() {
        assert_near(got, at([0.0, 1.0][i / 3], [1.0, 2.0, 4.0][i % 3]), 1e-15, "an element of a batch");
    }
    let logits = bench.input([2, 1, 4], (0..8).map(f64::from).collect());
    let prior = OneHotCategorical::from_logits(bench.input([5, 4], vec![0.0; 20]));
    assert_eq!(kl(&OneHotCategorical::from_logits(logits), &prior).unwrap().shape().to_vec(), [2, 5]);
}

#[test]
fn what_has_no_closed_form_says_what_to_do() {
    let bench = Bench::new();
    let one = bench.input([], vec![1.0]);
    let message = |q: &Distribution<'_>, p: &Distribution<'_>| kl(q, p).unwrap_err().to_string();
    let (normal, t) = (Normal::new(one, one), StudentT::new(one, one, one));
    assert_eq!(
        message(&normal, &t),
        "no closed form of KL(Normal || StudentT) is known; use `log q(z) - log p(z)` of a draw z of q instead"
    );
    let binomial = |n: f64| Binomial::from_logits(bench.graph.scalar(n), one);
    assert!(message(&binomial(2.0), &binomial(3.0)).contains("for these parameters"));
    let many = Exponential::new(bench.input([3], vec![1.0; 3]));
    let two = Exponential::new(bench.input([2], vec![1.0; 2]));
    assert!(
        message(&many, &two)
            .contains("batch shape [3] and a Exponential of batch shape [2] do not broadcast")
    );
    let categorical = |n: usize| Categorical::from_logits(bench.input([n], vec![0.0; n]));
    assert!(message(&categorical(3), &categorical(1)).contains("[3]"));
}
