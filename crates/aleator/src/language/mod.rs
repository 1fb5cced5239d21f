//! The `.scg` language: text to a syntax tree whose names are known to be defined, and on to a stochastic graph.
//!
//! ```
//! use aleator::language::{check_names, parse};
//!
//! let source = "param theta = 0.5\nb ~ Bernoulli(logits = thta)\ncost f = b\n";
//! let file = parse(source)?;
//! let mistake = check_names(source, &file).unwrap_err();
//! assert_eq!(mistake.place(source).unwrap().to_string(), "2:24");
//! assert_eq!(mistake.help.unwrap(), "did you mean `theta`?");
//! # Ok::<(), aleator::language::Diagnostic>(())
//! ```
//!
//! Nothing in a text can panic, exhaust the stack, or take more than time and memory proportional to its length; lengths,
//! counts and nesting have the limits that [`parse`]'s module states. [`load`] goes all the way; [`parse`] and
//! [`check_names`] look at no shapes and values.
mod ast;
mod build;
mod call;
mod domain;
mod errors;
mod estimators;
mod format;
mod functions;
mod index;
mod initial;
mod inputs;
mod lexer;
mod loading;
mod lower;
mod matrices;
mod model;
mod named;
mod named_distribution;
mod names;
mod of_distributions;
mod parser;
mod parts;
mod print;
mod programs;
mod settings;
mod shapes;
mod sites;
mod span;
mod synonyms;
mod values;

#[cfg(test)]
mod tests;

pub use crate::nearest::nearest;
pub use ast::{
    Argument, BinaryOperator, Call, Copies, DataSource, EstimatorCall, Expr, ExprId, Expressions, File,
    Index, Name, Node, Shape, Size, Statement, StatementKind, UnaryOperator,
};
pub use build::{diagnose, load, load_all, load_with};
pub use call::Function;
pub use errors::{Diagnostic, SettingNote, Suggestion};
pub use estimators::estimator;
pub use format::format;
pub use functions::FUNCTIONS;
pub use initial::{Initial, initials};
pub use loading::{Commands, Files, Loading, NamedArray};
pub use model::{Definition, DefinitionKind, Model, SiteSpans};
pub use named::estimator_named;
pub use names::{CONSTANTS, check_names};
pub use parser::{
    DEEPEST_NESTING, Estimator, LONGEST_SOURCE, MOST_ARGUMENTS, MOST_EXPRESSIONS, MOST_LIST_ELEMENTS,
    MOST_MISTAKES, MOST_STATEMENTS, Setting, Via, parse, parse_estimator, parse_partially, parse_set,
    parse_via,
};
pub use print::number_text;
pub use span::{Place, Span};
pub use synonyms::known_elsewhere;
