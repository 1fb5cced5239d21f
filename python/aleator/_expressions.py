"""Expressions: nodes of a graph with the operators, indexing and functions of NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Callable

import numpy as np

from ._arrays import as_float, as_integers, as_shape
from ._axes import axes_from_end, normalized_axes, normalized_axis
from ._docstrings import documented
from ._indexing import indexing_steps
from ._numpy_protocols import for_function, for_ufunc
from ._recording import Recording
from .errors import MixedGraphsError, ShapeError

__all__ = ["Expr", "add", "apply", "as_expr", "graph_of", "joined", "value_of"]


class Expr:
    """A node of a graph: a tensor that is computed when a program runs.

    Expressions have the operators, methods and indexing of NumPy's arrays, and NumPy's functions work on them: ``np.exp(z)``,
    ``np.sum(z, axis=-1)``, ``np.where(z > 0, z, 0.0)``. Comparisons give 0 or 1. An expression has no value of its own, so that
    ``bool(expr)`` and ``float(expr)`` are errors.

    Attributes
    ----------
    shape : tuple of int
    ndim : int
    size : int
    graph : Graph
        The graph that it belongs to.
    """

    __slots__ = ("_graph", "_id", "_shape", "__weakref__")
    # NumPy asks these before it makes arrays of expressions.
    __array_priority__ = 1000.0

    _graph: Recording
    _id: int
    _shape: tuple[int, ...]

    def __init__(self, *_: object) -> None:
        raise TypeError("expressions are made by a graph: g.param(..), g.data(..), g.sample(..), g.constant(..)")

    @classmethod
    def _make(cls, graph: Recording, made: tuple[int, list[int]]) -> Expr:
        self = object.__new__(cls)
        self._graph, self._id, self._shape = graph, made[0], tuple(made[1])
        return self

    @property
    def graph(self) -> Any:
        """Graph: the graph that the expression belongs to."""
        return self._graph

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each axis."""
        return self._shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for n in self._shape:
            size *= n
        return size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Expressions are real numbers: `float64`, whatever a program later computes with."""
        return np.dtype(np.float64)

    @property
    def T(self) -> Expr:
        """The axes in reverse order."""
        return self.transpose()

    def __repr__(self) -> str:
        return f"<Expr of shape {self._shape}>"

    # Python's conversions would need a value.

    def __bool__(self) -> bool:
        raise TypeError(
            "an expression has no truth value while the graph is written: use np.where(condition, a, b) in place of "
            "`if`, and * and np.maximum in place of `and` and `or`"
        )

    def _no_value(self, *_: object) -> Any:
        raise TypeError("an expression has no value before a program runs; compile the graph and call the program")

    __float__ = __int__ = __index__ = __complex__ = _no_value

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError(
            "an expression cannot become an array; use NumPy's functions on it directly, and for what they lack those of "
            "aleator"
        )

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("len() of a scalar expression")
        return self._shape[0]

    def __iter__(self) -> Iterator[Expr]:
        if not self._shape:
            raise TypeError("cannot iterate over a scalar expression")
        return (self[i] for i in range(self._shape[0]))

    __hash__ = object.__hash__

    # Operations.

    def _apply(self, operation: str, *others: Any, numbers: Sequence[int] = ()) -> Expr:
        return apply(self._graph, operation, (self, *others), numbers)

    def _binary(self, operation: str, other: Any, swapped: bool = False) -> Expr:
        if not _is_operand(other):
            return NotImplemented  # type: ignore[no-any-return]
        operands = (other, self) if swapped else (self, other)
        return apply(self._graph, operation, operands)

    def __add__(self, other: Any) -> Expr:
        return self._binary("add", other)

    def __radd__(self, other: Any) -> Expr:
        return self._binary("add", other, True)

    def __sub__(self, other: Any) -> Expr:
        return self._binary("sub", other)

    def __rsub__(self, other: Any) -> Expr:
        return self._binary("sub", other, True)

    def __mul__(self, other: Any) -> Expr:
        return self._binary("mul", other)

    def __rmul__(self, other: Any) -> Expr:
        return self._binary("mul", other, True)

    def __truediv__(self, other: Any) -> Expr:
        return self._binary("div", other)

    def __rtruediv__(self, other: Any) -> Expr:
        return self._binary("div", other, True)

    def __floordiv__(self, other: Any) -> Expr:
        quotient = self._binary("div", other)
        return quotient if quotient is NotImplemented else quotient._apply("floor")

    def __rfloordiv__(self, other: Any) -> Expr:
        quotient = self._binary("div", other, True)
        return quotient if quotient is NotImplemented else quotient._apply("floor")

    def __mod__(self, other: Any) -> Expr:
        quotient = self.__floordiv__(other)
        return quotient if quotient is NotImplemented else self - quotient * other

    def __rmod__(self, other: Any) -> Expr:
        quotient = self.__rfloordiv__(other)
        return quotient if quotient is NotImplemented else other - quotient * self

    def __pow__(self, other: Any) -> Expr:
        return self._binary("pow", other)

    def __rpow__(self, other: Any) -> Expr:
        return self._binary("pow", other, True)

    def __matmul__(self, other: Any) -> Expr:
        return self._binary("matmul", other)

    def __rmatmul__(self, other: Any) -> Expr:
        return self._binary("matmul", other, True)

    def __neg__(self) -> Expr:
        return self._apply("neg")

    def __pos__(self) -> Expr:
        return self

    def __abs__(self) -> Expr:
        return self._apply("abs")

    def __invert__(self) -> Expr:
        return self._apply("not")

    def __and__(self, other: Any) -> Expr:
        return self._logical("mul", other)

    __rand__ = __and__

    def __or__(self, other: Any) -> Expr:
        return self._logical("max", other)

    __ror__ = __or__

    def _logical(self, operation: str, other: Any) -> Expr:
        if not _is_operand(other):
            return NotImplemented  # type: ignore[no-any-return]
        # What is not 0 is true.
        left, right = self._apply("not_equal", 0.0), apply(self._graph, "not_equal", (other, 0.0))
        return left._apply(operation, right)

    def __lt__(self, other: Any) -> Expr:
        return self._binary("less", other)

    def __le__(self, other: Any) -> Expr:
        return self._binary("less_equal", other)

    def __gt__(self, other: Any) -> Expr:
        return self._binary("greater", other)

    def __ge__(self, other: Any) -> Expr:
        return self._binary("greater_equal", other)

    def __eq__(self, other: Any) -> Expr:  # type: ignore[override]
        return self._binary("equal", other)

    def __ne__(self, other: Any) -> Expr:  # type: ignore[override]
        return self._binary("not_equal", other)

    # Methods of arrays.

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def sum(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """The sum of the elements."""
        return self._reduce("sum", axis, keepdims)

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def mean(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """The mean of the elements."""
        return self._reduce("mean", axis, keepdims)

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def prod(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """The product of the elements."""
        return self._reduce("prod", axis, keepdims)

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def max(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """The largest element of all."""
        return self._reduce("reduce_max", axis, keepdims)

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def min(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """The smallest element of all."""
        return self._reduce("reduce_min", axis, keepdims)

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def var(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """The mean squared deviation from the mean."""
        deviation = self - self.mean(axis, keepdims=True)
        return (deviation * deviation).mean(axis, keepdims)

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def std(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """The square root of the variance."""
        return self.var(axis, keepdims)._apply("sqrt")

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def any(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """1 where any element is not 0."""
        return (self != 0.0).max(axis, keepdims)

    @documented("axes", "keepdims", returns="reduced", raises="axis")
    def all(self, axis: Any = None, keepdims: bool = False) -> Expr:
        """1 where no element is 0."""
        return (self != 0.0).min(axis, keepdims)

    def _reduce(self, operation: str, axis: Any, keepdims: bool) -> Expr:
        axes = normalized_axes(axis, self.ndim, operation.removeprefix("reduce_"))
        if not axes and axis is not None:
            return self
        reduced = self._apply(operation, numbers=axes_from_end(axes, self.ndim))
        if not keepdims:
            return reduced
        return reduced.reshape(tuple(1 if i in axes else n for i, n in enumerate(self._shape)))

    def _along(self, operation: str, axis: Any) -> Expr:
        return self._apply(operation, numbers=[normalized_axis(axis, self.ndim, operation)])

    def cumsum(self, axis: int | None = None) -> Expr:
        """Running sums.

        Parameters
        ----------
        axis : int, optional
            By default over all elements in a row.

        Returns
        -------
        Expr
            Of the same shape along an axis.

        Raises
        ------
        ShapeError
            If there is no such axis.
        """
        return self.ravel()._along("cumsum", 0) if axis is None else self._along("cumsum", axis)

    def argmax(self, axis: int | None = None) -> Expr:
        """The place of the first largest element.

        Parameters
        ----------
        axis : int, optional
            By default over all elements in a row.

        Returns
        -------
        Expr
            Of the shape without the axis.

        Raises
        ------
        ShapeError
            If there is no such axis.
        """
        return self.ravel()._along("argmax", 0) if axis is None else self._along("argmax", axis)

    def argmin(self, axis: int | None = None) -> Expr:
        """The place of the first smallest element.

        Parameters
        ----------
        axis : int, optional
            By default over all elements in a row.

        Returns
        -------
        Expr
            Of the shape without the axis.

        Raises
        ------
        ShapeError
            If there is no such axis.
        """
        return (-self).argmax(axis)

    def clip(self, min: Any = None, max: Any = None) -> Expr:
        """Limits the elements.

        Parameters
        ----------
        min, max : Expr or array_like, optional
            Bounds that broadcast against the expression.

        Returns
        -------
        Expr
        """
        result = self if min is None else self._apply("max", min)
        return result if max is None else result._apply("min", max)

    def reshape(self, *shape: Any) -> Expr:
        """The same elements, row-major, in another shape.

        Parameters
        ----------
        *shape : int
            Sizes, or one tuple of them; one size may be -1: it follows from the others.

        Returns
        -------
        Expr
            Of this shape.

        Raises
        ------
        ShapeError
            If it has another number of elements.
        """
        sizes = list(as_integers(shape[0] if len(shape) == 1 else shape, "reshape: the shape"))
        known = 1
        for size in sizes:
            known *= 1 if size == -1 else size
        wrong = ShapeError(f"reshape: shape {self._shape} cannot become {tuple(sizes)}")
        if sizes.count(-1) > 1 or any(size < -1 for size in sizes):
            raise wrong
        if -1 in sizes:
            if known == 0 or self.size % known:
                raise wrong
            sizes[sizes.index(-1)] = self.size // known
        elif known != self.size:
            raise wrong
        return self._apply("reshape", numbers=sizes)

    def ravel(self) -> Expr:
        """All elements in a row."""
        return self.reshape(-1) if self.size else self.reshape(0)

    flatten = ravel

    def transpose(self, *axes: Any) -> Expr:
        """The axes in another order.

        Parameters
        ----------
        *axes : int
            The present axis at each place, or one tuple of them; by default the reverse order.

        Returns
        -------
        Expr

        Raises
        ------
        ShapeError
            If that is no order of the axes.
        """
        order: Sequence[Any] = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
        rank = self.ndim
        if not order or order == (None,):
            order = range(rank)[::-1]
        front = [normalized_axis(axis, rank, "transpose") for axis in order]
        if sorted(front) != list(range(rank)):
            raise ShapeError(f"transpose: {tuple(order)} is no order of the axes of shape {self._shape}")
        return self._apply("permute", numbers=front)

    def swapaxes(self, axis1: int, axis2: int) -> Expr:
        """Exchanges two axes.

        Parameters
        ----------
        axis1, axis2 : int

        Returns
        -------
        Expr

        Raises
        ------
        ShapeError
            If there is no such axis.
        """
        order = list(range(self.ndim))
        a, b = normalized_axis(axis1, self.ndim, "swapaxes"), normalized_axis(axis2, self.ndim, "swapaxes")
        order[a], order[b] = order[b], order[a]
        return self.transpose(order)

    def squeeze(self, axis: Any = None) -> Expr:
        """Without axes of size 1.

        Parameters
        ----------
        axis : int or tuple of int, optional
            By default all of size 1.

        Returns
        -------
        Expr

        Raises
        ------
        ShapeError
            If one of them has another size.
        """
        ones = [i for i, n in enumerate(self._shape) if n == 1]
        axes = ones if axis is None else normalized_axes(axis, self.ndim, "squeeze")
        if not set(axes) <= set(ones):
            raise ShapeError(f"squeeze: an axis of {axis!r} in shape {self._shape} is not of size 1")
        return self.reshape(tuple(n for i, n in enumerate(self._shape) if i not in axes))

    def broadcast_to(self, shape: Any) -> Expr:
        """Repeated to a shape.

        Parameters
        ----------
        shape : int or tuple of int

        Returns
        -------
        Expr
            Of this shape.

        Raises
        ------
        ShapeError
            If the present shape does not broadcast to it.
        """
        return self._apply("broadcast_to", numbers=as_shape(shape))

    def dot(self, other: Any) -> Expr:
        """As `numpy.dot` for up to two axes: the matrix product; with a scalar, the product.

        Parameters
        ----------
        other : Expr or array_like

        Returns
        -------
        Expr

        Raises
        ------
        ShapeError
            If an operand has more than two axes, or the inner sizes differ.
        """
        rank = other.ndim if isinstance(other, Expr) else np.ndim(other)
        if rank > 2 or self.ndim > 2:
            raise ShapeError("dot: more than two axes are ambiguous; use @ or np.einsum")
        return self._apply("mul" if 0 in (rank, self.ndim) else "matmul", other)

    def stop_gradient(self) -> Expr:
        """The same value, which derivatives take for a constant."""
        return self._apply("stop_gradient")

    # Indexing.

    def __getitem__(self, index: Any) -> Expr:
        """As NumPy's: integers and slices (negative ones too), `...`, `None`, one list of integers, and one expression as index."""
        x = self
        for operation, numbers, place in indexing_steps(self._shape, index, _is_expr):
            x = x._apply(operation, *place, numbers=numbers)
        return x

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = for_ufunc(ufunc, method, kwargs)
        # As expressions, so that their operators do not ask NumPy again.
        return function(*(as_expr(self._graph, value) for value in inputs))

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return for_function(func, args, kwargs)(*args, **kwargs)

    def __reduce__(self) -> Any:
        return _expression, (self._graph, self._id, self._shape)

    def __copy__(self) -> Expr:
        return self


def _expression(graph: Recording, node: int, shape: tuple[int, ...]) -> Expr:
    """The expression of a node, for pickles."""
    return Expr._make(graph, (node, list(shape)))


def _is_expr(value: Any) -> bool:
    return isinstance(value, Expr)


def _is_operand(value: Any) -> bool:
    """Whether an operator may take it; the others get the chance to handle expressions themselves."""
    return isinstance(value, (Expr, int, float, np.ndarray, np.generic, list, tuple))


def graph_of(values: Any) -> Recording | None:
    """The graph of the expressions among some values, also in lists and tuples; None without any.

    Raises
    ------
    MixedGraphsError
        If they belong to two graphs.
    """
    found: Recording | None = None
    for value in values:
        if isinstance(value, Expr):
            graph: Recording | None = value._graph
        elif isinstance(value, (list, tuple)):
            graph = graph_of(value)
        else:
            graph = getattr(value, "_expr_graph", None)
        if graph is None:
            continue
        if found is not None and graph is not found:
            raise MixedGraphsError("expressions of two graphs in one operation: write a computation in one graph")
        found = graph
    return found


def add(graph: Recording, method: str, *arguments: Any) -> Expr:
    """The expression of the node that a call of the compiled graph makes."""
    return Expr._make(graph, graph._record(method, *arguments))


# Elementwise operations of several operands, and how messages call them.
_BROADCASTING = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "pow": "**",
    "min": "minimum",
    "max": "maximum",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
    "not_equal": "!=",
    "where": "where",
    "clamp": "clamp",
}


def apply(graph: Recording, operation: str, operands: Sequence[Any], numbers: Sequence[int] = ()) -> Expr:
    """Applies an operation to expressions, numbers and arrays.

    Raises
    ------
    ShapeError
        If the operands' shapes do not fit together.
    MixedGraphsError
        If an expression belongs to another graph.
    """
    exprs = [as_expr(graph, operand) for operand in operands]
    if operation in _BROADCASTING:
        try:
            np.broadcast_shapes(*(expr._shape for expr in exprs))
        except ValueError:
            shapes = " and ".join(str(expr._shape) for expr in exprs)
            sign = _BROADCASTING[operation]
            raise ShapeError(f"{sign}: shapes {shapes} do not broadcast against each other") from None
    return add(graph, "apply", operation, [expr._id for expr in exprs], list(numbers))


def as_expr(graph: Recording, value: Any) -> Expr:
    """An expression itself, numbers as a constant, and lists that contain expressions as their stack.

    Raises
    ------
    TypeError, ValueError
        If it is none of these.
    MixedGraphsError
        If an expression belongs to another graph.
    """
    if isinstance(value, Expr):
        if value._graph is not graph:
            raise MixedGraphsError("expressions of two graphs in one operation: write a computation in one graph")
        return value
    if isinstance(value, (list, tuple)) and _has_expr(value):
        parts = [as_expr(graph, part) for part in value]
        if len({part.shape for part in parts}) > 1:
            shapes = " and ".join(str(part.shape) for part in parts)
            raise ShapeError(f"a list of expressions needs one shape, got {shapes}")
        return joined([part[None] for part in parts], 0)
    array = as_float(value, "an operand")
    # A caller may change the array afterwards.
    return add(graph, "constant", array if array is not value and array.base is None else array.copy())


def joined(parts: Sequence[Expr], axis: int) -> Expr:
    """Expressions of as many axes, one after another along an axis that counts from the front."""
    return parts[0]._apply("concat", *parts[1:], numbers=[axis])


def value_of(expr: Expr) -> Any:
    """The value of an expression of constants: an array, or a single number."""
    (value,) = expr._graph._raw.evaluate([expr._id])
    return value[()]


def _has_expr(value: Any) -> bool:
    return isinstance(value, Expr) or isinstance(value, (list, tuple)) and any(_has_expr(part) for part in value)
