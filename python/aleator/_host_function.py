"""Differentiable functions of the program that runs a graph, which aleator does not look into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_shape, checked_result
from ._called import check_function
from ._expressions import Expr, add
from ._recording import Recording
from .errors import AleatorError, ShapeError

__all__ = ["CALLERS", "HostFunction", "add_call", "host_function", "row_flags"]


# How objects of other libraries are called, by their class; a library adds a function with the signature of `Graph.call`.
CALLERS: dict[type, Callable[..., Expr]] = {}


class HostFunction:
    """A function with a derivative, which is given as `vjp` or known to the program that runs it.

    A pickle of it needs that its functions have one.
    """

    def __init__(
        self, name: str, function: Callable[..., Any], shape: tuple[int, ...], vjp: Callable[..., Any] | None
    ) -> None:
        self.name, self.function, self.shape, self.vjp = name, function, shape, vjp

    def __call__(self, *arguments: NDArray[np.float64]) -> NDArray[np.float64]:
        return checked_result(self.function(*arguments), self.name, self.shape)

    def pull_back(self, argument: int) -> PullBack:
        """The derivative by one argument, as a function of the arguments and of a cotangent of the result."""
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
            got = f"{len(parts)} parts" if isinstance(parts, (tuple, list)) else f"`{type(parts).__name__}`"
            raise AleatorError(
                f"the vjp of `{self.of.name}` returned {got}, expected a tuple with one array for each of {len(values)} arguments"
            )
        name = f"{self.of.name}, vjp by argument {self.argument}"
        return checked_result(parts[self.argument], name, values[self.argument].shape)


def host_function(
    name: str, function: Callable[..., Any], shape: Any, vjp: Callable[..., Any] | None, exprs: Sequence[Expr]
) -> HostFunction:
    """The function with the shape of its result, for which it is called with zeros if `shape` is None."""
    if shape is not None:
        return HostFunction(name, function, as_shape(shape), vjp)
    try:
        found = np.shape(function(*[np.zeros(expr.shape) for expr in exprs]))
    except Exception as error:
        raise AleatorError(f"`{name}` failed with arguments of zeros, so that the shape of its result is unknown; give `shape`") from error
    return HostFunction(name, function, found, vjp)


def row_flags(function: HostFunction, rows: bool | Sequence[bool], exprs: Sequence[Expr]) -> list[bool]:
    """For each argument whether it has rows."""
    flags = [bool(rows)] * len(exprs) if isinstance(rows, (bool, np.bool_)) else [bool(flag) for flag in rows]
    if len(flags) != len(exprs):
        raise AleatorError(f"`rows` has {len(flags)} entries for {len(exprs)} arguments of `{function.name}`; give one for each")
    for expr, flag in zip(exprs, flags):
        if flag and (not expr.shape or expr.shape[:1] != function.shape[:1]):
            raise ShapeError(
                f"`{function.name}` maps an argument of shape {expr.shape} to shape {function.shape}: their first axes do not count "
                "the same rows"
            )
    if any(flags):
        _check_rows(function, flags, exprs)
    return flags


def _check_rows(function: HostFunction, flags: Sequence[bool], exprs: Sequence[Expr]) -> None:
    """Changes the first row of random arguments, and looks at the other rows of the result."""
    random = np.random.default_rng(0)
    before = [random.uniform(size=expr.shape) for expr in exprs]
    after = [x.copy() for x in before]
    for x, flag in zip(after, flags):
        if flag:
            x[:1] = random.uniform(size=x[:1].shape)
    try:
        first, second = (np.asarray(function.function(*arguments))[1:] for arguments in (before, after))
    except Exception:
        # It is not a function of these arrays, and fails where it is called.
        return
    if not np.array_equal(first, second, equal_nan=True):
        raise AleatorError(
            f"`{function.name}` has rows that depend on each other: another first row of its arguments changes other rows of its "
            "result; call it without `rows`"
        )


def add_call(graph: Recording, function: HostFunction, exprs: Sequence[Expr], rows: Sequence[bool], may_jump: bool) -> Expr:
    """The node that calls the function."""
    check_function(graph, function)
    ids, ranks = [expr._id for expr in exprs], [len(expr.shape) for expr in exprs]
    pull_backs = [] if function.vjp is None else [function.pull_back(i) for i in range(len(exprs))]
    shape = list(function.shape)
    return add(graph, "call", function.name, shape, ids, ranks, function, list(rows), pull_backs, bool(may_jump))
