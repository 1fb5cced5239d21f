//! `aleator export` writes each form, and says what has no translation.

use std::process::{Command, Output};

fn export(arguments: &[&str]) -> Output {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut command = Command::new(env!("CARGO_BIN_EXE_aleator"));
    command.current_dir(examples).arg("export").args(arguments).output().unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = export(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_form_has_the_names_of_the_graph() {
    let json = text(&["toy.scg", "--via", "rebar", "--samples", "2", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["graph"]["format"], "aleator-graph");
    let inputs = document["inputs"].as_array().unwrap();
    let role = |name: &str| inputs.iter().find(|input| input["name"] == name).unwrap()["role"].clone();
    assert_eq!(role("theta"), "param");
    assert_eq!(role("b.coefficient"), "estimator");

    let python = text(&["toy.scg", "--via", "rebar"]);
    assert!(python.contains("def estimate(") && python.contains("\"gradient.theta\": "), "{python}");
    let stablehlo = text(&["toy.scg", "--format", "stablehlo", "--numbers", "f64"]);
    assert!(stablehlo.contains("module @aleator") && stablehlo.contains("f64"), "{stablehlo}");
}

#[test]
fn what_cannot_be_exported_is_an_error_that_says_why() {
    let folder = std::env::temp_dir().join(format!("aleator-export-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("gamma.scg");
    std::fs::write(&file, "param a = 2.0\nz ~ Gamma(a, 1) via score_function\ncost f = z\n").unwrap();
    let file = file.to_str().unwrap();
    let refused = export(&[file, "--format", "stablehlo"]);
    let message = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && message.contains("a draw from Gamma"), "{message}");
    assert!(text(&[file]).contains("draw_gamma(noise, "));
    let refused = export(&["toy.scg", "--via", "pathwise"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("toy.scg:"), "no place in the file");
    std::fs::remove_dir_all(folder).unwrap();
}
