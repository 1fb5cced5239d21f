//! The random walk: one step up with probability e^(−x/p), else one step down, from x = 0. The derivative of E x² with respect to p after
//! n steps, with p = 2n.

use std::fmt::Write as _;
use std::sync::Arc;

use aleator::control_variates::Baseline;
use aleator::distributions::Bernoulli;
use aleator::estimators::{Estimator, PerturbationAnalysis, ScoreFunction};
use aleator::graph::Graph;

use super::Estimates;

/// n and the published standard deviations: the score function, the score function with E x² as its baseline, and pruned stochastic
/// triples, which the paper shows in a figure only.
const PUBLISHED: [(usize, f64, f64, f64); 4] = [
    (10, 3.796_29, 1.866_82, 1.05),
    (20, 9.718_84, 4.086_34, 1.85),
    (50, 34.808_15, 10.589_47, 4.34),
    (100, 94.433_45, 21.378_95, 8.54),
];

/// The walk as a graph. The first step is certain.
fn walk(n: usize, p: f64) -> Graph {
    let g = Graph::new();
    let p = g.param("p", p);
    let mut x = g.engine().scalar(1.0);
    for step in 1..n {
        let up = g.sample(&format!("up{step}"), Bernoulli::from_probs((-x / p).exp()));
        x = x + 2.0 * up - 1.0;
    }
    g.cost("x²", x.square());
    g
}

/// E x² after n steps and its derivative, by the distribution of x and its derivative, carried from step to step.
fn exact(n: usize, p: f64) -> (f64, f64) {
    let (mut mass, mut slope) = (vec![0.0; n + 2], vec![0.0; n + 2]);
    mass[0] = 1.0;
    for _ in 0..n {
        let (mut next, mut next_slope) = (vec![0.0; n + 2], vec![0.0; n + 2]);
        for x in 0..n {
            let up = (-(x as f64) / p).exp();
            let up_slope = up * x as f64 / (p * p);
            next[x + 1] += mass[x] * up;
            next_slope[x + 1] += slope[x] * up + mass[x] * up_slope;
            if x > 0 {
                next[x - 1] += mass[x] * (1.0 - up);
                next_slope[x - 1] += slope[x] * (1.0 - up) - mass[x] * up_slope;
            }
        }
        (mass, slope) = (next, next_slope);
    }
    let moment = |weights: &[f64]| weights.iter().enumerate().map(|(x, w)| w * (x * x) as f64).sum();
    (moment(&mass), moment(&slope))
}

/// Writes the table.
pub fn table(replicates: usize, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    writeln!(text, "Random walk: standard deviation of one estimate, from {replicates} estimates\n")?;
    writeln!(
        text,
        "{:>4} {:>11} {:>22} {:>10} {:>9} {:>10} {:>9} {:>10} {:>9}",
        "n",
        "exact",
        "perturbation_analysis",
        "score",
        "published",
        "with E x²",
        "published",
        "jumps",
        "published"
    )?;
    for (n, score, with_baseline, triples) in PUBLISHED {
        let p = 2.0 * n as f64;
        let (mean, derivative) = exact(n, p);
        let g = walk(n, p);
        let of = |estimator: Arc<dyn Estimator>| Estimates::of(&g, &estimator, replicates);
        let plain = of(Arc::new(ScoreFunction { baseline: Baseline::None }))?;
        let centred = of(Arc::new(ScoreFunction { baseline: Baseline::Number(mean) }))?;
        let jumps = of(Arc::new(PerturbationAnalysis::default()))?;
        plain.checked_mean("score function", derivative);
        centred.checked_mean("score function with a baseline", derivative);
        writeln!(
            text,
            "{n:>4} {derivative:>11.8} {:>22} {:>10.3} {score:>9.3} {:>10.3} {with_baseline:>9.3} {:>10.3} {triples:>9.2}",
            jumps.checked_mean("jumps", derivative),
            plain.deviation,
            centred.deviation,
            jumps.deviation,
        )?;
    }
    writeln!(text)?;
    Ok(())
}
