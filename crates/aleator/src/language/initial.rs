//! Random initial values of parameters: `param W : [64, 20] = normal(0, 0.1)`.
//!
//! The values are a function of the seed and of which random initial value of the text it is. The formulas are those of
//! [`Init`].
use aleator_engine::graph::Shape;

use crate::nearest::nearest;
use crate::nn::{Init, Spec, initial_tensor};

use super::ast::Call;
use super::errors::{Diagnostic, quote};
use super::parts::Parts;
use super::span::Span;
use super::values::{Constants, MOST_ELEMENTS, extent, too_large};

/// What is added to initial values, and their distribution; or what is wrong with the arguments.
type Scaled = Result<(f64, Init), &'static str>;

/// A distribution of initial values.
#[derive(Debug)]
pub struct Initial {
    /// The name.
    pub name: &'static str,
    /// How it is called, such as `normal(loc, scale)`.
    pub usage: &'static str,
    /// One line: what it gives.
    pub summary: &'static str,
    /// Names of the arguments, and the values of those that are left out.
    parameters: &'static [(&'static str, f64)],
    /// The least number of axes of the parameter.
    axes: usize,
    init: fn(&[f64]) -> Scaled,
}

const TABLE: &[Initial] = &[
    Initial {
        name: "normal",
        usage: "normal(loc, scale)",
        summary: "random initial values of a parameter, from a normal distribution",
        parameters: &[("loc", 0.0), ("scale", 1.0)],
        axes: 0,
        init: |x| match x[1] >= 0.0 {
            true => Ok((x[0], Init::Normal(x[1]))),
            false => Err("`scale` must not be negative"),
        },
    },
    Initial {
        name: "uniform",
        usage: "uniform(low, high)",
        summary: "random initial values of a parameter, uniform between two numbers",
        parameters: &[("low", 0.0), ("high", 1.0)],
        axes: 0,
        init: |x| match x[0] <= x[1] {
            true => Ok((0.0, Init::Uniform(x[0], x[1]))),
            false => Err("`low` must not be above `high`"),
        },
    },
    Initial {
        name: "glorot",
        usage: "glorot()",
        summary: "random initial values of a weight matrix, uniform in ±√(6 / (rows + columns))",
        parameters: &[],
        axes: 2,
        init: |_| Ok((0.0, Init::Glorot)),
    },
    Initial {
        name: "kaiming",
        usage: "kaiming()",
        summary: "random initial values of a weight matrix before a relu, uniform in ±√(6 / rows)",
        parameters: &[],
        axes: 2,
        init: |_| Ok((0.0, Init::Kaiming)),
    },
];

/// All distributions of initial values.
pub fn initials() -> &'static [Initial] {
    TABLE
}

/// The one of that name.
pub(super) fn find(name: &str) -> Option<&'static Initial> {
    TABLE.iter().find(|initial| initial.name == name)
}

/// The mistake of random initial values elsewhere than in a `param` line.
pub(super) fn misplaced(name: &str, span: Span) -> Diagnostic {
    let distribution = match name {
        "uniform" => "Uniform(0, 1)",
        _ => "Normal(0, 1)",
    };
    Diagnostic::new(format!("`{name}` gives random initial values, and stands in `param` lines alone"))
        .at(span)
        .help(format!("to draw, write `z ~ {distribution}` on a line of its own"))
}

/// What random initial values of a parameter depend on.
pub(super) struct RandomValues {
    /// The shape of the parameter.
    pub shape: Shape,
    pub seed: u64,
    /// How many random initial values the text had before.
    pub place: u64,
}

impl Initial {
    /// The values of a call, row-major in the shape of the parameter.
    pub(super) fn values(
        &self,
        constants: &mut Constants,
        parts: &Parts<'_, '_>,
        call: &Call,
        random: &RandomValues,
    ) -> Result<Vec<f64>, Diagnostic> {
        let wrong = |message: String, span: Span| {
            Diagnostic::new(message).at(span).help(format!("write `{}`", self.usage))
        };
        let mut numbers: Vec<f64> = self.parameters.iter().map(|(_, default)| *default).collect();
        let mut seen = vec![false; numbers.len()];
        for (position, argument) in call.arguments.iter().enumerate() {
            let place = match &argument.name {
                None => position,
                Some(name) => {
                    let mut names = self.parameters.iter().map(|(name, _)| *name);
                    names.clone().position(|known| known == name.text).ok_or_else(|| {
                        let message = format!("`{}` has no argument {}", self.name, quote(&name.text));
                        match nearest(&name.text, &mut names) {
                            Some(near) => {
                                Diagnostic::new(message).at(name.span).help(format!("did you mean `{near}`?"))
                            }
                            None => wrong(message, name.span),
                        }
                    })?
                }
            };
            if place >= numbers.len() {
                let message = format!("`{}` takes {} arguments", self.name, numbers.len());
                return Err(wrong(message, argument.span));
            }
            if std::mem::replace(&mut seen[place], true) {
                return Err(wrong(format!("`{}` is given twice", self.parameters[place].0), argument.span));
            }
            let (value, span) = parts.get(argument.value)?;
            if !value.constant || value.expr.rank() != 0 {
                return Err(wrong(format!("`{}` must be a constant number", self.parameters[place].0), span));
            }
            let tensor = constants.tensor(value).map_err(|message| Diagnostic::new(message).at(span))?;
            numbers[place] = tensor.values[0];
            if !numbers[place].is_finite() {
                return Err(wrong(format!("`{}` must be finite", self.parameters[place].0), span));
            }
        }
        let span = call.function.span;
        if random.shape.rank() < self.axes {
            let message =
                format!("`{}` is for matrices, and this parameter has shape {}", self.name, random.shape);
            return Err(Diagnostic::new(message).at(span).help(format!(
                "write its shape, `param W : [3, 2] = {}`, or use `normal(0, 0.1)`",
                self.usage
            )));
        }
        if extent(&random.shape).is_none_or(|count| count > MOST_ELEMENTS) {
            return Err(Diagnostic::new(too_large("a parameter", &random.shape, MOST_ELEMENTS)).at(span));
        }
        let (offset, init) = (self.init)(&numbers).map_err(|message| wrong(message.to_owned(), span))?;
        let tensor = initial_tensor(&Spec::new("", random.shape.clone(), init), random.seed, random.place)
            .map_err(|error| Diagnostic::new(error.to_string()).at(span))?;
        Ok(tensor.values.into_iter().map(|x| x + offset).collect())
    }
}
