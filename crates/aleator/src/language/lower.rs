//! Expressions of the language to nodes of the engine's graph.
//!
//! One loop over the arena, no recursion: the parts of an expression come before it. Every operation is written so that
//! its operands may later carry further axes in front.
use std::collections::{HashMap, HashSet};
use std::f64::consts::PI;

use aleator_engine::graph::{Expr as Node, Graph, NodeId, Op, Shape};

use crate::nearest::nearest;

use super::ast::{BinaryOperator, Expr, ExprId, Expressions, UnaryOperator};
use super::call::Function;
use super::errors::{Diagnostic, quote};
use super::functions::FUNCTIONS;
use super::index;
use super::names::CONSTANTS;
use super::shapes::beside;
use super::span::Span;
use super::values::{Constants, MOST_AXES, Parts, Value, check};

/// A graph under construction and the names that are known in it.
pub(super) struct Lowering<'g> {
    pub graph: &'g Graph,
    pub names: HashMap<String, Value<'g>>,
    pub constants: Constants,
    /// The innermost expression that each operation belongs to.
    pub places: HashMap<NodeId, Span>,
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
        let mut parts = Parts::new(expressions, ids.len());
        // `concat([a, b])` joins a and b; that list is no tensor.
        let mut joined = HashSet::new();
        for &id in &ids {
            if let Expr::Call(call) = &expressions[id].expr
                && Function::find(&call.function.text).is_some_and(|function| function.joins)
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
            check(value.expr, span)?;
            parts.insert(id, value);
        }
        Ok(parts.get(root)?.0)
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
                index::index(&mut self.constants, parts, x, indices, span)?
            }
            Expr::Call(call) => match Function::find(&call.function.text) {
                Some(function) => function.call(self.graph, &mut self.constants, parts, call, span)?,
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
                beside(&exprs, shape.rank()).unwrap_or_else(|| self.graph.scalar(f64::NAN))
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
    match nearest(name, FUNCTIONS.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("the functions are {}", FUNCTIONS.join(", "))),
    }
}
