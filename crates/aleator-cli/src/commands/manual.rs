//! `aleator completions` and `aleator man`: the grammar of the command line for shells and for readers.

use std::path::Path;

use aleator::{estimators, models, problems};
use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::arguments::Arguments;
use crate::failure::{Failure, Outcome};
use crate::output::{print, print_raw};

/// The grammar with the names that shells offer. Other values are as good as these, so the parser does not know of them.
fn with_names() -> Command {
    let estimators = || estimators::all().iter().map(|entry| entry.properties.name);
    let models = || models::all().iter().map(|entry| entry.name);
    let examples = || problems::all().iter().map(|problem| problem.name);
    let named = |argument: clap::Arg| match argument.get_id().as_str() {
        "via" | "estimators" | "compare" => argument.value_parser(PossibleValuesParser::new(estimators())),
        "model" => argument.value_parser(PossibleValuesParser::new(models())),
        _ => argument,
    };
    let mut command = Arguments::command().mut_subcommands(|command| command.mut_args(named));
    for name in ["explain", "cite"] {
        let known = estimators().chain(models()).chain(examples().filter(|_| name == "explain"));
        let known = PossibleValuesParser::new(known.collect::<Vec<_>>());
        command = command.mut_subcommand(name, |c| c.mut_arg("name", |a| a.value_parser(known)));
    }
    command.mut_subcommand("new", |c| {
        c.mut_arg("name", |a| a.value_parser(PossibleValuesParser::new(examples())))
    })
}

/// Completions of a shell.
pub fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    let mut command = with_names();
    clap_complete::generate(shell, &mut command, "aleator", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == clap_complete::Shell::Fish {
        script.push_str(&positional_names(&command));
    }
    print(&script)
}

/// The names that may stand as positional arguments, which the script for fish has to be told of.
fn positional_names(command: &Command) -> String {
    let mut lines = String::new();
    for command in command.get_subcommands() {
        for argument in command.get_positionals() {
            let names: Vec<String> = match argument.get_id().as_str() {
                // Beside the files of the folder.
                "file" => problems::all().iter().map(|problem| problem.name.to_owned()).collect(),
                _ => argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect(),
            };
            if !names.is_empty() {
                let (command, names) = (command.get_name(), names.join(" "));
                lines.push_str(&format!(
                    "complete -c aleator -n \"__fish_seen_subcommand_from {command}\" -a \"{names}\"\n"
                ));
            }
        }
    }
    lines
}

/// The manual page of the whole on standard output, or a page for each command in a folder.
pub fn pages(folder: Option<&Path>) -> Outcome {
    let page = |command: &Command| -> Result<Vec<u8>, std::io::Error> {
        let mut page = Vec::new();
        Man::new(command.clone()).render(&mut page)?;
        Ok(page)
    };
    let mut command = Arguments::command();
    command.build();
    let Some(folder) = folder else {
        let page = page(&command).map_err(Failure::input)?;
        return print_raw(&String::from_utf8_lossy(&page));
    };
    let write = |name: &str, command: &Command| {
        let path = folder.join(format!("{name}.1"));
        page(command)
            .and_then(|page| std::fs::write(&path, page))
            .map_err(|e| Failure::input(format!("cannot write `{}`: {e}", path.display())))
    };
    write("aleator", &command)?;
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("aleator-{}", command.get_name());
        write(&name, command)?;
    }
    Ok(())
}
