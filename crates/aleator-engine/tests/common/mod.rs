//! The oracle: a naive interpreter that computes node by node from the documentation of [`Op`], sharing no code with
//! the executor but the elementary functions and the noise; and random graphs.

#![allow(dead_code)]

use std::sync::Arc;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::exec::draw::draw;
use aleator_engine::exec::math::{Real, quantile_derivative};
use aleator_engine::exec::philox::fill_uniform;
use aleator_engine::graph::{
    Binary, Expr, External, ExternalFn, FromEnd, Graph, Law, NodeId, Op, Reduction, Shape, Unary, ancestors,
    concat,
};

/// All indices of a shape, row-major.
fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, &dim| {
        all.iter().flat_map(|index| (0..dim).map(move |i| [&index[..], &[i]].concat())).collect()
    })
}

/// A tensor with NumPy's broadcasting.
#[derive(Clone)]
pub struct Tensor<T> {
    pub shape: Shape,
    pub data: Vec<T>,
}

impl<T: Real> Tensor<T> {
    fn new(shape: &Shape, f: impl FnMut(Vec<usize>) -> T) -> Self {
        Tensor { shape: shape.clone(), data: indices(shape).into_iter().map(f).collect() }
    }

    /// The element at an index of a shape that this one broadcasts to.
    fn at(&self, index: &[usize]) -> T {
        let index = &index[index.len() - self.shape.rank()..];
        let flat = index.iter().zip(self.shape.iter()).fold(0, |flat, (&i, &dim)| {
            let i = if dim == 1 { 0 } else { i };
            flat * dim + i
        });
        self.data[flat]
    }
}

fn unary<T: Real>(op: Unary, x: T) -> T {
    match op {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => x.sign(),
        Unary::Floor => x.floor(),
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.expm1(),
        Unary::Log => x.log(),
        Unary::Log1p => x.log1p(),
        Unary::Sqrt => x.sqrt(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => x.sigmoid(),
        Unary::Softplus => x.softplus(),
        Unary::Erf => x.erf(),
        Unary::NormalQuantile => x.normal_quantile(),
        Unary::Lgamma => x.lgamma(),
        Unary::Polygamma(n) => x.polygamma(n),
    }
}

fn binary<T: Real>(op: Binary, x: T, y: T) -> T {
    let truth = |b: bool| T::from_f64(b as u8 as f64);
    let nan = x.is_nan() || y.is_nan();
    match op {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div => x / y,
        Binary::Pow => x.pow(y),
        Binary::Atan2 => x.atan2(y),
        Binary::Max if nan => T::NAN,
        Binary::Min if nan => T::NAN,
        Binary::Max => {
            if x > y {
                x
            } else {
                y
            }
        }
        Binary::Min => {
            if x < y {
                x
            } else {
                y
            }
        }
        Binary::Lt => truth(x < y),
        Binary::Le => truth(x <= y),
        Binary::Eq => truth(x == y),
        Binary::Ne => truth(x != y),
    }
}

/// The elements that differ only in their indices along the axes, for all other indices in row-major order.
fn groups<T: Real>(x: &Tensor<T>, axes: &[usize]) -> Vec<Vec<T>> {
    let rank = x.shape.rank();
    let kept: Vec<usize> = (0..rank).filter(|i| !axes.contains(&(rank - 1 - i))).collect();
    let shape = Shape::from(kept.iter().map(|&i| x.shape[i]).collect::<Vec<_>>());
    let mut groups = vec![Vec::new(); shape.numel()];
    for (flat, index) in indices(&x.shape).into_iter().enumerate() {
        let place: usize = kept.iter().zip(shape.strides()).map(|(&i, s)| index[i] * s).sum();
        groups[place].push(x.data[flat]);
    }
    groups
}

/// log(… log(eᵃ + eᵇ) … + eᶻ), where log(eᵃ + eᵇ) = max + log(1 + e^(min − max)).
fn log_sum_exp<T: Real>(x: &[T]) -> T {
    x.iter().fold(T::from_f64(f64::NEG_INFINITY), |a, &b| {
        let (high, low) = (binary(Binary::Max, a, b), binary(Binary::Min, a, b));
        if high.to_f64().is_infinite() {
            return high;
        }
        high + unary(Unary::Log1p, unary(Unary::Exp, low - high))
    })
}

/// The values of `outputs`, one after another, and the largest finite magnitude met on the way.
pub fn interpret<T: Real>(
    graph: &Graph,
    outputs: &[NodeId],
    inputs: &[Vec<T>],
    seed: u64,
    step: u64,
) -> (Vec<Tensor<T>>, f64) {
    let needed = ancestors(graph, outputs);
    let mut values: Vec<Option<Tensor<T>>> = vec![None; needed.len()];
    let mut largest = 1.0f64;
    let ids: Vec<NodeId> = all_ids(graph);
    for &id in ids.iter().filter(|id| needed[id.index()]) {
        let node = graph.node(id);
        let x: Vec<&Tensor<T>> = node.inputs.iter().map(|i| values[i.index()].as_ref().unwrap()).collect();
        let shape = &node.shape;
        let rank = shape.rank();
        let value = match &node.op {
            Op::Input(slot) => Tensor { shape: shape.clone(), data: inputs[*slot as usize].clone() },
            Op::Scalar(bits) => Tensor::new(shape, |_| T::from_f64(f64::from_bits(*bits))),
            Op::Tensor(data) => {
                Tensor { shape: shape.clone(), data: data.0.iter().map(|&x| T::from_f64(x)).collect() }
            }
            Op::Iota => Tensor::new(shape, |i| T::from_f64(i[0] as f64)),
            Op::Uniform { stream } => {
                let mut data = vec![T::default(); shape.numel()];
                for (i, x) in data.iter_mut().enumerate() {
                    fill_uniform(std::slice::from_mut(x), seed, *stream, step, i as u64);
                }
                Tensor { shape: shape.clone(), data }
            }
            Op::Draw { law, stream, shape: noise } => {
                let mut numbers = Tensor { shape: noise.clone(), data: vec![T::default(); noise.numel()] };
                for (i, x) in numbers.data.iter_mut().enumerate() {
                    *x = T::from_f64(i as f64);
                }
                Tensor::new(shape, |i| {
                    let parameters: Vec<T> = x.iter().map(|x| x.at(&i)).collect();
                    draw(*law, &parameters, seed, *stream, step, numbers.at(&i).to_f64() as u64)
                })
            }
            Op::QuantileDerivative(quantile) => {
                Tensor::new(shape, |i| T::from_f64(quantile_derivative(*quantile, |k| x[k].at(&i).to_f64())))
            }
            Op::Unary(op) => Tensor::new(shape, |i| unary(*op, x[0].at(&i))),
            Op::Binary(op) => Tensor::new(shape, |i| binary(*op, x[0].at(&i), x[1].at(&i))),
            Op::Select => {
                Tensor::new(shape, |i| if x[0].at(&i) != T::default() { x[1].at(&i) } else { x[2].at(&i) })
            }
            Op::Reduce(reduction, axes) => {
                let from = &x[0].shape;
                let reduced = |axis: usize| axes.contains(&(from.rank() - 1 - axis));
                let start = T::from_f64(match reduction {
                    Reduction::Sum => 0.0,
                    Reduction::Prod => 1.0,
                    Reduction::Max => f64::NEG_INFINITY,
                    Reduction::Min => f64::INFINITY,
                });
                let mut out = Tensor::new(shape, |_| start);
                let strides = shape.strides();
                for (flat, index) in indices(from).into_iter().enumerate() {
                    let kept = (0..from.rank()).filter(|&a| !reduced(a)).map(|a| index[a]);
                    let at: usize = kept.zip(&strides).map(|(i, s)| i * s).sum();
                    let (a, b) = (out.data[at], x[0].data[flat]);
                    out.data[at] = match reduction {
                        Reduction::Sum => a + b,
                        Reduction::Prod => a * b,
                        Reduction::Max => binary(Binary::Max, a, b),
                        Reduction::Min => binary(Binary::Min, a, b),
                    };
                }
                out
            }
            Op::LogSumExp(axes) => {
                let groups = groups(x[0], axes);
                Tensor { shape: shape.clone(), data: groups.iter().map(|g| log_sum_exp(g)).collect() }
            }
            Op::LogSoftmax(axes) | Op::Softmax(axes) => {
                let kept = Shape::from(
                    (0..rank)
                        .filter(|i| !axes.contains(&(rank - 1 - i)))
                        .map(|i| shape[i])
                        .collect::<Vec<_>>(),
                );
                let groups = groups(x[0], axes);
                Tensor::new(shape, |i| {
                    let place = (0..rank).filter(|a| !axes.contains(&(rank - 1 - a))).map(|a| i[a]);
                    let group: usize = place.zip(kept.strides()).map(|(i, s)| i * s).sum();
                    let y = x[0].at(&i) - log_sum_exp(&groups[group]);
                    if matches!(node.op, Op::Softmax(_)) { unary(Unary::Exp, y) } else { y }
                })
            }
            Op::OneHot(_) => Tensor::new(shape, |i| {
                let place = T::from_f64(i[rank - 1] as f64);
                T::from_f64(if x[0].at(&i[..rank - 1]) == place { 1.0 } else { 0.0 })
            }),
            Op::ArgMax => {
                let n = x[0].shape.from_end(0);
                let best = |row: &[T]| (0..n).fold(0, |best, i| if row[i] > row[best] { i } else { best });
                Tensor {
                    shape: shape.clone(),
                    data: x[0].data.chunks(n).map(|row| T::from_f64(best(row) as f64)).collect(),
                }
            }
            Op::CumSum { reverse } => {
                let mut out = x[0].clone();
                for row in out.data.chunks_mut(shape.from_end(0).max(1)) {
                    if *reverse {
                        row.reverse();
                    }
                    for i in 1..row.len() {
                        row[i] = row[i - 1] + row[i];
                    }
                    if *reverse {
                        row.reverse();
                    }
                }
                out
            }
            Op::MatMul => Tensor::new(shape, |i| {
                let (batch, ij) = i.split_at(rank - 2);
                (0..x[0].shape.from_end(0)).fold(T::default(), |sum, k| {
                    let a = [batch, &[ij[0], k]].concat();
                    let b = [batch, &[k, ij[1]]].concat();
                    sum + x[0].at(&a) * x[1].at(&b)
                })
            }),
            Op::Reshape { .. } => Tensor { shape: shape.clone(), data: x[0].data.clone() },
            Op::Broadcast { .. } => Tensor::new(shape, |i| x[0].at(&i)),
            Op::Permute(order) => Tensor::new(shape, |i| {
                let lead = rank - order.len();
                let mut from = i.clone();
                for (place, &axis) in order.iter().enumerate() {
                    from[lead + axis] = i[lead + place];
                }
                x[0].at(&from)
            }),
            Op::Slice { axis, start, .. } => Tensor::new(shape, |mut i| {
                i[rank - 1 - axis] += start;
                x[0].at(&i)
            }),
            Op::Pad { axis, before, .. } => Tensor::new(shape, |mut i| {
                let at = rank - 1 - axis;
                if i[at] < *before || i[at] >= before + x[0].shape[at] {
                    return T::default();
                }
                i[at] -= before;
                x[0].at(&i)
            }),
            Op::Concat { axis } => Tensor::new(shape, |mut i| {
                let at = rank - 1 - axis;
                for part in &x {
                    let len = part.shape.from_end(*axis);
                    if i[at] < len {
                        return part.at(&i);
                    }
                    i[at] -= len;
                }
                unreachable!()
            }),
            Op::StopGradient => x[0].clone(),
            Op::External(external) => {
                let lead = shape.leading(rank - external.shape.rank());
                let mut data = Vec::new();
                for index in indices(&lead) {
                    let arguments: Vec<Vec<f64>> = x
                        .iter()
                        .zip(&external.input_ranks)
                        .map(|(x, &own)| {
                            let own = x.shape.trailing(own);
                            let element = |i: Vec<usize>| x.at(&[&index[..], &i].concat()).to_f64();
                            indices(&own).into_iter().map(element).collect()
                        })
                        .collect();
                    let arguments: Vec<&[f64]> = arguments.iter().map(|a| &a[..]).collect();
                    let mut result = vec![0.0; external.shape.numel()];
                    (external.function)(&arguments, &mut result).unwrap();
                    data.extend(result.iter().map(|&x| T::from_f64(x)));
                }
                Tensor { shape: shape.clone(), data }
            }
            Op::Hole(_) | Op::Poison => panic!("cannot be interpreted"),
        };
        assert_eq!(value.data.len(), shape.numel());
        largest =
            value.data.iter().map(|x| x.to_f64().abs()).filter(|x| x.is_finite()).fold(largest, f64::max);
        values[id.index()] = Some(value);
    }
    (outputs.iter().map(|o| values[o.index()].clone().unwrap()).collect(), largest)
}

/// Every node's id: inputs first.
fn all_ids(graph: &Graph) -> Vec<NodeId> {
    graph.ids().collect()
}

/// Compiles, sets the inputs and runs.
pub fn run<T: Real>(
    graph: &Graph,
    outputs: &[NodeId],
    inputs: &[Vec<T>],
    seed: u64,
    step: u64,
) -> Program<T> {
    let mut program = ready(graph, outputs, inputs, 0);
    program.run(seed, step);
    program
}

/// Compiles and sets the inputs.
pub fn ready<T: Real>(graph: &Graph, outputs: &[NodeId], inputs: &[Vec<T>], threads: usize) -> Program<T> {
    let options = CompileOptions { threads, ..CompileOptions::default() };
    let mut program = Program::compile(graph, outputs, &options).unwrap();
    for (slot, values) in inputs.iter().enumerate() {
        program.set_input(slot, values).unwrap();
    }
    program
}

/// All bits of all outputs.
pub fn bits<T: Real>(program: &Program<T>, outputs: usize) -> Vec<u64> {
    (0..outputs).flat_map(|i| program.output(i)).map(|x| x.to_f64().to_bits()).collect()
}

/// Panics unless the program agrees with the interpreter up to the rounding of sums.
pub fn assert_agrees<T: Real>(graph: &Graph, outputs: &[NodeId], inputs: &[Vec<T>], tolerance: f64) {
    let (expected, largest) = interpret(graph, outputs, inputs, 5, 3);
    let program = run(graph, outputs, inputs, 5, 3);
    for (i, expected) in expected.iter().enumerate() {
        assert_eq!(program.output_shape(i), &expected.shape);
        assert_eq!(program.output(i).len(), expected.data.len());
        for (j, (&got, &want)) in program.output(i).iter().zip(&expected.data).enumerate() {
            let (got, want) = (got.to_f64(), want.to_f64());
            let same = got == want
                || (got.is_nan() && want.is_nan())
                || (got - want).abs() <= tolerance * largest.max(1.0);
            assert!(same, "output {i} {}, element {j}: {got}, expected {want}", expected.shape);
        }
    }
}

/// Numbers that are exact in either format, so that their sums are.
pub fn numbers<T: Real>(n: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 33) % 65) as f64 / 16.0 - 2.0
    };
    (0..n).map(|_| T::from_f64(next())).collect()
}

/// Four numbers that choose an operation and its operands.
pub type Choice = [u32; 4];

/// A graph, its outputs, and the sizes of its inputs.
pub struct Case {
    pub graph: Graph,
    pub outputs: Vec<NodeId>,
    pub sizes: Vec<usize>,
}

/// Builds a graph from choices. Operations that would let numbers explode get bounded operands; `smooth` leaves out
/// those that jump.
pub fn build(shapes: &[Vec<usize>], choices: &[Choice], smooth: bool) -> Case {
    let graph = Graph::new();
    let mut outputs = Vec::new();
    {
        let mut pool: Vec<Expr<'_>> = Vec::new();
        for (i, shape) in shapes.iter().enumerate() {
            pool.push(graph.input(&format!("x{i}"), shape.as_slice()));
        }
        for choice in choices {
            let e = node(&graph, &pool, *choice, smooth);
            if let Some(error) = graph.error() {
                panic!("the generator made a wrong graph: {error}");
            }
            if e.shape().numel() <= 5000 && e.rank() <= 6 {
                pool.push(e);
            }
        }
        // Some of the values, the last one always.
        let n = pool.len();
        outputs.push(pool[n - 1].id());
        for choice in choices.iter().take(3) {
            outputs.push(pool[choice[3] as usize % n].id());
        }
    }
    let sizes = shapes.iter().map(|s| s.iter().product()).collect();
    Case { graph, outputs, sizes }
}

fn node<'g>(graph: &'g Graph, pool: &[Expr<'g>], [op, a, b, c]: Choice, smooth: bool) -> Expr<'g> {
    let n = pool.len();
    // Recent values are likelier, for deep graphs.
    let pick = |i: u32| pool[n - 1 - (i as usize % n).min((i >> 16) as usize % n)];
    let (x, c) = (pick(a), c as usize);
    let fit = |x: Expr<'g>, y: Expr<'g>| {
        if x.shape().broadcast(&y.shape()).is_some() { y } else { y.sum() }
    };
    let y = fit(x, pick(b));
    let small = || x.tanh();
    let axis = |e: Expr<'g>, i: usize| i % e.rank().max(1);
    match op % 50 {
        0 => -x,
        1 => x.abs(),
        2 if !smooth => x.sign(),
        3 if !smooth => x.floor(),
        4 => small().exp(),
        5 => small().expm1(),
        6 => (x.abs() + 0.5).log(),
        7 => x.abs().log1p(),
        8 => (x.abs() + 0.01).sqrt(),
        9 => x.sigmoid(),
        10 => x.softplus(),
        11 => x.erf(),
        12 => x.sigmoid().normal_quantile(),
        13 => small().sin() + small().cos() + small().tan(),
        14 => (x.sigmoid() + 0.5).lgamma(),
        15 => (x.sigmoid() + 0.5).polygamma(c as u32 % 3),
        16 | 17 => x + y,
        18 => x - y,
        19 => small() * y.tanh(),
        20 => x / (y.square() + 1.0),
        21 => (x.sigmoid() + 0.5).pow(y.tanh()),
        22 => x.maximum(y),
        23 => x.minimum(y),
        24 if !smooth => x.less(y),
        25 if !smooth => x.less_equal(y) + x.equal(y) + x.not_equal(y),
        26 | 27 => {
            let z = pick(b.rotate_left(7));
            let both = x.shape().broadcast(&y.shape()).unwrap();
            let z = if both.broadcast(&z.shape()).is_some() { z } else { z.sum() };
            let condition = graph.uniform(c as u32 % 4, x.shape()).less(0.5);
            condition.select(y, z) + x
        }
        28..=31 => {
            let axes: Vec<usize> = (0..x.rank()).filter(|i| c >> i & 1 == 1).collect();
            match op % 50 {
                28 => x.sum_axes(FromEnd(&axes)),
                29 => x.sigmoid().reduce(Reduction::Prod, FromEnd(&axes)),
                30 => x.reduce(Reduction::Max, FromEnd(&axes)).atan_like(),
                _ => x.reduce(Reduction::Min, FromEnd(&axes)).atan_like(),
            }
        }
        32 if !smooth && x.rank() > 0 && x.shape().from_end(0) > 0 => x.argmax(),
        33 if x.rank() > 0 => graph.apply(Op::CumSum { reverse: c % 2 == 1 }, &[x]),
        34 | 35 if x.rank() > 0 => {
            // x times a matrix that fits, as it is or through a transpose.
            let k = x.shape().from_end(0);
            let w = if c % 2 == 0 {
                graph.uniform(9, [k, 1 + c % 4])
            } else {
                graph.uniform(8, [1 + c % 4, k]).transpose()
            };
            x.matmul(w)
        }
        36 if x.rank() > 1 => x.matmul(x.transpose().tanh()),
        37 => x.reshape([x.shape().numel()]),
        38 if x.rank() > 1 => x.reshape_last(2, [x.shape().from_end(0), x.shape().from_end(1)]),
        39 => x.unsqueeze(FromEnd(c % (x.rank() + 1))),
        40 => {
            let rank = x.rank() + c % 2;
            let x = x.with_rank(rank);
            let to: Vec<usize> = x
                .shape()
                .iter()
                .enumerate()
                .map(|(i, &d)| if d == 1 { 1 + (c >> i) % 3 } else { d })
                .collect();
            if x.rank() == rank { x.broadcast_to(to) } else { x }
        }
        41 if x.rank() > 1 => {
            let mut order: Vec<usize> = (0..x.rank()).collect();
            order.rotate_left(1 + c % x.rank());
            order.swap(0, c / 8 % x.rank());
            x.permute(&order)
        }
        42 if x.rank() > 0 => {
            let axis = axis(x, c);
            let size = x.shape().from_end(axis);
            let start = if size == 0 { 0 } else { c / 7 % size };
            x.slice(FromEnd(axis), start, (size - start).div_ceil(1 + c % 2))
        }
        43 if x.rank() > 0 => {
            graph.apply(Op::Pad { axis: axis(x, c), before: c / 4 % 3, after: c / 16 % 2 }, &[x])
        }
        44 if x.rank() > 0 => {
            let parts = [x, graph.uniform(2, x.shape()), x.sigmoid()];
            concat(&parts[..1 + c % 3], FromEnd(axis(x, c / 3))).unwrap()
        }
        45 if x.rank() > 0 => {
            let own = x.shape().from_end(0);
            let function: Arc<ExternalFn> = Arc::new(move |x, out| {
                assert_eq!((x[0].len(), x[1].len()), (own * out.len() / 2, out.len() / 2));
                for (call, out) in out.chunks_mut(2).enumerate() {
                    let x = (&x[0][call * own..][..own], x[1][call]);
                    out[0] = x.0.iter().map(|x| x.tanh()).fold(x.1.tanh(), f64::max);
                    out[1] = x.0.iter().fold(0.5, |a, x| a.min(*x));
                }
                Ok(())
            });
            let external = External::new("box", [2], vec![1, 0], function);
            let external = External { vectorized: c % 2 == 1, ..external };
            let y = y.sum();
            graph.external(external, &[x, y])
        }
        46 if !smooth => {
            // Leading axes that one of the parameters has share the randomness.
            let shape = x.shape().trailing(c % (x.rank() + 1));
            graph.draw(Law::Gamma, c as u32 % 5, shape, &[x.sigmoid() + 0.5, y.sigmoid() + 0.5])
        }
        47 if !smooth => graph.draw(Law::Poisson, c as u32 % 5, x.shape(), &[y.sigmoid() * 20.0]),
        48 if x.rank() > 0 => {
            let mut axes: Vec<usize> = (0..x.rank()).filter(|i| c >> i & 1 == 1).collect();
            if axes.is_empty() {
                axes.push(c % x.rank());
            }
            match c / 64 % 3 {
                0 => x.logsumexp(FromEnd(&axes)).atan_like(),
                1 => graph.apply(Op::LogSoftmax(axes), &[x]),
                _ => graph.apply(Op::Softmax(axes), &[x]),
            }
        }
        _ => {
            let one_hot = x.floor().one_hot(3);
            if smooth { x.stop_gradient() + graph.iota(3).sum() } else { one_hot }
        }
    }
}

/// Keeps ±∞ (the maximum over nothing) from meeting its opposite.
trait Bounded {
    fn atan_like(self) -> Self;
}
impl Bounded for Expr<'_> {
    fn atan_like(self) -> Self {
        let graph = self.graph();
        self.clamp(graph.scalar(-50.0), graph.scalar(50.0))
    }
}
