//! A surrogate written as JSON and read back computes the same bits.

use std::collections::HashMap;

use aleator::estimators;
use aleator::graph::Graph;
use aleator::plan::Plan;
use aleator::prelude::*;
use aleator::rewrite::{Layout, Tuning, build};
use aleator_engine::backend::{Backend, Cpu};
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::philox::NoiseAt;
use aleator_engine::export::{Float, Portable};

const SEED: u64 = 7;
const SAMPLES: usize = 3;

fn graph(discrete: bool) -> Graph {
    let g = Graph::new();
    let theta = g.param_tensor("theta", [3], vec![0.3, -0.7, 1.1]);
    let w = g.param("w", 0.4);
    let x = g.data("x", [3], vec![0.2, 0.5, 0.8]);
    if discrete {
        let b = g.sample("b", Bernoulli::from_logits(theta));
        let c = g.sample("c", Bernoulli::from_logits(b * w));
        g.cost("loss", (c - x).square().sum() + b.sum() * w);
    } else {
        let z = g.sample("z", Normal::new(theta, w.exp()));
        g.cost("loss", (z - x).square().sum());
    }
    g
}

#[test]
fn a_surrogate_read_back_computes_the_same_bits() {
    let mut written = 0;
    for discrete in [true, false] {
        let g = graph(discrete);
        for entry in estimators::all() {
            let estimator = entry.build(estimators::EstimatorOptions::none()).unwrap();
            let plan = vec![estimator; g.sites().len()];
            let layout = Layout { samples: SAMPLES, replicates: Some(2), tuning: Tuning::Held };
            let Ok(surrogate) = build(&g, &plan, layout) else { continue };
            let json = surrogate.portable(&g).unwrap().to_json();
            let read = Portable::from_json(&json).unwrap().graph().unwrap();

            let outputs: Vec<_> = read.outputs.iter().map(|(_, node)| *node).collect();
            let mut program =
                Backend::<f64>::compile(&Cpu, &read.graph, &outputs, &CompileOptions::default()).unwrap();
            let mut values: HashMap<String, Vec<f64>> = HashMap::new();
            values.extend(g.params().into_iter().map(|p| (p.name, p.initial)));
            values.extend(g.datasets().into_iter().map(|d| (d.name, d.values)));
            values.extend(surrogate.own.iter().map(|o| (o.name.clone(), o.initial.clone())));
            for (slot, input) in read.graph.inputs().iter().enumerate() {
                program.set_input(slot, &values[&input.name]).unwrap();
            }
            program.run(NoiseAt { seed: SEED, step: 5, first_row: 0 }).unwrap();

            let options = Options::new().samples(SAMPLES).replicates(2).seed(SEED).tuning(Tuning::Held);
            let mut own = Program::<f64>::compile(&g, &plan, &options).unwrap();
            let estimate = own.run_step(5).unwrap();
            for (i, (name, _)) in read.outputs.iter().enumerate() {
                let expected = match name.strip_prefix("gradient.") {
                    Some(param) => estimate.gradient(param).unwrap(),
                    None if name == "violations" => &[0.0],
                    None => estimate.objectives(),
                };
                let name = format!("{} {name}", entry.properties.name);
                let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(program.output(i)), bits(expected), "{name}");
            }
            written += 1;
        }
    }
    assert!(written > 12, "{written}");
}

#[test]
fn a_surrogate_is_printed_for_xla() {
    let g = graph(true);
    let plan = Plan::choose(&g, &[], Some(2)).unwrap();
    let layout = Layout { samples: 2, replicates: None, tuning: Tuning::Held };
    let text = build(&g, &plan.estimators, layout).unwrap().stablehlo(&g, Float::F32).unwrap();
    assert!(text.contains("stablehlo.") && text.contains("func.func"), "{text}");
}
