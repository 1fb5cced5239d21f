//! The grammar of `train`: its settings are those of the library, which describes each once.

use std::path::PathBuf;
use std::time::Duration;

use aleator::train::{Given, SETTINGS, Setting, Value};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

use super::trained::Trained;
use super::values::{Counts, counts, page_file, plot_file, png_file, positive, seconds, seed, seeds};
use crate::flags::{is_flag, with_flags};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Train {
    #[command(subcommand)]
    pub trained: Option<Trained>,
    /// The model (`aleator list models` lists them), or a graph: a .scg file, an example (`aleator list problems`), or - for standard
    /// input [default: the config's]
    pub model: Option<String>,
    /// Read settings from a TOML file; the command line takes precedence
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub flags: Flags,
    /// Let a graph start the programs of its `external` lines, which can do anything that you can
    #[arg(long, display_order = order("set") + 1)]
    pub allow_commands: bool,
    /// Seconds that a program may take for one answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds, display_order = order("set") + 2)]
    pub external_timeout: Duration,
    /// Train once with each of these estimators, separated by commas, with the same initial weights, batches and noise; each
    /// estimator has its own directory of checkpoints
    #[arg(long, value_name = "A,B,..", conflicts_with_all = ["estimator", "pictures"], display_order = order("estimator") + 1)]
    pub compare: Option<String>,
    /// Train N times, with seeds from --seed on; report mean and spread
    #[arg(long, value_name = "N", value_parser = seeds, conflicts_with = "pictures", display_order = order("seed") + 1)]
    pub seeds: Option<usize>,
    /// Train once for each point of a grid of settings: a TOML file with lists of values, such as lr = [1e-3, 1e-2]
    #[arg(long, value_name = "FILE.toml", conflicts_with_all = ["compare", "pictures"], display_order = order("estimator") + 2)]
    pub sweep: Option<PathBuf>,
    /// Continue from a checkpoint, or from the newest in a directory (with --compare, of each run in it), with the same bits as
    /// an uninterrupted run; settings are read from the checkpoint unless given here
    #[arg(long, value_name = "FILE|DIR", display_order = order("checkpoint-every") + 1)]
    pub resume: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, display_order = last())]
    pub json: bool,
    /// Plot bounds and gradient variance against steps and time: a .svg or .png file
    #[arg(long, value_name = "FILE", value_parser = plot_file, display_order = last() + 1)]
    pub plot: Option<PathBuf>,
    /// Write a report with the table, the curves, the graph and the command: one HTML file
    #[arg(long, value_name = "FILE.html", value_parser = page_file, display_order = last() + 3)]
    pub report: Option<PathBuf>,
    /// Draw held-out images, their reconstructions and samples: a .png file (models and data of images)
    #[arg(long, value_name = "FILE.png", value_parser = png_file, display_order = last() + 2)]
    pub pictures: Option<PathBuf>,
}

/// The settings after which the options `allow-commands`, `external-timeout`, `compare`, `sweep`, `seeds` and `resume`, which are not
/// settings, are shown.
const FOLLOWED: [&str; 6] = ["set", "set", "estimator", "estimator", "seed", "checkpoint-every"];

/// The position at which a setting is shown.
fn order(name: &str) -> usize {
    let place =
        |name: &str| SETTINGS.iter().position(|setting| setting.name == name).unwrap_or(SETTINGS.len());
    // The model is not an option; `--config` takes its position.
    place(name) + FOLLOWED.iter().filter(|before| place(before) < place(name)).count()
}

/// The position of the first option after all settings.
fn last() -> usize {
    SETTINGS.len() + FOLLOWED.len()
}

/// The settings that are given as options, with their values.
#[derive(Debug)]
pub struct Flags(pub Vec<(&'static Setting, Given)>);

/// The settings that are options. The model is not among them, because it is a positional argument.
fn settings() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| is_flag(setting.name))
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(settings().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Flags(settings().filter_map(|setting| Some((setting, given(setting, matches)?))).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The option of a setting.
fn flag(setting: &'static Setting) -> Arg {
    let usual =
        if setting.usual.is_empty() { String::new() } else { format!(" [default: {}]", setting.usual) };
    let alias = (setting.name == "standardize").then_some("standardise");
    let arg = Arg::new(setting.name)
        .long(setting.name)
        .aliases(alias)
        .help(with_flags(&format!("{}{usual}", setting.meaning)))
        .display_order(order(setting.name));
    match setting.value {
        Value::Count(place) => arg.value_name(place).value_parser(positive),
        Value::Counts(place) => arg.value_name(place).value_parser(counts),
        Value::Natural(place) => arg.value_name(place).value_parser(value_parser!(usize)),
        Value::Seed => arg.value_name("SEED").value_parser(seed),
        Value::Number(place) => arg.value_name(place).value_parser(value_parser!(f64)),
        Value::Truth => arg.action(ArgAction::SetTrue),
        Value::Word(place, words) => arg.value_name(place).value_parser(PossibleValuesParser::new(words)),
        Value::Text(place) => arg.value_name(place),
        Value::Texts(place) => arg.value_name(place).action(ArgAction::Append),
        Value::Path(place) => arg.value_name(place).value_parser(value_parser!(PathBuf)),
    }
}

/// The value of a setting on the command line, if there is one.
fn given(setting: &Setting, matches: &ArgMatches) -> Option<Given> {
    let whole = || matches.get_one::<usize>(setting.name).map(|&n| Given::Integer(n as u64));
    let text = || matches.get_one::<String>(setting.name).map(|text| Given::Text(text.clone()));
    match setting.value {
        Value::Count(_) | Value::Natural(_) => whole(),
        Value::Counts(_) => {
            matches.get_one::<Counts>(setting.name).map(|counts| Given::Integers(counts.0.clone()))
        }
        Value::Seed => matches.get_one::<u64>(setting.name).map(|&n| Given::Integer(n)),
        Value::Number(_) => matches.get_one::<f64>(setting.name).map(|&x| Given::Number(x)),
        Value::Truth => matches.get_flag(setting.name).then_some(Given::Truth(true)),
        Value::Word(..) | Value::Text(_) => text(),
        Value::Texts(_) => {
            matches.get_many::<String>(setting.name).map(|texts| Given::Texts(texts.cloned().collect()))
        }
        Value::Path(_) => matches.get_one::<PathBuf>(setting.name).map(|path| Given::Path(path.clone())),
    }
}
