//! Every operation, each as a function from drawn inputs to its result.

use aleator_engine::graph::{Expr, FromEnd, Op, Reduction, Shape, concat};

use super::draw::Draw;

/// Draws inputs and applies the operation to them.
pub type Build = for<'a, 'g> fn(&'a mut Draw<'g>) -> Expr<'g>;

const REAL: (f64, f64) = (-2.5, 2.5);
const POSITIVE: (f64, f64) = (0.3, 4.0);

fn reduced<'g>(d: &mut Draw<'g>, reduction: Reduction) -> Expr<'g> {
    let x = d.axed(-2.0, 2.0);
    let axes = d.axes(&x.shape());
    x.reduce(reduction, FromEnd(&axes))
}

/// Axes in ascending order, at least one.
fn some_axes(d: &mut Draw<'_>, shape: &Shape) -> Vec<usize> {
    let mut axes = d.axes(shape);
    axes.sort_unstable();
    axes.dedup();
    if axes.is_empty() { vec![0] } else { axes }
}

/// Matrices with batch axes that broadcast, or vectors.
fn product<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let (m, k, n) = (1 + d.below(3), 1 + d.below(3), 1 + d.below(3));
    let batch = match d.below(3) {
        0 => Shape::scalar(),
        rank => (0..rank).map(|_| 1 + d.below(2)).collect::<Vec<_>>().into(),
    };
    let left = if d.below(5) == 4 { [k].into() } else { d.narrower(&batch).join(&[m, k]) };
    let right = if d.below(5) == 4 { [k].into() } else { d.narrower(&batch).join(&[k, n]) };
    let a = d.input(&left, -2.0, 2.0);
    let b = d.input(&right, -2.0, 2.0);
    a.matmul(b)
}

/// A product whose right side has no batch, which is done as one with more rows.
fn folded_product<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let (m, k, n) = (1 + d.below(3), 1 + d.below(3), 1 + d.below(3));
    let batch = [1 + d.below(2), 1 + d.below(3)];
    let right: Shape = match d.below(4) {
        0 => [k, n].into(),
        1 => [1, k, n].into(),
        2 => [batch[0], 1, k, n].into(),
        _ => [2, 1, 1, k, n].into(),
    };
    let a = d.input(&[batch[0], batch[1], m, k].into(), -2.0, 2.0);
    let b = d.input(&right, -2.0, 2.0);
    a.matmul(b)
}

/// Parts of different lengths, whose other axes broadcast.
fn joined<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let shape = d.shape(1);
    let axis = d.below(shape.rank());
    let parts: Vec<Expr<'g>> = (0..1 + d.below(3))
        .map(|_| {
            let at = shape.rank() - 1 - axis;
            let dropped = d.below(at + 1);
            let mut dims = shape.to_vec();
            for dim in &mut dims {
                if d.below(4) == 3 {
                    *dim = 1;
                }
            }
            dims[at] = 1 + d.below(2);
            d.input(&dims[dropped..].into(), REAL.0, REAL.1)
        })
        .collect();
    concat(&parts, FromEnd(axis)).unwrap()
}

fn reshaped<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let x = d.axed(REAL.0, REAL.1);
    let shape = x.shape();
    let consumed = 1 + d.below(shape.rank());
    let n = shape.trailing(consumed).numel();
    let to: Shape = match d.below(4) {
        0 => [n].into(),
        1 => [1, n, 1].into(),
        2 if n.is_multiple_of(2) => [2, n / 2].into(),
        _ => shape.trailing(consumed).iter().rev().copied().collect::<Vec<_>>().into(),
    };
    x.reshape_last(consumed, to)
}

fn broadcast<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let to = d.shape(0);
    let from = d.narrower(&to);
    d.input(&from, REAL.0, REAL.1).broadcast_to(to)
}

fn sliced<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let x = d.axed(REAL.0, REAL.1);
    let axis = d.below(x.rank());
    let n = x.shape().from_end(axis);
    let start = d.below(n);
    let len = 1 + d.below(n - start);
    x.slice(FromEnd(axis), start, len)
}

fn padded<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let x = d.axed(REAL.0, REAL.1);
    let (axis, before, after) = (d.below(x.rank()), d.below(3), d.below(3));
    d.graph.apply(Op::Pad { axis, before, after }, &[x])
}

fn chosen<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let [c, x, y] = d.together([REAL; 3]);
    c.less(0.0).select(x, y)
}

/// A small network: several operations that share parameters.
fn network<'g>(d: &mut Draw<'g>) -> Expr<'g> {
    let (n, k, m) = (1 + d.below(3), 1 + d.below(3), 2 + d.below(2));
    let x = d.input(&[n, k].into(), -1.0, 1.0);
    let w = d.input(&[k, m].into(), -1.0, 1.0);
    let b = d.input(&[m].into(), -1.0, 1.0);
    let hidden = (x.matmul(w) + b).tanh();
    let logits = hidden.matmul(w.transpose()) * b.sum();
    (logits.log_softmax() * x.sigmoid()).sum_axes(-1) + hidden.cumsum().slice(-1, 1, 1).squeeze(-1)
}

/// The operations by name.
pub const OPERATIONS: &[(&str, Build)] = &[
    ("neg", |d| -d.any(-3.0, 3.0)),
    ("abs", |d| d.any(-3.0, 3.0).abs()),
    ("sign", |d| d.any(-3.0, 3.0).sign()),
    ("floor", |d| d.any(-3.0, 3.0).floor()),
    ("exp", |d| d.any(-3.0, 3.0).exp()),
    ("expm1", |d| d.any(-3.0, 3.0).expm1()),
    ("log", |d| d.any(0.1, 4.0).log()),
    ("log1p", |d| d.any(-0.9, 3.0).log1p()),
    ("sqrt", |d| d.any(0.1, 4.0).sqrt()),
    ("sin", |d| d.any(-4.0, 4.0).sin()),
    ("cos", |d| d.any(-4.0, 4.0).cos()),
    ("tan", |d| d.any(-1.2, 1.2).tan()),
    ("tanh", |d| d.any(-3.0, 3.0).tanh()),
    ("sigmoid", |d| d.any(-5.0, 5.0).sigmoid()),
    ("softplus", |d| d.any(-5.0, 5.0).softplus()),
    ("erf", |d| d.any(-2.5, 2.5).erf()),
    ("normal_quantile", |d| d.any(0.05, 0.95).normal_quantile()),
    ("lgamma", |d| d.any(0.2, 5.0).lgamma()),
    ("lgamma of negative", |d| d.any(-3.0, -0.1).lgamma()),
    ("polygamma(0)", |d| d.any(0.2, 5.0).polygamma(0)),
    ("polygamma(1)", |d| d.any(0.2, 5.0).polygamma(1)),
    ("polygamma(2)", |d| d.any(0.3, 5.0).polygamma(2)),
    ("polygamma(3)", |d| d.any(0.3, 5.0).polygamma(3)),
    ("polygamma of negative", |d| {
        let n = d.below(3) as u32;
        d.any(-2.0, -0.1).polygamma(n)
    }),
    ("+", |d| {
        let [x, y] = d.together([REAL; 2]);
        x + y
    }),
    ("-", |d| {
        let [x, y] = d.together([REAL; 2]);
        x - y
    }),
    ("*", |d| {
        let [x, y] = d.together([REAL; 2]);
        x * y
    }),
    ("/", |d| {
        let [x, y] = d.together([REAL, (0.3, 3.0)]);
        x / y
    }),
    ("/ by negative", |d| {
        let [x, y] = d.together([REAL, (-3.0, -0.3)]);
        x / y
    }),
    ("^", |d| {
        let [x, y] = d.together([POSITIVE, REAL]);
        x.pow(y)
    }),
    ("^ constant", |d| {
        let exponent = [0.0, 1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 2.5, -1.5, 5.0, -2.0][d.below(11)];
        d.any(0.3, 3.0).pow(exponent)
    }),
    ("atan2", |d| {
        let [y, x] = d.together([REAL; 2]);
        y.atan2(x)
    }),
    ("hyperbolic and arc functions", |d| {
        let operation = d.below(8);
        let x = d.any(-0.9, 0.9);
        match operation {
            0 => x.sinh(),
            1 => x.cosh(),
            2 => x.asin(),
            3 => x.acos(),
            4 => x.atan(),
            5 => x.erfinv(),
            6 => x.log_sigmoid(),
            _ => x.xlogy(1.5 + x),
        }
    }),
    ("cumprod and diff", |d| {
        let x = d.axed(-2.0, 2.0);
        if d.below(2) == 0 { x.cumprod() } else { x.diff() }
    }),
    ("sort", |d| d.axed(REAL.0, REAL.1).sort()),
    ("constant ^", |d| d.graph.scalar(1.7).pow(d.any(REAL.0, REAL.1))),
    ("negative ^ whole constant", |d| {
        let exponent = [2.0, 3.0, 5.0, -3.0][d.below(4)];
        d.any(-3.0, -0.3).pow(exponent)
    }),
    ("with a constant", |d| {
        let operation = d.below(6);
        let x = d.any(0.3, 3.0);
        match operation {
            0 => x + 1.5,
            1 => 1.5 - x,
            2 => 1.5 / x,
            3 => x * -1.0,
            4 => x.maximum(1.0),
            _ => x.minimum(1.0),
        }
    }),
    ("max", |d| {
        let [x, y] = d.together([REAL; 2]);
        x.maximum(y)
    }),
    ("min", |d| {
        let [x, y] = d.together([REAL; 2]);
        x.minimum(y)
    }),
    ("comparison", |d| {
        let operation = d.below(6);
        let [x, y] = d.together([REAL; 2]);
        match operation {
            0 => x.less(y),
            1 => x.less_equal(y),
            2 => x.equal(y),
            3 => x.not_equal(y),
            4 => x.greater(y),
            _ => x.greater_equal(y),
        }
    }),
    ("the same operand twice", |d| {
        let x = d.any(0.3, 3.0);
        x * x / (x + x.pow(x)) - x.maximum(x)
    }),
    ("select", chosen),
    ("select by constants", |d| {
        let x = d.axed(REAL.0, REAL.1);
        let condition = d.graph.iota(x.shape().from_end(0)).less(1.0);
        condition.select(x.exp(), 2.0)
    }),
    ("sum", |d| reduced(d, Reduction::Sum)),
    ("prod", |d| reduced(d, Reduction::Prod)),
    ("prod with zeros", |d| {
        let x = d.axed(-2.0, 2.0);
        d.sprinkle_zeros();
        let axes = d.axes(&x.shape());
        x.reduce(Reduction::Prod, FromEnd(&axes))
    }),
    ("max over axes", |d| reduced(d, Reduction::Max)),
    ("min over axes", |d| reduced(d, Reduction::Min)),
    ("argmax", |d| d.axed(REAL.0, REAL.1).argmax()),
    ("mean", |d| {
        let x = d.axed(REAL.0, REAL.1);
        let axes = d.axes(&x.shape());
        x.mean_axes(FromEnd(&axes))
    }),
    ("cumsum", |d| d.axed(REAL.0, REAL.1).cumsum()),
    ("cumsum from the end", |d| {
        let x = d.axed(REAL.0, REAL.1);
        d.graph.apply(Op::CumSum { reverse: true }, &[x])
    }),
    ("@", product),
    ("@ with folded batch", folded_product),
    ("@ with itself", |d| {
        let n = 1 + d.below(3);
        let x = d.input(&[2, n, n].into(), -1.5, 1.5);
        x.matmul(x).matmul(x.transpose())
    }),
    ("reshape", reshaped),
    ("unsqueeze and squeeze", |d| {
        let x = d.any(REAL.0, REAL.1);
        let axis = d.below(x.rank() + 1);
        x.unsqueeze(FromEnd(axis)).exp().squeeze(FromEnd(axis))
    }),
    ("broadcast", broadcast),
    ("permute", |d| {
        let x = d.axed(REAL.0, REAL.1);
        let order = d.order(x.rank());
        x.permute(&order)
    }),
    ("slice", sliced),
    ("pad", padded),
    ("concat", joined),
    ("logsumexp", |d| {
        let x = d.axed(-4.0, 4.0);
        let axes = d.axes(&x.shape());
        x.logsumexp(FromEnd(&axes))
    }),
    ("softmax", |d| d.axed(-4.0, 4.0).softmax()),
    ("log_softmax", |d| d.axed(-4.0, 4.0).log_softmax()),
    ("softmax over axes", |d| {
        let x = d.axed(-4.0, 4.0);
        let axes = some_axes(d, &x.shape());
        d.graph.apply(Op::Softmax(axes), &[x])
    }),
    ("log_softmax over axes", |d| {
        let x = d.axed(-4.0, 4.0);
        let axes = some_axes(d, &x.shape());
        d.graph.apply(Op::LogSoftmax(axes), &[x])
    }),
    ("logit", |d| d.any(0.05, 0.95).logit()),
    ("relu", |d| d.any(REAL.0, REAL.1).relu()),
    ("clamp", |d| {
        let [x, low, high] = d.together([REAL, (-2.0, 0.0), (0.3, 2.0)]);
        x.clamp(low, high)
    }),
    ("one_hot", |d| {
        let x = d.any(0.0, 2.9);
        let n = 1 + d.below(3);
        x.floor().one_hot(n) * x.unsqueeze(-1)
    }),
    ("dot", |d| {
        let shape = d.shape(1);
        let (x, y) = (d.input(&shape, REAL.0, REAL.1), d.input(&shape, REAL.0, REAL.1));
        x.dot(y)
    }),
    ("network", network),
];
