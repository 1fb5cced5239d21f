//! A table of vectors, one for each symbol.

use aleator_engine::graph::Expr;

use super::{Init, Parameters, Spec};

/// A vector of `width` numbers for each of `symbols`.
#[derive(Clone, Debug)]
pub struct Embedding {
    name: String,
    symbols: usize,
    width: usize,
}

impl Embedding {
    /// A table with initial values from N(0, 1/width).
    pub fn new(name: impl Into<String>, symbols: usize, width: usize) -> Self {
        Embedding { name: name.into(), symbols, width }
    }

    /// The parameter `name.table`, of shape `[symbols, width]`.
    pub fn specs(&self) -> Vec<Spec> {
        let scale = (1.0 / self.width.max(1) as f64).sqrt();
        vec![Spec::new(format!("{}.table", self.name), [self.symbols, self.width], Init::Normal(scale))]
    }

    /// The vectors, of shape `[.., rows, width]`, for indices of shape `[.., rows]`. An index that is not a symbol gives zeros.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, indices: Expr<'g>) -> Expr<'g> {
        self.of_one_hot(parameters, indices.one_hot(self.symbols))
    }

    /// The vectors, of shape `[.., rows, width]`, for one-hot (or relaxed) vectors of shape `[.., rows, symbols]`.
    pub fn of_one_hot<'g>(&self, parameters: &Parameters<'g>, one_hot: Expr<'g>) -> Expr<'g> {
        one_hot.matmul(parameters.get(&format!("{}.table", self.name)))
    }
}
