"""Costs that are being traced."""

from __future__ import annotations

from .._distribution import Distribution
from ..errors import AleatorError

__all__ = ["costs", "sites"]

# For each cost that is being traced, from the outermost to the innermost, its random nodes by name.
costs: list[dict[str, Distribution]] = []


def sites() -> dict[str, Distribution]:
    """The random nodes of the cost that is being traced.

    Raises
    ------
    AleatorError
        If none is.
    """
    if not costs:
        raise AleatorError("random nodes are only in a function that `aleator.jax.expectation` makes")
    return costs[-1]
