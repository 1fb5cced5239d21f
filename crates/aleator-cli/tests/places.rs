//! What a command reads and writes: nothing that anyone needs is lost, and nothing is written by halves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A directory of its own that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aleator-places-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).unwrap();
        self.path(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn aleator(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aleator"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> Output {
    aleator(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn refused(output: &Output, expected: &[&str]) {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    assert!(expected.iter().all(|e| stderr(output).contains(e)), "{expected:?}: {}", stderr(output));
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

const GRAPH: &str =
    "param t = 0.3\ndata x : [2] = file(\"x.csv\")\nb ~ Bernoulli(logits = t)\ncost f = b * sum(x)\n";

#[test]
fn no_command_writes_a_file_that_it_reads() {
    let scratch = Scratch::new("reads");
    let graph = scratch.write("g.scg", GRAPH);
    // Names that every option takes, and that are the graph or its data all the same.
    let data = scratch.write("x.csv", "1\n2\n");
    let (hard, soft, of_data) =
        (scratch.path("hard.svg"), scratch.path("soft.png"), scratch.path("data.svg"));
    let detour = format!("{}/./g.scg", scratch.0.display());
    fs::hard_link(&graph, &hard).unwrap();
    fs::hard_link(&data, &of_data).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("g.scg", &soft).unwrap();
    #[cfg(not(unix))]
    fs::hard_link(&graph, &soft).unwrap();
    let commands: [&[&str]; 3] =
        [&["graph", &graph, "-o"], &["compare", &graph, "--plot"], &["optimize", &graph, "--plot"]];
    for command in commands {
        for (place, what) in [(&hard, "the graph"), (&soft, "the graph"), (&of_data, "the data `x`")] {
            refused(&output(&[command, &[place]].concat()), &[&format!("{what} and "), place]);
        }
    }
    refused(&output(&["graph", &graph, "-o", &graph]), &["the graph and --output"]);
    refused(&output(&["graph", &graph, "-o", &detour]), &["the graph and --output"]);
    let table = scratch.write("table.csv", "0,1\n1,0\n1,1\n");
    let config = scratch.write("c.toml", "steps = 2\n");
    for (option, place) in [("--data", &table), ("--config", &config)].iter().flat_map(|&(option, place)| {
        ["--metrics", "--checkpoint", "--tensorboard"].map(|output| ((option, output), place))
    }) {
        refused(
            &output(&["train", "sbn", option.0, place, option.1, place]),
            &[&format!("{} and {}", option.0, option.1)],
        );
    }
    assert_eq!(fs::read_to_string(&graph).unwrap(), GRAPH);
    assert_eq!(fs::read_to_string(&data).unwrap(), "1\n2\n");
    succeeds(&output(&["graph", &graph, "-o", &scratch.path("fine.svg")]));
}

#[test]
#[cfg(unix)]
fn pipes_and_devices_are_no_outputs() {
    let scratch = Scratch::new("pipes");
    let graph = scratch.write("g.scg", "param t = 0.3\nb ~ Bernoulli(logits = t)\ncost f = b\n");
    let pipe = scratch.path("pipe.svg");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let train = ["train", "sbn", "--steps", "1000000000"];
    refused(&output(&["graph", &graph, "-o", &pipe]), &["not a regular file"]);
    refused(&output(&["graph", &graph, "-o", "/dev/null"]), &["not a regular file"]);
    refused(&output(&["compare", &graph, "--plot", &pipe]), &["not a regular file"]);
    for option in ["--plot", "--metrics"] {
        refused(&output(&[&train[..], &[option, &pipe]].concat()), &["not a regular file"]);
    }
    let checkpoint = scratch.path("pipe.safetensors");
    assert!(Command::new("mkfifo").arg(&checkpoint).status().unwrap().success());
    refused(&output(&[&train[..], &["--checkpoint", &checkpoint]].concat()), &["not a regular file"]);
}

/// A small run of twenty steps.
fn small(more: &[&str]) -> Output {
    let base = ["train", "sbn", "--steps", "20", "--latents", "4", "--batch", "10", "--eval-samples", "2"];
    output(&[&base[..], more].concat())
}

#[test]
fn metrics_of_another_run_are_kept() {
    let scratch = Scratch::new("metrics");
    let [metrics, mine, other, again] =
        ["m.jsonl", "mine.safetensors", "other.safetensors", "n.jsonl"].map(|n| scratch.path(n));
    succeeds(&small(&["--metrics", &metrics, "--checkpoint", &mine]));
    succeeds(&small(&["--seed", "1", "--checkpoint", &other]));
    let kept = fs::read_to_string(&metrics).unwrap();
    refused(&small(&["--seed", "2", "--metrics", &metrics]), &["of another run"]);
    refused(&small(&["--compare", "nvil,rebar", "--metrics", &metrics, "--resume", &other]), &[]);
    refused(
        &output(&["train", "--resume", &other, "--steps", "22", "--metrics", &metrics]),
        &["of another run"],
    );
    assert_eq!(fs::read_to_string(&metrics).unwrap(), kept);
    // A new file of a run that goes on has all of its history.
    succeeds(&output(&["train", "--resume", &mine, "--steps", "22", "--metrics", &again]));
    assert!(fs::read_to_string(&again).unwrap().starts_with(&kept));
    // The final numbers are in the last line and in the checkpoint.
    let report = output(&["train", "--resume", &mine, "--steps", "22", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let lines = fs::read_to_string(&again).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["step"], &last["held_out"]), (&22.into(), &report["held_out"]));
    assert!(last["held_out"]["bound_std_error"].is_number());
    assert_eq!(report["history"].as_array().unwrap().last().unwrap()["held_out"], report["held_out"]);
}

/// A run that does not end by itself, once it has taken its first look.
fn endless(scratch: &Scratch, more: &[&str]) -> Child {
    let metrics = scratch.path("endless.jsonl");
    let base = [
        "train",
        "sbn",
        "--steps",
        "100000000",
        "--latents",
        "4",
        "--eval-samples",
        "2",
        "--metrics",
        &metrics,
    ];
    let mut command = aleator(&[&base[..], more].concat());
    command.current_dir(&scratch.0).stdout(Stdio::piped()).stderr(Stdio::piped());
    listens_to_hangups(&mut command);
    let child = command.spawn().unwrap();
    while fs::read(&metrics).unwrap_or_default().is_empty() {
        sleep(Duration::from_millis(10));
    }
    child
}

/// Lets the child listen to SIGHUP whatever started these tests: under `nohup` it is ignored, and children inherit that.
#[cfg(unix)]
fn listens_to_hangups(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec only this call is made, which is safe in signal handlers.
    let listen = || match unsafe { libc::signal(libc::SIGHUP, libc::SIG_DFL) } {
        libc::SIG_ERR => Err(std::io::Error::last_os_error()),
        _ => Ok(()),
    };
    // SAFETY: the closure allocates nothing and takes no lock.
    unsafe { command.pre_exec(listen) };
}

#[cfg(not(unix))]
fn listens_to_hangups(_: &mut Command) {}

#[test]
fn two_runs_in_one_place_are_one_too_many() {
    let scratch = Scratch::new("lock");
    for place in ["one.safetensors", "directory"] {
        let path = scratch.path(place);
        let mut first = endless(&scratch, &["--checkpoint", &path, "--checkpoint-every", "1000000"]);
        let holder = format!("process {}", first.id());
        refused(&small(&["--checkpoint", &path]), &[&holder, "cannot save checkpoints"]);
        refused(&small(&["--metrics", &scratch.path("endless.jsonl")]), &[&holder, "cannot write metrics"]);
        first.kill().unwrap();
        first.wait().unwrap();
        // What a killed run left locks nobody out.
        fs::remove_file(scratch.path("endless.jsonl")).unwrap();
        succeeds(&small(&["--checkpoint", &path]));
    }
    // One that has saved already is at work all the same, and has not left its checkpoints to be resumed.
    for place in ["saved.safetensors", "saved"] {
        let path = scratch.path(place);
        let mut first = endless(&scratch, &["--checkpoint", &path, "--checkpoint-every", "1"]);
        let saved = || match Path::new(&path).is_dir() {
            true => fs::read_dir(&path)
                .unwrap()
                .any(|e| e.unwrap().path().extension().is_some_and(|e| e == "safetensors")),
            false => Path::new(&path).exists(),
        };
        while !saved() {
            sleep(Duration::from_millis(10));
        }
        let holder = format!("process {}", first.id());
        refused(&small(&["--checkpoint", &path]), &[&holder, "cannot save checkpoints"]);
        if place == "saved" {
            refused(
                &small(&["--compare", "nvil,rebar", "--checkpoint", &path]),
                &[&holder, "cannot save checkpoints"],
            );
        }
        first.kill().unwrap();
        first.wait().unwrap();
        fs::remove_file(scratch.path("endless.jsonl")).unwrap();
        refused(&small(&["--checkpoint", &path]), &["of another run"]);
    }
}

#[test]
fn temporary_files_of_killed_runs_go() {
    let scratch = Scratch::new("temporary");
    let left = scratch.write(".aleator-1-0.tmp", "half a checkpoint");
    let mine = scratch.write(".aleator-notes.tmp", "my notes");
    succeeds(&small(&["--checkpoint", &scratch.path("c.safetensors")]));
    assert!(!Path::new(&left).exists() && Path::new(&mine).exists());
}

#[test]
#[cfg(unix)]
fn every_signal_saves_and_has_its_status() {
    let scratch = Scratch::new("signals");
    for (signal, status) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let path = scratch.path("c.safetensors");
        let child = endless(&scratch, &["--checkpoint", &path]);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(status), "{}", stderr(&ended));
        assert!(stderr(&ended).contains("interrupted after step") && Path::new(&path).exists());
        assert!(String::from_utf8_lossy(&ended.stdout).contains("held-out mean"));
        fs::remove_file(&path).unwrap();
        fs::remove_file(scratch.path("endless.jsonl")).unwrap();
    }
    // Without a place for checkpoints it says so at the start, and is saved all the same.
    let child = endless(&scratch, &[]);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert!(stderr(&ended).starts_with("note: nothing of this run will be kept"), "{}", stderr(&ended));
    assert!(scratch.0.join("aleator-sbn-interrupted-1.safetensors").exists());
}

#[test]
#[cfg(unix)]
fn nohup_outlives_its_terminal() {
    let scratch = Scratch::new("nohup");
    let metrics = scratch.path("m.jsonl");
    let script = format!(
        "trap '' HUP; exec {} train sbn --steps 100000000 --latents 4 --eval-samples 2 --metrics {metrics}",
        env!("CARGO_BIN_EXE_aleator")
    );
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&scratch.0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while fs::read(&metrics).unwrap_or_default().is_empty() {
        sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_run_goes_on_only_with_the_settings_that_made_it() {
    let scratch = Scratch::new("settings");
    let path = scratch.path("c.safetensors");
    succeeds(&small(&["--checkpoint", &path, "--binarization", "static"]));
    for (more, said) in [
        (&["--init", "kaiming"][..], "without --init there, --init kaiming here"),
        (&["--data-seed", "1"], "without --data-seed there, --data-seed 1 here"),
        (&["--seed", "1"], "--seed 0 there, --seed 1 here"),
        (&["--nonlinear"], "nonlinear"),
        (&["--beta2", "0.9"], "--beta2 0.9 here"),
    ] {
        refused(&output(&[&["train", "--resume", &path, "--steps", "22"], more].concat()), &[said]);
    }
    // The seed of the run is apart from that of the data.
    let rows = |more: &[&str]| {
        let base = ["--binarization", "static", "--json", "--eval-samples", "2"];
        let report = output(&[&["train", "sbn", "--steps", "1"], &base[..], more].concat());
        let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
        report["history"][0]["elbo"].as_f64().unwrap()
    };
    assert_ne!(rows(&[]), rows(&["--data-seed", "1"]));
    succeeds(&output(&["train", "--resume", &path, "--steps", "22", "--init", "glorot"]));
}

#[test]
fn messages_say_what_and_where() {
    let scratch = Scratch::new("messages");
    let graph = scratch.write(
        "g.scg",
        "param t = 0.3\ndata x : [2, 2] = file(\"x.csv\")\nb ~ Bernoulli(logits = t)\ncost f = b * sum(x)\n",
    );
    scratch.write("x.csv", "a,b\n1,2\n3,nan\n");
    let message = stderr(&output(&["grad", &graph, "--replicates", "10"]));
    assert!(message.contains("x.csv:3: column 2 of the data `x` is NaN"), "{message}");
    assert!(message.contains("the data `x` hold NaN") && !message.contains("log(0)"), "{message}");
    for (arguments, said) in [
        (&["train", "sbn", "--lr", "-1"][..], "the learning rate must be a positive number, got -1"),
        (&["train", "sbn", "--seed", "-1"], "a whole number from 0"),
        (&["optimize", &graph, "--lr", "-1e-3"], "--lr must be a positive number, got -0.001"),
        (&["grad", &graph, "--seed", "-1"], "a whole number from 0"),
        (&["train", "sbn", "--steps", "-5"], "a whole number from 1"),
    ] {
        refused(&output(arguments), &[said]);
    }
    let bytes = scratch.write("bytes.csv", "0,1\n7,255\n1,1\n");
    refused(
        &output(&["train", "sbn", "--data", &bytes]),
        &["bytes.csv:2: column 1 is 7", "divide the numbers by 255"],
    );
    let semicolons = scratch.write("semicolons.csv", "a,b\n0;1,1;1\n");
    refused(&output(&["train", "sbn", "--data", &semicolons]), &["separated by `;`"]);
    // Hostile text is neither obeyed nor endless.
    let hostile = scratch.write("hostile.csv", &format!("1,\u{1b}[2J{}\n", "x".repeat(100_000)));
    let long = scratch.write("long.toml", &format!("steps = \"\u{1b}[2J{}\"\n", "x".repeat(100_000)));
    for ended in [output(&["train", "sbn", "--data", &hostile]), output(&["train", "--config", &long])] {
        refused(&ended, &[]);
        let message = stderr(&ended);
        assert!(message.len() < 10_000 && !message.contains('\u{1b}'), "{}", message.len());
    }
    assert!(stderr(&output(&["train", "--config", &long])).contains("long.toml"));
    // A mistake of the file names it, one of the command line does not.
    let config = scratch.write("c.toml", "batch = 100000\n");
    refused(&output(&["train", "--config", &config]), &["in ", "c.toml: a batch of 100000"]);
    let fine = scratch.write("fine.toml", "batch = 10\n");
    assert!(!stderr(&output(&["train", "--config", &fine, "--batch", "100000"])).contains("fine.toml"));
}

#[test]
#[cfg(target_os = "linux")]
fn memory_that_is_not_there_is_an_error_with_its_size() {
    let scratch = Scratch::new("memory");
    let big = scratch.write(
        "big.scg",
        "param w : [20000000] = 0.5\nc ~ Bernoulli(logits = w[0])\ncost f = sum(exp(w)) * c\n",
    );
    let limited = |kibibytes: u32, arguments: &str| {
        let script =
            format!("ulimit -v {kibibytes}; exec {} --threads 1 {arguments}", env!("CARGO_BIN_EXE_aleator"));
        Command::new("sh").args(["-c", &script]).current_dir(&scratch.0).output().unwrap()
    };
    let ended = limited(400_000, &format!("grad {big} --via score_function --replicates 2"));
    refused(&ended, &["MiB"]);
    assert!(stderr(&ended).contains("ulimit -v"), "{}", stderr(&ended));
    // What the engine needs is compared with what is left before it is asked for.
    let product = scratch.write(
        "product.scg",
        "param t = 0.3\nb ~ Bernoulli(logits = t)\nw = reshape(t * linspace(0, 1, 6000), [6000, 1])\n\
         cost f = sum(exp(w @ reshape(w, [1, 6000]))) * b\n",
    );
    let ended = limited(300_000, &format!("grad {product} --via score_function --replicates 1"));
    refused(&ended, &["the program's buffers would need 5", "what this process may still have (`ulimit -v`"]);
    // Whatever is too large, and wherever: never an abort.
    let table: String = (0..300_000).map(|i| format!("{i},1,0,1,0,1,0,1\n")).collect();
    let table = scratch.write("table.csv", &table);
    for kibibytes in [60_000, 80_000, 100_000, 140_000] {
        let ended = limited(kibibytes, &format!("train bayes-logistic --steps 1 --data {table}"));
        assert!(
            matches!(ended.status.code(), Some(0 | 2)),
            "{kibibytes}: {:?} {}",
            ended.status,
            stderr(&ended)
        );
    }
}
