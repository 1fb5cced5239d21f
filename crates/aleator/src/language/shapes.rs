//! Functions that make tensors, join them, or change their shape.
use aleator_engine::graph::{self, Expr as Node, FromEnd};

use super::call::Arguments;
use super::errors::Diagnostic;

type Result<'g> = std::result::Result<Node<'g>, Diagnostic>;

/// Puts tensors of one shape beside each other along a new axis; `axis` is its place counted from the end.
pub(super) fn beside<'g>(parts: &[Node<'g>], axis: usize) -> Option<Node<'g>> {
    let parts: Vec<Node<'g>> = parts.iter().map(|part| part.unsqueeze(FromEnd(axis))).collect();
    graph::concat(&parts, FromEnd(axis))
}

pub(super) fn dot<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let (x, y) = (a.expr(0)?, a.expr(1)?);
    let (from, to) = (x.shape(), y.shape());
    if from.rank() == 0 || to.rank() == 0 {
        return Err(a.wrong(format!("`dot` needs vectors, got shapes {from} and {to}; use * for scalars")));
    }
    if from.from_end(0) != to.from_end(0) {
        return Err(a.wrong(format!("`dot` of shapes {from} and {to}: the last axes differ")));
    }
    Ok(x.dot(y))
}

pub(super) fn one_hot<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let n = a.count(1)?;
    let x = a.expr(0)?;
    a.limit(&x.shape().join(&[n]))?;
    Ok(x.one_hot(n))
}

pub(super) fn argmax<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let x = a.expr(0)?;
    a.needs_axis(x.rank())?;
    let axis = a.axis(x.rank(), 0)?;
    // The axis goes last; the others keep their order.
    let mut order: Vec<usize> = (1..=axis).collect();
    order.push(0);
    Ok(x.permute(&order).argmax())
}

pub(super) fn transpose<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let x = a.expr(0)?;
    if a.has(1) {
        let order = a.axes_of(1, x.rank())?;
        if order.len() != x.rank() {
            return Err(a.wrong(format!("`transpose` needs each axis of shape {} once", x.shape())));
        }
        return Ok(x.permute(&order));
    }
    if x.rank() < 2 {
        return Err(a.wrong(format!("`transpose` needs at least two axes, got shape {}", x.shape())));
    }
    Ok(x.transpose())
}

pub(super) fn broadcast_to<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let shape = a.shape(1)?;
    let x = a.expr(0)?;
    let from = x.shape();
    let fits = from.rank() <= shape.rank()
        && (0..from.rank())
            .all(|axis| matches!(from.from_end(axis), 1) || from.from_end(axis) == shape.from_end(axis));
    if !fits {
        return Err(a.wrong(format!("shape {from} cannot be repeated to {shape}")));
    }
    Ok(x.broadcast_to(shape))
}

pub(super) fn take<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let x = a.expr(0)?;
    a.needs_axis(x.rank())?;
    let axis = a.axis(x.rank(), x.rank() - 1)?;
    let places = a.places(1, x.shape().from_end(axis))?;
    let mut shape = x.shape().to_vec();
    shape[x.rank() - 1 - axis] = places.len();
    a.limit(&shape)?;
    Ok(x.take(FromEnd(axis), &places))
}

pub(super) fn top_k<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let k = a.count(1)?;
    let x = a.expr(0)?;
    a.needs_axis(x.rank())?;
    Ok(x.top_k(k))
}

pub(super) fn gather<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let (x, at) = (a.expr(0)?, a.expr(1)?);
    a.needs_axis(x.rank())?;
    // What is compared in one pass.
    a.limit(&at.shape().join(&x.shape()))?;
    Ok(x.gather(at))
}

pub(super) fn reshape<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let sizes = a.sizes(1)?;
    let x = a.expr(0)?;
    let elements = x.shape().numel();
    let wrong = || {
        let sizes: Vec<String> = sizes.iter().map(i64::to_string).collect();
        let message = format!("shape {} cannot become [{}]", x.shape(), sizes.join(", "));
        a.wrong(format!("{message}: the number of elements differs"))
    };
    let others = sizes.iter().filter(|&&size| size != -1);
    let mut others = others.map(|&size| usize::try_from(size).ok());
    let others = others.try_fold(1usize, |n, size| n.checked_mul(size?)).ok_or_else(wrong)?;
    let free = sizes.iter().filter(|&&size| size == -1).count();
    let fits = match free {
        0 => others == elements,
        1 => others != 0 && elements % others == 0,
        _ => return Err(a.wrong("only one size may be -1")),
    };
    if !fits {
        return Err(wrong());
    }
    let size = |&size: &i64| usize::try_from(size).unwrap_or_else(|_| elements / others);
    Ok(x.reshape(sizes.iter().map(size).collect::<Vec<usize>>()))
}

pub(super) fn concat<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let list = a.list()?.to_vec();
    let shape = list[0].0.expr.shape();
    for (value, span) in &list {
        let other = value.expr.shape();
        if other.rank() == 0 {
            return Err(Diagnostic::new("`concat` joins tensors along an axis, and a scalar has none")
                .at(*span)
                .help("use `stack([a, b])` for scalars, or put the scalar into a list: [a]"));
        }
        if other.rank() != shape.rank() {
            let message = format!("`concat` of shapes {shape} and {other}: the numbers of axes differ");
            return Err(Diagnostic::new(message).at(*span));
        }
    }
    let axis = a.axis(shape.rank(), shape.rank() - 1)?;
    let at = shape.rank() - 1 - axis;
    for (value, span) in &list {
        let other = value.expr.shape();
        if (0..shape.rank()).any(|i| i != at && other[i] != shape[i]) {
            let message =
                format!("`concat` of shapes {shape} and {other} along axis {at}: another axis differs");
            return Err(Diagnostic::new(message).at(*span));
        }
    }
    let parts: Vec<Node<'g>> = list.iter().map(|(value, _)| value.expr).collect();
    graph::concat(&parts, FromEnd(axis)).ok_or_else(|| a.wrong("`concat` joins the elements of a list"))
}

pub(super) fn stack<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let list = a.list()?.to_vec();
    let shape = list[0].0.expr.shape();
    for (value, span) in &list {
        let other = value.expr.shape();
        if other != shape {
            let message = format!("`stack` of shapes {shape} and {other}: all need the same shape");
            return Err(Diagnostic::new(message).at(*span));
        }
    }
    let axis = a.axis(shape.rank() + 1, shape.rank())?;
    let parts: Vec<Node<'g>> = list.iter().map(|(value, _)| value.expr).collect();
    beside(&parts, axis).ok_or_else(|| a.wrong("`stack` joins the elements of a list"))
}

pub(super) fn filled<'g>(a: &mut Arguments<'_, 'g>, value: f64) -> Result<'g> {
    let shape = a.shape(0)?;
    Ok(a.graph().full(shape, value))
}

pub(super) fn eye<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let n = a.count(0)?;
    a.limit(&[n, n])?;
    Ok(a.graph().iota(n).one_hot(n))
}

pub(super) fn linspace<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let n = a.count(2)?;
    let (first, last) = (a.expr(0)?, a.expr(1)?);
    for (place, end) in [first, last].into_iter().enumerate() {
        if end.rank() != 0 {
            let message = format!("`linspace` runs between two numbers, got shape {}", end.shape());
            return Err(Diagnostic::new(message).at(a.place(place)));
        }
    }
    let places = a.graph().iota(n);
    let steps = n.saturating_sub(1).max(1) as f64;
    let inner = first + places * ((last - first) / steps);
    // The last one is b itself, whatever rounding does.
    Ok(if n < 2 { inner } else { places.equal(steps).select(last, inner) })
}

pub(super) fn arange<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let n = a.count(0)?;
    Ok(a.graph().iota(n))
}

pub(super) fn len<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let shape = a.expr(0)?.shape();
    a.needs_axis(shape.rank())?;
    Ok(a.graph().scalar(shape[0] as f64))
}
