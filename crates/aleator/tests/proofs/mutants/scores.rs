//! Mistakes in scores and baselines.

use aleator::distributions::{Bernoulli, Kumaraswamy, Normal, Uniform};
use aleator::estimators::GradientTerm;
use aleator::graph::{Expr, Graph};
use aleator::rewrite::DownstreamSites;
use aleator_engine::graph::FromEnd;

use super::{Mutant, NONE};

/// One coin with the cost (b − 0.45)², at θ = 0.3.
pub(super) fn toy(g: &Graph) {
    let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.3)));
    g.cost("loss", (b - 0.45).square());
}

/// The toy, with a coin that is hardly ever 1.
fn rare(g: &Graph) {
    let b = g.sample("b", Bernoulli::from_logits(g.param("theta", -14.0)));
    g.cost("loss", (b - 0.45).square());
}

/// A cost that depends on θ directly as well.
pub(super) fn direct(g: &Graph) {
    let theta = g.param("theta", 0.3);
    let b = g.sample("b", Bernoulli::from_logits(theta));
    g.cost("loss", (b - 0.45).square() + theta * b + theta.square());
}

/// A draw that is often so close to 1 that it rounds to 1.
fn at_the_edge(g: &Graph) {
    let z = g.sample("z", Kumaraswamy::new(2.0, g.param("b", 0.1)));
    g.cost("f", z.square() + 1e4);
}

/// Importance-weighted: the copies of a coin in one logarithm of a mean.
fn bound(g: &Graph) {
    let (phi, w) = (g.param("phi", 0.4), g.param("w", 0.7));
    let z = g.sample("z", Bernoulli::from_logits(phi).copies(3));
    g.cost("bound", -((w * z - 0.3 * z).logsumexp(-1) - 3f64.ln()));
}

/// The logarithm of the mean of e^ℓ over the other copies of three.
fn leave_one_out<'g>(others: Expr<'g>, axis: usize) -> Expr<'g> {
    others.logsumexp(FromEnd(axis)).unsqueeze(FromEnd(axis)) - 2f64.ln()
}

pub(super) fn mutants() -> Vec<Mutant> {
    vec![
        Mutant {
            of: "score_function(baseline = moving_average, decay = 0.9)",
            mistake: "the moving average is updated before it is read",
            graph: toy,
            terms: Some(|site, cone| {
                let cost = cone.cost();
                let updated = 0.9 * site.moving_average("baseline", 0.9, cost) + 0.1 * cost;
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cost - updated)])
            }),
            ..NONE
        },
        Mutant {
            of: "score_function",
            mistake: "the derivative of the cost by θ itself is dropped",
            graph: direct,
            terms: Some(|site, cone| {
                let cost = cone.cost();
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cost),
                    GradientTerm { expr: cost, weight: site.scalar(-1.0), event_rank: 0 },
                ])
            }),
            ..NONE
        },
        Mutant {
            of: "score_function",
            mistake: "the score is that of a draw clipped at 1 − 1e-7",
            graph: at_the_edge,
            terms: Some(|site, cone| {
                let clipped = cone.value().minimum(1.0 - 1e-7);
                Ok(vec![GradientTerm::score(site.distribution().log_prob(clipped), cone.cost())])
            }),
            ..NONE
        },
        Mutant {
            of: "score_function",
            mistake: "the score is that of a rounded draw",
            graph: |g| {
                let z = g.sample("z", Normal::new(g.param("m", 0.3), 1.0));
                g.cost("f", z.square() + 1e4);
            },
            terms: Some(|site, cone| {
                // Rounded down to multiples of 2⁻⁶: the least precise numbers of some devices.
                let z = cone.value();
                let rounded = z - 0.5 / 64.0;
                Ok(vec![GradientTerm::score(site.log_prob(rounded), cone.cost())])
            }),
            ..NONE
        },
        Mutant {
            of: "score_function",
            mistake: "log(p + 1e-7) takes the place of log p",
            graph: rare,
            terms: Some(|site, cone| {
                let p = site.mean()?;
                let log_prob = cone.value().select((p + 1e-7).log(), (1.0 - p + 1e-7).log());
                Ok(vec![GradientTerm::score(log_prob, cone.cost())])
            }),
            ..NONE
        },
        Mutant {
            of: "score_function",
            mistake: "a score where the support moves with θ",
            graph: |g| {
                let z = g.sample("z", Uniform::new(0.0, g.param("high", 1.5)));
                g.cost("f", z.square());
            },
            any_site: true,
            ..NONE
        },
        Mutant {
            of: "score_function(baseline = self_critical)",
            mistake: "the cost at the mode is averaged with the cost of the sample",
            graph: toy,
            terms: Some(|site, cone| {
                let at_mode = cone.cost_at(site.mode()?, DownstreamSites::AsPlanned)?;
                let baseline = 0.5 * (at_mode + cone.cost());
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cone.cost() - baseline)])
            }),
            ..NONE
        },
        Mutant {
            of: "reinforce_loo",
            mistake: "1/N instead of 1/(N − 1): the mean contains the sample itself",
            graph: toy,
            samples: 4,
            terms: Some(|site, cone| {
                let mean = site.sum_over_samples(cone.cost()) / 4.0;
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cone.cost() - mean)])
            }),
            ..NONE
        },
        Mutant {
            of: "reinforce_loo",
            mistake: "the differences are divided by the standard deviation of the samples",
            graph: toy,
            samples: 4,
            terms: Some(|site, cone| {
                let cost = cone.cost();
                let others = (site.sum_over_samples(cost) - cost) / 3.0;
                let mean = site.sum_over_samples(cost) / 4.0;
                let spread = (site.sum_over_samples((cost - mean).square()) / 3.0 + 1e-6).sqrt();
                let weight = (cost - others) / spread;
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), weight)])
            }),
            ..NONE
        },
        Mutant {
            of: "nvil",
            mistake: "the signal is divided by its own size, not by that of earlier runs",
            graph: |g| {
                let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.3)));
                g.cost("loss", 4.0 * (b - 0.45).square() + 1.0);
            },
            terms: Some(|site, cone| {
                let signal = cone.cost();
                let normalised = signal / signal.abs().maximum(1.0);
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), normalised)])
            }),
            ..NONE
        },
        Mutant {
            of: "nvil",
            mistake: "the centre is updated before it is read",
            graph: toy,
            terms: Some(|site, cone| {
                let cost = cone.cost();
                let centre = 0.9 * site.training_average("centre", 0.0, 0.9, cost) + 0.1 * cost;
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cost - centre)])
            }),
            ..NONE
        },
        Mutant {
            of: "vimco",
            mistake: "the derivative of the bound itself is dropped",
            graph: bound,
            terms: Some(|site, cone| {
                let without = cone.cost_without_each(|others, axis| leave_one_out(others, axis))?;
                let cost = cone.cost();
                Ok(vec![
                    GradientTerm::score(site.log_prob(cone.value()), cost - without),
                    GradientTerm { expr: cost, weight: site.scalar(-1.0), event_rank: 0 },
                ])
            }),
            ..NONE
        },
        Mutant {
            of: "vimco",
            mistake: "the bound without a copy is averaged with the bound itself",
            graph: bound,
            terms: Some(|site, cone| {
                let without = cone.cost_without_each(|others, axis| leave_one_out(others, axis))?;
                let cost = cone.cost();
                let baseline = 0.5 * (cost + without);
                Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cost - baseline)])
            }),
            ..NONE
        },
        Mutant {
            of: "muprop",
            mistake: "the mean of the linear term is not added back",
            graph: toy,
            terms: Some(|site, cone| {
                let (z, mu) = (cone.value(), site.mean()?.stop_gradient());
                let mu = mu.broadcast_to(z.shape());
                let (at_mean, slope) = cone.cost_and_slope_at(mu, DownstreamSites::Mean)?;
                let linear = slope * (z - mu);
                Ok(vec![GradientTerm::score(site.log_prob(z), cone.cost() - at_mean - linear)])
            }),
            ..NONE
        },
        Mutant {
            of: "muprop",
            mistake: "the linear term is added instead of subtracted",
            graph: toy,
            terms: Some(|site, cone| {
                let (z, mean) = (cone.value(), site.mean()?);
                let mu = mean.stop_gradient().broadcast_to(z.shape());
                let (at_mean, slope) = cone.cost_and_slope_at(mu, DownstreamSites::Mean)?;
                let linear = slope * (z - mu);
                Ok(vec![
                    GradientTerm::score(site.log_prob(z), cone.cost() - at_mean + linear),
                    GradientTerm::value(site, mean, slope),
                ])
            }),
            ..NONE
        },
    ]
}
