//! Which estimator for this problem? All that apply, side by side, cheapest precision first.
//!
//! `cargo run --release -p aleator --example choose_an_estimator`

use aleator::diagnostics::{Compare, compare};
use aleator::distributions::Bernoulli;
use aleator::graph::Graph;

fn main() -> aleator::Result<()> {
    // Twelve coins, and a cost that mixes them: 2^12 outcomes.
    let graph = Graph::new();
    let logits = graph.param_tensor("logits", [12], (0..12).map(|i| 0.2 * f64::from(i) - 1.0).collect());
    let coins = graph.sample("coins", Bernoulli::from_logits(logits));
    graph.cost("loss", (coins.sum() - 4.5).square());

    let report = compare(&graph, &Compare::all().replicates(4000), "twelve coins", &|_, _| {})?;
    let mut rows: Vec<_> = report.results.iter().collect();
    let work = |row: &aleator::diagnostics::Row| row.work_normalised_variance.map_or(f64::INFINITY, |n| n.0);
    rows.sort_by(|a, b| work(a).total_cmp(&work(b)));

    println!(
        "{:34} {:>8} {:>9} {:>12} {:>10}",
        "estimator", "samples", "variance", "µs/estimate", "worst |z|"
    );
    for row in rows {
        // z: how many standard errors the mean of the 4000 estimates is away from the exact gradient.
        let z = row.gradient["logits"].z.iter().flatten().flatten().map(|z| z.0.abs()).fold(0.0, f64::max);
        println!(
            "{:34} {:>8} {:>9.3} {:>12.2} {:>10.1}{}",
            row.plan["coins"],
            row.samples,
            row.total_variance.map_or(f64::NAN, |v| v.0),
            1e6 * row.seconds_per_estimate.0,
            z,
            if row.unbiased { "" } else { "  biased" }
        );
    }
    for skipped in &report.skipped {
        println!("{:34} {}", skipped.estimator, skipped.reason);
    }
    match &report.best {
        Some(best) => println!("The least variance for the time, among the unbiased: {best}."),
        None => println!("No unbiased estimator applies."),
    }
    Ok(())
}
