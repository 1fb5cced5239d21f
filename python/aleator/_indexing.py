"""Indexing as NumPy does it, in terms of slices, places along an axis, and places that are computed."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ._expressions import Expr
from .errors import ShapeError

__all__ = ["index_expression"]


def index_expression(x: Expr, index: Any) -> Expr:
    """``x[index]``.

    Raises
    ------
    IndexError
        If an index lies outside of its axis, or there are too many.
    TypeError
        If it is no index.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    consuming = sum(1 for part in parts if part is not None and part is not Ellipsis)
    if consuming > x.ndim:
        raise IndexError(f"too many indices: shape {x.shape} has {x.ndim} axes, but {consuming} were indexed")
    ellipses = [i for i, part in enumerate(parts) if part is Ellipsis]
    if len(ellipses) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    at = ellipses[0] if ellipses else len(parts)
    parts[at : at + 1] = [slice(None)] * (x.ndim - consuming)
    lists = [part for part in parts if isinstance(part, (list, np.ndarray)) and np.ndim(part) == 1]
    if len(lists) > 1:
        raise IndexError("at most one index may be a list of integers; index one axis after another: x[a][:, b]")

    axis = 0
    for part in parts:
        if part is None:
            x = x.reshape(x.shape[:axis] + (1,) + x.shape[axis:])
            axis += 1
        elif isinstance(part, slice):
            x = _slice(x, axis, part)
            axis += 1
        elif isinstance(part, Expr):
            if part.ndim:
                raise ShapeError(f"an expression as index must be a single number, got shape {part.shape}")
            x = x._graph._apply("element", (x, part), [axis])
        elif isinstance(part, (list, np.ndarray)) and np.ndim(part) == 1:
            x = _take(x, axis, np.asarray(part))
            axis += 1
        else:
            x = _at(x, axis, part)
    return x


def _slice(x: Expr, axis: int, part: slice) -> Expr:
    size = x.shape[axis]
    start, stop, step = part.indices(size)
    places = range(start, stop, step)
    if places == range(size):
        return x
    if step == 1 or len(places) <= 1:
        first = places[0] if len(places) else 0
        return x._apply("slice", numbers=[axis, first, len(places)])
    return x._apply("take", numbers=[axis, *places])


def _take(x: Expr, axis: int, places: np.ndarray[Any, Any]) -> Expr:
    if places.dtype.kind == "b":
        if len(places) != x.shape[axis]:
            raise IndexError(f"a mask of {len(places)} elements for an axis of size {x.shape[axis]}")
        places = np.flatnonzero(places)
    elif places.size == 0:
        places = places.astype(np.int64)
    elif places.dtype.kind not in "iu":
        raise TypeError(f"an index consists of integers, got {places.dtype}")
    return x._apply("take", numbers=[axis, *(_place(int(place), x.shape[axis], axis) for place in places)])


def _at(x: Expr, axis: int, part: Any) -> Expr:
    if isinstance(part, (bool, np.bool_)):
        raise TypeError("a truth value is no index of an expression; use np.where")
    try:
        number = operator.index(part)
    except TypeError:
        kinds = "integers, slices, `...`, `None`, a list of integers or a scalar expression"
        raise TypeError(f"an index is one of {kinds}, got {part!r}") from None
    place = _place(number, x.shape[axis], axis)
    shape = x.shape[:axis] + x.shape[axis + 1 :]
    return x._apply("slice", numbers=[axis, place, 1]).reshape(shape)


def _place(number: int, size: int, axis: int) -> int:
    if not -size <= number < size:
        raise IndexError(f"index {number} is out of bounds for axis {axis} with size {size}")
    return number % size
