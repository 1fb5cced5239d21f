//! What helps to write graphs: several mistakes at once, JSON, standard input, examples by name, `fmt`, `new`, completions, manuals.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A folder of its own that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aleator-tools-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_aleator"))
            .args(arguments)
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read may be gone.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn mistakes_are_reported_together_and_as_json() {
    let folder = Folder::new("mistakes");
    folder.file("toy.scg", "param a = 0.1\nparam b = undefined_name\nz ~ Normall(a, 1)\ncost f = z + b\n");
    let output = folder.run(&["check", "toy.scg"], "");
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("toy.scg:2:11: ") && told.contains("toy.scg:3:5: "), "{told}");
    assert_eq!(told.matches("error: ").count(), 2, "a consequence is reported: {told}");

    let output = folder.run(&["check", "toy.scg", "--json"], "");
    assert_eq!(output.status.code(), Some(2));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = document["diagnostics"].as_array().unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1]["range"]["start"], serde_json::json!({ "line": 3, "column": 5, "offset": 43 }));
    assert_eq!(found[1]["suggestions"][0]["text"], "Normal");
    assert_eq!(found[1]["suggestions"][0]["range"], found[1]["range"]);

    folder.file("q.scg", "param q = 1\nz ~ Normal(0, 1)\ncost f = where(z > q, 1, 0)\n");
    let output = folder.run(&["check", "q.scg", "--json"], "");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["sites"][0]["name"], "z");
    assert_eq!(document["parameters"][0]["shape"], serde_json::json!([]));
    assert_eq!(document["diagnostics"][0]["severity"], "warning");
    assert_eq!(document["diagnostics"][0]["range"]["start"]["line"], 3);
    assert_eq!(folder.run(&["check", "q.scg", "--json", "--strict"], "").status.code(), Some(1));
}

#[test]
fn a_graph_comes_from_standard_input_or_the_gallery() {
    let folder = Folder::new("sources");
    folder.file("x.csv", "1\n2\n");
    let graph = "data x : [2] = file(\"x.csv\")\nparam t = 1\ncost f = sum(x) * t\n";
    let output = folder.run(&["check", "-"], graph);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("stdin: 1 parameter"));
    let output = folder.run(&["check", "-"], "cost f = $");
    assert!(text(&output.stderr).contains("stdin:1:10: "), "{}", text(&output.stderr));
    let output = folder.run(&["grad", "toy", "--replicates", "10", "--json"], "");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["file"], "toy.scg");
    // A file of the same name takes precedence.
    folder.file("toy", "param t = 1\ncost f = t\n");
    assert!(text(&folder.run(&["check", "toy"], "").stdout).contains("0 sites"));

    for (file, remedy) in [
        ("q.sgc", "`aleator list problems`"),
        ("two_layer", "did you mean the example `two_layers`?"),
        ("nowhere/q.scg", "there is no directory nowhere"),
    ] {
        let output = folder.run(&["check", file], "");
        assert_eq!(output.status.code(), Some(2));
        let told = text(&output.stderr);
        assert!(told.contains("there is no such file") && told.contains(remedy), "{file}: {told}");
    }
    folder.file("mine.scg", "cost f = 1\n");
    let told = folder.run(&["check", "mien.scg"], "");
    assert!(
        text(&told.stderr).contains("did you mean `mien.scg`?")
            || text(&told.stderr).contains("did you mean `mine.scg`?")
    );
}

#[test]
fn files_are_formatted_and_checked() {
    let folder = Folder::new("fmt");
    let ugly = "param t=0.5   # start\ncost f=( t-1) ^2\n";
    let good = "param t = 0.5  # start\ncost f = (t - 1)^2\n";
    let (a, b) = (folder.file("a.scg", ugly), folder.file("b.scg", good));
    let check = folder.run(&["fmt", "--check", "a.scg", "b.scg"], "");
    assert_eq!((check.status.code(), text(&check.stdout)), (Some(1), "a.scg\n"));
    assert_eq!(fs::read_to_string(&a).unwrap(), ugly);
    assert_eq!(folder.run(&["fmt", "a.scg", "b.scg"], "").status.code(), Some(0));
    assert_eq!(
        (fs::read_to_string(&a).unwrap(), fs::read_to_string(&b).unwrap()),
        (good.into(), good.into())
    );
    assert_eq!(folder.run(&["fmt", "--check", "a.scg", "b.scg"], "").status.code(), Some(0));
    let piped = folder.run(&["fmt", "-"], ugly);
    assert_eq!((piped.status.code(), text(&piped.stdout)), (Some(0), good));

    // A broken file stays as it is, and the others are formatted.
    let broken = folder.file("broken.scg", "x = (\n");
    fs::write(&a, ugly).unwrap();
    let output = folder.run(&["fmt", "broken.scg", "a.scg", "none.scg"], "");
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("broken.scg:1:5: ") && told.contains("none.scg"), "{told}");
    assert_eq!(
        (fs::read_to_string(&broken).unwrap().as_str(), fs::read_to_string(&a).unwrap().as_str()),
        ("x = (\n", good)
    );
}

#[test]
fn an_example_becomes_a_file_that_is_never_overwritten() {
    let folder = Folder::new("new");
    assert_eq!(folder.run(&["new", "toy"], "").status.code(), Some(0));
    let path = folder.0.join("toy.scg");
    assert_eq!(fs::read_to_string(&path).unwrap(), aleator::problems::find("toy").unwrap().source);
    fs::write(&path, "mine").unwrap();
    let again = folder.run(&["new", "toy"], "");
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("is not overwritten"), "{}", text(&again.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    for name in ["toyy", "../toy", "/etc/passwd", ""] {
        let output = folder.run(&["new", name], "");
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn every_example_is_formatted() {
    for problem in aleator::problems::all() {
        assert_eq!(aleator::language::format(problem.source).unwrap(), problem.source, "{}", problem.name);
    }
}

#[test]
fn shells_and_readers_learn_the_commands() {
    let folder = Folder::new("manual");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = folder.run(&["completions", shell], "");
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        assert!(script.contains("lsp"), "{shell} does not know the commands");
        // The scripts for the other shells have no values.
        for word in ["reinforce_loo", "two_layers", "sbn"] {
            let valued = ["bash", "zsh", "fish"].contains(&shell);
            assert!(!valued || script.contains(word), "{shell} does not know {word}");
        }
    }
    let page = folder.run(&["man"], "");
    assert!(text(&page.stdout).contains(".TH aleator 1"), "{}", text(&page.stdout));
    assert_eq!(folder.run(&["man", "."], "").status.code(), Some(0));
    for page in ["aleator.1", "aleator-compare.1", "aleator-lsp.1"] {
        assert!(Path::new(&folder.0.join(page)).is_file(), "{page}");
    }
    let page = fs::read_to_string(folder.0.join("aleator-check.1")).unwrap();
    assert!(page.contains("aleator\\-check") && page.contains("\\-\\-strict"), "{page}");
    assert_eq!(folder.run(&["man", "nowhere"], "").status.code(), Some(2));
}

/// `certify` exits with 0, 1 and 3, and its JSON says what was certified.
#[test]
fn certificates_have_a_status_and_name_their_graph() {
    let folder = Folder::new("certify");
    let text = "param theta = 0.3\nb ~ Bernoulli(logits = theta)\ncost loss = (b - 0.45)^2\n";
    folder.file("toy.scg", text);
    folder.file("cauchy.scg", "param m = 2\nz ~ Cauchy(m, 1)\ncost f = z^2\n");
    let certify = |arguments: &[&str]| folder.run(&[&["certify"], arguments].concat(), "");
    let proved = certify(&["toy.scg", "--via", "rebar", "--json"]);
    assert_eq!(proved.status.code(), Some(0), "{proved:?}");
    let json: Value = serde_json::from_slice(&proved.stdout).unwrap();
    assert_eq!((&json["verdict"], &json["graph"]), (&"proved".into(), &text.into()));
    assert_eq!(json["graph_sha256"].as_str().map(str::len), Some(64));
    // A certificate can be checked, and one that was changed does not hold.
    let written = String::from_utf8(proved.stdout).unwrap();
    let recorded = folder.file("toy.json", &written);
    assert_eq!(certify(&["--check", "toy.json"]).status.code(), Some(0), "{recorded:?}");
    for (from, to, message) in [
        ("\"verdict\": \"proved\"", "\"verdict\": \"refuted\"", "proved and not refuted"),
        ("0.45", "0.46", "text of its graph was changed"),
    ] {
        folder.file("changed.json", &written.replace(from, to));
        let refused = certify(&["--check", "changed.json"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && said.contains(message), "{said}");
    }
    for arguments in
        [&["--check", "toy.scg"][..], &["--check", "toy.json", "--seed", "1"], &["--quick", "toy.scg"]]
    {
        assert_eq!(certify(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let refuted = certify(&["toy.scg", "--via", "straight_through", "--report", "page.html"]);
    assert_eq!(refuted.status.code(), Some(1), "{refuted:?}");
    assert!(fs::read_to_string(folder.0.join("page.html")).unwrap().contains("straight_through"));
    let undecided = certify(&["cauchy.scg", "--replicates", "4096"]);
    assert_eq!(undecided.status.code(), Some(3), "{undecided:?}");
    for (arguments, message) in [
        (&["--confidence", "0"][..], "between 0 and 1"),
        (&["--bias-bound", "nan"], "positive and finite"),
        (&["--via", "measured"], "estimators with names"),
    ] {
        let refused = certify(&[&["toy.scg"], arguments].concat());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains(message), "{said}");
    }
}

/// `hessian` has the head of `grad`, blocks for each pair of parameters, exact values, and says where they are biased.
#[test]
fn second_derivatives_are_reported() {
    let folder = Folder::new("hessian");
    folder.file("square.scg", "param m = 0.7\nparam s = [1.3, 0.4]\nz ~ Normal(m, s)\ncost f = z^2\n");
    folder.file("kink.scg", "param t = 0.3\nz ~ Normal(0, 1)\ncost f = abs(z - t)\n");
    folder.file("kinked.scg", "param m = 0.3\nz ~ Normal(m, 1)\ncost f = abs(z)\n");
    let hessian = |arguments: &[&str]| folder.run(&[&["hessian"], arguments].concat(), "");
    let json = |arguments: &[&str]| {
        let ran = hessian(&[arguments, &["--json"]].concat());
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        (serde_json::from_slice::<Value>(&ran.stdout).unwrap(), said)
    };
    let (whole, _) = json(&["square.scg"]);
    assert_eq!((&whole["samples"], &whole["replicates"]), (&1.into(), &1000.into()));
    // ∂²E z² = 2 for each mean and scale, and there are two draws.
    let block = |a: &str, b: &str| whole["hessian"][a][b].clone();
    assert_eq!(block("m", "m")["exact"][0].as_f64().map(|x| (x - 4.0).abs() < 1e-9), Some(true));
    assert_eq!(block("s", "s")["shape"], serde_json::json!([2, 2]));
    let exact: Vec<f64> = serde_json::from_value(block("s", "s")["exact"].clone()).unwrap();
    assert!(exact.iter().zip([2.0, 0.0, 0.0, 2.0]).all(|(a, b)| (a - b).abs() < 1e-9), "{exact:?}");
    let (product, _) = json(&["square.scg", "--vector", "s=[1, -3]"]);
    let exact: Vec<f64> = serde_json::from_value(product["product"]["s"]["exact"].clone()).unwrap();
    assert!(exact.iter().zip([2.0, -6.0]).all(|(a, b)| (a - b).abs() < 1e-9), "{exact:?}");
    // A kink that moves with a parameter leaves no unbiased estimate, and one that does not leaves the score.
    let (moving, said) = json(&["kink.scg"]);
    assert!(moving["unbiased"] == false && said.contains("biased"), "{said}");
    let (kinked, _) = json(&["kinked.scg"]);
    assert_eq!((&kinked["unbiased"], &kinked["plan"]["z"]), (&true.into(), &"reinforce_loo".into()));
    let (through, _) = json(&["kinked.scg", "--via", "pathwise"]);
    assert_eq!(through["unbiased"], false);
    for (arguments, message) in [
        (&["--via", "nvil"][..], "no proof"),
        (&["--via", "measured"], "name an estimator"),
        (&["--vector", "q=1"], "unknown parameter"),
        (&["--vector", "s=1"], "the parameter has 2"),
        (&["--vector", "s"], "NAME=NUMBERS"),
        (&["--vector", "s=[nan, 1]"], "is NaN"),
    ] {
        let refused = hessian(&[&["square.scg"], arguments].concat());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains(message), "{said}");
    }
}
