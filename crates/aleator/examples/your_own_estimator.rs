//! An estimator written outside the crate: DisARM, the antithetic estimator of Dong, Mnih and Tucker (2020).
//!
//! ```text
//! z = 1[u > q],   z' = 1[1 − u > q],      q = 1 − p
//! ∇φ E[F(z)]  ≈  ½ (F(z) − F(z')) (z − z') max(p, q),    φ the logits
//! ```
//!
//! z' is drawn from the same uniform number mirrored: each of the two is a fair draw, but where one element of z is
//! rare, that of z' is not. Elements that agree get no gradient. With ∂φ/∂p = 1/(p q) this is, by the probability,
//!
//! ```text
//! ∇p E[F(z)]  ≈  ½ (F(z) − F(z')) (z − z') / min(p, q)
//! ```
//!
//! `cargo run --release -p aleator --example your_own_estimator`

use std::sync::Arc;

use aleator::Result;
use aleator::diagnostics::{Compare, compare};
use aleator::distributions::{Bernoulli, Support};
use aleator::estimators::{Bias, Estimator, GradientTerm, Properties, ReinforceLoo, SiteInfo, Smoothness};
use aleator::graph::Graph;
use aleator::rewrite::{Cone, DownstreamSites, Site, SiteValue};

/// The antithetic pair.
#[derive(Debug)]
struct Disarm;

static PROPERTIES: Properties = Properties {
    name: "disarm",
    aliases: &["u2g"],
    bias: Bias::Unbiased,
    summary: "an antithetic pair of samples, the expectation over which of the two came first taken exactly",
    formula: "1/2 (F(z) - F(z')) (z - z') max(p, q)",
    distributions: "Bernoulli",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "2 K",
    smoothness: Smoothness::NotNeeded,
    advice: "for many Bernoulli latents that all influence one cost",
    options: &[],
    reference: "dong2020disarm",
};

impl Estimator for Disarm {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        match site.distribution.family().support() {
            Support::Boolean => Ok(()),
            _ => Err("only a Bernoulli has an antithetic pair of outcomes".into()),
        }
    }

    fn extra_evaluations(&self, _: &SiteInfo<'_, '_>, _: usize) -> usize {
        1
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(SiteValue::value(site.sample()))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let p = site.mean()?;
        let q = 1.0 - p;
        let mirrored = 1.0 - site.noise().uniform(&[]);
        let (z, other) = (cone.value(), mirrored.greater(q).stop_gradient());
        // Each draw meets only the costs that it influences: a cone's costs come in the shape of the site's batch.
        let difference = cone.cost() - cone.cost_at(other, DownstreamSites::AsPlanned)?;
        // Where p or q is 0 the pair agrees, and 0 / 0 must not arise.
        let coefficient = 0.5 * difference * (z - other) / p.minimum(q).maximum(1e-30);
        Ok(vec![GradientTerm::value(site, p, coefficient)])
    }
}

fn main() -> Result<()> {
    let graph = Graph::new();
    let logits = graph.param_tensor("logits", [6], vec![-2.0, -1.0, -0.3, 0.4, 1.0, 3.0]);
    let weights = graph.engine().tensor([6], vec![1.0, -0.5, 0.8, 0.3, -1.2, 0.6]);
    let z = graph.sample("z", Bernoulli::from_logits(logits).via(Disarm));
    graph.cost("loss", ((z * weights).sum() - 0.7).square());

    // Two samples each, so that both evaluate the cost alike often: disarm 2 · 1, reinforce_loo 2.
    let rows = [(Arc::new(Disarm) as Arc<dyn Estimator>, 1), (Arc::new(ReinforceLoo), 2)];
    for (estimator, samples) in rows {
        let how = Compare::only(vec![estimator]).samples(samples).replicates(100_000);
        let report = compare(&graph, &how, "six coins", &|_, _| {})?;
        let row = &report.results[0];
        println!("{} ({} cost evaluations)", row.estimator, row.evaluations);
        let gradient = &row.gradient["logits"];
        let (Some(errors), Some(exact)) = (&gradient.std_error, &gradient.exact) else { continue };
        for ((mean, error), exact) in gradient.mean.iter().zip(errors).zip(exact) {
            let z = (mean.0 - exact.0) / error.0;
            println!("  {:>8.5} ± {:.5}   exact {:>8.5}   z {z:>5.2}", mean.0, error.0, exact.0);
            assert!(z.abs() < 5.0, "biased?");
        }
        println!("  total variance {:.4}", row.total_variance.map_or(f64::NAN, |v| v.0));
    }
    Ok(())
}
