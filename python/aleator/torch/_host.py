"""The functions of a graph that are not aleator's, as functions of tensors."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from .._host_function import HostFunction, PullBack
from ..errors import AleatorError, BlackBoxError, NoDerivativeError
from ._module import ModuleFunction

__all__ = ["check_captured", "host_functions", "is_in_numpy", "is_module"]


def host_functions(called: Mapping[str, Any], modules: torch.nn.Module) -> dict[str, Callable[..., torch.Tensor]]:
    """By name. Black boxes are called with NumPy's arrays, and so are functions whose derivative is given; PyTorch differentiates others.

    Parameters
    ----------
    called : mapping of str to CheckedFunction or HostFunction
    modules : torch.nn.Module
        Has the modules among them as attributes.
    """
    functions: dict[str, Callable[..., torch.Tensor]] = {}
    for name, function in called.items():
        if is_module(function):
            functions[name] = ModuleFunction(modules.get_submodule(name)).on_tensors
        elif is_in_numpy(function):
            functions[name] = _in_numpy(name, function)
        else:
            functions[name] = function.function
    return functions


def is_module(function: Any) -> bool:
    """Whether a function that a graph calls is a module of PyTorch."""
    return isinstance(function, HostFunction) and isinstance(function.function, ModuleFunction)


def is_in_numpy(function: Any) -> bool:
    """Whether a function that a graph calls takes arrays of NumPy."""
    return not is_module(function) and not (isinstance(function, HostFunction) and function.vjp is None)


def check_captured(called: Mapping[str, Any]) -> None:
    """Raises an error if a function uses tensors that would not get the gradient that they require."""
    for name, function in called.items():
        if is_module(function) or is_in_numpy(function):
            continue
        for label, value in _captured(function.function):
            tensors = value.parameters() if isinstance(value, torch.nn.Module) else [value]
            if any(isinstance(x, torch.Tensor) and x.requires_grad for x in tensors):
                raise AleatorError(
                    f"`{name}` uses `{label}`, whose tensors require a gradient and would get none: call a module, as in "
                    "`g.call(module, z)`, pass them as arguments, or use `aleator.torch.estimate`"
                )


def _captured(function: Any) -> Iterator[tuple[str, Any]]:
    """What a function uses besides its arguments, as far as it can be seen."""
    if isinstance(function, functools.partial):
        yield from ((f"argument {i}", value) for i, value in enumerate(function.args))
        yield from function.keywords.items()
        yield from _captured(function.func)
    elif inspect.ismethod(function):
        yield type(function.__self__).__name__, function.__self__
        yield from _captured(function.__func__)
    elif inspect.isfunction(function):
        variables = inspect.getclosurevars(function)
        yield from variables.nonlocals.items()
        yield from variables.globals.items()


def _in_numpy(name: str, function: Any) -> Callable[..., torch.Tensor]:
    def call(*arguments: torch.Tensor) -> torch.Tensor:
        return _InNumPy.apply(name, function, 0, function.shape, *arguments)

    return call


class _InNumPy(torch.autograd.Function):
    """A function of NumPy's arrays, for each index of the axes in front of the arguments', of which there are `lead`."""

    @staticmethod
    def forward(name: str, function: Any, lead: int, shape: tuple[int, ...], *arguments: torch.Tensor) -> torch.Tensor:
        return _evaluate(name, function, lead, shape, arguments)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        ctx.name, ctx.function, ctx.lead, ctx.shape, *arguments = inputs
        ctx.save_for_backward(*arguments)

    @staticmethod
    def backward(ctx: Any, cotangent: torch.Tensor) -> Any:
        arguments = ctx.saved_tensors
        pulled = [
            _derivative(ctx.name, ctx.function, i, ctx.lead, arguments, cotangent) if needed else None
            for i, needed in enumerate(ctx.needs_input_grad[4:])
        ]
        return None, None, None, None, *pulled

    @staticmethod
    def vmap(info: Any, in_dims: Any, name: str, function: Any, lead: int, shape: tuple[int, ...], *arguments: torch.Tensor) -> Any:
        mapped = [
            x.unsqueeze(0).expand(info.batch_size, *x.shape) if dim is None else x.movedim(dim, 0)
            for x, dim in zip(arguments, in_dims[4:])
        ]
        return _InNumPy.apply(name, function, lead + 1, shape, *mapped), 0


def _derivative(name: str, function: Any, i: int, lead: int, arguments: tuple[torch.Tensor, ...], cotangent: torch.Tensor) -> torch.Tensor:
    shape = tuple(arguments[i].shape[lead:])
    if isinstance(function, HostFunction):
        return _InNumPy.apply(name, function.pull_back(i), lead, shape, *arguments, cotangent)
    if isinstance(function, PullBack) and i == len(arguments) - 1:
        return _InNumPy.apply(name, _PushForward(function), lead, shape, *arguments, cotangent)
    raise NoDerivativeError(f"`{name}` has no derivative of this order; use an estimator that needs none, such as the score function")


class _PushForward:
    """(x, c, t) -> the derivative of a function along a tangent of one of its arguments, for any c."""

    def __init__(self, pull_back: PullBack) -> None:
        self._pull_back = pull_back

    def __call__(self, *arguments: Any) -> Any:
        *values, cotangent, tangent = arguments
        result = np.zeros(cotangent.shape)
        for index in np.ndindex(cotangent.shape):
            unit = np.zeros(cotangent.shape)
            unit[index] = 1
            result[index] = np.sum(self._pull_back(*values, unit) * tangent)
        return result


def _evaluate(name: str, function: Any, lead: int, shape: tuple[int, ...], arguments: tuple[torch.Tensor, ...]) -> torch.Tensor:
    front = arguments[0].shape[:lead]
    rows = [x.detach().reshape(math.prod(front), *x.shape[lead:]).to("cpu", torch.float64).numpy() for x in arguments]
    try:
        if getattr(function, "vectorized", False):
            results = function(*rows)
        else:
            results = np.array([function(*row) for row in zip(*rows)])
    except Exception as error:
        raise BlackBoxError(f"`{name}` failed: {type(error).__name__}: {error}") from error
    return torch.as_tensor(results, dtype=arguments[0].dtype, device=arguments[0].device).reshape((*front, *shape))
