//! The worked comparison of Artëm Sobolev's talk on stochastic computation graphs: minimise E[z² + c] over μ and σ,
//! z ~ Normal(μ, σ). Variances of ten estimators, and where gradient steps by four of them lead.
//!
//! `cargo run --release -p aleator --example talk` prints both; with a directory as argument, it also writes them there
//! as `talk.txt` and `talk.svg`: `cargo run --release -p aleator --example talk -- docs/src/images`

#[path = "talk/experiment.rs"]
mod experiment;
#[path = "talk/figure.rs"]
mod figure;
#[path = "talk/variances.rs"]
mod variances;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use experiment::{CONSTANTS, RATE, Run, SMALLEST_SIGMA, STEPS};

/// Seed of all noise.
const SEED: u64 = 0;
/// The z that fails. Student's t with 19 degrees of freedom exceeds it with a chance of 9e-6; 40 are compared.
const CRITICAL: f64 = 6.0;

fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    for c in CONSTANTS {
        variance_table(c, &mut text)?;
    }
    let runs: Vec<Run> = CONSTANTS
        .into_iter()
        .map(|c| experiment::runs(c, SEED))
        .collect::<aleator::Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    run_table(&runs, &mut text)?;
    print!("{text}");
    what_the_talk_says(&runs);
    if let Some(directory) = std::env::args().nth(1) {
        std::fs::write(Path::new(&directory).join("talk.txt"), text)?;
        std::fs::write(Path::new(&directory).join("talk.svg"), figure::svg(&runs)?)?;
    }
    Ok(())
}

fn variance_table(c: f64, text: &mut String) -> Result<(), Box<dyn Error>> {
    let (mu, sigma) = (1.0, 1.0);
    let estimates = variances::BATCHES * variances::REPLICATES;
    writeln!(
        text,
        "Variances at μ = σ = 1, c = {c}, from {estimates} estimates; z: standard errors away from exact\n"
    )?;
    let half = format!("{:>6} {:>9} {:>7} {:>5}", "exact", "measured", "diff", "z");
    writeln!(text, "{:24}{:^32}{:^32}", "", "for μ", "for σ")?;
    writeln!(text, "{:24}{half}   {half}", "estimator")?;
    for row in variances::rows(mu, sigma, c) {
        write!(text, "{:24}", row.name)?;
        let measured = row.measure(mu, sigma, c, SEED)?;
        for (place, (exact, m)) in row.exact.iter().zip(&measured).enumerate() {
            let z = (m.variance - exact) / m.std_error;
            let relative = 100.0 * (m.variance / exact - 1.0);
            let gap = if place == 0 { "   " } else { "\n" };
            write!(text, "{exact:>6} {:>9.3} {relative:>+6.2}% {z:>+5.1}{gap}", m.variance)?;
            assert!(z.abs() < CRITICAL, "{}, c = {c}: {} is not {exact}", row.name, m.variance);
        }
    }
    writeln!(text)?;
    Ok(())
}

fn run_table(runs: &[Run], text: &mut String) -> Result<(), Box<dyn Error>> {
    writeln!(text, "After {STEPS} gradient steps of {RATE} from μ = σ = 1, with σ ≥ {SMALLEST_SIGMA}\n")?;
    writeln!(
        text,
        "{:3} {:22} {:>8} {:>8} {:>9} {:>17} {:>16}",
        "c", "estimator", "μ", "σ", "loss", "mean σ, 2nd half", "steps to bound"
    )?;
    for run in runs {
        let (mu, sigma) = run.path[STEPS];
        let loss = run.excess(STEPS) + run.constant;
        writeln!(
            text,
            "{:<3} {:22} {mu:>8.4} {sigma:>8.4} {loss:>9.5} {:>17.4} {:>16}",
            run.constant,
            run.name,
            run.late_sigma(),
            run.bounded
        )?;
    }
    Ok(())
}

/// For c = 0 all four converge. For c = 1 two of them stall, far from σ = 0 where the other two go.
fn what_the_talk_says(runs: &[Run]) {
    for run in runs {
        let stalls = run.constant == 1.0 && ["score function", "g-rep, location"].contains(&run.name);
        let (sigma, excess) = (run.late_sigma(), run.excess(STEPS));
        if stalls {
            assert!((0.1..0.35).contains(&sigma), "{}: σ is {sigma} on average", run.name);
        } else {
            assert!(
                sigma < 1.2 * SMALLEST_SIGMA && excess < 0.01,
                "{}: σ {sigma}, excess {excess}",
                run.name
            );
        }
    }
}
