//! Gradient estimators: one file for each estimator of the literature, and the table of all of them.

mod antithetic;
mod arm;
mod arms;
mod baseline_options;
mod coupled_coins;
mod decoupled_straight_through;
mod disarm;
mod doubly_reparameterized;
mod enumeration;
mod gapped_straight_through;
mod generalized_reparameterization;
mod grpo;
mod gumbel_rao;
mod gumbel_softmax;
mod hard_forward;
mod lax;
mod local_expectation;
mod muprop;
mod nvil;
mod pathwise;
mod rebar;
mod reinforce_loo;
mod reinmax;
mod rejection_reparameterization;
mod relax;
mod score_function;
mod sticking_the_landing;
mod straight_through;
mod straight_through_gumbel_softmax;
mod table;
mod vimco;

pub use crate::rewrite::{
    Bias, Estimator, EstimatorOptions, GradientTerm, OptionDefault, OptionError, OptionKind, OptionSpec,
    OptionValue, Properties, SiteInfo, Smoothness, describe,
};
pub use antithetic::{Antithetic, PairedGradient};
pub use arm::Arm;
pub use arms::Arms;
pub use decoupled_straight_through::DecoupledStraightThrough;
pub use disarm::Disarm;
pub use doubly_reparameterized::DoublyReparameterized;
pub use enumeration::Enumeration;
pub(crate) use enumeration::outcome_count;
pub use gapped_straight_through::GappedStraightThrough;
pub use generalized_reparameterization::GeneralizedReparameterization;
pub use grpo::{Grpo, Spread};
pub use gumbel_rao::GumbelRao;
pub use gumbel_softmax::GumbelSoftmax;
pub use lax::Lax;
pub use local_expectation::LocalExpectation;
pub use muprop::MuProp;
pub use nvil::Nvil;
pub use pathwise::Pathwise;
pub use rebar::Rebar;
pub use reinforce_loo::ReinforceLoo;
pub use reinmax::ReinMax;
pub use rejection_reparameterization::RejectionReparameterization;
pub use relax::Relax;
pub use score_function::ScoreFunction;
pub use sticking_the_landing::StickingTheLanding;
pub use straight_through::StraightThrough;
pub use straight_through_gumbel_softmax::StraightThroughGumbelSoftmax;
pub use table::{Entry, all, find};
pub use vimco::{LeaveOneOutMean, Vimco};
