//! Graphs of tensor operations.

mod arena;
mod composite;
mod expr;
pub(crate) mod fold;
mod law;
mod op;
mod shape;
mod substitute;

pub use arena::{Graph, InputInfo, Node, NodeId};
pub(crate) use composite::keep_axes;
pub use expr::{Expr, IntoExpr, concat};
pub use law::Law;
pub use op::{Binary, External, ExternalFn, Op, Reduction, TensorData, Unary};
pub use shape::Shape;
pub use substitute::{Stops, ancestors, dependents, substitute, substitute_with};
