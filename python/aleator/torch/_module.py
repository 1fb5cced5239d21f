"""Modules of PyTorch as functions that a graph calls: `g.call(decoder, z)`.

All parameters of a module are one parameter of the graph, laid end to end, so that their gradient is one derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .._arguments import checked_name
from .._called import called_functions, check_function
from .._expressions import Expr, as_expr
from .._host_function import CALLERS, HostFunction, add_call, host_function, row_flags
from ..errors import AleatorError
from ..graph import Graph

__all__ = ["ModuleFunction", "flat_parameters"]


def flat_parameters(module: torch.nn.Module) -> torch.Tensor | None:
    """All parameters laid end to end; None if there are none."""
    parts = [parameter.reshape(-1) for parameter in module.parameters()]
    return torch.cat(parts) if parts else None


class ModuleFunction:
    """A module as a function of its parameters, laid end to end, and of its arguments."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self._has_parameters = next(module.parameters(), None) is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModuleFunction) and other.module is self.module

    __hash__ = object.__hash__

    def on_tensors(self, *arguments: torch.Tensor) -> torch.Tensor:
        """The result for tensors, which PyTorch can differentiate."""
        if not self._has_parameters:
            return self.module(*arguments)
        flat, *inputs = arguments
        parameters, start = {}, 0
        for name, parameter in self.module.named_parameters():
            parameters[name] = flat[start : start + parameter.numel()].reshape(parameter.shape)
            start += parameter.numel()
        return torch.func.functional_call(self.module, parameters, tuple(inputs))

    def __call__(self, *arguments: Any) -> Any:
        """The result for NumPy's arrays."""
        with torch.no_grad():
            return self.on_tensors(*map(torch.as_tensor, arguments)).numpy()

    def vjp(self, cotangent: Any, *arguments: Any) -> tuple[Any, ...]:
        """The derivatives by all arguments, for NumPy's arrays."""
        _, back = torch.func.vjp(self.on_tensors, *map(torch.as_tensor, arguments))
        return tuple(x.numpy() for x in back(torch.as_tensor(cotangent)))


def _call(
    graph: Graph,
    module: torch.nn.Module,
    *arguments: Any,
    shape: Any,
    vjp: Any,
    rows: bool | Sequence[bool],
    may_jump: bool,
    name: str | None,
) -> Expr:
    if vjp is not None:
        raise TypeError("PyTorch differentiates a module itself: leave `vjp` out")
    label = checked_name(type(module).__name__ if name is None else name)
    function = ModuleFunction(module)
    exprs = [as_expr(graph, argument) for argument in arguments]
    if shape is None:
        shape = _result_shape(label, module, [expr.shape for expr in exprs])
    called = host_function(label, function, shape, function.vjp, exprs)
    check_function(graph, called)
    flags = row_flags(called, rows, exprs)
    flat = flat_parameters(module)
    if flat is not None:
        # A module may be called at several places.
        known = label in called_functions(graph)
        parameter = graph.params[label] if known else graph.param(label, flat.detach().double().numpy(force=True))
        exprs, flags = [parameter, *exprs], [False, *flags]
    return add_call(graph, called, exprs, flags, may_jump)


def _result_shape(name: str, module: torch.nn.Module, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result, found without values."""
    dtype = next((parameter.dtype for parameter in module.parameters()), torch.get_default_dtype())
    try:
        with torch.no_grad():
            state = {name: torch.empty_like(x, device="meta") for name, x in (*module.named_parameters(), *module.named_buffers())}
            inputs = tuple(torch.empty(shape, dtype=dtype, device="meta") for shape in shapes)
            result = torch.func.functional_call(module, state, inputs)
    except Exception as error:
        given = ", ".join(map(str, shapes))
        raise AleatorError(f"the module `{name}` failed with arguments of shapes {given}: {error}; if they are right, give `shape`") from error
    if not isinstance(result, torch.Tensor):
        raise TypeError(f"the module `{name}` returned `{type(result).__name__}`, expected one tensor")
    return tuple(result.shape)


CALLERS[torch.nn.Module] = _call
