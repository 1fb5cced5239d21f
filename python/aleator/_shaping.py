"""Functions that arrange the elements of expressions. Applied to numbers and arrays alone, they give arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._axes import normalized_axes, normalized_axis
from ._expressions import Expr, as_expr, graph_of, joined
from .errors import ShapeError

__all__ = [
    "broadcast_to",
    "concatenate",
    "diff",
    "expand_dims",
    "flip",
    "moveaxis",
    "reshape",
    "shape_of",
    "stack",
    "take",
    "transpose",
]


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of an expression, or of numbers."""
    return x.shape if isinstance(x, Expr) else np.shape(x)


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
    shape = shape_of(x)
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
    shapes = [shape_of(part) for part in parts]
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
    shapes = {shape_of(part) for part in parts}
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
        x = x[lead + (slice(1, None),)] - x[lead + (slice(None, -1),)]
    return x
