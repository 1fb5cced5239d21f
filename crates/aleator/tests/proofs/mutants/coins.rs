//! Mistakes in coupled coins and other coupled draws.

use aleator::distributions::{Bernoulli, Categorical};
use aleator::estimators::GradientTerm;
use aleator::graph::{Expr, Graph, concat};
use aleator::rewrite::{DownstreamSites, Site, SiteValue};

use super::scores::toy;
use super::{Mutant, NONE};

/// A coin behind a coin.
fn behind(g: &Graph) {
    let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.5)));
    let b = g.sample("b", Bernoulli::from_logits(3.0 * g.param("w", 1.2) * a - 1.5));
    g.cost("loss", (a + 2.0 * b - 0.5).square());
}

/// Four coins in one cost: too many uniform numbers for quadrature, so that sampling decides.
fn four(g: &Graph) {
    let phi = g.param_tensor("phi", [4], vec![0.3, -0.8, 1.4, -0.2]);
    let b = g.sample("b", Bernoulli::from_logits(phi));
    g.cost("loss", (b.sum() - 0.45).square());
}

/// Three draws of one cost.
fn categories(g: &Graph) {
    let phi = g.param_tensor("phi", [3, 3], vec![0.3, -0.8, 1.4, -0.2, 0.5, 0.1, 0.0, 0.0, -1.0]);
    let z = g.sample("z", Categorical::from_logits(phi));
    g.cost("loss", (z.sum() - 2.6).square());
}

/// 1[u > q]
fn coin<'g>(phi: Expr<'g>, u: Expr<'g>) -> Expr<'g> {
    u.greater((-phi).sigmoid()).stop_gradient()
}

/// The values of the partners of two samples, which lie along the axis in front of `batch` axes.
fn swapped<'g>(site: &Site<'g>, e: Expr<'g>) -> Expr<'g> {
    let axis = -1 - site.batch_shape().rank() as isize;
    concat(&[e.slice(axis, 1, 1), e.slice(axis, 0, 1)], axis).unwrap_or(e)
}

/// DisARM with another factor.
fn disarm<'g>(
    site: &Site<'g>,
    b: Expr<'g>,
    f: Expr<'g>,
    factor: Expr<'g>,
) -> aleator::Result<Vec<GradientTerm<'g>>> {
    let weight = 0.5 * (f - swapped(site, f)) * (b - swapped(site, b)) * factor;
    Ok(vec![GradientTerm { expr: site.log_odds()?, weight, event_rank: 0 }])
}

pub(super) fn mutants() -> Vec<Mutant> {
    vec![
        Mutant {
            of: "arm",
            mistake: "the partner has noise of its own",
            graph: four,
            terms: Some(|site, cone| {
                let (phi, mut noise) = (site.log_odds()?, site.noise());
                let (u, fresh) = (noise.uniform(&[]), noise.uniform(&[]));
                let other = cone.cost_at(coin(phi, fresh), DownstreamSites::AsPlanned)?;
                Ok(vec![GradientTerm { expr: phi, weight: (cone.cost() - other) * (u - 0.5), event_rank: 0 }])
            }),
            ..NONE
        },
        Mutant {
            of: "arm",
            mistake: "the noise has the wrong sign",
            graph: four,
            terms: Some(|site, cone| {
                let (phi, u) = (site.log_odds()?, site.noise().uniform(&[]));
                let other = cone.cost_at(coin(phi, 1.0 - u), DownstreamSites::AsPlanned)?;
                Ok(vec![GradientTerm { expr: phi, weight: (cone.cost() - other) * (0.5 - u), event_rank: 0 }])
            }),
            ..NONE
        },
        Mutant {
            of: "arm",
            mistake: "the noise is not centred, which only raises the variance",
            graph: toy,
            terms: Some(|site, cone| {
                let (phi, u) = (site.log_odds()?, site.noise().uniform(&[]));
                let other = cone.cost_at(coin(phi, 1.0 - u), DownstreamSites::AsPlanned)?;
                Ok(vec![GradientTerm { expr: phi, weight: (cone.cost() - other) * u, event_rank: 0 }])
            }),
            variance_only: true,
            ..NONE
        },
        Mutant {
            of: "disarm",
            mistake: "the factor max(p, q) is missing",
            graph: four,
            samples: 2,
            terms: Some(|site, cone| disarm(site, cone.value(), cone.cost(), site.scalar(1.0))),
            ..NONE
        },
        Mutant {
            of: "disarm",
            mistake: "the factor is p in place of max(p, q)",
            graph: four,
            samples: 2,
            terms: Some(|site, cone| disarm(site, cone.value(), cone.cost(), site.log_odds()?.sigmoid())),
            ..NONE
        },
        Mutant {
            of: "disarm",
            mistake: "the factor max(p, q) is missing at the log-odds 12, where it is 1 − 6e-6",
            graph: |g| {
                let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 12.0)));
                g.cost("loss", (b - 0.45).square());
            },
            samples: 2,
            operations: 1 << 30,
            terms: Some(|site, cone| disarm(site, cone.value(), cone.cost(), site.scalar(1.0))),
            ..NONE
        },
        Mutant {
            of: "disarm",
            mistake: "samples are paired although they have different parameters",
            graph: behind,
            samples: 2,
            draw: Some(|site| {
                // The second sample uses the mirrored noise of the first.
                let u = site.noise().uniform(&[]);
                let axis = -1 - site.batch_shape().rank() as isize;
                let first = u.slice(axis, 0, 1);
                let mirrored = concat(&[first, 1.0 - first], axis).unwrap_or(u);
                Ok(SiteValue::value(coin(site.log_odds()?, mirrored)))
            }),
            terms: Some(|site, cone| {
                let larger = site.log_odds()?.abs().sigmoid();
                disarm(site, cone.value(), cone.cost(), larger)
            }),
            ..NONE
        },
        Mutant {
            of: "arms",
            mistake: "the draws are taken for independent ones",
            graph: four,
            samples: 3,
            terms: Some(|site, cone| {
                let (phi, b, f) = (site.log_odds()?, cone.value(), cone.cost());
                let mean = site.sum_over_samples(f) / 3.0;
                Ok(vec![GradientTerm {
                    expr: phi,
                    weight: 1.5 * (f - mean) * (b - phi.sigmoid()),
                    event_rank: 0,
                }])
            }),
            ..NONE
        },
        Mutant {
            of: "arms",
            mistake: "three draws are corrected for the correlation of two",
            graph: four,
            samples: 3,
            terms: Some(|site, cone| {
                let (phi, b, f) = (site.log_odds()?, cone.value(), cone.cost());
                let mean = site.sum_over_samples(f) / 3.0;
                let weight = 1.5 * (f - mean) * (b - phi.sigmoid()) * phi.abs().sigmoid();
                Ok(vec![GradientTerm { expr: phi, weight, event_rank: 0 }])
            }),
            ..NONE
        },
        Mutant {
            of: "disarm_categorical",
            mistake: "the pair is weighted as if it were independent",
            graph: categories,
            samples: 2,
            terms: Some(|site, cone| {
                let f = cone.cost();
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), f - swapped(site, f))])
            }),
            ..NONE
        },
        Mutant {
            of: "disarm_categorical",
            mistake: "the two samples are independent",
            graph: categories,
            samples: 2,
            draw: Some(|site| Ok(SiteValue::value(site.sample()))),
            ..NONE
        },
    ]
}
