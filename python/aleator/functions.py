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
    "acos",
    "all",
    "any",
    "argmax",
    "asin",
    "atan",
    "atan2",
    "broadcast_to",
    "cholesky",
    "clamp",
    "concatenate",
    "cos",
    "cosh",
    "cumprod",
    "cumsum",
    "diag",
    "diff",
    "digamma",
    "dot",
    "erf",
    "erfinv",
    "exp",
    "expand_dims",
    "expm1",
    "flip",
    "floor",
    "gather",
    "lgamma",
    "log",
    "log1p",
    "log_sigmoid",
    "log_softmax",
    "logdet",
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
    "sinh",
    "softmax",
    "softplus",
    "solve_triangular",
    "sort",
    "sqrt",
    "square",
    "stack",
    "stop_gradient",
    "sum",
    "take",
    "tan",
    "tanh",
    "top_k",
    "trace",
    "transpose",
    "tril",
    "triu",
    "where",
    "xlogy",
    "xor",
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
def sinh(x: Any) -> Any:
    """The hyperbolic sine."""
    return _apply("sinh", x)


@documented("x", returns="same")
def cosh(x: Any) -> Any:
    """The hyperbolic cosine."""
    return _apply("cosh", x)


@documented("x", returns="same")
def asin(x: Any) -> Any:
    """The arc sine; NaN outside of [-1, 1]."""
    return _apply("asin", x)


@documented("x", returns="same")
def acos(x: Any) -> Any:
    """The arc cosine; NaN outside of [-1, 1]."""
    return _apply("acos", x)


@documented("x", returns="same")
def atan(x: Any) -> Any:
    """The arc tangent."""
    return _apply("atan", x)


@documented("x", returns="same")
def erfinv(x: Any) -> Any:
    """The inverse of `erf`."""
    return _apply("erfinv", x)


@documented("x", returns="same")
def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + e^-x))."""
    return _apply("log_sigmoid", x)


@documented("operands", returns="broadcast", raises="broadcast")
def atan2(y: Any, x: Any) -> Any:
    """The angle of the point (x, y), from -pi to pi."""
    return _apply("atan2", y, x)


@documented("operands", returns="broadcast", raises="broadcast")
def xlogy(x: Any, y: Any) -> Any:
    """x log y, and 0 at x = 0."""
    return _apply("xlogy", x, y)


@documented("operands", returns="broadcast", raises="broadcast")
def xor(x: Any, y: Any) -> Any:
    """1 where exactly one of the two is not 0, else 0."""
    return _apply("xor", x, y)


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


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """1 where an element is not 0, else 0."""
    return maximum(max(_truth(x), axis, keepdims), 0.0)


@documented("x", "axes", "keepdims", returns="reduced", raises="axis")
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """1 where no element is 0, else 0."""
    return minimum(min(_truth(x), axis, keepdims), 1.0)


def _truth(x: Any) -> Any:
    return _apply("not_equal", x, 0.0)


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


@documented("x", "axis", returns="same", raises="axis")
def cumprod(x: Any, axis: int = -1) -> Any:
    """Running products along an axis."""
    return _along("cumprod", x, axis)


@documented("x", "axis", returns="same", raises="axis")
def sort(x: Any, axis: int = -1) -> Any:
    """The elements in ascending order along an axis of up to 16384 elements. It is continuous and has a derivative."""
    return _along("sort", x, axis)


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


def top_k(x: Any, k: int) -> Any:
    """The k largest elements along the last axis, the largest first.

    Parameters
    ----------
    x : Expr or array_like
    k : int
        At most the size of the last axis.

    Returns
    -------
    Expr or numpy.ndarray
        The last axis has the size `k`.
    """
    (k,) = as_shape(k, "k")
    return _apply("top_k", x, numbers=[k])


def gather(x: Any, indices: Any) -> Any:
    """``x[indices]`` along the first axis, with indices that may be expressions.

    Parameters
    ----------
    x : Expr or array_like
    indices : Expr or array_like
        Whole numbers from 0, of any shape.

    Returns
    -------
    Expr or numpy.ndarray
        Of the shape of `indices`, followed by the other axes of `x`; NaN where there is no such element.
    """
    return _apply("gather", x, indices)


def tril(x: Any, k: int = 0) -> Any:
    """A matrix with zeros above its diagonal number `k`.

    Parameters
    ----------
    x : Expr or array_like
        The last two axes are the matrix.
    k : int
        0 is the main diagonal; those above it are positive.

    Returns
    -------
    Expr or numpy.ndarray
        Of the shape of `x`.
    """
    return _apply("tril", x, numbers=[int(k)])


def triu(x: Any, k: int = 0) -> Any:
    """A matrix with zeros below its diagonal number `k`.

    Parameters
    ----------
    x : Expr or array_like
        The last two axes are the matrix.
    k : int
        0 is the main diagonal; those above it are positive.

    Returns
    -------
    Expr or numpy.ndarray
        Of the shape of `x`.
    """
    return _apply("triu", x, numbers=[int(k)])


def diag(x: Any) -> Any:
    """The diagonal of a matrix; of a vector, the matrix with this diagonal.

    Parameters
    ----------
    x : Expr or array_like

    Returns
    -------
    Expr or numpy.ndarray
    """
    if not shape_of(x):
        raise ShapeError("diag needs a vector or a matrix, got a scalar")
    return _apply("diag", x)


def trace(x: Any) -> Any:
    """The sum of the diagonal of a matrix.

    Parameters
    ----------
    x : Expr or array_like
        The last two axes are the matrix.

    Returns
    -------
    Expr or numpy.ndarray
        Without the last two axes.
    """
    return _apply("trace", x)


def cholesky(a: Any) -> Any:
    """The lower triangular L with ``L @ L.T == a``.

    Parameters
    ----------
    a : Expr or array_like
        The last two axes are a symmetric positive definite matrix with up to 128 columns.

    Returns
    -------
    Expr or numpy.ndarray
        Of the shape of `a`; elements are NaN where it is not positive definite.
    """
    return _apply("cholesky", a)


def solve_triangular(l: Any, b: Any, upper: bool = False) -> Any:
    """x with ``l @ x == b``, of a triangular matrix with up to 128 columns.

    Parameters
    ----------
    l : Expr or array_like
        The last two axes are the matrix; the other triangle is not looked at.
    b : Expr or array_like
        A vector, or matrices in the last two axes.
    upper : bool
        Whether `l` is an upper triangular matrix.

    Returns
    -------
    Expr or numpy.ndarray
        Of the shape of `b`.
    """
    if not shape_of(b):
        raise ShapeError("the right side of solve_triangular is a vector or a matrix, got a scalar")
    return _apply("solve_triangular", l, b, numbers=[int(upper)])


def logdet(l: Any) -> Any:
    """log |det l| of a triangular matrix.

    Parameters
    ----------
    l : Expr or array_like
        The last two axes are the matrix.

    Returns
    -------
    Expr or numpy.ndarray
        Without the last two axes.
    """
    return _apply("logdet", l)
