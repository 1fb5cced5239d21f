//! Adding nodes to a graph: inputs, constants, noise, and operations on expressions.
//!
//! Shape errors do not panic: see [`Graph::error`]. You cannot combine expressions of different graphs.

use super::arena::{Graph, NodeId};
use super::expr::Expr;
use super::external::External;
use super::law::Law;
use super::op::{Op, TensorData};
use super::quantile::Quantile;
use super::shape::Shape;
use super::simplify::simplified;
use crate::error::Error;

impl Graph {
    /// Returns the expression of a node.
    pub fn expr(&self, id: NodeId) -> Expr<'_> {
        Expr::new(self, id)
    }

    /// Records an error (the first one is kept) and returns a poisoned expression.
    #[track_caller]
    pub fn fail(&self, error: Error) -> Expr<'_> {
        self.expr(self.keep_error(error))
    }

    /// Adds a tensor that is passed to every run.
    #[track_caller]
    pub fn input(&self, name: &str, shape: impl Into<Shape>) -> Expr<'_> {
        self.expr(self.insert_input(name, shape.into()))
    }

    /// Adds a placeholder that depends on `inputs`. It must be replaced (see [`substitute`](crate::graph::substitute)) before the
    /// graph runs.
    #[track_caller]
    pub fn hole<'g>(&'g self, name: &str, inputs: &[Expr<'g>], shape: impl Into<Shape>) -> Expr<'g> {
        if let Some(foreign) = self.foreign(name, inputs) {
            return foreign;
        }
        let inputs = inputs.iter().map(|e| e.id()).collect();
        self.expr(self.insert_hole(name, inputs, shape.into()))
    }

    /// A scalar constant.
    pub fn scalar(&self, value: f64) -> Expr<'_> {
        // Every NaN has the same bit pattern, so that equal constants are one node.
        let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
        self.expr(self.insert(Op::Scalar(bits), vec![], Shape::scalar()))
    }

    /// A constant of any shape whose elements are all equal.
    #[track_caller]
    pub fn full(&self, shape: impl Into<Shape>, value: f64) -> Expr<'_> {
        let shape = shape.into();
        let scalar = self.scalar(value);
        if shape.rank() == 0 {
            return scalar;
        }
        let ones = Shape::from(vec![1; shape.rank()]);
        let scalar = self.apply(Op::Reshape { consumed: 0, to: ones }, &[scalar]);
        self.apply(Op::Broadcast { to: shape }, &[scalar])
    }

    /// A constant tensor with the given elements, row-major.
    #[track_caller]
    pub fn tensor(&self, shape: impl Into<Shape>, data: Vec<f64>) -> Expr<'_> {
        let shape = shape.into();
        if shape.checked_numel() != Some(data.len()) {
            return self
                .fail(Error::shape("tensor", format!("{} numbers do not fill shape {shape}", data.len())));
        }
        match data[..] {
            [value] if shape.rank() == 0 => self.scalar(value),
            _ => self.expr(self.insert(Op::Tensor(TensorData(data.into())), vec![], shape)),
        }
    }

    /// The numbers 0, 1, …, n − 1, of shape `[n]`.
    #[track_caller]
    pub fn iota(&self, n: usize) -> Expr<'_> {
        self.expr(self.insert(Op::Iota, vec![], [n].into()))
    }

    /// Independent uniform numbers in the open interval (0, 1). The same stream and shape give the same numbers.
    #[track_caller]
    pub fn uniform(&self, stream: u32, shape: impl Into<Shape>) -> Expr<'_> {
        self.expr(self.insert(Op::Uniform { stream }, vec![], shape.into()))
    }

    /// Independent draws from a law, one for each element of `shape`, against which its parameters broadcast. The same stream and
    /// shape use the same random numbers.
    #[track_caller]
    pub fn draw<'g>(&'g self, law: Law, stream: u32, shape: Shape, parameters: &[Expr<'g>]) -> Expr<'g> {
        // Align the axes of the parameters now, as the operators do, so that they may later get additional leading axes. The shape of the
        // noise stays as it is: its first axis is that of the rows of a run.
        let rank = parameters.iter().map(|e| e.rank()).fold(shape.rank(), usize::max);
        let parameters: Vec<Expr<'g>> = parameters.iter().map(|e| e.with_rank(rank)).collect();
        self.apply(Op::Draw { law, stream, shape }, &parameters)
    }

    /// The derivative of a quantile by its first parameter at a fixed probability, elementwise: of the parameters and the value, see
    /// [`Quantile`].
    #[track_caller]
    pub fn quantile_derivative<'g>(&'g self, quantile: Quantile, inputs: &[Expr<'g>]) -> Expr<'g> {
        // Align the axes now, as the operators do, so that inputs may later get additional leading axes.
        let rank = inputs.iter().map(|e| e.rank()).max().unwrap_or(0);
        let inputs: Vec<Expr<'g>> = inputs.iter().map(|e| e.with_rank(rank)).collect();
        self.apply(Op::QuantileDerivative(quantile), &inputs)
    }

    /// Calls a function of the program that uses the graph; see [`External`].
    #[track_caller]
    pub fn external<'g>(&'g self, external: External, inputs: &[Expr<'g>]) -> Expr<'g> {
        let (got, expected) = (inputs.len(), external.input_ranks.len());
        if got != expected {
            return self.fail(Error::shape(&external.name, format!("{got} arguments, expected {expected}")));
        }
        // Align the leading axes now, as the operators do, so that inputs may later get additional leading axes.
        let leading = |(e, own): (&Expr<'g>, &usize)| e.rank().saturating_sub(*own);
        let most = inputs.iter().zip(&external.input_ranks).map(leading).max().unwrap_or(0);
        let align =
            |(e, &own): (&Expr<'g>, &usize)| if e.rank() < own { *e } else { e.with_rank(own + most) };
        let inputs: Vec<Expr<'g>> = inputs.iter().zip(&external.input_ranks).map(align).collect();
        self.apply(Op::External(external), &inputs)
    }

    /// An error if one of the expressions belongs to another graph, because its id would refer to a different node here.
    #[track_caller]
    fn foreign<'g>(&'g self, operation: &str, inputs: &[Expr<'g>]) -> Option<Expr<'g>> {
        if inputs.iter().all(|e| std::ptr::eq(e.graph(), self)) {
            return None;
        }
        Some(self.fail(Error::MixedGraphs { operation: operation.into() }))
    }

    /// Returns the node of an operation, simplified if that changes no value. An error poisons the result.
    #[track_caller]
    pub fn apply<'g>(&'g self, op: Op, inputs: &[Expr<'g>]) -> Expr<'g> {
        if let Some(foreign) = self.foreign(&op.name(), inputs) {
            return foreign;
        }
        let ids: Vec<NodeId> = inputs.iter().map(|e| e.id()).collect();
        if let Some(poison) = inputs.iter().find(|e| e.is_poison()) {
            return *poison;
        }
        let shape = self.infer_shape(&op, &ids);
        match shape {
            Err(error) => self.fail(error),
            Ok(shape) => match simplified(self, &op, inputs, &shape) {
                Some(simpler) => simpler,
                None => self.expr(self.insert(op, ids, shape)),
            },
        }
    }
}
