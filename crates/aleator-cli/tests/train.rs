//! `aleator train` as a user meets it: killed, interrupted, resumed, given damaged files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

/// A directory of its own that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aleator-cli-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn aleator(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aleator"));
    command.args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    aleator(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The tensors of a checkpoint, without the header, which holds times.
fn tensors(path: &str) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[8 + header..].to_vec()
}

/// A run of a second or so that saves often, with an estimator that tunes parameters of its own.
const RUN: [&str; 17] = [
    "train",
    "sbn",
    "--estimator",
    "rebar",
    "--steps",
    "1500",
    "--batch",
    "20",
    "--latents",
    "12",
    "--eval-samples",
    "10",
    "--eval-every",
    "500",
    "--checkpoint-every",
    "40",
    "--checkpoint",
];

#[test]
fn killed_at_any_moment_and_resumed_it_ends_with_the_same_bits() {
    let scratch = Scratch::new("kill");
    let (whole, cut) = (scratch.path("whole.safetensors"), scratch.path("cut.safetensors"));
    assert!(output(&[&RUN[..], &[&whole]].concat()).status.success());
    let mut kills = 0;
    for round in 0..200 {
        let resume: &[&str] = if Path::new(&cut).exists() { &["--resume", &cut] } else { &[] };
        let mut child = aleator(&[&RUN[..], &[&cut], resume].concat()).spawn().unwrap();
        // Moments that are spread over start, steps and writing, differently in every round.
        sleep(Duration::from_millis(60 + (round * 7919) % 90));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    // On a machine so slow that no round gets anywhere, or so fast that none is killed, this says so.
    let last = output(&[&RUN[..], &[&cut, "--resume", &cut]].concat());
    assert!(last.status.success(), "{}", stderr(&last));
    assert!(kills > 0);
    assert!(tensors(&whole) == tensors(&cut), "after {kills} kills");
}

#[test]
fn a_comparison_goes_on_where_it_was_killed() {
    let scratch = Scratch::new("compare");
    let (whole, cut, plot) = (scratch.path("whole"), scratch.path("cut"), scratch.path("plot.svg"));
    let run = |more: &[&str]| {
        let base =
            ["train", "--steps", "300", "--batch", "20", "--latents", "8", "--eval-samples", "5", "--json"];
        let list = ["--compare", "reinforce_loo,score_function(baseline=moving_average, decay=0.9),pathwise"];
        output(&[&base[..], &list, &["--checkpoint-every", "50"], more].concat())
    };
    let read = |output: &Output| {
        assert!(output.status.success(), "{}", stderr(output));
        assert!(stderr(output).contains("skipped pathwise"));
        let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(all["skipped"][0]["estimator"], "pathwise");
        assert_eq!(all["not_started"].as_array().unwrap().len(), 0);
        let all = all["reports"].as_array().unwrap();
        all.iter().map(|r| (r["estimator"].to_string(), r["held_out"].clone())).collect::<Vec<_>>()
    };
    let metrics = scratch.path("m.jsonl");
    let first = read(&run(&["--checkpoint", &whole, "--plot", &plot, "--metrics", &metrics]));
    assert_eq!(first.len(), 2);
    assert_ne!(first[0].1, first[1].1);
    assert!(fs::read_to_string(&plot).unwrap().contains("reinforce_loo"));
    assert!(fs::read_to_string(scratch.path("m.reinforce_loo.jsonl")).unwrap().lines().count() == 11);
    // Cut off in the second run: the first has ended, the second has got halfway.
    for (name, step) in [("reinforce_loo", 300), ("score_function", 200)] {
        let of_run = |from: &str| {
            let entries = fs::read_dir(from).unwrap().map(|e| e.unwrap().path());
            entries.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with(name)).collect::<Vec<_>>()
        };
        let from = of_run(&whole).remove(0);
        let to = Path::new(&cut).join(from.file_name().unwrap());
        fs::create_dir_all(&to).unwrap();
        let file = format!("step-{step:010}.safetensors");
        fs::copy(from.join(&file), to.join(&file)).unwrap();
    }
    assert_eq!(read(&run(&["--resume", &cut])), first);
    let file = scratch.path("one.safetensors");
    let refused = run(&["--checkpoint", &file]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("to a directory"), "{}", stderr(&refused));
}

#[test]
fn damaged_checkpoints_are_refused_and_the_last_good_one_is_named() {
    let scratch = Scratch::new("damage");
    let directory = scratch.path("all");
    let run = |more: &[&str]| {
        let base =
            ["train", "sbn", "--steps", "30", "--latents", "4", "--batch", "10", "--eval-samples", "2"];
        output(&[&base[..], more].concat())
    };
    let made = run(&["--checkpoint", &directory, "--checkpoint-every", "5"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let file = |step: usize| format!("{directory}/step-{step:010}.safetensors");
    assert!(Path::new(&file(20)).exists() && !Path::new(&file(15)).exists());
    let good = fs::read(file(30)).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() - 100;
    flipped[middle] ^= 1;
    let header_end = 8 + u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    for (bytes, what) in [
        (&good[..good.len() - 1], "truncated"),
        (&good[..header_end], "truncated"),
        (&good[..100], "truncated"),
        (&good[..0], "truncated"),
        (&flipped[..], "checksum"),
        (b"PK\x03\x04 something else entirely", "not a safetensors file"),
    ] {
        fs::write(file(30), bytes).unwrap();
        for from in [&file(30), &directory] {
            let refused = run(&["--resume", from]);
            assert_eq!(refused.status.code(), Some(2));
            assert!(stderr(&refused).contains(what), "{}", stderr(&refused));
        }
        assert!(stderr(&run(&["--resume", &directory])).contains(&file(25)));
    }
    let again = run(&["--resume", &file(25), "--checkpoint", &scratch.path("again.safetensors")]);
    assert!(again.status.success(), "{}", stderr(&again));
    fs::write(file(30), &good).unwrap();
    assert!(tensors(&scratch.path("again.safetensors")) == tensors(&file(30)));
}

#[test]
fn an_explosion_names_step_and_checkpoint() {
    let scratch = Scratch::new("explosion");
    let path = scratch.path("good.safetensors");
    let exploded = output(&[
        "train",
        "sbn",
        "--steps",
        "300",
        "--latents",
        "4",
        "--optimizer",
        "sgd",
        "--lr",
        "1e38",
        "--eval-samples",
        "2",
        "--eval-every",
        "300",
        "--checkpoint",
        &path,
        "--checkpoint-every",
        "1",
    ]);
    let message = stderr(&exploded);
    assert_eq!(exploded.status.code(), Some(2), "{message}");
    assert!(message.contains("at step") && message.contains(&path), "{message}");
    assert!(Path::new(&path).exists());
}

#[test]
fn metrics_go_on_where_a_resumed_run_goes_on() {
    let scratch = Scratch::new("metrics");
    let (lines, path) = (scratch.path("metrics.jsonl"), scratch.path("c.safetensors"));
    let config = scratch.path("run.toml");
    fs::write(
        &config,
        format!(
            "model = \"vae\"\nsteps = 40\nbatch = 10\neval-every = 10\neval-samples = 2\nmetrics = {lines:?}\n\
             tensorboard = {:?}\n[model-options]\nlatent = \"gaussian\"\nlatents = 3\nhidden = 8\n",
            scratch.path("events")
        ),
    )
    .unwrap();
    let first = output(&["train", "--config", &config, "--checkpoint", &path, "--steps", "20"]);
    assert!(first.status.success(), "{}", stderr(&first));
    // A line that a crash cut short, and one of a step that the checkpoint does not know.
    let whole = fs::read_to_string(&lines).unwrap();
    let late = whole.lines().last().unwrap().replace("\"step\":20", "\"step\":30");
    fs::write(&lines, format!("{whole}{late}\n{{\"step\":3")).unwrap();
    let second = output(&["train", "--resume", &path, "--steps", "40", "--json"]);
    assert!(second.status.success(), "{}", stderr(&second));
    let steps: Vec<u64> = fs::read_to_string(&lines)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["step"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, [0, 10, 20, 30, 40]);
    let report: serde_json::Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!((report["model"].as_str(), report["estimator"].as_str()), (Some("vae"), Some("pathwise")));
    assert_eq!(fs::read_dir(scratch.path("events")).unwrap().count(), 2);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let scratch = Scratch::new("settings");
    let config = scratch.path("bad.toml");
    for (text, expected) in [
        ("steps = \"many\"", "steps"),
        ("stepps = 3", "stepps"),
        ("model = \"sbm\"", "did you mean `sbn`"),
        ("[model-options]\nlayers = 11", "1 to 10"),
        ("[model-options]\nepisode = 4", "no option `episode`"),
        ("[model-options]\nhidden = -4", "`-4`, expected a whole number"),
        ("[model-options]\nhidden = [4, 0]", "--hidden none"),
        ("[model-options]\nactivation = \"relu\"", "--hidden 64"),
        ("model = \"vae\"\n[model-options]\nkernel = 5", "add --convolutions"),
        ("model = \"vae\"\n[model-options]\nconvolutions = [4, 4, 4, 4]", "an image of 8 x 8"),
        ("binarization = \"static\"\n[model-options]\nlikelihood = \"gaussian\"", "remove --binarization"),
        ("model = \"bayes-logistic\"\n[model-options]\nhidden = 4", "no options at all"),
        (
            "model = \"vae\"\n[model-options]\nlatent = \"gaussian\"\ncategories = 7",
            "require latent = \"categorical\"",
        ),
        ("model = \"gmm\"\nbinarization = \"static\"", "`gmm` has no pixels to make black and white"),
        ("model = \"cartpole\"\nbinarization = \"threshold\"", "no pixels"),
        ("batch = 0", "at least 1"),
        ("batch = -1", "batch"),
        ("steps = 99999999999999", "too many"),
        ("lr = nan", "positive"),
        ("lr = -1.0", "positive"),
        ("beta2 = 1.0", "beta2"),
        ("clip = 0.0", "positive"),
        ("estimator = \"reber\"", "rebar"),
        ("estimator = \"pathwise\"", "pathwise"),
        ("objective = \"iwae\"\nimportance-samples = 0", "at least 1"),
        ("objective = \"elbo-analytic-kl\"", "closed form"),
        ("importance-samples = 3", "iwae"),
        ("decay-every = 3", "decay"),
        ("data = \"/nowhere/at/all\"", "/nowhere/at/all"),
        ("data = \"nofile.csv\"", ".npz or .csv file"),
        ("seed = 18446744073709551615", "at most 9223372036854775807"),
        ("eval-samples = 1", "2 to"),
        ("= 3", "1"),
    ] {
        fs::write(&config, text).unwrap();
        let refused = output(&["train", "--config", &config, "--resume", &scratch.path("none")][..3]);
        assert_eq!(refused.status.code(), Some(2), "{text}");
        let message = stderr(&refused);
        assert!(message.contains(expected) && message.contains(&config), "{text}: {message}");
    }
}

#[test]
fn a_run_that_goes_on_for_more_steps_is_the_longer_run() {
    let scratch = Scratch::new("longer");
    let (cut, whole) = (scratch.path("cut.safetensors"), scratch.path("whole.safetensors"));
    let run = |arguments: &[&str]| {
        let done = output(&[&["train", "--batch", "20", "--eval-samples", "5"], arguments].concat());
        assert!(done.status.success(), "{}", stderr(&done));
    };
    run(&["sbn", "--steps", "30", "--checkpoint", &cut]);
    run(&["--resume", &cut, "--steps", "60"]);
    run(&["sbn", "--steps", "60", "--eval-every", "3", "--checkpoint", &whole]);
    assert!(tensors(&whole) == tensors(&cut));
}

#[test]
fn drawings_that_cannot_be_made_are_refused_before_training() {
    let scratch = Scratch::new("drawings");
    let table = scratch.path("table.csv");
    fs::write(&table, "0,1,1\n1,0,1\n1,1,0\n").unwrap();
    for (arguments, expected) in [
        (&["train", "sbn", "--plot", "a.jpg"][..], ".svg or .png"),
        (&["train", "sbn", "--plot", "/nowhere/at/all/a.svg"], "no directory /nowhere/at/all"),
        (&["train", "sbn", "--pictures", "a.svg"], ".png"),
        (&["train", "cartpole", "--steps", "100000000", "--pictures", "a.png"], "no pictures"),
        (&["train", "sbn", "--pictures", "a.png", "--data", &table], "no image shape"),
    ] {
        let refused = output(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&refused).contains(expected), "{arguments:?}: {}", stderr(&refused));
    }
}

#[test]
fn one_place_is_not_written_twice() {
    let scratch = Scratch::new("twice");
    let a = scratch.path("a.png");
    let config = scratch.path("c.toml");
    fs::write(&config, "steps = 2\neval-samples = 2\n").unwrap();
    let detour = format!("{}/./a.png", scratch.0.display());
    for options in [
        ["--checkpoint", &a, "--metrics", &a],
        ["--plot", &a, "--pictures", &a],
        ["--metrics", &detour, "--plot", &a],
        ["--config", &config, "--metrics", &config],
    ] {
        let refused = output(&[&["train", "sbn"][..], &options].concat());
        let message = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{message}");
        let both = format!("{} and {} are both", options[0], options[2]);
        assert!(message.contains(&both), "{message}");
    }
    assert!(!Path::new(&a).exists());
    let run = scratch.path("run");
    let shared = ["train", "sbn", "--config", &config, "--checkpoint", &run, "--tensorboard", &run];
    assert!(output(&shared).status.success());
}

#[test]
fn models_without_pixels_learn_from_numbers_as_they_are() {
    let scratch = Scratch::new("raw");
    let table = scratch.path("table.csv");
    fs::write(&table, "x,y\n0.2,1\n0.4,0\n0.3,1\n").unwrap();
    let run = |model: &str, more: &[&str]| {
        let base = ["train", model, "--data", &table, "--steps", "2", "--eval-samples", "2"];
        output(&[&base[..], more].concat())
    };
    assert!(run("bayes-logistic", &[]).status.success());
    assert!(run("sbn", &["--binarization", "static"]).status.success());
    assert!(stderr(&run("sequence", &[])).contains("tokens"));
    fs::write(&table, "0.2,1\n0.4,0.6\n0.3,1\n").unwrap();
    assert!(stderr(&run("bayes-logistic", &[])).contains("label"));
}

#[test]
fn numbers_that_are_too_large_are_named_with_the_largest() {
    for (option, value) in [
        ("--seed", "18446744073709551615"),
        ("--warm-up", "9223372036854775808"),
        ("--steps", "9223372036854775808"),
        ("--latents", "99999999999999999999"),
    ] {
        let refused = output(&["train", "sbn", option, value]);
        let message = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2));
        assert!(message.contains(&option[2..]) && message.contains("9223372036854775807"), "{message}");
    }
}

#[test]
fn widths_are_lists_of_numbers() {
    let small = ["--steps", "2", "--batch", "10", "--eval-samples", "2", "--eval-rows", "10"];
    let run = |arguments: &str| output(&[&arguments.split(' ').collect::<Vec<_>>()[..], &small].concat());
    for (arguments, told) in [
        ("train vae --hidden 6,4 --activation relu --latents 3", "hidden layers of 6 and 4, relu"),
        (
            "train vae --hidden none --latents 3 --likelihood gaussian",
            "no hidden layers, Gaussian likelihood",
        ),
        ("train vae --convolutions 2,3 --kernel 4 --latents 3", "channels, kernel 4, stride 2"),
        ("train sbn --latents 4,3 --hidden 5", "2 nonlinear layers of 4 and 3 latents"),
    ] {
        let done = run(arguments);
        let text = String::from_utf8_lossy(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(done.status.success() && text.contains(told), "{arguments}: {text} {}", stderr(&done));
    }
    for (arguments, expected) in [
        ("train vae --hidden 6,", "1 to"),
        ("train vae --hidden 0", "`none`"),
        ("train vae --hidden -3", "-3"),
        ("train vae --hidden many", "`none`"),
        ("train vae --likelihood poisson", "gaussian"),
        ("train vae --activation rellu", "relu"),
        ("train vae --convolutions 4,4,4,4", "use at most 3 convolutions"),
        ("train vae --hidden 1000000000", "1 to 1048576"),
        ("train vae --hidden 1048576,1048576", "choose smaller sizes"),
        ("train gmm --convolutions 3", "no option `convolutions`"),
    ] {
        let refused = run(arguments);
        let message = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{arguments}");
        assert!(message.contains(expected), "{arguments}: {message}");
    }
    let many = vec!["1"; 2000].join(",");
    assert!(stderr(&run(&format!("train vae --hidden {many}"))).contains("at most 1000"));
}

#[test]
fn the_first_line_names_the_objective() {
    let first_line = |more: &[&str]| {
        let base = ["train", "sbn", "--steps", "1", "--latents", "4", "--eval-samples", "2"];
        let text = String::from_utf8(output(&[&base[..], more].concat()).stdout).unwrap();
        text.lines().next().unwrap().to_string()
    };
    assert!(!first_line(&[]).contains("elbo"));
    let iwae = first_line(&["--objective", "iwae", "--estimator", "vimco"]);
    assert!(iwae.contains("parameters, iwae with K = 5, vimco"), "{iwae}");
}

#[test]
fn models_are_explained_and_cited() {
    let text = |arguments: &[&str]| String::from_utf8(output(arguments).stdout).unwrap();
    let sbn = text(&["explain", "sbn"]);
    for part in ["sigmoid belief", "ELBO", "digits", "--layers", "[default: 1]", "mnih2014neural"] {
        assert!(sbn.contains(part), "{part}: {sbn}");
    }
    assert!(text(&["explain", "cartpole"]).contains("reward"));
    let cited = text(&["cite", "vae"]);
    assert!(cited.contains("{kingma2014auto") && cited.contains("{jang2017categorical"), "{cited}");
    assert!(stderr(&output(&["cite", "gmm"])).contains("no paper"));
    assert!(stderr(&output(&["explain", "sbm"])).contains("did you mean `sbn`"));
}

#[test]
#[cfg(target_os = "linux")]
fn results_that_cannot_be_written_are_a_failure_but_a_closed_pipe_is_none() {
    let train = ["train", "sbn", "--steps", "1", "--latents", "4", "--eval-samples", "2"];
    for arguments in [&["list"][..], &["--help"], &["cite", "rebar"], &train] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let failed = aleator(arguments).stdout(full).output().unwrap();
        assert_eq!(failed.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&failed).contains("standard output"), "{}", stderr(&failed));
        let mut child = aleator(arguments).stdout(std::process::Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert!(child.wait().unwrap().success(), "{arguments:?}");
    }
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
#[cfg(unix)]
fn ctrl_c_says_where_it_saved_though_the_plot_cannot_be_written() {
    let scratch = Scratch::new("plot");
    let (path, metrics, there) =
        (scratch.path("c.safetensors"), scratch.path("m.jsonl"), scratch.path("there"));
    fs::create_dir(&there).unwrap();
    let plot = format!("{there}/a.svg");
    let files = ["--checkpoint", &path, "--metrics", &metrics, "--plot", &plot];
    let child =
        aleator(&[&["train", "sbn", "--steps", "100000000", "--eval-samples", "2"][..], &files].concat())
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
    while fs::read(&metrics).unwrap_or_default().is_empty() {
        sleep(Duration::from_millis(10));
    }
    fs::remove_dir(&there).unwrap();
    interrupt(&child);
    let ended = child.wait_with_output().unwrap();
    let message = stderr(&ended);
    assert_eq!(ended.status.code(), Some(130), "{message}");
    for part in ["stopping after this step", "cannot write the plot", "interrupted after step", &path] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
#[cfg(unix)]
fn a_second_ctrl_c_ends_a_long_look_and_says_so() {
    use std::io::{BufRead, BufReader};
    let scratch = Scratch::new("look");
    let metrics = scratch.path("m.jsonl");
    // The first look takes hours; the file of metrics is there once it begins.
    let mut child = aleator(&["train", "sbn", "--eval-samples", "1000000", "--metrics", &metrics])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while !Path::new(&metrics).exists() {
        sleep(Duration::from_millis(10));
    }
    interrupt(&child);
    assert!(lines.next().unwrap().unwrap().contains("no --checkpoint"));
    assert!(lines.next().unwrap().unwrap().contains("stopping after this step"));
    interrupt(&child);
    assert!(lines.next().unwrap().unwrap().contains("unsaved"));
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
#[cfg(unix)]
fn ctrl_c_finishes_the_step_saves_and_says_so() {
    let scratch = Scratch::new("interrupt");
    let (path, metrics) = (scratch.path("c.safetensors"), scratch.path("m.jsonl"));
    let files = ["--checkpoint", &path, "--metrics", &metrics];
    let child =
        aleator(&[&["train", "sbn", "--steps", "100000000", "--eval-samples", "2"][..], &files].concat())
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
    // The first line is written once it listens to Ctrl-C.
    while fs::read(&metrics).unwrap_or_default().is_empty() {
        sleep(Duration::from_millis(10));
    }
    interrupt(&child);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let message = stderr(&ended);
    assert!(message.contains("interrupted after step") && message.contains("--resume"), "{message}");
    assert!(Path::new(&path).exists());
}

#[test]
#[cfg(unix)]
fn a_comparison_says_which_runs_were_cut_off() {
    let scratch = Scratch::new("interrupted-comparison");
    let (metrics, first) = (scratch.path("m.jsonl"), scratch.path("m.reinforce_loo.jsonl"));
    let child =
        aleator(&["train", "sbn", "--steps", "100000000", "--eval-samples", "2", "--metrics", &metrics])
            .args(["--compare", "reinforce_loo, rebar", "--json"])
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
    while fs::read(&first).unwrap_or_default().is_empty() {
        sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert!(stderr(&ended).contains("not saved, since there is no --checkpoint"), "{}", stderr(&ended));
    let runs: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(runs["reports"][0]["interrupted"], true);
    assert_eq!(runs["not_started"], serde_json::json!(["rebar(temperature=0.5)"]));
}

#[test]
fn a_comparison_has_a_run_of_the_pilot() {
    let runs = |more: &[&str]| {
        let done = small(&[more, &["--json"]].concat());
        succeeds(&done);
        let runs: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        let reports = runs["reports"].as_array().unwrap();
        let of = |r: &serde_json::Value| (r["choices"].clone(), r["held_out"].clone());
        reports.iter().map(of).collect::<Vec<_>>()
    };
    let listed = runs(&["--compare", "nvil, measured"]);
    assert_eq!(listed.len(), 2);
    // The named one is not replaced by what the pilot would choose.
    assert!(listed[0].0.as_array().is_none_or(Vec::is_empty), "{listed:?}");
    assert!(!listed[1].0.as_array().unwrap().is_empty(), "{listed:?}");
    assert_ne!(listed[0].1, listed[1].1);
    assert_eq!(runs(&["--compare", "measured,nvil"]), listed);
}

/// A small run of twenty steps, with a checkpoint after every second.
fn small(more: &[&str]) -> Output {
    let base = ["train", "sbn", "--latents", "4", "--batch", "10", "--eval-samples", "2", "--eval-rows", "2"];
    let steps: &[&str] = if more.contains(&"--steps") { &[] } else { &["--steps", "20"] };
    output(&[&base[..], steps, more].concat())
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

/// It says all of these and has written nothing.
fn refused(output: &Output, expected: &[&str]) {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    assert!(expected.iter().all(|e| stderr(output).contains(e)), "{expected:?}: {}", stderr(output));
    assert!(output.stdout.is_empty());
}

/// Names in a directory, in their order.
fn names(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut all: Vec<_> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    all.sort();
    all
}

fn step(n: usize) -> String {
    format!("step-{n:010}.safetensors")
}

#[test]
fn a_place_that_is_not_free_is_refused_before_the_first_step() {
    let scratch = Scratch::new("places");
    let [run, file, notes, text] =
        ["run", "one.safetensors", "notes.safetensors", "notes.txt"].map(|n| scratch.path(n));
    succeeds(&small(&["--checkpoint", &run]));
    let made = names(&run);
    assert_eq!(made, [16, 18, 20].map(step));
    refused(
        &small(&["--seed", "1", "--checkpoint", &run]),
        &["checkpoints of another run", &format!("--resume {run}")],
    );
    assert_eq!(names(&run), made);
    // Another place to go on from is another run as well; its own is none.
    succeeds(&small(&["--checkpoint", &file]));
    refused(&small(&["--resume", &file, "--checkpoint", &run]), &["another run"]);
    succeeds(&small(&["--resume", &format!("{run}/{}", step(16)), "--checkpoint", &run]));
    // A file is no other run's to replace either, be it a checkpoint or anything else.
    let kept = fs::read(&file).unwrap();
    refused(
        &small(&["--seed", "1", "--checkpoint", &file]),
        &["a checkpoint of another run", &format!("--resume {file}")],
    );
    assert_eq!(fs::read(&file).unwrap(), kept);
    for path in [&notes, &text] {
        fs::write(path, "notes").unwrap();
        refused(
            &small(&["--checkpoint", path]),
            &["cannot save checkpoints to", path, "choose another name"],
        );
        assert_eq!(fs::read_to_string(path).unwrap(), "notes");
    }
    let directory = scratch.path("directory.safetensors");
    fs::create_dir(&directory).unwrap();
    for path in [&directory, &format!("{text}/below"), &scratch.path(&"x".repeat(300))] {
        // So many steps that it would not end.
        refused(
            &small(&["--steps", "1000000000", "--checkpoint", path]),
            &["cannot save checkpoints to", path],
        );
    }
}

#[test]
fn what_a_killed_run_left_is_pruned_too() {
    let scratch = Scratch::new("prune");
    let run = scratch.path("run");
    succeeds(&small(&["--checkpoint", &run]));
    fs::copy(format!("{run}/{}", step(16)), format!("{run}/{}", step(14))).unwrap();
    succeeds(&small(&["--resume", &run, "--steps", "22"]));
    assert_eq!(names(&run), [18, 20, 22].map(step));
}

#[test]
fn a_resumed_run_saves_where_it_was_resumed_from() {
    let scratch = Scratch::new("moved");
    let in_scratch = |arguments: &[&str]| {
        let done = aleator(arguments).current_dir(&scratch.0).output().unwrap();
        succeeds(&done);
    };
    in_scratch(&["train", "sbn", "--steps", "20", "--eval-samples", "2", "--checkpoint", "run"]);
    fs::rename(scratch.path("run"), scratch.path("moved")).unwrap();
    in_scratch(&["train", "--resume", "moved", "--steps", "22"]);
    in_scratch(&["train", "--resume", &format!("moved/{}", step(22)), "--steps", "24"]);
    assert_eq!(names(&scratch.path("moved")), [20, 22, 24].map(step));
    assert!(!Path::new(&scratch.path("run")).exists());
}

#[test]
fn infinite_statistics_are_saved_and_read_but_infinite_parameters_are_not_saved() {
    let scratch = Scratch::new("infinite");
    let [data, run, metrics, exploded] = ["big.csv", "run", "m.jsonl", "exploded"].map(|n| scratch.path(n));
    let rows = (0..600).map(|i| format!("{}e22,{}\n", f64::from(i * 7919 % 600) / 600.0 - 0.5, i % 2));
    fs::write(&data, rows.collect::<String>()).unwrap();
    let first = ["train", "bayes-logistic", "--data", &data, "--clip", "1", "--lr", "1e-25", "--steps", "40"];
    succeeds(&output(&[&first[..], &["--checkpoint", &run, "--metrics", &metrics]].concat()));
    assert!(fs::read_to_string(&metrics).unwrap().contains("\"inf\""));
    succeeds(&output(&["train", "--resume", &run, "--steps", "60"]));
    let last = fs::read_to_string(&metrics).unwrap().lines().count();
    assert_eq!(last, 16);
    let lr = ["--lr", "1e39", "--checkpoint-every", "1"];
    let message = ["at step 1: ", "parameters/", "inf", "no checkpoint yet"];
    let died = small(&[&lr[..], &["--checkpoint", &exploded]].concat());
    assert_eq!(died.status.code(), Some(2));
    assert!(message.iter().all(|part| stderr(&died).contains(part)), "{}", stderr(&died));
    // What is known of it is told.
    assert!(String::from_utf8_lossy(&died.stdout).contains("held-out mean"));
    assert!(names(&exploded).is_empty());
}

#[test]
fn a_comparison_goes_on_only_with_what_is_there() {
    let scratch = Scratch::new("compare-places");
    let [both, single, empty] = ["both", "single", "empty"].map(|n| scratch.path(n));
    let list = ["--compare", "reinforce_loo,nvil"];
    succeeds(&small(&[&list[..], &["--checkpoint", &both]].concat()));
    succeeds(&small(&["--checkpoint", &single]));
    fs::create_dir(&empty).unwrap();
    for (from, expected) in
        [(&scratch.path("bth"), "No such file"), (&single, "a single run"), (&empty, "no checkpoints")]
    {
        refused(&small(&[&list[..], &["--resume", from]].concat()), &[from, expected]);
    }
    assert!(!Path::new(&scratch.path("bth")).exists());
    let other = small(&["--compare", "rebar", "--resume", &both]);
    refused(&other, &[&both, "other runs (nvil, reinforce_loo)"]);
    refused(
        &small(&[&list[..], &["--checkpoint", &both]].concat()),
        &["another run", &format!("--resume {both}")],
    );
    // With more steps, and with one that was not there; the settings are those that were saved.
    let longer = ["train", "--compare", "reinforce_loo,nvil,rebar", "--steps", "40", "--resume", &both];
    succeeds(&output(&longer));
    for name in names(&both) {
        assert_eq!(names(&format!("{both}/{name}")), [36, 38, 40].map(step));
    }
    assert_eq!(names(&both).len(), 3);
}

#[test]
fn a_comparison_that_cannot_write_fails() {
    let scratch = Scratch::new("compare-write");
    let metrics = scratch.path("no/such/place/m.jsonl");
    refused(
        &small(&["--compare", "reinforce_loo,nvil", "--metrics", &metrics]),
        &["cannot write metrics to"],
    );
    let none = small(&["--compare", "pathwise,lax"]);
    refused(&none, &["no run", "pathwise: ", "lax: "]);
}

#[test]
fn a_file_that_holds_no_metrics_is_left_alone() {
    let scratch = Scratch::new("notes");
    let [run, notes] = ["run", "notes.txt"].map(|n| scratch.path(n));
    succeeds(&small(&["--checkpoint", &run]));
    for text in [&b"my notes\n"[..], b"my notes", b"{\"step\":3}\n", b"\xff\xfe"] {
        fs::write(&notes, text).unwrap();
        for resume in [&["--resume", &run][..], &[]] {
            refused(&small(&[resume, &["--metrics", &notes]].concat()), &[&notes, "line 1"]);
            assert_eq!(fs::read(&notes).unwrap(), text);
        }
    }
}

#[test]
fn the_newest_checkpoint_that_can_be_read_is_named() {
    let scratch = Scratch::new("readable");
    let run = scratch.path("run");
    succeeds(&small(&["--checkpoint", &run]));
    for (damaged, expected) in [
        (20, format!("that can be read is {run}/{}", step(18))),
        (18, format!("that can be read is {run}/{}", step(16))),
        (16, "no other checkpoint can be read".into()),
    ] {
        fs::write(format!("{run}/{}", step(damaged)), "damage").unwrap();
        refused(&small(&["--resume", &run]), &[&format!("{run}/{}", step(20)), &expected]);
    }
}

#[test]
fn event_files_are_new_ones_and_a_resumed_run_starts_a_session() {
    let scratch = Scratch::new("events");
    let [run, events] = ["run", "events"].map(|n| scratch.path(n));
    for _ in 0..3 {
        succeeds(&small(&["--tensorboard", &events]));
    }
    assert_eq!(names(&events).len(), 3);
    succeeds(&small(&["--checkpoint", &run]));
    succeeds(&small(&["--resume", &run, "--steps", "30", "--tensorboard", &events]));
    let last = fs::read(format!("{events}/{}", names(&events)[3])).unwrap();
    // After the record of the version (16 + 24 bytes) that of step 21: its number, then a session log with the status START.
    let session = &last[40..];
    assert_eq!(session[..8], 15_u64.to_le_bytes());
    assert_eq!((session[12], &session[21..27]), (0x09, &[0x10, 21, 0x3a, 2, 0x08, 1][..]));
}
