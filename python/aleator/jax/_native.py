"""A native program inside JAX functions, on the CPU."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.ffi
import jax.numpy as jnp
import numpy as np

from .. import _aleator
from .._surrogate import check_shape, named
from ..errors import AleatorError
from ..graph import Graph
from ..program import Program

__all__ = ["native"]

# What XLA calls.
_TARGET = "aleator_program"


@functools.cache
def _register() -> None:
    jax.ffi.register_ffi_target(_TARGET, _aleator.xla_call(), platform="cpu")


def native(program: Program) -> Callable[..., jax.Array]:
    """A native program as a function of JAX arrays, whose derivative is the estimate of the gradient.

    It may be jitted and mapped; XLA calls the program without Python. Elsewhere than on CPUs, use `function`. The program lives as long
    as the process.

    Parameters
    ----------
    program : Program
        One that does not tune: the same step gives the same numbers.

    Returns
    -------
    callable
        ``f(params, data=.., step=..)`` gives the objective, of shape ``()`` or ``(replicates,)`` and of the program's format.

    Raises
    ------
    TypeError, AleatorError
        If it is no program, or one that tunes.
    """
    if not isinstance(program, Program):
        raise TypeError(f"native takes a program, which `Graph.compile` makes, got {program!r}")
    if program.tunes:
        raise AleatorError("a program that tunes its estimators changes with each call: compile it without `tune`")
    graph = program._graph
    assert isinstance(graph, Graph)
    shapes = [{name: expr.shape for name, expr in of.items()} for of in (graph.params, graph.datasets)]
    by = list(shapes[0])
    initial = {name: graph.initial(name) for of in shapes for name in of}
    replicates = () if program.replicates is None else (program.replicates,)
    # What JAX does not know, such as float64 by default, comes back in the nearest format that it does.
    dtype = jax.dtypes.canonicalize_dtype(program.dtype)
    results = [jax.ShapeDtypeStruct((*replicates, *shape), dtype) for shape in ((), *shapes[0].values())]

    _register()
    number = np.int64(_aleator.xla_number(program))

    def called(values: Any, step: Any) -> list[jax.Array]:
        call = jax.ffi.ffi_call(_TARGET, results, vmap_method="sequential")
        return list(call(*values, step, program=number))

    @jax.custom_vjp
    def estimate(values: Any, step: Any) -> jax.Array:
        return called(values, step)[0]

    def forward(values: Any, step: Any) -> Any:
        objective, *grads = called(values, step)
        return objective, (grads, values[len(by) :], step)

    def backward(kept: Any, cotangent: Any) -> Any:
        grads, others, step = kept
        weighted = [jnp.tensordot(cotangent, grad, cotangent.ndim) for grad in grads]
        return [*weighted, *map(jnp.zeros_like, others)], np.zeros(jnp.shape(step), jax.dtypes.float0)

    estimate.defvjp(forward, backward)

    def function(params: Mapping[str, Any] | None = None, *, data: Mapping[str, Any] | None = None, step: Any = 0) -> jax.Array:
        given = dict(initial)
        for name, value, expected in named(params, data, *shapes):
            check_shape(name, jnp.shape(value), expected)
            given[name] = value
        return estimate([jnp.asarray(value, dtype) for value in given.values()], jnp.asarray(step))

    return function
