"""Arrays of numbers from whatever a user passes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ShapeError

__all__ = ["as_float", "as_integers", "as_shape", "checked_result"]


def as_float(value: Any, what: str = "a value") -> NDArray[np.float64]:
    """Converts numbers to an array.

    Parameters
    ----------
    value : array_like
        Real numbers or truth values, nested lists of them, or any array.
    what : str
        How messages call it.

    Returns
    -------
    numpy.ndarray
        C-contiguous, `float64`, in the machine's byte order. It may share memory with `value`.

    Raises
    ------
    TypeError
        If it is no array of real numbers.
    ValueError
        If nested lists have different lengths.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{what} is no array: {error}") from None
    except TypeError as error:
        # An expression, for one, says that it has no values.
        raise TypeError(f"{what} must consist of numbers: {error}") from None
    if array.dtype.kind not in "fiub":
        kinds = {"c": "complex numbers", "O": "objects", "U": "text", "S": "bytes", "M": "dates", "m": "durations"}
        found = kinds.get(array.dtype.kind, f"elements of type {array.dtype}")
        raise TypeError(f"{what} must consist of real numbers, got {found}")
    # np.ascontiguousarray would give a scalar an axis.
    return np.asarray(array, dtype=np.float64, order="C")


def checked_result(value: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """What a user's function returned, as an array of the expected shape; see `as_float`."""
    result = as_float(value, f"the result of `{name}`")
    if result.shape != shape:
        raise ShapeError(f"`{name}` returned shape {result.shape}, expected {shape}")
    return result


def as_shape(shape: Any, what: str = "shape") -> tuple[int, ...]:
    """Converts an integer or a sequence of integers to a shape.

    Raises
    ------
    TypeError, ValueError
        If a size is no integer, or negative.
    """
    sizes = as_integers(shape, what)
    if any(size < 0 for size in sizes):
        raise ValueError(f"{what} must have no negative size, got {shape!r}")
    return sizes


def as_integers(values: Any, what: str) -> tuple[int, ...]:
    """Converts an integer or a sequence of integers to a tuple.

    Raises
    ------
    TypeError
        If it is neither.
    """
    try:
        return (operator.index(values),)
    except TypeError:
        pass
    try:
        return tuple(operator.index(value) for value in values)
    except TypeError:
        raise TypeError(f"{what} must be a tuple of integers, got {values!r}") from None
