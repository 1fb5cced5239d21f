"""Compiled estimates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _aleator
from .errors import AleatorError, UnusedError
from .graph import Graph, optional_count, seed_number, via_list

__all__ = ["Estimate", "Program"]

Estimate = _aleator.Estimate


class Program(_aleator.Program):
    """A compiled estimate of a graph's objective and its gradient; `Graph.compile` makes it.

    Call it for the next estimate. Several threads may call one program: calls wait for each other, and the interpreter is free
    meanwhile.

    Attributes
    ----------
    samples, replicates, seed, dtype, evaluations, unbiased
    params : dict of str to numpy.ndarray
        The present values of the parameters.
    own_params : dict of str to numpy.ndarray
        The present values of the estimators' own parameters.
    """

    def __new__(
        cls,
        graph: Graph,
        *,
        samples: int | None = None,
        replicates: int | None = None,
        seed: int = 0,
        via: Any = None,
        dtype: Any = "float64",
        threads: int | None = None,
        tune: bool = False,
        tune_rate: float | None = None,
    ) -> Program:
        if not isinstance(graph, Graph):
            raise TypeError(f"a program is compiled from a graph, got {graph!r}")
        dtype = np.dtype(dtype)
        if dtype not in (np.dtype("float64"), np.dtype("float32")):
            raise AleatorError(f"dtype must be float64 or float32, got {dtype}")
        threads = optional_count(threads, "threads")
        if threads is not None and threads > 1024:
            raise AleatorError(f"threads must be at most 1024, got {threads}")
        arguments = {
            "via": via_list(via),
            "samples": optional_count(samples, "samples"),
            "replicates": optional_count(replicates, "replicates"),
            "seed": seed_number(seed),
            "tune": bool(tune),
            "tune_rate": None if tune_rate is None else float(tune_rate),
            "float32": dtype == np.dtype("float32"),
            "threads": threads or 0,
        }
        self = super().__new__(cls, graph._raw, *arguments.values())
        self._arguments = arguments
        # The graph as it is now: it may be added to later.
        self._graph = graph.copy()
        return self

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
        return bool(self._arguments["tune"])

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
        return _rebuild, (self._graph, self._arguments, self._step(), self._own_state(), values)

    def __copy__(self) -> Program:
        return _rebuild(*self.__reduce__()[1])

    def __deepcopy__(self, memo: dict[int, Any]) -> Program:
        return self.__copy__()


def _rebuild(
    graph: Graph,
    arguments: dict[str, Any],
    step: int,
    own: list[tuple[str, list[float]]],
    values: Mapping[str, np.ndarray[Any, Any]],
) -> Program:
    """The program of a pickle or a copy."""
    self = _aleator.Program.__new__(Program, graph._raw, *arguments.values())
    self._arguments, self._graph = arguments, graph
    self._restore(step, own)
    for name, value in values.items():
        self.set(name, value)
    return self
