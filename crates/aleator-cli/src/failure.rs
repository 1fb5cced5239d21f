//! How a command ends when it does not end well.

use std::io::IsTerminal;

use aleator::language::{Diagnostic, SettingNote, Span};
use aleator_cli::report::{message as printable, render_diagnostic};
use clap::CommandFactory;

use crate::arguments::Arguments;

/// What goes to standard error, and the exit status.
#[derive(Debug)]
pub struct Failure {
    /// The whole message.
    pub message: String,
    /// 1: the command's own check failed; 2: bad usage or bad input.
    pub status: u8,
}

/// The end of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// Bad usage or input without a place in a file.
    pub fn input(message: impl std::fmt::Display) -> Self {
        Failure { message: printable(&format!("error: {message}")), status: 2 }
    }

    /// The same from the library's training, whose settings are the options of a command: `name = value` is `--name value` here.
    pub fn training(error: impl std::fmt::Display) -> Self {
        Failure::input(with_flags(&error.to_string(), &flags_of("train")))
    }

    /// The command's own check failed.
    pub fn check(message: impl Into<String>) -> Self {
        Failure { message: printable(&message.into()), status: 1 }
    }

    /// Several things done whatever became of the others: all messages, and the status of the last failure.
    pub fn of_all(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
        let joined = |first: Failure, last: Failure| Failure {
            message: format!("{}\n{}", first.message.trim_end(), last.message),
            ..last
        };
        outcomes.into_iter().filter_map(Result::err).reduce(joined).map_or(Ok(()), Err)
    }

    /// Something wrong at a place of a file.
    pub fn at(file: &str, source: &str, diagnostic: &Diagnostic) -> Self {
        let span = diagnostic.span.map(|Span { start, end }| (start, end));
        let (of_setting, or_set) = match &diagnostic.setting {
            Some(SettingNote::Wrong(name)) => (format!("--set {name}: "), None),
            Some(SettingNote::Missing(name)) => (String::new(), Some(format!("pass --set {name}=.."))),
            None => (String::new(), None),
        };
        let help = [diagnostic.help.clone(), or_set].into_iter().flatten().collect::<Vec<_>>().join(", or ");
        let message = render_diagnostic(
            file,
            source,
            &format!("{of_setting}{}", diagnostic.message),
            span,
            diagnostic.label.as_deref(),
            Some(&*help).filter(|help| !help.is_empty()),
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        );
        Failure { message, status: 2 }
    }
}

/// The long options of a command.
fn flags_of(command: &str) -> Vec<String> {
    let grammar = Arguments::command();
    let options = grammar.find_subcommand(command).into_iter().flat_map(clap::Command::get_arguments);
    options.filter_map(|option| option.get_long().map(str::to_owned)).collect()
}

/// A message of the library, with the settings in it as the options that they are: `` `lr` `` becomes `--lr`, `` `lr = 1` `` becomes
/// `--lr 1`.
fn with_flags(message: &str, flags: &[String]) -> String {
    let pieces: Vec<&str> = message.split('`').collect();
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        let quoted = i % 2 == 1 && i + 1 < pieces.len();
        let (name, value) =
            piece.split_once(" = ").map_or((*piece, None), |(name, value)| (name, Some(value)));
        match (quoted, flags.iter().any(|flag| flag == name), value) {
            (true, true, None) => out.push_str(&format!("--{name}")),
            (true, true, Some(value)) => out.push_str(&format!("--{name} {value}")),
            (true, false, _) => out.push_str(&format!("`{piece}`")),
            (false, ..) if i % 2 == 1 => out.push_str(&format!("`{piece}")),
            (false, ..) => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_library_are_options_here() {
        let flags = flags_of("train");
        for (message, expected) in [
            ("try a smaller `lr`", "try a smaller --lr"),
            ("`seed = 0` there, `seed = 1` here", "--seed 0 there, --seed 1 here"),
            ("without `data-seed` there", "without --data-seed there"),
            (
                "`objective = iwae` `importance-samples = 5` there",
                "--objective iwae --importance-samples 5 there",
            ),
            ("go on with `resume = a b`, or not", "go on with --resume a b, or not"),
            ("there is no model `foo`; did you mean `lr", "there is no model `foo`; did you mean `lr"),
            ("`prior.logits` (element 3) is NaN", "`prior.logits` (element 3) is NaN"),
        ] {
            assert_eq!(with_flags(message, &flags), expected);
        }
    }
}
