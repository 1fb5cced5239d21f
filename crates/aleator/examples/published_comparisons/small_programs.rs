//! Two small programs: X = a c y with y ~ Normal(b, a), a = p (1 − p), b ~ Binomial(10, p), c = 2 b + 3 t and t ~ Bernoulli(p), whose
//! mean is p² (1 − p) (20 + 210 p); and a Binomial(n, p) whose n is Binomial(10, p), whose mean is 10 p².

use std::fmt::Write as _;
use std::sync::Arc;

use aleator::control_variates::Baseline;
use aleator::distributions::{Bernoulli, Binomial, Normal};
use aleator::estimators::{Estimator, Pathwise, PerturbationAnalysis, ScoreFunction};
use aleator::graph::Graph;

use super::Estimates;

/// The p that maximises the mean of the first program, as published.
const MAXIMUM: f64 = 0.742_688_544_6;

fn product(p: f64) -> Graph {
    let g = Graph::new();
    let p = g.param("p", p);
    let a = p * (1.0 - p);
    let b = g.sample("b", Binomial::from_probs(10.0, p));
    let t = g.sample("t", Bernoulli::from_probs(p));
    let y = g.sample("y", Normal::new(b, a));
    g.cost("X", a * (2.0 * b + 3.0 * t) * y);
    g
}

fn nested(p: f64) -> Graph {
    let g = Graph::new();
    let p = g.param("p", p);
    let n = g.sample("n", Binomial::from_probs(10.0, p));
    g.cost("X", g.sample("z", Binomial::from_probs(n, p)));
    g
}

/// Writes the table.
pub fn table(replicates: usize, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    writeln!(
        text,
        "Small programs: derivative and standard deviation of one estimate, from {replicates} estimates\n"
    )?;
    writeln!(
        text,
        "{:8} {:>12} {:>10} {:>10} {:>20} {:>9} {:>9}",
        "program", "p", "mean", "exact", "jumps", "deviation", "score"
    )?;
    // E X and its derivative.
    let of_product = |p: f64| {
        (20.0 * p * p + 190.0 * p.powi(3) - 210.0 * p.powi(4), 40.0 * p + 570.0 * p * p - 840.0 * p.powi(3))
    };
    let of_nested = |p: f64| (10.0 * p * p, 20.0 * p);
    let jumps: Arc<dyn Estimator> = Arc::new(PerturbationAnalysis::default());
    let mut row = |name: &str, g: &Graph, p: f64, (mean, exact): (f64, f64), rest: &[Arc<dyn Estimator>]| {
        let score: Arc<dyn Estimator> = Arc::new(ScoreFunction { baseline: Baseline::Number(mean) });
        let with = |first: &Arc<dyn Estimator>| {
            let plan = [&[first.clone(), first.clone()], rest].concat();
            Estimates::with(g, &plan, replicates)
        };
        let (jumps, score) = (with(&jumps)?, with(&score)?);
        score.checked_mean(name, exact);
        writeln!(
            text,
            "{name:8} {p:>12} {mean:>10.6} {exact:>10.6} {:>20} {:>9.3} {:>9.3}",
            jumps.checked_mean(name, exact),
            jumps.deviation,
            score.deviation
        )?;
        Ok::<(), Box<dyn std::error::Error>>(())
    };
    for p in [0.5, 0.6, MAXIMUM] {
        row("a c y", &product(p), p, of_product(p), &[Arc::new(Pathwise)])?;
    }
    row("nested", &nested(0.6), 0.6, of_nested(0.6), &[])?;
    writeln!(text)?;
    Ok(())
}
