//! What an estimator cannot see in a cost: the lint, its cause's place, and that it is true.

use std::sync::Arc;

use aleator::Options;
use aleator::diagnostics::{Compare, grad};
use aleator::distributions::{Constraint, Support, all as all_distributions, *};
use aleator::estimators::{Bias, Estimator, MuProp, Smoothness, all};
use aleator::graph::Graph;
use aleator::language::{Model, load};
use aleator::plan::{Lint, Plan, lints};

use crate::common::*;

fn read(source: &str) -> Model {
    load(source, None, &[]).unwrap()
}

fn planned(graph: &Graph) -> Vec<Lint> {
    lints(graph, &Plan::choose(graph, &[], None).unwrap())
}

/// Lints of a site of this distribution and estimator with this cost.
fn lints_of(site: &str, cost: &str) -> Vec<Lint> {
    planned(&read(&format!("param t = [0.1, 0.2, -0.3]\nz ~ {site}\ncost f = {cost}\n")).graph)
}

const NORMAL: &str = "Normal(t, 1) via pathwise";
const COINS: &str = "Bernoulli(logits = t) via gumbel_softmax";
const ONE_HOT: &str = "OneHotCategorical(logits = t) via gumbel_softmax";
const CONTROLLED: &str = "Bernoulli(logits = t) via rebar";
const EXPANDED: &str = "Bernoulli(logits = t) via muprop";

#[test]
fn steps_are_found_and_named() {
    for (cost, named) in [
        ("z > 0.5", "a comparison"),
        ("where(z, 2, -1)", "`where`"),
        ("where(z == 1, z, 3)", "a comparison"),
        ("floor(z * 2) + z", "`floor`"),
        ("z * sign(z - 0.2)", "`sign`"),
        ("argmax(z) + sum(z)", "`argmax`"),
        ("dot(one_hot(sum(z), 4), [1, 2, 3, 4])", "`one_hot`"),
        ("not z", "a comparison"),
    ] {
        // A continuous sample equals a number with probability 0, so that nothing passes over such a place.
        let never = cost.contains("==") || cost.contains("not") || cost.contains("where(z,");
        if never {
            let found = lints_of(NORMAL, cost);
            assert_eq!(found.len(), 1, "{cost}: {found:?}");
            assert!(found[0].message.contains("with probability 0") && !found[0].biased, "{cost}: {found:?}");
        }
        let continuous = if never { None } else { Some(NORMAL) };
        for site in [COINS, ONE_HOT, CONTROLLED, EXPANDED].into_iter().chain(continuous) {
            let found = lints_of(site, cost);
            assert_eq!(found.len(), 1, "{site}, {cost}: {found:?}");
            assert!(found[0].message.starts_with(named), "{site}, {cost}: {}", found[0].message);
            assert!(found[0].message.contains("discontinuous in `z`"), "{}", found[0].message);
            assert_eq!(found[0].biased, site != EXPANDED, "{site}, {cost}");
        }
    }
}

#[test]
fn smooth_costs_and_kinks_have_none() {
    for cost in [
        "(z - 0.45)^2",
        "abs(z) + relu(z) + max(z, 0.3) + clamp(z, -1, 1)",
        "log_softmax(z) + softmax(z)^0.5 + logsumexp(z)",
        "where(t > 0, t * z, t^2 * z) + (t > 0) * t * z",
        "z * (t + 2)^0.5 / t + log(t^2)",
    ] {
        for site in [NORMAL, COINS, ONE_HOT, CONTROLLED, EXPANDED] {
            let found = lints_of(site, cost);
            assert!(found.is_empty(), "{site}, {cost}: {found:?}");
        }
    }
}

#[test]
fn what_is_undefined_between_the_outcomes() {
    let undefined = [
        "1 / (z - 0.5)",
        "log((z - 0.5)^2)",
        "log(1 - 2 * z + 0.01)",
        "sqrt(2 * z - 1)",
        "(2 * z - 1)^-1",
        "(2 * z - 1)^0.5",
        "lgamma(z - 0.5)",
        "log1p(-2 * z)",
        "1 / (sum(z) - 0.5)",
    ];
    let defined = [
        "1 / (z + 1)",
        "log(z + 0.1) + log(sum(z)) + sqrt(z)",
        "log(z) + log1p(-z) + logit(0.1 + 0.8 * z)",
        "log(t^2 * z + exp(t) * (1 - z))",
        "log(1.1 + cos(7 * z)) + log(2 + tanh(z))",
        "(2 * z - 1)^3 + (z + 0.1)^-2.5 + lgamma(z)",
        "log(max(z - 0.5, 0.1)) + log(abs(z - 2)) + log(prod(z))",
        "1 / sum(concat([z, z])) + log(cumsum(z)) + log(dot(exp(t), z))",
    ];
    for site in [COINS, ONE_HOT, CONTROLLED, EXPANDED] {
        for cost in undefined {
            let found = lints_of(site, cost);
            assert_eq!(found.len(), 1, "{site}, {cost}: {found:?}");
            assert!(found[0].message.contains("undefined between the outcomes of `z`"), "{cost}");
            // A control variate has no mean at a pole.
            let pole = cost.contains("1 /") || cost.contains("^-1");
            assert_eq!(found[0].biased, pole && site == CONTROLLED, "{site}, {cost}");
        }
        for cost in defined {
            let found = lints_of(site, cost);
            assert!(found.is_empty(), "{site}, {cost}: {found:?}");
        }
    }
    // A continuous sample stays on its support; at a pole within it the slope has no mean. The others look at outcomes alone.
    for cost in undefined {
        let found = lints_of(NORMAL, cost);
        let named = [
            ("1 /", "a division by what may be 0"),
            ("^-1", "a division by what may be 0"),
            ("log1p(", "`log1p`"),
            ("log(", "`log`"),
            ("lgamma(", "`lgamma`"),
        ];
        let pole = named.iter().find(|(written, _)| cost.contains(written));
        assert_eq!(found.len(), usize::from(pole.is_some()), "{cost}: {found:?}");
        assert!(found.iter().all(|lint| pole.is_some_and(|p| lint.message.starts_with(p.1))), "{found:?}");
        for site in ["Bernoulli(logits = t) via straight_through", "Bernoulli(logits = t) via enumeration"] {
            assert!(lints_of(site, cost).is_empty(), "{site}, {cost}");
        }
    }
}

#[test]
fn the_cause_has_its_place_in_the_text() {
    let source =
        "param mu = 0\nz ~ Normal(mu, 1) via pathwise\nx = 2 * z\ncost f = 1 + where(x > 0.5, 2, -1)\n";
    let model = read(source);
    let found = planned(&model.graph);
    assert_eq!(found.len(), 1);
    assert_eq!(model.places[&found[0].cause].text(source), "x > 0.5");
    assert!(found[0].message.contains("use score_function, reinforce_loo"), "{}", found[0].message);
}

#[test]
fn a_way_goes_on_only_where_an_estimator_looks() {
    let two = |first: &str, second: &str| {
        let source = format!(
            "param t = 0.3\na ~ Normal(t, 1) via {first}\nb ~ Normal(a, 1) via {second}\ncost f = sign(b) + a^2\n"
        );
        planned(&read(&source).graph).into_iter().map(|lint| lint.site).collect::<Vec<_>>()
    };
    // The score of b is a smooth function of a; the mean of b too, until it meets the sign.
    assert_eq!(two("pathwise", "score_function"), [""; 0]);
    assert_eq!(two("pathwise", "pathwise"), ["a", "b"]);
    assert_eq!(two("score_function", "pathwise"), ["b"]);
    assert_eq!(two("muprop", "score_function"), ["a"]);
    assert_eq!(two("g_rep", "g_rep"), ["a", "b"]);
    // Inside REBAR's control variate the later coin is relaxed, whatever its own estimator is; elsewhere it is not.
    let coins = |first: &str| {
        let source = format!(
            "param t = 0.3\na ~ Bernoulli(logits = t) via {first}\nb ~ Bernoulli(logits = a) via reinforce_loo\n\
             cost f = b > 0.5\n"
        );
        planned(&read(&source).graph).len()
    };
    assert_eq!(
        [coins("rebar"), coins("muprop"), coins("gumbel_softmax"), coins("straight_through")],
        [1, 1, 0, 0]
    );
}

#[test]
fn black_boxes_have_no_derivative() {
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param("mu", 0.0), 1.0));
    g.cost("f", g.external("oracle", [], &[z], |x, y| y[0] = x[0][0].powi(2)));
    let of = |estimator: Shared| lints(&g, &Plan::choose(&g, &[Some(estimator)], None).unwrap());
    let found = of(pathwise());
    assert!(
        found[0].message.contains("the black box `oracle` has no derivative, which pathwise needs at `z`")
    );
    assert!(of(score()).is_empty() && of(loo()).is_empty());
}

#[test]
fn a_support_that_moves_leaves_measure_valued_derivatives() {
    let found = lints_of("Uniform(t, 3) via pathwise", "sign(z)");
    assert!(found[0].message.ends_with("use measure_valued"), "{found:?}");
}

#[test]
fn only_a_wrong_mean_makes_a_row_biased() {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", 0.4)));
    g.cost("f", b.greater(0.5) * 3.0);
    let row = |estimator: Shared| {
        let plan = Plan::choose(&g, &[Some(estimator)], None).unwrap();
        let report = grad(&g, &plan, &Compare::all().replicates(10), "", &|_, _| {}).unwrap();
        (report.results[0].unbiased, report.lints.len())
    };
    assert_eq!(row(shared(MuProp::default())), (true, 1));
    assert_eq!(row(score()), (true, 0));
    assert_eq!(row(concrete(0.5)), (false, 1));
}

/// An estimator without a lint, or with one that leaves it unbiased, has the right mean; one that is unbiased but for the
/// lint has not. By exact sums where the noise can be enumerated, else by simulation.
#[test]
fn the_lint_is_right_about_the_mean() {
    let coin = |jumps: bool| {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param("phi", 0.4)));
        g.cost("f", if jumps { b.greater(0.3).select(2.0, -1.0) } else { (b - 0.3).square() * 3.0 });
        g
    };
    let normal = |jumps: bool| {
        let g = Graph::new();
        let z = g.sample("z", Normal::new(g.param("mu", 0.4), 1.0));
        g.cost("f", if jumps { z.greater(0.3).select(2.0, -1.0) } else { (z - 0.3).square() });
        g
    };
    // E F' = 3 p q, and for the smooth one F(1) − F(0) = 3 (0.49 − 0.09) times p q; 3 density(0.1), and 2 (0.4 − 0.3).
    let p = 1.0 / (1.0 + f64::exp(-0.4));
    let density = (-0.005f64).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let problems = [
        (coin(true), 3.0 * p * (1.0 - p)),
        (coin(false), 1.2 * p * (1.0 - p)),
        (normal(true), 3.0 * density),
        (normal(false), 0.2),
    ];
    let mut seen = 0;
    for (g, exact) in &problems {
        for entry in all().iter().filter(|e| e.properties.bias == Bias::Unbiased) {
            let estimator: Arc<dyn Estimator> =
                entry.build(aleator::estimators::EstimatorOptions::none()).unwrap();
            let Ok(plan) = Plan::choose(g, &[Some(estimator.clone())], None) else { continue };
            let k = plan.min_samples();
            let options = Options::new().samples(k);
            if aleator::Program::<f64>::compile(g, &plan.estimators, &options).is_err() {
                continue;
            }
            let what = entry.properties.name;
            let biased = lints(g, &plan).iter().any(|lint| lint.biased);
            let n = 40_000;
            if biased {
                let (_, gradients) = replicates(g, &plan.estimators, k, n, 5);
                let mean = gradients.iter().map(|g| g[0]).sum::<f64>() / n as f64;
                // Half of the gradient and more is missing: far beyond the noise of 40 000 estimates.
                assert!((mean - exact).abs() > 0.3 * exact, "{what}: mean {mean}, exact {exact}");
            } else {
                means_agree(what, g, &plan.estimators, &untuned(k, n), &[*exact], 60);
            }
            seen += usize::from(biased);
        }
    }
    // Pathwise, generalized reparameterization, REBAR and RELAX at least.
    assert!(seen >= 4, "{seen}");
}

#[test]
fn options_change_how_the_cost_is_looked_at() {
    let cost = "where(z > 0.5, 2, -1) + 1 / (z - 0.5)";
    let count = |estimator: &str| lints_of(&format!("Bernoulli(logits = t) via {estimator}"), cost).len();
    assert_eq!([count("muprop"), count("muprop(linear = false)")], [2, 0]);
    assert_eq!([count("relax"), count("relax(use_cost = false)")], [2, 0]);
    // Hard values forward, a slope at the outcomes.
    assert_eq!([count("rebar"), count("straight_through_gumbel_softmax")], [2, 1]);
    let simple = MuProp { linear: false, ..MuProp::default() };
    assert_eq!(
        (simple.smoothness(), MuProp::default().smoothness()),
        (Smoothness::NotNeeded, Smoothness::AtMean)
    );
}

/// A control variate's slope goes through stopped gradients, and its relaxation meets poles between the outcomes: what jumps
/// there takes its mean away.
#[test]
fn control_variates_see_jumps_behind_stops_and_at_poles() {
    for cost in [
        "where(stop_gradient(b) > 0.4, 2, 0)",
        "stop_gradient(b > 0.4) * b",
        "floor(stop_gradient(b) + 0.3) * b",
        "stop_gradient(floor(b + 0.3)) + b",
        "log_prob(Poisson(where(stop_gradient(b) > 0.4, 2, 5)), 3)",
        "log_prob(StudentT(3, floor(b + 0.3), 1), 3)",
        "log_prob(Gamma(1 + 30 * (b > 0.4), 2), 0.4)",
        "log_prob(VonMises(0, exp(5 * sign(b - 0.4))), 0.4)",
        "asin(0.9 * floor(b + 0.3))",
        "abs(b - 0.4) / (b - 0.4)",
        "relu(b - 0.4)^2 / (b - 0.4)^2",
        "0^relu(b - 0.4)",
        "(b - 0.4)^(-1) * abs(b - 0.4)",
    ] {
        for estimator in ["rebar", "relax"] {
            let text = format!("param t = 0.3\nb ~ Bernoulli(logits = t) via {estimator}\ncost f = {cost}\n");
            let found = planned(&read(&text).graph);
            assert!(found.iter().any(|lint| lint.biased), "{estimator}, {cost}: {found:?}");
        }
        let text = format!("param t = 0.3\nb ~ Bernoulli(logits = t) via score_function\ncost f = {cost}\n");
        assert!(planned(&read(&text).graph).is_empty(), "{cost}");
    }
    for cost in [
        "1 / (b + 0.5)",
        "b / stop_gradient(b + 1)",
        "3 * stop_gradient(b) + b^2",
        "norm(b - [0.3, 0.2])",
        "asin(0.9 * b) + sinh(2 * b) + erfinv(0.9 * b)",
        "kl(Poisson(1 + 20 * b), Poisson(2))",
    ] {
        let text = format!("param t = 0.3\nb ~ Bernoulli(logits = t) via rebar\ncost f = {cost}\n");
        let found = planned(&read(&text).graph);
        assert!(!found.iter().any(|lint| lint.biased), "{cost}: {found:?}");
    }
}

/// A uniform draw lies between its ends.
#[test]
fn a_uniform_draw_stays_away_from_what_is_outside_of_its_ends() {
    for (site, cost) in [
        ("Uniform(1, 2 + a)", "1 / z"),
        ("Uniform(0, 1)", "1 / (1 + a * z)"),
        ("Uniform(1, 2)", "a / z + log(z)"),
    ] {
        let text = format!("param a = 0.5\nz ~ {site} via pathwise\ncost f = {cost}\n");
        let found = planned(&read(&text).graph);
        assert!(found.is_empty(), "{site}, {cost}: {found:?}");
    }
    let text = "param a = 0.5\nz ~ Uniform(-1, 1) via pathwise\ncost f = abs(z) / z + a\n";
    assert!(planned(&read(text).graph).iter().any(|lint| lint.biased));
}

/// Log-densities at the draws of their sites, and of other sites with the same values, are defined and smooth between outcomes.
#[test]
fn log_densities_at_draws_are_smooth() {
    let laws = [
        ("Bernoulli(sigmoid(r))", "Bernoulli(0.3)"),
        ("Bernoulli(logits = r)", "Bernoulli(logits = 0.3)"),
        ("OneHotCategorical(softmax([r, 0, 1]))", "OneHotCategorical([1, 2, 3])"),
        ("OneHotCategorical(logits = [r, 0, 1])", "OneHotCategorical(logits = [1, 2, 3])"),
        ("Binomial(5, sigmoid(r))", "Binomial(7, 0.2)"),
        ("Binomial(5, logits = r)", "Poisson(2)"),
        ("Geometric(sigmoid(r))", "Geometric(logits = 0.1)"),
        ("NegativeBinomial(3, sigmoid(r))", "NegativeBinomial(2, 0.4)"),
        ("Poisson(exp(r))", "Poisson(0.7)"),
    ];
    for (law, other) in laws {
        for estimator in ["muprop", "rebar", "gumbel_softmax", "straight_through"] {
            let source = format!(
                "param r = 0.37\nz ~ {law} via {estimator}\ncost f = log_prob(z) - log_prob({other}, z)\nobserve z ~ {other}\n"
            );
            let graph = read(&source).graph;
            let Ok(plan) = Plan::choose(&graph, &[], None) else { continue };
            let served =
                aleator::Program::<f64>::compile(&graph, &plan.estimators, &Options::new().samples(64));
            let Ok(mut program) = served else { continue };
            let found = lints(&graph, &plan);
            assert!(found.is_empty(), "{source}: {found:?}");
            let estimate = program.run().unwrap();
            let slope = estimate.gradient("r").unwrap()[0];
            assert!(estimate.objective().is_finite() && slope.is_finite(), "{source}: {slope}");
        }
    }
}

/// Straight-through derivatives of earlier draws are not those of a probability.
#[test]
fn held_draws_decide_which_outcomes_are_never_drawn() {
    let walk = std::fs::read_to_string("../../examples/random_walk.scg").unwrap();
    let graph = read(&walk).graph;
    for name in ["straight_through", "straight_through_gumbel_softmax", "score_function"] {
        let estimator = aleator::language::estimator_named(name).unwrap();
        let chosen = vec![Some(estimator); graph.sites().len()];
        let plan = Plan::choose(&graph, &chosen, None).unwrap();
        let found = aleator::diagnostics::blind_spots(&graph, &plan);
        assert!(found.is_empty(), "{name}: {found:?}");
    }
    let moving = read("param p = 0\nb ~ Bernoulli(p) via score_function\ncost f = b\n").graph;
    let plan = Plan::choose(&moving, &[], None).unwrap();
    assert_eq!(aleator::diagnostics::blind_spots(&moving, &plan).len(), 1);
}

/// Smooth parameters in a domain, as functions of the draw z.
fn smooth(constraint: Constraint) -> &'static [&'static str] {
    match constraint {
        Constraint::NotNan | Constraint::Real => &["q * z", "z^2 - q", "sin(z)"],
        Constraint::Positive | Constraint::NotNegative => &["exp(q * z)", "softplus(z)", "1 + z^2"],
        Constraint::Count => &["5"],
        Constraint::Probability | Constraint::PositiveProbability | Constraint::ProbabilityBelowOne => &[
            "sigmoid(q * z)",
            "0.1 + 0.8 * sigmoid(z)",
            "1 - exp(-exp(z))",
            "1 / (1 + exp(-z))",
            "(1 + erf(z)) / 2",
        ],
        Constraint::Weights => &["softmax(stack([q * z, 0, 1]))", "stack([sigmoid(z), 1 - sigmoid(z), 0.3])"],
        Constraint::LogWeights => &["stack([q * z, 0, 1])", "log_softmax(stack([q * z, z, 1]))"],
        Constraint::LowerCholesky => {
            &["[[1, 0], [0.5, 1]]", "stack([stack([exp(z), 0]), stack([q * z, 1])])"]
        }
    }
}

/// A value that every distribution of a support can draw.
fn drawn(support: Support) -> &'static str {
    match support {
        Support::Boolean => "[1, 0, 1]",
        Support::Indices => "[0, 2, 1]",
        Support::OneHot => "[0, 1, 0]",
        Support::Subsets => "[0, 1, 1]",
        Support::Counts | Support::BoundedCounts => "[0, 3, 5]",
        Support::Compositions => "[0, 3, 2]",
        Support::Real | Support::Circle => "[0.1, -2]",
        Support::Positive => "[0.1, 2]",
        Support::Interval { high: None, .. } => "[2.1, 3]",
        Support::Interval { .. } | Support::UnitInterval => "[0.1, 0.6]",
        Support::Simplex => "[0.1, 0.2, 0.7]",
        Support::RealVector => "[0.1, -2]",
    }
}

/// Observations of every family, with parameters that are smooth functions of a draw, are smooth. Only the ends of a uniform
/// distribution jump.
#[test]
fn observations_of_every_family_are_smooth() {
    for entry in all_distributions() {
        for signature in entry.signatures {
            let family = signature.family();
            let ways: Vec<&[&str]> = family
                .parameters()
                .iter()
                .map(|p| match (entry.name, p.name, p.event_rank) {
                    ("KSubset", "k", _) => &["2"][..],
                    ("MultivariateNormal", "loc", _) => &["stack([q * z, 0])"],
                    (.., 1) if p.constraint == Constraint::Positive => &["exp(stack([q * z, 0, z]))"],
                    (.., 1) if p.constraint == Constraint::Real => &["stack([q * z, 0, 1])"],
                    // The observed values are within these ends at every draw, and not within the second ones.
                    ("Uniform" | "TruncatedNormal", "low", _) => &["-exp(z)", "z - 0.5"][..],
                    ("Uniform" | "TruncatedNormal", "high", _) => &["1 + exp(z)", "z + 0.55"],
                    ("Pareto", "scale", _) => &["2 * sigmoid(z)"],
                    _ => smooth(p.constraint),
                })
                .collect();
            let most = ways.iter().map(|ways| ways.len()).max().unwrap_or(0);
            let observations: String = (0..most)
                .map(|i| {
                    let parameter =
                        |(way, name): (&&[&str], &&str)| format!("{name} = {}", way[i % way.len()]);
                    let parameters: Vec<String> = ways.iter().zip(signature.names).map(parameter).collect();
                    format!(
                        "observe {} ~ {}({})\n",
                        drawn(family.support()),
                        entry.name,
                        parameters.join(", ")
                    )
                })
                .collect();
            for site in [
                "Normal(q, 1) via pathwise",
                "Exponential(exp(q)) via pathwise",
                "Beta(exp(q), 2) via generalized_reparameterization",
                "Bernoulli(sigmoid(q)) via gumbel_softmax",
                "Bernoulli(sigmoid(q)) via muprop",
                "Bernoulli(sigmoid(q)) via rebar",
                "Bernoulli(sigmoid(q)) via relax",
            ] {
                let source = format!("param q = 0.5\nz ~ {site}\n{observations}");
                let found = planned(&read(&source).graph);
                let jumps = found.iter().any(|lint| lint.biased);
                match entry.name {
                    "Uniform" | "TruncatedNormal" => {
                        assert!(jumps || site.contains("muprop"), "{source}: {found:?}");
                        let within = source.lines().take_while(|line| !line.contains("low = z"));
                        let inside = within.collect::<Vec<_>>().join("\n");
                        assert!(inside.len() < source.trim().len());
                        let found = planned(&read(&inside).graph);
                        assert!(found.is_empty(), "{inside}: {found:?}");
                    }
                    _ => assert!(found.is_empty(), "{source}: {found:?}"),
                }
            }
        }
    }
}

const WHOLE: &str = "param q = 0.5\nparam w = [0.1, 0.2, 0.3]\nz ~ Normal(q, 1) via pathwise\nv ~ Normal(w, 1) via pathwise\n\
                     cost base = z + sum(v)\n";

/// Functions that are written with conditions, indices, norms and divisions, and are continuous.
#[test]
fn continuous_functions_are_proved_continuous() {
    for cost in [
        "v[argmax(v)] + v[argmax(-v)]",
        "sum(where(abs(v) < 1, 0.5 * v^2, abs(v) - 0.5))",
        "where(abs(z) <= q, 0.5 * z^2, q * (abs(z) - 0.5 * q))",
        "where(norm(v) < 1, 0.5 * norm(v)^2, norm(v) - 0.5)",
        "log(norm(stack([q * z, 1]))) + 1 / norm(stack([z, q * z, 1]))",
        "1 / (1 + exp(-z)) + log(1 / (1 + exp(-z)))",
        "log(sigmoid(z)) + log(1 - sigmoid(z)) + 1 / (z^2 + 1)",
        "entropy(Bernoulli(sigmoid(q * z))) + kl(Normal(z, exp(z)), Normal(0, 1))",
        "log_prob(Poisson(0.1 + z^2), 3) + log_prob(Gamma(0.1 + z^2, 2), 0.4) + log_prob(StudentT(3, z, 1), 0.4)",
        "asin(0.9 * tanh(z)) + sinh(z) + erfinv(0.9 * tanh(z))",
    ] {
        let source = format!("{WHOLE}cost f = {cost}\n");
        let found = planned(&read(&source).graph);
        assert!(found.is_empty(), "{cost}: {found:?}");
    }
}

/// The same with a jump.
#[test]
fn functions_that_resemble_continuous_ones_are_not_proved_continuous() {
    for cost in [
        "(v + (z > 0))[argmax(v + (z > 0))]",
        "[1, 2, 3][argmax(v)]",
        "v[argmax(w * v)]",
        "(2 * v)[argmax(v + [0, 1, 0])]",
        "sum(where(abs(v) < 1, 0.5 * v^2, abs(v) - 0.4))",
        "where(abs(z) <= q, 0.5 * z^2, q * (abs(z) - 0.4 * q))",
        "where(norm(v) < 1, 0.5 * norm(v)^2, norm(v))",
        "log(norm(stack([q * z, 0])))",
        "z / abs(z)",
        "where(z * q > 0, z, 0) / (q * z)",
        "1 / (z^2 - 1)",
        // Special functions with arguments that jump, and with poles.
        "log_prob(Gamma(floor(exp(z)) + 1, 2), 0.4)",
        "log_prob(Cauchy(0, where(z > 0, 1, 2)), 0.4)",
        "log_prob(Poisson(z^2), 3)",
        "log_prob(Gamma(z^2, 2), 0.4)",
        "log_prob(StudentT(3, 0, abs(z)), 0.4)",
        "log_prob(Beta(2, abs(z)), 0.4)",
        "erfinv(0.9 * sign(z))",
        "erfinv(z)",
    ] {
        let source = format!("{WHOLE}cost f = {cost}\n");
        let found = planned(&read(&source).graph);
        assert!(found.iter().any(|lint| lint.biased), "{cost}: {found:?}");
    }
}
