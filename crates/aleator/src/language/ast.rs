//! The syntax tree of an `.scg` file. Every piece knows its place in the source.
//!
//! Expressions live in an arena ([`Expressions`]) and name each other by [`ExprId`], so a sum of a million terms is
//! neither built nor dropped by recursion. **The parts of an expression always come before it in the arena**: a loop
//! over [`Expressions::iter`] meets every operand before the operation that uses it.
use std::ops;

use super::span::Span;

/// A parsed file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// The statements in the order of the text.
    pub statements: Vec<Statement>,
    /// The arena of all expressions of the file.
    pub expressions: Expressions,
}

/// A word of the text that names something.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// The whole statement.
    pub span: Span,
}

/// The kinds of line.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `param name : shape = value`: optimised; the value is a constant expression.
    Param {
        /// What is defined.
        name: Name,
        /// The shape, where it is written.
        shape: Option<Shape>,
        /// The initial value.
        value: ExprId,
    },
    /// `const name = value`.
    Const {
        /// What is defined.
        name: Name,
        /// Its value.
        value: ExprId,
    },
    /// `data name : shape = source`.
    Data {
        /// What is defined.
        name: Name,
        /// Its shape.
        shape: Shape,
        /// Where its numbers come from.
        source: DataSource,
    },
    /// `name = value`: a deterministic node.
    Let {
        /// What is defined.
        name: Name,
        /// How it is computed.
        value: ExprId,
    },
    /// `name ~ Distribution(arguments)[copies] via estimator(..)`: a site.
    Sample {
        /// What is defined.
        name: Name,
        /// The distribution's name.
        distribution: Name,
        /// The distribution's parameters.
        arguments: Vec<Argument>,
        /// Number of independent copies on a new leading axis.
        copies: Option<Copies>,
        /// The estimator, where the file names one.
        via: Option<EstimatorCall>,
    },
    /// `cost name = value`: added to the objective.
    Cost {
        /// What is defined.
        name: Name,
        /// How it is computed.
        value: ExprId,
    },
    /// `reward name = value`: subtracted from the objective.
    Reward {
        /// What is defined.
        name: Name,
        /// How it is computed.
        value: ExprId,
    },
    /// `observe value ~ Distribution(arguments)`: minus the log-density of the value is added to the objective.
    Observe {
        /// The name of the cost: the value where it is a name, otherwise `observed`. It is defined for reports alone.
        name: Name,
        /// What is observed.
        value: ExprId,
        /// The distribution's name.
        distribution: Name,
        /// The distribution's parameters.
        arguments: Vec<Argument>,
    },
    /// `external name(parameters) -> [shape] = command("program", "argument", ..)`: a black box that is a program.
    External {
        /// What is defined.
        name: Name,
        /// The names of its arguments.
        parameters: Vec<Name>,
        /// The shape of its result.
        shape: Shape,
        /// The program and its arguments.
        command: Vec<String>,
        /// The command with its quotes and brackets.
        command_span: Span,
    },
}

impl Statement {
    /// The name of what the statement says. [`Statement::defines`] tells whether later lines can use it.
    pub fn name(&self) -> &Name {
        match &self.kind {
            StatementKind::Param { name, .. }
            | StatementKind::Const { name, .. }
            | StatementKind::Data { name, .. }
            | StatementKind::Let { name, .. }
            | StatementKind::Sample { name, .. }
            | StatementKind::Cost { name, .. }
            | StatementKind::Reward { name, .. }
            | StatementKind::Observe { name, .. }
            | StatementKind::External { name, .. } => name,
        }
    }

    /// The expressions of the statement, in the order of the text; without those of an estimator's options.
    pub fn roots(&self) -> Vec<ExprId> {
        let mut roots = Vec::new();
        let mut sizes = |shape: &Shape| roots.extend(shape.sizes.iter().map(|size| size.expression()));
        match &self.kind {
            StatementKind::Param { shape, value, .. } => {
                shape.iter().for_each(sizes);
                roots.push(*value);
            }
            StatementKind::Const { value, .. }
            | StatementKind::Let { value, .. }
            | StatementKind::Cost { value, .. }
            | StatementKind::Reward { value, .. } => roots.push(*value),
            StatementKind::Data { shape, source, .. } => {
                sizes(shape);
                match source {
                    DataSource::Value(value) => roots.push(*value),
                    DataSource::File { .. } | DataSource::Unspecified => {}
                }
            }
            StatementKind::Observe { value, arguments, .. } => {
                roots.push(*value);
                roots.extend(arguments.iter().map(|argument| argument.value));
            }
            StatementKind::External { shape, .. } => sizes(shape),
            StatementKind::Sample { arguments, copies, .. } => {
                roots.extend(arguments.iter().map(|argument| argument.value));
                roots.extend(copies.iter().map(|copies| copies.count));
            }
        }
        roots
    }

    /// The name that later lines can use. An observation has none.
    pub fn defines(&self) -> Option<&Name> {
        match &self.kind {
            StatementKind::Observe { .. } => None,
            _ => Some(self.name()),
        }
    }
}

/// Where the numbers of a `data` line come from.
#[derive(Debug, Clone, PartialEq)]
pub enum DataSource {
    /// `file("path")`: an `.npy` or `.csv` file, relative to the `.scg` file.
    File {
        /// The path as written; backslashes mean themselves.
        path: String,
        /// The path with its quotes.
        span: Span,
    },
    /// A constant expression.
    Value(ExprId),
    /// Nothing is said: they are handed over later.
    Unspecified,
}

/// `[2, n]` after a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The lengths of the axes; empty for a scalar.
    pub sizes: Vec<Size>,
    /// With the brackets.
    pub span: Span,
}

/// The length of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// `batch`, as the first size of data: the number of rows of a batch. Where the file defines a constant of this name, it is
    /// that constant.
    Batch(ExprId),
    /// A constant expression.
    Expression(ExprId),
}

impl Size {
    /// The expression, for `batch` its name.
    pub fn expression(self) -> ExprId {
        match self {
            Size::Batch(id) | Size::Expression(id) => id,
        }
    }
}

/// `[K]` after a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Copies {
    /// How many: a constant expression.
    pub count: ExprId,
    /// With the brackets.
    pub span: Span,
}

/// `name(arguments)` or `name` after `via`.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimatorCall {
    /// The name or an alias, as written.
    pub name: Name,
    /// Its options. A word such as `moving_average` is an [`Expr::Name`], `true` an [`Expr::Truth`].
    pub arguments: Vec<Argument>,
    /// Name and options.
    pub span: Span,
}

/// One argument of a call; positional ones come first, and no name is given twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// `name =`, where it is written.
    pub name: Option<Name>,
    /// The value.
    pub value: ExprId,
    /// Name and value.
    pub span: Span,
}

/// An expression of an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(u32);

impl ExprId {
    /// Position in the arena.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An expression with its place; parentheses around it are part of the place and of nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The expression.
    pub expr: Expr,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A finite number, not negative.
    Number(f64),
    /// A name of the file, `pi`, `inf`, or a word among an estimator's options.
    Name(String),
    /// `true` or `false`.
    Truth(bool),
    /// `-x` or `not x`.
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// What it applies to.
        operand: ExprId,
    },
    /// `left operator right`.
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// Left operand.
        left: ExprId,
        /// Right operand.
        right: ExprId,
    },
    /// `function(arguments)`.
    Call(Box<Call>),
    /// `[a, b, ..]`; lists of lists are matrices.
    List(Vec<ExprId>),
    /// `base[i, a:b]`.
    Index {
        /// What is indexed.
        base: ExprId,
        /// One index or slice an axis, at least one.
        indices: Vec<Index>,
    },
}

/// `function(arguments)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function's name.
    pub function: Name,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

/// One entry between the brackets of `x[..]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Index {
    /// `x[i]`: removes the axis.
    At(ExprId),
    /// `x[start:end]`: keeps the axis; a bound left out means the axis's own.
    Slice {
        /// First element.
        start: Option<ExprId>,
        /// The element after the last.
        end: Option<ExprId>,
        /// The slice.
        span: Span,
    },
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-`
    Negate,
    /// `not`
    Not,
}

/// Infix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`, elementwise
    Multiply,
    /// `/`
    Divide,
    /// `@`, the matrix product
    MatrixMultiply,
    /// `^`
    Power,
}

/// How tightly an operator binds, loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Negation,
    Power,
    Atom,
}

impl UnaryOperator {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            UnaryOperator::Negate => "-",
            UnaryOperator::Not => "not",
        }
    }

    pub(super) fn precedence(self) -> Precedence {
        match self {
            UnaryOperator::Negate => Precedence::Negation,
            UnaryOperator::Not => Precedence::Not,
        }
    }
}

impl BinaryOperator {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOperator::Or => "or",
            BinaryOperator::And => "and",
            BinaryOperator::Less => "<",
            BinaryOperator::LessEqual => "<=",
            BinaryOperator::Greater => ">",
            BinaryOperator::GreaterEqual => ">=",
            BinaryOperator::Equal => "==",
            BinaryOperator::NotEqual => "!=",
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::MatrixMultiply => "@",
            BinaryOperator::Power => "^",
        }
    }

    pub(super) fn precedence(self) -> Precedence {
        match self {
            BinaryOperator::Or => Precedence::Or,
            BinaryOperator::And => Precedence::And,
            BinaryOperator::Less
            | BinaryOperator::LessEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterEqual
            | BinaryOperator::Equal
            | BinaryOperator::NotEqual => Precedence::Comparison,
            BinaryOperator::Add | BinaryOperator::Subtract => Precedence::Sum,
            BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::MatrixMultiply => {
                Precedence::Product
            }
            BinaryOperator::Power => Precedence::Power,
        }
    }
}

/// An arena of expressions. Indexing it with an [`ExprId`] of another arena is a mistake of the program and may panic.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expressions {
    nodes: Vec<Node>,
}

impl Expressions {
    /// Number of expressions.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All expressions, operands before the operations that use them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (ExprId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, node)| (ExprId(i as u32), node))
    }

    /// An expression and all its parts in the order of the text, each before its own parts; without recursion.
    pub fn walk(&self, root: ExprId) -> impl Iterator<Item = (ExprId, &Node)> {
        let mut waiting = vec![root];
        std::iter::from_fn(move || {
            let id = waiting.pop()?;
            let node = &self[id];
            let first = waiting.len();
            node.expr.for_each_part(|part| waiting.push(part));
            waiting[first..].reverse();
            Some((id, node))
        })
    }

    /// Adds an expression whose parts are in the arena already.
    pub(super) fn push(&mut self, expr: Expr, span: Span) -> ExprId {
        self.nodes.push(Node { expr, span });
        ExprId((self.nodes.len() - 1) as u32)
    }

    /// Takes the newest expression away again.
    pub(super) fn pop(&mut self) -> Option<Node> {
        self.nodes.pop()
    }

    /// Makes the parentheses around an expression part of its place.
    pub(super) fn widen(&mut self, id: ExprId, span: Span) {
        self.nodes[id.index()].span = span;
    }
}

impl ops::Index<ExprId> for Expressions {
    type Output = Node;

    fn index(&self, id: ExprId) -> &Node {
        &self.nodes[id.index()]
    }
}

impl Expr {
    /// Calls `visit` with each immediate part, in the order of the text.
    pub fn for_each_part(&self, mut visit: impl FnMut(ExprId)) {
        match self {
            Expr::Number(_) | Expr::Name(_) | Expr::Truth(_) => {}
            Expr::Unary { operand, .. } => visit(*operand),
            Expr::Binary { left, right, .. } => {
                visit(*left);
                visit(*right);
            }
            Expr::Call(call) => call.arguments.iter().for_each(|argument| visit(argument.value)),
            Expr::List(elements) => elements.iter().copied().for_each(visit),
            Expr::Index { base, indices } => {
                visit(*base);
                for index in indices {
                    match index {
                        Index::At(at) => visit(*at),
                        Index::Slice { start, end, .. } => {
                            start.iter().chain(end).copied().for_each(&mut visit)
                        }
                    }
                }
            }
        }
    }
}
