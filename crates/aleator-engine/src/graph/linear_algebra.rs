//! Functions of matrices, which are the last two axes. They are composed of operations, so that their derivatives follow
//! automatically.
//!
//! ```text
//! cholesky        A = L Lᵀ, column by column:   Lⱼⱼ = √(Aⱼⱼ − Lⱼ Lⱼᵀ),   Lᵢⱼ = (Aᵢⱼ − Lᵢ Lⱼᵀ) / Lⱼⱼ       (rows up to column j)
//! solve           L x = b, row by row:          xᵢ = (bᵢ − Lᵢ x) / Lᵢᵢ
//! ```

use super::axes::FromEnd;
use super::expr::{Expr, concat};
use super::op::Op;
use crate::error::Error;

/// The largest matrix that is decomposed, because every column takes operations of its own.
const MOST_COLUMNS: usize = 128;

impl<'g> Expr<'g> {
    /// Rows and columns of a matrix.
    fn rows_and_columns(self, operation: &str) -> Result<(usize, usize), Self> {
        let shape = self.shape();
        if shape.rank() >= 2 {
            return Ok((shape.from_end(1), shape.from_end(0)));
        }
        let problem = format!("it needs a matrix, got shape {shape}");
        Err(self.graph().fail(Error::shape(operation, problem)))
    }

    /// The size of a square matrix.
    fn square_size(self, operation: &str) -> Result<usize, Self> {
        match self.rows_and_columns(operation)? {
            (rows, columns) if rows == columns => Ok(rows),
            _ => {
                let problem = format!("it needs a square matrix, got shape {}", self.shape());
                Err(self.graph().fail(Error::shape(operation, problem)))
            }
        }
    }

    /// 1 where column − row ≤ k, else 0.
    fn up_to_diagonal(self, rows: usize, columns: usize, k: i64) -> Self {
        let (row, column) = (self.graph().iota(rows).unsqueeze(FromEnd(0)), self.graph().iota(columns));
        column.less_equal(row + k as f64)
    }

    /// The matrix with zeros above the diagonal number `k`: 0 is the main one, those above are positive.
    #[track_caller]
    pub fn tril(self, k: i64) -> Self {
        match self.rows_and_columns("tril") {
            Ok((rows, columns)) => self.up_to_diagonal(rows, columns, k).select(self, 0.0),
            Err(error) => error,
        }
    }

    /// The matrix with zeros below the diagonal number `k`: 0 is the main one, those above are positive.
    #[track_caller]
    pub fn triu(self, k: i64) -> Self {
        match self.rows_and_columns("triu") {
            Ok((rows, columns)) => self.up_to_diagonal(rows, columns, k.saturating_sub(1)).select(0.0, self),
            Err(error) => error,
        }
    }

    /// The main diagonal of a matrix.
    #[track_caller]
    pub fn diagonal(self) -> Self {
        match self.rows_and_columns("diagonal") {
            Ok((rows, columns)) => {
                let n = rows.min(columns);
                let square = self.slice(FromEnd(1), 0, n).slice(FromEnd(0), 0, n);
                let row = self.graph().iota(n).unsqueeze(FromEnd(0));
                row.equal(self.graph().iota(n)).select(square, 0.0).sum_last(1)
            }
            Err(error) => error,
        }
    }

    /// The matrix with the elements of a vector on its diagonal.
    #[track_caller]
    pub fn diagonal_matrix(self) -> Self {
        let Some(&n) = self.shape().last() else { return self.no_elements("diagonal_matrix") };
        let row = self.graph().iota(n).unsqueeze(FromEnd(0));
        row.equal(self.graph().iota(n)).select(self.unsqueeze(FromEnd(0)), 0.0)
    }

    /// The sum of the main diagonal.
    #[track_caller]
    pub fn trace(self) -> Self {
        let diagonal = self.diagonal();
        if diagonal.is_poison() { diagonal } else { diagonal.sum_last(1) }
    }

    /// log |det L| of a triangular matrix L, the sum of log |Lᵢᵢ|.
    #[track_caller]
    pub fn logdet_triangular(self) -> Self {
        match self.square_size("logdet") {
            Ok(_) => self.diagonal().abs().log().sum_last(1),
            Err(error) => error,
        }
    }

    /// The lower triangular L with L Lᵀ = A, of a symmetric positive definite matrix A with up to 128 columns. If A is not symmetric,
    /// it is the decomposition of (A + Aᵀ)/2; if it is not positive definite, elements are NaN.
    #[track_caller]
    pub fn cholesky(self) -> Self {
        let n = match self.square_size("cholesky") {
            Ok(n) => n,
            Err(error) => return error,
        };
        if n > MOST_COLUMNS {
            return self.too_many_columns("cholesky", n);
        }
        let symmetric = 0.5 * (self + self.transpose());
        let mut lower: Option<Self> = None;
        for j in 0..n {
            let mut column = symmetric.slice(FromEnd(1), j, n - j).slice(FromEnd(0), j, 1);
            if let Some(lower) = lower {
                let below = lower.slice(FromEnd(1), j, n - j);
                let row = lower.slice(FromEnd(1), j, 1);
                column = column - below.matmul(row.transpose());
            }
            let pivot = column.slice(FromEnd(1), 0, 1).sqrt();
            let column = self.graph().apply(Op::Pad { axis: 1, before: j, after: 0 }, &[column / pivot]);
            lower = match lower {
                Some(lower) => concat(&[lower, column], FromEnd(0)),
                None => Some(column),
            };
        }
        lower.unwrap_or(symmetric)
    }

    /// x with L x = b, of a triangular matrix L with up to 128 columns; its other triangle is not looked at. The last axes of b are
    /// those of a vector or, if `matrix`, of a matrix.
    #[track_caller]
    pub fn solve_triangular(self, b: Self, matrix: bool, upper: bool) -> Self {
        let n = match self.square_size("solve_triangular") {
            Ok(n) => n,
            Err(error) => return error,
        };
        if n > MOST_COLUMNS {
            return self.too_many_columns("solve_triangular", n);
        }
        let right = if matrix { b } else { b.unsqueeze(FromEnd(0)) };
        let rows = right.rank().checked_sub(2).map(|axis| right.shape()[axis]);
        if rows != Some(n) {
            let problem = format!(
                "a matrix of shape {} does not fit a right side of shape {}",
                self.shape(),
                b.shape()
            );
            return self.graph().fail(Error::shape("solve_triangular", problem));
        }
        // The rows that are known; their order is that of the matrix.
        let mut known: Option<Self> = None;
        for step in 0..n {
            let i = if upper { n - 1 - step } else { step };
            let row = self.slice(FromEnd(1), i, 1);
            let mut value = right.slice(FromEnd(1), i, 1);
            if let Some(known) = known {
                let start = if upper { i + 1 } else { 0 };
                value = value - row.slice(FromEnd(0), start, step).matmul(known);
            }
            let value = value / row.slice(FromEnd(0), i, 1);
            known = match (known, upper) {
                (None, _) => Some(value),
                (Some(known), false) => concat(&[known, value], FromEnd(1)),
                (Some(known), true) => concat(&[value, known], FromEnd(1)),
            };
        }
        let solution = known.unwrap_or(right);
        if matrix { solution } else { solution.squeeze(FromEnd(0)) }
    }

    fn too_many_columns(self, operation: &str, n: usize) -> Self {
        let problem = format!("it takes matrices of up to {MOST_COLUMNS} columns, got {n}");
        self.graph().fail(Error::shape(operation, problem))
    }
}
