//! `aleator fmt`: files in their canonical form.

use std::path::Path;

use aleator::files::write_atomically;
use aleator::language::{self, Loading};

use crate::arguments::Fmt;
use crate::failure::{Failure, Outcome};
use crate::output::{print, print_raw};
use crate::text::Text;

pub fn run(arguments: &Fmt) -> Outcome {
    let mut changed = Vec::new();
    let mut formatted = |file: &Path| -> Outcome {
        let text = Text::read_file(file)?;
        let Ok(formatted) = language::format(&text.text) else {
            return Err(mistakes(&text));
        };
        let same = formatted == text.text;
        match &text.path {
            _ if arguments.check => changed.extend((!same).then(|| text.name.clone())),
            None => print_raw(&formatted)?,
            Some(path) if !same => write_atomically(path, formatted.as_bytes())
                .map_err(|e| Failure::input(format!("cannot write `{}`: {e}", text.name)))?,
            Some(_) => {}
        }
        Ok(())
    };
    let outcomes: Vec<Outcome> = arguments.files.iter().map(|file| formatted(file)).collect();
    Failure::of_all(outcomes)?;
    if changed.is_empty() {
        return Ok(());
    }
    print(&changed.join("\n"))?;
    let count = changed.len();
    let files = if count == 1 { "1 file is".to_owned() } else { format!("{count} files are") };
    Err(Failure::check(format!("error: {files} not formatted; `aleator fmt` without --check does it")))
}

/// The mistakes because of which a text cannot be parsed, or the first if they are of another kind.
fn mistakes(text: &Text) -> Failure {
    let all = language::diagnose(&text.text, &Loading::default());
    let parsed = language::parse(&text.text).err();
    match parsed {
        Some(first) if !all.contains(&first) => Failure::at(&text.name, &text.text, &first),
        _ => Failure::at_all(&text.name, &text.text, &all),
    }
}
