"""The surrogate of a graph as a Python text, for libraries of arrays that execute it."""

from __future__ import annotations

import ast
import functools
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from . import _aleator
from ._arguments import optional_count, seed_number
from ._called import called_functions
from ._estimator import via_list
from ._warning import warn
from .errors import AleatorError, ShapeError, UnknownNameError
from .graph import Graph

__all__ = ["Surrogate", "Text", "check_shape", "initial_state", "named", "updated_state"]

# The optimiser of the estimators' own parameters: Adam with the constants of the native program.
_RATE, _DECAY, _DECAY_OF_SQUARES, _EPSILON = 0.01, 0.9, 0.999, 1e-8


class Surrogate:
    """The surrogate of a graph, which does not change with it any more.

    Attributes
    ----------
    params, data : dict of str to tuple of int
        The shapes of the parameters and of the data.
    initial : dict of str to numpy.ndarray
        The initial values of all inputs of `held`.
    seed : int
    """

    def __init__(
        self, graph: Graph, *, samples: int | None, replicates: int | None, seed: int, via: Any, watched: Collection[str] = ()
    ) -> None:
        if not isinstance(graph, Graph):
            raise TypeError(f"a function is made of a graph, got {graph!r}")
        self._graph = graph.copy()
        # States whose next values are asked for; they are not among the estimators' own parameters.
        self._watched = frozenset(watched)
        self._options = optional_count(samples, "samples"), optional_count(replicates, "replicates"), via
        self.seed = seed_number(seed)
        inputs = self.held.inputs
        warn(_aleator.lint(self._graph._raw, via_list(via), self._options[0]))
        self.initial = {entry["name"]: _initial(entry) for entry in inputs}
        self.params = {entry["name"]: tuple(entry["shape"]) for entry in inputs if entry["role"] == "param"}
        self.data = {entry["name"]: tuple(entry["shape"]) for entry in inputs if entry["role"] == "data"}

    @functools.cached_property
    def held(self) -> Text:
        """The estimate while the estimators' own parameters stay what they are."""
        return self._text(tune=False)

    @functools.cached_property
    def tuned(self) -> Text:
        """The same estimate, and how the estimators' own parameters change."""
        return self._text(tune=True)

    @property
    def own(self) -> list[dict[str, Any]]:
        """The estimators' own parameters, and how they change."""
        return [entry for entry in self.tuned.own if entry["name"] not in self._watched]

    def _text(self, tune: bool) -> Text:
        samples, replicates, via = self._options
        return Text(*self._graph._surrogate(samples, replicates, via, tune))

    @property
    def functions(self) -> dict[str, Any]:
        """The functions in Python that the estimate calls, by name."""
        return called_functions(self._graph)

    def named(self, params: Any, data: Any) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
        """Names, values and expected shapes of what was passed. See the function `named` for errors."""
        return named(params, data, self.params, self.data)

    def own_values(self, state: Any) -> dict[str, Any]:
        """The values of the estimators' own parameters in a state.

        Raises
        ------
        AleatorError
            If it is no state of this graph.
        """
        own = {entry["name"]: entry["shape"] for entry in self.own}
        if not isinstance(state, Mapping) or set(state) != set(own):
            raise AleatorError(f"`state` must come from `init` or `update` of the same graph, and have the entries {sorted(own)}")
        values = {name: entry["value"] for name, entry in state.items()}
        for name, value in values.items():
            check_shape(name, value.shape, tuple(own[name]))
        return values


class Text:
    """A function of arrays as a text in Python.

    Attributes
    ----------
    inputs : list of dict
        The inputs by name, with their shapes and roles.
    own : list of dict
        Those which are the estimators' own parameters, and how they change.
    text : str
    """

    def __init__(self, document: str, text: str) -> None:
        self.inputs: list[dict[str, Any]] = json.loads(document)["inputs"]
        self.own = [entry for entry in self.inputs if entry["role"] in ("estimator", "state")]
        self.text = text

    def function(self, names: Mapping[str, Any] | None = None, replaced: Mapping[str, Any] | None = None) -> Callable[..., dict[str, Any]]:
        """The function ``estimate(inputs, noise, dtype, host)``, which returns the outputs by name.

        Parameters
        ----------
        names : mapping of str to object, optional
            What the names of the modules of JAX stand for, which the text then does not import.
        replaced : mapping of str to callable, optional
            Functions that take the place of some of the text's own.
        """
        tree = ast.parse(self.text)
        if names is not None:
            tree.body = [line for line in tree.body if not isinstance(line, (ast.Import, ast.ImportFrom))]
        scope = dict(names or {})
        exec(compile(tree, "<the estimate as Python>", "exec"), scope)
        scope.update(replaced or {})
        estimate: Callable[..., dict[str, Any]] = scope["estimate"]
        return estimate


def named(
    params: Any, data: Any, known_params: Mapping[str, tuple[int, ...]], known_data: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
    """Names, values and expected shapes of what was passed.

    Raises
    ------
    TypeError
        If these are no mappings.
    UnknownNameError
        If there is no such parameter or data.
    """
    for kind, values, known in (("parameter", params, known_params), ("data", data, known_data)):
        if values is None:
            continue
        if not isinstance(values, Mapping):
            example = next(iter(known), "x")
            raise TypeError(f"values by name are a mapping such as {{'{example}': value}}, got {type(values).__name__}")
        for name, value in values.items():
            if name not in known:
                raise UnknownNameError(f"unknown {kind} `{name}`: there is {', '.join(known) or 'none'}")
            yield name, value, known[name]


def check_shape(name: str, shape: Any, expected: tuple[int, ...]) -> None:
    """Raises `ShapeError` if a value has another shape than the graph's."""
    if tuple(shape) != expected:
        raise ShapeError(f"`{name}` has shape {expected}, got {tuple(shape)}")


def _initial(entry: dict[str, Any]) -> np.ndarray[Any, Any]:
    # Numbers that JSON lacks are texts: infinities by name, and bits of those that are none.
    numbers = [float("nan" if isinstance(x, str) and x.startswith("0x") else x) for x in entry["initial"]]
    return np.array(numbers, np.float64).reshape(entry["shape"])


def initial_state(entry: dict[str, Any], value: Any, xp: Any) -> dict[str, Any]:
    """What is kept of one of the estimators' own parameters: its value and what its changes need. `xp` is the library of arrays."""
    if entry["update"] == "descends":
        return {"value": value, "mean": xp.zeros_like(value), "square": xp.zeros_like(value), "count": xp.zeros((), dtype=xp.int32)}
    if entry["update"] == "ratio":
        return {"value": value, "above": xp.zeros_like(value), "below": xp.zeros_like(value)}
    return {"value": value}


def updated_state(entry: dict[str, Any], old: dict[str, Any], outputs: Mapping[str, Any], xp: Any) -> dict[str, Any]:
    """The state after one more estimate with these outputs."""
    value, update = old["value"], entry["update"]

    def output(kind: str) -> Any:
        return xp.asarray(outputs[f"{kind}.{entry['name']}"], dtype=value.dtype).reshape(value.shape)

    if update == "becomes":
        return {"value": output("update")}
    if update == "descends":
        gradient, count = output("descent"), old["count"] + 1
        mean = _DECAY * old["mean"] + (1 - _DECAY) * gradient
        square = _DECAY_OF_SQUARES * old["square"] + (1 - _DECAY_OF_SQUARES) * gradient**2
        unbiased_mean = mean / (1 - _DECAY**count)
        unbiased_square = square / (1 - _DECAY_OF_SQUARES**count)
        value = value - _RATE * unbiased_mean / (xp.sqrt(unbiased_square) + _EPSILON)
        return {"value": value, "mean": mean, "square": square, "count": count}
    if update == "ratio":
        above, below = old["above"] + output("numerator"), old["below"] + output("denominator")
        return {"value": xp.where(below > 0, above / xp.where(below > 0, below, 1), 0), "above": above, "below": below}
    return old
