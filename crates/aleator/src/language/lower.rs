//! Expressions of the language to nodes of the engine's graph.
//!
//! One loop over the arena, no recursion: the parts of an expression come before it. Every operation is written so that
//! its operands may later carry further axes in front.
use std::collections::{HashMap, HashSet};
use std::f64::consts::PI;

use aleator_engine::graph::{Expr as Node, Graph, NodeId, Op, Shape, concat};

use super::ast::{BinaryOperator, Expr, ExprId, Expressions, UnaryOperator};
use super::errors::{Diagnostic, nearest, quote};
use super::functions::Function;
use super::index;
use super::names::CONSTANTS;
use super::span::Span;
use super::values::{Constants, MOST_AXES, MOST_VIRTUAL, Value, extent, too_large};

/// A graph under construction and the names that are known in it.
pub(super) struct Lowering<'g> {
    pub graph: &'g Graph,
    pub names: HashMap<String, Value<'g>>,
    pub constants: Constants,
    /// The innermost expression that each operation belongs to.
    pub places: HashMap<NodeId, Span>,
}

/// The parts of an expression that are lowered already.
pub(super) struct Parts<'a, 'g> {
    pub expressions: &'a Expressions,
    done: HashMap<ExprId, Value<'g>>,
}

impl<'g> Parts<'_, 'g> {
    /// The value and the place of a part.
    pub fn get(&self, id: ExprId) -> Result<(Value<'g>, Span), Diagnostic> {
        let span = self.expressions[id].span;
        match self.done.get(&id) {
            Some(value) => Ok((*value, span)),
            None => Err(Diagnostic::new("a list has no place here").at(span)),
        }
    }
}

impl<'g> Lowering<'g> {
    /// Without names.
    pub fn new(graph: &'g Graph) -> Self {
        Lowering { graph, names: HashMap::new(), constants: Constants::default(), places: HashMap::new() }
    }

    /// The value of an expression.
    pub fn lower(&mut self, expressions: &Expressions, root: ExprId) -> Result<Value<'g>, Diagnostic> {
        let mut ids: Vec<ExprId> = expressions.walk(root).map(|(id, _)| id).collect();
        ids.sort_unstable();
        let mut parts = Parts { expressions, done: HashMap::with_capacity(ids.len()) };
        // `concat([a, b])` joins a and b; that list is no tensor.
        let mut joined = HashSet::new();
        for &id in &ids {
            if let Expr::Call(call) = &expressions[id].expr
                && Function::joins(&call.function.text)
            {
                let lists = call.arguments.iter().map(|argument| argument.value);
                joined.extend(lists.filter(|&list| matches!(expressions[list].expr, Expr::List(_))));
            }
        }
        for id in ids {
            if joined.contains(&id) {
                continue;
            }
            let span = expressions[id].span;
            let before = self.graph.len();
            let value = self.operation(&parts, &expressions[id].expr, span)?;
            self.places.extend((before..self.graph.len()).map(|i| (self.graph.nodes_at(i).0, span)));
            self.check(value.expr, span)?;
            parts.done.insert(id, value);
        }
        Ok(parts.get(root)?.0)
    }

    /// Turns what the engine refused into a message at this place.
    pub fn check(&self, expr: Node<'g>, span: Span) -> Result<(), Diagnostic> {
        if let Some(error) = self.graph.error() {
            return Err(Diagnostic::new(error.to_string()).at(span));
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

    fn operation(&mut self, parts: &Parts<'_, 'g>, expr: &Expr, span: Span) -> Result<Value<'g>, Diagnostic> {
        let number = |x: f64| Value { expr: self.graph.scalar(x), constant: true };
        Ok(match expr {
            Expr::Number(x) => number(*x),
            Expr::Truth(truth) => number(f64::from(u8::from(*truth))),
            Expr::Name(name) => match (self.names.get(name), name.as_str()) {
                (Some(value), _) => *value,
                (None, "pi") => number(PI),
                (None, "inf") => number(f64::INFINITY),
                (None, _) => return Err(self.not_defined(name, span)),
            },
            Expr::Unary { operator, operand } => {
                let (x, _) = parts.get(*operand)?;
                let expr = match operator {
                    UnaryOperator::Negate => -x.expr,
                    UnaryOperator::Not => !x.expr,
                };
                Value { expr, ..x }
            }
            Expr::Binary { operator, left, right } => {
                let ((x, _), (y, _)) = (parts.get(*left)?, parts.get(*right)?);
                let expr = binary(*operator, x.expr, y.expr);
                Value { expr, constant: x.constant && y.constant }
            }
            Expr::List(elements) => self.list(parts, elements, span)?,
            Expr::Index { base, indices } => {
                let (x, _) = parts.get(*base)?;
                index::index(self, parts, x, indices, span)?
            }
            Expr::Call(call) => match Function::find(&call.function.text) {
                Some(function) => function.call(self, parts, call, span)?,
                None => return Err(no_function(&call.function.text, call.function.span)),
            },
        })
    }

    fn not_defined(&self, name: &str, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::new(format!("{} is not defined", quote(name))).at(span);
        let mut words: Vec<&str> = self.names.keys().map(String::as_str).collect();
        words.extend(CONSTANTS);
        words.sort_unstable();
        match nearest(name, words) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        }
    }

    /// `[a, b, ..]`: elements of one shape, along a new first axis.
    fn list(
        &mut self,
        parts: &Parts<'_, 'g>,
        elements: &[ExprId],
        span: Span,
    ) -> Result<Value<'g>, Diagnostic> {
        let mut values = Vec::with_capacity(elements.len());
        for &element in elements {
            values.push(parts.get(element)?);
        }
        let Some(((first, _), _)) = values.split_first() else {
            return Ok(Value { expr: self.graph.tensor([0], Vec::new()), constant: true });
        };
        let shape = first.expr.shape();
        if let Some((other, at)) = values.iter().find(|(value, _)| value.expr.shape() != shape) {
            return Err(Diagnostic::new(format!(
                "the elements of a list need one shape: the first has {shape}, this one {}",
                other.expr.shape()
            ))
            .at(*at)
            .label(format!("shape {}", other.expr.shape()))
            .help("to join tensors of different lengths use `concat([a, b])`"));
        }
        if shape.rank() >= MOST_AXES {
            return Err(Diagnostic::new(format!("lists nest more than {MOST_AXES} levels deep")).at(span));
        }
        let constant = values.iter().all(|(value, _)| value.constant);
        let numbers = self.numbers(values.iter().map(|(value, _)| value.expr));
        let expr = match numbers {
            Some(numbers) => self.graph.tensor(Shape::from([values.len()]).join(&shape), numbers),
            None => {
                let exprs: Vec<Node<'g>> = values.iter().map(|(value, _)| value.expr).collect();
                stack(&exprs, shape.rank()).unwrap_or_else(|| self.graph.scalar(f64::NAN))
            }
        };
        Ok(Value { expr, constant })
    }

    /// The numbers of literals one after another, if they all are literals.
    fn numbers(&self, exprs: impl Iterator<Item = Node<'g>>) -> Option<Vec<f64>> {
        let mut numbers = Vec::new();
        for expr in exprs {
            let known = self.graph.with_node(expr.id(), |node| {
                match &node.op {
                    Op::Scalar(bits) => numbers.push(f64::from_bits(*bits)),
                    Op::Tensor(data) => numbers.extend_from_slice(&data.0),
                    _ => return false,
                }
                true
            });
            if !known {
                return None;
            }
        }
        Some(numbers)
    }
}

/// Puts tensors of one shape beside each other along a new axis; `axis` is its place counted from the end.
pub(super) fn stack<'g>(parts: &[Node<'g>], axis: usize) -> Option<Node<'g>> {
    let parts: Vec<Node<'g>> = parts.iter().map(|part| part.unsqueeze(axis)).collect();
    concat(&parts, axis)
}

fn binary<'g>(operator: BinaryOperator, x: Node<'g>, y: Node<'g>) -> Node<'g> {
    match operator {
        BinaryOperator::Or => x.not_equal(0.0).maximum(y.not_equal(0.0)),
        BinaryOperator::And => x.not_equal(0.0) * y.not_equal(0.0),
        BinaryOperator::Less => x.less(y),
        BinaryOperator::LessEqual => x.less_equal(y),
        BinaryOperator::Greater => x.greater(y),
        BinaryOperator::GreaterEqual => x.greater_equal(y),
        BinaryOperator::Equal => x.equal(y),
        BinaryOperator::NotEqual => x.not_equal(y),
        BinaryOperator::Add => x + y,
        BinaryOperator::Subtract => x - y,
        BinaryOperator::Multiply => x * y,
        BinaryOperator::Divide => x / y,
        BinaryOperator::MatrixMultiply => x.matmul(y),
        BinaryOperator::Power => x.pow(y),
    }
}

fn no_function(name: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(format!("there is no function {}", quote(name))).at(span);
    match nearest(name, super::FUNCTIONS.iter().copied()) {
        Some(near) if near == name => {
            Diagnostic::new(format!("the function `{name}` is not available yet")).at(span)
        }
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("the functions are {}", super::FUNCTIONS.join(", "))),
    }
}
