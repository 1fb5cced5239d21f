//! The grammar of what can be done with a checkpoint.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::values::{png_file, positive, seconds, seed};

#[derive(Debug, Subcommand)]
pub enum Trained {
    /// Evaluate the parameters of a checkpoint: on other rows or data, with another number of samples
    Evaluate(Evaluate),
    /// Draw samples from the model of a checkpoint
    Sample(Sample),
    /// Write the parameters of a checkpoint to a .safetensors or .npz file
    Export(ExportParameters),
}

/// The checkpoint and its parameters.
#[derive(Debug, Args)]
pub struct Parameters {
    /// The checkpoint, or a directory of checkpoints, of which the newest is used
    pub checkpoint: PathBuf,
    /// Use the last parameters even if the best ones are kept
    #[arg(long)]
    pub last: bool,
}

/// Whether a graph may start programs.
#[derive(Debug, Args)]
pub struct Programs {
    /// Let a graph start the programs of its `external` lines, which can do anything that you can
    #[arg(long)]
    pub allow_commands: bool,
    /// Seconds that a program may take for one answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub external_timeout: Duration,
}

/// The rows to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// Held-out rows
    HeldOut,
    /// Training rows
    Training,
    /// Rows of validation
    Validation,
    /// All rows
    All,
}

#[derive(Debug, Args)]
pub struct Evaluate {
    #[command(flatten)]
    pub parameters: Parameters,
    /// Other data than those of the training run
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub data: Option<String>,
    /// Columns of these data, by name or number [default: those of the training run]
    #[arg(long, value_name = "A,B,..")]
    pub columns: Option<String>,
    /// The rows to evaluate
    #[arg(long, value_enum, default_value = "held-out")]
    pub rows: Which,
    /// Evaluate at most N of these rows, evenly spaced [default: all of them]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub eval_rows: Option<usize>,
    /// K: number of samples for each row; the bound of 5000 samples is close to the log-likelihood [default: that of the run]
    #[arg(long, value_name = "K", value_parser = positive)]
    pub eval_samples: Option<usize>,
    /// Seed of the samples [default: that of the run]
    #[arg(long, value_parser = seed)]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub programs: Programs,
    /// Print one JSON document instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Sample {
    #[command(flatten)]
    pub parameters: Parameters,
    /// File for the samples: .npy, or .npz, which also has room for a graph with several random nodes
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Number of samples
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = positive)]
    pub count: usize,
    /// Values of a graph to sample: random nodes, what is observed, deterministic values and costs [default: the first two]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub values: Vec<String>,
    /// Seed of the samples
    #[arg(long, default_value_t = 0, value_parser = seed)]
    pub seed: u64,
    /// Draw the samples: a .png file (models of images)
    #[arg(long, value_name = "FILE.png", value_parser = png_file)]
    pub pictures: Option<PathBuf>,
    #[command(flatten)]
    pub programs: Programs,
}

#[derive(Debug, Args)]
pub struct ExportParameters {
    #[command(flatten)]
    pub parameters: Parameters,
    /// File for the parameters: .safetensors or .npz
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}
