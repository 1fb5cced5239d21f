"""Certificates: is the mean of an estimate the gradient?"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from . import _aleator
from ._arguments import count, optional_count, seed_number
from ._estimator import Estimator, via_text
from .errors import AleatorError
from .graph import Graph
from .reports import Certificate

__all__ = ["certify"]


@dataclass(frozen=True)
class Certification:
    """How estimates are certified. The compiled module reads these by name; `certify` says what they mean."""

    samples: int | None
    confidence: float
    bias_bound: float
    budget: float
    replicates: int | None
    seed: int


def certify(
    graph: Graph,
    *,
    via: Any = None,
    samples: int | None = None,
    confidence: float = 1e-6,
    bias_bound: float = 0.01,
    budget: float = 60.0,
    replicates: int | None = None,
    seed: int = 0,
) -> Certificate:
    """Proves or certifies that the mean of an estimate is the gradient, or refutes it.

    The expectation of the estimate is computed exactly where this can be done: all outcomes of its noise are summed, and the rest is
    integrated. Otherwise estimates are sampled until a confidence interval of the bias, which holds for all coordinates and all
    looks together, decides.

    Parameters
    ----------
    graph : Graph
    via : str, Estimator or sequence of these, optional
        The estimators; by default all that declare that they are unbiased and fit. Each is put at every site that it can serve.
    samples : int, optional
        Independent samples that are averaged in one estimate; by default the fewest that the estimators accept.
    confidence : float
        The probability that chance alone refutes anything.
    bias_bound : float
        The largest bias of a sampled estimate, relative to the scale of the gradient.
    budget : float
        Seconds for all estimators together.
    replicates : int, optional
        The largest number of sampled estimates for each estimator.
    seed : int

    Returns
    -------
    Certificate
    """
    if not isinstance(graph, Graph):
        raise TypeError(f"a graph is needed, got {graph!r}")
    if isinstance(via, (str, Estimator, type)):
        via = [via]
    seconds = float(budget)
    if math.isnan(seconds) or seconds < 0:
        raise AleatorError(f"budget must be a number of seconds, got {budget!r}")
    how = Certification(
        samples=optional_count(samples, "samples"),
        confidence=float(confidence),
        bias_bound=float(bias_bound),
        budget=seconds,
        replicates=None if replicates is None else count(replicates, "replicates", 1),
        seed=seed_number(seed),
    )
    texts = None if via is None else [via_text(estimator) for estimator in via]
    return Certificate(json.loads(_aleator.certify(graph._raw, texts, how)))
