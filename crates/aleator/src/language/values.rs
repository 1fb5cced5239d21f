//! Values of expressions: nodes of the engine's graph, and the numbers of those that are constant.
use std::collections::HashMap;
use std::rc::Rc;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Expr, Graph, NodeId, Op, Shape};
use aleator_engine::{Error, human_bytes};

use super::errors::Diagnostic;
use super::print::number_text;
use super::span::Span;

/// Most elements that one function such as `zeros` makes.
pub(super) const MOST_ELEMENTS: u64 = 1 << 27;
/// Most elements of a node, which need not lie in memory all at once.
const MOST_VIRTUAL: u64 = 1 << 40;
/// Most axes of a tensor.
pub(super) const MOST_AXES: usize = 32;
/// Most elements of all parameters, constants and data together: 2 GiB.
const MOST_STORED: u64 = 1 << 28;
/// Most arithmetic operations for the constants of a file, so that reading it ends.
const MOST_WORK: f64 = 1e10;
/// Most elements of an argument that must be whole numbers.
const MOST_INTEGERS: usize = 64;
/// Most places that elements are taken from.
pub(super) const MOST_PLACES: usize = 1 << 18;

/// The value of an expression.
#[derive(Clone, Copy)]
pub(super) struct Value<'g> {
    /// Its node.
    pub expr: Expr<'g>,
    /// Whether it is made of constants alone.
    pub constant: bool,
}

/// Turns what the engine refused into a message at this place, and refuses a node that is too large.
pub(super) fn check(expr: Expr<'_>, span: Span) -> Result<(), Diagnostic> {
    if let Some(error) = expr.graph().error() {
        let diagnostic = Diagnostic::new(error.to_string()).at(span);
        return Err(match remedy(&error) {
            Some(remedy) => diagnostic.help(remedy),
            None => diagnostic,
        });
    }
    let shape = expr.shape();
    let diagnostic = if shape.rank() > MOST_AXES {
        format!("a tensor of {} axes; {MOST_AXES} are the most that there may be", shape.rank())
    } else if extent(&shape).is_none_or(|extent| extent > MOST_VIRTUAL) {
        too_large("a tensor", &shape, MOST_VIRTUAL)
    } else {
        return Ok(());
    };
    Err(Diagnostic::new(diagnostic).at(span))
}

/// What to do about shapes that do not fit together.
fn remedy(error: &Error) -> Option<&'static str> {
    let Error::Shape { operation, problem } = error else { return None };
    if operation == "@" {
        Some(
            "`transpose(x)` exchanges the last two axes; a vector is a row on the left and a column on the right",
        )
    } else if problem.contains("do not broadcast") {
        Some(
            "axes are matched from the last one, and an axis of length 1 fits any; `reshape` changes the axes",
        )
    } else {
        None
    }
}

/// The numbers of a constant, row-major.
#[derive(Clone)]
pub(super) struct Tensor {
    pub shape: Shape,
    pub values: Rc<[f64]>,
}

/// Evaluates constants, each once, within limits of memory and time.
#[derive(Default)]
pub(super) struct Constants {
    known: HashMap<NodeId, Rc<[f64]>>,
    work: f64,
    stored: u64,
}

impl Constants {
    /// Counts a tensor that will stay in memory.
    pub fn store(&mut self, what: &str, shape: &Shape) -> Result<(), String> {
        let stored = extent(shape).and_then(|n| n.checked_add(self.stored));
        match stored.filter(|&n| n <= MOST_STORED) {
            Some(stored) => {
                self.stored = stored;
                Ok(())
            }
            None => Err(too_large(what, shape, MOST_STORED)),
        }
    }

    /// The numbers of a constant.
    pub fn tensor(&mut self, value: Value<'_>) -> Result<Tensor, String> {
        let expr = value.expr;
        let shape = expr.shape();
        if let Some(known) = self.known.get(&expr.id()) {
            return Ok(Tensor { shape, values: known.clone() });
        }
        let values: Rc<[f64]> = match expr.graph().with_node(expr.id(), |node| node.op.clone()) {
            Op::Scalar(bits) => [f64::from_bits(bits)].into(),
            Op::Tensor(data) => data.0[..].into(),
            _ => {
                self.store("a constant", &shape)?;
                let values: Rc<[f64]> = self.run(expr)?.into();
                self.known.insert(expr.id(), values.clone());
                values
            }
        };
        Ok(Tensor { shape, values })
    }

    /// Computes a constant in a graph of its own, so that the time does not depend on what else there is.
    fn run(&mut self, root: Expr<'_>) -> Result<Vec<f64>, String> {
        let graph = root.graph();
        let scratch = Graph::new();
        let mut copies: HashMap<NodeId, Expr<'_>> = HashMap::new();
        let mut stack = vec![root.id()];
        while let Some(&top) = stack.last() {
            if copies.contains_key(&top) {
                stack.pop();
                continue;
            }
            let node = graph.node(top);
            let copy = match (self.known.get(&top), &node.op) {
                (Some(known), _) => scratch.tensor(node.shape, known.to_vec()),
                (None, Op::Tensor(data)) => scratch.tensor(node.shape, data.0.to_vec()),
                (None, Op::Scalar(bits)) => scratch.scalar(f64::from_bits(*bits)),
                (None, Op::Iota) => scratch.iota(node.shape.numel()),
                (None, op) => {
                    let missing: Vec<NodeId> =
                        node.inputs.iter().copied().filter(|input| !copies.contains_key(input)).collect();
                    if !missing.is_empty() {
                        stack.extend(missing);
                        continue;
                    }
                    let inputs: Vec<Expr<'_>> = node.inputs.iter().map(|input| copies[input]).collect();
                    self.work += work(op, &inputs, &node.shape);
                    if self.work > MOST_WORK {
                        return Err(format!(
                            "computing the constants takes more than {MOST_WORK:.0e} operations; compute them elsewhere and load them with `data x : [..] = file(\"x.npy\")`"
                        ));
                    }
                    scratch.apply(op.clone(), &inputs)
                }
            };
            copies.insert(top, copy);
            stack.pop();
        }
        let options = CompileOptions { memory_limit: 8 * MOST_STORED as u128, threads: 1 };
        let output = copies[&root.id()].id();
        let mut program =
            Program::<f64>::compile(&scratch, &[output], &options).map_err(|error| error.to_string())?;
        program.run(0, 0);
        Ok(program.output(0).to_vec())
    }

    /// A constant's elements as whole numbers; `what` it is in messages.
    pub fn integers(
        &mut self,
        value: Value<'_>,
        span: Span,
        what: &str,
    ) -> Result<(Shape, Vec<i64>), Diagnostic> {
        self.at_most(MOST_INTEGERS, value, span, what)
    }

    /// The same with a limit of their number.
    pub fn at_most(
        &mut self,
        most: usize,
        value: Value<'_>,
        span: Span,
        what: &str,
    ) -> Result<(Shape, Vec<i64>), Diagnostic> {
        let shape = value.expr.shape();
        if !value.constant {
            return Err(Diagnostic::new(format!("{what} must be constant"))
                .at(span)
                .label("not constant")
                .help("use numbers, `const` names and `len(..)`"));
        }
        if shape.numel() > most {
            return Err(Diagnostic::new(format!("{what} has shape {shape}; that is too many")).at(span));
        }
        let tensor = self.tensor(value).map_err(|message| Diagnostic::new(message).at(span))?;
        let whole = |&x: &f64| (x == x.trunc() && x.abs() <= 1e15).then_some(x as i64);
        match tensor.values.iter().map(whole).collect() {
            Some(integers) => Ok((shape, integers)),
            None => {
                let bad = tensor.values.iter().copied().find(|x| whole(x).is_none()).unwrap_or(f64::NAN);
                let got = number_text(bad);
                Err(Diagnostic::new(format!("{what} must be a whole number, got {got}"))
                    .at(span)
                    .help("write one, or round it: `floor(..)`"))
            }
        }
    }

    /// A constant whole number.
    pub fn integer(&mut self, value: Value<'_>, span: Span, what: &str) -> Result<i64, Diagnostic> {
        match self.integers(value, span, what)? {
            (shape, integers) if shape.rank() == 0 => Ok(integers.first().copied().unwrap_or(0)),
            (shape, _) => {
                Err(Diagnostic::new(format!("{what} must be a single number, got shape {shape}")).at(span))
            }
        }
    }
}

/// The product of the sizes of axes, empty ones taken for 1, so that no product of some of them overflows either; none where it
/// is more than the machine can count.
pub(super) fn extent(shape: &[usize]) -> Option<u64> {
    let product = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size.max(1)))?;
    Some(product as u64)
}

/// Refuses a tensor that memory would not hold.
pub(super) fn too_large(what: &str, shape: &[usize], limit: u64) -> String {
    let bytes = shape.iter().fold(8u128, |n, &size| n.saturating_mul(size as u128));
    format!(
        "{what} of shape {} would need {} of memory, more than the limit of {}",
        Shape::from(shape),
        human_bytes(bytes),
        human_bytes(8 * limit as u128)
    )
}

/// About how many arithmetic operations a node takes.
fn work(op: &Op, inputs: &[Expr<'_>], shape: &Shape) -> f64 {
    let elements = |shape: &Shape| shape.iter().map(|&size| size as f64).product::<f64>();
    let widest = inputs.iter().map(|input| elements(&input.shape())).fold(elements(shape), f64::max);
    match (op, inputs) {
        (Op::MatMul, [left, _]) => elements(shape) * left.shape().from_end(0) as f64,
        _ => widest,
    }
}
