//! A function of the language, and a call of it: the arguments bound to the function's parameters, and read as what it needs.
use std::collections::HashMap;

use aleator_engine::graph::{Expr as Node, FromEnd, Graph, Reduction, Shape};

use super::ast::{Call, Expr, ExprId, Expressions};
use super::errors::{Diagnostic, quote};
use super::index::{outside, within};
use super::named_distribution::{Evaluated, Named};
use super::parts::Parts;
use super::span::Span;
use super::synonyms::{Kind, suggest};
use super::values::{Constants, MOST_ELEMENTS, MOST_PLACES, Value, extent, too_large};

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is called, such as `clamp(x, lo, hi)`.
    pub usage: &'static str,
    /// One line: what it gives.
    pub summary: &'static str,
    /// Names of the arguments that may be given by position.
    pub(super) parameters: &'static [&'static str],
    /// How many of them must be given.
    pub(super) required: usize,
    /// Whether there is `axis=`.
    pub(super) axis: bool,
    /// Whether it joins the elements of a list, which then is no tensor by itself.
    pub(super) joins: bool,
    /// What its leading arguments are.
    pub(super) accepts: Accepts,
    /// Whether a file may define its name, which then hides it: functions that are younger than files which use their names.
    pub(super) may_be_hidden: bool,
    /// Whether the result is constant even if an argument is not, because it depends on shapes alone.
    pub(super) of_shape: bool,
    pub(super) body: Body,
}

/// What the leading arguments of a function are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    /// Values, as all others are.
    Values,
    /// Distributions, so many: `Normal(0, 1)`, or the name of a site, which stands for its distribution.
    Distributions(usize),
    /// A distribution with its parameters, or a value; the name of a site stands for its draw.
    DistributionOrValue,
}

impl Accepts {
    /// How many leading arguments may be distributions.
    fn distributions(self) -> usize {
        match self {
            Accepts::Values => 0,
            Accepts::Distributions(count) => count,
            Accepts::DistributionOrValue => 1,
        }
    }
}

/// What a function computes.
#[derive(Debug)]
pub(super) enum Body {
    /// One argument, elementwise.
    Elementwise(for<'g> fn(Node<'g>) -> Node<'g>),
    /// Anything else.
    Other(for<'g> fn(&mut Arguments<'_, 'g>) -> Result<Node<'g>, Diagnostic>),
}

impl Function {
    /// The value of a call. Distributions of which it computes a quantity are added to `evaluated`.
    pub(super) fn call<'g>(
        &'static self,
        graph: &'g Graph,
        constants: &mut Constants,
        parts: &Parts<'_, 'g>,
        call: &Call,
        span: Span,
        evaluated: &mut Vec<Evaluated<'g>>,
    ) -> Result<Value<'g>, Diagnostic> {
        let mut arguments = Arguments::bind(self, graph, constants, parts, call, span)?;
        let constant = self.of_shape || arguments.constant;
        let expr = match self.body {
            Body::Elementwise(f) => f(arguments.expr(0)?),
            Body::Other(f) => f(&mut arguments)?,
        };
        evaluated.extend(arguments.distributions.iter().flatten().map(|(named, id)| Evaluated {
            name: parts.expressions.print(*id),
            named: named.clone(),
            quantity: expr,
        }));
        Ok(Value { expr, constant })
    }
}

/// The arguments of one call.
pub(super) struct Arguments<'l, 'g> {
    /// Whether all of them are constant.
    pub constant: bool,
    function: &'static Function,
    graph: &'g Graph,
    constants: &'l mut Constants,
    /// By parameter; `None` where it is left out, or is a list to be joined.
    given: Vec<Option<(Value<'g>, Span)>>,
    /// By parameter, those that are distributions, with their place in the text.
    distributions: Vec<Option<(Named<'g>, ExprId)>>,
    expressions: &'l Expressions,
    sites: &'l HashMap<String, Named<'g>>,
    axis: Option<(Value<'g>, Span)>,
    list: Vec<(Value<'g>, Span)>,
    span: Span,
}

impl<'l, 'g> Arguments<'l, 'g> {
    /// Gives each argument its parameter.
    pub fn bind(
        function: &'static Function,
        graph: &'g Graph,
        constants: &'l mut Constants,
        parts: &Parts<'l, 'g>,
        call: &Call,
        span: Span,
    ) -> Result<Self, Diagnostic> {
        let usage = || format!("write `{}`", function.usage);
        let mut bound = Arguments {
            constant: true,
            function,
            graph,
            constants,
            given: vec![None; function.parameters.len()],
            distributions: vec![None; function.accepts.distributions()],
            expressions: parts.expressions,
            sites: parts.sites,
            axis: None,
            list: Vec::new(),
            span,
        };
        let mut seen = vec![false; function.parameters.len()];
        for (position, argument) in call.arguments.iter().enumerate() {
            let place = match &argument.name {
                None => Some(position),
                Some(name) if name.text == "axis" && function.axis => None,
                Some(name) => match function.parameters.iter().position(|p| *p == name.text) {
                    Some(place) => Some(place),
                    None => {
                        let words =
                            function.parameters.iter().copied().chain(function.axis.then_some("axis"));
                        let message = format!("`{}` has no argument {}", function.name, quote(&name.text));
                        let diagnostic = Diagnostic::new(message).at(name.span);
                        return Err(match suggest(diagnostic, Kind::Argument, &name.text, words) {
                            Ok(mut diagnostic) => {
                                let remedy = diagnostic.help.take().unwrap_or_default();
                                diagnostic.help(format!("{remedy} {}", usage()))
                            }
                            Err(diagnostic) => diagnostic.help(usage()),
                        });
                    }
                },
            };
            let Some(place) = place else {
                let (value, span) = parts.get(argument.value)?;
                bound.constant &= value.constant;
                bound.axis = Some((value, span));
                continue;
            };
            if place >= seen.len() {
                let most = match seen.len() {
                    1 => "1 argument".to_owned(),
                    n => format!("{n} arguments"),
                };
                let got = call.arguments.len();
                let message = format!("`{}` takes {most} by position, got {got}", function.name);
                return Err(Diagnostic::new(message).at(argument.span).help(usage()));
            }
            if std::mem::replace(&mut seen[place], true) {
                let message = format!("`{}` is given twice", function.parameters[place]);
                return Err(Diagnostic::new(message).at(argument.span).help(usage()));
            }
            if place < bound.distributions.len() {
                let by_site = function.accepts != Accepts::DistributionOrValue;
                if let Some(named) = parts.distribution(argument.value, by_site) {
                    bound.constant &= named.constant;
                    bound.distributions[place] = Some((named.clone(), argument.value));
                    continue;
                }
                if by_site {
                    return Err(not_a_distribution(function, place, argument.span));
                }
            }
            if parts.distribution(argument.value, false).is_some() {
                let message = format!("`{}` of `{}` is a value", function.parameters[place], function.name);
                return Err(Diagnostic::new(message).at(argument.span).label("a distribution").help(usage()));
            }
            if let (true, Expr::List(elements)) = (function.joins, &parts.expressions[argument.value].expr) {
                for &element in elements {
                    bound.list.push(parts.get(element)?);
                }
                bound.constant &= bound.list.iter().all(|(value, _)| value.constant);
            } else {
                let (value, span) = parts.get(argument.value)?;
                bound.constant &= value.constant;
                bound.given[place] = Some((value, span));
            }
        }
        if let Some(missing) = seen.iter().take(function.required).position(|seen| !seen) {
            let message = format!("`{}` needs `{}`", function.name, function.parameters[missing]);
            return Err(Diagnostic::new(message).at(span).help(usage()));
        }
        Ok(bound)
    }
}

fn not_a_distribution(function: &Function, place: usize, span: Span) -> Diagnostic {
    let parameter = function.parameters[place];
    Diagnostic::new(format!("`{parameter}` of `{}` is not a distribution", function.name))
        .at(span)
        .label("neither a distribution nor a site")
        .help(format!(
            "write `{}`, with a distribution such as `Normal(0, 1)` or the name of a site",
            function.usage
        ))
}

impl<'g> Arguments<'_, 'g> {
    /// An argument that is a distribution, if it is one.
    pub fn distribution(&self, place: usize) -> Option<&Named<'g>> {
        Some(&self.distributions.get(place)?.as_ref()?.0)
    }

    /// Whether a value is the draw of a count.
    pub fn is_a_drawn_count(&self, value: Node<'g>) -> bool {
        self.sites.values().any(|site| {
            site.draw.is_some_and(|draw| draw.id() == value.id())
                && site.distribution.family().support().is_of_counts()
        })
    }

    /// An argument that is a distribution as it is written.
    pub fn distribution_text(&self, place: usize) -> String {
        let given = self.distributions.get(place).and_then(Option::as_ref);
        given.map(|(_, id)| self.expressions.print(*id)).unwrap_or_default()
    }

    /// An argument that must be a distribution.
    pub fn required_distribution(&self, place: usize) -> Result<&Named<'g>, Diagnostic> {
        self.distribution(place).ok_or_else(|| not_a_distribution(self.function, place, self.span))
    }

    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// A mistake in the whole call, with the usage.
    pub fn wrong(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(self.span).help(format!("write `{}`", self.function.usage))
    }

    fn given(&self, place: usize) -> Result<(Value<'g>, Span), Diagnostic> {
        let given = self.given.get(place).copied().flatten();
        given.ok_or_else(|| self.wrong(format!("an argument of `{}` is missing", self.function.name)))
    }

    /// A required argument.
    pub fn expr(&self, place: usize) -> Result<Node<'g>, Diagnostic> {
        Ok(self.given(place)?.0.expr)
    }

    /// Where an argument stands.
    pub fn place(&self, place: usize) -> Span {
        self.given.get(place).copied().flatten().map_or(self.span, |(_, span)| span)
    }

    /// What `concat` and `stack` join.
    pub fn list(&self) -> Result<&[(Value<'g>, Span)], Diagnostic> {
        match self.list[..] {
            [] => Err(self.wrong(format!("`{}` joins the elements of a list", self.function.name))),
            _ => Ok(&self.list),
        }
    }

    /// A constant number of elements.
    pub fn count(&mut self, place: usize) -> Result<usize, Diagnostic> {
        let (value, span) = self.given(place)?;
        let what = format!("`{}`", self.function.parameters[place]);
        let count = self.constants.integer(value, span, &what)?;
        let count = usize::try_from(count)
            .map_err(|_| Diagnostic::new(format!("{what} must not be negative, got {count}")).at(span))?;
        self.limit(&[count]).map(|()| count)
    }

    /// A constant whole number, which may be negative.
    pub fn integer(&mut self, place: usize) -> Result<i64, Diagnostic> {
        let (value, span) = self.given(place)?;
        let what = format!("`{}`", self.function.parameters[place]);
        self.constants.integer(value, span, &what)
    }

    /// The shape and the numbers of a constant.
    pub fn numbers(&mut self, place: usize) -> Result<(Shape, Vec<f64>), Diagnostic> {
        let (value, span) = self.given(place)?;
        if !value.constant {
            let what = self.function.parameters[place];
            return Err(Diagnostic::new(format!("`{what}` of `{}` must be constant", self.function.name))
                .at(span)
                .label("not constant")
                .help("use numbers, `const` names and functions of them"));
        }
        let tensor = self.constants.tensor(value).map_err(|message| Diagnostic::new(message).at(span))?;
        Ok((tensor.shape, tensor.values.to_vec()))
    }

    /// Refuses to make a tensor that would not fit into memory.
    pub fn limit(&self, shape: &[usize]) -> Result<(), Diagnostic> {
        if extent(shape).is_some_and(|count| count <= MOST_ELEMENTS) {
            return Ok(());
        }
        let what = format!("the result of `{}`", self.function.name);
        Err(Diagnostic::new(too_large(&what, shape, MOST_ELEMENTS)).at(self.span))
    }

    /// Constant sizes of axes; a single number is one axis. Negative ones are left to the caller.
    pub fn sizes(&mut self, place: usize) -> Result<Vec<i64>, Diagnostic> {
        let (value, span) = self.given(place)?;
        let (shape, sizes) = self.constants.integers(value, span, "a shape")?;
        match shape.rank() {
            0 | 1 => Ok(sizes),
            _ => Err(Diagnostic::new(format!("a shape is a list of numbers, got shape {shape}"))
                .at(span)
                .help(format!("write `{}`", self.function.usage))),
        }
    }

    /// A constant shape.
    pub fn shape(&mut self, place: usize) -> Result<Shape, Diagnostic> {
        let sizes = self.sizes(place)?;
        let shape = sizes.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let shape = shape
            .map_err(|_| Diagnostic::new("the sizes of axes must not be negative").at(self.place(place)))?;
        self.limit(&shape)?;
        Ok(Shape::from(shape))
    }

    /// Whether an argument that may be left out is given.
    pub fn has(&self, place: usize) -> bool {
        self.given[place].is_some()
    }

    /// A constant list of axes of a tensor with `rank` axes, counted from the front, each at most once.
    pub fn axes_of(&mut self, place: usize, rank: usize) -> Result<Vec<usize>, Diagnostic> {
        let (value, span) = self.given(place)?;
        let (_, axes) = self.constants.integers(value, span, "an order of axes")?;
        let front = |axis| from_end(axis, rank, span).map(|from_end| rank - 1 - from_end);
        let axes = axes.into_iter().map(front).collect::<Result<Vec<usize>, Diagnostic>>()?;
        match (1..axes.len()).any(|i| axes[..i].contains(&axes[i])) {
            true => Err(Diagnostic::new("an axis is named twice").at(span)),
            false => Ok(axes),
        }
    }

    /// Constant places along an axis of a size; negative ones count from its end.
    pub fn places(&mut self, place: usize, size: usize) -> Result<Vec<usize>, Diagnostic> {
        let (value, span) = self.given(place)?;
        let (_, places) = self.constants.at_most(MOST_PLACES, value, span, "a list of places")?;
        let inside = |&place: &i64| within(place, size, size).ok_or_else(|| outside(place, size, span));
        places.iter().map(inside).collect()
    }

    /// The axis, counted from the end of a tensor with `rank` axes; `default` (likewise) where none is given.
    pub fn axis(&mut self, rank: usize, default: usize) -> Result<usize, Diagnostic> {
        let Some((value, span)) = self.axis else { return Ok(default) };
        let axis = self.constants.integer(value, span, "`axis`")?;
        from_end(axis, rank, span)
    }

    /// The axes to reduce, counted from the end: `axis=` gives one or a list; without it all.
    pub fn axes(&mut self) -> Result<Vec<usize>, Diagnostic> {
        let rank = self.expr(0)?.rank();
        let Some((value, span)) = self.axis else { return Ok((0..rank).collect()) };
        let (_, axes) = self.constants.integers(value, span, "`axis`")?;
        let mut axes: Vec<usize> =
            axes.into_iter().map(|axis| from_end(axis, rank, span)).collect::<Result<_, _>>()?;
        let count = axes.len();
        axes.sort_unstable();
        axes.dedup();
        if axes.len() < count {
            return Err(Diagnostic::new("an axis is named twice").at(span));
        }
        Ok(axes)
    }

    /// `min` and `max`: of two tensors elementwise, or of one over axes.
    pub fn extreme(
        &mut self,
        reduction: Reduction,
        of_two: impl Fn(Node<'g>, Node<'g>) -> Node<'g>,
    ) -> Result<Node<'g>, Diagnostic> {
        let x = self.expr(0)?;
        match (self.given[1], self.axis) {
            (None, _) => Ok(x.reduce(reduction, FromEnd(&self.axes()?))),
            (Some((y, _)), None) => Ok(of_two(x, y.expr)),
            (Some(_), Some((_, span))) => Err(Diagnostic::new(format!(
                "`{}` of two tensors is elementwise and has no `axis`",
                self.function.name
            ))
            .at(span)
            .help(format!("write `{}`", self.function.usage))),
        }
    }

    /// Applies a function of the last axis along any axis.
    pub fn along_last(&mut self, f: impl Fn(Node<'g>) -> Node<'g>) -> Result<Node<'g>, Diagnostic> {
        let x = self.expr(0)?;
        let rank = x.rank();
        self.needs_axis(rank)?;
        let axis = self.axis(rank, 0)?;
        let mut exchanged: Vec<usize> = (0..=axis).collect();
        exchanged.swap(0, axis);
        Ok(f(x.permute(&exchanged)).permute(&exchanged))
    }

    /// Refuses `axis=`.
    pub fn refuse_axis(&self, what: &str) -> Result<(), Diagnostic> {
        match self.axis {
            None => Ok(()),
            Some((_, span)) => Err(Diagnostic::new(format!("{what} has no `axis`")).at(span)),
        }
    }

    /// Refuses a scalar.
    pub fn needs_axis(&self, rank: usize) -> Result<(), Diagnostic> {
        match rank {
            0 => Err(Diagnostic::new(format!(
                "`{}` needs at least one axis, got a scalar",
                self.function.name
            ))
            .at(self.place(0))),
            _ => Ok(()),
        }
    }
}

/// An axis counted from the front, or negative from the end, as one counted from the end.
fn from_end(axis: i64, rank: usize, span: Span) -> Result<usize, Diagnostic> {
    let count = rank as i64;
    if (-count..count).contains(&axis) {
        let front = if axis < 0 { axis + count } else { axis };
        return Ok((count - 1 - front) as usize);
    }
    let axes = if rank == 1 { "axis" } else { "axes" };
    let diagnostic =
        Diagnostic::new(format!("there is no axis {axis}: the tensor has {rank} {axes}")).at(span);
    Err(match rank {
        0 => diagnostic.help("a scalar has no axes; leave `axis` out"),
        1 => diagnostic.help("the only axis is 0, or -1 from the end"),
        _ => diagnostic.help(format!("axes are 0 to {}, or -{rank} to -1 from the end", rank - 1)),
    })
}
