//! Settings, such as `theta=0.7`: values that replace those of a file.
use std::collections::HashMap;
use std::rc::Rc;

use aleator_engine::graph::{Graph, Shape};

use crate::nearest::nearest;

use super::ast::{File, StatementKind};
use super::errors::{Diagnostic, quote};
use super::loading::NamedArray;
use super::lower::Lowering;
use super::parser::Setting;
use super::values::Tensor;

/// Replacements by name.
#[derive(Clone)]
pub(super) struct Settings(HashMap<String, Tensor>);

impl Settings {
    /// Computes the values, and checks that the file has what they replace. Of two for one name the last counts.
    pub fn evaluate(file: &File, settings: &[Setting]) -> Result<Self, Diagnostic> {
        let graph = Graph::new();
        let mut lowering = Lowering::new(&graph);
        let mut values = HashMap::new();
        for setting in settings {
            let name = &setting.name.text;
            check_name(file, name)?;
            let value = lowering
                .lower(&setting.expressions, setting.value)
                .map_err(|diagnostic| diagnostic.in_setting(name))?;
            let tensor = lowering.constants.tensor(value);
            let tensor = tensor.map_err(|message| Diagnostic::new(message).in_setting(name))?;
            values.insert(name.clone(), tensor);
        }
        Ok(Settings(values))
    }

    /// Adds arrays that replace those of data.
    pub fn add(&mut self, arrays: &[NamedArray]) {
        for (name, shape, values) in arrays {
            let tensor = Tensor { shape: Shape::from(&shape[..]), values: Rc::from(&values[..]) };
            self.0.insert(name.clone(), tensor);
        }
    }

    /// The replacement for a name.
    pub fn take(&mut self, name: &str) -> Option<Tensor> {
        self.0.remove(name)
    }
}

fn check_name(file: &File, name: &str) -> Result<(), Diagnostic> {
    let settable = |kind: &StatementKind| {
        matches!(kind, StatementKind::Param { .. } | StatementKind::Const { .. } | StatementKind::Data { .. })
    };
    if let Some(statement) = file
        .statements
        .iter()
        .find(|statement| statement.defines().is_some_and(|defined| defined.text == *name))
    {
        return match &statement.kind {
            kind if settable(kind) => Ok(()),
            _ => Err(Diagnostic::new(format!("{} is not set but computed or drawn", quote(name)))
                .help("only a `param`, a `const` or `data` can be set")
                .in_setting(name)),
        };
    }
    let names = file.statements.iter().filter(|statement| settable(&statement.kind));
    let mut names: Vec<&str> = names.map(|statement| statement.name().text.as_str()).collect();
    let diagnostic =
        Diagnostic::new(format!("there is no parameter or constant {}", quote(name))).in_setting(name);
    Err(match nearest(name, names.iter().copied()) {
        Some(near) => diagnostic.did_you_mean(near),
        None if names.is_empty() => diagnostic.help("the file has none"),
        None => {
            let more = if names.len() > 20 { ", .." } else { "" };
            names.truncate(20);
            diagnostic.help(format!("the file has {}{more}", names.join(", ")))
        }
    })
}
