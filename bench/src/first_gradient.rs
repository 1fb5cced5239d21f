//! From nothing to the first gradient of `sbn-step`: build, differentiate, compile, run once.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use crate::error::Result;
use crate::peer::Peer;
use crate::rounds::{Beside, Row};
use crate::statistics::{median, ratio};
use crate::workloads::sbn_step::{Method, SbnStep, network};
use crate::workloads::{Size, Workload};

/// Measures all sides in turn. Peers forget what they compiled before each round, but have been imported and started.
///
/// # Errors
/// If a side fails.
pub fn measure(peers: &mut [Peer], folder: &Path, rounds: usize, progress: &dyn Fn(&str)) -> Result<Row> {
    let workload = SbnStep::new(Method::LeaveOneOut, Size::Full)?;
    for input in workload.inputs(0) {
        input.save(folder)?;
    }
    let network = network(Size::Full);
    let mut own = Vec::new();
    let mut theirs: Vec<Result<Vec<f64>, String>> = peers.iter().map(|_| Ok(vec![])).collect();
    for round in 0..rounds {
        progress(&format!("round {} of {rounds}", round + 1));
        let start = Instant::now();
        let mut program = network.compile()?;
        black_box(program.run()?.gradient_at(0));
        own.push(start.elapsed().as_secs_f64());
        for (peer, times) in peers.iter_mut().zip(&mut theirs) {
            if let Ok(seconds) = times {
                match peer.first(&workload, folder)? {
                    Ok(s) => seconds.push(s),
                    Err(unsupported) => *times = Err(unsupported),
                }
            }
        }
    }
    let beside = peers.iter().zip(theirs).map(|(peer, times)| Beside {
        peer: peer.name().into(),
        times: times.map(|times| (median(&times), ratio(&own, &times))),
        agreement: None,
    });
    Ok(Row {
        workload: "first-gradient".into(),
        summary: "build, differentiate, compile and run `sbn-step` once".into(),
        seconds: median(&own),
        beside: beside.collect(),
        void: vec![],
    })
}
