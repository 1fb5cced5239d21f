//! The grammar of the command line.

mod train;
mod trained;
mod values;

use std::any::TypeId;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aleator::diagnostics::ExactAnswer;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use train::Train;
pub use trained::{Evaluate, ExportParameters, Parameters, Programs, Sample, Trained, Which};
use values::{
    certificate_file, count, page_file, parameter_file, plot_file, positive, seconds, seed, seeds, threads,
};

/// Gradients of expectations: write a computation with random nodes, and get its gradient by any estimator, with its bias,
/// variance and computational cost.
#[derive(Debug, Parser)]
#[command(name = "aleator", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// Number of threads; results have the same bits for any number [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub threads: Option<u16>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Parse, type-check and lint a graph; list its sites and the estimators that support them
    Check(Check),
    /// Draw a graph: squares are deterministic, circles stochastic, diamonds costs
    Graph(Draw),
    /// Estimate the gradient with standard errors, and compute the exact gradient where possible
    Grad(Grad),
    /// Estimate second derivatives with standard errors: the Hessian, or its product with a vector
    Hessian(Hessian),
    /// Compare all applicable estimators: bias, variance, time
    Compare(Compare),
    /// Prove or certify that the mean of an estimate is the gradient, or refute it
    Certify(Certify),
    /// Minimise the objective by stochastic gradient steps
    Optimize(Optimize),
    /// Train a graph of your own or a built-in model; evaluate, sample from and export what was trained
    Train(Box<Train>),
    /// Write the estimate as a program: Python for JAX, StableHLO text, or JSON
    Export(Export),
    /// Time the parts of one estimate and compare them with the limits of the machine
    Bench(Bench),
    /// List the estimators, distributions, functions, models and problems
    List(List),
    /// Describe an estimator, distribution, function, model or problem: for estimators the formula and when to choose them, for
    /// models the options
    Explain { name: String },
    /// Print the BibTeX entries for an estimator, a model or a key
    Cite { name: String },
    /// Write .scg files in their canonical form; comments stay
    Fmt(Fmt),
    /// Write an example of the gallery (`aleator list problems`) into the current folder
    New {
        /// The name of the example
        name: String,
    },
    /// Serve an editor with the Language Server Protocol on standard input and output
    Lsp,
    /// Print completions for a shell on standard output
    Completions { shell: clap_complete::Shell },
    /// Print the manual page, or write one for each command into a folder
    Man {
        /// Write aleator.1, aleator-check.1 and so on into this folder
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

/// The graph and the values that replace parts of it.
#[derive(Debug, Args)]
pub struct Source {
    /// The graph: a .scg file, `-` for standard input, or the name of an example (`aleator list problems`)
    pub file: PathBuf,
    /// Replace the value of a parameter or constant: theta=0.7 or 'phi=[0.1, 0.2]'
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Number of rows of data of shape [batch, ..] [default: all of them]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub batch: Option<usize>,
    /// Let the graph start the programs of its `external` lines, which can do anything that you can
    #[arg(long)]
    pub allow_commands: bool,
    /// Seconds that a program may take for one answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub external_timeout: Duration,
}

#[derive(Debug, Args)]
pub struct Fmt {
    /// The files; `-` formats standard input to standard output
    #[arg(required = true, value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// Change nothing; list the files that are not formatted, and exit with status 1 if there are any
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub source: Source,
    /// Exit with status 1 if there are warnings
    #[arg(long)]
    pub strict: bool,
    /// Print one JSON document instead of text; mistakes have their ranges and suggested replacements
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Svg,
    Dot,
    Mermaid,
}

impl Format {
    /// The format to write: the requested one, or the one that the name of the output implies.
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
    /// Output format [default: according to the name of the output, otherwise svg]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Output file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How estimates are computed.
#[derive(Debug, Args)]
pub struct Sampling {
    /// K: number of samples averaged in one estimate [default: the smallest that the estimators accept]
    #[arg(long, value_name = "K", value_parser = positive)]
    pub samples: Option<usize>,
    /// Seed of all random numbers
    #[arg(long, default_value_t = 0, value_parser = seed)]
    pub seed: u64,
    /// Print one JSON document instead of text
    #[arg(long)]
    pub json: bool,
}

/// Whether to compute the exact answer.
#[derive(Debug, Args)]
pub struct Exact {
    /// Whether to compute the exact objective and gradient; `auto` gives up after 2 seconds and says so
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
    /// Estimator of a site (b=rebar, 'b=gumbel_softmax(temperature=0.3)') or of every site (rebar); `measured` is the one with the
    /// smallest variance × operations in a pilot with noise of its own
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Tune the estimators' own parameters (coefficients, temperatures, networks, baselines) for N steps first, on different
    /// noise
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = count)]
    pub tune: usize,
    /// R: number of independent estimates from which mean, standard error and variance are computed
    #[arg(long, value_name = "R", default_value_t = 1000, value_parser = positive)]
    pub replicates: usize,
    #[command(flatten)]
    pub exact: Exact,
    /// Exit with status 1 if the mean of a coordinate is more than 5 standard errors from the exact gradient
    #[arg(long)]
    pub assert_unbiased: bool,
}

#[derive(Debug, Args)]
pub struct Hessian {
    #[command(flatten)]
    pub source: Source,
    /// Estimator of a site (b=score_function) or of every site (reinforce_loo): one that has second derivatives
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// R: number of independent estimates from which mean and standard error are computed
    #[arg(long, value_name = "R", default_value_t = 1000, value_parser = positive)]
    pub replicates: usize,
    /// Compute the product of the Hessian with a vector: theta=1 or 'W=[1, 0, 2]'; parameters that are not named have zeros
    #[arg(long, value_name = "NAME=NUMBERS")]
    pub vector: Vec<String>,
    #[command(flatten)]
    pub exact: Exact,
}

#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    pub source: Source,
    /// Estimators to compare, separated by commas; `measured` is the choice of a pilot
    #[arg(long, value_name = "all|A,B,..", default_value = "all")]
    pub estimators: String,
    /// Fix the estimator of a site (b=rebar, or b=measured by a pilot); the rows differ in the estimators of the other sites.
    /// `measured` alone adds a row with the plan that a pilot chooses
    #[arg(long, value_name = "SITE=ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Tune the estimators' own parameters (coefficients, temperatures, networks, baselines) for N steps first, on different
    /// noise
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = count)]
    pub tune: usize,
    #[command(flatten)]
    pub exact: Exact,
    /// R: number of independent estimates for each estimator
    #[arg(long, value_name = "R", default_value_t = 1000, value_parser = positive)]
    pub replicates: usize,
    /// Plot variances and biases: a .svg or .png file
    #[arg(long, value_name = "FILE", value_parser = plot_file)]
    pub plot: Option<PathBuf>,
    /// Write a report with table, figures, graph and formulas: one .html file
    #[arg(long, value_name = "FILE", value_parser = page_file)]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(mut_arg("file", |file| {
    file.required(false)
        .required_unless_present_any(["catalogue", "check"])
        .default_value_if("catalogue", "true", "-")
        .default_value_if("check", clap::builder::ArgPredicate::IsPresent, "-")
}))]
pub struct Certify {
    #[command(flatten)]
    pub source: Source,
    /// Estimator to certify at every site that it supports (rebar), or the estimator of a site (b=rebar) [default: all that are
    /// unbiased and fit]
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Probability that chance alone refutes anything, over all estimators, coordinates and looks together
    #[arg(long, value_name = "P", default_value_t = 1e-6)]
    pub confidence: f64,
    /// Largest bias of a sampled estimate, relative to the scale of the gradient
    #[arg(long, value_name = "X", default_value_t = 0.01)]
    pub bias_bound: f64,
    /// Time for all estimators together
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub budget: Duration,
    /// Largest number of sampled estimates for each estimator [default: as many as the budget allows]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub replicates: Option<usize>,
    /// Write a report with all coordinates, graph and formulas: one .html file; with --catalogue also a .md file
    #[arg(long, value_name = "FILE", value_parser = certificate_file)]
    pub report: Option<PathBuf>,
    /// Certify all estimators on all distributions, topologies and regimes of the library instead of a file; budgets are counts, so that
    /// verdicts do not depend on time
    #[arg(long, conflicts_with_all = ["file", "via", "samples", "set", "batch", "bias_bound", "budget", "replicates"])]
    pub catalogue: bool,
    /// Certify again what the certificate in a JSON file (of --json) says, and exit with status 1 if anything differs
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["file", "via", "samples", "set", "batch", "bias_bound", "confidence", "seed", "replicates", "report", "json", "catalogue"])]
    pub check: Option<PathBuf>,
    /// With --catalogue: the short table, in less than three minutes
    #[arg(long, requires = "catalogue", conflicts_with_all = ["file", "check"])]
    pub quick: bool,
}

#[derive(Debug, Args)]
pub struct Optimize {
    #[command(flatten)]
    pub source: Source,
    /// Estimator of a site (b=rebar) or of every site (rebar); `measured` is chosen by a pilot
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Number of gradient steps
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = count)]
    pub steps: usize,
    /// Learning rate
    #[arg(long, value_name = "X", default_value_t = 0.01)]
    pub lr: f64,
    /// Optimiser
    #[arg(long, value_parser = aleator::optim::NAMES, default_value = "adam")]
    pub optimizer: String,
    /// Parameters that keep their initial values, separated by commas
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub fix: Vec<String>,
    /// Tune the estimators' own parameters for N steps before the first step, on different noise; they are tuned on the way in any
    /// case
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub tune: usize,
    /// Run once with each of these estimators, separated by commas, at every site that it supports; `measured` is the choice of a pilot
    #[arg(long, value_name = "A,B,..", conflicts_with = "save")]
    pub compare: Option<String>,
    /// Run with this many seeds, from --seed on; figures show the mean and a band of one standard deviation
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seeds)]
    pub seeds: usize,
    /// Begin with the parameters of this file: .safetensors, or .json as --save or --json wrote it
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Write the final parameters: a .safetensors or .json file
    #[arg(long, value_name = "FILE", value_parser = parameter_file)]
    pub save: Option<PathBuf>,
    /// Plot the optimisation path: a .svg or .png file
    #[arg(long, value_name = "FILE", value_parser = plot_file)]
    pub plot: Option<PathBuf>,
    /// Write a report with table, figures, graph and formulas: one .html file
    #[arg(long, value_name = "FILE", value_parser = page_file)]
    pub report: Option<PathBuf>,
}

/// The number format of a program.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Numbers {
    F32,
    F64,
}

#[derive(Debug, Args)]
pub struct Bench {
    #[command(flatten)]
    pub source: Source,
    /// Estimator of a site (b=rebar) or of every site (rebar); `measured` is chosen by a pilot
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    #[command(flatten)]
    pub sampling: Sampling,
    /// Number of independent estimates that one run computes in parallel [default: one, without an axis for it]
    #[arg(long, value_name = "R", value_parser = positive)]
    pub replicates: Option<usize>,
    /// Number format
    #[arg(long, value_enum, default_value = "f64")]
    pub numbers: Numbers,
}

/// The form of an exported program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// The graph, with names, initial values and updates
    Json,
    /// A Python file that needs JAX and nothing else
    Jax,
    /// Text that XLA compiles
    Stablehlo,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    pub source: Source,
    /// Form of the program
    #[arg(long, value_enum, default_value = "jax")]
    pub format: ExportFormat,
    /// Estimator of a site (b=rebar) or of every site (rebar); `measured` is chosen by a pilot
    #[arg(long, value_name = "[SITE=]ESTIMATOR")]
    pub via: Vec<String>,
    /// K: number of samples averaged in one estimate [default: the smallest that the estimators accept]
    #[arg(long, value_name = "K", value_parser = positive)]
    pub samples: Option<usize>,
    /// Number of independent estimates that one run computes in parallel [default: one, without an axis for it]
    #[arg(long, value_name = "R", value_parser = positive)]
    pub replicates: Option<usize>,
    /// Number format of StableHLO text; the other forms leave it open
    #[arg(long, value_enum, default_value = "f32")]
    pub numbers: Numbers,
    /// Output file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct List {
    /// Part of the catalogue [default: all of it]
    #[arg(value_parser = ["estimators", "distributions", "functions", "models", "problems"])]
    pub what: Option<String>,
}

/// The grammar. Every option that takes a value accepts a negative number, so that the error message can say which values are
/// allowed.
pub fn grammar(command: clap::Command) -> clap::Command {
    let valued = |arg: clap::Arg| match arg.get_action().takes_values() {
        // A number such as -1e-3 or -inf, too.
        true if arg.get_value_parser().type_id() == TypeId::of::<f64>() => arg.allow_hyphen_values(true),
        true => arg.allow_negative_numbers(true),
        false => arg,
    };
    let nested = move |command: clap::Command| command.mut_args(valued);
    command.mut_args(valued).mut_subcommands(move |command| command.mut_args(valued).mut_subcommands(nested))
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
