"""A cost that is a JAX function with random nodes.

The function is traced once for each set of shapes. Equations that depend on a random node become an aleator graph, whose parameters and
data are the values that they take from the rest. The rest, such as an encoder, stays JAX:

    arguments -> (JAX) -> values at the border -> (aleator's estimate) -> objective

The derivative by the values at the border is the estimate of the gradient, and JAX's own derivative carries it to the arguments.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core as jex

from .. import distributions as laws
from ..distributions import Distribution
from ..errors import AleatorError
from ..estimators import Estimator
from ..graph import Graph, via_text
from ._function import Function
from ._translate import RULES

__all__ = ["Expectation", "expectation", "kl", "log_prob", "sample"]

# One primitive stands for all nodes that only aleator can compute.
_node = jex.Primitive("aleator")


@dataclasses.dataclass(frozen=True)
class _What:
    """What a node is: `operation` of distributions, which are given by their names and by those of their parameters."""

    operation: str
    laws: tuple[tuple[str, tuple[str, ...]], ...]
    name: str | None = None
    via: str | None = None
    copies: int | None = None

    def on(self, graph: Graph, operands: Sequence[Any]) -> Any:
        """The node in a graph: the operands are the parameters of the distributions, in order, and then the value if there is one."""
        distributions, rest = [], list(operands)
        for kind, keys in self.laws:
            given, rest = dict(zip(keys, rest)), rest[len(keys) :]
            distributions.append(laws.ALL[kind](**given))
        if self.operation == "sample":
            return graph.sample(self.name, distributions[0], via=self.via, copies=self.copies)
        if self.operation == "log_prob":
            return distributions[0].log_prob(*rest)
        return laws.kl(*distributions)


@_node.def_impl
def _alone(*_: Any, what: _What, shape: Any) -> Any:
    raise AleatorError(f"`{what.operation}` works in a function that `aleator.jax.expectation` makes, and only there")


@_node.def_abstract_eval
def _abstract(*operands: Any, what: _What, shape: tuple[int, ...]) -> Any:
    return jax.core.ShapedArray(shape, jnp.result_type(*[operand.dtype for operand in operands]))


def _bind(operation: str, distributions: Sequence[Distribution], *more: Any, **options: Any) -> Any:
    names = []
    operands = []
    for distribution in distributions:
        if not isinstance(distribution, Distribution):
            raise TypeError(f"{operation} needs a distribution such as al.Bernoulli(logits=logits), got {distribution!r}")
        names.append((type(distribution).__name__, tuple(distribution.parameters)))
        operands.extend(distribution.parameters.values())
    arrays = [_as_float(operand) for operand in (*operands, *more)]
    what = _What(operation, tuple(names), **options)
    # The shape of the result is that in a graph of parameters of these shapes.
    graph = Graph()
    shape = tuple(what.on(graph, [graph.param(f"p{i}", np.ones(x.shape)) for i, x in enumerate(arrays)]).shape)
    return _node.bind(*arrays, what=what, shape=shape)


def _as_float(value: Any) -> jax.Array:
    dtype = jnp.result_type(value)
    # Arrays of NumPy are float64, whatever the function computes with.
    own = isinstance(value, jax.Array) and jnp.issubdtype(dtype, jnp.floating)
    return jnp.asarray(value, dtype if own else jnp.float32)


# The random nodes of the functions that are being traced, by name.
_tracing: list[dict[str, Distribution]] = []


def _sites() -> dict[str, Distribution]:
    if not _tracing:
        raise AleatorError("random nodes are only in a function that `aleator.jax.expectation` makes")
    return _tracing[-1]


def sample(name: str, distribution: Distribution, *, via: str | Estimator | None = None, copies: int | None = None) -> Any:
    """A random node of the cost.

    Parameters
    ----------
    name : str
        A name that no other random node has.
    distribution : Distribution
        ``al.Bernoulli(logits=..)`` and so on, with arrays of JAX as parameters.
    via : str or Estimator, optional
        The estimator of gradients through it; by default the library chooses an unbiased one.
    copies : int, optional
        Draws as many independent copies along a new leading axis.
    """
    if not isinstance(name, str):
        raise TypeError(f"a name is a text, got {name!r}")
    if name in _sites():
        raise AleatorError(f"there are two random nodes `{name}`; give each a name of its own")
    text = None if via is None else via_text(via)
    z = _bind("sample", [distribution], name=name, via=text, copies=copies)
    _sites()[name] = distribution
    return z


def log_prob(distribution: Distribution, value: Any) -> Any:
    """log p(value) in nats, summed over the event; value and parameters may depend on random nodes."""
    _sites()
    return _bind("log_prob", [distribution], value)


def kl(name: str, prior: Distribution) -> Any:
    """KL(q || prior) in nats, in closed form, where q is the distribution of the random node of that name."""
    if name not in _sites():
        raise AleatorError(f"kl: there is no random node `{name}` before it; there is {', '.join(_sites()) or 'none'}")
    return _bind("kl", [_sites()[name], prior])


class Expectation:
    """The expectation of a cost; `expectation` makes it.

    All methods take the arguments of the function, and further `key` (of `jax.random`), `step` and `state` (of `init`).
    """

    def __init__(self, cost: Callable[..., Any], samples: int | None, seed: int, via: Any) -> None:
        functools.update_wrapper(self, cost)
        self._cost, self._options = cost, {"samples": samples, "seed": seed, "via": via, "replicates": None}
        self._programs: dict[Any, _Traced] = {}

    def _traced(self, arguments: tuple[Any, ...]) -> tuple[_Traced, list[Any]]:
        leaves, tree = jax.tree.flatten(arguments)
        leaves = [jnp.asarray(leaf) for leaf in leaves]
        differentiable = len(jax.tree.leaves(arguments[:1]))
        which = tree, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        if which not in self._programs:
            self._programs[which] = _Traced(self._cost, tree, leaves, differentiable, self._options)
        return self._programs[which], leaves

    def value(self, *arguments: Any, key: Any = None, step: Any = 0, state: Any = None) -> jax.Array:
        """An estimate of the expectation, whose derivative in JAX is the estimate of the gradient."""
        traced, leaves = self._traced(arguments)
        return traced.value(leaves, key, step, state)

    __call__ = value

    def value_and_grad(self, *arguments: Any, key: Any = None, step: Any = 0, state: Any = None) -> tuple[jax.Array, Any]:
        """The estimates of the expectation and of its gradient with respect to the first argument, a pytree."""
        def of_first(first: Any) -> jax.Array:
            return self.value(first, *arguments[1:], key=key, step=step, state=state)

        return jax.value_and_grad(of_first)(arguments[0])

    def grad(self, *arguments: Any, key: Any = None, step: Any = 0, state: Any = None) -> Any:
        """The estimate of the gradient with respect to the first argument."""
        return self.value_and_grad(*arguments, key=key, step=step, state=state)[1]

    def init(self, *arguments: Any) -> dict[str, Any]:
        """The estimators' own parameters at their initial values, a pytree."""
        return self._traced(arguments)[0].function.init()

    def update(self, state: Any, *arguments: Any, key: Any = None, step: Any = 0) -> dict[str, Any]:
        """The estimators' own parameters after one more estimate."""
        traced, leaves = self._traced(arguments)
        params, data = traced.border(leaves)
        return traced.function.update(state, params, data=data, step=step, key=key)


def expectation(cost: Callable[..., Any] | None = None, *, samples: int | None = None, seed: int = 0, via: Any = None) -> Any:
    """The expectation of a cost that is a JAX function, which calls `sample` for its random nodes.

    Parameters
    ----------
    cost : callable
        Its first argument is what gradients are taken of, a pytree; the result is a scalar. What depends on random nodes must consist
        of operations that aleator has; the rest may be any JAX.
    samples : int, optional
        Independent samples that are averaged in one estimate.
    seed : int
        The seed of all noise, into which a `key` is folded.
    via : str, Estimator or mapping of str to these, optional
        Estimators that take precedence over those of the random nodes.
    """
    if cost is None:
        return functools.partial(expectation, samples=samples, seed=seed, via=via)
    return Expectation(cost, samples, seed, via)


class _Traced:
    """A cost for certain shapes."""

    def __init__(self, cost: Any, tree: Any, leaves: list[Any], differentiable: int, options: dict[str, Any]) -> None:
        def flat(*leaves: Any) -> Any:
            return cost(*jax.tree.unflatten(tree, leaves))

        shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves]
        _tracing.append({})
        try:
            closed = jax.make_jaxpr(flat)(*shapes)
        finally:
            _tracing.pop()
        self._split(closed, differentiable)
        self.function = Function(self._graph, **options)

    def _split(self, closed: Any, differentiable: int) -> None:
        jaxpr = closed.jaxpr
        if len(jaxpr.outvars) != 1 or jaxpr.outvars[0].aval.shape != ():
            shapes = ", ".join(str(v.aval.shape) for v in jaxpr.outvars)
            raise AleatorError(f"a cost is one scalar, got {shapes}; take the sum or the mean")
        inner: set[Any] = set()
        equations = list(_sorted(jaxpr, inner))
        depends = set(jaxpr.invars[:differentiable])
        for equation, _ in equations:
            if any(v in depends for v in equation.invars if not isinstance(v, jex.Literal)):
                depends.update(equation.outvars)
        result = jaxpr.outvars[0]
        if isinstance(result, jex.Literal) or result not in inner:
            raise AleatorError("the cost depends on no random node; use JAX alone, or `aleator.jax.sample`")
        unknown = sorted({e.primitive.name for e, r in equations if r and e.primitive is not _node and e.primitive.name not in RULES})
        if unknown:
            raise NotImplementedError(
                f"no translation of the primitives {', '.join(unknown)}, which depend on random nodes: write that part with other "
                "functions, or before the random nodes"
            )
        self._consts = dict(zip(jaxpr.constvars, closed.consts))
        self._build([e for e, r in equations if r], depends, result)
        outer = jaxpr.replace(
            eqns=[e for e, r in equations if not r],
            outvars=[*self._params.values(), *self._data.values()],
            debug_info=jaxpr.debug_info._replace(result_paths=None),
        )
        self._outer = jex.jaxpr_as_fun(jex.ClosedJaxpr(outer, closed.consts))

    def _build(self, equations: list[Any], depends: set[Any], result: Any) -> None:
        graph = Graph()
        values: dict[Any, Any] = {}
        self._params: dict[str, Any] = {}
        self._data: dict[str, Any] = {}

        def read(v: Any) -> Any:
            if isinstance(v, jex.Literal):
                return np.asarray(v.val, np.float64)
            if v in values:
                return values[v]
            if v in self._consts:
                values[v] = np.asarray(self._consts[v], np.float64)
                return values[v]
            if v in depends and jnp.issubdtype(v.aval.dtype, jnp.floating):
                name = f"p{len(self._params)}"
                values[v] = graph.param(name, np.zeros(v.aval.shape))
                self._params[name] = v
            else:
                name = f"d{len(self._data)}"
                values[v] = graph.data(name, np.zeros(v.aval.shape))
                self._data[name] = v
            return values[v]

        for equation in equations:
            operands = [read(v) for v in equation.invars]
            aval = equation.outvars[0].aval
            if equation.primitive is _node:
                made = equation.params["what"].on(graph, [graph._as_expr(x) for x in operands])
            else:
                made = RULES[equation.primitive.name](operands, equation.params, aval)
            made = made if equation.primitive.multiple_results else [made]
            for v, value in zip(equation.outvars, made):
                values[v] = value
        graph.cost("cost", values[result])
        self._graph = graph

    def border(self, leaves: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The values that the graph takes from the rest of the function: those of its parameters and of its data."""
        values = self._outer(*leaves)
        params = dict(zip(self._params, values))
        return params, dict(zip(self._data, values[len(params) :]))

    def value(self, leaves: list[Any], key: Any, step: Any, state: Any) -> jax.Array:
        params, data = self.border(leaves)
        return self.function.value(params, data=data, step=step, key=key, state=state)


# Calls whose function is part of the equation.
_CALLS = {"pjit", "jit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "remat", "checkpoint", "remat2"}


def _sorted(jaxpr: Any, inner: set[Any]) -> Iterator[tuple[Any, bool]]:
    """The equations of a jaxpr, and whether each depends on a random node; `inner` is the set of variables that do.

    A call that depends on one is replaced by the equations of its function. Any other stays a call, with its own rule of derivatives.
    """
    for equation in jaxpr.eqns:
        body = next((equation.params[k] for k in ("jaxpr", "call_jaxpr", "fun_jaxpr") if k in equation.params), None)
        touched = any(v in inner for v in equation.invars if not isinstance(v, jex.Literal))
        is_inner = equation.primitive is _node or touched or (body is not None and _has_node(body))
        if body is None or not is_inner or equation.primitive.name not in _CALLS:
            if is_inner:
                inner.update(equation.outvars)
            yield equation, is_inner
            continue
        consts = getattr(body, "consts", ())
        body = getattr(body, "jaxpr", body)
        names: dict[Any, Any] = dict(zip(body.invars, equation.invars))
        names.update((v, jex.Literal(np.asarray(c), v.aval)) for v, c in zip(body.constvars, consts))

        def renamed(v: Any, names: dict[Any, Any] = names) -> Any:
            if isinstance(v, jex.Literal):
                return v
            # One function may be called twice: each call has variables of its own.
            return names.setdefault(v, jex.Var(v.aval))

        equations = [e.replace(invars=list(map(renamed, e.invars)), outvars=list(map(renamed, e.outvars))) for e in body.eqns]
        yield from _sorted(_Body(equations), inner)
        for source, target in zip(map(renamed, body.outvars), equation.outvars):
            is_inner = not isinstance(source, jex.Literal) and source in inner
            if is_inner:
                inner.add(target)
            yield _copy(equation, source, target), is_inner


@dataclasses.dataclass
class _Body:
    eqns: list[Any]


def _copy(like: Any, source: Any, target: Any) -> Any:
    return like.replace(primitive=lax.copy_p, invars=[source], outvars=[target], params={})


def _has_node(body: Any) -> bool:
    """Whether a random node is in the function or in one that it calls."""
    body = getattr(body, "jaxpr", body)
    for equation in body.eqns:
        inside = next((equation.params[k] for k in ("jaxpr", "call_jaxpr", "fun_jaxpr") if k in equation.params), None)
        if equation.primitive is _node or (inside is not None and _has_node(inside)):
            return True
    return False
