"""What a graph consists of, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable

from ._expressions import Expr
from ._recording import Recording
from .errors import UnknownNameError

__all__ = ["Parts", "Site"]


class Site:
    """A random node of a graph.

    Attributes
    ----------
    name : str
    value : Expr
        What is drawn.
    distribution : str
        The distribution's name.
    estimator : str or None
        The estimator that the graph names for it.
    """

    __slots__ = ("distribution", "estimator", "name", "value")

    def __init__(self, name: str, value: Expr, distribution: str, estimator: str | None) -> None:
        self.name, self.value, self.distribution, self.estimator = name, value, distribution, estimator

    @classmethod
    def _make(cls, graph: Recording, name: str, value: Expr) -> Site:
        found = graph._raw.site(name)
        assert found is not None, "it is among the sites"
        return cls(name, value, *found)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its value."""
        return self.value.shape

    def __repr__(self) -> str:
        via = f", via={self.estimator!r}" if self.estimator else ""
        return f"<Site {self.name} ~ {self.distribution}, shape {self.shape}{via}>"


class Parts(Mapping[str, Any]):
    """Parts of a graph by name, as they are when one looks."""

    def __init__(self, graph: Recording, kind: str, make: Callable[[Recording, str, Expr], Any] | None = None) -> None:
        self._graph, self._kind, self._make = graph, kind, make

    def _parts(self) -> dict[str, tuple[int, list[int]]]:
        return dict(getattr(self._graph._raw, self._kind)())

    def __getitem__(self, name: str) -> Any:
        parts = self._parts()
        if name not in parts:
            known = ", ".join(parts) or "none"
            raise UnknownNameError(f"unknown name `{name}` among the graph's {self._kind}: there is {known}")
        expr = Expr._make(self._graph, parts[name])
        return expr if self._make is None else self._make(self._graph, name, expr)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts())

    def __len__(self) -> int:
        return len(self._parts())

    def __repr__(self) -> str:
        return f"<{self._kind}: {', '.join(self._parts()) or 'none'}>"
