//! Layers: named parameters and the expressions that use them.
//!
//! A layer is a value with a name and sizes. It lists its parameters as [`Spec`]s before anything is allocated, and looks them up
//! by name in [`Parameters`]. Names are paths with dots: `encoder.1.weight`.
//!
//! ```
//! use aleator::nn::{Linear, Parameters, initial};
//! use aleator::graph::Graph;
//!
//! let layer = Linear::new("encoder", 4, 3);
//! let graph = Graph::new();
//! let parameters = Parameters::to_learn(&graph, &initial(&layer.specs(), 0)?);
//! let y = layer.apply(&parameters, graph.data("x", [2, 4], vec![1.0]));
//! assert_eq!(y.shape().to_vec(), [2, 3]);
//! # Ok::<(), aleator::Error>(())
//! ```

mod activation;
mod conv;
mod embedding;
mod gru;
mod init;
mod linear;
mod mlp;
mod norm;
mod parameters;

pub use activation::Activation;
pub use conv::Conv2d;
pub use embedding::Embedding;
pub use gru::GruCell;
#[cfg(feature = "language")]
pub(crate) use init::tensor as initial_tensor;
pub use init::{Init, Spec, Tensor, initial};
pub use linear::Linear;
pub use mlp::Mlp;
pub use norm::{BatchNorm, LayerNorm};
pub use parameters::Parameters;
