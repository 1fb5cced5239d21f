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

const DECISION: &str = "param phi : [3] = 0\nparam s = 1\nkept ~ Categorical(logits = phi)\nearly ~ Poisson(2)\nlate ~ Poisson(3)\n\
                        cost f = -min(kept, early) - min(late, s * (3 - kept))\n";

#[test]
fn an_estimator_of_every_site_that_some_cannot_have() {
    let output = on("every", DECISION, &["grad", "--via", "enumeration"]);
    let said = stderr(&output);
    assert!(!output.status.success());
    assert!(
        said.contains("`early` cannot have it (Poisson: its support is not finite), nor `late`"),
        "{said}"
    );
    assert!(said.contains("--via kept=enumeration"), "{said}");
    let none = stderr(&on("none-can", DECISION, &["grad", "--via", "gumbel_softmax(temperature = 0.3)"]));
    assert!(none.contains("lists the estimators of each site"), "{none}");
    let typed = on("typed", DECISION, &["grad", "--via", "kept=enumeration", "--replicates", "10"]);
    assert!(typed.status.success(), "{}", stderr(&typed));
}

#[test]
fn a_pilot_says_what_it_chose_and_chooses_it_again() {
    let run = |test: &str, arguments: &[&str]| {
        let output = on(test, DECISION, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        // The name of the file is another each time.
        text.lines().skip(1).map(|line| line.to_string() + "\n").collect::<String>()
    };
    let grad = |test: &str| run(test, &["grad", "--via", "measured", "--replicates", "50"]);
    let text = grad("pilot");
    assert!(text.contains("chosen by measurement") && text.contains("kept via enumeration: "), "{text}");
    assert_eq!(text, grad("pilot-again"));
    let json = run("pilot-json", &["optimize", "--via", "kept=measured", "--steps", "3", "--json"]);
    assert!(json.contains("\"measured\"") && json.contains("\"price\""), "{json}");
    let compared = run(
        "pilot-compare",
        &["compare", "--via", "measured", "--estimators", "score_function", "--replicates", "50"],
    );
    assert!(compared.contains("kept via enumeration: ") && compared.contains("score_function"), "{compared}");
    for (test, arguments) in [
        ("pilot-list", ["compare", "--estimators", "score_function, measured", "--replicates", "50"]),
        ("pilot-paths", ["optimize", "--compare", "measured,score_function", "--steps", "3"]),
    ] {
        let listed = run(test, &arguments);
        assert!(listed.contains("enumeration") && listed.contains("score_function"), "{listed}");
    }
    let wrong = stderr(&on("pilot-site", DECISION, &["grad", "--via", "kep=measured"]));
    assert!(wrong.contains("there is no site `kep`; did you mean `kept`?"), "{wrong}");
}

#[test]
fn a_fixed_parameter_stays() {
    let run =
        |test: &str, fix: &str| on(test, DECISION, &["optimize", "--fix", fix, "--steps", "20", "--json"]);
    let output = run("fixed", "s");
    let text = String::from_utf8(output.stdout).unwrap();
    let path: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(path["fixed"], serde_json::json!(["s"]));
    assert_eq!(path["parameters"]["s"]["values"][0], 1.0);
    assert_ne!(path["parameters"]["phi"]["values"][0], 0.0);
    let wrong = stderr(&run("fix-unknown", "phii"));
    assert!(wrong.contains("unknown parameter `phii`; did you mean `phi`?"), "{wrong}");
    let all = stderr(&run("fix-all", "s, phi"));
    assert!(all.contains("none is left to change"), "{all}");
}

/// Where a variance may be infinite, its standard error is not believed.
#[test]
fn heavy_tails_are_warned_of() {
    let said = |test: &str, graph: &str, command: &str| {
        stderr(&on(test, graph, &[command, "--replicates", "5000"])).contains("heavy tail")
    };
    for command in ["grad", "compare"] {
        let cauchy = "param m = 2\nz ~ Cauchy(m, 1) via score_function\ncost f = z^2\n";
        assert!(said("heavy", cauchy, command), "{command}");
        assert!(!said("light", "param m = 2\nz ~ Normal(m, 1)\ncost f = z^2\n", command), "{command}");
    }
}

/// A black box that fails is named with its place, and no smaller learning rate is proposed.
#[test]
fn a_black_box_that_fails_has_a_place_and_no_learning_rate() {
    let graph = "param p = 0\nz ~ Normal(p, 1) via score_function\nexternal h(z) -> [] = command(\"aleator-no-such-program\")\ncost f = h(z)\n";
    for command in ["grad", "optimize", "train"] {
        let output = on(&format!("fails-{command}"), graph, &[command, "--allow-commands"]);
        let said = stderr(&output);
        assert!(!output.status.success() && said.contains("black box `h` failed"), "{command}: {said}");
        assert!(said.contains(".scg:3:10") && !said.contains("--lr"), "{command}: {said}");
    }
}

/// `optimize` and `train` say what `grad` says of kinks and jumps in parameters, with their place.
#[test]
fn optimize_and_train_say_what_grad_says_of_kinks_and_jumps() {
    for (test, graph, said) in [
        (
            "abs",
            "param k = 0\nx ~ Normal(0, 1)\ncost f = abs(k) * x^2\n",
            ":3:10: the objective has no derivative",
        ),
        ("norm", "param w = [0, 0]\nx ~ Normal(0, 1)\ncost f = norm(w) + x^2\n", "`norm` has a kink exactly"),
        (
            "argmax",
            "param w = [1, 1]\nx ~ Normal(0, 1)\ncost f = [3, 1][argmax(w)] * x^2\n",
            "`argmax` jumps exactly",
        ),
        (
            "one-hot",
            "param k = 1\nx ~ Normal(0, 1)\ncost f = dot(one_hot(k, 3), [1, 2, 3]) * x^2\n",
            "`one_hot` makes the cost jump as `k` changes",
        ),
        ("biased", "param m = 1\nx ~ Normal(m, 1) via pathwise\ncost f = x > 0\n", ":3:10: a comparison"),
    ] {
        let commands: [&[&str]; 3] = [
            &["grad", "--replicates", "2"],
            &["optimize", "--steps", "1"],
            &["train", "--steps", "1", "--eval-samples", "2"],
        ];
        for command in commands {
            let output = on(&format!("says-{test}"), graph, command);
            assert!(output.status.success(), "{test}, {command:?}: {}", stderr(&output));
            assert!(stderr(&output).contains(said), "{test}, {command:?}: {}", stderr(&output));
        }
    }
    let fine = "param k = 0.3\nx ~ Normal(k, 1)\ncost f = abs(k) + norm(stack([k, x]))\n";
    for command in ["optimize", "train"] {
        let output = on("says-nothing", fine, &[command, "--steps", "1"]);
        assert!(!stderr(&output).contains("warning: "), "{command}: {}", stderr(&output));
    }
}
