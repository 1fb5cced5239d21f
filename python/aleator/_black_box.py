"""Python functions as operations of a graph."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ._arrays import checked_result
from ._called import check_function
from ._expressions import Expr, add, as_expr
from ._recording import Recording

__all__ = ["BlackBox", "CheckedFunction"]


class BlackBox:
    """A Python function that takes expressions; see `Graph.external`."""

    def __init__(self, graph: Recording, name: str, function: CheckedFunction) -> None:
        self._graph, self._name, self._function = graph, name, function

    def __call__(self, *arguments: Any) -> Expr:
        """Applies the black box.

        Parameters
        ----------
        *arguments : Expr or array_like

        Returns
        -------
        Expr
            Of the black box's shape.
        """
        if not arguments:
            raise TypeError(f"the black box `{self._name}` needs at least one argument")
        graph, function = self._graph, self._function
        check_function(graph, function)
        ids = [as_expr(graph, argument)._id for argument in arguments]
        return add(graph, "external", self._name, list(function.shape), ids, function, function.vectorized)

    def __repr__(self) -> str:
        return f"<BlackBox {self._name}, shape {self._function.shape}>"


class CheckedFunction:
    """A user's function with its result checked. A pickle of it needs that the function has one."""

    def __init__(self, name: str, function: Callable[..., Any], shape: tuple[int, ...], vectorized: bool) -> None:
        self.name, self.function, self.shape, self.vectorized = name, function, shape, vectorized

    def __call__(self, *arguments: NDArray[np.float64]) -> NDArray[np.float64]:
        expected = (len(arguments[0]), *self.shape) if self.vectorized else self.shape
        return checked_result(self.function(*arguments), self.name, expected)
