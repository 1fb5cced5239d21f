"""Runs the surrogate of a graph with tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from .._surrogate import Surrogate, Text
from ._host import host_functions, is_in_numpy
from ._names import names
from ._noise import noise_words, philox, unit_interval, words
from ._tensors import as_step

__all__ = ["Executor"]


class Executor:
    """Runs a surrogate, whose text it executes once for each format and device.

    Parameters
    ----------
    surrogate : Surrogate
    modules : torch.nn.Module
        Has the modules that the graph calls, as attributes.
    """

    def __init__(self, surrogate: Surrogate, modules: torch.nn.Module) -> None:
        self._surrogate, self._modules = surrogate, modules
        self._ready: dict[Any, _Ready] = {}

    def run(
        self,
        given: Mapping[str, Any],
        step: Any,
        dtype: torch.dtype,
        device: torch.device,
        *,
        seed: torch.Tensor | None = None,
        state: Any = None,
        tune: bool = False,
        host: Mapping[str, Callable[..., torch.Tensor]] | None = None,
    ) -> dict[str, torch.Tensor]:
        """The outputs by name; all of them are NaN if a parameter of a distribution is outside its domain.

        Parameters
        ----------
        given : mapping of str to torch.Tensor or numpy.ndarray
            Values that replace the initial ones.
        seed : torch.Tensor, optional
            An `int64`; by default that of the surrogate.
        state : dict, optional
            The estimators' own parameters.
        tune : bool
            Whether the outputs contain how these change.
        host : mapping of str to callable, optional
            Functions that the graph calls, in place of its own. What they depend on gets a derivative through the outputs.
        """
        key = tune, dtype, device
        ready = self._ready[key] if key in self._ready else self._prepare(*key)
        inputs = {**ready.inputs, **{name: x.detach() if isinstance(x, torch.Tensor) else x for name, x in given.items()}}
        if state is not None:
            inputs.update(self._surrogate.own_values(state))
        noise = ready.seed if seed is None else seed.to(device), as_step(step, device)
        # A compiled graph would be interrupted in the midst of loops and calls, which not all versions of PyTorch can do.
        compute = _compute_alone if ready.is_interrupted else _compute
        return compute(ready, inputs, noise, dtype, device, host)

    @torch.compiler.disable
    def _prepare(self, tune: bool, dtype: torch.dtype, device: torch.device) -> _Ready:
        text, called = self._surrogate.tuned if tune else self._surrogate.held, self._surrogate.functions
        self._ready[tune, dtype, device] = _Ready(
            _function(text, dtype, device),
            "while_loop" in text.text or any(map(is_in_numpy, called.values())),
            {name: torch.as_tensor(x, dtype=dtype, device=device) for name, x in self._surrogate.initial.items()},
            # The bits of an unsigned number.
            torch.tensor(self._surrogate.seed - (self._surrogate.seed >> 63 << 64), device=device),
            host_functions(called, self._modules),
        )
        return self._ready[tune, dtype, device]

    def __getstate__(self) -> dict[str, Any]:
        # Functions that were made of texts cannot be pickled, and are made again.
        return {**self.__dict__, "_ready": {}}


class _Ready(NamedTuple):
    """An estimate for a format and a device."""

    estimate: Callable[..., dict[str, torch.Tensor]]
    is_interrupted: bool
    inputs: dict[str, torch.Tensor]
    seed: torch.Tensor
    host: dict[str, Callable[..., torch.Tensor]]


def _compute(
    ready: _Ready, inputs: dict[str, Any], noise: Any, dtype: torch.dtype, device: torch.device, host: Any
) -> dict[str, torch.Tensor]:
    differentiable = host is not None and torch.is_grad_enabled()
    with torch.set_grad_enabled(differentiable), torch.autocast(device.type, enabled=False):
        outputs = ready.estimate(inputs, noise, dtype, {**ready.host, **(host or {})})
        valid = outputs.pop("violations") == 0
        return {name: torch.where(valid, x, math.nan) for name, x in outputs.items()}


_compute_alone = torch.compiler.disable(_compute)


def _function(text: Text, dtype: torch.dtype, device: torch.device) -> Callable[..., dict[str, torch.Tensor]]:
    """The function ``estimate(inputs, noise, dtype, host)`` for tensors of `dtype` on `device`; `noise` are `int64` tensors."""

    def constant(values: Any, shape: tuple[int, ...], _: torch.dtype) -> torch.Tensor:
        return torch.tensor(np.asarray(values, np.float64), dtype=dtype, device=device).reshape(shape)

    replaced = {
        "words": words,
        "philox": philox,
        "_noise_words": noise_words,
        "_unit_interval": unit_interval,
        "constant": constant,
        "pull_back": _pull_back,
    }
    return text.function(names(dtype, device), replaced)


def _pull_back(function: Callable[..., torch.Tensor], i: int) -> Callable[..., torch.Tensor]:
    """(x, c) -> (df/dx_i)^T c. No more than this derivative is computed."""

    def pulled(*arguments: torch.Tensor) -> torch.Tensor:
        *x, cotangent = arguments
        _, back = torch.func.vjp(lambda one: function(*x[:i], one, *x[i + 1 :]), x[i])
        return back(cotangent)[0]

    return pulled
