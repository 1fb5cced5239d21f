"""Functions of expressions. Applied to numbers and arrays alone, they give arrays."""

from __future__ import annotations

import builtins
from typing import Any, Sequence

import numpy as np

from ._arrays import as_shape
from ._axes import axes_from_end, normalized_axes, normalized_axis
from ._docstrings import documented
from ._expressions import Expr, apply, as_expr, graph_of, joined, value_of
from ._recording import Recording
from .errors import ShapeError

__all__ = [
    "abs",
    "argmax",
    "broadcast_to",
    "clamp",
    "concatenate",
    "cos",
    "cumsum",
    "diff",
    "digamma",
    "dot",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "flip",
    "floor",
    "lgamma",
    "log",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "moveaxis",
    "norm",
    "one_hot",
    "prod",
    "relu",
    "reshape",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "stack",
    "stop_gradient",
    "sum",
    "take",
    "tan",
    "tanh",
    "transpose",
    "where",
]


def _apply(operation: str, *operands: Any, numbers: Sequence[int] = ()) -> Any:
    """Applies an operation in the graph of its operands, or at once where they are all numbers."""
    graph = graph_of(operands)
    if graph is None:
        scratch = Recording()
        return value_of(apply(scratch, operation, operands, numbers))
    return apply(graph, operation, operands, numbers)


def _shape(x: Any) -> tuple[int, ...]:
    return x.shape if isinstance(x, Expr) else np.shape(x)


@documented("x", returns="same")
def exp(x: Any) -> Any:
    """e^x, elementwise."""
    return _apply("exp", x)


@documented("x", returns="same")
def expm1(x: Any) -> Any:
    """e^x - 1, accurate near 0."""
    return _apply("expm1", x)


@documented("x", returns="same")
def log(x: Any) -> Any:
    """The natural logarithm."""
    return _apply("log", x)


@documented("x", returns="same")
def log1p(x: Any) -> Any:
    """log(1 + x), accurate near 0."""
    return _apply("log1p", x)


@documented("x", returns="same")
def sqrt(x: Any) -> Any:
    """The square root."""
    return _apply("sqrt", x)


@documented("x", returns="same")
def square(x: Any) -> Any:
    """x^2."""
    return _apply("square", x)


@documented("x", returns="same")
def abs(x: Any) -> Any:
    """The absolute value."""
    return _apply("abs", x)


@documented("x", returns="same")
def sign(x: Any) -> Any:
    """-1, 0 or 1."""
    return _apply("sign", x)


@documented("x", returns="same")
def floor(x: Any) -> Any:
    """The largest whole number that is not above x."""
    return _apply("floor", x)


@documented("x", returns="same")
def sin(x: Any) -> Any:
    """The sine of an angle in radians."""
    return _apply("sin", x)


@documented("x", returns="same")
def cos(x: Any) -> Any:
    """The cosine of an angle in radians."""
    return _apply("cos", x)


@documented("x", returns="same")
def tan(x: Any) -> Any:
    """The tangent of an angle in radians."""
    return _apply("tan", x)


@documented("x", returns="same")
def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return _apply("tanh", x)


@documented("x", returns="same")
def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return _apply("sigmoid", x)


@documented("x", returns="same")
def softplus(x: Any) -> Any:
    """log(1 + e^x), without overflow."""
    return _apply("softplus", x)


@documented("x", returns="same")
def logit(x: Any) -> Any:
    """log(x / (1 - x)), the inverse of `sigmoid`."""
    return _apply("logit", x)


@documented("x", returns="same")
def relu(x: Any) -> Any:
    """max(x, 0)."""
    return _apply("relu", x)


@documented("x", returns="same")
def erf(x: Any) -> Any:
    """The error function."""
    return _apply("erf", x)


@documented("x", returns="same")
def lgamma(x: Any) -> Any:
    """log |Gamma(x)|."""
    return _apply("lgamma", x)


@documented("x", returns="same")
def digamma(x: Any) -> Any:
    """The derivative of `lgamma`."""
    return _apply("digamma", x)


@documented("x", returns="same")
def stop_gradient(x: Any) -> Any:
    """The same value, which derivatives take for a constant."""
    return _apply("stop_gradient", x)


@documented("operands", returns="broadcast", raises="broadcast")
def maximum(x: Any, y: Any) -> Any:
    """The larger one, elementwise."""
    return _apply("max", x, y)


@documented("operands", returns="broadcast", raises="broadcast")
def minimum(x: Any, y: Any) -> Any:
    """The smaller one, elementwise."""
    return _apply("min", x, y)


@documented("operands", returns="broadcast", raises="broadcast")
def clamp(x: Any, lo: Any, hi: Any) -> Any:
    """x, but not below `lo` nor above `hi`."""
    return _apply("clamp", x, lo, hi)


@documented("operands", returns="broadcast", raises="broadcast")
def where(condition: Any, x: Any, y: Any) -> Any:
    """`x` where the condition is not 0, else `y`."""
    return _apply("where", condition, x, y)


def _reduce(operation: str, x: Any, axis: Any, keepdims: bool) -> Any:
    shape = _shape(x)
    axes = normalized_axes(axis, len(shape), operation)
    if not axes and axis is not None:
        return x
    reduced = _apply(operation, x, numbers=axes_from_end(axes, len(shape)))
    return reshape(reduced, tuple(1 if i in axes else n for i, n in enumerate(shape))) if keepdims else reduced


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of the elements."""
    return _reduce("sum", x, axis, keepdims)


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of the elements."""
    return _reduce("mean", x, axis, keepdims)


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of the elements."""
    return _reduce("prod", x, axis, keepdims)


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest of the elements."""
    return _reduce("reduce_max", x, axis, keepdims)


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest of the elements."""
    return _reduce("reduce_min", x, axis, keepdims)


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log of the sum of e^x of the elements, without overflow."""
    return _reduce("logsumexp", x, axis, keepdims)


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """sqrt(sum(x^2)) of the elements."""
    return _reduce("norm", x, axis, keepdims)


def _along(operation: str, x: Any, axis: int) -> Any:
    return _apply(operation, x, numbers=[normalized_axis(axis, len(_shape(x)), operation)])


@documented("x", "axis", returns="same", raises="axis")
def softmax(x: Any, axis: int = -1) -> Any:
    """e^x / sum(e^x) along an axis."""
    return _along("softmax", x, axis)


@documented("x", "axis", returns="same", raises="axis")
def log_softmax(x: Any, axis: int = -1) -> Any:
    """x - logsumexp(x) along an axis."""
    return _along("log_softmax", x, axis)


@documented("x", "axis", returns="same", raises="axis")
def cumsum(x: Any, axis: int = -1) -> Any:
    """Running sums along an axis."""
    return _along("cumsum", x, axis)


@documented("x", "axis", returns="without", raises="axis")
def argmax(x: Any, axis: int = -1) -> Any:
    """The place of the first largest element along an axis."""
    return _along("argmax", x, axis)


def one_hot(x: Any, n: int) -> Any:
    """`n` numbers on a new last axis: 1 at place x and else 0.

    Parameters
    ----------
    x : Expr or array_like
        Whole numbers from 0 to n - 1; others give zeros.
    n : int

    Returns
    -------
    Expr or numpy.ndarray
        Of shape ``(*x.shape, n)``.
    """
    (n,) = as_shape(n, "the number of places")
    return _apply("one_hot", x, numbers=[n])


def matmul(a: Any, b: Any) -> Any:
    """The matrix product over the last two axes.

    Parameters
    ----------
    a, b : Expr or array_like
        Leading axes broadcast. A vector is a row on the left and a column on the right.

    Returns
    -------
    Expr or numpy.ndarray
        Of shape ``(..., n, m)``, without the axis of a vector.

    Raises
    ------
    ShapeError
        If the inner sizes differ, or an operand is a scalar.
    """
    return _apply("matmul", a, b)


def dot(a: Any, b: Any) -> Any:
    """As `numpy.dot` for up to two axes: the matrix product; with a scalar, the product.

    Parameters
    ----------
    a, b : Expr or array_like

    Returns
    -------
    Expr or numpy.ndarray

    Raises
    ------
    ShapeError
        If an operand has more than two axes, or the inner sizes differ.
    """
    ranks = len(_shape(a)), len(_shape(b))
    if builtins.max(ranks) > 2:
        raise ShapeError("dot: more than two axes are ambiguous; use @ or einsum")
    return _apply("mul" if 0 in ranks else "matmul", a, b)


def reshape(x: Any, shape: Any) -> Any:
    """The same elements, row-major, in another shape.

    Parameters
    ----------
    x : Expr or array_like
    shape : int or tuple of int
        One size may be -1: it follows from the others.

    Returns
    -------
    Expr or numpy.ndarray
        Of this shape.

    Raises
    ------
    ShapeError
        If it has another number of elements.
    """
    return x.reshape(shape) if isinstance(x, Expr) else np.reshape(x, shape)


def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in another order.

    Parameters
    ----------
    x : Expr or array_like
    axes : tuple of int, optional
        The axis of `x` at each place; by default the reverse order.

    Returns
    -------
    Expr or numpy.ndarray

    Raises
    ------
    ShapeError
        If that is no order of the axes.
    """
    if not isinstance(x, Expr):
        return np.transpose(x, axes)
    return x.transpose() if axes is None else x.transpose(axes)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Moves axes to other positions; the others keep their order.

    Parameters
    ----------
    x : Expr or array_like
    source, destination : int or tuple of int
        As many of one as of the other.

    Returns
    -------
    Expr or numpy.ndarray

    Raises
    ------
    ShapeError
        If there is no such axis, or one is named twice.
    """
    if not isinstance(x, Expr):
        return np.moveaxis(x, source, destination)
    rank = x.ndim
    sources, places = normalized_axes(source, rank, "moveaxis"), normalized_axes(destination, rank, "moveaxis")
    if len(sources) != len(places):
        raise ShapeError("moveaxis: as many destinations as sources are needed")
    order = [axis for axis in range(rank) if axis not in sources]
    for place, axis in sorted(zip(places, sources)):
        order.insert(place, axis)
    return x.transpose(order)


def expand_dims(x: Any, axis: int) -> Any:
    """Inserts an axis of size 1.

    Parameters
    ----------
    x : Expr or array_like
    axis : int
        Its place in the result.

    Returns
    -------
    Expr or numpy.ndarray

    Raises
    ------
    ShapeError
        If there is no such place.
    """
    shape = _shape(x)
    place = normalized_axis(axis, len(shape) + 1, "expand_dims")
    return reshape(x, shape[:place] + (1,) + shape[place:])


def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeats to a shape.

    Parameters
    ----------
    x : Expr or array_like
    shape : int or tuple of int

    Returns
    -------
    Expr or numpy.ndarray
        Of this shape.

    Raises
    ------
    ShapeError
        If the shape of `x` does not broadcast to it.
    """
    return x.broadcast_to(shape) if isinstance(x, Expr) else np.broadcast_to(x, shape)


def concatenate(parts: Sequence[Any], axis: int = 0) -> Any:
    """Tensors of as many axes, one after another along an axis.

    Parameters
    ----------
    parts : sequence of Expr or array_like
        At least one; their sizes may differ along `axis` alone.
    axis : int

    Returns
    -------
    Expr or numpy.ndarray

    Raises
    ------
    ShapeError
        If the shapes do not fit together, or there is no such axis.
    """
    parts = list(parts)
    if not parts:
        raise ShapeError("concatenate: at least one part is needed")
    shapes = [_shape(part) for part in parts]
    rank = len(shapes[0])
    place = normalized_axis(axis, rank, "concatenate")
    for shape in shapes:
        if len(shape) != rank or any(shape[i] != shapes[0][i] for i in range(rank) if i != place):
            raise ShapeError(f"concatenate: shapes {shapes[0]} and {shape} do not fit together along axis {place}")
    graph = graph_of(parts)
    if graph is None:
        return np.concatenate(parts, axis=axis)
    return joined([as_expr(graph, part) for part in parts], place)


def stack(parts: Sequence[Any], axis: int = 0) -> Any:
    """Tensors of one shape, beside each other on a new axis.

    Parameters
    ----------
    parts : sequence of Expr or array_like
        At least one.
    axis : int
        The place of the new axis in the result.

    Returns
    -------
    Expr or numpy.ndarray

    Raises
    ------
    ShapeError
        If the shapes differ, or there is no such place.
    """
    parts = list(parts)
    if not parts:
        raise ShapeError("stack: at least one part is needed")
    shapes = {_shape(part) for part in parts}
    if len(shapes) > 1:
        raise ShapeError(f"stack: all parts need one shape, got {' and '.join(map(str, sorted(shapes)))}")
    place = normalized_axis(axis, len(shapes.pop()) + 1, "stack")
    return concatenate([expand_dims(part, place) for part in parts], place)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements at constant places along an axis.

    Parameters
    ----------
    x : Expr or array_like
    indices : array_like of int
        Places; negative ones count from the end.
    axis : int, optional
        By default among all elements in a row.

    Returns
    -------
    Expr or numpy.ndarray
        With the axes of `indices` in place of the axis.

    Raises
    ------
    IndexError
        If a place lies outside of the axis.
    ShapeError
        If there is no such axis.
    """
    if not isinstance(x, Expr):
        return np.take(x, indices, axis)
    if axis is None:
        x, axis = x.ravel(), 0
    place = normalized_axis(axis, x.ndim, "take")
    places = np.asarray(indices)
    taken = x[(slice(None),) * place + (places.ravel(),)]
    return taken.reshape(x.shape[:place] + places.shape + x.shape[place + 1 :])


def flip(x: Any, axis: Any = None) -> Any:
    """In reverse order along axes.

    Parameters
    ----------
    x : Expr or array_like
    axis : int or tuple of int, optional
        By default all axes.

    Returns
    -------
    Expr or numpy.ndarray
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If there is no such axis.
    """
    if not isinstance(x, Expr):
        return np.flip(x, axis)
    axes = normalized_axes(axis, x.ndim, "flip")
    return x[tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(x.ndim))]


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """Differences between neighbours along an axis.

    Parameters
    ----------
    x : Expr or array_like
    n : int
        How many times.
    axis : int

    Returns
    -------
    Expr or numpy.ndarray
        Shorter by `n` along the axis.

    Raises
    ------
    ShapeError
        If there is no such axis.
    """
    if not isinstance(x, Expr):
        return np.diff(x, n, axis)
    place = normalized_axis(axis, x.ndim, "diff")
    for _ in range(n):
        lead = (slice(None),) * place
        x = x[(*lead, slice(1, None))] - x[(*lead, slice(None, -1))]
    return x
