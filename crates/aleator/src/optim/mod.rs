//! Optimisers, learning rates, and the order of minibatches.

mod adam;
mod adamw;
mod radam;
mod rmsprop;
mod row_order;
mod schedule;
mod sgd;
mod update_rule;

use aleator_engine::exec::math::Real;

pub use adam::Adam;
pub use adamw::AdamW;
pub use radam::RAdam;
pub use rmsprop::RmsProp;
pub use row_order::RowOrder;
pub use schedule::{Decay, Schedule};
pub use sgd::Sgd;
pub use update_rule::{Optimizer, StepContext, UpdateRule};

/// The names of the optimisers.
pub const NAMES: [&str; 6] = ["adam", "adamw", "radam", "sgd", "momentum", "rmsprop"];

/// The rule of that name with its default constants (`momentum` is `sgd` with μ = 0.9); `None` for an unknown name.
pub fn rule_by_name<T: Real>(name: &str) -> Option<Box<dyn UpdateRule<T>>> {
    Some(match name {
        "adam" => Box::new(Adam::default()),
        "adamw" => Box::new(AdamW::default()),
        "radam" => Box::new(RAdam::default()),
        "sgd" => Box::new(Sgd::default()),
        "momentum" => Box::new(Sgd { momentum: 0.9 }),
        "rmsprop" => Box::new(RmsProp::default()),
        _ => return None,
    })
}

/// The optimiser of that name for `len` numbers, with a learning rate; `None` for an unknown name.
pub fn by_name(name: &str, len: usize, learning_rate: f64) -> Option<Optimizer> {
    Some(Optimizer::boxed(rule_by_name(name)?, len, learning_rate))
}
