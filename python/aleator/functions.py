"""Functions of expressions. Applied to numbers and arrays alone, they give arrays."""

from __future__ import annotations

import builtins
from typing import Any, Sequence

from ._arrays import as_shape
from ._axes import axes_from_end, normalized_axes, normalized_axis
from ._docstrings import documented
from ._expressions import apply, graph_of, value_of
from ._recording import Recording
from ._shaping import (
    broadcast_to,
    concatenate,
    diff,
    expand_dims,
    flip,
    moveaxis,
    reshape,
    shape_of,
    stack,
    take,
    transpose,
)
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
    shape = shape_of(x)
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
    return _apply(operation, x, numbers=[normalized_axis(axis, len(shape_of(x)), operation)])


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
    ranks = len(shape_of(a)), len(shape_of(b))
    if builtins.max(ranks) > 2:
        raise ShapeError("dot: more than two axes are ambiguous; use @ or einsum")
    return _apply("mul" if 0 in ranks else "matmul", a, b)
