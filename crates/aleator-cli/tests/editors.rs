//! The files of the extension for Visual Studio Code fit each other and the language.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors/vscode")
}

fn read(file: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_extension_names_files_that_exist() {
    let package = read("package.json");
    let contributes = &package["contributes"];
    let language = &contributes["languages"][0];
    assert_eq!(language["extensions"][0], ".scg");
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    for file in [&package["main"], &language["configuration"], &contributes["grammars"][0]["path"]] {
        assert!(folder().join(file.as_str().unwrap()).is_file(), "{file}");
    }
    assert_eq!(read("language-configuration.json")["comments"]["lineComment"], "#");
}

/// Every pattern that is included is in the repository, and every word of the language in a pattern.
#[test]
fn the_grammar_knows_the_words_of_the_language() {
    let grammar = read("syntaxes/scg.tmLanguage.json");
    let repository = grammar["repository"].as_object().unwrap();
    let mut included: Vec<&str> = grammar["patterns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pattern| pattern["include"].as_str().unwrap().trim_start_matches('#'))
        .collect();
    let mut defined: Vec<&str> = repository.keys().map(String::as_str).collect();
    included.sort_unstable();
    defined.sort_unstable();
    assert_eq!(included, defined);

    let patterns = grammar["repository"].to_string();
    for word in
        "param const data cost reward external observe via and or not true false file command".split(' ')
    {
        let known = ["(", "|"].iter().any(|before| {
            [")", "|"].iter().any(|after| patterns.contains(&format!("{before}{word}{after}")))
        });
        assert!(known, "{word}");
        // The word is one of the language: it cannot be a name, or it begins a statement.
        let text = format!("{word} = 1\ncost f = 1");
        let begins = ["reward", "external", "observe", "command"].contains(&word);
        assert_eq!(aleator::language::parse(&text).is_ok(), begins, "{word}");
    }
    for name in aleator::language::CONSTANTS {
        assert!(patterns.contains(&format!("|{name}")), "{name}");
    }
}
