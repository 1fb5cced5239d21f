"""Estimates many times over: measures, comparisons, the exact answer, and optimisation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import _aleator
from ._arguments import count, names, optional_count, optional_number, seed_number
from ._progress import shown
from ._warning import warn
from .errors import AleatorError
from ._estimator import Estimator, via_list, via_text
from .graph import Graph
from .reports import Exact, OptimizeReport, Report

__all__ = ["compare", "exact", "grad", "optimize"]


@dataclass(frozen=True)
class Measurement:
    """How estimates are measured. The compiled module reads these by name; `grad` says what they mean."""

    samples: int | None
    replicates: int
    tune: int
    seed: int
    exact: bool

    @classmethod
    def checked(cls, samples: Any, replicates: Any, tune: Any, seed: Any, exact: Any) -> Measurement:
        """Of a user's arguments."""
        return cls(
            samples=optional_count(samples, "samples"),
            replicates=count(replicates, "replicates", 1),
            tune=count(tune, "tune"),
            seed=seed_number(seed),
            exact=bool(exact),
        )


@dataclass(frozen=True)
class Optimization:
    """How parameters are optimised. The compiled module reads these by name; `optimize` says what they mean."""

    steps: int
    learning_rate: float
    optimizer: str
    fix: list[str]
    samples: int | None
    seed: int


def _raw(graph: Any) -> _aleator.Graph:
    if not isinstance(graph, Graph):
        raise TypeError(f"a graph is needed, got {graph!r}")
    return graph._raw


def grad(
    graph: Graph,
    *,
    via: Any = None,
    samples: int | None = None,
    replicates: int = 1000,
    tune: int = 0,
    seed: int = 0,
    exact: bool = True,
    progress: Any = False,
) -> Report:
    """Estimates the gradient many times, and measures the estimates.

    Parameters
    ----------
    graph : Graph
    via : str, Estimator, mapping of str to these, or sequence of str, optional
        Estimators that take precedence over the graph's: for all sites, or by site, as in ``{"z": "rebar"}`` or ``["z=rebar"]``.
        ``"measured"`` is the one with the smallest variance × operations in a pilot.
    samples : int, optional
        Independent samples that are averaged in one estimate; by default the fewest that the estimators accept.
    replicates : int
        Independent estimates.
    tune : int
        Steps by which the estimators' own parameters are tuned before, on noise of their own.
    seed : int
    exact : bool
        Whether to look for the exact answer, for at most two seconds.
    progress : bool or callable
        True shows a bar; a function is called with a label and the number of replicates that are done.

    Returns
    -------
    Report
        With one row.
    """
    how = Measurement.checked(samples, replicates, tune, seed, exact)
    with shown(progress, how.replicates) as show:
        text, notes = _aleator.grad(_raw(graph), via_list(via), how, show)
    warn(notes)
    return Report(json.loads(text), notes)


def compare(
    graph: Graph,
    *,
    estimators: Any = None,
    via: Any = None,
    samples: int | None = None,
    replicates: int = 1000,
    tune: int = 0,
    seed: int = 0,
    exact: bool = True,
    progress: Any = False,
) -> Report:
    """Measures every estimator that applies.

    Each estimator is put at every site that it can serve; other sites keep their own or the automatic choice.

    Parameters
    ----------
    graph : Graph
    estimators : sequence of str or Estimator, optional
        By default all.
    via : mapping of str to str or Estimator, sequence of str, or str, optional
        Sites whose estimator is the same in all rows, as in ``{"z": "rebar"}`` or ``["z=rebar"]``. ``"measured"`` alone adds the
        plan that a pilot chooses as one more row.
    samples, replicates, tune, seed, exact, progress
        See `grad`.

    Returns
    -------
    Report
        With a row for each estimator.
    """
    if isinstance(estimators, (str, Estimator, type)):
        estimators = [estimators]
    texts = None if estimators is None else [via_text(estimator) for estimator in estimators]
    how = Measurement.checked(samples, replicates, tune, seed, exact)
    with shown(progress, how.replicates) as show:
        text, notes = _aleator.compare(_raw(graph), texts, via_list(via), how, show)
    return Report(json.loads(text), notes)


def exact(graph: Graph, *, seconds: float | None = None) -> Exact:
    """Computes the exact objective and gradient by enumeration or quadrature.

    Parameters
    ----------
    graph : Graph
    seconds : float, optional
        After what time to give up.

    Returns
    -------
    Exact
        Its attributes are None where there is no exact answer.
    """
    limit = optional_number(seconds)
    if limit is not None and not limit >= 0:
        raise AleatorError(f"seconds must not be negative, got {seconds!r}")
    text, reason = _aleator.exact(_raw(graph), limit)
    return Exact(json.loads(text), reason)


def optimize(
    graph: Graph,
    *,
    steps: int = 1000,
    lr: float = 0.01,
    optimizer: str = "adam",
    fix: Any = None,
    via: Any = None,
    samples: int | None = None,
    seed: int = 0,
    progress: Any = False,
) -> OptimizeReport:
    """Minimises the objective by stochastic gradient steps from the initial parameters.

    Parameters
    ----------
    graph : Graph
    steps : int
    lr : float
        The learning rate.
    optimizer : str
        Such as ``"adam"``, ``"sgd"`` or ``"rmsprop"``.
    fix : str or sequence of str, optional
        The names of parameters that keep their initial values.
    via, samples, seed
        See `grad`.
    progress : bool or callable
        True shows a bar; a function is called with a label and the step.

    Returns
    -------
    OptimizeReport

    Raises
    ------
    NotFiniteError
        If a gradient is not finite; the message names the step.
    """
    if not isinstance(optimizer, str):
        raise TypeError(f"optimizer is a name such as 'adam', got {optimizer!r}")
    how = Optimization(
        steps=count(steps, "steps"),
        learning_rate=float(lr),
        optimizer=optimizer,
        fix=names(fix, "fix"),
        samples=optional_count(samples, "samples"),
        seed=seed_number(seed),
    )
    with shown(progress, how.steps) as show:
        text, notes = _aleator.optimize(_raw(graph), via_list(via), how, show)
    warn(notes)
    return OptimizeReport(json.loads(text), notes)
