//! The operations of expressions, by name.

use aleator_engine::graph::{Expr, FromEnd, Graph, Reduction, concat};

/// What an operation is applied to: expressions, and whole numbers such as axes (counted as NumPy does) or sizes.
pub struct Operands<'a, 'g> {
    pub graph: &'g Graph,
    pub of: &'a [Expr<'g>],
    pub numbers: &'a [i64],
}

/// An axis that is moved to the end before an operation along the last one, and back after it where the result still has it.
fn along<'g>(x: Expr<'g>, axis: i64, keeps: bool, f: impl Fn(Expr<'g>) -> Expr<'g>) -> Expr<'g> {
    let rank = x.rank();
    let from_end = rank - 1 - axis as usize;
    let mut to_last: Vec<usize> = (1..=from_end).collect();
    to_last.push(0);
    let y = f(x.permute(&to_last));
    if !keeps {
        return y;
    }
    let mut back = vec![from_end];
    back.extend(0..from_end);
    y.permute(&back)
}

impl<'g> Operands<'_, 'g> {
    /// The result of the operation; `None` if there is no operation of that name with so many operands. The caller has checked the
    /// axes.
    pub fn apply(&self, operation: &str) -> Option<Expr<'g>> {
        let Operands { graph, of, numbers } = *self;
        let axes = || FromEnd(numbers.iter().map(|&axis| axis as usize).collect::<Vec<_>>());
        let sizes = || numbers.iter().map(|&size| size as usize).collect::<Vec<_>>();
        Some(match (operation, of) {
            ("neg", &[x]) => -x,
            ("not", &[x]) => !x,
            ("abs", &[x]) => x.abs(),
            ("sign", &[x]) => x.sign(),
            ("floor", &[x]) => x.floor(),
            ("exp", &[x]) => x.exp(),
            ("expm1", &[x]) => x.expm1(),
            ("log", &[x]) => x.log(),
            ("log1p", &[x]) => x.log1p(),
            ("sqrt", &[x]) => x.sqrt(),
            ("square", &[x]) => x.square(),
            ("sin", &[x]) => x.sin(),
            ("cos", &[x]) => x.cos(),
            ("tan", &[x]) => x.tan(),
            ("tanh", &[x]) => x.tanh(),
            ("sigmoid", &[x]) => x.sigmoid(),
            ("softplus", &[x]) => x.softplus(),
            ("logit", &[x]) => x.logit(),
            ("relu", &[x]) => x.maximum(0.0),
            ("erf", &[x]) => x.erf(),
            ("lgamma", &[x]) => x.lgamma(),
            ("digamma", &[x]) => x.polygamma(0),
            ("sinh", &[x]) => x.sinh(),
            ("cosh", &[x]) => x.cosh(),
            ("asin", &[x]) => x.asin(),
            ("acos", &[x]) => x.acos(),
            ("atan", &[x]) => x.atan(),
            ("erfinv", &[x]) => x.erfinv(),
            ("log_sigmoid", &[x]) => x.log_sigmoid(),
            ("diag", &[x]) if x.rank() == 1 => x.diagonal_matrix(),
            ("diag", &[x]) => x.diagonal(),
            ("trace", &[x]) => x.trace(),
            ("cholesky", &[x]) => x.cholesky(),
            ("logdet", &[x]) => x.logdet_triangular(),
            ("tril", &[x]) => x.tril(*numbers.first()?),
            ("triu", &[x]) => x.triu(*numbers.first()?),
            ("top_k", &[x]) => x.top_k(*sizes().first()?),
            ("solve_triangular", &[x, y]) => x.solve_triangular(y, y.rank() > 1, *numbers.first()? != 0),
            ("gather", &[x, at]) => x.gather(at),
            ("atan2", &[y, x]) => y.atan2(x),
            ("xlogy", &[x, y]) => x.xlogy(y),
            ("xor", &[x, y]) => x.not_equal(0.0).not_equal(y.not_equal(0.0)),
            ("stop_gradient", &[x]) => x.stop_gradient(),
            ("add", &[x, y]) => x + y,
            ("sub", &[x, y]) => x - y,
            ("mul", &[x, y]) => x * y,
            ("div", &[x, y]) => x / y,
            ("pow", &[x, y]) => x.pow(y),
            ("min", &[x, y]) => x.minimum(y),
            ("max", &[x, y]) => x.maximum(y),
            ("less", &[x, y]) => x.less(y),
            ("less_equal", &[x, y]) => x.less_equal(y),
            ("greater", &[x, y]) => x.greater(y),
            ("greater_equal", &[x, y]) => x.greater_equal(y),
            ("equal", &[x, y]) => x.equal(y),
            ("not_equal", &[x, y]) => x.not_equal(y),
            ("matmul", &[x, y]) => x.matmul(y),
            ("dot", &[x, y]) => x.dot(y),
            ("where", &[condition, yes, no]) => condition.select(yes, no),
            ("clamp", &[x, lo, hi]) => x.clamp(lo, hi),
            // Axes from here on count from the end.
            ("sum", &[x]) => x.sum_axes(FromEnd(&axes().0)),
            ("mean", &[x]) => x.mean_axes(FromEnd(&axes().0)),
            ("prod", &[x]) => x.reduce(Reduction::Prod, FromEnd(&axes().0)),
            ("reduce_max", &[x]) => x.reduce(Reduction::Max, FromEnd(&axes().0)),
            ("reduce_min", &[x]) => x.reduce(Reduction::Min, FromEnd(&axes().0)),
            ("logsumexp", &[x]) => x.logsumexp(FromEnd(&axes().0)),
            ("norm", &[x]) => x.norm(FromEnd(&axes().0)),
            // Axes from here on count from the front.
            ("permute", &[x]) => x.permute(&sizes()),
            ("softmax", &[x]) => along(x, *numbers.first()?, true, Expr::softmax),
            ("log_softmax", &[x]) => along(x, *numbers.first()?, true, Expr::log_softmax),
            ("cumsum", &[x]) => along(x, *numbers.first()?, true, Expr::cumsum),
            ("cumprod", &[x]) => along(x, *numbers.first()?, true, Expr::cumprod),
            ("sort", &[x]) => along(x, *numbers.first()?, true, Expr::sort),
            ("argmax", &[x]) => along(x, *numbers.first()?, false, Expr::argmax),
            ("element", &[x, at]) => x.element(*numbers.first()? as isize, at),
            ("concat", parts) => concat(parts, *numbers.first()? as isize)?,
            ("slice", &[x]) => match numbers {
                &[axis, start, len] => x.slice(axis as isize, start as usize, len as usize),
                _ => return None,
            },
            ("take", &[x]) => {
                let (axis, places) = numbers.split_first()?;
                let places: Vec<usize> = places.iter().map(|&place| place as usize).collect();
                x.take(*axis as isize, &places)
            }
            ("reshape", &[x]) => x.reshape(sizes()),
            ("broadcast_to", &[x]) => x.broadcast_to(sizes()),
            ("one_hot", &[x]) => x.one_hot(*sizes().first()?),
            ("iota", &[]) => graph.iota(*sizes().first()?),
            _ => return None,
        })
    }
}
