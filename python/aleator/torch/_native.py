"""A native program as an operation of PyTorch."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch

from .._arguments import count
from .._surrogate import check_shape, named
from ..errors import AleatorError
from ..graph import Graph
from ..program import Program
from ._derivative import weighted
from ._tensors import as_values, common_device

__all__ = ["Native", "native"]

# An operation of PyTorch takes numbers and tensors: programs are known by number.
_programs: weakref.WeakValueDictionary[int, Native] = weakref.WeakValueDictionary()
_numbers = itertools.count()


class Native:
    """A native program as a function of tensors; `native` makes it.

    Attributes
    ----------
    params, data : dict of str to tuple of int
        The shapes of the parameters and of the data.
    """

    def __init__(self, program: Program) -> None:
        if not isinstance(program, Program):
            raise TypeError(f"native takes a program, which `Graph.compile` makes, got {program!r}")
        if program.tunes:
            raise AleatorError("a program that tunes its estimators changes with each call: compile it without `tune`")
        self._program = program
        graph = cast(Graph, program._graph)
        self.params = {name: expr.shape for name, expr in graph.params.items()}
        self.data = {name: expr.shape for name, expr in graph.datasets.items()}
        self._initial = {name: torch.as_tensor(graph.initial(name)) for name in (*self.params, *self.data)}
        self._number = next(_numbers)
        _programs[self._number] = self

    def __call__(
        self, params: Mapping[str, Any] | None = None, *, data: Mapping[str, Any] | None = None, step: int = 0
    ) -> torch.Tensor:
        """One estimate, as `Function.forward` gives it. Tensors are on the CPU, and the result has the program's dtype."""
        given = dict(self._initial)
        for name, value, expected in named(params, data, self.params, self.data):
            value = as_values(name, value, is_parameter=name in self.params)
            check_shape(name, value.shape, expected)
            given[name] = torch.as_tensor(value)
        device = common_device(given)
        if device.type != "cpu":
            raise AleatorError(f"a native program runs on the CPU, and the tensors are on {device}; use `aleator.torch.function` there")
        return _estimate(self._number, count(step, "a step"), list(given.values()))[0]

    def outputs(self) -> list[torch.Tensor]:
        """Tensors of the shapes and formats of the results, without values."""
        replicates = () if self._program.replicates is None else (self._program.replicates,)
        dtype = getattr(torch, str(self._program.dtype))
        return [torch.empty((*replicates, *shape), dtype=dtype) for shape in ((), *self.params.values())]

    def run(self, step: int, values: list[torch.Tensor]) -> list[torch.Tensor]:
        """The objective and the gradient by each parameter."""
        arrays = {name: x.detach().double().numpy() for name, x in zip(self._initial, values)}
        estimate = self._program(arrays, step=step)
        results = [estimate.objective, *(estimate.gradient[name] for name in self.params)]
        return [torch.tensor(np.asarray(x), dtype=like.dtype) for x, like in zip(results, self.outputs())]


def native(program: Program) -> Native:
    """A native program as a function of tensors, with its estimate as the gradient that autograd sees.

    Parameters
    ----------
    program : Program
        From `Graph.compile`, without `tune`. It runs on the CPU.

    Returns
    -------
    Native
        ``f(params, data=.., step=..)`` is the objective. It works under `torch.compile`, as one operation.
    """
    return Native(program)


_SCHEMA = "(int program, int step, Tensor[] values) -> Tensor[]"


@torch.library.custom_op("aleator::native", mutates_args=(), device_types="cpu", schema=_SCHEMA)
def _estimate(program: int, step: int, values: list[torch.Tensor]) -> list[torch.Tensor]:
    return _programs[program].run(step, values)


@_estimate.register_fake
def _(program: int, step: int, values: list[torch.Tensor]) -> list[torch.Tensor]:
    return _programs[program].outputs()


def _setup_context(ctx: Any, inputs: tuple[int, int, list[torch.Tensor]], output: list[torch.Tensor]) -> None:
    _, _, values = inputs
    _, *gradients = output
    ctx.by = len(gradients)
    ctx.save_for_backward(*gradients, *values)


def _backward(ctx: Any, cotangents: list[torch.Tensor]) -> Any:
    gradients, values = ctx.saved_tensors[: ctx.by], ctx.saved_tensors[ctx.by :]
    # The values are those of the parameters, and then of the data.
    by = [weighted(cotangents[0], gradient, x) for gradient, x in zip(gradients, values)]
    return None, None, [*by, *[None] * (len(values) - len(by))]


_estimate.register_autograd(_backward, setup_context=_setup_context)
