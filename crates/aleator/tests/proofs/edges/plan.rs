//! Control variates on every way from a relaxation to the cost, noise by replicate, refusals, and the automatic choice on chains.

use aleator::diagnostics::{Measure, Measurement, measure};
use aleator::distributions::Bernoulli;
use aleator::estimators::Enumeration;
use aleator::graph::Graph;
use aleator::plan::Plan;
use aleator::rewrite::{Layout, Tuning, build};
use aleator::{Error, Options, Program, language};

use crate::common::*;

fn graph(text: &str) -> Graph {
    language::load(text, None, &[]).unwrap_or_else(|d| panic!("{text}: {d}")).graph
}

/// The same estimator at every site whose text does not name one.
fn completed(g: &Graph, estimator: &Shared, samples: Option<usize>) -> aleator::Result<Plan> {
    let overrides: Vec<_> =
        g.sites().iter().map(|s| s.estimator().is_none().then(|| estimator.clone())).collect();
    Plan::choose(g, &overrides, samples)
}

/// Ways from a coin to the cost, some of them stopped for the author's derivative, with the gradient by t = 0.4.
///
/// ```text
/// p = σ(t),  p' = p (1 − p):      ∇E F(b) = (E[F | b = 1] − E[F | b = 0]) p'
/// ```
fn ways() -> Vec<(&'static str, f64)> {
    let p = 1.0 / (1.0 + (-0.4f64).exp());
    let slope = p * (1.0 - p);
    let coin = |x: f64| 1.0 / (1.0 + (-x).exp());
    vec![
        ("cost f = 3 * stop_gradient(b) + b^2", 4.0 * slope),
        ("cost f = stop_gradient(b)^3 * b", slope),
        ("cost f = exp(stop_gradient(2 * b) - b)", (std::f64::consts::E - 1.0) * slope),
        ("cost f = log(stop_gradient(softmax([b, 2]))[0])", {
            let log = |x: f64| x - (x.exp() + 2f64.exp()).ln();
            (log(1.0) - log(0.0)) * slope
        }),
        // E z² = m² + 1
        ("z ~ Normal(stop_gradient(3 * b), 1) via pathwise\ncost f = z^2 + b", 10.0 * slope),
        ("c ~ Bernoulli(logits = stop_gradient(b)) via enumeration\ncost f = c * (1 + b)", {
            (2.0 * coin(1.0) - coin(0.0)) * slope
        }),
    ]
}

#[test]
fn a_control_variate_follows_every_way_to_the_cost() {
    let estimators = [
        "rebar(tune = false)",
        "rebar(tune = false, coefficient = -0.7, temperature = 0.8, relaxation = mean_field)",
        "relax(tune = false)",
        "muprop",
        "muprop(linear = false)",
    ];
    for (cost, exact) in ways() {
        for estimator in estimators {
            let g = graph(&format!("param t = 0.4\nb ~ Bernoulli(logits = t)\n{cost}\n"));
            let plan = completed(&g, &named(estimator), Some(1)).unwrap();
            let how = How { depends: Depends::First, nodes: 48, own: &elsewhere, ..How::default() };
            let got = exactly_by(&g, &plan.estimators, 1, &how);
            close(&format!("{estimator}, {cost}"), &got.mean, &[exact], 1e-8);
        }
    }
}

#[test]
fn the_authors_derivative_stays_stopped() {
    // ∂θ E[θ b + stop(θ) b] = E b + 2 θ E'b for b ~ Bernoulli(σ(θ)): the second θ has no derivative of its own.
    let theta = 0.4f64;
    let p = 1.0 / (1.0 + (-theta).exp());
    for estimator in ["rebar(tune = false)", "relax(tune = false)", "muprop", "score_function"] {
        let g = graph("param t = 0.4\nb ~ Bernoulli(logits = t)\ncost f = t * b + stop_gradient(t * b)\n");
        let how = How { depends: Depends::First, nodes: 48, own: &elsewhere, ..How::default() };
        let got = exactly_by(&g, &[named(estimator)], 1, &how);
        close(estimator, &got.mean, &[p + 2.0 * theta * p * (1.0 - p)], 1e-8);
    }
}

#[test]
fn a_count_that_is_the_sample_has_a_slope() {
    // b ~ Binomial(n, p), n = 1 + 2a: E b² = n p q + n² p², so that the law of a moves E f by E[f | 1] − E[f | 0], beside the
    // derivative by p in the law of b.
    let p = 1.0 / (1.0 + (-0.4f64).exp());
    let q = 1.0 - p;
    let square = |n: f64| n * p * q + n * n * p * p;
    let by_p = |n: f64| n * (q - p) + 2.0 * n * n * p;
    let exact = p * q * (square(3.0) - 1.0 - square(1.0)) + p * q * (p * by_p(3.0) + q * by_p(1.0));
    for upstream in ["rebar(tune = false)", "relax(tune = false)", "muprop"] {
        let g = graph(
            "param t = 0.4\na ~ Bernoulli(logits = t)\nb ~ Binomial(1 + 2 * a, logits = t) via score_function\ncost f = b^2 - a\n",
        );
        let plan = completed(&g, &named(upstream), Some(1)).unwrap();
        means_agree(upstream, &g, &plan.estimators, &untuned(1, 200_000), &[exact], 3);
    }
}

const INDEX: &str = "param v = [1, 3]\nparam t = 0.2\nb ~ Bernoulli(logits = t)\ncost f = v[b]\n";

#[test]
fn nothing_is_evaluated_between_two_elements() {
    for (text, served) in [
        ("muprop", false),
        ("muprop(linear = false)", false),
        ("rebar", false),
        ("relax", false),
        ("gumbel_softmax", false),
        ("relax(use_cost = false)", true),
        ("score_function", true),
        ("straight_through", true),
    ] {
        let g = graph(INDEX);
        let measured = measure(&g, &[named(text)], &untuned(1, 100), &|_| {});
        match measured {
            Ok(m) => assert!(served && m.gradient.iter().flatten().all(|m| m.mean.is_finite()), "{text}"),
            Err(Error::Unsuitable { estimator, reason, .. }) => {
                assert!(
                    !served && text.starts_with(&estimator) && reason.contains("indexes"),
                    "{text}: {reason}"
                );
            }
            Err(other) => panic!("{text}: {other}"),
        }
    }
    // What is made whole again is an index; a parameter of a later law counts as well.
    let whole = graph("param v = [1, 3]\nparam t = 0.2\nb ~ Bernoulli(logits = t)\ncost f = v[floor(b)]\n");
    assert!(measure(&whole, &[named("muprop")], &untuned(1, 10), &|_| {}).is_ok());
    let law = graph(
        "param v = [1, 3]\nparam t = 0.2\nb ~ Bernoulli(logits = t)\nz ~ Normal(v[b], 1)\ncost f = z^2\n",
    );
    assert!(measure(&law, &[named("muprop"), pathwise()], &untuned(1, 10), &|_| {}).is_err());
}

#[test]
fn a_later_index_is_drawn_and_not_averaged() {
    // Inside F(μ) of `a`, the site `b` is an index: it stays at a draw of its own.
    let text = "param v = [1, 3]\nparam t = 0.2\na ~ Bernoulli(logits = t)\nb ~ Bernoulli(logits = a - 0.3) via score_function\n\
                cost f = v[b] * (1 + a)\n";
    let g = graph(text);
    let exact = gradient_of(&g);
    let plan = completed(&g, &named("muprop"), Some(1)).unwrap();
    means_agree("muprop", &g, &plan.estimators, &untuned(1, 100_000), &exact, 3);
    let rebar = completed(&graph(text), &named("rebar"), Some(1)).unwrap();
    let refused = measure(&graph(text), &rebar.estimators, &untuned(1, 10), &|_| {});
    assert!(matches!(refused, Err(Error::Unsuitable { .. })));
}

#[test]
fn muprop_needs_the_mean_of_the_law() {
    for law in [
        "VonMises(m, 2)",
        "Cauchy(m, 1)",
        "StudentT(1, m, 1)",
        "StudentT([3, 0.5], m, 1)",
        "StudentT(nu, m, 1)",
    ] {
        let g = graph(&format!("param m = 0.3\nparam nu = 0.8\nz ~ {law}\ncost f = z\n"));
        let measured = measure(&g, &[named("muprop")], &untuned(1, 10), &|_| {});
        let Err(Error::Unsuitable { estimator, reason, .. }) = measured else {
            panic!("{law}: an error was expected")
        };
        assert!(estimator == "muprop" && reason.contains("mean"), "{law}: {reason}");
    }
    for law in ["StudentT(3, m, 1)", "StudentT(nu, m, 1)", "Weibull(1, exp(m))", "Gamma(exp(m), 1)"] {
        let g = graph(&format!("param m = 0.3\nparam nu = 2.5\nz ~ {law}\ncost f = z\n"));
        measure(&g, &[named("muprop")], &untuned(1, 10), &|_| {}).unwrap_or_else(|e| panic!("{law}: {e}"));
    }
}

#[test]
fn a_parameter_is_no_count() {
    let with = |count: &str| {
        let text = format!(
            "param n = 12\nconst k = 3\na ~ Bernoulli(0.4)\nz ~ Binomial({count}, 0.5)\ncost f = z + n\n"
        );
        Plan::choose(&graph(&text), &[], None)
    };
    for count in ["n", "2 * n + k", "floor(n)", "n + a", "abs(n - 3)", "where(n > 3, 4, 5)"] {
        let Err(Error::Domain { parameter, constraint, .. }) = with(count) else {
            panic!("{count}: refused")
        };
        assert!(parameter == "total_count" && constraint.contains("`n`"), "{count}: {constraint}");
    }
    for count in ["k", "1 + 2 * a", "stop_gradient(n)", "k + stop_gradient(n) * a"] {
        with(count).unwrap_or_else(|e| panic!("{count}: {e}"));
    }
    // A negative binomial's total_count is no whole number and has a derivative.
    let g = graph("param r = 1.5\nz ~ NegativeBinomial(r, 0.4)\ncost f = z\n");
    let exact = 0.4 / 0.6;
    means_agree("NegativeBinomial", &g, &[score()], &untuned(1, 100_000), &[exact], 1);
}

/// Uniform noise, drawn laws, several samples, an event axis.
const NOISY: &str = "param t = [0.3, -0.2]\nz ~ Normal(t, 1)\ng ~ Gamma(exp(t), 1)\n\
                     c ~ OneHotCategorical(logits = [0.1, 0.2, 0.3])[4]\ncost f = sum(z * g) + sum(c @ [1, 2, 4]) * sum(z)\n";

#[test]
fn the_noise_of_a_replicate_is_its_own() {
    let plan = [score(), score(), score()];
    let program = |replicates: usize| {
        let options = Options::new().samples(3).replicates(replicates).seed(11);
        Program::<f64>::compile(&graph(NOISY), &plan, &options).unwrap()
    };
    let mut whole = program(64);
    let whole = whole.run_replicates(5, 0).unwrap();
    for (replicates, first) in [(1, 0), (1, 17), (7, 5), (16, 48), (50, 3)] {
        let mut part = program(replicates);
        let part = part.run_replicates(5, first as u64).unwrap();
        assert_eq!(
            part.objectives(),
            &whole.objectives()[first..first + replicates],
            "{replicates} from {first}"
        );
        assert_eq!(part.gradient_at(0), &whole.gradient_at(0)[2 * first..2 * (first + replicates)]);
    }
}

#[test]
fn without_its_coefficient_rebar_is_the_score_function_to_the_bit() {
    // Sizes at which the two programs run different numbers of replicates at once.
    for coins in [1, 40, 1500] {
        let text = format!(
            "param t = 0.4\nb ~ Bernoulli(logits = t)[{coins}]\ncost f = (mean(b) - 0.3)^2 + t * mean(b)\n"
        );
        for replicates in [1, 1000, 20_001] {
            let replicates = if coins > 1000 { replicates / 20 + 1 } else { replicates };
            let of = |estimator: &str| {
                let how = Measure { samples: Some(1), replicates, tune: 0, seed: 3 };
                measure(&graph(&text), &[named(estimator)], &how, &|_| {}).unwrap()
            };
            let (rebar, score) = (of("rebar(coefficient = 0, tune = false)"), of("score_function"));
            let what = format!("{coins} coins, {replicates} replicates");
            let numbers = |m: &Measurement| {
                let gradient = &m.gradient[0][0];
                [m.objective.mean, gradient.mean, gradient.variance().unwrap_or(0.0)]
            };
            let (rebar, score) = (numbers(&rebar), numbers(&score));
            if coins > 1000 {
                // A sum over more numbers than a tile of the program holds is rounded in the program's own order.
                close(&what, &rebar, &score, 1e-12);
            } else {
                assert_eq!(rebar.map(f64::to_bits), score.map(f64::to_bits), "{what}");
            }
        }
    }
}

/// A chain of so many coins, each of which the next one looks at; a cost of them all, far from 0.
fn chain(length: usize, tail: &str) -> String {
    let mut text = String::from("param a = 0.3\nparam w = 0.8\nz1 ~ Bernoulli(logits = a)\n");
    let mut sum = String::from("z1");
    for i in 2..=length {
        text += &format!("z{i} ~ Bernoulli(logits = a - w * z{})\n", i - 1);
        sum += &format!(" + z{i}");
    }
    text + &format!("s = {sum}\n{}", tail.replace("LENGTH", &length.to_string()))
}

#[test]
fn on_chains_the_automatic_plan_is_never_worse_than_twice_leave_one_out() {
    let work = |g: &Graph, plan: &Plan, samples: Option<usize>, tune: usize| {
        let how = Measure { samples, replicates: 1000, tune, seed: 1 };
        let measured = measure(g, &plan.estimators, &how, &|_| {}).unwrap();
        let variance: f64 = measured.gradient.iter().flatten().map(|m| m.variance().unwrap()).sum();
        variance * measured.evaluations as f64
    };
    for tail in [
        "cost f = (s - LENGTH / 3)^2 + 20\n",
        "x ~ Normal(0.1 * s, 1) via pathwise\ncost f = (x - 1)^2 + 5\n",
        "n ~ Poisson(exp(0.1 * s))\ncost f = (n - 1)^2 + 5\n",
    ] {
        for length in [4, 9, 11, 60] {
            let g = graph(&chain(length, tail));
            for samples in [None, Some(2), Some(5)] {
                let (automatic, loo) =
                    (Plan::choose(&g, &[], samples).unwrap(), completed(&g, &loo(), samples).unwrap());
                if automatic.describe(&g) == loo.describe(&g) {
                    continue;
                }
                let (automatic, loo) = (work(&g, &automatic, samples, 0), work(&g, &loo, samples, 0));
                assert!(automatic <= 2.0 * loo, "{length}, {samples:?}, {tail}: {automatic} against {loo}");
            }
            // One sample: an average of earlier costs, which tuning moves.
            let one = Some(1);
            let automatic = Plan::choose(&g, &[], one).unwrap();
            let moving = completed(&g, &moving_average(0.95), one).unwrap();
            if automatic.describe(&g) == moving.describe(&g) {
                continue;
            }
            let (automatic, moving) = (work(&g, &automatic, one, 200), work(&g, &moving, one, 200));
            assert!(automatic <= 2.0 * moving, "{length}, {tail}: {automatic} against {moving}");
        }
    }
}

#[test]
fn joint_outcomes_are_what_is_judged() {
    let names = |text: &str| Plan::choose(&graph(text), &[], None).unwrap().name();
    let vector = "param t = 0.1\nb ~ Bernoulli(logits = t)[8]\ncost f = (sum(b) - 2)^2\n";
    assert_eq!(names(vector), "enumeration");
    assert_eq!(names(&vector.replace("[8]", "[11]")), "reinforce_loo");
    assert_eq!(names(&chain(8, "cost f = s^2\n")), "enumeration");
    assert_eq!(names(&chain(11, "cost f = s^2\n")), "reinforce_loo");
    // Sixty coins that meet in no cost are sixty times two outcomes.
    let apart: String =
        (0..60).map(|i| format!("b{i} ~ Bernoulli(logits = t)\ncost f{i} = (b{i} - 0.{i})^2\n")).collect();
    let g = graph(&format!("param t = 0.1\n{apart}"));
    let plan = Plan::choose(&g, &[], None).unwrap();
    assert_eq!(plan.name(), "enumeration");
    let measured = measure(&g, &plan.estimators, &untuned(1, 2), &|_| {}).unwrap();
    assert_eq!((measured.evaluations, measured.gradient[0][0].variance()), (2, Some(0.0)));
}

/// Sites that no term has in common share the axis of their alternatives: the rank does not grow with their number.
#[test]
fn independent_enumerated_sites_share_an_axis() {
    let g = Graph::new();
    let t = g.param("t", 0.3);
    let n = 500;
    for i in 0..n {
        let b = g.sample(&format!("b{i}"), Bernoulli::from_logits(t));
        g.cost(&format!("c{i}"), (b - 0.4).square());
    }
    let everywhere: Shared = std::sync::Arc::new(Enumeration);
    let plan = vec![everywhere; n];
    let layout = Layout { samples: 1, replicates: Some(2), tuning: Tuning::Held };
    let surrogate = build(&g, &plan, layout).unwrap();
    let rank = surrogate.graph.ids().map(|id| surrogate.graph.expr(id).rank()).max().unwrap();
    assert!(rank <= 5, "{rank}");
    let mut program = Program::<f64>::compile(&g, &plan, &Options::new()).unwrap();
    let p = 1.0 / (1.0 + (-0.3f64).exp());
    let expected = n as f64 * p * (1.0 - p) * (0.36 - 0.16);
    let slope = program.run().unwrap().gradient("t").unwrap()[0];
    assert!((slope / expected - 1.0).abs() < 1e-13, "{slope} for {expected}");
}

/// Sites that share terms in a pattern, and the same sites with one more cost, of weight 10⁻³⁰⁰, that ties all of them, so that each
/// has an axis of its own: the exact sums are the same.
#[test]
fn axes_that_are_shared_change_no_sum() {
    let costs = "cost f = (b0 - 0.3 * b1)^2 + (b1 - 0.2 * c)^2 + (c - d)^2 * b0 + e * 0.7 + (e - h)^2\n\
                 cost g = (h + 0.1 * i)^2 + d * i\n";
    let sites = "param t = 0.4\nparam s = [0.2, -0.5, 0.1]\n\
                 b0 ~ Bernoulli(logits = t)\nb1 ~ Bernoulli(logits = 0.5 * b0 - t)\nc ~ Categorical(logits = s)\n\
                 d ~ Bernoulli(logits = c - t)\ne ~ Categorical(logits = s + t)\nh ~ Bernoulli(logits = 0.3 * e)\n\
                 i ~ Categorical(logits = s * h)\n";
    let tie = "cost tie = 1e-300 * (b0 + b1) * (c + 1) * (d + 1) * (e + 2) * (h + 1) * (i + 1)\n";
    let gradients = [format!("{sites}{costs}"), format!("{sites}{costs}{tie}")].map(|text| {
        let g = graph(&text);
        let everywhere: Shared = std::sync::Arc::new(Enumeration);
        let plan = vec![everywhere; g.sites().len()];
        let mut program = Program::<f64>::compile(&g, &plan, &Options::new()).unwrap();
        let estimate = program.run().unwrap();
        [&[estimate.objective()], estimate.gradient("t").unwrap(), estimate.gradient("s").unwrap()].concat()
    });
    for (shared, apart) in gradients[0].iter().zip(&gradients[1]) {
        assert!((shared - apart).abs() < 1e-13, "{gradients:?}");
    }
}
