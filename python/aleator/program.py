"""Compiled estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _aleator
from ._arguments import optional_count
from ._recording import Recording
from .errors import AleatorError, UnusedError

__all__ = ["Estimate", "Options", "Program", "is_float32", "thread_count"]

Estimate = _aleator.Estimate


@dataclass(frozen=True)
class Options:
    """How a program is compiled. The compiled module reads these by name; `Graph.compile` says what they mean."""

    via: list[tuple[str | None, str]]
    samples: int | None
    replicates: int | None
    seed: int
    tune: bool
    tune_rate: float | None
    is_float32: bool
    threads: int | None


def is_float32(dtype: Any) -> bool:
    """Whether numbers have 32 bits, of an argument `dtype`.

    Raises
    ------
    TypeError, AleatorError
        If it is neither `float64` nor `float32`.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.dtype("float64"), np.dtype("float32")):
        raise AleatorError(f"dtype must be float64 or float32, got {dtype}")
    return bool(dtype == np.dtype("float32"))


def thread_count(threads: Any) -> int | None:
    """An argument `threads`; None for as many as the machine has.

    Raises
    ------
    TypeError, AleatorError
    """
    number = optional_count(threads, "threads")
    if number is not None and number > 1024:
        raise AleatorError(f"threads must be at most 1024, got {number}")
    return number


class Program(_aleator.Program):
    """A compiled estimate of a graph's objective and its gradient; `Graph.compile` makes it.

    ``program(values=None, *, step=None)`` computes an `Estimate`. ``values`` is a mapping of names of parameters and data to arrays for
    this call alone; ``step`` says whose noise is used, by default that after the last call's without ``step``. The same seed and step
    give the same numbers.

    Several threads may call one program: calls wait for each other, and the interpreter is free meanwhile.

    Attributes
    ----------
    samples : int
        Samples averaged in one estimate.
    replicates : int or None
        Independent estimates of one call.
    seed : int
    dtype : {"float64", "float32"}
    evaluations : int
        Evaluations of the costs in one estimate.
    unbiased : bool
        Whether every estimator in it is unbiased.

    Raises
    ------
    DomainError
        By a call, if a parameter of a distribution lies outside of its domain.
    BlackBoxError
        By a call, if a function in Python raised; its exception is the cause.
    UnknownNameError, ShapeError
        By a call, if ``values`` has other names or shapes than the graph.
    """

    _options: Options
    _graph: Recording

    def __new__(cls, graph: Recording, options: Options) -> Program:
        if not isinstance(options, Options):
            raise TypeError("make a program with g.compile(samples=.., seed=..)")
        self = super().__new__(cls, graph._raw, options)
        self._options = options
        # The graph as it is now: it may be added to later.
        self._graph = graph.copy()
        return self

    # Named here for readers of the reference.
    set = _aleator.Program.set
    get = _aleator.Program.get

    @property
    def params(self) -> dict[str, np.ndarray[Any, Any]]:
        """The present values of the parameters; without those that no cost depends on."""
        return self._values(self._params())

    @property
    def own_params(self) -> dict[str, np.ndarray[Any, Any]]:
        """The present values of the estimators' own parameters."""
        return dict(self._own())

    @property
    def tunes(self) -> bool:
        """Whether the estimators' own parameters change after each call."""
        return self._options.tune

    @property
    def step(self) -> int:
        """The step of the next call."""
        return self._step()

    def _values(self, names: list[str]) -> dict[str, np.ndarray[Any, Any]]:
        values = {}
        for name in names:
            try:
                values[name] = self.get(name)
            except UnusedError:
                pass
        return values

    def __repr__(self) -> str:
        parts = [f"params={self._params()}", f"samples={self.samples}", f"seed={self.seed}", f"dtype={self.dtype}"]
        return f"<Program {' '.join(parts)}>"

    def __reduce__(self) -> Any:
        values = self._values(self._params() + self._data())
        return _rebuild, (self._graph, self._options, self._step(), self._own_state(), values)

    def __copy__(self) -> Program:
        return _rebuild(*self.__reduce__()[1])

    def __deepcopy__(self, memo: dict[int, Any]) -> Program:
        return self.__copy__()


def _rebuild(
    graph: Recording,
    options: Options,
    step: int,
    own: list[tuple[str, list[float]]],
    values: Mapping[str, np.ndarray[Any, Any]],
) -> Program:
    """The program of a pickle or a copy."""
    program = Program(graph, options)
    program._restore(step, own)
    for name, value in values.items():
        program.set(name, value)
    return program
