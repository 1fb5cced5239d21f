//! Training models with random layers on real data: configuration, the loop, checkpoints, metrics.
//!
//! ```
//! use std::ops::ControlFlow;
//! use std::sync::Arc;
//!
//! use aleator::data::{Binarization, Dataset};
//! use aleator::models::Sbn;
//! use aleator::train::{TrainConfig, train};
//!
//! # fn main() -> aleator::Result<()> {
//! let digits = Arc::new(Dataset::load("digits", Binarization::Threshold, 0)?);
//! let model = Arc::new(Sbn::new(digits.train.mean(), 8));
//! let config = TrainConfig { steps: 60, ..TrainConfig::new(model, digits) };
//! let report = train(&config, &|_| ControlFlow::Continue(()))?;
//! assert!(report.history.last().unwrap().elbo > report.history[0].elbo);
//! # Ok(())
//! # }
//! ```

mod accuracy;
mod batches;
mod best;
mod bits;
mod checkpoint;
mod classes;
mod comparison;
mod config;
mod configure;
mod evaluate;
mod evaluation;
mod graph_evaluation;
mod judge;
mod measured;
mod metrics;
mod moments;
mod own_graph;
mod pictures;
mod places;
mod recipe;
mod report;
mod run;
mod sample;
mod scg;
mod setting;
mod settings;
mod starts;
mod store;
mod streams;
mod subject;
mod sweep;
mod tensorboard;
mod trainer;
mod update;
mod warnings;
mod write_rows;
mod written;

pub use checkpoint::{Checkpoint, Header, safetensors_bytes};
pub use comparison::{
    Comparison, Variant, by_measurement, of_estimators, of_seeds, runs_in, train_compare, train_variants,
};
pub use config::TrainConfig;
pub use evaluate::{Evaluate, EvaluationReport, Restored, RowsToEvaluate, evaluate};
pub use evaluation::{Evaluation, EvaluationResult};
pub use measured::EstimatorChoice;
pub use own_graph::{BuildGraph, Column, OwnGraph, RowsOf, rows_of};
pub use pictures::grey_levels;
pub use places::place_of;
pub use recipe::Recipe;
pub use report::{
    BestStep, GradientStatistics, HeldOut, HistoryPoint, JudgedBy, JudgedOn, Pictures, Progress, Starts,
    TrainReport, Trained,
};
pub use run::{Watch, train, train_and_see};
pub use sample::{Samples, sample};
pub use scg::{Source, is_file};
pub use setting::{Effect, Given, Part, SETTINGS, Setting, Value};
pub use settings::Settings;
pub use subject::Subject;
pub use sweep::{Point, sweep};
pub use trainer::Trainer;
