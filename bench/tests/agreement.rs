//! The workloads compute what a peer computed once on the same inputs and noise, so that they cannot rot.

use aleator_bench::array::Array;
use aleator_bench::stored::Stored;
use aleator_bench::workloads::{NAMES, Size, build};

/// Made by `bench/run --store bench/tests/data/jax.json`.
const STORED: &str = include_str!("data/jax.json");

#[test]
fn every_workload_agrees_with_the_stored_peer() {
    let stored: Stored = serde_json::from_str(STORED).unwrap();
    for name in NAMES {
        let mut workload = build(name, Size::Small).unwrap().unwrap();
        let outputs = workload.outputs(0).unwrap();
        assert!(!outputs.is_empty());
        for output in outputs {
            let values = stored.workloads[name][output.name].clone();
            let theirs = Array { values, ..output.clone() };
            let distance = output.distance(&theirs);
            assert!(distance <= workload.tolerance(), "{name}, {}: {distance}", output.name);
        }
    }
}

#[test]
fn noise_is_that_of_the_step() {
    for name in NAMES {
        let mut workload = build(name, Size::Small).unwrap().unwrap();
        workload.run(2).unwrap();
        let noise = |step| workload.inputs(step).into_iter().find(|a| a.name == "noise");
        if let Some(first) = noise(0) {
            assert_eq!(noise(0).as_ref(), Some(&first), "{name}");
            assert_ne!(noise(1), Some(first), "{name}");
        }
    }
}
