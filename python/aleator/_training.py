"""Training: gradient steps on a graph whose data change from step to step."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from . import _aleator
from ._arguments import optional_count, seed_number
from ._arrays import as_float
from ._batches import batches_of
from ._progress import shown
from .errors import AleatorError, NotFiniteError, ShapeError
from .graph import Graph
from .program import Estimate

__all__ = ["TrainReport", "TrainStep", "train"]

Arrays = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class TrainStep:
    """What a callback gets after each step.

    Attributes
    ----------
    step : int
        From 0 on.
    objective : float
        The estimate of this step, on its batch, before the parameters changed.
    gradient : dict of str to numpy.ndarray
    params : dict of str to numpy.ndarray
        The parameters after the step.
    """

    step: int
    objective: float
    gradient: Arrays
    params: Arrays


@dataclass(frozen=True)
class TrainReport:
    """The result of `train`.

    Attributes
    ----------
    params : dict of str to numpy.ndarray
        The final parameters.
    objectives : numpy.ndarray
        The estimate of each step, on its batch; of shape ``(steps,)``.
    own_params : dict of str to numpy.ndarray
        The estimators' own parameters at the end.
    """

    params: Arrays
    objectives: NDArray[np.float64]
    own_params: Arrays = field(repr=False)

    @property
    def steps(self) -> int:
        """The number of steps that were taken."""
        return len(self.objectives)


def train(
    graph: Graph,
    batches: Any = None,
    *,
    steps: int | None = None,
    optimizer: str | Callable[[Arrays, Arrays], Any] = "adam",
    lr: float = 0.01,
    via: Any = None,
    samples: int | None = None,
    seed: int = 0,
    dtype: Any = "float64",
    threads: int | None = None,
    callback: Callable[[TrainStep], object] | None = None,
    progress: Any = False,
) -> TrainReport:
    """Minimises the objective by gradient steps, each on a batch of data. The estimators' own parameters are tuned meanwhile.

    Parameters
    ----------
    graph : Graph
        Its data have the shape of a batch.
    batches : mapping of str to array_like, or iterable, optional
        Examples by the name of the data: an array has them along its first axis, and each step takes as many as the data's first axis
        has; a pass takes each example once, in a new order. Or any iterable of batches, such as a loader: mappings of names to arrays,
        or the arrays of all data in their order. Without it, data keep their values.
    steps : int, optional
        By default as many as there are batches. Needed unless `batches` ends.
    optimizer : str or callable
        ``"adam"``, ``"adamw"``, ``"radam"``, ``"sgd"``, ``"momentum"`` or ``"rmsprop"``; or a function of the parameters and the gradient, both
        mappings of names to arrays, that returns the new parameters by name.
    lr : float
        The learning rate of an optimizer that is given by its name.
    via, samples, dtype, threads
        See `Graph.compile`.
    seed : int
        Of the noise, and of the order of examples.
    callback : callable, optional
        Called with a `TrainStep` after each step. If it raises `StopIteration`, training ends there.
    progress : bool or callable
        True shows a bar; a function is called with a label and the number of steps.

    Returns
    -------
    TrainReport

    Raises
    ------
    NotFiniteError
        If a gradient is not finite; the message names the step and the parameter.
    UnknownNameError, ShapeError
        If a batch or new parameters have other names or shapes than the graph's.
    """
    if not isinstance(graph, Graph):
        raise TypeError(f"a graph is needed, got {graph!r}")
    count = optional_count(steps, "steps")
    if count is None and (batches is None or isinstance(batches, Mapping)):
        raise AleatorError("`steps` is needed: only an iterable of batches has an end")
    shapes = {name: expr.shape for name, expr in graph.datasets.items()}
    given: Iterator[Any] = itertools.repeat({}) if batches is None else batches_of(batches, shapes, seed_number(seed))
    program = graph.compile(via=via, samples=samples, seed=seed, dtype=dtype, threads=threads, tune=True)
    params = {name: graph.initial(name) for name in graph.params}
    update = optimizer if callable(optimizer) else _built_in(optimizer, params, float(lr))
    objectives: list[float] = []
    with shown(progress, count or 0) as show:
        for step, batch in enumerate(given if count is None else itertools.islice(given, count)):
            for name, array in batch.items():
                program.set(name, array)
            estimate = program(step=step)
            gradient = _finite(estimate, step)
            params = _checked(update(params, gradient), params)
            for name, value in params.items():
                program.set(name, value)
            objectives.append(float(estimate.objective))
            if show is not None:
                show("train", step + 1)
            if callback is not None:
                try:
                    callback(TrainStep(step, objectives[-1], gradient, {n: p.copy() for n, p in params.items()}))
                except StopIteration:
                    break
    return TrainReport(params, np.array(objectives), program.own_params)


def _built_in(name: str, params: Arrays, lr: float) -> Callable[[Arrays, Arrays], Arrays]:
    rules = {param: _aleator.Optimizer(name, value.size, lr) for param, value in params.items()}

    def update(params: Arrays, gradient: Arrays) -> Arrays:
        return {n: rules[n].step(p.ravel(), gradient[n].ravel()).reshape(p.shape) for n, p in params.items()}

    return update


def _finite(estimate: Estimate, step: int) -> Arrays:
    gradient = {name: np.asarray(g, dtype=np.float64) for name, g in estimate.gradient.items()}
    for name, g in gradient.items():
        if not np.isfinite(g).all():
            raise NotFiniteError(
                f"at step {step} the gradient of `{name}` is not finite; reduce `lr`, or look for log(0), 1/0 or an overflow in a cost"
            )
    return gradient


def _checked(new: Any, params: Arrays) -> Arrays:
    """The parameters that a user's optimizer returned."""
    try:
        found = {name: as_float(new[name], f"`{name}`") for name in params}
    except (TypeError, KeyError, IndexError):
        raise TypeError(f"the optimizer must return new values of {', '.join(params)} by name, got {new!r}") from None
    for name, value in found.items():
        if value.shape != params[name].shape:
            raise ShapeError(f"the optimizer returned `{name}` of shape {value.shape}, expected {params[name].shape}")
    return found
