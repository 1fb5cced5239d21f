//! Optimisers, and minimising an objective with them.

mod adam;
mod optimize;
mod rmsprop;
mod sgd;

pub use adam::Adam;
pub use optimize::{Optimize, optimize};
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

/// A rule that moves parameters against a gradient. One instance serves one parameter vector.
pub trait Optimizer: Send {
    /// Moves `parameters` by one step along `gradient`, of the same length.
    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]);
}

/// Names of the optimisers.
pub const NAMES: [&str; 3] = ["adam", "sgd", "rmsprop"];

/// The optimiser of that name at a learning rate; `None` for an unknown name.
pub fn by_name(name: &str, learning_rate: f64) -> Option<Box<dyn Optimizer>> {
    match name {
        "adam" => Some(Box::new(Adam::new(learning_rate))),
        "sgd" => Some(Box::new(Sgd::new(learning_rate))),
        "rmsprop" => Some(Box::new(RmsProp::new(learning_rate))),
        _ => None,
    }
}
