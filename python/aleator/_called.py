"""The functions of Python that a graph calls, by name: where a graph runs elsewhere, they are known by their names."""

from __future__ import annotations

from typing import Any

from ._recording import Recording
from .errors import AleatorError

__all__ = ["called_functions", "check_function"]

# The calls of the compiled graph that take a function, and the place of it among their arguments; the name comes first.
_PLACE = {"external": 3, "call": 4}


def called_functions(graph: Recording) -> dict[str, Any]:
    """`CheckedFunction` for a black box, and `HostFunction` for a function with a derivative."""
    return {arguments[0]: arguments[_PLACE[method]] for method, arguments in graph._calls if method in _PLACE}


def check_function(graph: Recording, function: Any) -> None:
    """Raises an error if the graph calls another function by this function's name."""
    other = called_functions(graph).get(function.name)
    if other is not None and (type(other), other.function) != (type(function), function.function):
        raise AleatorError(f"another function of this graph is called `{function.name}`; give each a name of its own")
