//! How a command ends when it does not end well.

use std::io::IsTerminal;

use crate::flags::with_flags;
use aleator::language::{Diagnostic, SettingNote, Span};
use aleator_cli::report::{message as printable, render_diagnostic};

/// What goes to standard error, and the exit status.
#[derive(Debug)]
pub struct Failure {
    /// The whole message.
    pub message: String,
    /// 1: the command's own check failed; 2: bad usage or bad input; 3: the command could not decide.
    pub status: u8,
}

/// The end of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

/// The remedy for a mistake; where a setting is another one, as the option of a command.
pub fn help_of(diagnostic: &Diagnostic) -> Option<String> {
    let or_set = match diagnostic.setting.as_deref() {
        Some(SettingNote::Missing(name)) => Some(format!("pass --set {name}=..")),
        Some(SettingNote::Wrong(_)) | None => None,
    };
    [diagnostic.help.clone(), or_set].into_iter().flatten().reduce(|help, or| format!("{help}, or {or}"))
}

impl Failure {
    /// Bad usage or input without a place in a file.
    pub fn input(message: impl std::fmt::Display) -> Self {
        Failure { message: printable(&format!("error: {message}")), status: 2 }
    }

    /// The same from the library's training, whose settings are the options of a command: `name = value` is `--name value` here.
    pub fn training(error: impl std::fmt::Display) -> Self {
        Failure::input(with_flags(&error.to_string()))
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

    /// Several mistakes of a file, one after another.
    pub fn at_all(file: &str, source: &str, diagnostics: &[Diagnostic]) -> Self {
        let messages = diagnostics.iter().map(|d| Failure::at(file, source, d).message);
        Failure { message: messages.collect::<Vec<_>>().join("\n"), status: 2 }
    }

    /// Something wrong at a place of a file.
    pub fn at(file: &str, source: &str, diagnostic: &Diagnostic) -> Self {
        let span = diagnostic.span.map(|Span { start, end }| (start, end));
        let of_setting = match diagnostic.setting.as_deref() {
            Some(SettingNote::Wrong(name)) => format!("--set {name}: "),
            Some(SettingNote::Missing(_)) | None => String::new(),
        };
        let message = render_diagnostic(
            file,
            source,
            &format!("{of_setting}{}", diagnostic.message),
            span,
            diagnostic.label.as_deref(),
            help_of(diagnostic).as_deref(),
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        );
        Failure { message, status: 2 }
    }
}
