//! Arguments of the constructors of distributions: expressions, and numbers that become constants of the graph.

use aleator_engine::graph::{Expr, Graph};

/// An argument of the constructor of a distribution: an expression, a number, or a list of numbers (a constant of rank 1).
#[derive(Clone, Debug)]
pub enum Argument<'g> {
    /// An expression of a graph.
    Expr(Expr<'g>),
    /// Numbers, which do not belong to a graph yet.
    Literal(Literal),
}

/// A constant that does not belong to a graph yet.
#[derive(Clone, Debug)]
pub enum Literal {
    /// A scalar.
    Number(f64),
    /// A tensor of rank 1.
    List(Vec<f64>),
}

impl Literal {
    pub(super) fn on<'g>(&self, graph: &'g Graph) -> Expr<'g> {
        match self {
            Literal::Number(number) => graph.scalar(*number),
            Literal::List(list) => graph.tensor([list.len()], list.clone()),
        }
    }
}

impl<'g> From<Expr<'g>> for Argument<'g> {
    fn from(expr: Expr<'g>) -> Self {
        Argument::Expr(expr)
    }
}

impl From<f64> for Argument<'_> {
    fn from(number: f64) -> Self {
        Argument::Literal(Literal::Number(number))
    }
}

impl From<f32> for Argument<'_> {
    fn from(number: f32) -> Self {
        f64::from(number).into()
    }
}

impl From<i32> for Argument<'_> {
    fn from(number: i32) -> Self {
        f64::from(number).into()
    }
}

impl From<Vec<f64>> for Argument<'_> {
    fn from(list: Vec<f64>) -> Self {
        Argument::Literal(Literal::List(list))
    }
}

impl<const N: usize> From<[f64; N]> for Argument<'_> {
    fn from(list: [f64; N]) -> Self {
        list.to_vec().into()
    }
}
