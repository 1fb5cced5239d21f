//! Normalisation: along a row, or over a batch.
//!
//! ```text
//! y = (x − mean) / √(variance + ε) · scale + shift
//! ```
//!
//! Layer normalisation takes mean and variance (divided by n) of the last axis, batch normalisation those of the batch, the last
//! axis but one. There are no running statistics: a batch is normalised by its own. Rows then depend on each other, so
//! behind a batch normalisation the score of one row meets the costs of all.
//!
//! References: `ba2016layer`, `ioffe2015batch`.

use aleator_engine::graph::Expr;

use super::{Init, Parameters, Spec};

const EPSILON: f64 = 1e-5;

/// Normalises along the last axis.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    name: String,
    width: usize,
}

/// Normalises over the last axis but one.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    name: String,
    width: usize,
}

fn specs(name: &str, width: usize) -> Vec<Spec> {
    vec![
        Spec::new(format!("{name}.scale"), [width], Init::Constant(1.0)),
        Spec::new(format!("{name}.shift"), [width], Init::Constant(0.0)),
    ]
}

fn normalized<'g>(name: &str, parameters: &Parameters<'g>, x: Expr<'g>, axis: usize) -> Expr<'g> {
    let centred = x - x.mean_axes(&[axis]).unsqueeze(axis);
    let variance = centred.square().mean_axes(&[axis]).unsqueeze(axis);
    let y = centred / (variance + EPSILON).sqrt();
    y * parameters.get(&format!("{name}.scale")) + parameters.get(&format!("{name}.shift"))
}

impl LayerNorm {
    /// For rows of `width` numbers.
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        LayerNorm { name: name.into(), width }
    }

    /// `name.scale` = 1 and `name.shift` = 0.
    pub fn specs(&self) -> Vec<Spec> {
        specs(&self.name, self.width)
    }

    /// Of `x` with shape `[.., width]`.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        normalized(&self.name, parameters, x, 0)
    }
}

impl BatchNorm {
    /// For rows of `width` numbers.
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        BatchNorm { name: name.into(), width }
    }

    /// `name.scale` = 1 and `name.shift` = 0.
    pub fn specs(&self) -> Vec<Spec> {
        specs(&self.name, self.width)
    }

    /// Of `x` with shape `[.., rows, width]`.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        normalized(&self.name, parameters, x, 1)
    }
}
