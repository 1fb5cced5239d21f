//! The driver: `bench/run` sets up the peers and calls it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use aleator_bench::machine::Machine;
use aleator_bench::peer::{Peer, Started};
use aleator_bench::report::Report;
use aleator_bench::rounds::{self, Effort};
use aleator_bench::workloads::{self, NAMES, Size};
use aleator_bench::{Error, Result, compilation, first_gradient, memory, profile, stored, sweep, training};
use clap::Parser;

/// Aleator and its peers, interleaved, on the same work.
#[derive(Debug, Parser)]
#[command(name = "bench/run", version)]
struct Arguments {
    /// About 30 seconds instead of some minutes
    #[arg(long)]
    quick: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Only this one: a workload, first-gradient, training, sweeps, compilation or memory; may be repeated
    #[arg(long, value_name = "NAME")]
    workload: Vec<String>,
    /// Also write the results to this file, as a page of documentation
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Only store what JAX computes on the workloads of small size, for the tests, in this file
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Only show where aleator's time goes in each workload, part by part
    #[arg(long)]
    profile: bool,
    /// How often each side has its turn [default: 5 if quick, else 15]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Aleator alone, without peers
    #[arg(long)]
    alone: bool,
    /// The Python that peers run on
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// The folder of the peers' scripts
    #[arg(long, value_name = "FOLDER", default_value = "bench/peers")]
    peers: PathBuf,
    /// Print the memory that `sbn-step` takes in this very process, and do nothing else
    #[arg(long, hide = true)]
    memory_of_this_process: bool,
}

/// The scripts; the first one has to run.
const SCRIPTS: [&str; 3] = ["jax_peer.py", "torch_peer.py", "storchastic_peer.py"];
/// What is not a workload but can be chosen like one.
const EXTRAS: [&str; 5] = ["first-gradient", "training", "sweeps", "compilation", "memory"];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// False if something is void.
fn run(arguments: &Arguments) -> Result<bool> {
    if arguments.memory_of_this_process {
        println!("{}", serde_json::to_string(&memory::of_this_process()?)?);
        return Ok(true);
    }
    for name in &arguments.workload {
        if !NAMES.contains(&name.as_str()) && !EXTRAS.contains(&name.as_str()) {
            let known = [&NAMES[..], &EXTRAS].concat().join(", ");
            return Err(Error(format!("there is no workload `{name}`: there are {known}")));
        }
    }
    let chosen = |name: &str| arguments.workload.is_empty() || arguments.workload.iter().any(|w| w == name);
    if arguments.profile {
        for name in NAMES.into_iter().filter(|name| chosen(name)) {
            print!("{}", profile::profile(name)?);
        }
        return Ok(true);
    }
    let (rounds, turn) = if arguments.quick { (5, 60) } else { (15, 400) };
    let effort =
        Effort { rounds: arguments.rounds.unwrap_or(rounds).max(1), turn: Duration::from_millis(turn) };
    let folder = Folder::new()?;
    let (mut peers, missing) = if arguments.alone { (vec![], vec![]) } else { start_peers(arguments)? };
    if let Some(file) = &arguments.store {
        let jax = peers.first_mut().ok_or_else(|| Error("--store needs JAX".into()))?;
        fs::write(file, stored::make(jax, &folder.0)?)?;
        return Ok(true);
    }

    let machine = Machine::here();
    let mut rows = Vec::new();
    for name in NAMES.into_iter().filter(|name| chosen(name)) {
        let Some(mut workload) = workloads::build(name, Size::Full)? else { continue };
        let folder = folder.inside(name)?;
        rows.push(rounds::measure(&mut *workload, &mut peers, &folder, effort, &|what| {
            progress(name, what)
        })?);
    }
    if chosen("first-gradient") {
        let folder = folder.inside("first-gradient")?;
        let rounds = effort.rounds.min(5);
        rows.push(first_gradient::measure(&mut peers, &folder, rounds, &|w| progress("first-gradient", w))?);
    }
    let training = if chosen("training") {
        Some(training::measure(effort, &|w| progress("training", w))?)
    } else {
        None
    };
    let sweeps = if chosen("sweeps") {
        let effort =
            Effort { rounds: effort.rounds.min(5), turn: effort.turn.min(Duration::from_millis(100)) };
        sweep::sweeps(effort, &|what| progress("sweep", what))?
    } else {
        vec![]
    };
    let compilations = if chosen("compilation") {
        let effort = Effort { rounds: effort.rounds.min(5), ..effort };
        compilation::compilations(effort, &|what| progress("compilation", what))?
    } else {
        vec![]
    };
    let memory = if chosen("memory") { memory::measure()? } else { None };
    let versions = peers.iter().map(|peer| (peer.name().to_string(), peer.version().to_string())).collect();
    let report =
        Report { machine, effort, peers: versions, missing, rows, training, sweeps, compilations, memory };
    if arguments.json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.markdown());
    }
    if let Some(file) = &arguments.write {
        fs::write(file, report.markdown())?;
    }
    Ok(!report.is_void())
}

fn progress(name: &str, what: &str) {
    eprintln!("{name}: {what}");
}

/// The peers that run, and those that are not installed.
#[allow(clippy::type_complexity)]
fn start_peers(arguments: &Arguments) -> Result<(Vec<Peer>, Vec<(String, String)>)> {
    let (mut running, mut missing) = (vec![], vec![]);
    for (place, script) in SCRIPTS.into_iter().enumerate() {
        let name = script.trim_end_matches("_peer.py");
        match Peer::start(&arguments.python, &arguments.peers.join(script))? {
            Started::Running(peer) => {
                progress(peer.name(), peer.version());
                running.push(peer);
            }
            Started::Missing(why) if place == 0 => {
                return Err(Error(format!("{name} is needed: {why}; --alone does without")));
            }
            Started::Missing(why) => {
                progress(name, &format!("skipped: {why}"));
                missing.push((name.to_string(), why));
            }
        }
    }
    Ok((running, missing))
}

/// A folder for the arrays that are exchanged, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("aleator-bench-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    fn inside(&self, name: &str) -> Result<PathBuf> {
        let path: &Path = &self.0;
        let path = path.join(name);
        fs::create_dir_all(&path)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays in the system's temporary one does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
