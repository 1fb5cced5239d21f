"""Functions of Python that a graph calls, with their results checked. A pickle of them needs that the function has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_float
from .errors import AleatorError, ShapeError

__all__ = ["BlackBoxFunction", "HostFunction", "PullBack"]


class BlackBoxFunction:
    """A function that has values and no derivative."""

    def __init__(self, name: str, function: Callable[..., Any], shape: tuple[int, ...], vectorized: bool) -> None:
        self.name, self.function, self.shape, self.vectorized = name, function, shape, vectorized

    def __call__(self, *arguments: NDArray[np.float64]) -> NDArray[np.float64]:
        expected = (len(arguments[0]), *self.shape) if self.vectorized else self.shape
        return _checked(self.function(*arguments), self.name, expected)


class HostFunction:
    """A function with a derivative, which is given as `vjp` or known to the program that runs it."""

    def __init__(
        self, name: str, function: Callable[..., Any], shape: tuple[int, ...], vjp: Callable[..., Any] | None
    ) -> None:
        self.name, self.function, self.shape, self.vjp = name, function, shape, vjp

    def __call__(self, *arguments: NDArray[np.float64]) -> NDArray[np.float64]:
        return _checked(self.function(*arguments), self.name, self.shape)

    def pull_back(self, argument: int) -> PullBack:
        """The derivative by one argument, a function of the arguments and of a cotangent of the result."""
        return PullBack(self, argument)


class PullBack:
    """(x, c) -> the transposed derivative of a function by one of its arguments, applied to c."""

    def __init__(self, of: HostFunction, argument: int) -> None:
        self.of, self.argument = of, argument

    def __call__(self, *arguments: NDArray[np.float64]) -> NDArray[np.float64]:
        *values, cotangent = arguments
        assert self.of.vjp is not None
        parts = self.of.vjp(cotangent, *values)
        if not isinstance(parts, (tuple, list)) or len(parts) != len(values):
            got = f"{len(parts)} parts" if isinstance(parts, (tuple, list)) else type(parts).__name__
            raise AleatorError(f"the vjp of `{self.of.name}` returned {got}, expected a tuple with one array for each of {len(values)} arguments")
        return _checked(parts[self.argument], f"{self.of.name}, vjp by argument {self.argument}", values[self.argument].shape)


def _checked(value: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    result = as_float(value, f"the result of `{name}`")
    if result.shape != shape:
        raise ShapeError(f"`{name}` returned shape {result.shape}, expected {shape}")
    return result
