//! Texts that nobody means well with: no panic, no overflow of a small stack, no long wait.
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::language::{
    self, DEEPEST_NESTING, Diagnostic, File, LONGEST_SOURCE, check_names, parse, parse_estimator, parse_set,
    parse_via,
};

const FILES: &[&str] = &[
    "# REBAR's toy problem\nparam theta = 0.0\nb ~ Bernoulli(logits = theta) via rebar(temperature = 0.5)\ncost loss = (b - 0.45)^2\n",
    "param W : [3, 2] = 0.1 # fills\r\nparam phi = [0.2, -0.4, 1.0]\r\nh ~ Bernoulli(logits = phi)[7]\r\ny ~ Normal(h @ W, 0.5) via pathwise\r\ncost energy = sum((y - [1, -1])^2)\r\n",
    "data x : [10, 2] = file(\"x.npy\")\ndata y : [2] = [1.5e-3, .5]\nconst c = pi\nz = where(x[:, 0:1] < c and not x == 2, -x[1:]^2, inf)\nk ~ Categorical(probs = [0.5, 0.5]) via score_function(baseline = moving_average, decay = 0.95)\ncost f = sum(z, axis = -1) + k\n",
];

const PIECES: &[&str] = &[
    "param",
    "const",
    "data",
    "cost",
    "via",
    "file",
    "and",
    "or",
    "not",
    "true",
    "false",
    "x",
    "theta",
    "Normal",
    "sum",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "~",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "**",
    "/",
    "@",
    "^",
    ".",
    "\n",
    "\r",
    "\r\n",
    "\"",
    "\"a\"",
    "#",
    "1",
    "1.5e-3",
    "1.2.3",
    "9e999",
    "3abc",
    "99999999999999999999",
    "θ",
    "²",
    "−",
    "\u{feff}",
    "\u{200b}",
    "\u{a0}",
    "\0",
    "\u{7f}",
    "😀",
    " ",
    "\t",
    "%",
    "1e",
    "_",
];

/// Reads a text in every way, and checks what must be true of any answer.
fn read(source: &str) -> Result<File, Diagnostic> {
    let started = Instant::now();
    let result = parse(source);
    if let Ok(file) = &result {
        for statement in &file.statements {
            assert!(source.get(statement.span.start..statement.span.end).is_some());
        }
        for (id, node) in file.expressions.iter() {
            assert!(source.get(node.span.start..node.span.end).is_some());
            node.expr.for_each_part(|part| assert!(part < id));
        }
        check_diagnostic(source, check_names(source, file).err());
    }
    check_diagnostic(source, result.as_ref().err().cloned());
    check_diagnostic(source, parse_via(source).err());
    check_diagnostic(source, parse_set(source).err());
    check_diagnostic(source, parse_estimator(source).err());
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{} bytes took {:?}",
        source.len(),
        started.elapsed()
    );
    result
}

fn check_diagnostic(source: &str, diagnostic: Option<Diagnostic>) {
    let Some(diagnostic) = diagnostic else { return };
    let Some(span) = diagnostic.span else {
        assert!(source.len() > LONGEST_SOURCE, "{diagnostic:?}");
        return;
    };
    assert!(source.get(span.start..span.end).is_some(), "{diagnostic:?}");
    diagnostic.place(source).unwrap();
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let total = diagnostic.message.len() + length(&diagnostic.label) + length(&diagnostic.help);
    assert!(total < 5000, "a message of {total} bytes");
}

/// Runs on a thread with half a megabyte of stack.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn nesting_is_limited_with_an_error_that_says_so() {
    on_a_small_stack(|| {
        // With the number of levels that one repetition adds.
        for (opening, middle, closing, levels) in [
            ("(", "1", ")", 1),
            ("[", "1", "]", 1),
            ("-", "1", "", 1),
            ("not ", "1", "", 1),
            ("2^", "1", "", 1),
            ("2^-", "1", "", 2),
            ("f(", "1", ")", 1),
            ("f(a = ", "1", ")", 1),
            ("x[", "1", "]", 1),
            ("x[:", "1", "]", 1),
            ("1 or 1 and 1 < 1 + 1 * -1 ^ (", "1", ")", 3),
            ("1 or 1 and not 1 < 1 + 1 * -1 ^ f([x[1:(", "1", ")]])", 7),
        ] {
            for count in [1000, 20_000] {
                for closings in [0, count] {
                    let nested = format!("{}{middle}{}", opening.repeat(count), closing.repeat(closings));
                    let source = format!("param t = 0\ncost f = {nested}\n");
                    let diagnostic = read(&source).unwrap_err();
                    assert!(diagnostic.message.contains("nest"), "{opening}: {diagnostic:?}");
                    assert!(parse_set(&format!("x={nested}")).unwrap_err().message.contains("nest"));
                    assert!(parse_via(&format!("b=rebar(x={nested})")).unwrap_err().message.contains("nest"));
                }
            }
            let count = DEEPEST_NESTING / levels;
            let source = format!("cost f = {}{middle}{}", opening.repeat(count), closing.repeat(count));
            let file =
                parse(&source).unwrap_or_else(|diagnostic| panic!("{count} of {opening}: {diagnostic:?}"));
            let printed = file.expressions.print(file.expressions.iter().last().unwrap().0);
            assert!(!printed.is_empty());
        }
    });
}

#[test]
fn unbalanced_and_repeated_pieces_are_read_quickly() {
    on_a_small_stack(|| {
        for piece in PIECES {
            for separator in ["", " ", "\n"] {
                let repeated = format!("{piece}{separator}").repeat(20_000);
                let _ = read(&repeated);
                let _ = read(&format!("cost f = {repeated}"));
                let _ = read(&format!("x = (\n{repeated}"));
            }
        }
        for long in ["a", "9", "θ", "#", "\"", " ", ".", "1e", "\r", "é1"] {
            let _ = read(&format!("x = {}", long.repeat((4 << 20) / long.len())));
            let _ = read(&format!("x = \"{}", long.repeat((1 << 20) / long.len())));
        }
    });
}

#[test]
fn long_chains_need_no_stack() {
    on_a_small_stack(|| {
        for chain in ["+ 1", "* x", "- 1 * 2", "and x", "or x", "< 1 and 2", "[0]"] {
            let source = format!("x = 0\ncost f = x {}", format!("{chain} ").repeat(200_000));
            let file = read(&source).unwrap();
            let language::StatementKind::Cost { value, .. } = file.statements[1].kind else { panic!() };
            assert!(file.expressions.print(value).len() >= 600_000);
            assert!(file.expressions.walk(value).count() >= 200_000);
        }
        let many: String = (0..50_000).map(|i| format!("x{i} = {i}\n")).collect();
        let file = read(&many).unwrap();
        assert!(check_names(&many, &file).unwrap_err().message.contains("cost"));
        assert!(
            check_names(&format!("{many}cost f = y1"), &parse(&format!("{many}cost f = y1")).unwrap())
                .is_err()
        );
    });
}

#[test]
fn the_files_of_the_fuzzer_are_good() {
    for source in FILES {
        let file = read(source).unwrap();
        assert_eq!(check_names(source, &file), Ok(()));
    }
}

/// One way to spoil a text.
#[derive(Debug, Clone)]
enum Mutation {
    Delete(usize, usize),
    Insert(usize, &'static str),
    InsertChar(usize, char),
    Duplicate(usize, usize, usize),
    Swap(usize, usize),
    Truncate(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<usize>();
    prop_oneof![
        (place, 1..8usize).prop_map(|(at, length)| Mutation::Delete(at, length)),
        (place, proptest::sample::select(PIECES)).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (place, any::<char>()).prop_map(|(at, character)| Mutation::InsertChar(at, character)),
        (place, 1..40usize, 1..60usize)
            .prop_map(|(at, length, times)| Mutation::Duplicate(at, length, times)),
        (place, place).prop_map(|(one, other)| Mutation::Swap(one, other)),
        place.prop_map(Mutation::Truncate),
    ]
}

/// Applies a mutation to a text taken apart into words, signs and spaces.
fn mutate(words: &mut Vec<String>, mutation: &Mutation) {
    let length = words.len();
    match *mutation {
        Mutation::Insert(at, piece) => words.insert(at % (length + 1), piece.to_owned()),
        Mutation::InsertChar(at, character) => words.insert(at % (length + 1), character.to_string()),
        _ if length == 0 => {}
        Mutation::Delete(at, count) => drop(words.drain(at % length..(at % length + count).min(length))),
        Mutation::Duplicate(at, count, times) => {
            let start = at % length;
            let piece = words[start..(start + count).min(length)].concat();
            // Duplicates of duplicates grow exponentially.
            if piece.len() * times < 100_000 {
                words.insert(start, piece.repeat(times));
            }
        }
        Mutation::Swap(one, other) => words.swap(one % length, other % length),
        Mutation::Truncate(at) => words.truncate(at % length),
    }
}

/// Runs of letters and digits, and every other character by itself.
fn words(source: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in source.chars() {
        match words.last_mut() {
            Some(word) if character.is_alphanumeric() && word.chars().all(char::is_alphanumeric) => {
                word.push(character)
            }
            _ => words.push(character.to_string()),
        }
    }
    words
}

/// A valid expression as text.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(|x| language::number_text(if x.is_finite() { x.abs() } else { 1.0 })),
        proptest::sample::select(&["x", "y1", "pi", "true", "[]"][..]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(8, 60, 4, |inner| {
        let operators = &[
            "or", "and", "<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "/", "@", "^", "+", "-", "*", "^",
        ][..];
        prop_oneof![
            (inner.clone(), proptest::sample::select(operators), inner.clone(), any::<bool>(), any::<bool>())
                .prop_map(|(a, operator, b, left, right)| {
                    let group = |text: String, group: bool| if group { format!("({text})") } else { text };
                    format!("{} {operator} {}", group(a, left), group(b, right))
                }),
            inner.clone().prop_map(|a| format!("-{a}")),
            inner.clone().prop_map(|a| format!("(not {a})")),
            inner.clone().prop_map(|a| format!("({a})")),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("f({})", list.join(", "))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("f({a}, axis = {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a})[{b}, :, {c}:, :{b}]")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spoilt_files_do_no_harm(which in 0..FILES.len(), mutations in proptest::collection::vec(mutation(), 1..12)) {
        let mut words = words(FILES[which]);
        for mutation in &mutations {
            mutate(&mut words, mutation);
        }
        let _ = read(&words.concat());
    }

    #[test]
    fn heaps_of_pieces_do_no_harm(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        let _ = read(&pieces.concat());
        let _ = read(&pieces.join(" "));
        let _ = read(&format!("cost f = {}", pieces.join(" ")));
    }

    #[test]
    fn any_text_does_no_harm(text in "\\PC*") {
        let _ = read(&text);
    }

    #[test]
    fn printing_and_parsing_are_inverse(text in expression()) {
        let Ok(file) = parse(&format!("cost f = {text}")) else {
            // Chained comparisons come up.
            return Ok(());
        };
        let print = |file: &File| file.expressions.print(file.expressions.iter().last().unwrap().0);
        let printed = print(&file);
        let again = parse(&format!("cost f = {printed}")).unwrap();
        prop_assert_eq!(&printed, &print(&again));
        let operations = |file: &File| file.expressions.iter().map(|(_, node)| shape(&node.expr)).collect::<Vec<_>>();
        prop_assert_eq!(operations(&file), operations(&again), "{}", printed);
    }
}

/// An expression without the places in it: with equal ids of parts, equal trees.
fn shape(expr: &language::Expr) -> String {
    let mut parts = Vec::new();
    expr.for_each_part(|part| parts.push(part.index()));
    match expr {
        language::Expr::Number(number) => format!("{number:?}"),
        language::Expr::Name(name) => name.clone(),
        language::Expr::Truth(truth) => truth.to_string(),
        language::Expr::Unary { operator, .. } => format!("{operator:?} {parts:?}"),
        language::Expr::Binary { operator, .. } => format!("{operator:?} {parts:?}"),
        language::Expr::Call(call) => {
            let names: Vec<_> =
                call.arguments.iter().map(|a| a.name.as_ref().map(|name| &name.text)).collect();
            format!("{} {names:?} {parts:?}", call.function.text)
        }
        language::Expr::List(_) => format!("list {parts:?}"),
        language::Expr::Index { indices, .. } => {
            let kinds = indices.iter().map(|index| match index {
                language::Index::At(_) => "at ".to_owned(),
                language::Index::Slice { start, end, .. } => {
                    format!("{}:{} ", start.is_some(), end.is_some())
                }
            });
            format!("index {} {parts:?}", kinds.collect::<String>())
        }
    }
}
