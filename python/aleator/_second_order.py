"""Second derivatives of the objective."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _aleator
from ._arguments import count, optional_count, seed_number
from ._estimator import via_list
from ._progress import shown
from ._warning import warn
from .graph import Graph
from .reports import HessianReport

__all__ = ["hessian"]


@dataclass(frozen=True)
class SecondOrder:
    """How second derivatives are measured. The compiled module reads these by name; `hessian` says what they mean."""

    samples: int | None
    replicates: int
    seed: int
    exact: bool
    direction: dict[str, list[float]] | None


def hessian(
    graph: Graph,
    *,
    vector: Mapping[str, Any] | None = None,
    via: Any = None,
    samples: int | None = None,
    replicates: int = 1000,
    seed: int = 0,
    exact: bool = True,
    progress: Any = False,
) -> HessianReport:
    """Estimates the second derivatives of the objective, with standard errors and, where they are known, exact values.

    Parameters
    ----------
    graph : Graph
    vector : mapping of str to array_like, optional
        By parameter, what the Hessian is multiplied by; parameters that are not named have zeros. By default the whole Hessian
        is estimated, for up to 128 elements of all parameters together.
    via : str, Estimator or mapping of str to these, optional
        Estimators that take precedence over the graph's: for all sites, or by site.
    samples : int, optional
        Independent samples that are averaged in one estimate; by default the fewest that the estimators accept.
    replicates : int
        Independent estimates.
    seed : int
    exact : bool
        Whether to look for the exact answer, for at most two seconds.
    progress : bool or callable
        True shows a bar; a function is called with a label and the number of replicates that are done.

    Returns
    -------
    HessianReport

    Raises
    ------
    AleatorError
        If an estimator has no second derivatives, or a vector does not fit its parameter.
    """
    if not isinstance(graph, Graph):
        raise TypeError(f"a graph is needed, got {graph!r}")
    how = SecondOrder(
        samples=optional_count(samples, "samples"),
        replicates=count(replicates, "replicates", 1),
        seed=seed_number(seed),
        exact=bool(exact),
        direction=None if vector is None else _flat(vector),
    )
    with shown(progress, how.replicates) as show:
        text, notes = _aleator.hessian(graph._raw, via_list(via), how, show)
    warn(notes)
    return HessianReport(json.loads(text), notes)


def _flat(vector: Any) -> dict[str, list[float]]:
    """The numbers of a vector, by parameter."""
    if not isinstance(vector, Mapping):
        raise TypeError(f"vector is a mapping of names of parameters to numbers, got {vector!r}")
    return {str(name): np.asarray(values, dtype=np.float64).ravel().tolist() for name, values in vector.items()}
