//! The command line's grammar.

mod train;
mod values;

use std::any::TypeId;
use std::path::{Path, PathBuf};

use aleator::diagnostics::ExactAnswer;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use train::Train;
use values::{plot_file, positive, seed};

/// Gradients of expectations: write a computation with random nodes, get its gradient by any estimator, with its bias,
/// variance and price.
#[derive(Debug, Parser)]
#[command(name = "aleator", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// Threads to use; results are the same bits for any number [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Parse, type and lint a graph; list its sites and what can serve them
    Check(Check),
    /// Draw a graph: squares deterministic, circles stochastic, diamonds costs
    Graph(Draw),
    /// Estimate the gradient, with standard errors, beside the exact one where it can be had
    Grad(Grad),
    /// Every applicable estimator side by side: bias, variance, time
    Compare(Compare),
    /// Minimise the objective by stochastic gradient steps
    Optimize(Optimize),
    /// Train a built-in model with random layers on real data
    Train(Box<Train>),
    /// Time one estimate, part by part, beside what the machine can do
    Bench(Bench),
    /// The catalogue of estimators, distributions, functions and problems
    List(List),
    /// What an estimator, distribution, function, model or problem is; of estimators the formula and when to choose it, of models
    /// the options
    Explain { name: String },
    /// The BibTeX entries behind an estimator, a model or a key
    Cite { name: String },
    /// Completions for a shell, on standard output
    Completions { shell: clap_complete::Shell },
}

/// The graph and what replaces parts of it.
#[derive(Debug, Args)]
pub struct Source {
    /// The graph, a .scg file
    pub file: PathBuf,
    /// Replace a parameter's or constant's value: theta=0.7 or 'phi=[0.1, 0.2]'
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub source: Source,
    /// Exit with status 1 if there is anything to warn about
    #[arg(long)]
    pub strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Svg,
    Dot,
    Mermaid,
}

impl Format {
    /// What to write: what was asked for, or what the output's name says.
    pub fn of(asked: Option<Format>, output: Option<&Path>) -> Result<Format, String> {
        let Some(output) = output else { return Ok(asked.unwrap_or(Format::Svg)) };
        let extension = output.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let named = match &*extension {
            "svg" => Some(Format::Svg),
            "dot" | "gv" => Some(Format::Dot),
            "mmd" | "mermaid" | "md" => Some(Format::Mermaid),
            _ => None,
        };
        let picture = matches!(&*extension, "png" | "jpg" | "jpeg" | "gif" | "webp" | "pdf" | "ps" | "eps");
        match (asked, named) {
            (Some(asked), Some(named)) if asked == named => Ok(asked),
            (Some(asked), None) if !picture => Ok(asked),
            (None, Some(named)) => Ok(named),
            (None, None) if extension.is_empty() => Ok(Format::Svg),
            _ => Err("its name should end in .svg, .dot or .mmd, and --format, where it is given, should say the same; from \
                      an SVG other programs make a PNG"
                .into()),
        }
    }
}

#[derive(Debug, Args)]
pub struct Draw {
    #[command(flatten)]
    pub source: Source,
    /// What to write [default: what the name of the output says, else svg]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Where to write it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How estimates are made.
#[derive(Debug, Args)]
pub struct Sampling {
    /// K: samples averaged in one estimate [default: the fewest that the estimators accept]
    #[arg(long, value_name = "K", value_parser = positive)]
    pub samples: Option<usize>,
    /// Seed of all noise
    #[arg(long, default_value_t = 0, value_parser = seed)]
    pub seed: u64,
    /// Print one JSON document instead of text
    #[arg(long)]
    pub json: bool,
}

/// Whether the exact answer is looked for.
#[derive(Debug, Args)]
pub struct Exact {
    /// Whether to look for the exact objective and gradient; `auto` gives up after 2 seconds and says so
    #[arg(long, value_enum, value_name = "no|auto", default_value = "auto")]
    pub exact: When,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum When {
    No,
    Auto,
}

impl Exact {
    pub fn wanted(&self) -> ExactAnswer {
        match self.exact {
            When::No => ExactAnswer::No,
            When::Auto => ExactAnswer::Auto,
        }
    }
}

#[derive(Debug, Args)]
pub struct Grad {
    #[command(flatten)]
    pub source: Source,
    /// Estimator of a site (b=rebar, 'b=gumbel_softmax(temperature=0.3)') or of every site (rebar)
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Tune the estimators' own parameters (coefficients, temperatures, networks, baselines) by N steps before, on other noise
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub tune: usize,
    /// R: independent estimates from which mean, standard error and variance are computed
    #[arg(long, value_name = "R", default_value_t = 1000, value_parser = positive)]
    pub replicates: usize,
    #[command(flatten)]
    pub exact: Exact,
    /// Exit with status 1 if a coordinate's mean is more than 5 standard errors from the exact gradient
    #[arg(long)]
    pub assert_unbiased: bool,
}

#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    pub source: Source,
    /// Estimators to compare, separated by commas
    #[arg(long, value_name = "all|A,B,..", default_value = "all")]
    pub estimators: String,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Tune the estimators' own parameters (coefficients, temperatures, networks, baselines) by N steps before, on other noise
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub tune: usize,
    #[command(flatten)]
    pub exact: Exact,
    /// R: independent estimates of each estimator
    #[arg(long, value_name = "R", default_value_t = 1000, value_parser = positive)]
    pub replicates: usize,
    /// Draw variances and biases: a .svg or .png file
    #[arg(long, value_name = "FILE", value_parser = plot_file)]
    pub plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Optimize {
    #[command(flatten)]
    pub source: Source,
    /// Estimator of a site (b=rebar) or of every site (rebar)
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Number of gradient steps
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub steps: usize,
    /// Learning rate
    #[arg(long, value_name = "X", default_value_t = 0.01)]
    pub lr: f64,
    /// Rule of the steps
    #[arg(long, value_parser = aleator::optim::NAMES, default_value = "adam")]
    pub optimizer: String,
    /// Draw the path: a .svg or .png file
    #[arg(long, value_name = "FILE", value_parser = plot_file)]
    pub plot: Option<PathBuf>,
}

/// The type of all numbers of a program.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Numbers {
    F32,
    F64,
}

#[derive(Debug, Args)]
pub struct Bench {
    #[command(flatten)]
    pub source: Source,
    /// Estimator of a site (b=rebar) or of every site (rebar)
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Independent estimates that one run computes side by side [default: one, without an axis for it]
    #[arg(long, value_name = "R", value_parser = positive)]
    pub replicates: Option<usize>,
    /// The type of all numbers
    #[arg(long, value_enum, default_value = "f64")]
    pub numbers: Numbers,
}

#[derive(Debug, Args)]
pub struct List {
    /// Which part of the catalogue [default: all of it]
    #[arg(value_parser = ["estimators", "distributions", "functions", "models", "problems"])]
    pub what: Option<String>,
}

/// The grammar, in which a negative number is a value of every option that takes one: what it may be is then said in words.
pub fn grammar(command: clap::Command) -> clap::Command {
    let valued = |arg: clap::Arg| match arg.get_action().takes_values() {
        // A number such as -1e-3 or -inf, too.
        true if arg.get_value_parser().type_id() == TypeId::of::<f64>() => arg.allow_hyphen_values(true),
        true => arg.allow_negative_numbers(true),
        false => arg,
    };
    command.mut_args(valued).mut_subcommands(move |command| command.mut_args(valued))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_drawing_says_its_format() {
        let of = |asked, name: &str| Format::of(asked, Some(Path::new(name)));
        assert_eq!(of(None, "a.svg"), Ok(Format::Svg));
        assert_eq!(of(None, "a.DOT"), Ok(Format::Dot));
        assert_eq!(of(None, "a.mmd"), Ok(Format::Mermaid));
        assert_eq!(of(None, "a"), Ok(Format::Svg));
        assert_eq!(of(Some(Format::Dot), "a.txt"), Ok(Format::Dot));
        assert_eq!(Format::of(None, None), Ok(Format::Svg));
        for (asked, name) in
            [(None, "a.png"), (Some(Format::Svg), "a.png"), (None, "g.scg"), (Some(Format::Svg), "a.dot")]
        {
            assert!(of(asked, name).is_err_and(|reason| reason.contains(".svg")), "{name}");
        }
    }
}
