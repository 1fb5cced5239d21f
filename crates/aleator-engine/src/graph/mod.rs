//! Graphs of tensor operations.

mod arena;
mod axes;
mod build;
mod composite;
mod expr;
mod external;
pub(crate) mod fold;
mod indexing;
mod law;
mod linear_algebra;
mod op;
mod properties;
mod quantile;
mod reach;
mod rows;
mod shape;
mod simplify;
mod sorting;
mod substitute;

pub use arena::{Graph, InputInfo, Node, NodeId};
pub use axes::{Axes, Axis, FromEnd};
pub(crate) use composite::keep_axes;
pub use expr::{Expr, IntoExpr, concat};
pub use external::{Derivative, External, ExternalFn, PullBack};
pub use law::Law;
pub use op::{Binary, Op, Reduction, TensorData, Unary};
pub use quantile::Quantile;
pub use reach::{NodeSet, ancestors, dependents};
pub(crate) use rows::axes_of_rows;
pub use shape::Shape;
pub use substitute::{Stops, substitute, substitute_with};
