"""Batches of data for training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_float
from .errors import AleatorError, ShapeError, UnknownNameError

__all__ = ["batches_of"]

Batch = dict[str, NDArray[np.float64]]
Shapes = Mapping[str, tuple[int, ...]]


def batches_of(batches: Any, shapes: Shapes, seed: int) -> Iterator[Batch]:
    """The batches of an argument `batches`, by the name of the data.

    Parameters
    ----------
    batches : mapping of str to array_like, or iterable
        Arrays of examples, or whatever gives batches.
    shapes : mapping of str to tuple of int
        The data of the graph.
    seed : int
        Of the order of the examples.

    Raises
    ------
    UnknownNameError, ShapeError, TypeError
        When a batch does not suit the data.
    """
    if isinstance(batches, Mapping):
        return _of_examples({name: as_float(array, f"`{name}`") for name, array in batches.items()}, shapes, seed)
    if not isinstance(batches, Iterable):
        raise TypeError(f"batches are a mapping of names to arrays, or an iterable of batches, got {batches!r}")
    return (_named(batch, shapes) for batch in batches)


def _of_examples(arrays: Batch, shapes: Shapes, seed: int) -> Iterator[Batch]:
    """Batches without end: each example once in every pass, in an order of its own; examples that do not fill a batch are left out."""
    if not arrays:
        raise AleatorError("`batches` has no arrays; leave it out if there is no data to go through")
    for name, array in arrays.items():
        shape = _shape(name, shapes)
        if not shape or array.ndim != len(shape) or array.shape[1:] != shape[1:] or len(array) < shape[0]:
            rows = ("n", *map(str, shape[1:]))
            raise ShapeError(
                f"the examples of `{name}` have shape {array.shape}; its batches have shape {shape}, so that examples need shape "
                f"({', '.join(rows)}) with n of at least {shape[0] if shape else 1}"
            )
    sizes, counts = {shapes[name][0] for name in arrays}, {len(array) for array in arrays.values()}
    if len(sizes) > 1 or len(counts) > 1:
        raise ShapeError(f"all examples need one number and one batch size, got {sorted(counts)} and {sorted(sizes)}")
    (size,), (count,) = sizes, counts
    return _passes(arrays, size, count, seed)


def _passes(arrays: Batch, size: int, count: int, seed: int) -> Iterator[Batch]:
    # NumPy promises that these numbers stay the same; it does not for its functions that shuffle.
    bits = np.random.PCG64(seed)
    while True:
        order = np.argsort(bits.random_raw(count), kind="stable")
        for first in range(0, count - size + 1, size):
            yield {name: array[order[first : first + size]] for name, array in arrays.items()}


def _named(batch: Any, shapes: Shapes) -> Batch:
    """A batch that is a mapping, or the arrays of all data of the graph in their order."""
    if not isinstance(batch, Mapping):
        parts = batch if isinstance(batch, (tuple, list)) else (batch,)
        if len(parts) != len(shapes):
            raise ShapeError(f"a batch has {len(parts)} arrays, and the graph has the data {', '.join(shapes) or 'none'}")
        batch = dict(zip(shapes, parts))
    arrays = {name: as_float(array, f"`{name}`") for name, array in batch.items()}
    for name, array in arrays.items():
        if array.shape != _shape(name, shapes):
            raise ShapeError(f"a batch of `{name}` has shape {array.shape}, expected {shapes[name]}")
    return arrays


def _shape(name: str, shapes: Shapes) -> tuple[int, ...]:
    if name not in shapes:
        raise UnknownNameError(f"unknown data `{name}`; the graph has {', '.join(shapes) or 'no data'}")
    return shapes[name]
