"""The functions of a graph that are not aleator's, as functions of JAX arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._black_box import CheckedFunction
from .._host_function import HostFunction

__all__ = ["host_functions"]


def host_functions(called: Mapping[str, Any], dtype: Any) -> dict[str, Callable[..., Any]]:
    """By name. A black box calls back into Python, and so does a function whose derivative is given; JAX traces the others."""
    functions: dict[str, Callable[..., Any]] = {}
    for name, function in called.items():
        if isinstance(function, CheckedFunction):
            functions[name] = _black_box(function, dtype)
        elif function.vjp is not None:
            functions[name] = _with_derivative(function, dtype)
        else:
            functions[name] = function.function
    return functions


def _black_box(function: CheckedFunction, dtype: Any) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        own = [jnp.shape(argument) for argument in arguments]

        def evaluate(*arrays: Any) -> Any:
            # All arrays have the same axes in front, over which the call is mapped.
            lead = arrays[0].shape[: arrays[0].ndim - len(own[0])]
            count = math.prod(lead)
            rows = [np.asarray(array, np.float64).reshape((count, *shape)) for array, shape in zip(arrays, own)]
            if function.vectorized:
                results = function(*rows)
            else:
                results = np.array([function(*row) for row in zip(*rows)])
            return results.reshape((*lead, *function.shape)).astype(dtype)

        result = jax.ShapeDtypeStruct(function.shape, dtype)
        return jax.pure_callback(evaluate, result, *arguments, vmap_method="broadcast_all")

    return call


def _with_derivative(function: HostFunction, dtype: Any) -> Callable[..., Any]:
    def call(of: Callable[..., Any], shape: tuple[int, ...], *arguments: Any) -> Any:
        def evaluate(*arrays: Any) -> Any:
            return np.asarray(of(*[np.asarray(array, np.float64) for array in arrays]), dtype)

        return jax.pure_callback(evaluate, jax.ShapeDtypeStruct(shape, dtype), *arguments, vmap_method="sequential")

    @jax.custom_vjp
    def forward(*arguments: Any) -> Any:
        return call(function, function.shape, *arguments)

    def keep(*arguments: Any) -> Any:
        return forward(*arguments), arguments

    def back(arguments: Any, cotangent: Any) -> Any:
        pulled = [
            call(function.pull_back(i), jnp.shape(x), *arguments, cotangent).astype(x.dtype) for i, x in enumerate(arguments)
        ]
        return tuple(pulled)

    forward.defvjp(keep, back)
    return forward
