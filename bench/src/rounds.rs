//! Agreement, then interleaved rounds.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::peer::{NotCompared, Peer};
use crate::statistics::{Ratio, median, ratio};
use crate::workloads::Workload;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often each side has its turn.
    pub rounds: usize,
    /// How long a turn is, about.
    pub turn: Duration,
}

/// What a peer did beside aleator.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The peer.
    pub peer: String,
    /// Its median time of a step in seconds, and aleator's relative to it; why not otherwise.
    pub times: Result<(f64, Ratio), String>,
    /// How its outputs compare with aleator's.
    pub agreement: Option<Agreement>,
}

/// How the outputs of two sides compare.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// The largest difference, relative to the largest element of the output.
    pub distance: f64,
    /// What was not compared, if anything.
    pub not_compared: Option<NotCompared>,
}

/// A measured workload.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub workload: String,
    /// What a step is.
    pub summary: String,
    /// Aleator's median time of a step in seconds.
    pub seconds: f64,
    /// The peers that have it or should agree with it.
    pub beside: Vec<Beside>,
    /// Disagreements: what was timed is not the same work.
    pub void: Vec<String>,
}

/// Steps whose noise the agreement may be shown on. Once in some hundred times a uniform number lies so close to the
/// probability that two sides round to different draws; the noise of the next step shows whether that was all.
const TRIES: u64 = 3;
/// Between turns, so that threads that wait for more work have gone to sleep.
const PAUSE: Duration = Duration::from_millis(5);

/// Measures one workload on all sides.
///
/// # Errors
/// If aleator fails, or a peer that runs fails.
pub fn measure(
    workload: &mut dyn Workload,
    peers: &mut [Peer],
    folder: &Path,
    effort: Effort,
    progress: &dyn Fn(&str),
) -> Result<Row> {
    let mut beside: Vec<Beside> = Vec::new();
    let mut void = Vec::new();
    let mut timed = Vec::new();
    for (place, peer) in peers.iter_mut().enumerate() {
        progress(&format!("{}: does {} agree?", workload.name(), peer.name()));
        let (agreement, refusal) = match agreement(workload, peer, folder)? {
            Err(unsupported) => (None, unsupported),
            Ok(found) if found.distance <= workload.tolerance() => {
                timed.push((beside.len(), place));
                (Some(found), String::new())
            }
            Ok(found) => {
                let what = format!(
                    "void: {} differs by {:.1e} of the largest element (at most {:.0e})",
                    peer.name(),
                    found.distance,
                    workload.tolerance()
                );
                void.push(what.clone());
                (Some(found), what)
            }
        };
        beside.push(Beside { peer: peer.name().into(), times: Err(refusal), agreement });
    }

    let mut own = |n: usize| -> Result<f64> {
        let start = Instant::now();
        workload.run(n)?;
        Ok(start.elapsed().as_secs_f64())
    };
    let own_count = calibrate(effort, &mut own)?;
    let mut counts = Vec::new();
    for &(_, place) in &timed {
        counts.push(calibrate(effort, &mut |n| peers[place].run(n))?);
    }
    let mut own_times = Vec::new();
    let mut times = vec![Vec::new(); timed.len()];
    for round in 0..effort.rounds {
        progress(&format!("round {} of {}", round + 1, effort.rounds));
        own_times.push(turn(own_count, &mut own)?);
        for ((&(_, place), &count), times) in timed.iter().zip(&counts).zip(&mut times) {
            times.push(turn(count, &mut |n| peers[place].run(n))?);
        }
    }
    for (&(index, _), times) in timed.iter().zip(&times) {
        beside[index].times = Ok((median(times), ratio(&own_times, times)));
    }
    Ok(Row {
        workload: workload.name().into(),
        summary: workload.summary(),
        seconds: median(&own_times),
        beside,
        void,
    })
}

/// How a peer's outputs compare with aleator's on the same inputs and noise; why the peer has none otherwise.
///
/// # Errors
/// If a side fails.
pub fn agreement(
    workload: &mut dyn Workload,
    peer: &mut Peer,
    folder: &Path,
) -> Result<Result<Agreement, String>> {
    let mut nearest = Agreement { distance: f64::INFINITY, not_compared: None };
    for step in 0..TRIES {
        for input in workload.inputs(step) {
            input.save(folder)?;
        }
        let theirs = folder.join(peer.name());
        fs::create_dir_all(&theirs)?;
        let not_compared = match peer.prepare(workload, folder)? {
            Err(unsupported) => return Ok(Err(unsupported)),
            Ok(not_compared) => not_compared,
        };
        let skip = |name: &str| not_compared.iter().any(|n| n.names.iter().any(|skipped| skipped == name));
        let mut distance: f64 = 0.0;
        for output in workload.outputs(step)?.into_iter().filter(|output| !skip(output.name)) {
            distance = distance.max(output.distance(&output.load_like(&theirs)?));
        }
        if distance < nearest.distance {
            nearest = Agreement { distance, not_compared };
        }
        if nearest.distance <= workload.tolerance() {
            break;
        }
    }
    Ok(Ok(nearest))
}

/// How many steps fill a turn.
pub(crate) fn calibrate(effort: Effort, run: &mut dyn FnMut(usize) -> Result<f64>) -> Result<usize> {
    let wanted = effort.turn.as_secs_f64();
    run(1)?;
    let mut count = 1;
    loop {
        let seconds = run(count)?;
        if seconds >= wanted / 4.0 {
            return Ok(((wanted / seconds * count as f64) as usize).max(1));
        }
        count *= 2;
    }
}

/// Seconds of a step, after some that warm up.
pub(crate) fn turn(count: usize, run: &mut dyn FnMut(usize) -> Result<f64>) -> Result<f64> {
    sleep(PAUSE);
    run(count / 8 + 1)?;
    Ok(run(count)? / count as f64)
}
