"""Indexing as NumPy does it, in terms of slices, places along an axis, and places that are computed."""

from __future__ import annotations

import operator
from typing import Any, Callable, NamedTuple

import numpy as np

from .errors import ShapeError

__all__ = ["Step", "indexing_steps"]

Shape = tuple[int, ...]


class Step(NamedTuple):
    """An operation on what the steps before it gave."""

    operation: str
    numbers: list[int]
    # The expression that says where, for the operation `element`.
    place: tuple[Any, ...] = ()


def indexing_steps(shape: Shape, index: Any, is_expression: Callable[[Any], bool]) -> list[Step]:
    """The operations that make ``x[index]`` of an ``x`` of a shape.

    Raises
    ------
    IndexError
        If an index lies outside of its axis, or there are too many.
    TypeError
        If it is no index.
    """
    steps: list[Step] = []
    axis = 0
    for part in _completed(index, len(shape)):
        if part is None:
            shape = shape[:axis] + (1,) + shape[axis:]
            steps.append(_reshape(shape))
            axis += 1
        elif isinstance(part, slice):
            places = range(*part.indices(shape[axis]))
            steps += _slice(places, axis, shape[axis])
            shape = _with_size(shape, axis, len(places))
            axis += 1
        elif is_expression(part):
            if part.shape:
                raise ShapeError(f"an expression as index must be a single number, got shape {part.shape}")
            steps.append(Step("element", [axis], (part,)))
            shape = shape[:axis] + shape[axis + 1 :]
        elif _is_list(part):
            taken = _places(np.asarray(part), axis, shape[axis])
            steps.append(Step("take", [axis, *taken]))
            shape = _with_size(shape, axis, len(taken))
            axis += 1
        else:
            steps.append(Step("slice", [axis, _number(part, axis, shape[axis]), 1]))
            shape = shape[:axis] + shape[axis + 1 :]
            steps.append(_reshape(shape))
    return steps


def _completed(index: Any, rank: int) -> list[Any]:
    """The parts of an index, with whole slices in place of what is left out."""
    parts = list(index) if isinstance(index, tuple) else [index]
    consuming = sum(1 for part in parts if part is not None and part is not Ellipsis)
    if consuming > rank:
        raise IndexError(f"too many indices: an expression of {rank} axes was indexed by {consuming}")
    ellipses = [i for i, part in enumerate(parts) if part is Ellipsis]
    if len(ellipses) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    at = ellipses[0] if ellipses else len(parts)
    parts[at : at + 1] = [slice(None)] * (rank - consuming)
    if sum(map(_is_list, parts)) > 1:
        raise IndexError("at most one index may be a list of integers; index one axis after another: x[a][:, b]")
    return parts


def _is_list(part: Any) -> bool:
    return isinstance(part, (list, np.ndarray)) and np.ndim(part) == 1


def _with_size(shape: Shape, axis: int, size: int) -> Shape:
    return shape[:axis] + (size,) + shape[axis + 1 :]


def _reshape(shape: Shape) -> Step:
    return Step("reshape", list(shape))


def _slice(places: range, axis: int, size: int) -> list[Step]:
    if places == range(size):
        return []
    if places.step == 1 or len(places) <= 1:
        return [Step("slice", [axis, places[0] if places else 0, len(places)])]
    return [Step("take", [axis, *places])]


def _places(places: np.ndarray[Any, Any], axis: int, size: int) -> list[int]:
    if places.dtype.kind == "b":
        if len(places) != size:
            raise IndexError(f"a mask of {len(places)} elements for an axis of size {size}")
        return [int(place) for place in np.flatnonzero(places)]
    if places.size and places.dtype.kind not in "iu":
        raise TypeError(f"an index consists of integers, got {places.dtype}")
    return [_place(int(place), axis, size) for place in places]


def _number(part: Any, axis: int, size: int) -> int:
    if isinstance(part, (bool, np.bool_)):
        raise TypeError("a truth value is no index of an expression; use np.where")
    try:
        number = operator.index(part)
    except TypeError:
        kinds = "integers, slices, `...`, `None`, a list of integers or a scalar expression"
        raise TypeError(f"an index is one of {kinds}, got {part!r}") from None
    return _place(number, axis, size)


def _place(number: int, axis: int, size: int) -> int:
    if not -size <= number < size:
        raise IndexError(f"index {number} is out of bounds for axis {axis} with size {size}")
    return number % size
