//! A jump whose place moves with a parameter: no estimator sees what passes over it, and every row says so. A step whose
//! sides meet is none.

use aleator::diagnostics::{Compare, compare};
use aleator::language::{Model, load};
use aleator::plan::{Lint, Plan, lints};
use aleator::{Options, Program};

fn read(source: &str) -> Model {
    load(source, None, &[]).unwrap_or_else(|error| panic!("{source}: {error:?}"))
}

fn found(source: &str) -> Vec<Lint> {
    let graph = read(source).graph;
    lints(&graph, &Plan::choose(&graph, &[], None).unwrap())
}

/// A graph with this cost of a normal z by a score function, so that z itself needs no slope; q, m and w are parameters.
fn beside_a_draw(cost: &str) -> String {
    format!(
        "param q = 0.4\nparam m = 0.2\nparam p = -1\nparam big = inf\nparam w : [2] = [0.1, 0.3]\n\
         z ~ Normal(m, 1) via score_function\ny ~ Normal(w, 1) via score_function\n\
         b ~ Bernoulli(0.5) via score_function\ncost f = {cost}\n"
    )
}

const JUMPS: &[&str] = &[
    "where(z > q, 1, 0)",
    "where(z > 2 * m, 1, 0)",
    "(z + q > 0) * 3",
    "where(z > q, z - q, 1)",
    "where(z > q, z + q, 0)",
    "where(z > q, 1e-13, 0)",
    "where(stop_gradient(z) > q, 1, 0)",
    "where(z > q and z < 2, 1, 0)",
    "not (z > q)",
    "floor(z + q)",
    "sign(z - q)",
    "relu(z - q) / (z - q)",
    "abs(z - q) / (z - q)",
    "0^relu(z - q)",
    // The numerator's kink and the denominator's zero are one place, in other words.
    "relu(z - q)^2 / (z - q)^2",
    "relu(z - q)^2 / square(z - q)",
    "relu(z - q) * (z - q) / (z - q)^2",
    "relu(z - q)^3 / abs(z - q)^3",
    "abs(z - q)^3 / (z - q)^3",
    "relu(z - q)^2 / (relu(z - q)^2 + relu(q - z)^2)",
    "expm1(relu(z - q)) / expm1(z - q)",
    "relu(z - q) * relu(y[0]) / ((z - q) * y[0])",
    "relu(z - q) * (z - q) / (z^2 - 2 * z * q + q^2)",
    "tanh(1 / (z - q))",
    "tan(z + q)",
    "where(relu(z - q) == 0, 1, 0)",
    "argmax([z, q, 0])",
    "where(z > q, max(z, 0), 0) - relu(z)",
    "where(z > q, exp(z), exp(q) + 0.001)",
    "where(z * m > q, 1, 0)",
    "where(z * z > z * q, z, 0)",
    "where((z - q) * m > 0, 1, 0)",
    // An equation between elements says nothing of their sums.
    "sum(where(y > q, 1, 0)) * sum(y - q)",
    "sum(where(y > q, 1, 0) * prod(y - q))",
    "sum(where([z, z + 1] > q, z - q, 0))",
    "sum(where(reshape(y, [2, 1]) > y - q, reshape(y, [2, 1]) - y, 0))",
    "sum(where(z + [[1], [2]] > q, z + [1, 2] - q, 0))",
    // A pole is no unit.
    "where(z > q, (z - q) / (z - q), 0)",
    "where(z > q, 1 / (z - q), 0)",
    "inf * (z > q)",
    // A pole in a logarithm, in an exponent that is no literal, beside a factor that is not finite.
    "relu(z - q) * exp(-log(abs(z - q)))",
    "relu(z - q) * exp(-0.5 * log((z - q)^2))",
    "log(abs(z - q))",
    "log1p(z - q)",
    "lgamma(z - q)",
    "relu(z - q) * (z - q)^p",
    "relu(z - q) * (z - q)^(p + 0)",
    "relu(z - q) * (z - q)^(-5)",
    "sum(relu(z - q) * (z - q)^[-5, 2])",
    "relu(z - q) * (z - q)^(b - 1)",
    "tanh(inf * (z - q))",
    "clamp(1e308 * 10 * (z - q), -1, 1)",
    "tanh(sum([inf, 1] * (z - q)))",
    "sigmoid(dot([inf, inf], y - q))",
    "tanh((z - q) / 0)",
    "erf(big * (z - q))",
    "inf^(z - q)",
    "where(z > q, cos(z - q), 0)",
    "where(z > q, tanh(z - q), 1e-9)",
    "where(z > q, (z - q)^p, 0)",
    "where(z > q, (z - q)^-1.5, 0)",
    "where(z > q, sigmoid(z - q), 0)",
    "sin(relu(z - q)) / (z - q)",
    "relu(z - q) * (sin(z - q) / (z - q) - 1) / (z - q)^3",
    "cos(z - q) / (z - q)",
    "where(z > -q, z + q, where(z < q, z - q, 0))",
    "where(z > q, z - q, where(z < m - 0.2, z, 1))",
    "where(z > q, z - q, where(z < y[0], z - y[0], 0))",
    "where(z > q, m, where(z < m, q, z))",
    "where(norm(y) < q, norm(y)^2, q * norm(y) - 0.5 * q^2)",
    "abs(z - q)^inf",
    "where(z > q, inf, inf)",
];

const JOINS: &[&str] = &[
    "where(z > q, z - q, 0)",
    "where(z <= q, 0, q * (z - q)^3)",
    "relu(z - q) + abs(z * q) + max(z, q) + min(z, q) + clamp(z, q, q + 1)",
    "max(exp(m + q * z) - q, 0)",
    "where(exp(q * z) > m, exp(q * z) - m, 0)",
    "where(z > log(q), exp(z) - q, 0)",
    "where(z > (log(q) - m) / exp(m), exp(m + exp(m) * z) - q, 0)",
    "where(abs(z - q) < 1, 0.5 * (z - q)^2, abs(z - q) - 0.5)",
    "where(z > q, z, q) + where(q < z, q, z)",
    "(z > q) * (z - q)",
    "(z > q) * z - q * (z > q)",
    "where(z > q, 1, 0) + where(z <= q, 1, 0)",
    "(z < q) * 1 + (z >= q) * (1 + z - q)",
    "sign(z - q) * (z - q)",
    "(z^2 - q^2) / (z - q)",
    "where(z > q and y[0] > m, (z - q) * (y[0] - m), 0)",
    "where(z > q or y[0] > m, max(z - q, 0) + max(y[0] - m, 0), 0)",
    "where(not (z > q), 0, sin(z) - sin(q))",
    "sum(where(y > q, y - q, 0))",
    "sum(where(y > w, (y - w) * z, 0))",
    "sum(relu(y - w)^2 / (1 + y^2))",
    "q * z / (1 + z^2) + softmax(y * w)[0] + logsumexp(y * w)",
    "norm(y - w) + q * z / norm(y)",
    "q * z / norm(y - w) + log(norm(2 * (y - w))) + log(sum((y - q)^2))",
    "log(1 - tanh(z * q)^2) + log(sigmoid(z - q)) + log(1 + (z - q)^2) + log(softmax(y * w)[0]) * z",
    "abs(z - q)^(3 + m) + sum(abs(z - q)^[1, 2]) + exp(z * q)^p + (z - q)^3",
    // Any smooth function of what is 0 at the place, and any power above 0.
    "where(z > q, tanh(z - q), 0) + where(z > q, sin(m * (z - q)), 0) + where(z > q, erf(z - q), 0)",
    "where(z > q, cos(z - q), 1) + where(z > q, sigmoid(z - q), 0.5) + where(z > q, exp(z - q), 1)",
    "where(z > q, softplus(z - q), log(2)) + where(z > q, log1p(z - q), 0) + where(z > q, log(1 + z - q), 0)",
    "where(z^2 + z > q, tanh(z^2 + z - q), 0) + where(z > 1 + q, tanh(z - q), tanh(1))",
    "where(z > q, (z - q)^1.5, 0) + where(z > q, sqrt(z - q) * 1e-6, 0) + where(z > q, (z - q)^(2 + m), 0)",
    "sin(z - q) / (z - q) + expm1(z - q) / (z - q) + tanh(2 * (z - q)) / (q - z) + (cos(z - q) - 1) / (z - q)",
    // Which of two places is first is known of the parameters as they are.
    "where(z > q, z - q, where(z < -q, z + q, 0))",
    "where(z < -q, z + q, where(z > q, z - q, 0))",
    "where(abs(z) > q, z - q * sign(z), 0)",
    "where(z > q, q, where(z < m, m, z))",
    "where(z > exp(q), z - exp(q), where(z < -exp(q), z + exp(q), 0))",
    "where(z > 0, where(z < q, z / q, 1), 0)",
    "where(norm(y) < q, 0.5 * norm(y)^2, q * norm(y) - 0.5 * q^2)",
    "where(norm(y - w) < 1, 0.5 * norm(y - w)^2, norm(y - w) - 0.5)",
    // What an author stops is not differentiated.
    "where(z > stop_gradient(q), 1, 0)",
    "stop_gradient(where(z > q, 1, 0)) * q",
    // The place does not move.
    "where(z > 0.3, q, m)",
    "floor(z) * q",
];

#[test]
fn a_moving_jump_beside_a_draw_is_found_once() {
    for cost in JUMPS {
        let lints = found(&beside_a_draw(cost));
        assert!(lints.iter().any(|lint| lint.biased), "{cost}: {lints:?}");
        assert!(
            lints.iter().any(|lint| lint.message.contains("every estimator is biased")),
            "{cost}: {lints:?}"
        );
    }
    let one = found(&beside_a_draw("where(z > q, 1, 0) + where(z > 2 * q, 1, 0)"));
    assert_eq!(one.len(), 1, "{one:?}");
    assert!(one[0].message.contains("`z`") && one[0].message.contains("`tried ~ Normal(q, s)`"), "{one:?}");
}

#[test]
fn sides_that_meet_are_no_jump() {
    for cost in JOINS {
        let lints = found(&beside_a_draw(cost));
        assert!(lints.is_empty(), "{cost}: {lints:?}");
    }
}

/// What is taken for continuous at z = q is: beside the place the cost takes nearly one value.
#[test]
fn the_proofs_agree_with_the_values() {
    let at = |cost: &str, delta: f64| {
        let source = format!(
            "param q = 0.4\nparam m = 0.2\nparam p = -1\nparam w : [2] = [0.1, 0.3]\ny = [0.5, -0.2]\nz = {} + {delta:e}\ncost f = {cost}\n",
            0.4
        );
        let graph = read(&source).graph;
        let plan = Plan::choose(&graph, &[], None).unwrap();
        let mut program = Program::<f64>::compile(&graph, &plan.estimators, &Options::new()).unwrap();
        program.run().unwrap().objective()
    };
    let difference = |cost: &str| (at(cost, 1e-9) - at(cost, -1e-9)).abs();
    for cost in JOINS.iter().filter(|cost| !cost.contains("stop_gradient")) {
        assert!(difference(cost) < 1e-7, "{cost}: {}", difference(cost));
    }
    for cost in &JUMPS[..1] {
        assert!(difference(cost) > 0.5, "{cost}");
    }
}

#[test]
fn a_jump_in_the_parameter_of_a_law_is_one() {
    let lints = found(
        "param theta = 0.4\nx ~ Normal(0, 1)\nb ~ Bernoulli(where(x > theta, 0.8, 0.2))\ncost f = 3 * b\n",
    );
    assert!(lints.iter().any(|lint| lint.biased && lint.message.contains("`theta`")), "{lints:?}");
    // Though the cost stops the draw, its law moves.
    let stopped = found(
        "param theta = 0.4\nx ~ Normal(0, 1)\nb ~ Bernoulli(where(x > theta, 0.8, 0.2))\ncost f = stop_gradient(b)\n",
    );
    assert!(stopped.iter().any(|lint| lint.biased), "{stopped:?}");
    // Through the law alone it is the estimator's matter: a score sees it.
    let through =
        found("param theta = 0.4\nx ~ Normal(theta, 1) via score_function\ncost f = where(x > 0, 1, 0)\n");
    assert!(through.is_empty(), "{through:?}");
}

#[test]
fn beside_discrete_draws_or_none_a_word_is_enough() {
    for cost in [
        "where(b > q, 1, 0)",
        "where(q > 0.5, 1, 0)",
        "(q > 0) * b",
        "floor(q * b)",
        "relu(q) / q",
        "b * abs(q) / q",
        "relu(q - b) / (q - b)",
        "max(q, 1) / exp(q) + (b + 1) * relu(q - 0.5) / (q - 0.5)",
    ] {
        let lints = found(&format!("param q = 0.4\nb ~ Bernoulli(0.3)\ncost f = {cost}\n"));
        assert_eq!(lints.len(), 1, "{cost}: {lints:?}");
        assert!(!lints[0].biased && lints[0].message.contains("jump as `q` changes"), "{cost}: {lints:?}");
    }
    let joined =
        found("param q = 0.4\nb ~ Bernoulli(0.3)\ncost f = where(b > q, b - q, 0) + where(q > 0, q, 0)\n");
    assert!(joined.is_empty(), "{joined:?}");
    for cost in [
        "b / q",
        "relu(b) / q + 1 / (q - 0.4)",
        "q * relu(q) / q",
        "relu(q)^2 / q",
        "sin(q) / q + b / exp(q)",
    ] {
        let lints = found(&format!("param q = 0.4\nb ~ Bernoulli(0.3)\ncost f = {cost}\n"));
        assert!(lints.is_empty(), "{cost}: {lints:?}");
    }
}

/// The mathematics: J(q) = P(z > q) for a standard normal z, J'(q) = −φ(q); every estimate of it is 0 at every draw.
#[test]
fn no_row_is_unbiased_none_is_best_and_nothing_is_exact() {
    let graph = read("param q = 0.4\nz ~ Normal(0, 1)\ncost f = where(z > q, 1, 0)\n").graph;
    let report = compare(&graph, &Compare::all().replicates(50), "", &|_, _| {}).unwrap();
    assert!(report.results.len() >= 3, "{:?}", report.skipped);
    for row in &report.results {
        assert!(!row.unbiased, "{}", row.estimator);
        assert_eq!(row.gradient["q"].mean[0].0, 0.0, "{}", row.estimator);
    }
    assert!(report.best.is_none() && report.exact.method.is_none());
    // It is said once, and no other estimator is named as a remedy.
    let [said] = &report.lints[..] else { panic!("{:?}", report.lints) };
    assert!(said.message.contains("every estimator is biased"), "{said:?}");
    // Nor where the draw is stopped: the way of a slope ends there, the jump does not.
    let stopped =
        read("param q = 0.4\nz ~ Uniform(0, 1)\ncost f = where(stop_gradient(z) > q, 1, 0)\n").graph;
    assert!(aleator::diagnostics::exact(&stopped).unwrap().method.is_none());
    // In a program, too.
    let plan = Plan::choose(&graph, &[], None).unwrap();
    assert!(!Program::<f64>::compile(&graph, &plan.estimators, &Options::new()).unwrap().is_unbiased());
    // With the parameter in the law it is seen: E[1{z' > 0} ∂ log p] = −φ(0.4) exactly, by any unbiased row.
    let law = read("param q = 0.4\nz ~ Normal(-q, 1)\ncost f = where(z > 0, 1, 0)\n").graph;
    let report = compare(&law, &Compare::all().replicates(40_000), "", &|_, _| {}).unwrap();
    let exact = -(-0.08f64).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let unbiased: Vec<_> = report.results.iter().filter(|row| row.unbiased).collect();
    assert!(!unbiased.is_empty() && report.best.is_some());
    for row in unbiased {
        let g = &row.gradient["q"];
        let error = g.std_error.as_ref().unwrap()[0].0;
        // 6 standard errors: 2e-9 by chance for each row.
        assert!((g.mean[0].0 - exact).abs() < 6.0 * error, "{}: {} ± {error}", row.estimator, g.mean[0].0);
    }
}

#[test]
fn an_option_payoff_stays_pathwise() {
    for cost in [
        "where(exp(m + 0.2 * z) > 1.1, exp(m + 0.2 * z) - 1.1, 0)",
        "(z > 0.3) * (z - 0.3)",
        "where(z > 0, z, 0.1 * z)",
    ] {
        let graph = read(&format!("param m = 0.1\nz ~ Normal(m, 1)\ncost f = {cost}\n")).graph;
        let plan = Plan::choose(&graph, &[], None).unwrap();
        assert_eq!(plan.name(), "pathwise", "{cost}");
        assert!(lints(&graph, &plan).is_empty(), "{cost}");
    }
    // relu(z)/z is 1{z > 0}.
    let hidden = found("param m = 0.1\nz ~ Normal(m, 1) via pathwise\ncost f = relu(z) / z\n");
    assert!(hidden.iter().any(|lint| lint.biased), "{hidden:?}");
}

/// Nine thousand steps one after another: no stack overflows and no time is lost.
#[test]
fn long_chains_end() {
    let mut source = String::from("param q = 0.4\nz ~ Normal(0, 1)\nx0 = z\n");
    for i in 0..3000 {
        source.push_str(&format!("x{} = max(x{i} - q, where(x{i} > q, x{i}, 0.5))\n", i + 1));
    }
    source.push_str("cost f = x3000\n");
    let graph = read(&source).graph;
    assert!(aleator::analysis::discontinuity_moves(&graph));
}
