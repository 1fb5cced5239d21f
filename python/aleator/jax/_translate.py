"""Primitives of JAX as operations of aleator.

A rule takes the operands (expressions, or arrays where they are known), the equation's parameters and the shape of its result. Integers and
truth values become real numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import functions as al

__all__ = ["RULES"]

Rule = Callable[[Sequence[Any], dict[str, Any], Any], Any]


def _elementwise(function: Callable[..., Any]) -> Rule:
    return lambda x, params, aval: function(*x)


def _is_bool(params: dict[str, Any], aval: Any) -> bool:
    return bool(np.dtype(aval.dtype) == np.bool_)


def _logical(of_booleans: Callable[..., Any]) -> Rule:
    def rule(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
        if not _is_bool(params, aval):
            raise NotImplementedError("operations on the bits of integers")
        return of_booleans(*x)

    return rule


def _div(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    quotient = x[0] / x[1]
    if np.issubdtype(aval.dtype, np.integer):
        return al.sign(quotient) * al.floor(al.abs(quotient))
    return quotient


def _convert(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    dtype = np.dtype(params["new_dtype"])
    if dtype == np.bool_:
        return x[0] != 0.0
    if np.issubdtype(dtype, np.integer):
        return al.sign(x[0]) * al.floor(al.abs(x[0]))
    return x[0]


def _select(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    which, *cases = x
    chosen = cases[0]
    for i, case in enumerate(cases[1:], 1):
        chosen = al.where(which == float(i), case, chosen) if len(cases) > 2 else al.where(which, case, chosen)
    return al.broadcast_to(chosen, aval.shape)


def _clamp(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    low, value, high = x
    return al.minimum(al.maximum(value, low), high)


def _broadcast_in_dim(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    shape, dimensions = params["shape"], params["broadcast_dimensions"]
    middle = [1] * len(shape)
    for size, axis in zip(np.shape(x[0]) if not hasattr(x[0], "shape") else x[0].shape, dimensions):
        middle[axis] = size
    return al.broadcast_to(al.reshape(x[0], tuple(middle)), tuple(shape))


def _reduce(function: Callable[..., Any]) -> Rule:
    return lambda x, params, aval: function(x[0], axis=tuple(params["axes"])) if params["axes"] else x[0]


def _argmax(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    (axis,) = params["axes"]
    return al.argmax(x[0], axis=axis)


def _cumsum(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    axis = params["axis"]
    if params["reverse"]:
        return al.flip(al.cumsum(al.flip(x[0], axis), axis=axis), axis)
    return al.cumsum(x[0], axis=axis)


def _slice(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    strides = params["strides"] or [1] * len(params["start_indices"])
    return x[0][tuple(slice(*r) for r in zip(params["start_indices"], params["limit_indices"], strides))]


def _split(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    ends = np.cumsum(params["sizes"])
    before = (slice(None),) * params["axis"]
    return [x[0][(*before, slice(end - size, end))] for size, end in zip(params["sizes"], ends)]


def _pad(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    value, padding = x
    for axis, (before, after, inner) in enumerate(params["padding_config"]):
        if inner or before < 0 or after < 0:
            raise NotImplementedError("padding between elements or by negative widths")
        parts = [value]
        for width, at in ((before, 0), (after, len(parts))):
            if width:
                shape = tuple(width if a == axis else n for a, n in enumerate(value.shape))
                parts.insert(0 if at == 0 else len(parts), al.broadcast_to(padding, shape))
        value = al.concatenate(parts, axis=axis)
    return value


def _dot_general(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    """Batch axes first, then the free ones, and the contracted ones where a matrix product has them."""
    (contracted, batch) = params["dimension_numbers"]
    shapes = [np.shape(v) if not hasattr(v, "shape") else v.shape for v in x]
    free = [
        [a for a in range(len(s)) if a not in c and a not in b] for s, c, b in zip(shapes, contracted, batch)
    ]
    sizes = [[s[a] for a in axes] for s, axes in zip(shapes, free)]
    of_batch = [shapes[0][a] for a in batch[0]]
    inner = math.prod(shapes[0][a] for a in contracted[0])
    left = al.transpose(x[0], (*batch[0], *free[0], *contracted[0]))
    right = al.transpose(x[1], (*batch[1], *contracted[1], *free[1]))
    right = al.reshape(right, (*of_batch, inner, math.prod(sizes[1])))
    if not of_batch and len(contracted[0]) == 1 and len(free[0]) >= 1:
        # Rows stay apart: the axes of the left side are not merged.
        return al.reshape(al.matmul(left, right), tuple(aval.shape))
    left = al.reshape(left, (*of_batch, math.prod(sizes[0]), inner))
    return al.reshape(al.matmul(left, right), tuple(aval.shape))


def _integer_pow(x: Sequence[Any], params: dict[str, Any], aval: Any) -> Any:
    return x[0] ** float(params["y"])


RULES: dict[str, Rule] = {
    "abs": _elementwise(al.abs),
    "add": _elementwise(lambda a, b: a + b),
    "add_any": _elementwise(lambda a, b: a + b),
    "and": _logical(lambda a, b: a * b),
    "argmax": _argmax,
    "broadcast_in_dim": _broadcast_in_dim,
    "ceil": _elementwise(lambda a: -al.floor(-a)),
    "clamp": _clamp,
    "concatenate": lambda x, params, aval: al.concatenate(x, axis=params["dimension"]),
    "convert_element_type": _convert,
    "copy": _elementwise(lambda a: a),
    "copy_p": _elementwise(lambda a: a),
    "cos": _elementwise(al.cos),
    "cumsum": _cumsum,
    "digamma": _elementwise(al.digamma),
    "div": _div,
    "dot_general": _dot_general,
    "eq": _elementwise(lambda a, b: a == b),
    "erf": _elementwise(al.erf),
    "erfc": _elementwise(lambda a: 1.0 - al.erf(a)),
    "exp": _elementwise(al.exp),
    "exp2": _elementwise(lambda a: al.exp(a * math.log(2.0))),
    "expand_dims": lambda x, params, aval: al.reshape(x[0], tuple(aval.shape)),
    "expm1": _elementwise(al.expm1),
    "floor": _elementwise(al.floor),
    "ge": _elementwise(lambda a, b: a >= b),
    "gt": _elementwise(lambda a, b: a > b),
    "integer_pow": _integer_pow,
    "is_finite": _elementwise(lambda a: al.abs(a) < math.inf),
    "le": _elementwise(lambda a, b: a <= b),
    "lgamma": _elementwise(al.lgamma),
    "log": _elementwise(al.log),
    "log1p": _elementwise(al.log1p),
    "logistic": _elementwise(al.sigmoid),
    "lt": _elementwise(lambda a, b: a < b),
    "max": _elementwise(al.maximum),
    "min": _elementwise(al.minimum),
    "mul": _elementwise(lambda a, b: a * b),
    "ne": _elementwise(lambda a, b: a != b),
    "neg": _elementwise(lambda a: -a),
    "not": _logical(lambda a: 1.0 - a),
    "or": _logical(al.maximum),
    "pad": _pad,
    "pow": _elementwise(lambda a, b: a**b),
    "reduce_and": _reduce(al.min),
    "reduce_max": _reduce(al.max),
    "reduce_min": _reduce(al.min),
    "reduce_or": _reduce(al.max),
    "reduce_prod": _reduce(al.prod),
    "reduce_sum": _reduce(al.sum),
    "reshape": lambda x, params, aval: al.reshape(x[0], tuple(aval.shape)),
    "rev": lambda x, params, aval: al.flip(x[0], tuple(params["dimensions"])),
    "rsqrt": _elementwise(lambda a: 1.0 / al.sqrt(a)),
    "select_n": _select,
    "sign": _elementwise(al.sign),
    "sin": _elementwise(al.sin),
    "slice": _slice,
    "split": _split,
    "sqrt": _elementwise(al.sqrt),
    "stack": lambda x, params, aval: al.stack(x, axis=params["axis"]),
    "square": _elementwise(al.square),
    "squeeze": lambda x, params, aval: al.reshape(x[0], tuple(aval.shape)),
    "stop_gradient": _elementwise(al.stop_gradient),
    "sub": _elementwise(lambda a, b: a - b),
    "tan": _elementwise(al.tan),
    "tanh": _elementwise(al.tanh),
    "transpose": lambda x, params, aval: al.transpose(x[0], tuple(params["permutation"])),
    "xor": _logical(lambda a, b: a != b),
}
