//! What `check` and `optimize` say of a graph that is allowed and probably wrong.

use std::fs;
use std::process::{Command, Output};

/// Runs a command on a graph.
fn on(test: &str, graph: &str, arguments: &[&str]) -> Output {
    let file = std::env::temp_dir().join(format!("aleator-warnings-{}-{test}.scg", std::process::id()));
    fs::write(&file, graph).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_aleator"));
    let output = command.arg(arguments[0]).arg(&file).args(&arguments[1..]).output().unwrap();
    fs::remove_file(&file).unwrap();
    output
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn strict_refuses_what_is_idle_or_outside_of_its_domain() {
    for (test, graph, said) in [
        ("unused", "param a = 1\nparam u = 2\nz ~ Normal(a, 1)\ncost f = z^2\n", "the parameter `u`"),
        ("site", "param a = 1\ns ~ Normal(0, 1)\ncost f = a^2\n", "no cost depends on `s`"),
        ("none", "z ~ Normal(0, 1)\ncost f = z^2\n", "there is no parameter"),
        (
            "scale",
            "param a = 1\nparam s = -1\nz ~ Normal(a, s)\ncost f = z^2\n",
            "scale of `z` (Normal) must be positive",
        ),
        ("blind", "param p = 0\nb ~ Poisson(p)\ncost f = b\n", "an outcome of `b` has probability 0"),
        ("jump", "param q = 1\nz ~ Normal(0, 1)\ncost f = where(z > q, 1, 0)\n", ":3:16: a comparison"),
    ] {
        let strict = on(test, graph, &["check", "--strict"]);
        assert_eq!(strict.status.code(), Some(1), "{test}: {}", stderr(&strict));
        assert!(stderr(&strict).contains(said), "{test}: {}", stderr(&strict));
        assert_eq!(on(test, graph, &["check"]).status.code(), Some(0), "{test}");
    }
    let fine = on(
        "fine",
        "param q = 1\nz ~ Normal(0, 1)\ncost f = where(z > q, z - q, 0)\n",
        &["check", "--strict"],
    );
    assert_eq!((fine.status.code(), stderr(&fine)), (Some(0), String::new()));
}

/// Every estimator that `check` lists is one that `grad` takes, and no other is.
#[test]
fn check_lists_what_grad_takes() {
    let graph = "param q = [0.4, 0.1]\nb ~ Bernoulli(logits = q)\ncost f = sum(b)\n";
    let text = String::from_utf8(on("list", graph, &["check"]).stdout).unwrap();
    let listed = text.lines().find_map(|line| line.trim().strip_prefix("can serve")).unwrap();
    let listed: Vec<&str> = listed.split(',').map(str::trim).collect();
    for entry in aleator::estimators::all() {
        let name = entry.properties.name;
        let via = format!("b={name}");
        let grad = on(name, graph, &["grad", "--via", &via, "--replicates", "2"]);
        assert_eq!(grad.status.success(), listed.contains(&name), "{name}: {}", stderr(&grad));
    }
}

#[test]
fn optimize_says_once_what_it_cannot_see() {
    let jump = on(
        "optimize",
        "param q = 1\nz ~ Normal(0, 1)\ncost f = where(z > q, 1, 0)\n",
        &["optimize", "--steps", "3", "--json"],
    );
    assert!(jump.status.success());
    assert_eq!(stderr(&jump).matches("every estimator is biased").count(), 1, "{}", stderr(&jump));
    let blind = on(
        "blind",
        "param p = [0, 0.5]\nb ~ Bernoulli(p)\ncost f = sum(b)\n",
        &["optimize", "--steps", "3", "--json", "--via", "score_function"],
    );
    assert_eq!(
        stderr(&blind).matches("an outcome of `b` has probability 0").count(),
        1,
        "{}",
        stderr(&blind)
    );
    let nan = on(
        "nan",
        "param q = 1\nz ~ Normal(0, 1)\ncost f = stop_gradient(log(-1 - z^2)) + q^2\n",
        &["optimize", "--steps", "3", "--json"],
    );
    assert!(stderr(&nan).contains("at step 0 the objective is NaN"), "{}", stderr(&nan));
}
