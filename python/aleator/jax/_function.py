"""A graph as a JAX function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import AleatorError
from .._arguments import seed_number
from ..graph import Graph
from ._host import host_functions

__all__ = ["Function", "function"]

# The optimiser of the estimators' own parameters: Adam with the constants of the native program.
_RATE, _DECAY, _DECAY_OF_SQUARES, _EPSILON = 0.01, 0.9, 0.999, 1e-8


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
    ) -> None:
        if not isinstance(graph, Graph):
            raise TypeError(f"a function is made of a graph, got {graph!r}")
        self._graph = graph.copy()
        self._opaque = opaque or {}
        self._options = samples, replicates, via
        self._seed = seed_number(seed)
        self._held = self._compiled(tune=False)
        self._tuned: _Compiled | None = None
        inputs = self._held.inputs
        self._initial = {i["name"]: _array(i) for i in inputs}
        self.params = {i["name"]: tuple(i["shape"]) for i in inputs if i["role"] == "param"}
        self.data = {i["name"]: tuple(i["shape"]) for i in inputs if i["role"] == "data"}
        self._value = jax.custom_vjp(self._objective)
        self._value.defvjp(self._forward, self._backward)

    def _compiled(self, tune: bool) -> _Compiled:
        samples, replicates, via = self._options
        return _Compiled(*self._graph._surrogate(samples, replicates, via, tune))

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
        outputs = self._held.run(inputs, (self._words(key), step), dtype, self._host(dtype))
        return outputs["objective"], {name: outputs[f"gradient.{name}"] for name in self.params}

    def value(self, params: Mapping[str, Any] | None = None, *, data: Any = None, step: Any = 0, key: Any = None, state: Any = None) -> jax.Array:
        """The objective alone, whose derivative by `params` in JAX is the estimate of the gradient."""
        return self._value_with((), params, data, step, key, state)

    def _value_with(self, aside: Any, params: Any, data: Any, step: Any, key: Any, state: Any) -> jax.Array:
        """The same, where `aside` is given to the opaque functions."""
        params = {} if params is None else {name: jnp.asarray(value) for name, value in params.items()}
        self._inputs(params, data, state)
        seed = self._words(key)
        return self._value(params, data, state, (seed, jnp.asarray(step)), aside)

    def _objective(self, params: Any, data: Any, state: Any, noise: Any, aside: Any) -> jax.Array:
        inputs, dtype = self._inputs(params, data, state)
        return self._held.run(inputs, noise, dtype, self._host(dtype, aside))["objective"]

    def _forward(self, params: Any, data: Any, state: Any, noise: Any, aside: Any) -> Any:
        inputs, dtype = self._inputs(params, data, state)
        outputs = self._held.run(inputs, noise, dtype, self._host(dtype, aside))
        grads = {name: outputs[f"gradient.{name}"].astype(value.dtype) for name, value in params.items()}
        return outputs["objective"], (grads, data, state, noise, aside)

    def _backward(self, kept: Any, cotangent: jax.Array) -> Any:
        grads, *others = kept
        nothing = jax.tree.map(_no_cotangent, tuple(others))
        return {name: grad * cotangent.astype(grad.dtype) for name, grad in grads.items()}, *nothing

    def init(self) -> dict[str, Any]:
        """The estimators' own parameters (coefficients, temperatures, networks, baselines) at their initial values: a pytree."""
        return {i["name"]: _initial_state(i, self._initial[i["name"]]) for i in self._own()}

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
        if self._tuned is None:
            self._tuned = self._compiled(tune=True)
        inputs, dtype = self._inputs(params, data, state)
        outputs = self._tuned.run(inputs, (self._words(key), step), dtype, self._host(dtype, aside))
        return {i["name"]: _updated(i, state[i["name"]], outputs) for i in self._tuned.own()}

    def _own(self) -> list[dict[str, Any]]:
        if self._tuned is None:
            self._tuned = self._compiled(tune=True)
        return self._tuned.own()

    def _host(self, dtype: Any, aside: Any = ()) -> dict[str, Any]:
        """The functions that the text calls, by name."""
        called = host_functions(self._graph, dtype)
        return {**called, **{name: function(aside) for name, function in self._opaque.items()}}

    def _words(self, key: Any) -> Any:
        """The two words of the seed, with the key folded in."""
        seed = jnp.array([self._seed & 0xFFFFFFFF, self._seed >> 32], jnp.uint32)
        if key is None:
            return seed
        if jnp.issubdtype(jnp.asarray(key).dtype, jax.dtypes.prng_key):
            key = jax.random.key_data(key)
        words = jnp.asarray(key).astype(jnp.uint32).reshape(-1)
        return seed ^ words[-2:]

    def _inputs(self, params: Any, data: Any, state: Any) -> tuple[dict[str, Any], Any]:
        given = {}
        for kind, values, known in (("parameter", params, self.params), ("data", data, self.data)):
            for name, value in (values or {}).items():
                if name not in known:
                    raise AleatorError(f"unknown {kind} `{name}`: there is {', '.join(known) or 'none'}")
                value = value if isinstance(value, jax.Array) else np.asarray(value)
                if value.shape != known[name]:
                    raise AleatorError(f"`{name}` has shape {known[name]}, got {value.shape}")
                given[name] = value
        # Arrays of NumPy are float64, whatever the function computes with.
        types = [value.dtype for value in given.values() if isinstance(value, jax.Array)]
        dtype = jnp.float64 if jnp.dtype("float64") in types else jnp.float32
        if state is not None:
            given.update({name: entry["value"] for name, entry in state.items()})
        return {**self._initial, **given}, dtype


class _Compiled:
    """A surrogate and its text, executed."""

    def __init__(self, document: str, text: str) -> None:
        self.inputs = json.loads(document)["inputs"]
        self.text = text
        scope: dict[str, Any] = {}
        exec(compile(text, "<the estimate as Python>", "exec"), scope)
        self._estimate = scope["estimate"]

    def own(self) -> list[dict[str, Any]]:
        return [i for i in self.inputs if i["role"] in ("estimator", "state")]

    def run(self, inputs: dict[str, Any], noise: Any, dtype: Any, host: dict[str, Any]) -> dict[str, jax.Array]:
        return self._estimate(inputs, noise, dtype, host)


def _no_cotangent(x: Any) -> Any:
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.inexact):
        return jnp.zeros_like(x)
    return np.zeros(x.shape, jax.dtypes.float0)


def _array(entry: dict[str, Any]) -> np.ndarray[Any, Any]:
    values = [float(x) if not isinstance(x, str) or x in ("inf", "-inf", "nan") else float("nan") for x in entry["initial"]]
    return np.array(values, np.float64).reshape(entry["shape"])


def _initial_state(entry: dict[str, Any], value: np.ndarray[Any, Any]) -> dict[str, Any]:
    value = jnp.asarray(value, jnp.result_type(float))
    zeros = jnp.zeros_like(value)
    if entry["update"] == "descends":
        return {"value": value, "mean": zeros, "square": zeros, "count": jnp.zeros((), jnp.int32)}
    if entry["update"] == "ratio":
        return {"value": value, "above": zeros, "below": zeros}
    return {"value": value}


def _updated(entry: dict[str, Any], old: dict[str, Any], outputs: dict[str, jax.Array]) -> dict[str, Any]:
    name, value, update = entry["name"], old["value"], entry["update"]

    def output(kind: str) -> jax.Array:
        return outputs[f"{kind}.{name}"].astype(value.dtype).reshape(value.shape)

    if update == "becomes":
        return {"value": output("update")}
    if update == "descends":
        gradient, count = output("descent"), old["count"] + 1
        mean = _DECAY * old["mean"] + (1 - _DECAY) * gradient
        square = _DECAY_OF_SQUARES * old["square"] + (1 - _DECAY_OF_SQUARES) * gradient**2
        unbiased_mean = mean / (1 - _DECAY**count)
        unbiased_square = square / (1 - _DECAY_OF_SQUARES**count)
        value = value - _RATE * unbiased_mean / (jnp.sqrt(unbiased_square) + _EPSILON)
        return {"value": value, "mean": mean, "square": square, "count": count}
    if update == "ratio":
        above, below = old["above"] + output("numerator"), old["below"] + output("denominator")
        return {"value": jnp.where(below > 0, above / jnp.where(below > 0, below, 1), 0), "above": above, "below": below}
    return old


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
