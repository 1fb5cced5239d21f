//! Any text is read or refused: `cargo +nightly fuzz run parse`.
#![no_main]

use aleator::language::{check_names, parse, parse_estimator, parse_set, parse_via};

libfuzzer_sys::fuzz_target!(|source: &str| {
    if let Ok(file) = parse(source) {
        let _ = check_names(source, &file);
        for (id, _) in file.expressions.iter() {
            let _ = file.expressions[id].span.text(source);
        }
        if let Some((last, _)) = file.expressions.iter().last() {
            let _ = file.expressions.print(last);
        }
    }
    let _ = (
        parse_via(source),
        parse_set(source),
        parse_estimator(source),
    );
});
