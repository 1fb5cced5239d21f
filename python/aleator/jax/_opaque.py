"""Functions that aleator does not look into: JAX computes them and their derivatives.

An equation that depends on a random node and has no translation becomes one node of the graph, and so does a function that the user marks
with `call`. The node takes the values that depend on random nodes or are differentiated. Everything else, such as integers and keys of
`jax.random`, goes to the function directly.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core as jex

from .. import functions as al
from ..errors import AleatorError, ShapeError
from ._tracing import costs

__all__ = ["Opaque", "call", "is_opaque"]


@dataclasses.dataclass(frozen=True)
class _Mark:
    """What a user says of a function; `rows` is for each array of the arguments."""

    title: str
    rows: bool | tuple[bool, ...]
    may_jump: bool


# What `call` marks, by the name that the compiled function has in equations.
_marks: dict[str, _Mark] = {}
_numbers = itertools.count()


def call(
    function: Callable[..., Any], *arguments: Any, rows: bool | Sequence[bool] = False, may_jump: bool = False
) -> Any:
    """Calls a function of JAX as one node of the graph, which aleator does not look into.

    Outside `aleator.jax.expectation` it only calls the function.

    Parameters
    ----------
    function : callable
        Any function of JAX that returns one array, such as a decoder. Its derivatives are those of JAX.
    *arguments : pytrees of arrays
    rows : bool or sequence of bool
        Whether each row of the result, along its first axis, depends on the same row of the arguments alone. If True, this holds for the
        arguments that depend on random nodes; a sequence says so for each argument. An estimator then weighs each draw with the costs
        that depend on it, which lowers the variance of the gradient. A gradient is wrong where it is not true: functions that couple rows,
        such as batch normalisation, must not have it. It is tried with random numbers.
    may_jump : bool
        Whether the result may jump where an argument varies, so that its derivative does not determine its values.

    Returns
    -------
    jax.Array

    Raises
    ------
    AleatorError
        If `rows` does not fit the arguments.
    """
    flags: bool | tuple[bool, ...]
    if isinstance(rows, (bool, np.bool_)):
        flags = bool(rows)
    else:
        given = tuple(bool(flag) for flag in rows)
        if len(given) != len(arguments):
            raise AleatorError(f"`rows` has {len(given)} entries for {len(arguments)} arguments; give one for each")
        flags = tuple(flag for flag, argument in zip(given, arguments) for _ in jax.tree.leaves(argument))

    if not costs:
        return function(*arguments)

    def named(*arguments: Any) -> Any:
        return function(*arguments)

    named.__name__ = named.__qualname__ = f"aleator_call_{next(_numbers)}"
    _marks[named.__name__] = _Mark(getattr(function, "__name__", type(function).__name__), flags, bool(may_jump))
    return jax.jit(named)(*arguments)


def _mark(equation: Any) -> _Mark | None:
    return _marks.get(equation.params["name"]) if "name" in equation.params and "jaxpr" in equation.params else None


def is_opaque(equation: Any) -> bool:
    """Whether an equation that depends on a random node stays one node even though its parts are known.

    The user marked it, it has its own rule of derivatives, or it has complex numbers.
    """
    if any(_is_complex(v.aval) for v in (*equation.invars, *equation.outvars)):
        return True
    if equation.primitive.name == "custom_jvp_call":
        # JAX's own functions have such rules for numerical reasons only: the derivative is that of their equations.
        return not _is_of_jax(equation.params["call_jaxpr"])
    return equation.primitive.name == "custom_vjp_call" or _mark(equation) is not None


def _is_of_jax(body: Any) -> bool:
    file = getattr(body, "jaxpr", body).debug_info.func_filename
    return file is not None and Path(jax.__file__).parent in Path(file).parents


def _is_complex(aval: Any) -> bool:
    return jnp.issubdtype(aval.dtype, jnp.complexfloating)


def _real_shape(aval: Any) -> tuple[int, ...]:
    """The shape in the graph, where real and imaginary parts are along a last axis."""
    return (*aval.shape, 2) if _is_complex(aval) else aval.shape


class Opaque:
    """An equation as a function of the arrays that the graph passes.

    Parameters
    ----------
    equation
        An equation of JAX.
    random : sequence of bool
        For each operand whether it depends on a random node.
    passed : sequence of bool
        For each operand whether the graph passes it; the function gets the others directly.

    Attributes
    ----------
    title : str
        What messages call it.
    shape : tuple of int
        The shape of the result; several results are laid end to end.
    results : list
        Shapes and formats of the results.
    rows : list of bool
        For each operand that is passed, whether its first axis counts independent rows.
    may_jump : bool
        Whether the result may jump where an operand varies.
    """

    def __init__(self, equation: Any, random: Sequence[bool], passed: Sequence[bool]) -> None:
        mark = _mark(equation)
        self.title = equation.primitive.name if mark is None else mark.title
        self.results = [v.aval for v in equation.outvars]
        if mark is not None and len(self.results) != 1:
            raise AleatorError(f"`{self.title}` returns {len(self.results)} arrays; `aleator.jax.call` takes functions that return one")
        shapes = [_real_shape(aval) for aval in self.results]
        self.shape = shapes[0] if len(shapes) == 1 else (sum(map(math.prod, shapes)),)
        self.may_jump = _may_jump(equation, random) if mark is None else mark.may_jump
        self._equation, self._passed = equation, list(passed)
        rows = _rows(mark, random)
        self.rows = [has for has, given in zip(rows, passed) if given]
        if any(rows):
            self._check_shapes([v.aval.shape for v, has in zip(equation.invars, rows) if has])
            self._check_rows([has for v, has in zip(equation.invars, rows) if not isinstance(v, jex.Literal)])

    def _check_shapes(self, shapes: list[tuple[int, ...]]) -> None:
        result = self.results[0].shape
        if any(not shape or not result or shape[0] != result[0] for shape in shapes):
            given = ", ".join(map(str, shapes))
            raise ShapeError(f"`{self.title}` maps arguments of shapes {given} to shape {result}: their first axes do not count the same rows")

    def _check_rows(self, rows: list[bool]) -> None:
        """Changes the first row of random operands, and looks at the other rows of the result."""
        avals = [v.aval for v in self._equation.invars if not isinstance(v, jex.Literal)]
        if any(jnp.issubdtype(aval.dtype, jax.dtypes.extended) for aval in avals):
            return
        random = np.random.default_rng(0)
        before = [_random_values(random, aval) for aval in avals]
        after = [np.concatenate([_random_values(random, x)[:1], x[1:]]) if has else x for x, has in zip(before, rows)]
        with jax.ensure_compile_time_eval():
            evaluate = jax.jit(lambda operands: self._evaluate(operands)[0][1:])
            results = [np.asarray(evaluate(operands)) for operands in (before, after)]
        if not np.array_equal(*results, equal_nan=True):
            raise AleatorError(
                f"`{self.title}` has rows that depend on each other: another first row of its arguments changes other rows of its result; "
                "call it without `rows`"
            )

    def explain(self) -> str:
        """What is assumed of it, in words."""
        if any(self.rows):
            depends = "opaque, and each row depends on the same row of what is random"
        else:
            depends = "opaque, and all of its result is taken to depend on all of its arguments, which may cost variance"
        return depends + ("; it may jump" if self.may_jump else "")

    def function(self, aside: Sequence[Any]) -> Callable[..., jax.Array]:
        """The function of the arrays that are passed, where `aside` are the other operands."""
        dtypes = [None if isinstance(v, jex.Literal) else v.aval.dtype for v in self._equation.invars]

        def of_passed(*arrays: jax.Array) -> jax.Array:
            given, others = iter(arrays), iter(aside)
            operands = [
                _converted(next(given), dtype) if has else next(others)
                for has, dtype in zip(self._passed, dtypes)
                if dtype is not None
            ]
            results = self._evaluate(operands)
            parts = [jnp.stack([x.real, x.imag], -1) if _is_complex(x) else x for x in results]
            if len(parts) == 1:
                return parts[0]
            return jnp.concatenate([jnp.ravel(part).astype(jnp.result_type(float)) for part in parts])

        return of_passed

    def _evaluate(self, operands: Sequence[Any]) -> Sequence[jax.Array]:
        """The results of the equation, of its operands that are not literals."""
        equation = self._equation
        # An operand may occur twice.
        variables = [v if isinstance(v, jex.Literal) else jex.Var(v.aval) for v in equation.invars]
        invars = [v for v in variables if not isinstance(v, jex.Literal)]
        one = jex.Jaxpr(
            constvars=[],
            invars=invars,
            outvars=equation.outvars,
            eqns=[equation.replace(invars=variables)],
            effects=equation.effects,
            debug_info=jex.DebugInfo("aleator", self.title, ("",) * len(invars), None),
        )
        return jex.jaxpr_as_fun(jex.ClosedJaxpr(one, ()))(*operands)

    def parts(self, result: Any) -> list[Any]:
        """The equation's results, of that of the function, as an expression of the graph."""
        if len(self.results) == 1:
            return [result]
        shapes = [_real_shape(aval) for aval in self.results]
        ends = np.cumsum([math.prod(shape) for shape in shapes])
        return [al.reshape(result[end - math.prod(shape) : end], shape) for shape, end in zip(shapes, ends)]


def _random_values(random: np.random.Generator, like: Any) -> np.ndarray[Any, Any]:
    values = random.uniform(0, 1, like.shape)
    whole = not jnp.issubdtype(like.dtype, jnp.inexact)
    return np.asarray(np.round(values) if whole else values).astype(like.dtype)


def _rows(mark: _Mark | None, random: Sequence[bool]) -> list[bool]:
    if mark is None or mark.rows is False:
        return [False] * len(random)
    if mark.rows is True:
        return [bool(flag) for flag in random]
    # What the function closes over comes before its arguments.
    return [False] * (len(random) - len(mark.rows)) + list(mark.rows)


def _converted(x: jax.Array, dtype: Any) -> jax.Array:
    """Numbers of the graph, which are real, in the format of an operand."""
    if jnp.issubdtype(dtype, jnp.bool_):
        return x != 0
    if jnp.issubdtype(dtype, jnp.integer):
        return jnp.round(x).astype(dtype)
    if jnp.issubdtype(dtype, jnp.complexfloating):
        return jax.lax.complex(x[..., 0], x[..., 1]).astype(dtype)
    return x.astype(dtype)


# Functions of real numbers that jump. Those whose results are integers or truth values jump as well, and so does a loop that ends where a
# condition says so.
_JUMPING = {"ceil", "floor", "nextafter", "rem", "round", "sign", "while"}


def _may_jump(equation: Any, random: Sequence[bool]) -> bool:
    """Whether a result may jump where an operand that depends on a random node varies."""
    if not any(random):
        return False
    real = all(jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in equation.outvars)
    if equation.primitive.name in _JUMPING or not real:
        return True
    if equation.primitive.name == "cond":
        which, *random = random
        if which:
            return True
    return any(_body_jumps(equation, body, random) for body in jex.jaxprs_in_params(equation.params))


def _body_jumps(equation: Any, body: Any, random: Sequence[bool]) -> bool:
    if len(body.invars) != len(random):
        random = [True] * len(body.invars)
    while True:
        depends = {v for v, flag in zip(body.invars, random) if flag}
        for inside in body.eqns:
            flags = [not isinstance(v, jex.Literal) and v in depends for v in inside.invars]
            if _may_jump(inside, flags):
                return True
            if any(flags):
                depends.update(inside.outvars)
        if equation.primitive.name != "scan":
            return False
        # What a step passes on depends on what it got.
        first, count = equation.params["num_consts"], equation.params["num_carry"]
        results = [not isinstance(v, jex.Literal) and v in depends for v in body.outvars[:count]]
        carried = [a or b for a, b in zip(random[first:], results)]
        if carried == list(random[first : first + count]):
            return False
        random = [*random[:first], *carried, *random[first + count :]]
