"""Estimates of the expectation of a function that PyTorch computes, in one line."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import distributions as laws
from .._distribution import Distribution
from .._estimator import Estimator, via_text
from .._surrogate import Surrogate
from ..errors import ShapeError
from ..graph import Graph
from ._derivative import with_gradient
from ._executor import Executor
from ._tensors import as_values, common_device

__all__ = ["estimate"]


def estimate(
    distribution: Any,
    cost: Callable[[torch.Tensor], torch.Tensor],
    *,
    via: str | Estimator | None = None,
    samples: int | None = None,
    rows: bool = False,
    generator: torch.Generator | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draws from a distribution, and an estimate of E[cost(z)] whose gradient by autograd is an estimate as well.

    Parameters
    ----------
    distribution : torch.distributions.Distribution or Distribution
        Such as ``torch.distributions.Bernoulli(logits=logits)`` or ``al.Bernoulli(logits=logits)``.
    cost : callable
        Takes a tensor of the shape of one draw, and returns a tensor whose elements are summed. It may use any tensors, which get
        gradients as well, and is mapped over samples by `torch.func.vmap`. Some estimators need its derivative by z, or evaluate it at
        other points than draws.
    via : str or Estimator, optional
        The estimator; by default the library chooses an unbiased one.
    samples : int, optional
        Independent samples that are averaged; by default the fewest that the estimator accepts.
    rows : bool
        Whether each row of the cost, along its first axis, depends on the same row of z alone, which lowers the variance. It is not
        checked, and a gradient is wrong where it is not true.
    generator : torch.Generator, optional
        On the CPU. By default `torch.manual_seed` determines the numbers.

    Returns
    -------
    z : torch.Tensor
        The draws, without derivative; with more than one sample, on a leading axis.
    surrogate : torch.Tensor
        The estimate, of shape ``()``. ``surrogate.backward()`` adds the estimates of the gradient to those tensors that the
        distribution and the cost depend on.

    Raises
    ------
    UnsuitableError
        If the estimator cannot serve the distribution, or not with so few samples.
    """
    if not callable(cost):
        raise TypeError(f"the cost must be a function of z, got {cost!r}")
    law, parameters = _law(distribution)
    values = {name: as_values(name, value, is_parameter=_has_gradient(value)) for name, value in parameters.items()}
    shapes = tuple((name, tuple(value.shape), _has_gradient(value)) for name, value in values.items())
    text = None if via is None else via_text(via)
    programs = _programs(law, shapes, text, samples, bool(rows))
    wide = any(isinstance(value, torch.Tensor) and value.dtype == torch.float64 for value in values.values())
    run = {"dtype": torch.float64 if wide else torch.float32, "device": common_device(values)}
    run |= {"seed": torch.randint(-(2**63), 2**63 - 1, (), generator=generator), "step": torch.randint(2**48, (), generator=generator)}
    outputs = programs.cost.run(values, **run, host={"cost": _Summed(cost, rows)})
    by = [name for name, _, has in shapes if has]
    surrogate = with_gradient(outputs["objective"], [outputs[f"gradient.{name}"] for name in by], [values[name] for name in by])
    z = programs.draws.run(values, **run)["gradient.weight"]
    return (z[0] if len(z) == 1 else z), surrogate


class _Programs(NamedTuple):
    """The estimate of the cost, and the draws as the derivative of weight · z by the weight."""

    cost: Executor
    draws: Executor


@functools.lru_cache(maxsize=256)
def _programs(law: str, parameters: tuple[tuple[str, tuple[int, ...], bool], ...], via: str | None, samples: int | None, rows: bool) -> _Programs:
    cost, z = _graph(law, parameters)
    shape = z.shape[:1] if rows else ()
    cost.cost("cost", cost.call(_placeholder, z, shape=shape, rows=rows, name="cost"))
    estimator, _ = cost.plan(via=via, samples=samples)["z"]
    draws, z = _graph(law, tuple((name, shape, False) for name, shape, _ in parameters))
    draws.cost("cost", z * draws.param("weight", np.ones(z.shape)))
    count = draws.compile(via=estimator, samples=samples).samples
    return _Programs(
        Executor(Surrogate(cost, samples=count, replicates=None, seed=0, via=estimator), torch.nn.Module()),
        Executor(Surrogate(draws, samples=1, replicates=count, seed=0, via="score_function"), torch.nn.Module()),
    )


def _graph(law: str, parameters: tuple[tuple[str, tuple[int, ...], bool], ...]) -> tuple[Graph, Any]:
    graph = Graph()
    exprs = {name: (graph.param if has else graph.data)(name, np.ones(shape)) for name, shape, has in parameters}
    return graph, graph.sample("z", laws.ALL[law](**exprs))


def _placeholder(z: Any) -> Any:
    raise AssertionError("each call of the program has its own cost")


class _Summed:
    """The cost with one element for each row, or one in all."""

    def __init__(self, cost: Callable[[torch.Tensor], torch.Tensor], rows: bool) -> None:
        self._cost, self._rows = cost, rows

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        result = self._cost(z)
        if not isinstance(result, torch.Tensor) or result.is_complex():
            kind = result.dtype if isinstance(result, torch.Tensor) else type(result).__name__
            raise TypeError(f"the cost must be a tensor of real numbers, got {kind}")
        if not self._rows:
            return result.sum()
        if result.shape[:1] != z.shape[:1]:
            raise ShapeError(f"the cost has shape {tuple(result.shape)} for z of shape {tuple(z.shape)}: their first axes do not count the same rows")
        return result.unsqueeze(-1).flatten(1).sum(-1)


def _has_gradient(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _law(distribution: Any) -> tuple[str, dict[str, Any]]:
    """The name of the distribution, and its parameters by name."""
    if isinstance(distribution, Distribution):
        return type(distribution).__name__, distribution.parameters
    while isinstance(distribution, torch.distributions.Independent):
        distribution = distribution.base_dist
    name = type(distribution).__name__
    if not isinstance(distribution, torch.distributions.Distribution) or name not in laws.ALL:
        raise TypeError(f"estimate takes a distribution of aleator or its namesake in torch.distributions, got {distribution!r}")
    # Of several ways to give the parameters, the one that was used.
    signatures = laws.ALL[name]._signatures
    used = [signature for signature in signatures if all(key in vars(distribution) for key in signature)]
    signature = (used or list(signatures))[-1]
    return name, {key: getattr(distribution, key) for key in signature}
