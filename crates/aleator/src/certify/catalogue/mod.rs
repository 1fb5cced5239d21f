//! The table of every estimator × distribution × topology × regime.
//!
//! Everything is driven by the tables of estimators and distributions, so that a new row there is certified without a line here. For
//! each distribution and each of its parameterisations there are graphs of several topologies at ordinary parameters, and a graph at
//! each extreme parameter. On each graph, every estimator that declares that it is unbiased there is certified.
//!
//! | file | contents |
//! |---|---|
//! | `regimes` | ordinary and extreme parameters, by the names and constraints of a parameterisation |
//! | `problems` | the graphs |
//! | `run` | certifying them all |

mod problems;
mod regimes;
mod run;

pub use self::run::{Catalogue, CatalogueEntry, Counts, IdentityCounts, certify_catalogue};
