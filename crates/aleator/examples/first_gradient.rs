//! The gradient of an expectation over a coin: one estimate, and its exact value.
//!
//! `cargo run --release -p aleator --example first_gradient`

use aleator::Options;
use aleator::distributions::Bernoulli;
use aleator::estimators::ReinforceLoo;
use aleator::graph::Graph;

fn main() -> aleator::Result<()> {
    let graph = Graph::new();
    let theta = graph.param("theta", 0.0);
    let b = graph.sample("b", Bernoulli::from_logits(theta).via(ReinforceLoo));
    graph.cost("loss", (b - 0.45).square());

    let mut program = graph.compile(&Options::new().samples(1000))?;
    let estimate = program.run()?;
    println!("E[(b - 0.45)^2]       about {:.4}", estimate.objective());
    println!("its gradient by theta about {:.4}", estimate.gradient("theta")?[0]);
    println!("which is exactly            {:.4}", 0.25 * (1.0 - 2.0 * 0.45));
    Ok(())
}
