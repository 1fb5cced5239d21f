//! Black boxes that are programs: `external f(z) -> [] = command("program", ..)`, and calls of them.
use std::sync::Arc;

use aleator_engine::graph::{Expr as Node, External, ExternalFn, Graph, Shape};

use crate::external_program::{ExternalProgram, Signature};

use super::ast::{Call, Name};
use super::errors::{Diagnostic, quote};
use super::loading::{Commands, Loading};
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
    loading: &Loading<'_>,
) -> Result<BlackBox, Diagnostic> {
    if shape.contains(&0) {
        let message = format!("the result of {} has shape {shape}, which has no elements", quote(&name.text));
        return Err(Diagnostic::new(message).at(command_span));
    }
    let program = match loading.commands {
        Commands::Refused => None,
        Commands::Allowed { timeout } => {
            Some(Arc::new(ExternalProgram::new(command.to_vec(), loading.folder.map(Into::into), timeout)))
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
        let arguments: Vec<Node<'g>> = given.into_iter().flatten().collect();
        let names = self.parameters.iter().cloned();
        let signature = Signature {
            arguments: names.zip(arguments.iter().map(|argument| argument.shape().to_vec())).collect(),
            result: self.shape.to_vec(),
        };
        let function: Arc<ExternalFn> = match &self.program {
            Some(program) => {
                let program = program.clone();
                Arc::new(move |arguments: &[&[f64]], result: &mut [f64]| {
                    program.evaluate(&signature, arguments, result)
                })
            }
            None => Arc::new(|_: &[&[f64]], _: &mut [f64]| Err("the text may not run programs".to_owned())),
        };
        let ranks = arguments.iter().map(|argument| argument.rank()).collect();
        let external = External::new(self.name.as_str(), self.shape.clone(), ranks, function);
        let expr = graph.external(External { vectorized: true, ..external }, &arguments);
        Ok(Value { expr, constant: false })
    }
}
