//! Files that nobody means well with: loading them neither panics nor takes long.
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::loading::EXAMPLES;
use super::values_of_functions::{CASES, GIVEN};
use crate::language::load;

#[test]
fn long_and_deep_texts_load_quickly() {
    let started = Instant::now();
    let terms = vec!["t"; 50_000].join(" + ");
    let numbers = vec!["1.5"; 50_000].join(", ");
    let chain: String = (1..5_000).map(|i| format!("x{i} = x{} * 2\n", i - 1)).collect();
    let constants: String = (1..20_000)
        .map(|i| format!("const c{i} = c{}[1:] + [c0[0]]\n", i - 1).replace("[1:]", "[:1]"))
        .collect();
    let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
    for (source, loads) in [
        (format!("param t = 0\ncost f = {terms}"), true),
        (format!("const t = [1, 2]\nparam u = {}\ncost f = u", &terms[..3997]), true),
        (format!("const v = [{numbers}]\ncost f = v"), true),
        (format!("param x0 = 0\n{chain}cost f = x4999"), true),
        (format!("const c0 = [0, 1]\n{constants}cost f = c19999"), true),
        (format!("cost f = {deep}"), false),
        (
            "x0 = [1]\n".to_owned()
                + &(1..40).map(|i| format!("x{i} = [x{}]\n", i - 1)).collect::<String>()
                + "cost f = 0",
            false,
        ),
        (
            "const x0 = [1, 2]\n".to_owned()
                + &(1..60).map(|i| format!("x{i} = concat([x{0}, x{0}])\n", i - 1)).collect::<String>()
                + "cost f = 0",
            false,
        ),
    ] {
        let result = load(&source, None, &[]);
        assert_eq!(result.is_ok(), loads, "{} .. {:?}", &source[..40], result.err());
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

/// What words and numbers of valid files are replaced with.
const PIECES: &[&str] = &[
    "x",
    "v",
    "s",
    "k",
    "b",
    "z",
    "c",
    "n",
    "y",
    "phi",
    "theta",
    "0",
    "1",
    "2",
    "-1",
    "0.5",
    "7",
    "1e300",
    "inf",
    "axis",
    "sum",
    "exp",
    "max",
    "logsumexp",
    "softmax",
    "cumsum",
    "argmax",
    "norm",
    "dot",
    "reshape",
    "concat",
    "stack",
    "transpose",
    "broadcast_to",
    "take",
    "len",
    "zeros",
    "one_hot",
    "linspace",
    "where",
    "[]",
    "[1, 2]",
    "[[1, 2], [3, 4]]",
    "x[0]",
    "v[k]",
    "x[:, k]",
    "v[1:1]",
    "x[1:, -1]",
    "zeros([0, 3])",
    "(v @ v)",
    "x @ v",
    "-x",
    "not v",
    "Normal",
    "Categorical",
    "OneHotCategorical",
    "logits",
    "probs",
    "loc",
    "true",
    "reinforce_loo",
    "enumeration",
    "temperature",
    "+",
    "*",
    "@",
    "^",
    "[",
    "]",
    "(",
    ")",
    ",",
    ":",
    "=",
    "~",
    "\n",
];

/// A text as words, numbers and single characters.
fn words(source: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    for character in source.chars() {
        match words.last_mut() {
            Some(last) if is_word(character) && last.ends_with(is_word) => last.push(character),
            _ => words.push(character.to_string()),
        }
    }
    words
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(
        file in 0..EXAMPLES.len() + CASES.len(),
        changes in prop::collection::vec((0.0..1.0, 0..PIECES.len()), 1..4),
    ) {
        let source = match EXAMPLES.get(file) {
            Some(source) => (*source).to_owned(),
            None => {
                let case = CASES[file - EXAMPLES.len()].0;
                format!("{}y = {case}\ncost f = y", GIVEN)
            }
        };
        let mut words = words(&source);
        let replaceable: Vec<usize> = (0..words.len())
            .filter(|&i| words[i].starts_with(char::is_alphanumeric))
            .filter(|&i| !["param", "const", "data", "cost", "via"].contains(&words[i].as_str()))
            .collect();
        for (place, piece) in changes {
            // More often near the end, where the expressions are.
            let place = (f64::sqrt(place) * replaceable.len() as f64) as usize;
            words[replaceable[place]] = PIECES[piece].to_owned();
        }
        let source = words.concat();
        let started = Instant::now();
        if let Err(diagnostic) = load(&source, Some(Path::new("/nowhere")), &[]) {
            let span = diagnostic.span.unwrap_or_else(|| panic!("{source}: {diagnostic:?}"));
            prop_assert!(source.get(span.start..span.end).is_some(), "{source}: {diagnostic:?}");
        }
        prop_assert!(started.elapsed() < Duration::from_secs(10), "{source} took {:?}", started.elapsed());
    }
}
