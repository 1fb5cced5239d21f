//! The values of log Σ eˣ, x − log Σ eˣ and eˣ / Σ eˣ.
//!
//! ```text
//! m = max x, 0 where the maximum is infinite       d = x − m,   e = e^d,   S = Σ e
//! log Σ eˣ = m + log S                             x − log Σ eˣ = d − log S        eˣ / Σ eˣ = e / S
//! ```
//!
//! No e overflows where x is finite, S ≥ 1, and d keeps the digits that x − (m + log S) would lose where x is large. A maximum of
//! +∞ or −∞ is not subtracted, because ∞ − ∞ is NaN: then Σ eˣ is ∞ or 0, as it should be.
//!
//! The three functions of one x share m, d, e and S, as the gradient of log Σ eˣ, which is the softmax, does with its value.

use std::collections::HashMap;

use super::values::{Kind, Lowered};
use super::views::View;
use crate::graph::{Binary, Reduction, Shape, Unary};

/// The functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    LogSumExp,
    LogSoftmax,
    Softmax,
}

/// What the functions of one x share. The reduced axes remain with size 1.
#[derive(Clone)]
struct Parts {
    /// m
    shift: View,
    /// x − m
    shifted: View,
    /// e^(x − m)
    exponentials: View,
    /// S
    sum: View,
}

/// What has been computed so far.
#[derive(Default)]
pub(crate) struct SharedSoftmax {
    /// By x and the axes.
    parts: HashMap<(View, Vec<usize>), Parts>,
    /// 0 and ∞.
    constants: Option<[View; 2]>,
}

impl SharedSoftmax {
    /// Computes a function of x over axes.
    pub fn lower(&mut self, function: Function, axes: &[usize], x: View, lowered: &mut Lowered) -> View {
        let shape = Shape::from(x.dims.clone());
        let Parts { shift, shifted, exponentials, sum } = self.parts(axes, x, lowered);
        let kept = Shape::from(sum.dims.clone());
        let log =
            |lowered: &mut Lowered| lowered.push_pointwise(Kind::Unary(Unary::Log), vec![sum.clone()], &kept);
        match function {
            Function::LogSumExp => {
                let log = log(lowered);
                let total = lowered.push_pointwise(Kind::Binary(Binary::Add), vec![shift, log], &kept);
                total.without(axes)
            }
            Function::LogSoftmax => {
                let log = log(lowered);
                lowered.push_pointwise(Kind::Binary(Binary::Sub), vec![shifted, log], &shape)
            }
            Function::Softmax => {
                lowered.push_pointwise(Kind::Binary(Binary::Div), vec![exponentials, sum], &shape)
            }
        }
    }

    fn parts(&mut self, axes: &[usize], x: View, lowered: &mut Lowered) -> Parts {
        let key = (x, axes.to_vec());
        if let Some(parts) = self.parts.get(&key) {
            return parts.clone();
        }
        let x = &key.0;
        let shape = Shape::from(x.dims.clone());
        let max = reduced(Reduction::Max, axes, x, lowered);
        let kept = Shape::from(max.dims.clone());
        let [zero, infinity] = self
            .constants
            .get_or_insert_with(|| {
                [0.0, f64::INFINITY].map(|c| lowered.push(Kind::Scalar(c), vec![], Shape::scalar()))
            })
            .clone();
        let mut pointwise = |kind, inputs: Vec<&View>, shape: &Shape| {
            lowered.push_pointwise(kind, inputs.into_iter().cloned().collect(), shape)
        };
        let size = pointwise(Kind::Unary(Unary::Abs), vec![&max], &kept);
        let finite = pointwise(Kind::Binary(Binary::Lt), vec![&size, &infinity], &kept);
        let shift = pointwise(Kind::Select, vec![&finite, &max, &zero], &kept);
        let shifted = pointwise(Kind::Binary(Binary::Sub), vec![x, &shift], &shape);
        let exponentials = pointwise(Kind::Unary(Unary::Exp), vec![&shifted], &shape);
        let sum = reduced(Reduction::Sum, axes, &exponentials, lowered);
        let parts = Parts { shift, shifted, exponentials, sum };
        self.parts.insert(key, parts.clone());
        parts
    }
}

/// A reduction over axes, which remain with size 1.
fn reduced(reduction: Reduction, axes: &[usize], x: &View, lowered: &mut Lowered) -> View {
    let rank = x.dims.len();
    if axes.iter().all(|axis| x.dims[rank - 1 - axis] == 1) {
        return x.clone();
    }
    let shape: Vec<usize> =
        (0..rank).filter(|i| !axes.contains(&(rank - 1 - i))).map(|i| x.dims[i]).collect();
    lowered.push(Kind::Reduce(reduction, axes.to_vec()), vec![x.clone()], shape.into()).with(axes)
}

#[cfg(test)]
mod tests {
    use crate::autodiff::grad;
    use crate::compile::lower::lower;
    use crate::compile::values::Kind;
    use crate::graph::{Expr, Graph, Reduction, Unary};

    /// How many values of these outputs are of a kind.
    fn count(outputs: &[Expr<'_>], is: fn(&Kind) -> bool) -> usize {
        let ids: Vec<_> = outputs.iter().map(|e| e.id()).collect();
        let lowered = lower(outputs[0].graph(), &ids).unwrap();
        lowered.values.iter().filter(|value| is(&value.kind)).count()
    }

    #[test]
    fn functions_of_one_x_and_their_derivatives_share_the_exponentials() {
        let graph = Graph::new();
        let (x, w) = (graph.input("x", [5, 3]), graph.input("w", [5, 3]));
        let (l, y, s) = (x.logsumexp(-1), x.log_softmax(), x.softmax());
        let again = x.stop_gradient().softmax();
        let first = [l, (y * w).sum(), (s * w).sum()].map(|e| grad(e, &[x])[0]);
        let second = first.map(|e| grad(e, &[x])[0]);
        let outputs = [&[l, y, s, again], &first[..], &second[..]].concat();
        assert_eq!(count(&outputs, |k| matches!(k, Kind::Unary(Unary::Exp))), 1);
        assert_eq!(count(&outputs, |k| matches!(k, Kind::Reduce(Reduction::Max, _))), 1);
        // Over other axes they are other functions.
        let outputs = [l, x.logsumexp(-2)];
        assert_eq!(count(&outputs, |k| matches!(k, Kind::Unary(Unary::Exp))), 2);
    }
}
