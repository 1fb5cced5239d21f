//! The rewriting of a graph and a plan into a surrogate: a deterministic graph of the objective's estimate and its gradient.
//!
//! | files | contents |
//! |---|---|
//! | `estimator`, `properties`, `options`, `term` | what an estimator is, what a table says of it, its options, its terms |
//! | `site`, `site_value`, `site_axes`, `site_state`, `site_net`, `net_dimensions`, `outcomes`, `other_outcomes` | a site as an estimator sees it |
//! | `cone`, `cone_stack`, `cone_bound` | the nodes downstream of a site, as an estimator uses them |
//! | `surrogate`, `rewriter`, `environment`, `derivatives` | the rewriting, step by step |
//! | `any_order`, `first_derivatives` | second derivatives, and what must not jump for them |
//! | `estimator_state`, `graph_state` | what is kept from run to run |
//! | `portable` | the surrogate as data with names |
//! | `checks`, `audit` | what a run looks at besides the estimate |

mod alternatives;
mod any_order;
mod audit;
mod checks;
mod choice;
mod cone;
mod cone_bound;
mod cone_stack;
mod derivatives;
mod environment;
mod estimator;
mod estimator_state;
mod first_derivatives;
mod graph_state;
mod net_dimensions;
mod one_hot;
mod options;
mod other_outcomes;
mod outcomes;
mod portable;
mod properties;
mod rewriter;
mod site;
mod site_axes;
mod site_net;
mod site_state;
mod site_value;
mod surrogate;
mod term;

pub use crate::analysis::SiteInfo;
pub use aleator_engine::export::Float;
pub use alternatives::MOST_ALTERNATIVES;
pub use any_order::{AnyOrder, SecondDerivatives};
pub use audit::{Audit, DrawnSite};
pub use checks::DomainCheck;
pub use cone::{Cone, DownstreamSites};
pub use estimator::{Estimator, describe};
pub use estimator_state::{EstimatorParam, Owner, StateUpdate, Tuning};
pub(crate) use first_derivatives::with_first_derivatives;
pub(crate) use options::CheckedOptions;
pub use options::{EstimatorOptions, OptionDefault, OptionError, OptionKind, OptionSpec, OptionValue};
pub(crate) use outcomes::direction;
pub use portable::{InputRole, InputUpdate, PortableSurrogate, SurrogateInput};
pub use properties::{Bias, Properties, Smoothness};
pub use site::Site;
pub use site_value::SiteValue;
pub(crate) use surrogate::{Extras, rewrite};
pub use surrogate::{Layout, Surrogate, build, build_with_second_derivatives};
pub use term::GradientTerm;
