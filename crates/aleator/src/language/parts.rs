//! The parts of an expression that are lowered already: values, and distributions that are arguments.
use std::collections::HashMap;

use super::ast::{Expr, ExprId, Expressions};
use super::errors::Diagnostic;
use super::named_distribution::Named;
use super::span::Span;
use super::values::Value;

/// The parts of an expression that are lowered already.
pub(super) struct Parts<'a, 'g> {
    pub expressions: &'a Expressions,
    done: HashMap<ExprId, Value<'g>>,
    distributions: HashMap<ExprId, Named<'g>>,
    /// The distributions of the sites by name.
    pub sites: &'a HashMap<String, Named<'g>>,
}

impl<'a, 'g> Parts<'a, 'g> {
    /// None of them yet; there will be `count`.
    pub fn new(expressions: &'a Expressions, count: usize, sites: &'a HashMap<String, Named<'g>>) -> Self {
        Parts { expressions, done: HashMap::with_capacity(count), distributions: HashMap::new(), sites }
    }

    /// The value and the place of a part.
    pub fn get(&self, id: ExprId) -> Result<(Value<'g>, Span), Diagnostic> {
        let span = self.expressions[id].span;
        match self.done.get(&id) {
            Some(value) => Ok((*value, span)),
            None => Err(Diagnostic::new("a list has no place here").at(span)),
        }
    }

    /// Adds a part.
    pub fn insert(&mut self, id: ExprId, value: Value<'g>) {
        self.done.insert(id, value);
    }

    /// The distribution that a part is; with `by_site` also the one that the name of a site stands for.
    pub fn distribution(&self, id: ExprId, by_site: bool) -> Option<&Named<'g>> {
        match &self.expressions[id].expr {
            Expr::Name(name) if by_site => self.sites.get(name),
            _ => self.distributions.get(&id),
        }
    }

    /// Adds a distribution.
    pub fn insert_distribution(&mut self, id: ExprId, named: Named<'g>) {
        self.distributions.insert(id, named);
    }
}
