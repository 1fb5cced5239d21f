"""Axes as NumPy counts them: 0 is the first, -1 the last."""

from __future__ import annotations

import operator
from typing import Any

from .errors import ShapeError

__all__ = ["axes_from_end", "normalized_axes", "normalized_axis"]


def normalized_axis(axis: Any, rank: int, what: str) -> int:
    """The axis counted from the front.

    Raises
    ------
    TypeError
        If it is no integer.
    ShapeError
        If there is no such axis.
    """
    try:
        number = operator.index(axis)
    except TypeError:
        raise TypeError(f"{what}: an axis is an integer, got {axis!r}") from None
    if not -rank <= number < rank:
        axes = f"axes are {-rank} to {rank - 1}" if rank else "a scalar has no axes"
        raise ShapeError(f"{what}: there is no axis {number}; {axes}")
    return number % rank


def normalized_axes(axis: Any, rank: int, what: str) -> list[int]:
    """Axes counted from the front, each once; all of them for None."""
    if axis is None:
        return list(range(rank))
    axes = list(axis) if isinstance(axis, (tuple, list)) else [axis]
    found = [normalized_axis(a, rank, what) for a in axes]
    if len(set(found)) < len(found):
        raise ShapeError(f"{what}: an axis is named twice in {axis!r}")
    return found


def axes_from_end(axes: list[int], rank: int) -> list[int]:
    """The same axes counted from the end, 0 for the last, in ascending order."""
    return sorted(rank - 1 - axis for axis in axes)
