//! Graphs as StableHLO, the text that XLA compiles for CPUs, GPUs and TPUs.
//!
//! The module has one public function, `main`. Its arguments are the seed and the step of the noise, each as two words of 32
//! bits (low, high), and then the inputs in the order in which a comment at the top lists them; its results are the outputs
//! in their order. Uniform numbers follow [the noise contract](super) in integer arithmetic and have the same bits as those of
//! the CPU executor; sums and functions agree up to rounding. erf, log Γ and ψ⁽ⁿ⁾ are operations of CHLO, which XLA expands. The softmax functions are
//! written with the stable formulas of `compile/softmax`, and a batched product whose matrices are the rows of one is one product.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::error::Error;
use crate::exec::math::quantile_table;
use crate::exec::philox::{KEY_INCREMENTS, MULTIPLIERS};
use crate::graph::{Binary, Graph, Node, NodeId, NodeSet, Op, Reduction, Shape, Unary, axes_of_rows};

/// The type of all tensors of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Float {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

/// Elements up to which the number of a block of noise fits into a word.
const MOST_NOISE: u64 = 1 << 34;

/// The text of what `outputs` depend on.
///
/// # Errors
/// The graph's failed operations, and [`Error::Argument`] with a list of what has no translation: black boxes, holes and
/// draws from laws.
pub fn stablehlo(graph: &Graph, outputs: &[(&str, NodeId)], float: Float) -> Result<String, Error> {
    // The names are checked as for every other form.
    let portable = super::Portable::new(graph, outputs)?;
    let ids: Vec<NodeId> = outputs.iter().map(|&(_, id)| id).collect();
    let needed = NodeSet::ancestors(graph, &ids);
    let untranslated: BTreeSet<String> =
        needed.iter().filter_map(|id| graph.with_node(id, |node| refusal(graph, node))).collect();
    if !untranslated.is_empty() {
        let list: Vec<String> = untranslated.into_iter().collect();
        let problem = format!("no translation of {}", list.join(", "));
        return Err(Error::Argument { operation: "StableHLO".into(), problem });
    }
    let place = |id: NodeId| needed.position(id).unwrap_or(usize::MAX);
    let mut printer = Printer { float, body: String::new(), values: 0, noise: BTreeSet::new() };
    let mut values: Vec<String> = Vec::with_capacity(needed.len());
    let mut arguments = vec!["%seed: tensor<2xui32>".to_string(), "%step: tensor<2xui32>".to_string()];
    for id in needed.iter() {
        let value = graph.with_node(id, |node| {
            if let Op::Input(_) = node.op {
                let value = format!("%arg{}", arguments.len() - 2);
                arguments.push(format!("{value}: {}", printer.tensor(&node.shape)));
                return value;
            }
            let x: Vec<&str> = node.inputs.iter().map(|&i| &values[place(i)][..]).collect();
            let shapes: Vec<Shape> = node.inputs.iter().map(|&i| graph.expr(i).shape()).collect();
            printer.node(node, &x, &shapes)
        });
        values.push(value);
    }
    let results: Vec<&str> = ids.iter().map(|&id| &values[place(id)][..]).collect();
    let types: Vec<String> = ids.iter().map(|&id| printer.tensor(&graph.expr(id).shape())).collect();
    let mut text = String::new();
    let mut line = |s: String| {
        text.push_str(&s);
        text.push('\n');
    };
    line("// Arguments: seed (low and high word), step (low and high word), then".into());
    for (i, (name, ..)) in portable.inputs().enumerate() {
        line(format!("//   %arg{i} = {name:?}"));
    }
    let names: Vec<String> = outputs.iter().map(|(name, _)| format!("{name:?}")).collect();
    line(format!("// Results: {}", names.join(", ")));
    line(format!("// Noise contract: version {}", super::Portable::NOISE));
    line("module @aleator {".into());
    line(format!("  func.func public @main({}) -> ({}) {{", arguments.join(", "), types.join(", ")));
    let (body, noise) = (std::mem::take(&mut printer.body), std::mem::take(&mut printer.noise));
    line(format!("{body}    return {} : {}\n  }}", results.join(", "), types.join(", ")));
    for elements in noise {
        printer.uniform_function(elements);
        line(std::mem::take(&mut printer.body));
    }
    line("}".into());
    Ok(text)
}

/// How a node that has no translation is called in messages.
fn refusal(graph: &Graph, node: &Node) -> Option<String> {
    match &node.op {
        Op::External(external) => Some(format!("the black box `{}`", external.name)),
        Op::Hole(number) => Some(format!("the hole `{}`", graph.hole_name(*number))),
        Op::Draw { law, .. } => Some(format!("a draw from {law:?}")),
        Op::QuantileDerivative(_) => Some(node.op.name()),
        Op::Uniform { .. } if node.shape.numel() as u64 >= MOST_NOISE => {
            Some(format!("{} uniform numbers at once", node.shape.numel()))
        }
        _ => None,
    }
}

/// What the softmax functions share, by the names of the values. The reduced axes remain with size 1.
struct Softmax {
    shift: String,
    shifted: String,
    exponentials: String,
    sum: String,
    /// The shape of the shift and of the sum.
    kept: Shape,
}

struct Printer {
    float: Float,
    body: String,
    values: usize,
    /// Numbers of elements for which there is a function that gives uniform numbers.
    noise: BTreeSet<usize>,
}

impl Printer {
    fn element(&self) -> &'static str {
        match self.float {
            Float::F32 => "f32",
            Float::F64 => "f64",
        }
    }

    /// The type of a tensor.
    fn tensor(&self, shape: &[usize]) -> String {
        tensor(shape, self.element())
    }

    /// `%n = text`
    fn line(&mut self, text: &str) -> String {
        let value = format!("%v{}", self.values);
        self.values += 1;
        let _ = writeln!(self.body, "    {value} = {text}");
        value
    }

    /// An elementwise operation on operands of one type.
    fn map(&mut self, op: &str, x: &[&str], ty: &str) -> String {
        self.line(&format!("{op} {} : {ty}", x.join(", ")))
    }

    /// A CHLO operation on operands of one type.
    fn chlo(&mut self, op: &str, x: &[&str], ty: &str) -> String {
        let types = vec![ty; x.len()].join(", ");
        self.line(&format!("chlo.{op} {} : {types} -> {ty}", x.join(", ")))
    }

    /// A constant of any shape, bit by bit.
    fn constant(&mut self, x: f64, shape: &[usize]) -> String {
        let bits = match self.float {
            Float::F32 => format!("0x{:08X}", (x as f32).to_bits()),
            Float::F64 => format!("0x{:016X}", x.to_bits()),
        };
        let ty = self.tensor(shape);
        self.line(&format!("stablehlo.constant dense<{bits}> : {ty}"))
    }

    fn integer(&mut self, x: u64, ty: &str) -> String {
        self.line(&format!("stablehlo.constant dense<{x}> : {ty}"))
    }

    fn convert(&mut self, x: &str, from: &str, to: &str) -> String {
        self.line(&format!("stablehlo.convert {x} : ({from}) -> {to}"))
    }

    fn reshape(&mut self, x: &str, from: &str, to: &str) -> String {
        if from == to { x.into() } else { self.line(&format!("stablehlo.reshape {x} : ({from}) -> {to}")) }
    }

    /// NumPy's broadcasting, aligned at the last axis.
    fn broadcast(&mut self, x: &str, from: &[usize], to: &[usize]) -> String {
        if from == to {
            return x.into();
        }
        let dims: Vec<String> = (to.len() - from.len()..to.len()).map(|d| d.to_string()).collect();
        let (from, to) = (self.tensor(from), self.tensor(to));
        self.line(&format!("stablehlo.broadcast_in_dim {x}, dims = [{}] : ({from}) -> {to}", dims.join(", ")))
    }

    /// Where a comparison holds, as truth values.
    fn compare(&mut self, how: &str, x: &str, y: &str, shape: &[usize]) -> String {
        let (from, to) = (self.tensor(shape), tensor(shape, "i1"));
        self.line(&format!("stablehlo.compare {how}, {x}, {y}, FLOAT : ({from}, {from}) -> {to}"))
    }

    fn select(&mut self, c: &str, x: &str, y: &str, shape: &[usize]) -> String {
        let types = format!("{}, {}", tensor(shape, "i1"), self.tensor(shape));
        self.line(&format!("stablehlo.select {c}, {x}, {y} : {types}"))
    }

    fn reduce(
        &mut self,
        x: &str,
        reduction: Reduction,
        axes: &[usize],
        from: &[usize],
        to: &[usize],
    ) -> String {
        let (op, start) = match reduction {
            Reduction::Sum => ("add", 0.0),
            Reduction::Prod => ("multiply", 1.0),
            Reduction::Max => ("maximum", f64::NEG_INFINITY),
            Reduction::Min => ("minimum", f64::INFINITY),
        };
        let start = self.constant(start, &[]);
        let mut dims: Vec<usize> = axes.iter().map(|a| from.len() - 1 - a).collect();
        dims.sort_unstable();
        let (from, scalar, to) = (self.tensor(from), self.tensor(&[]), self.tensor(to));
        self.line(&format!(
            "stablehlo.reduce({x} init: {start}) applies stablehlo.{op} across dimensions = {dims:?} : ({from}, {scalar}) -> {to}"
        ))
    }

    /// A node that is no input.
    fn node(&mut self, node: &Node, x: &[&str], shapes: &[Shape]) -> String {
        let shape = &node.shape;
        let ty = self.tensor(shape);
        let types: Vec<String> = shapes.iter().map(|s| self.tensor(s)).collect();
        match &node.op {
            Op::Scalar(bits) => self.constant(f64::from_bits(*bits), &[]),
            Op::Tensor(data) if data.0.is_empty() => self.constant(0.0, shape),
            Op::Tensor(data) => {
                let bytes: Vec<u8> = match self.float {
                    Float::F32 => data.0.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect(),
                    Float::F64 => data.0.iter().flat_map(|x| x.to_le_bytes()).collect(),
                };
                let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
                self.line(&format!("stablehlo.constant dense<\"0x{hex}\"> : {ty}"))
            }
            Op::Iota => self.line(&format!("stablehlo.iota dim = 0 : {ty}")),
            Op::Uniform { stream } => {
                let n = shape.numel();
                if n == 0 {
                    return self.constant(0.0, shape);
                }
                self.noise.insert(n);
                let stream = self.integer(u64::from(*stream), "tensor<ui32>");
                let flat = self.tensor(&[n]);
                let call = format!(
                    "func.call @uniform_{n}(%seed, %step, {stream}) : (tensor<2xui32>, tensor<2xui32>, tensor<ui32>) -> {flat}"
                );
                let numbers = self.line(&call);
                self.reshape(&numbers, &flat, &ty)
            }
            Op::Unary(u) => self.unary(*u, x[0], shape),
            Op::Binary(b) => {
                let [x, y] = [0, 1].map(|i| self.broadcast(x[i], &shapes[i], shape));
                self.binary(*b, &x, &y, shape)
            }
            Op::Select => {
                let [c, x, y] = [0, 1, 2].map(|i| self.broadcast(x[i], &shapes[i], shape));
                let zero = self.constant(0.0, shape);
                let c = self.compare("NE", &c, &zero, shape);
                self.select(&c, &x, &y, shape)
            }
            Op::Reduce(reduction, axes) => self.reduce(x[0], *reduction, axes, &shapes[0], shape),
            Op::LogSumExp(axes) => {
                let Softmax { shift, sum, kept, .. } = self.softmax(x[0], axes, &shapes[0]);
                let ty_of_kept = self.tensor(&kept);
                let log = self.map("stablehlo.log", &[&sum], &ty_of_kept);
                let total = self.map("stablehlo.add", &[&shift, &log], &ty_of_kept);
                self.reshape(&total, &ty_of_kept, &ty)
            }
            Op::LogSoftmax(axes) => {
                let Softmax { shifted, sum, kept, .. } = self.softmax(x[0], axes, &shapes[0]);
                let ty_of_kept = self.tensor(&kept);
                let log = self.map("stablehlo.log", &[&sum], &ty_of_kept);
                let log = self.broadcast(&log, &kept, shape);
                self.map("stablehlo.subtract", &[&shifted, &log], &ty)
            }
            Op::Softmax(axes) => {
                let Softmax { exponentials, sum, kept, .. } = self.softmax(x[0], axes, &shapes[0]);
                let sum = self.broadcast(&sum, &kept, shape);
                self.map("stablehlo.divide", &[&exponentials, &sum], &ty)
            }
            Op::OneHot(_) => {
                let column = shapes[0].join(&[1]);
                let ty_of_column = self.tensor(&column);
                let column_of_x = self.reshape(x[0], &types[0], &ty_of_column);
                let x = self.broadcast(&column_of_x, &column, shape);
                let places = self.line(&format!("stablehlo.iota dim = {} : {ty}", shape.rank() - 1));
                self.truth("EQ", &x, &places, shape)
            }
            Op::ArgMax => self.argmax(x[0], &shapes[0], shape),
            Op::CumSum { reverse } => self.cumsum(x[0], *reverse, shape),
            Op::MatMul => {
                // The matrices that are the rows of one are one matrix, as on the CPU.
                let axes = axes_of_rows(&shapes[0], &shapes[1]);
                let as_rows = |s: &Shape| {
                    let rows = (0..=axes).map(|axis| s.from_end(axis + 1)).product();
                    s.leading(s.rank() - axes - 2).join(&[rows, s.from_end(0)])
                };
                let squeezed = axes.min(shapes[1].rank() - 2);
                let right = shapes[1].leading(shapes[1].rank() - squeezed - 2).join(&shapes[1].trailing(2));
                let (left, product) = (as_rows(&shapes[0]), as_rows(shape));
                let ty_of_product = self.tensor(&product);
                let [ty_of_left, ty_of_right] = [&left, &right].map(|s| self.tensor(s));
                let a = self.reshape(x[0], &types[0], &ty_of_left);
                let b = self.reshape(x[1], &types[1], &ty_of_right);
                let value = self.matmul([&a, &b], [&left, &right], &product);
                self.reshape(&value, &ty_of_product, &ty)
            }
            Op::Reshape { .. } => self.reshape(x[0], &types[0], &ty),
            Op::Broadcast { .. } => self.broadcast(x[0], &shapes[0], shape),
            Op::Permute(order) => {
                let lead = shape.rank() - order.len();
                let dims: Vec<usize> = (0..lead).chain(order.iter().map(|o| lead + o)).collect();
                self.line(&format!("stablehlo.transpose {}, dims = {dims:?} : ({}) -> {ty}", x[0], types[0]))
            }
            Op::Slice { axis, start, len } => {
                let at = shape.rank() - 1 - axis;
                let range = |(i, &n): (usize, &usize)| {
                    if i == at { format!("{start}:{}", start + len) } else { format!("0:{n}") }
                };
                let ranges: Vec<String> = shapes[0].iter().enumerate().map(range).collect();
                self.line(&format!(
                    "stablehlo.slice {} [{}] : ({}) -> {ty}",
                    x[0],
                    ranges.join(", "),
                    types[0]
                ))
            }
            Op::Pad { axis, before, after } => {
                let at = shape.rank() - 1 - axis;
                let along =
                    |n: usize| (0..shape.rank()).map(|i| if i == at { n } else { 0 }).collect::<Vec<_>>();
                let zero = self.constant(0.0, &[]);
                let scalar = self.tensor(&[]);
                self.line(&format!(
                    "stablehlo.pad {}, {zero}, low = {:?}, high = {:?}, interior = {:?} : ({}, {scalar}) -> {ty}",
                    x[0],
                    along(*before),
                    along(*after),
                    along(0),
                    types[0]
                ))
            }
            Op::Concat { axis } => {
                let at = shape.rank() - 1 - axis;
                let (mut parts, mut part_types) = (Vec::new(), Vec::new());
                for (x, from) in x.iter().zip(shapes) {
                    let mut to = shape.to_vec();
                    // Parts may lack axes in front.
                    to[at] = from.from_end(*axis);
                    parts.push(self.broadcast(x, from, &to));
                    part_types.push(self.tensor(&to));
                }
                self.line(&format!(
                    "stablehlo.concatenate {}, dim = {at} : ({}) -> {ty}",
                    parts.join(", "),
                    part_types.join(", ")
                ))
            }
            Op::StopGradient => x[0].into(),
            Op::Input(_)
            | Op::Draw { .. }
            | Op::QuantileDerivative(_)
            | Op::Hole(_)
            | Op::External(_)
            | Op::Poison => {
                unreachable!("inputs are arguments, and the others were refused")
            }
        }
    }

    /// A product of matrices whose batch axes broadcast.
    fn matmul(&mut self, x: [&str; 2], from: [&Shape; 2], to: &Shape) -> String {
        let batch = &to[..to.rank() - 2];
        let full = |s: &Shape| [batch, &s[s.rank() - 2..]].concat();
        let (left, right) = (full(from[0]), full(from[1]));
        let a = self.broadcast(x[0], from[0], &left);
        let b = self.broadcast(x[1], from[1], &right);
        let axes: Vec<usize> = (0..batch.len()).collect();
        let (rows, inner) = (batch.len(), batch.len() + 1);
        let (left, right, to) = (self.tensor(&left), self.tensor(&right), self.tensor(to));
        self.line(&format!(
            "stablehlo.dot_general {a}, {b}, batching_dims = {axes:?} x {axes:?}, contracting_dims = [{inner}] x [{rows}], precision = [HIGHEST, HIGHEST] : ({left}, {right}) -> {to}"
        ))
    }

    /// What the softmax functions of x share, by the formulas of `compile/softmax`.
    fn softmax(&mut self, x: &str, axes: &[usize], shape: &Shape) -> Softmax {
        let rank = shape.rank();
        let reduced = |i: &usize| axes.contains(&(rank - 1 - i));
        let removed: Vec<usize> = (0..rank).filter(|i| !reduced(i)).map(|i| shape[i]).collect();
        let kept: Shape =
            (0..rank).map(|i| if reduced(&i) { 1 } else { shape[i] }).collect::<Vec<_>>().into();
        let [ty, ty_of_kept, ty_of_removed] = [shape, &kept, &removed.clone().into()].map(|s| self.tensor(s));
        let max = self.reduce(x, Reduction::Max, axes, shape, &removed);
        let max = self.reshape(&max, &ty_of_removed, &ty_of_kept);
        let size = self.map("stablehlo.abs", &[&max], &ty_of_kept);
        let [zero, infinity] = [0.0, f64::INFINITY].map(|c| self.constant(c, &kept));
        let finite = self.compare("LT", &size, &infinity, &kept);
        let shift = self.select(&finite, &max, &zero, &kept);
        let shift_of_each = self.broadcast(&shift, &kept, shape);
        let shifted = self.map("stablehlo.subtract", &[x, &shift_of_each], &ty);
        let exponentials = self.map("stablehlo.exponential", &[&shifted], &ty);
        let sum = self.reduce(&exponentials, Reduction::Sum, axes, shape, &removed);
        let sum = self.reshape(&sum, &ty_of_removed, &ty_of_kept);
        Softmax { shift, shifted, exponentials, sum, kept }
    }

    fn unary(&mut self, op: Unary, x: &str, shape: &[usize]) -> String {
        let ty = &self.tensor(shape);
        let name = match op {
            Unary::Neg => "negate",
            Unary::Abs => "abs",
            Unary::Sign => "sign",
            Unary::Floor => "floor",
            Unary::Exp => "exponential",
            Unary::Expm1 => "exponential_minus_one",
            Unary::Log => "log",
            Unary::Log1p => "log_plus_one",
            Unary::Sqrt => "sqrt",
            Unary::Sin => "sine",
            Unary::Cos => "cosine",
            Unary::Tan => "tan",
            Unary::Tanh => "tanh",
            Unary::Sigmoid => "logistic",
            Unary::Softplus => {
                let size = self.map("stablehlo.abs", &[x], ty);
                let size = self.map("stablehlo.negate", &[&size], ty);
                let decay = self.map("stablehlo.exponential", &[&size], ty);
                let rest = self.map("stablehlo.log_plus_one", &[&decay], ty);
                let zero = self.constant(0.0, shape);
                let kink = self.map("stablehlo.maximum", &[x, &zero], ty);
                return self.map("stablehlo.add", &[&kink, &rest], ty);
            }
            Unary::Erf => return self.chlo("erf", &[x], ty),
            Unary::Lgamma => return self.chlo("lgamma", &[x], ty),
            Unary::Polygamma(n) => return self.polygamma(n, x, shape),
            Unary::NormalQuantile => return self.normal_quantile(x, shape),
        };
        self.map(&format!("stablehlo.{name}"), &[x], ty)
    }

    /// ψ⁽ⁿ⁾(x) as CHLO has it, but with its values at the pole 0: −1/x for even n, 1/|x| for odd n.
    fn polygamma(&mut self, n: u32, x: &str, shape: &[usize]) -> String {
        let ty = &self.tensor(shape);
        let value = if n == 0 {
            self.chlo("digamma", &[x], ty)
        } else {
            let n = self.constant(f64::from(n), shape);
            self.chlo("polygamma", &[&n, x], ty)
        };
        let (one, zero) = (self.constant(1.0, shape), self.constant(0.0, shape));
        let sided =
            self.map(if n.is_multiple_of(2) { "stablehlo.negate" } else { "stablehlo.abs" }, &[x], ty);
        let pole = self.map("stablehlo.divide", &[&one, &sided], ty);
        let is_pole = self.compare("EQ", x, &zero, shape);
        self.select(&is_pole, &pole, &value, shape)
    }

    fn binary(&mut self, op: Binary, x: &str, y: &str, shape: &[usize]) -> String {
        let ty = self.tensor(shape);
        let name = match op {
            Binary::Add => "add",
            Binary::Sub => "subtract",
            Binary::Mul => "multiply",
            Binary::Div => "divide",
            Binary::Pow => "power",
            Binary::Atan2 => "atan2",
            Binary::Max => "maximum",
            Binary::Min => "minimum",
            Binary::Lt => return self.truth("LT", x, y, shape),
            Binary::Le => return self.truth("LE", x, y, shape),
            Binary::Eq => return self.truth("EQ", x, y, shape),
            Binary::Ne => return self.truth("NE", x, y, shape),
        };
        self.map(&format!("stablehlo.{name}"), &[x, y], &ty)
    }

    /// 1 where a comparison holds, else 0.
    fn truth(&mut self, how: &str, x: &str, y: &str, shape: &[usize]) -> String {
        let holds = self.compare(how, x, y, shape);
        let ty = self.tensor(shape);
        self.convert(&holds, &tensor(shape, "i1"), &ty)
    }

    /// The index of the first element that is the largest, or NaN if there is one.
    fn argmax(&mut self, x: &str, from: &[usize], to: &[usize]) -> String {
        let (ty, row) = (self.tensor(from), from.len() - 1);
        let largest = self.reduce(x, Reduction::Max, &[0], from, to);
        let dims: Vec<usize> = (0..row).collect();
        let reduced = self.tensor(to);
        let largest = self
            .line(&format!("stablehlo.broadcast_in_dim {largest}, dims = {dims:?} : ({reduced}) -> {ty}"));
        let attained = self.compare("EQ", x, &largest, from);
        let nan = self.compare("NE", x, x, from);
        let found = self.map("stablehlo.or", &[&attained, &nan], &tensor(from, "i1"));
        let places = self.line(&format!("stablehlo.iota dim = {row} : {ty}"));
        let none = self.constant(f64::INFINITY, from);
        let places = self.select(&found, &places, &none, from);
        self.reduce(&places, Reduction::Min, &[0], from, to)
    }

    fn cumsum(&mut self, x: &str, reverse: bool, shape: &[usize]) -> String {
        let (ty, scalar, rank) = (self.tensor(shape), self.tensor(&[]), shape.len());
        let n = shape[rank - 1];
        if shape.contains(&0) {
            return self.constant(0.0, shape);
        }
        let zero = self.constant(0.0, &[]);
        let mut window = vec![1; rank];
        window[rank - 1] = n;
        let window: Vec<String> = window.iter().map(|w| w.to_string()).collect();
        let mut padding = vec!["[0, 0]".to_string(); rank];
        padding[rank - 1] = if reverse { format!("[0, {}]", n - 1) } else { format!("[{}, 0]", n - 1) };
        let padding = format!("dense<[{}]> : tensor<{rank}x2xi64>", padding.join(", "));
        self.line(&format!(
            "\"stablehlo.reduce_window\"({x}, {zero}) <{{padding = {padding}, window_dimensions = array<i64: {}>}}> ({{\n    ^bb0(%a: {scalar}, %b: {scalar}):\n      %sum = stablehlo.add %a, %b : {scalar}\n      stablehlo.return %sum : {scalar}\n    }}) : ({ty}, {scalar}) -> {ty}",
            window.join(", ")
        ))
    }

    /// c₀ + c₁ v + …, where each coefficient is chosen by the interval.
    fn polynomial(&mut self, v: &str, near: &str, far: &str, table: &[[f64; 3]], shape: &[usize]) -> String {
        let ty = self.tensor(shape);
        let mut sum: Option<String> = None;
        for row in table.iter().rev() {
            let [a, b, c] = row.map(|x| self.constant(x, shape));
            let not_near = self.select(far, &c, &b, shape);
            let chosen = self.select(near, &a, &not_near, shape);
            sum = Some(match sum {
                None => chosen,
                Some(sum) => {
                    let product = self.map("stablehlo.multiply", &[&sum, v], &ty);
                    self.map("stablehlo.add", &[&product, &chosen], &ty)
                }
            });
        }
        sum.unwrap_or_default()
    }

    /// The formulas of `exec/math/normal_quantile.rs`.
    fn normal_quantile(&mut self, p: &str, shape: &[usize]) -> String {
        let ty = &self.tensor(shape);
        let half = self.constant(0.5, shape);
        let (zero, one) = (self.constant(0.0, shape), self.constant(1.0, shape));
        let q = self.map("stablehlo.subtract", &[p, &half], ty);
        let rest = self.map("stablehlo.subtract", &[&one, p], ty);
        let x = match self.float {
            Float::F32 => {
                let four = self.constant(4.0, shape);
                let product = self.map("stablehlo.multiply", &[&four, p], ty);
                let product = self.map("stablehlo.multiply", &[&product, &rest], ty);
                let log = self.map("stablehlo.log", &[&product], ty);
                let w = self.map("stablehlo.negate", &[&log], ty);
                let root = self.map("stablehlo.sqrt", &[&w], ty);
                let [five, sixteen] = [5.0, 16.0].map(|x| self.constant(x, shape));
                let near = self.compare("LT", &w, &five, shape);
                let far = self.compare("GE", &w, &sixteen, shape);
                let [c0, c1, c2] = quantile_table::CENTRES.map(|c| self.constant(f64::from(c), shape));
                let [v0, v1, v2] = [(&w, &c0), (&root, &c1), (&root, &c2)]
                    .map(|(x, c)| self.map("stablehlo.subtract", &[x, c], ty));
                let v = self.select(&far, &v2, &v1, shape);
                let v = self.select(&near, &v0, &v, shape);
                let table = quantile_table::H.map(|row| row.map(f64::from));
                let h = self.polynomial(&v, &near, &far, &table, shape);
                self.map("stablehlo.multiply", &[&q, &h], ty)
            }
            Float::F64 => {
                let below = self.compare("LT", &q, &zero, shape);
                let tail = self.select(&below, p, &rest, shape);
                let log = self.map("stablehlo.log", &[&tail], ty);
                let log = self.map("stablehlo.negate", &[&log], ty);
                let t = self.map("stablehlo.sqrt", &[&log], ty);
                let size = self.map("stablehlo.abs", &[&q], ty);
                let [edge, five] = [0.425, 5.0].map(|x| self.constant(x, shape));
                let near = self.compare("LE", &size, &edge, shape);
                let far = self.compare("GT", &t, &five, shape);
                let [c0, c1] = [0.180625, 1.6].map(|x| self.constant(x, shape));
                let square = self.map("stablehlo.multiply", &[&q, &q], ty);
                let v0 = self.map("stablehlo.subtract", &[&c0, &square], ty);
                let v1 = self.map("stablehlo.subtract", &[&t, &c1], ty);
                let v2 = self.map("stablehlo.subtract", &[&t, &five], ty);
                let v = self.select(&far, &v2, &v1, shape);
                let v = self.select(&near, &v0, &v, shape);
                let minus = self.constant(-1.0, shape);
                let side = self.select(&below, &minus, &one, shape);
                let factor = self.select(&near, &q, &side, shape);
                let a = self.polynomial(&v, &near, &far, &quantile_table::A, shape);
                let b = self.polynomial(&v, &near, &far, &quantile_table::B, shape);
                let product = self.map("stablehlo.multiply", &[&factor, &a], ty);
                self.map("stablehlo.divide", &[&product, &b], ty)
            }
        };
        let [low, high, nan] = [f64::NEG_INFINITY, f64::INFINITY, f64::NAN].map(|x| self.constant(x, shape));
        let at_zero = self.compare("EQ", p, &zero, shape);
        let at_one = self.compare("EQ", p, &one, shape);
        let x = self.select(&at_zero, &low, &x, shape);
        let x = self.select(&at_one, &high, &x, shape);
        let above = self.compare("GE", p, &zero, shape);
        let below = self.compare("LE", p, &one, shape);
        let inside = self.map("stablehlo.and", &[&above, &below], &tensor(shape, "i1"));
        self.select(&inside, &x, &nan, shape)
    }

    /// A function that gives the first n uniform numbers of a stream.
    fn uniform_function(&mut self, n: usize) {
        let blocks = n.div_ceil(4);
        let words = &tensor(&[blocks], "ui32");
        let (scalar, result) = ("tensor<ui32>", self.tensor(&[n]));
        let _ = writeln!(
            self.body,
            "  func.func private @uniform_{n}(%seed: tensor<2xui32>, %step: tensor<2xui32>, %stream: {scalar}) -> {result} {{"
        );
        let mut word = |from: &str, i: usize| {
            let part = self.line(&format!(
                "stablehlo.slice {from} [{i}:{}] : (tensor<2xui32>) -> tensor<1xui32>",
                i + 1
            ));
            self.reshape(&part, "tensor<1xui32>", scalar)
        };
        let key = [word("%seed", 0), word("%seed", 1)];
        let (step_low, step_high) = (word("%step", 0), word("%step", 1));
        let sixteen = self.integer(16, scalar);
        let second = self.map("stablehlo.shift_left", &[&step_high, &sixteen], scalar);
        let block = self.line(&format!("stablehlo.iota dim = 0 : {words}"));
        let halves = if self.float == Float::F64 { 2 } else { 1 };
        let drawn: Vec<String> = (0..halves)
            .map(|half| {
                let mark = self.integer(half << 31, scalar);
                let last = self.map("stablehlo.or", &["%stream", &mark], scalar);
                let [second, third, last] = [&second, &step_low, &last].map(|x| self.spread(x, words));
                self.philox([block.clone(), second, third, last], &key, blocks, n)
            })
            .collect();
        let bits = match self.float {
            Float::F32 => {
                let ty = &tensor(&[n], "ui32");
                let nine = self.integer(9, ty);
                let fraction = self.map("stablehlo.shift_right_logical", &[&drawn[0], &nine], ty);
                let one = self.integer(u64::from(1f32.to_bits()), ty);
                let bits = self.map("stablehlo.or", &[&fraction, &one], ty);
                self.line(&format!("stablehlo.bitcast_convert {bits} : ({ty}) -> {result}"))
            }
            Float::F64 => {
                let (ty, narrow) = (&tensor(&[n], "ui64"), tensor(&[n], "ui32"));
                let [high, low] = [0, 1].map(|half| self.convert(&drawn[half], &narrow, ty));
                let [twenty, twelve] = [20, 12].map(|x| self.integer(x, ty));
                let high = self.map("stablehlo.shift_left", &[&high, &twenty], ty);
                let low = self.map("stablehlo.shift_right_logical", &[&low, &twelve], ty);
                let fraction = self.map("stablehlo.or", &[&high, &low], ty);
                let one = self.integer(1f64.to_bits(), ty);
                let bits = self.map("stablehlo.or", &[&fraction, &one], ty);
                self.line(&format!("stablehlo.bitcast_convert {bits} : ({ty}) -> {result}"))
            }
        };
        let below_one = match self.float {
            Float::F32 => f64::from(1.0 - f32::EPSILON / 2.0),
            Float::F64 => 1.0 - f64::EPSILON / 2.0,
        };
        let offset = self.constant(below_one, &[n]);
        let numbers = self.map("stablehlo.subtract", &[&bits, &offset], &result);
        let _ = writeln!(self.body, "    return {numbers} : {result}\n  }}");
    }

    /// A word, repeated.
    fn spread(&mut self, word: &str, to: &str) -> String {
        self.line(&format!("stablehlo.broadcast_in_dim {word}, dims = [] : (tensor<ui32>) -> {to}"))
    }

    /// The first n words of the blocks with these counters.
    fn philox(&mut self, counter: [String; 4], key: &[String; 2], blocks: usize, n: usize) -> String {
        let (narrow, wide, scalar) = (&tensor(&[blocks], "ui32"), &tensor(&[blocks], "ui64"), "tensor<ui32>");
        let shift = self.integer(32, wide);
        let factors = MULTIPLIERS.map(|m| (self.integer(m, narrow), self.integer(m, wide)));
        let increments = KEY_INCREMENTS.map(|w| self.integer(u64::from(w), scalar));
        let (mut c, mut k) = (counter, key.clone());
        for round in 0..10 {
            if round > 0 {
                k = [0, 1].map(|i| self.map("stablehlo.add", &[&k[i], &increments[i]], scalar));
            }
            let [(low0, high0), (low1, high1)] = [(0, 0), (1, 2)].map(|(i, word)| {
                let low = self.map("stablehlo.multiply", &[&c[word], &factors[i].0], narrow);
                let high = self.convert(&c[word], narrow, wide);
                let high = self.map("stablehlo.multiply", &[&high, &factors[i].1], wide);
                let high = self.map("stablehlo.shift_right_logical", &[&high, &shift], wide);
                (low, self.convert(&high, wide, narrow))
            });
            let mut mixed = |high: &str, word: &str, key: &str| {
                let key = self.spread(key, narrow);
                let mixed = self.map("stablehlo.xor", &[high, word], narrow);
                self.map("stablehlo.xor", &[&mixed, &key], narrow)
            };
            let first = mixed(&high1, &c[1], &k[0]);
            let third = mixed(&high0, &c[3], &k[1]);
            c = [first, low1, third, low0];
        }
        let column = &tensor(&[blocks, 1], "ui32");
        let columns = c.map(|word| self.reshape(&word, narrow, column)).join(", ");
        let (square, flat) = (tensor(&[blocks, 4], "ui32"), tensor(&[4 * blocks], "ui32"));
        let columns = self.line(&format!(
            "stablehlo.concatenate {columns}, dim = 1 : ({column}, {column}, {column}, {column}) -> {square}"
        ));
        let words = self.reshape(&columns, &square, &flat);
        self.line(&format!("stablehlo.slice {words} [0:{n}] : ({flat}) -> {}", tensor(&[n], "ui32")))
    }
}

/// The type of a tensor of some elements.
fn tensor(shape: &[usize], element: &str) -> String {
    let mut text = String::from("tensor<");
    for dim in shape {
        let _ = write!(text, "{dim}x");
    }
    text + element + ">"
}
