//! What a user does around training: a graph of one's own, checkpoints evaluated, sampled from and exported, seeds and sweeps.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use aleator::train::{Checkpoint, safetensors_bytes};

/// A directory of its own that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aleator-cli-trained-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    /// A command in this directory.
    fn run(&self, command: &str) -> Output {
        let mut aleator = Command::new(env!("CARGO_BIN_EXE_aleator"));
        aleator.current_dir(&self.0).args(command.split_whitespace()).output().unwrap()
    }

    /// Its standard output, if it succeeds.
    fn succeeds(&self, command: &str) -> String {
        let output = self.run(command);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, command: &str) -> serde_json::Value {
        serde_json::from_str(&self.succeeds(command)).unwrap()
    }

    /// Its message, if it fails as bad input does.
    fn fails(&self, command: &str) -> String {
        let output = self.run(command);
        assert_eq!(output.status.code(), Some(2), "{command}");
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const RUN: &str = "train sbn --steps 40 --batch 20 --latents 4 --eval-samples 5 --eval-rows 30";

#[test]
fn a_checkpoint_is_evaluated_sampled_from_and_exported() {
    let scratch = Scratch::new("checkpoint");
    let trained = scratch.json(&format!("{RUN} --validation 0.2 --checkpoint run --json"));
    let evaluated = scratch.json("train evaluate run --json");
    assert_eq!(evaluated["elbo"], trained["held_out"]["elbo"]);
    let one = scratch.json("train evaluate run --eval-samples 1 --eval-rows 10 --json");
    let gap = one["elbo"].as_f64().unwrap() - one["bound"].as_f64().unwrap();
    assert!(gap.abs() < 1e-9 && one["rows"] == 10);
    assert!(scratch.succeeds("train sample run --count 5 -o s.npy --pictures s.png").contains("[5, 8, 8]"));
    assert!(fs::read(scratch.0.join("s.npy")).unwrap().starts_with(b"\x93NUMPY"));
    assert!(fs::read(scratch.0.join("s.png")).unwrap().starts_with(b"\x89PNG"));
    scratch.succeeds("train sample run --count 5 -o s.npz");
    assert!(scratch.succeeds("train export run -o p.npz").contains("5 tensors"));
    scratch.succeeds("train export run -o p.safetensors --last");
    // The best parameters, and the last ones if asked for, by name.
    scratch.succeeds(
        "train sbn --steps 2000 --batch 20 --latents 4 --eval-samples 5 --eval-rows 40 --eval-every 10 --lr 0.3 \
         --validation 0.2 --patience 3 --checkpoint worse.safetensors",
    );
    let checkpoint = Checkpoint::read(&scratch.0.join("worse.safetensors")).unwrap();
    let (best, last) = (checkpoint.parameters(), checkpoint.last_parameters());
    assert!(best != last);
    for (options, expected) in [("", &best), ("--last", &last)] {
        scratch.succeeds(&format!("train export worse.safetensors -o w.safetensors {options}"));
        let exported = fs::read(scratch.0.join("w.safetensors")).unwrap();
        assert!(exported == safetensors_bytes(expected, &[]).unwrap(), "{options}");
    }
    // The exported file is read again as data: an archive of arrays.
    assert!(scratch.fails("train gmm --data p.npz").contains("choose one, such as p.npz:"));
    for (command, reason) in [
        ("train evaluate nowhere", "nowhere"),
        ("train evaluate p.safetensors", "not made by aleator"),
        ("train evaluate run --eval-samples 0", "from 1"),
        ("train sample run", "nothing would be written"),
        ("train sample run -o s.txt", "should end in .npy or .npz"),
        ("train sample run --count 1e15 -o t.npy", "at least one sample"),
        ("train export run -o p.txt", "should end in .safetensors or .npz"),
        ("train export run -o run", "should end in"),
        ("train evaluate run --data s.png", "s.png"),
    ] {
        let message = scratch.fails(command);
        assert!(message.contains(reason), "{command}: {message}");
    }
}

#[test]
fn examples_and_standard_input_are_trained() {
    let scratch = Scratch::new("names");
    let toy = scratch.json("train toy --steps 2 --eval-samples 5 --json");
    assert_eq!((&toy["model"], &toy["judged_on"]), (&"toy.scg".into(), &"graph".into()));
    assert!(scratch.fails("train discrete_vae --steps 2").contains("`aleator new discrete_vae` writes both"));
    scratch.succeeds("new discrete_vae");
    scratch.succeeds("train discrete_vae --steps 2 --batch 10 --eval-samples 2 --report r.html");
    let text = "param t = 0\nb ~ Bernoulli(logits = t)\ncost c = (b - 0.45)^2\n";
    let piped = |command: &str| {
        let mut aleator = Command::new(env!("CARGO_BIN_EXE_aleator"));
        aleator.current_dir(&scratch.0).args(command.split_whitespace());
        let mut child =
            aleator.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = piped("train - --steps 3 --eval-samples 5 --checkpoint piped.safetensors --report p.html");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What was piped is in the checkpoint.
    assert_eq!(scratch.json("train evaluate piped.safetensors --json")["model"], "stdin");
    scratch.succeeds("train --resume piped.safetensors --steps 4");
    let again = piped("train - --resume piped.safetensors --steps 5");
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    assert!(scratch.fails("train toyy").contains("toy"));
}

#[test]
fn a_graph_with_batches_from_the_command_line() {
    let scratch = Scratch::new("graph");
    let text = "data x : [batch, 2] = file(\"x.csv\")\nparam w : [2] = normal(0, 1)\n\
                b ~ Bernoulli(logits = x @ w)\ncost loss = mean((b - 0.45)^2)\n";
    fs::write(scratch.0.join("own.scg"), text).unwrap();
    fs::write(scratch.0.join("x.csv"), "1,2\n3,4\n5,6\n7,8\n9,10\n11,12\n13,14\n15,16\n").unwrap();
    let run = "train own.scg --steps 30 --batch 2 --held-out 0.25 --eval-samples 10";
    let report = scratch.json(&format!("{run} --checkpoint own.safetensors --json"));
    assert_eq!((&report["judged_by"], &report["judged_on"]), (&"objective".into(), &"held-out".into()));
    assert_eq!(report["batch"], 2);
    let evaluated = scratch.json("train evaluate own.safetensors --rows all --json");
    assert_eq!(evaluated["rows"], 8);
    // The objective has its own sign, and a mean over rows is exact although they do not fill minibatches of 3.
    let first = &report["history"][0];
    assert!(first["objective"].as_f64().unwrap() > 0.2 && first.get("elbo").is_none(), "{first}");
    assert!(evaluated["objective"].as_f64().unwrap() > 0.2 && evaluated["objective_std_error"].is_number());
    fs::write(scratch.0.join("four.csv"), "100\n0\n0\n0\n").unwrap();
    fs::write(
        scratch.0.join("four.scg"),
        "data x : [batch] = file(\"four.csv\")\nparam p = 0\ncost c = mean(x) + p\n",
    )
    .unwrap();
    let four = scratch.json("train four.scg --batch 3 --steps 1 --lr 1e-9 --metrics four.jsonl --checkpoint four.safetensors --json");
    assert!((four["history"][0]["objective"].as_f64().unwrap() - 25.0).abs() < 1e-5, "{four}");
    let line = fs::read_to_string(scratch.0.join("four.jsonl")).unwrap();
    assert!(line.starts_with("{\"step\":0") && line.contains("\"objective\":25"), "{line}");
    scratch.succeeds(
        "train four.scg --resume four.safetensors --steps 2 --batch 3 --lr 1e-9 --metrics four.jsonl",
    );
    // A sum over a minibatch of 3 is 3 times the mean of all rows, also where fewer rows are held out.
    fs::write(
        scratch.0.join("sum.scg"),
        "data x : [batch] = file(\"three.csv\")\nparam p = 0\ncost c = sum(x) + p\n",
    )
    .unwrap();
    fs::write(scratch.0.join("three.csv"), "5\n5\n5\n5\n").unwrap();
    let sum = scratch.json("train sum.scg --batch 3 --steps 1 --lr 1e-9 --held-out 0.25 --json");
    assert!((sum["held_out"]["objective"].as_f64().unwrap() - 15.0).abs() < 1e-5, "{sum}");
    assert!(
        scratch.succeeds("train sample own.safetensors --count 3 -o b.npy").contains("b of shape [3, 2]")
    );
    let compared = format!("{run} --compare reinforce_loo,enumeration --plot p.svg --report r.html");
    let table = scratch.succeeds(&compared);
    assert!(table.contains("enumeration"), "{table}");
    let page = fs::read_to_string(scratch.0.join("r.html")).unwrap();
    // The graph, the runs, and the command from which they come.
    for part in ["The graph", "Bernoulli", "enumeration", &format!("aleator {compared}")] {
        assert!(page.contains(part), "{part}");
    }
    scratch.succeeds(&format!("{run} --seeds 2 --report r.html"));
    assert!(
        fs::read_to_string(scratch.0.join("r.html")).unwrap().contains("standard deviation between seeds")
    );
    let over = scratch.fails(&format!("{run} --report x.csv"));
    assert!(over.contains(".html"), "{over}");
    assert!(scratch.fails("train own.scg --batch 9").contains("9"));
    assert!(scratch.fails("train own.scg --objective iwae").contains("--objective"));
    fs::write(scratch.0.join("bad.scg"), "param w = 0\ncost loss = v\n").unwrap();
    assert!(scratch.fails("train bad.scg").contains("bad.scg:2:"));
    fs::write(
        scratch.0.join("command.scg"),
        "param w = 0\nexternal f(a) -> [] = command(\"cat\")\nz ~ Normal(w, 1)\ncost c = f(z)\n",
    )
    .unwrap();
    assert!(scratch.fails("train command.scg").contains("--allow-commands"));
    for (name, text, reason) in [
        ("none.scg", "z ~ Normal(0, 1)\ncost c = z^2\n", "none.scg has no parameters"),
        ("log.scg", "param m = -1\ncost c = log(m)\n", "change the initial values"),
        ("far.scg", "param m = 1\ncost c = exp(m * 1e3)\n", "is inf"),
        (
            "rows.scg",
            "data x : [batch] = file(\"bad.csv\")\nparam m = 0\ncost c = mean(x - m)\n",
            "row 2 of the data `x`",
        ),
    ] {
        fs::write(scratch.0.join("bad.csv"), "1\nnan\n2\n").unwrap();
        fs::write(scratch.0.join(name), text).unwrap();
        let message = scratch.fails(&format!("train {name} --steps 3"));
        assert!(message.contains(reason) && !message.contains("reduce --lr"), "{name}: {message}");
    }
    fs::create_dir(scratch.0.join("folder.scg")).unwrap();
    assert!(scratch.fails("train folder.scg").contains("it is not a file"));
    // A file of the name of a built-in model hides nothing.
    fs::write(scratch.0.join("gmm"), "no graph").unwrap();
    let built_in = scratch.json("train gmm --steps 2 --eval-rows 10 --eval-samples 2 --starts 2 --json");
    assert_eq!((&built_in["data"], &built_in["starts"]["steps"]), (&"clusters".into(), &1.into()));
    let cut = fs::read(scratch.0.join("own.safetensors")).unwrap();
    for length in [0, 5, 300, cut.len() - 1] {
        fs::write(scratch.0.join("cut.safetensors"), &cut[..length]).unwrap();
        for command in
            ["evaluate cut.safetensors", "sample cut.safetensors -o c.npy", "export cut.safetensors -o c.npz"]
        {
            assert!(scratch.fails(&format!("train {command}")).contains("truncated"), "{length}: {command}");
        }
        for option in ["--resume", "--init-from"] {
            assert!(scratch.fails(&format!("train own.scg {option} cut.safetensors")).contains("truncated"));
        }
    }
    assert!(scratch.fails("train sbn --resume own.safetensors").contains("belongs to another run"));
    assert!(scratch.fails("train sbn --init-from own.safetensors").contains("those of another model"));
}

#[test]
fn columns_labels_units_and_values_from_the_command_line() {
    let scratch = Scratch::new("columns");
    let kind = |i: usize| ["plum", "cherry"][(i / 6 + i) % 2];
    let row =
        |i: usize| format!("{i},{},{}\n", 100.0 + (i as f64).sin() + 5.0 * ((i / 6 + i) % 2) as f64, kind(i));
    let table = format!("number,weight,kind\n{}", (0..60).map(row).collect::<String>());
    fs::write(scratch.0.join("fruits.csv"), &table).unwrap();
    let run = "train bayes-logistic --data fruits.csv --columns weight,kind --standardise --steps 200 --batch 20 --lr 0.05 \
               --eval-samples 5 --checkpoint run.safetensors";
    let text = scratch.succeeds(&format!("{run} --report r.html"));
    for part in ["classes: 0 cherry, 1 plum", "columns are standardised", "accuracy 1.0000"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(fs::read_to_string(scratch.0.join("r.html")).unwrap().contains("Classes: 0 cherry, 1 plum."));
    let evaluated = scratch.succeeds("train evaluate run.safetensors");
    assert!(
        evaluated.contains("classes: 0 cherry, 1 plum") && evaluated.contains("accuracy: 1.0000"),
        "{evaluated}"
    );
    let exported = scratch.succeeds("train export run.safetensors -o p.safetensors");
    assert!(exported.contains("4 tensors"), "{exported}");
    let bytes = fs::read(scratch.0.join("p.safetensors")).unwrap();
    let header = String::from_utf8_lossy(&bytes).into_owned();
    assert!(header.contains("data.scale") && header.contains("cherry"), "{header}");
    fs::write(scratch.0.join("other.csv"), table.replace("weight", "mass")).unwrap();
    assert!(scratch.fails("train evaluate run.safetensors --data other.csv").contains("no column `weight`"));
    scratch.succeeds("train evaluate run.safetensors --data other.csv --columns mass,kind");
    for (options, reason) in [
        ("--data fruits.csv --columns weight,size", "no column `size`; its columns are number, weight, kind"),
        ("--data fruits.csv --columns kind,weight", "which is not a number"),
        ("--data fruits.csv --columns ,", "an empty name"),
        ("--columns 1", "--columns requires --data"),
    ] {
        let message = scratch.fails(&format!("train bayes-logistic {options}"));
        assert!(message.contains(reason), "{options}: {message}");
    }
    fs::write(scratch.0.join("g.scg"), "param m = 0\nz ~ Normal(m, 1)\nd = 2 * z\ncost c = z^2\n").unwrap();
    scratch.succeeds("train g.scg --steps 5 --checkpoint g.safetensors");
    assert!(scratch.succeeds("train sample g.safetensors -o z.npy").contains("z of shape [64]"));
    let both = scratch.succeeds("train sample g.safetensors --values d,z --count 3 -o v.npz");
    assert!(both.contains("d of shape [3], z of shape [3]"), "{both}");
    assert!(scratch.fails("train sample g.safetensors --values e -o v.npz").contains("`e`"));
    assert!(scratch.fails("train g.scg --standardize").contains("remove --standardize"));
}

#[test]
fn seeds_and_grids_are_one_table_and_go_on() {
    let scratch = Scratch::new("runs");
    let seeds = scratch.json(&format!("{RUN} --seeds 3 --checkpoint runs --json --report s.html"));
    let page = fs::read_to_string(scratch.0.join("s.html")).unwrap();
    assert!(page.contains("3 runs") && !page.contains("The graph"));
    assert_eq!((seeds["reports"].as_array().unwrap().len(), &seeds["spread"][0]["runs"]), (3, &3.into()));
    let again = scratch.json(&format!("{RUN} --seeds 3 --resume runs --json"));
    assert_eq!(again["spread"], seeds["spread"]);
    fs::write(scratch.0.join("grid.toml"), "lr = [1e-3, 1e-2]\n[model-options]\nlatents = [3, 4]\n").unwrap();
    let grid = "train sbn --steps 10 --batch 20 --eval-samples 5 --eval-rows 30 --sweep grid.toml";
    let names = ["lr=0.001,latents=3", "lr=0.001,latents=4", "lr=0.01,latents=3", "lr=0.01,latents=4"];
    let swept = scratch.json(&format!("{grid} --json"));
    assert_eq!(swept["names"], serde_json::json!(names));
    for (report, name) in swept["reports"].as_array().unwrap().iter().zip(names) {
        // The settings of a point are those that its name says.
        let (lr, latents) = name.strip_prefix("lr=").and_then(|name| name.split_once(",latents=")).unwrap();
        assert_eq!(report["lr"].to_string(), lr);
        assert!(report["description"].as_str().unwrap().contains(&format!("of {latents} latents")));
    }
    assert!(scratch.succeeds(&format!("{grid} --seeds 2")).contains("lr=0.001,latents=3"));
    fs::write(scratch.0.join("grid.toml"), "lear = [1]\n").unwrap();
    assert!(scratch.fails(grid).contains("in grid.toml: there is no setting `lear`"));
    // Not even the list of so many runs is made.
    assert!(scratch.fails(&format!("{RUN} --seeds 1e9")).contains("from 1 to 1000"));
}
