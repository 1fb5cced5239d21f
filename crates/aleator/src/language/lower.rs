//! Expressions of the language to nodes of the engine's graph.
//!
//! One loop over the arena, no recursion: the parts of an expression come before it. Every operation is written so that
//! its operands may later carry further axes in front.
use std::collections::{HashMap, HashSet};
use std::f64::consts::PI;

use aleator_engine::graph::{Expr as Node, Graph, NodeId, Op, Shape};

use crate::nearest::nearest;

use super::ast::{self, BinaryOperator, Call, Expr, ExprId, Expressions, UnaryOperator};
use super::call::{Accepts, Function};
use super::domain::check_domain;
use super::errors::{Diagnostic, quote};
use super::functions::FUNCTIONS;
use super::index;
use super::initial::{self, RandomValues};
use super::model::SiteSpans;
use super::named_distribution::{Evaluated, Named};
use super::names::{CONSTANTS, distributions_of};
use super::parts::Parts;
use super::programs::BlackBox;
use super::shapes::beside;
use super::sites;
use super::span::Span;
use super::synonyms::{Kind, suggest};
use super::values::{Constants, MOST_AXES, Value, check};

/// A graph under construction and the names that are known in it.
pub(super) struct Lowering<'g> {
    pub graph: &'g Graph,
    pub names: HashMap<String, Value<'g>>,
    /// The distributions of the sites.
    pub sites: HashMap<String, Named<'g>>,
    pub black_boxes: HashMap<String, BlackBox>,
    /// What random initial values depend on, while a parameter's initial value is lowered.
    pub random: Option<RandomValues>,
    pub constants: Constants,
    /// The distributions of which quantities were computed.
    pub evaluated: Vec<Evaluated<'g>>,
    /// The innermost expression that each operation belongs to.
    pub places: HashMap<NodeId, Span>,
}

impl<'g> Lowering<'g> {
    /// Without names.
    pub fn new(graph: &'g Graph) -> Self {
        Lowering {
            graph,
            names: HashMap::new(),
            sites: HashMap::new(),
            black_boxes: HashMap::new(),
            random: None,
            constants: Constants::default(),
            evaluated: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// The value of an expression.
    pub fn lower(&mut self, expressions: &Expressions, root: ExprId) -> Result<Value<'g>, Diagnostic> {
        let mut ids: Vec<ExprId> = expressions.walk(root).map(|(id, _)| id).collect();
        ids.sort_unstable();
        // Moved out for the time being, so that the parts can name sites while the rest changes.
        let sites = std::mem::take(&mut self.sites);
        let value = self.lower_all(expressions, root, ids, &sites);
        self.sites = sites;
        value
    }

    fn lower_all(
        &mut self,
        expressions: &Expressions,
        root: ExprId,
        ids: Vec<ExprId>,
        sites: &HashMap<String, Named<'g>>,
    ) -> Result<Value<'g>, Diagnostic> {
        let mut parts = Parts::new(expressions, ids.len(), sites);
        // `concat([a, b])` joins a and b; that list is no tensor. `entropy(Normal(0, 1))` asks for a distribution.
        let (mut joined, mut distributions) = (HashSet::new(), HashSet::new());
        for &id in &ids {
            let Expr::Call(call) = &expressions[id].expr else { continue };
            let Some(function) = Function::find(&call.function.text) else { continue };
            if function.joins {
                let lists = call.arguments.iter().map(|argument| argument.value);
                joined.extend(lists.filter(|&list| matches!(expressions[list].expr, Expr::List(_))));
            }
            if function.accepts != Accepts::Values {
                distributions.extend(distributions_of(expressions, call));
            }
        }
        for id in ids {
            if joined.contains(&id) {
                continue;
            }
            let ast::Node { expr, span } = &expressions[id];
            let before = self.graph.len();
            if let (Expr::Call(call), true) = (expr, distributions.contains(&id)) {
                let named = self.distribution(&parts, call)?;
                parts.insert_distribution(id, named);
                continue;
            }
            let value = self.operation(&parts, expr, *span)?;
            self.places.extend((before..self.graph.len()).map(|i| (self.graph.nodes_at(i).0, *span)));
            check(value.expr, *span)?;
            parts.insert(id, value);
        }
        Ok(parts.get(root)?.0)
    }

    /// A distribution that is an argument.
    fn distribution(&mut self, parts: &Parts<'_, 'g>, call: &Call) -> Result<Named<'g>, Diagnostic> {
        let name = &call.function;
        let bound = sites::bind(sites::find(name)?, name, &call.arguments)?;
        let values = bound.arguments.iter().map(|(_, value, _)| Ok(parts.get(*value)?.0));
        let values = values.collect::<Result<Vec<Value<'g>>, Diagnostic>>()?;
        let distribution = bound.signature.build(values.iter().map(|value| value.expr).collect());
        let end = call.arguments.last().map_or(name.span, |argument| argument.span);
        let span = name.span.join(end);
        if let Some(error) = self.graph.error() {
            return Err(Diagnostic::new(error.to_string()).at(span));
        }
        let problem = distribution.misshapen();
        let Some(batch) = distribution.batch_shape().filter(|_| problem.is_none()) else {
            let shapes: Vec<String> = values.iter().map(|value| value.expr.shape().to_string()).collect();
            let message = problem.unwrap_or_else(|| {
                format!("the parameters' shapes {} do not fit together", shapes.join(" and "))
            });
            return Err(Diagnostic::new(format!("{}: {message}", name.text)).at(span));
        };
        let parameters = values.iter().copied().zip(bound.arguments.iter().map(|(_, _, span)| *span));
        check_domain(&format!("`{}`", name.text), &distribution, parameters, &mut self.constants)?;
        let distribution = distribution.with_batch_rank(batch.rank());
        let constant = values.iter().all(|value| value.constant);
        let spans = SiteSpans::of(name.span, &bound);
        Ok(Named { distribution, batch, draw: None, constant, spans })
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
            Expr::Call(call) => self.call(parts, call, span)?,
        })
    }

    fn call(&mut self, parts: &Parts<'_, 'g>, call: &Call, span: Span) -> Result<Value<'g>, Diagnostic> {
        let name = call.function.text.as_str();
        if let Some(black_box) = self.black_boxes.get(name) {
            return black_box.call(self.graph, parts, call, span);
        }
        if let Some(function) = Function::find(name) {
            return function.call(self.graph, &mut self.constants, parts, call, span, &mut self.evaluated);
        }
        match (initial::find(name), &mut self.random) {
            (Some(initial), Some(random)) => {
                let values = initial.values(&mut self.constants, parts, call, random)?;
                random.place += 1;
                let expr = match &values[..] {
                    [value] if random.shape.rank() == 0 => self.graph.scalar(*value),
                    _ => self.graph.tensor(random.shape.clone(), values),
                };
                Ok(Value { expr, constant: true })
            }
            (Some(_), None) => Err(initial::misplaced(name, call.function.span)),
            (None, _) => Err(no_function(name, call.function.span)),
        }
    }

    fn not_defined(&self, name: &str, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::new(format!("{} is not defined", quote(name))).at(span);
        let mut words: Vec<&str> = self.names.keys().map(String::as_str).collect();
        words.extend(CONSTANTS);
        words.sort_unstable();
        match nearest(name, words) {
            Some(near) => diagnostic.did_you_mean(near),
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
    suggest(diagnostic, Kind::Function, name, FUNCTIONS.iter().copied())
        .unwrap_or_else(|diagnostic| diagnostic.help(format!("the functions are {}", FUNCTIONS.join(", "))))
}
