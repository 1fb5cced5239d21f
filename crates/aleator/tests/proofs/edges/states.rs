//! States of a graph: what they become is an expectation, also where sites are enumerated and the next value combines draws that no
//! cost combines.

use aleator::distributions::Bernoulli;
use aleator::estimators::Enumeration;
use aleator::graph::Graph;
use aleator::plan::Plan;
use aleator::rewrite::Tuning;
use aleator::{Options, Program};

#[test]
fn the_next_value_is_exact_under_enumeration_whatever_it_combines() {
    let logits: [f64; 6] = [0.3, -0.2, 1.4, 0.0, -0.9, 0.6];
    let graph = Graph::new();
    let theta = graph.param_tensor("theta", [3, 2], logits.to_vec());
    let z = graph.sample("z", Bernoulli::from_logits(theta).via(Enumeration));
    // The cost takes each draw by itself.
    graph.cost("cost", (z - 0.3).square() * 2.0);
    let rows = graph.state("rows", [3], vec![0.0]);
    graph.becomes(rows, z.sum_axes(-1).square());
    let all = graph.state("all", [], vec![0.0]);
    graph.becomes(all, z.sum());
    let options = Options::new().tuning(Tuning::Training);
    let plan = Plan::choose(&graph, &[], None).unwrap();
    let mut program = Program::<f64>::compile(&graph, &plan.estimators, &options).unwrap();
    program.run().unwrap();
    let p = logits.map(|x| 1.0 / (1.0 + (-x).exp()));
    let value = |name: &str| program.state(name).unwrap().to_vec();
    for (row, got) in p.chunks(2).zip(value("rows")) {
        // E (a + b)^2 = a + b + 2 a b of independent Bernoulli draws.
        let want = row[0] + row[1] + 2.0 * row[0] * row[1];
        assert!((got - want).abs() < 1e-14, "{got} {want}");
    }
    let (got, want) = (value("all")[0], p.iter().sum::<f64>());
    assert!((got - want).abs() < 1e-14, "{got} {want}");
}
