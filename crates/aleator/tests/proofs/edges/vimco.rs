//! VIMCO beside other sites, and where it must refuse.

use aleator::Program;

use super::read;
use crate::common::*;

/// Graphs with one site `b` of copies under a logsumexp, and other sites before, after and beside it.
const GRAPHS: [(&str, &str); 9] = [
    (
        "an enumerated site beside it",
        "param mu = 0.3\nz ~ Bernoulli(logits = 0.4 * mu)\nb ~ Bernoulli(logits = mu)[2]\n\
         cost f = z * logsumexp(2 * b)",
    ),
    (
        "three copies",
        "param mu = 0.3\nz ~ Bernoulli(logits = 0.4 * mu)\nb ~ Bernoulli(logits = mu)[3]\n\
         cost f = z * logsumexp(2 * b)",
    ),
    (
        "written after it",
        "param mu = 0.3\nb ~ Bernoulli(logits = mu)[3]\nz ~ OneHotCategorical(logits = mu * [1, 0, 2])\n\
         cost f = dot(z, [1, 2, -1]) * logsumexp(2 * b)\ncost g = dot(z, [3, 1, 1])",
    ),
    (
        "an enumerated site before it",
        "param mu = 0.3\nz ~ OneHotCategorical(logits = mu * [1, 0, 2])\nb ~ Bernoulli(logits = mu + dot(z, [1, -1, 0.5]))[2]\n\
         cost f = log(mean(exp(2 * b + dot(z, [1, 0, 0]))))",
    ),
    (
        "one before and one beside",
        "param mu = 0.3\ny ~ Bernoulli(logits = mu)\nz ~ Bernoulli(logits = 0.4 * mu)\nb ~ Bernoulli(logits = mu + y)[3]\n\
         cost f = (1 + z) * logsumexp(2 * b - y)\ncost g = y * z",
    ),
    (
        "rows",
        "param mu = [0.3, -0.2]\nz ~ Bernoulli(logits = 0.4 * mu)\nb ~ Bernoulli(logits = mu)[2]\n\
         cost f = z * (log(sum(exp(2 * b), axis = 0)) - log(2))",
    ),
    (
        "rows that come together",
        "param mu = [0.3, -0.2]\nz ~ Bernoulli(logits = 0.4 * mu)\nb ~ Bernoulli(logits = mu)[2]\n\
         cost f = sum(z) * sum(log(sum(exp(2 * b), axis = 0)))^2",
    ),
    (
        "a row picked by index",
        "param mu = [0.3, -0.2]\nz ~ Bernoulli(logits = mu)\nb ~ Bernoulli(logits = mu)[2]\n\
         l = log(sum(exp(2 * b), axis = 0))\ncost f = z[0] * l[0]\ncost g = 3 * z[1] * l[1]^2",
    ),
    (
        "a copy that does not count",
        "param mu = 0.3\nz ~ Bernoulli(logits = mu)\nb ~ Bernoulli(logits = mu)[3]\n\
         cost f = z * logsumexp(2 * b * [1, 0, 1])",
    ),
];

#[test]
fn it_is_unbiased_beside_sites_of_every_estimator() {
    for (name, text) in GRAPHS {
        let g = read(text);
        let gradient = Brute::new(&g).answer().1;
        let names: Vec<String> = g.sites().iter().map(|s| s.name.clone()).collect();
        for vimco in ["vimco", "vimco(mean = arithmetic)"] {
            for other in ["enumeration", "score_function", "muprop"] {
                let plan: Vec<Shared> =
                    names.iter().map(|n| named(if n == "b" { vimco } else { other })).collect();
                let got = exactly(&g, &plan, 1);
                close(&format!("{name}: {vimco} beside {other}"), &got.mean, &gradient, 1e-10);
            }
        }
    }
}

#[test]
fn beside_a_constant_it_is_what_it_is_alone() {
    // z = 1 always: the same estimates as without z, and their variance.
    let alone = read("param mu = 0.3\nb ~ Bernoulli(logits = mu)[3]\ncost f = logsumexp(2 * b)");
    let beside = read(
        "param mu = 0.3\nz ~ Bernoulli(logits = 80)\nb ~ Bernoulli(logits = mu)[3]\ncost f = z * logsumexp(2 * b)",
    );
    let expected = exactly(&alone, &[named("vimco")], 1);
    let got = exactly(&beside, &[enumeration(), named("vimco")], 1);
    close("mean", &got.mean, &expected.mean, 1e-12);
    close("variance", &got.variance, &expected.variance, 1e-12);
}

#[test]
fn what_lies_outside_the_logsumexp_is_refused() {
    let head = "param mu = 0.3\nb ~ Bernoulli(logits = mu)[2]\n";
    for (text, accepted) in [
        ("cost f = logsumexp(b)", true),
        ("cost f = logsumexp(b)^2 + exp(logsumexp(b))", true),
        ("cost f = log(mean(exp(b)))", true),
        ("m = max(b)\ncost f = m + log(sum(exp(b - m)))", true),
        ("cost f = log(sum(exp(b - mu))) + mu", true),
        ("cost f = logsumexp(b) * sum(b)", false),
        ("cost f = logsumexp(b) + sum(b)", false),
        ("cost f = logsumexp(b)\ncost g = 2 * b", false),
        ("l = 2 * b\ncost f = logsumexp(l) * l[0]", false),
        ("l = 2 * b\ncost f = logsumexp(l) + max(l)", false),
        ("m = max(b)\ncost f = log(sum(exp(b - m)))", false),
        ("m = max(b)\ncost f = m * log(sum(exp(b - m)))", false),
        ("m = 2 * b\ncost f = m + log(sum(exp(b - m)))", false),
        ("cost f = logsumexp(b) + logsumexp(2 * b)", false),
        ("cost f = sum(b)", false),
        ("h ~ Bernoulli(logits = logsumexp(b))\ncost f = h", false),
    ] {
        let g = read(&format!("{head}{text}"));
        let mut plan = vec![named("vimco")];
        plan.extend(g.sites()[1..].iter().map(|_| score()));
        let compiled = Program::<f64>::compile(&g, &plan, &aleator::Options::new());
        match compiled {
            Ok(_) => assert!(accepted, "{text}"),
            Err(error) => {
                assert!(!accepted, "{text}: {error}");
                assert!(error.to_string().contains("vimco"), "{text}: {error}");
            }
        }
    }
}
