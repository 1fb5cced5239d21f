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
from .._distribution import Distribution
from .._expressions import add, as_expr
from ..errors import AleatorError
from .._estimator import Estimator, via_text
from .._host_function import HostFunction, add_call
from ..graph import Graph
from ._function import Function
from ._opaque import Opaque, is_opaque
from ._tracing import costs, sites
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
    if name in sites():
        raise AleatorError(f"there are two random nodes `{name}`; give each a name of its own")
    text = None if via is None else via_text(via)
    z = _bind("sample", [distribution], name=name, via=text, copies=copies)
    sites()[name] = distribution
    return z


def log_prob(distribution: Distribution, value: Any) -> Any:
    """log p(value) in nats, summed over the event; value and parameters may depend on random nodes."""
    sites()
    return _bind("log_prob", [distribution], value)


def kl(name: str, prior: Distribution) -> Any:
    """KL(q || prior) in nats, in closed form, where q is the distribution of the random node of that name."""
    if name not in sites():
        raise AleatorError(f"kl: there is no random node `{name}` before it; there is {', '.join(sites()) or 'none'}")
    return _bind("kl", [sites()[name], prior])


class Expectation:
    """The expectation of a cost; `expectation` makes it.

    All methods take the arguments of the function, and further `key` (of `jax.random`), `step` and `state` (of `init`).
    """

    def __init__(self, cost: Callable[..., Any], has_aux: bool, samples: int | None, seed: int, via: Any) -> None:
        functools.update_wrapper(self, cost)
        self._has_aux = has_aux
        self._cost, self._options = cost, {"samples": samples, "seed": seed, "via": via, "replicates": None}
        self._programs: dict[Any, _Traced] = {}

    def _traced(self, arguments: tuple[Any, ...]) -> tuple[_Traced, list[Any]]:
        leaves, tree = jax.tree.flatten(arguments)
        leaves = [jnp.asarray(leaf) for leaf in leaves]
        differentiable = len(jax.tree.leaves(arguments[:1]))
        # Within `shard_map` a type says along which axes of the mesh an array varies as well.
        which = tree, tuple(jax.typeof(leaf) for leaf in leaves)
        if which not in self._programs:
            self._programs[which] = _Traced(self._cost, self._has_aux, tree, leaves, differentiable, self._options)
        return self._programs[which], leaves

    def value(self, *arguments: Any, key: Any = None, step: Any = 0, state: Any = None) -> Any:
        """An estimate of the expectation, whose derivative in JAX is the estimate of the gradient; with `has_aux`, ``(value, aux)``."""
        traced, leaves = self._traced(arguments)
        value, aux = traced.value(leaves, key, step, state)
        return (value, aux) if self._has_aux else value

    __call__ = value

    def value_and_grad(self, *arguments: Any, key: Any = None, step: Any = 0, state: Any = None) -> tuple[Any, Any]:
        """The estimates of the expectation and of its gradient with respect to the first argument, a pytree.

        Returns
        -------
        tuple
            ``(value, grads)``; with `has_aux`, ``((value, aux), grads)``.
        """
        def of_first(first: Any) -> Any:
            return self.value(first, *arguments[1:], key=key, step=step, state=state)

        return jax.value_and_grad(of_first, has_aux=self._has_aux)(arguments[0])

    def grad(self, *arguments: Any, key: Any = None, step: Any = 0, state: Any = None) -> Any:
        """The estimate of the gradient with respect to the first argument; with `has_aux`, ``(grads, aux)``."""
        value, grads = self.value_and_grad(*arguments, key=key, step=step, state=state)
        return (grads, value[1]) if self._has_aux else grads

    def explain(self, *arguments: Any) -> str:
        """What the cost consists of: the estimator of each random node with the reason for it, and the opaque functions.

        Returns
        -------
        str
            A line for each of them.
        """
        return self._traced(arguments)[0].explain(self._options["via"], self._options["samples"])

    def init(self, *arguments: Any) -> dict[str, Any]:
        """The estimators' own parameters at their initial values, a pytree."""
        return self._traced(arguments)[0].function.init()

    def update(self, state: Any, *arguments: Any, key: Any = None, step: Any = 0) -> dict[str, Any]:
        """The estimators' own parameters after one more estimate."""
        traced, leaves = self._traced(arguments)
        return traced.update(leaves, key, step, state)


def expectation(
    cost: Callable[..., Any] | None = None, *, has_aux: bool = False, samples: int | None = None, seed: int = 0, via: Any = None
) -> Any:
    """The expectation of a cost that is a JAX function, which calls `sample` for its random nodes.

    Parameters
    ----------
    cost : callable
        Its first argument is what gradients are taken of, a pytree; the result is a scalar. It may be any JAX. Operations behind a random
        node that aleator does not have are opaque: their elements are taken to depend on each other, which is right and may cost variance;
        `call` says more of them.
    has_aux : bool
        Whether the cost returns ``(cost, aux)``, where `aux` is a pytree of arrays. Those of its arrays that depend on random nodes are
        means over the samples, weighted where a node is enumerated, and are real numbers; others are what they are.
    samples : int, optional
        Independent samples that are averaged in one estimate.
    seed : int
        The seed of all noise, into which a `key` is folded.
    via : str, Estimator or mapping of str to these, optional
        Estimators that take precedence over those of the random nodes.
    """
    if cost is None:
        return functools.partial(expectation, has_aux=has_aux, samples=samples, seed=seed, via=via)
    return Expectation(cost, bool(has_aux), samples, seed, via)


class _Traced:
    """A cost for certain shapes."""

    def __init__(
        self, cost: Any, has_aux: bool, tree: Any, leaves: list[Any], differentiable: int, options: dict[str, Any]
    ) -> None:
        def flat(*leaves: Any) -> Any:
            result = cost(*jax.tree.unflatten(tree, leaves))
            if not has_aux:
                return result, ()
            if not isinstance(result, tuple) or len(result) != 2:
                raise AleatorError(f"with `has_aux` a cost returns a pair (cost, aux), got {type(result).__name__}")
            return result

        costs.append({})
        try:
            closed, (result, aux) = jax.make_jaxpr(flat, return_shape=True)(*leaves)
        finally:
            costs.pop()
        if getattr(result, "shape", None) != ():
            shape = ", ".join(str(leaf.shape) for leaf in jax.tree.leaves(result))
            raise AleatorError(f"a cost is one scalar, got {shape}; take the sum or the mean")
        self._tree_of_aux = jax.tree.structure(aux)
        self._split(closed, differentiable)
        opaque = {name: functools.partial(_opaque_function, node, places) for name, node, places in self._opaque}
        self.function = Function(self._graph, opaque=opaque, watched=list(self._watched), **options)

    def _split(self, closed: Any, differentiable: int) -> None:
        jaxpr = closed.jaxpr
        inner: set[Any] = set()
        equations = list(_sorted(jaxpr, inner))
        depends = set(jaxpr.invars[:differentiable])
        for equation, _ in equations:
            if any(v in depends for v in equation.invars if not isinstance(v, jex.Literal)):
                depends.update(equation.outvars)
        result, *aux = jaxpr.outvars
        if isinstance(result, jex.Literal) or result not in inner:
            raise AleatorError("the cost depends on no random node; use JAX alone, or `aleator.jax.sample`")
        self._consts = dict(zip(jaxpr.constvars, closed.consts))
        self._build([e for e, r in equations if r], depends, inner, result)
        # Where each array of `aux` comes from: the graph, by the name of a state, or the rest.
        self._watched: dict[str, Any] = {}
        self._aux = [self._watch(v) if not isinstance(v, jex.Literal) and v in inner else None for v in aux]
        rest = [v for v, name in zip(aux, self._aux) if name is None]
        outer = jaxpr.replace(
            eqns=[e for e, r in equations if not r],
            outvars=[*self._params.values(), *self._data.values(), *self._aside, *rest],
            debug_info=jaxpr.debug_info._replace(result_paths=None),
        )
        self._outer = jex.jaxpr_as_fun(jex.ClosedJaxpr(outer, closed.consts))

    def _build(self, equations: list[Any], depends: set[Any], inner: set[Any], result: Any) -> None:
        graph = Graph()
        values: dict[Any, Any] = {}
        self._params: dict[str, Any] = {}
        self._data: dict[str, Any] = {}
        # Operands of opaque functions that do not pass through the graph.
        self._aside: list[Any] = []
        self._opaque: list[tuple[str, Opaque, list[int]]] = []

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

        def is_random(v: Any) -> bool:
            return not isinstance(v, jex.Literal) and v in inner

        def is_differentiated(v: Any) -> bool:
            return not isinstance(v, jex.Literal) and v in depends and jnp.issubdtype(v.aval.dtype, jnp.floating)

        def opaque(equation: Any) -> list[Any]:
            random = [is_random(v) for v in equation.invars]
            passed = [is_random(v) or is_differentiated(v) for v in equation.invars]
            node = Opaque(equation, random, passed)
            places = []
            for v, given in zip(equation.invars, passed):
                if not given and not isinstance(v, jex.Literal):
                    if v not in self._aside:
                        self._aside.append(v)
                    places.append(self._aside.index(v))
            name = f"{node.title}_{len(self._opaque)}"
            self._opaque.append((name, node, places))
            arguments = [read(v) for v, given in zip(equation.invars, passed) if given]
            called = HostFunction(name, _only_in_jax, node.shape, None)
            exprs = [as_expr(graph, argument) for argument in arguments]
            return node.parts(add_call(graph, called, exprs, node.rows, node.may_jump))

        for equation in equations:
            if equation.primitive is _node:
                made = [equation.params["what"].on(graph, [as_expr(graph, read(v)) for v in equation.invars])]
            else:
                made = self._translated(equation, read) or opaque(equation)
            values.update(zip(equation.outvars, made))
        graph.cost("cost", values[result])
        self._graph, self._values = graph, values

    def _watch(self, variable: Any) -> str:
        """The name of the state that becomes the mean of a value of the graph."""
        name, value = f"aux{len(self._watched)}", self._values[variable]
        state = add(self._graph, "input", "state", name, np.zeros(value.shape))
        self._graph._record("becomes", state._id, value._id)
        self._watched[name] = variable
        return name

    @staticmethod
    def _translated(equation: Any, read: Callable[[Any], Any]) -> list[Any] | None:
        """The results of an equation in the graph, if it has a translation."""
        rule = None if is_opaque(equation) else RULES.get(equation.primitive.name)
        if rule is None:
            return None
        try:
            made = rule([read(v) for v in equation.invars], equation.params, equation.outvars[0].aval)
        except NotImplementedError:
            return None
        return made if equation.primitive.multiple_results else [made]

    def border(self, leaves: list[Any]) -> tuple[dict[str, Any], dict[str, Any], list[Any], list[Any]]:
        """What comes from the rest of the function: the graph's parameters, its data, what its opaque functions get, and of `aux`."""
        values = iter(self._outer(*leaves))
        params, data = ({name: next(values) for name in names} for names in (self._params, self._data))
        return params, data, [next(values) for _ in self._aside], list(values)

    def value(self, leaves: list[Any], key: Any, step: Any, state: Any) -> tuple[jax.Array, Any]:
        params, data, aside, rest = self.border(leaves)
        value, means = self.function._value_with(aside, params, data, step, key, state)
        watched, others = iter(means), iter(rest)
        aux = [next(others) if name is None else next(watched) for name in self._aux]
        return value, jax.tree.unflatten(self._tree_of_aux, aux)

    def explain(self, via: Any, samples: int | None) -> str:
        plan = self._graph.plan(via=via, samples=samples)
        lines = [f"{site}: {estimator}, {reason}" for site, (estimator, reason) in plan.items()]
        return "\n".join([*lines, *(f"{name}: {node.explain()}" for name, node, _ in self._opaque)])

    def update(self, leaves: list[Any], key: Any, step: Any, state: Any) -> dict[str, Any]:
        params, data, aside, _ = self.border(leaves)
        return self.function._update_with(aside, state, params, data, step, key)


def _opaque_function(node: Opaque, places: list[int], aside: Sequence[Any]) -> Callable[..., Any]:
    return node.function([aside[place] for place in places])


def _only_in_jax(*_: Any) -> Any:
    raise AleatorError("this function is part of a cost in JAX, and runs only there")


# Calls whose function is part of the equation, unless `is_opaque` says otherwise.
_CALLS = {"pjit", "jit", "closed_call", "core_call", "custom_jvp_call", "remat", "checkpoint", "remat2"}


def _sorted(jaxpr: Any, inner: set[Any]) -> Iterator[tuple[Any, bool]]:
    """The equations of a jaxpr, and whether each depends on a random node; `inner` is the set of variables that do.

    A call that depends on one is replaced by the equations of its function. Any other stays a call, with its own rule of derivatives.
    """
    for equation in jaxpr.eqns:
        body = next((equation.params[k] for k in ("jaxpr", "call_jaxpr", "fun_jaxpr") if k in equation.params), None)
        touched = any(v in inner for v in equation.invars if not isinstance(v, jex.Literal))
        contains = body is not None and _has_node(body)
        is_inner = equation.primitive is _node or touched or contains
        stays = body is None or not is_inner or equation.primitive.name not in _CALLS or is_opaque(equation)
        if contains and stays:
            raise AleatorError(f"a random node is inside `{equation.primitive.name}`, which is one operation of JAX; write it outside")
        if stays:
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
