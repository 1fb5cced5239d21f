"""The calls that build a graph, which make it again."""

from __future__ import annotations

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
        self._lock = threading.RLock()

    def _record(self, method: str, *arguments: Any) -> Any:
        """Calls the compiled graph, and remembers the call if it succeeds."""
        with self._lock:
            result = getattr(self._raw, method)(*arguments)
            self._calls.append((method, arguments))
        return result

    def copy(self) -> Self:
        """An independent graph with the same nodes. Expressions belong to one graph: take the copy's from its mappings."""
        with self._lock:
            copy = object.__new__(type(self))
            copy.__dict__.update(self.__dict__)
            copy._raw = self._raw.clone()
            copy._calls = list(self._calls)
            copy._lock = threading.RLock()
        return copy

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        memo[id(self)] = copy = self.copy()
        return copy

    def __getstate__(self) -> list[tuple[str, tuple[Any, ...]]]:
        with self._lock:
            return list(self._calls)

    def __setstate__(self, calls: list[tuple[str, tuple[Any, ...]]]) -> None:
        Recording.__init__(self)
        for method, arguments in calls:
            getattr(self._raw, method)(*arguments)
        self._calls = calls
