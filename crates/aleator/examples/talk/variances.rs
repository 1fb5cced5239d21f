//! The variances of one estimate of the gradient of E[z² + c], z ~ Normal(μ, σ): closed forms beside measured ones.

use std::sync::Arc;

use aleator::Result;
use aleator::control_variates::Baseline;
use aleator::diagnostics::{Measure, Moments, measure};
use aleator::distributions::Transform;
use aleator::estimators::{Estimator, MuProp, Pathwise, ReinforceLoo, ScoreFunction};

use super::experiment::{g_rep, gaussian};

/// Independent measurements, whose spread gives the standard error.
pub const BATCHES: usize = 20;
/// Estimates in each of them.
pub const REPLICATES: usize = 100_000;

/// An estimator and what is known of it.
pub struct Row {
    /// Its name.
    pub name: &'static str,
    estimator: Arc<dyn Estimator>,
    /// The variance for μ and σ, in closed form.
    pub exact: [f64; 2],
}

/// A variance as measured.
pub struct Measured {
    /// The mean of the sample variances of all batches.
    pub variance: f64,
    /// Its standard error.
    pub std_error: f64,
}

/// Every estimator with its closed forms. One estimate takes one sample, leave-one-out two.
pub fn rows(mu: f64, sigma: f64, c: f64) -> Vec<Row> {
    let (m, s) = (mu * mu, sigma * sigma);
    // (F − b) times a score whose square has the mean `fisher`, for E[F score²] = best · fisher.
    let minus = |plain: f64, b: f64, best: f64, fisher: f64| plain + (b * b - 2.0 * b * best) * fisher;
    let plain = [
        (m + c).powi(2) / s + 15.0 * s + 14.0 * m + 6.0 * c,
        2.0 * (m + c).powi(2) / s + 74.0 * s + 60.0 * m + 20.0 * c,
    ];
    let best = [c + m + 3.0 * s, c + m + 5.0 * s];
    let with = |b: f64| [minus(plain[0], b, best[0], 1.0 / s), minus(plain[1], b, best[1], 2.0 / s)];
    let score = |baseline| Arc::new(ScoreFunction { baseline });
    let number = |b| score(Baseline::Number(b));
    let row = |name, estimator: Arc<dyn Estimator>, exact| Row { name, estimator, exact };
    let shifted = (m + c).powi(2)
        + 2.0 * c * s
        + 4.0 * c * sigma
        + 10.0 * m * s
        + 4.0 * m * sigma
        + 7.0 * s * s
        + 4.0 * s * sigma
        + 4.0 * s;
    vec![
        row("pathwise", Arc::new(Pathwise), [4.0 * s, 4.0 * m + 8.0 * s]),
        row("score function", score(Baseline::None), plain),
        row("score, b = E F", number(c + m + s), [8.0 * m + 10.0 * s, 40.0 * m + 56.0 * s]),
        row("score, b best for μ", number(best[0]), [8.0 * m + 6.0 * s, with(best[0])[1]]),
        row("score, b best for σ", number(best[1]), [with(best[1])[0], 40.0 * m + 24.0 * s]),
        row(
            "score, b best for each",
            score(Baseline::OptimalPerCoordinate),
            [8.0 * m + 6.0 * s, 40.0 * m + 24.0 * s],
        ),
        row("MuProp", Arc::new(MuProp::default()), [15.0 * s, 74.0 * s]),
        row("leave-one-out, K = 2", Arc::new(ReinforceLoo), [8.0 * m + 6.0 * s, 24.0 * m + 32.0 * s]),
        row("g-rep, location", g_rep(Transform::Location), [4.0 * s, plain[1]]),
        row("g-rep, shifted scale", g_rep(Transform::ShiftedScale), [shifted, 4.0 * m + 8.0 * s]),
    ]
}

impl Row {
    /// Measures the variance for μ and σ; batch i has the seed `seed + i`.
    pub fn measure(&self, mu: f64, sigma: f64, c: f64, seed: u64) -> Result<[Measured; 2]> {
        let graph = gaussian(mu, sigma, c);
        let mut moments = [Moments::default(); 2];
        for batch in 0..BATCHES as u64 {
            let how = Measure { samples: None, replicates: REPLICATES, tune: 0, seed: seed + batch };
            let measured = measure(&graph, std::slice::from_ref(&self.estimator), &how, &|_| {})?;
            for (moments, gradient) in moments.iter_mut().zip(&measured.gradient) {
                moments.add(gradient[0].variance().into_iter());
            }
        }
        Ok(moments.map(|m| Measured {
            variance: m.mean,
            std_error: (m.variance().unwrap_or(f64::NAN) / BATCHES as f64).sqrt(),
        }))
    }
}
