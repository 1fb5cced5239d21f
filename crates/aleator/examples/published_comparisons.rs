//! Published comparisons of estimators, measured again: the programs with discrete randomness of Arya and others (`arya2022automatic`)
//! and the test functions of Mohamed and others (`mohamed2020monte`).
//!
//! `cargo run --release -p aleator --example published_comparisons` prints the tables from few estimates. With a directory as argument,
//! it takes many estimates, and also writes the tables and the figure there, as `published_comparisons.txt` and `test_functions.svg`:
//! `cargo run --release -p aleator --example published_comparisons -- docs/src/images`

#[path = "published_comparisons/figure.rs"]
mod figure;
#[path = "published_comparisons/game_of_life.rs"]
mod game_of_life;
#[path = "published_comparisons/random_walk.rs"]
mod random_walk;
#[path = "published_comparisons/small_programs.rs"]
mod small_programs;
#[path = "published_comparisons/test_functions.rs"]
mod test_functions;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use aleator::diagnostics::{Measure, measure};
use aleator::estimators::Estimator;
use aleator::graph::Graph;

/// The seed of all noise.
const SEED: u64 = 0;
/// The number of standard errors from the exact value at which a mean or a variance fails. Fewer than a hundred are compared: the chance
/// that any of them fails is below 6 · 10⁻⁵ if they are normally distributed. The seed is fixed.
const CRITICAL: f64 = 5.0;

/// The mean and the standard deviation of the estimates of one derivative.
struct Estimates {
    mean: f64,
    std_error: f64,
    deviation: f64,
}

impl Estimates {
    /// The estimates of a graph with one parameter. Every site that a parameter moves has the same estimator.
    fn of(graph: &Graph, estimator: &Arc<dyn Estimator>, replicates: usize) -> aleator::Result<Self> {
        let plan = vec![estimator.clone(); graph.sites().len()];
        Self::with(graph, &plan, replicates)
    }

    /// The same with an estimator for each site.
    fn with(graph: &Graph, plan: &[Arc<dyn Estimator>], replicates: usize) -> aleator::Result<Self> {
        let how = Measure { samples: Some(1), replicates, tune: 0, seed: SEED };
        let measured = measure(graph, plan, &how, &|_| {})?;
        let moments = &measured.gradient[0][0];
        Ok(Estimates {
            mean: moments.mean,
            std_error: moments.standard_error(replicates as f64).unwrap_or(f64::NAN),
            deviation: moments.standard_deviation().unwrap_or(f64::NAN),
        })
    }

    /// The mean, after it has been compared with the exact derivative.
    fn checked_mean(&self, what: &str, exact: f64) -> String {
        let distance = (self.mean - exact) / self.std_error;
        assert!(distance.abs() < CRITICAL, "{what}: {} ± {} is not {exact}", self.mean, self.std_error);
        format!("{:.4} ± {:.4}", self.mean, self.std_error)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let replicates = if directory.is_some() { 20_000 } else { 500 };
    let mut text = String::new();
    random_walk::table(replicates, &mut text)?;
    game_of_life::table(replicates, &mut text)?;
    small_programs::table(replicates, &mut text)?;
    let curves = test_functions::curves(if directory.is_some() { 65 } else { 3 })?;
    test_functions::table(&curves, &mut text)?;
    print!("{text}");
    if let Some(directory) = directory {
        std::fs::write(Path::new(&directory).join("published_comparisons.txt"), text)?;
        std::fs::write(Path::new(&directory).join("test_functions.svg"), figure::svg(&curves)?)?;
    }
    Ok(())
}
