//! Functions of matrices, and of the numbers of constants.
use aleator_engine::graph::Expr as Node;

use super::call::Arguments;
use super::errors::Diagnostic;

type Result<'g> = std::result::Result<Node<'g>, Diagnostic>;

/// The first argument, which must have the axes of a matrix.
fn matrix<'g>(a: &Arguments<'_, 'g>) -> Result<'g> {
    let x = a.expr(0)?;
    match x.rank() {
        0 | 1 => Err(a.wrong(format!("expected a matrix, got shape {}", x.shape()))),
        _ => Ok(x),
    }
}

pub(super) fn of_a_matrix<'g>(a: &Arguments<'_, 'g>, f: impl Fn(Node<'g>) -> Node<'g>) -> Result<'g> {
    Ok(f(matrix(a)?))
}

/// `tril` and `triu`, with the number of the diagonal.
pub(super) fn triangle<'g>(a: &mut Arguments<'_, 'g>, f: impl Fn(Node<'g>, i64) -> Node<'g>) -> Result<'g> {
    let k = if a.has(1) { a.integer(1)? } else { 0 };
    Ok(f(matrix(a)?, k))
}

pub(super) fn diag<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let x = a.expr(0)?;
    match x.rank() {
        0 => Err(a.wrong("`diag` needs a vector or a matrix, got a scalar")),
        1 => {
            let n = x.shape()[0];
            a.limit(&[n, n])?;
            Ok(x.diagonal_matrix())
        }
        _ => Ok(x.diagonal()),
    }
}

pub(super) fn solve_triangular<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let upper = if a.has(2) { a.integer(2)? != 0 } else { false };
    let (l, b) = (matrix(a)?, a.expr(1)?);
    match b.rank() {
        0 => Err(a.wrong("the right side of `solve_triangular` is a vector or a matrix, got a scalar")),
        rank => Ok(l.solve_triangular(b, rank > 1, upper)),
    }
}

/// Quantiles of the elements of a constant: with the elements in order, quantile q lies at place q (n − 1), and between two places on
/// the line through both.
pub(super) fn quantile<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let (mut elements, (shape, places)) = (a.numbers(0)?.1, a.numbers(1)?);
    if elements.is_empty() {
        return Err(a.wrong("`quantile` of no elements"));
    }
    if let Some(q) = places.iter().find(|q| !(0.0..=1.0).contains(*q)) {
        return Err(a.wrong(format!("`q` lies between 0 and 1, got {q}")));
    }
    elements.sort_unstable_by(f64::total_cmp);
    let at = |q: &f64| {
        let place = q * (elements.len() - 1) as f64;
        let (low, high) = (elements[place.floor() as usize], elements[place.ceil() as usize]);
        // Of equal ones, which may be infinite, no difference.
        if low == high { low } else { low + (high - low) * place.fract() }
    };
    let values = places.iter().map(at).collect();
    Ok(a.graph().tensor(shape, values))
}
