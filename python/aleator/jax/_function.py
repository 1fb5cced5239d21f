"""A graph as a JAX function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._arrays import as_float
from .._surrogate import Surrogate, check_shape, initial_state, updated_state
from ..graph import Graph
from ._host import host_functions

__all__ = ["Function", "function"]


class Function:
    """An estimate of a graph's objective and gradient as a JAX function; `function` makes it.

    It may be jitted, mapped over steps and parameters, and sharded as any JAX function.

    Attributes
    ----------
    params, data : dict of str to tuple of int
        The shapes of the parameters and of the data.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        samples: int | None,
        replicates: int | None,
        seed: int,
        via: Any,
        opaque: Mapping[str, Callable[[Any], Any]] | None = None,
        watched: Sequence[str] = (),
    ) -> None:
        self._surrogate = Surrogate(graph, samples=samples, replicates=replicates, seed=seed, via=via, watched=watched)
        self._watched = list(watched)
        # Functions that are made of the values aside, which are not those of the graph.
        self._opaque = opaque or {}
        self.params, self.data = self._surrogate.params, self._surrogate.data
        self._value = jax.custom_vjp(self._objective)
        self._value.defvjp(self._forward, self._backward)

    @functools.cached_property
    def _held(self) -> Any:
        return self._surrogate.held.function()

    @functools.cached_property
    def _tuned(self) -> Any:
        return self._surrogate.tuned.function()

    def __call__(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        data: Mapping[str, Any] | None = None,
        step: Any = 0,
        key: Any = None,
        state: Any = None,
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        """One estimate.

        Parameters
        ----------
        params, data : mapping of str to array_like, optional
            Values that replace the graph's.
        step : int or integer array
            The step of the noise: the same seed and step give the same numbers.
        key : jax.Array, optional
            A key of `jax.random`, folded into the seed.
        state : pytree, optional
            The estimators' own parameters, from `init` or `update`.

        Returns
        -------
        value : jax.Array
            The objective, of shape ``()`` (or ``(replicates,)``).
        grads : dict of str to jax.Array
            The gradient by parameter.

        Raises
        ------
        AleatorError
            If a name is unknown or a shape differs.
        """
        inputs, dtype = self._inputs(params, data, state)
        outputs = self._run(self._held, inputs, (self._words(key), step), dtype)
        return outputs["objective"], {name: outputs[f"gradient.{name}"] for name in self.params}

    def value(self, params: Mapping[str, Any] | None = None, *, data: Any = None, step: Any = 0, key: Any = None, state: Any = None) -> jax.Array:
        """The objective alone, whose derivative by `params` in JAX is the estimate of the gradient."""
        return self._value_with((), params, data, step, key, state)[0]

    def _value_with(
        self, aside: Any, params: Any, data: Any, step: Any, key: Any, state: Any
    ) -> tuple[jax.Array, list[jax.Array]]:
        """The objective, and the means of what is watched, which have no derivative."""
        params = {} if params is None else {name: jnp.asarray(value) for name, value in params.items()}
        self._inputs(params, data, state)
        seed = self._words(key)
        return self._value(params, data, state, (seed, jnp.asarray(step)), aside)

    def _objective(self, params: Any, data: Any, state: Any, noise: Any, aside: Any) -> tuple[jax.Array, list[jax.Array]]:
        inputs, dtype = self._inputs(params, data, state)
        return self._results(self._run(self._estimate, inputs, noise, dtype, aside))

    def _results(self, outputs: dict[str, jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
        return outputs["objective"], [outputs[f"update.{name}"] for name in self._watched]

    @property
    def _estimate(self) -> Any:
        # What is watched is the next value of a state, which changes only where an estimate is tuned.
        return self._tuned if self._watched else self._held

    def _forward(self, params: Any, data: Any, state: Any, noise: Any, aside: Any) -> Any:
        inputs, dtype = self._inputs(params, data, state)
        outputs = self._run(self._estimate, inputs, noise, dtype, aside)
        grads = {name: outputs[f"gradient.{name}"].astype(value.dtype) for name, value in params.items()}
        return self._results(outputs), (grads, params, data, state, noise, aside)

    def _backward(self, kept: Any, cotangents: tuple[jax.Array, Any]) -> Any:
        (cotangent, _), (grads, params, *others) = cotangents, kept
        nothing = jax.tree.map(_no_cotangent, tuple(others))
        # Replicates are on a leading axis.
        weighted = {n: jnp.tensordot(cotangent.astype(grad.dtype), grad, cotangent.ndim) for n, grad in grads.items()}
        return {name: _as_cotangent(grad, params[name]) for name, grad in weighted.items()}, *nothing

    def init(self) -> dict[str, Any]:
        """The estimators' own parameters (coefficients, temperatures, networks, baselines) at their initial values: a pytree."""
        dtype = jnp.result_type(float)
        own = self._surrogate.own
        return {i["name"]: initial_state(i, jnp.asarray(self._surrogate.initial[i["name"]], dtype), jnp) for i in own}

    def update(
        self,
        state: Any,
        params: Mapping[str, Any] | None = None,
        *,
        data: Mapping[str, Any] | None = None,
        step: Any = 0,
        key: Any = None,
    ) -> dict[str, Any]:
        """The estimators' own parameters after one more run, as a native program changes them while it trains."""
        return self._update_with((), state, params, data, step, key)

    def _update_with(self, aside: Any, state: Any, params: Any, data: Any, step: Any, key: Any) -> dict[str, Any]:
        inputs, dtype = self._inputs(params, data, state)
        outputs = self._run(self._tuned, inputs, (self._words(key), step), dtype, aside)
        return {i["name"]: updated_state(i, state[i["name"]], outputs, jnp) for i in self._surrogate.own}

    def _run(
        self, estimate: Any, inputs: dict[str, Any], noise: Any, dtype: Any, aside: Any = ()
    ) -> dict[str, jax.Array]:
        host = host_functions(self._surrogate.functions, dtype)
        host.update((name, function(aside)) for name, function in self._opaque.items())
        outputs = estimate(inputs, noise, dtype, host)
        # A function of JAX raises no exceptions: without a distribution there is no estimate.
        violations = outputs.pop("violations")
        return {name: jnp.where(violations == 0, value, jnp.nan) for name, value in outputs.items()}

    def _words(self, key: Any) -> Any:
        """The two words of the seed, with the key folded in."""
        seed = jnp.array([self._surrogate.seed & 0xFFFFFFFF, self._surrogate.seed >> 32], jnp.uint32)
        if key is None:
            return seed
        if jnp.issubdtype(jnp.asarray(key).dtype, jax.dtypes.prng_key):
            key = jax.random.key_data(key)
        words = jnp.asarray(key).astype(jnp.uint32).reshape(-1)
        return seed ^ words[-2:]

    def _inputs(self, params: Any, data: Any, state: Any) -> tuple[dict[str, Any], Any]:
        given = {}
        for name, value, expected in self._surrogate.named(params, data):
            value = value if isinstance(value, jax.Array) else as_float(value, f"the value of `{name}`")
            check_shape(name, value.shape, expected)
            given[name] = value
        # Arrays of NumPy are float64, whatever the function computes with.
        types = [value.dtype for value in given.values() if isinstance(value, jax.Array)]
        dtype = jnp.float64 if jnp.dtype("float64") in types else jnp.float32
        if state is not None:
            given.update(self._surrogate.own_values(state))
        return {**self._surrogate.initial, **given}, dtype


def _as_cotangent(gradient: jax.Array, value: jax.Array) -> jax.Array:
    """Within `shard_map`, a value that is the same along an axis of the mesh has the sum of the gradients there."""
    of_gradient, of_value = (jax.typeof(x).manual_axis_type.varying for x in (gradient, value))
    axes = of_gradient - of_value
    return jax.lax.psum(gradient, tuple(axes)) if axes else gradient


def _no_cotangent(x: Any) -> Any:
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.inexact):
        return jnp.zeros_like(x)
    return np.zeros(x.shape, jax.dtypes.float0)


def function(
    graph: Graph, *, samples: int | None = None, replicates: int | None = None, seed: int = 0, via: Any = None
) -> Function:
    """A graph as a JAX function of its parameters.

    Parameters
    ----------
    graph : Graph
    samples : int, optional
        Independent samples that are averaged in one estimate; by default the fewest that the estimators accept.
    replicates : int, optional
        Independent estimates of one call, on a leading axis.
    seed : int
        The seed of all noise.
    via : str, Estimator or mapping of str to these, optional
        Estimators that take precedence over the graph's.

    Returns
    -------
    Function
        ``f(params, step=..)`` gives the value and the gradients; `float32`, unless a parameter is `float64`. The noise is that of
        ``graph.compile(samples=.., seed=.., dtype=..)`` at the same step.
    """
    return Function(graph, samples=samples, replicates=replicates, seed=seed, via=via)
