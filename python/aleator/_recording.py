"""The calls that build a graph, which make it again."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from . import _aleator

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Recording"]


class Recording:
    """The compiled graph, and the calls that built it.

    The numbers of nodes are a function of these calls, so that a pickle is the list of them.
    """

    def __init__(self) -> None:
        self._raw = _aleator.Graph()
        self._calls: list[tuple[str, tuple[Any, ...]]] = []
        # Where the user's code gave a name: errors that are found later point there.
        self._places: dict[str, str] = {}
        self._lock = threading.RLock()

    def _record(self, method: str, *arguments: Any) -> Any:
        """Calls the compiled graph, and remembers the call if it succeeds."""
        with self._lock:
            result = getattr(self._raw, method)(*arguments)
            self._calls.append((method, arguments))
            if method in _NAMING:
                self._mark(arguments[0], _place_of_caller())
        return result

    def _mark(self, name: str, place: str) -> None:
        self._places[name] = place
        self._raw.mark(name, place)

    def copy(self) -> Self:
        """An independent graph with the same nodes. Expressions belong to one graph: take the copy's from its mappings."""
        with self._lock:
            copy = object.__new__(type(self))
            copy.__dict__.update(self.__dict__)
            copy._raw = self._raw.clone()
            copy._calls, copy._places = list(self._calls), dict(self._places)
            copy._lock = threading.RLock()
        return copy

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        memo[id(self)] = copy = self.copy()
        return copy

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {"calls": list(self._calls), "places": dict(self._places)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Recording.__init__(self)
        for method, arguments in state["calls"]:
            getattr(self._raw, method)(*arguments)
        self._calls = state["calls"]
        for name, place in state["places"].items():
            self._mark(name, place)


# Calls whose first argument is the name that errors tell.
_NAMING = {"call", "external", "sample"}


def _place_of_caller() -> str:
    """File and line of the code outside of this package and of those that trace for it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INNER:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


_INNER = {"aleator", "contextlib", "jax", "torch"}
