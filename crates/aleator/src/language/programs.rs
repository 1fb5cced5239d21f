//! Black boxes that are programs: `external f(z) -> [] = command("program", ..)`, and calls of them.
use std::path::Path;
use std::sync::Arc;

use aleator_engine::graph::{Expr as Node, External, ExternalFn, Graph, Shape};

use crate::external_program::ExternalProgram;

use super::ast::{Call, Name};
use super::errors::{Diagnostic, quote};
use super::loading::Commands;
use super::parts::Parts;
use super::span::Span;
use super::values::Value;

/// A black box that has been declared.
pub(super) struct BlackBox {
    name: String,
    parameters: Vec<String>,
    shape: Shape,
    /// `None` where programs may not run.
    program: Option<Arc<ExternalProgram>>,
}

/// The black box of an `external` line.
pub(super) fn declare(
    name: &Name,
    parameters: &[Name],
    shape: Shape,
    command: &[String],
    command_span: Span,
    commands: Commands,
    folder: Option<&Path>,
) -> Result<BlackBox, Diagnostic> {
    if shape.contains(&0) {
        let message = format!("the result of {} has shape {shape}, which has no elements", quote(&name.text));
        return Err(Diagnostic::new(message).at(command_span));
    }
    let program = match commands {
        Commands::Refused => None,
        Commands::Allowed { timeout } => {
            Some(Arc::new(ExternalProgram::new(command.to_vec(), folder.map(Into::into), timeout)))
        }
    };
    let parameters = parameters.iter().map(|parameter| parameter.text.clone()).collect();
    Ok(BlackBox { name: name.text.clone(), parameters, shape, program })
}

impl BlackBox {
    /// The value of a call.
    pub fn call<'g>(
        &self,
        graph: &'g Graph,
        parts: &Parts<'_, 'g>,
        call: &Call,
        span: Span,
    ) -> Result<Value<'g>, Diagnostic> {
        let usage = format!("write `{}({})`", self.name, self.parameters.join(", "));
        let wrong = |message: String, span: Span| Diagnostic::new(message).at(span).help(usage.clone());
        let mut given: Vec<Option<Node<'g>>> = vec![None; self.parameters.len()];
        for (position, argument) in call.arguments.iter().enumerate() {
            let place = match &argument.name {
                None => position,
                Some(name) => {
                    let place = self.parameters.iter().position(|parameter| *parameter == name.text);
                    place.ok_or_else(|| {
                        wrong(
                            format!("{} has no argument {}", quote(&self.name), quote(&name.text)),
                            name.span,
                        )
                    })?
                }
            };
            let Some(free) = given.get_mut(place) else {
                let message = format!("{} takes {} arguments", quote(&self.name), self.parameters.len());
                return Err(wrong(message, argument.span));
            };
            if free.replace(parts.get(argument.value)?.0.expr).is_some() {
                return Err(wrong(
                    format!("{} is given twice", quote(&self.parameters[place])),
                    argument.span,
                ));
            }
        }
        if let Some(missing) = given.iter().position(Option::is_none) {
            return Err(wrong(
                format!("{} needs {}", quote(&self.name), quote(&self.parameters[missing])),
                span,
            ));
        }
        let arguments: Vec<(&str, Node<'g>)> =
            self.parameters.iter().map(String::as_str).zip(given.into_iter().flatten()).collect();
        let expr = match &self.program {
            Some(program) => program.call(graph, &self.name, self.shape.clone(), &arguments),
            None => self.refused(graph, &arguments),
        };
        Ok(Value { expr, constant: false })
    }

    /// What stands for a program that may not run: its evaluation is an error.
    fn refused<'g>(&self, graph: &'g Graph, arguments: &[(&str, Node<'g>)]) -> Node<'g> {
        let function: Arc<ExternalFn> =
            Arc::new(|_: &[&[f64]], _: &mut [f64]| Err("the text may not run programs".to_owned()));
        let values: Vec<Node<'g>> = arguments.iter().map(|(_, value)| *value).collect();
        let ranks = values.iter().map(|value| value.rank()).collect();
        graph.external(External::new(self.name.as_str(), self.shape.clone(), ranks, function), &values)
    }
}
