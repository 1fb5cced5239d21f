//! `x[i]`, `x[a:b, j]`: elements and slices, by constant and by random indices.
use aleator_engine::graph::FromEnd;

use super::ast::{ExprId, Index};
use super::errors::Diagnostic;
use super::parts::Parts;
use super::span::Span;
use super::values::{Constants, Value, check};

/// `base[indices]`. Constant indices may be negative, counting from the end, and must lie within their axis. An index
/// that is not constant counts from 0; where it is outside of its axis or not whole, the result is NaN.
pub(super) fn index<'g>(
    constants: &mut Constants,
    parts: &Parts<'_, 'g>,
    base: Value<'g>,
    indices: &[Index],
    span: Span,
) -> Result<Value<'g>, Diagnostic> {
    let shape = base.expr.shape();
    let Value { mut expr, mut constant } = base;
    if indices.len() > shape.rank() {
        let at = match &indices[shape.rank()] {
            Index::At(at) => parts.expressions[*at].span,
            Index::Slice { span, .. } => *span,
        };
        let axes = if shape.rank() == 1 { "axis" } else { "axes" };
        return Err(Diagnostic::new(format!(
            "shape {shape} has {} {axes}, but there are {} indices",
            shape.rank(),
            indices.len()
        ))
        .at(at)
        .label("no such axis"));
    }
    for (i, index) in indices.iter().enumerate() {
        let axis = shape.rank() - 1 - i;
        let size = shape[i];
        match index {
            Index::At(at) => {
                let (at, place) = parts.get(*at)?;
                if at.expr.rank() != 0 {
                    return Err(Diagnostic::new(format!(
                        "an index must be a single number, got shape {}",
                        at.expr.shape()
                    ))
                    .at(place)
                    .help("for several elements use a slice x[a:b], or `gather(x, i)`"));
                }
                expr = if at.constant {
                    let number = constants.integer(at, place, "an index")?;
                    let Some(number) = within(number, size, size) else {
                        return Err(outside(number, size, place));
                    };
                    expr.slice(FromEnd(axis), number, 1).squeeze(FromEnd(axis))
                } else {
                    constant = false;
                    expr.element(FromEnd(axis), at.expr)
                };
            }
            Index::Slice { start, end, span } => {
                let mut bound = |id: &Option<ExprId>, default: usize| match id {
                    None => Ok(default),
                    Some(id) => {
                        let (value, place) = parts.get(*id)?;
                        let number = constants.integer(value, place, "the bound of a slice")?;
                        within(number, size, size + 1).ok_or_else(|| outside(number, size, place))
                    }
                };
                let (start, end) = (bound(start, 0)?, bound(end, size)?);
                if start > end {
                    return Err(
                        Diagnostic::new(format!("the slice {start}:{end} ends before it starts")).at(*span)
                    );
                }
                expr = expr.slice(FromEnd(axis), start, end - start);
            }
        }
        check(expr, span)?;
    }
    Ok(Value { expr, constant })
}

/// An index below `limit`; negative ones count from `size`.
pub(super) fn within(number: i64, size: usize, limit: usize) -> Option<usize> {
    let number = if number < 0 { number.checked_add_unsigned(size as u64)? } else { number };
    usize::try_from(number).ok().filter(|&number| number < limit)
}

/// A place outside of an axis.
pub(super) fn outside(number: i64, size: usize, place: Span) -> Diagnostic {
    let elements = if size == 1 { "element" } else { "elements" };
    Diagnostic::new(format!("{number} lies outside of an axis of {size} {elements}")).at(place).help(
        match size {
            0 => "the axis is empty".to_owned(),
            _ => format!("the elements are 0 to {}, or -{size} to -1 from the end", size - 1),
        },
    )
}
