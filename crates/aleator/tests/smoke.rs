use aleator::diagnostics::{Compare, compare};
use aleator::distributions::*;
use aleator::graph::Graph;
#[test]
fn toy() {
    let g = Graph::new();
    let theta = g.param("theta", 0.0);
    let b = g.sample("b", Bernoulli::from_logits(theta));
    g.cost("loss", (b - 0.45).square());
    let r = compare(&g, &Compare::all().replicates(400_000), "toy", &|_, _| {}).unwrap();
    println!("{}", serde_json::to_string_pretty(&r).unwrap());
}
#[test]
fn normal() {
    let g = Graph::new();
    let mu = g.param("mu", 1.0);
    let ls = g.param("ls", 0.0);
    let z = g.sample("z", Normal::new(mu, ls.exp()));
    g.cost("loss", z.square() + 1.0);
    let r = compare(&g, &Compare::all().replicates(1_000_000), "toy", &|_, _| {}).unwrap();
    println!("{}", serde_json::to_string(&r).unwrap());
}
