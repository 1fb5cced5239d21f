//! Mistakes in derivatives through draws.

use aleator::control_variates::{Network, Trained, known};
use aleator::distributions::{Exponential, Gamma, Normal, Transform, VonMises};
use aleator::estimators::GradientTerm;
use aleator::graph::{Graph, concat};
use aleator::rewrite::SiteValue;

use super::{Mutant, NONE};

fn normal(g: &Graph) {
    let z = g.sample("z", Normal::new(g.param("m", 0.4), g.param("s", 0.7)));
    g.cost("f", z.square() + 3.0 * z);
}

fn gamma(g: &Graph) {
    let z = g.sample("z", Gamma::new(g.param("a", 2.5), g.param("r", 1.5)));
    g.cost("f", z.square());
}

fn exponential(g: &Graph) {
    let z = g.sample("z", Exponential::new(g.param("rate", 1.3)));
    g.cost("f", z.square() * z);
}

const STANDARDIZE: Transform = Transform::Standardize;
const REJECTION: Transform = Transform::Rejection { augmentation: 1 };

pub(super) fn mutants() -> Vec<Mutant> {
    vec![
        Mutant {
            of: "pathwise",
            mistake: "the derivative by the scale is forgotten",
            graph: normal,
            draw: Some(|site| {
                let loc = site.distribution().parameters()[0];
                Ok(SiteValue::value(loc + (site.rsample()? - loc).stop_gradient()))
            }),
            ..NONE
        },
        Mutant {
            of: "pathwise",
            mistake: "noise is clipped at 1e-7",
            graph: |g| {
                let z = g.sample("z", Exponential::new(g.param("rate", 1.0)));
                g.cost("f", z.square().square());
            },
            draw: Some(|site| {
                let u = site.noise().uniform(&[]).maximum(1e-7);
                Ok(SiteValue::value(-u.log() / site.distribution().parameters()[0]))
            }),
            ..NONE
        },
        Mutant {
            of: "lax",
            mistake: "the derivative through the control variate is missing, while the network is 0",
            graph: normal,
            terms: Some(|site, cone| {
                let inputs = [vec![(site.sample(), 0)], known(site)].concat();
                let control = Network::new(site, "control", &inputs, 10, Trained::ByVariance).apply(&inputs);
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cone.cost() - control)])
            }),
            ..NONE
        },
        Mutant {
            of: "antithetic",
            mistake: "the partner of a draw is its mirror image at the mean, although the law is skewed",
            graph: exponential,
            samples: 2,
            draw: Some(|site| {
                let axis = -1 - site.batch_shape().rank() as isize;
                let first = site.rsample()?.slice(axis, 0, 1);
                let mirrored = 2.0 * site.mean()? - first;
                Ok(SiteValue::value(concat(&[first, mirrored], axis).unwrap_or(first)))
            }),
            ..NONE
        },
        Mutant {
            of: "antithetic",
            mistake: "the partner has noise of its own, which only raises the variance",
            graph: |g| {
                let z = g.sample("z", Normal::new(g.param("m", 0.4), 0.7));
                g.cost("f", z.square() + 3.0 * z);
            },
            samples: 2,
            operations: 1 << 30,
            draw: Some(|site| Ok(SiteValue::value(site.rsample()?))),
            variance_only: true,
            ..NONE
        },
        Mutant {
            of: "implicit_reparameterization",
            mistake: "the derivative by the concentration is forgotten",
            graph: gamma,
            draw: Some(|site| {
                let rate = site.distribution().parameters()[1];
                Ok(SiteValue::value((site.sample() * rate).stop_gradient() / rate))
            }),
            ..NONE
        },
        Mutant {
            of: "implicit_reparameterization",
            mistake: "what crosses the angle π is forgotten, where the cost jumps",
            graph: |g| {
                let z = g.sample("z", VonMises::new(g.param("loc", 2.0), g.param("concentration", 1.5)));
                g.cost("f", (z - 0.45).square());
            },
            terms: Some(|_, _| Ok(vec![])),
            ..NONE
        },
        Mutant {
            of: "generalized_reparameterization",
            mistake: "the Jacobian is missing in the density of the noise",
            graph: gamma,
            terms: Some(|site, cone| {
                let through = site.transformed(STANDARDIZE)?.value;
                let log_density = site.distribution().log_prob(through);
                Ok(vec![GradientTerm::score(log_density, cone.cost())])
            }),
            ..NONE
        },
        Mutant {
            of: "generalized_reparameterization",
            mistake: "the score of the noise is missing",
            graph: gamma,
            terms: Some(|_, _| Ok(vec![])),
            ..NONE
        },
        Mutant {
            of: "generalized_reparameterization",
            mistake: "the score of the draw takes the place of that of the noise",
            graph: gamma,
            terms: Some(|site, cone| {
                Ok(vec![GradientTerm::score(site.log_prob(cone.value().stop_gradient()), cone.cost())])
            }),
            ..NONE
        },
        Mutant {
            of: "rejection_reparameterization",
            mistake: "the correction for rejected proposals is missing",
            operations: 1 << 32,
            graph: gamma,
            terms: Some(|_, _| Ok(vec![])),
            ..NONE
        },
        Mutant {
            of: "rejection_reparameterization",
            mistake: "∂h/∂ε is missing in the density of the accepted proposal",
            operations: 1 << 32,
            graph: gamma,
            terms: Some(|site, cone| {
                let through = site.transformed(REJECTION)?.value;
                let log_density = site.distribution().log_prob(through);
                Ok(vec![GradientTerm::score(log_density, cone.cost())])
            }),
            ..NONE
        },
    ]
}
