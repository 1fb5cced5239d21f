"""NumPy's functions on expressions: `__array_ufunc__` and `__array_function__`."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from . import functions as f
from ._expressions import Expr, graph_of

__all__ = ["call_function", "call_ufunc"]

_UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: lambda x, y: x + y,
    np.subtract: lambda x, y: x - y,
    np.multiply: lambda x, y: x * y,
    np.divide: lambda x, y: x / y,
    np.floor_divide: lambda x, y: x // y,
    np.remainder: lambda x, y: x % y,
    np.power: lambda x, y: x**y,
    np.float_power: lambda x, y: x**y,
    np.matmul: lambda x, y: x @ y,
    np.negative: lambda x: -x,
    np.positive: lambda x: x,
    np.absolute: f.abs,
    np.fabs: f.abs,
    np.sign: f.sign,
    np.floor: f.floor,
    np.ceil: lambda x: -f.floor(-x),
    np.exp: f.exp,
    np.exp2: lambda x: f.exp(x * np.log(2.0)),
    np.expm1: f.expm1,
    np.log: f.log,
    np.log2: lambda x: f.log(x) / np.log(2.0),
    np.log10: lambda x: f.log(x) / np.log(10.0),
    np.log1p: f.log1p,
    np.logaddexp: lambda x, y: f.maximum(x, y) + f.log1p(f.exp(-f.abs(x - y))),
    np.sqrt: f.sqrt,
    np.square: f.square,
    np.reciprocal: lambda x: 1.0 / x,
    np.sin: f.sin,
    np.cos: f.cos,
    np.tan: f.tan,
    np.tanh: f.tanh,
    np.sinh: lambda x: (f.exp(x) - f.exp(-x)) / 2.0,
    np.cosh: lambda x: (f.exp(x) + f.exp(-x)) / 2.0,
    np.maximum: f.maximum,
    np.minimum: f.minimum,
    np.fmax: f.maximum,
    np.fmin: f.minimum,
    np.less: lambda x, y: x < y,
    np.less_equal: lambda x, y: x <= y,
    np.greater: lambda x, y: x > y,
    np.greater_equal: lambda x, y: x >= y,
    np.equal: lambda x, y: x == y,
    np.not_equal: lambda x, y: x != y,
    np.logical_and: lambda x, y: x & y,
    np.logical_or: lambda x, y: x | y,
    np.logical_not: lambda x: ~x,
    np.bitwise_and: lambda x, y: x & y,
    np.bitwise_or: lambda x, y: x | y,
    np.invert: lambda x: ~x,
}

_REDUCTIONS: dict[np.ufunc, str] = {
    np.add: "sum",
    np.multiply: "prod",
    np.maximum: "max",
    np.minimum: "min",
    np.logical_and: "all",
    np.logical_or: "any",
}


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc, or its `reduce`, with an expression among its operands."""
    if kwargs.get("out") is not None:
        raise TypeError(f"np.{ufunc.__name__}: an array cannot take the result, which is an expression; use `x = x + y`")
    if kwargs.pop("where", True) is not True or kwargs.pop("dtype", None) is not None:
        raise TypeError(f"np.{ufunc.__name__}: `where` and `dtype` are not available for expressions; use np.where")
    if method == "reduce" and ufunc in _REDUCTIONS:
        kwargs.pop("initial", None)
        (x,) = inputs
        return getattr(x, _REDUCTIONS[ufunc])(kwargs.get("axis", 0), kwargs.get("keepdims", False))
    function = _UFUNCS.get(ufunc)
    if method != "__call__" or function is None or any(kwargs.values()):
        suffix = "" if method == "__call__" else f".{method}"
        raise TypeError(f"np.{ufunc.__name__}{suffix} is not available for expressions")
    return function(*_as_exprs(inputs))


def _as_exprs(inputs: tuple[Any, ...]) -> list[Any]:
    """The operands as expressions, so that their operators do not ask NumPy again."""
    graph = graph_of(inputs)
    assert graph is not None
    return [graph._as_expr(value) for value in inputs]


_FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: lambda a, axis=None, keepdims=False: a.sum(axis, keepdims),
    np.mean: lambda a, axis=None, keepdims=False: a.mean(axis, keepdims),
    np.prod: lambda a, axis=None, keepdims=False: a.prod(axis, keepdims),
    np.max: lambda a, axis=None, keepdims=False: a.max(axis, keepdims),
    np.min: lambda a, axis=None, keepdims=False: a.min(axis, keepdims),
    np.var: lambda a, axis=None, keepdims=False: a.var(axis, keepdims),
    np.std: lambda a, axis=None, keepdims=False: a.std(axis, keepdims),
    np.any: lambda a, axis=None, keepdims=False: a.any(axis, keepdims),
    np.all: lambda a, axis=None, keepdims=False: a.all(axis, keepdims),
    np.cumsum: lambda a, axis=None: a.cumsum(axis),
    np.argmax: lambda a, axis=None: a.argmax(axis),
    np.argmin: lambda a, axis=None: a.argmin(axis),
    np.clip: lambda a, a_min=None, a_max=None, min=None, max=None: a.clip(
        a_min if min is None else min, a_max if max is None else max
    ),
    np.where: f.where,
    np.einsum: f.einsum,
    np.dot: f.dot,
    np.inner: lambda a, b: f.einsum("i,i->", a, b) if np.ndim(a) == np.ndim(b) == 1 else f.matmul(a, f.transpose(b)),
    np.outer: lambda a, b: f.reshape(a, (-1, 1)) * f.reshape(b, (1, -1)),
    np.matmul: f.matmul,
    np.transpose: lambda a, axes=None: a.transpose(*([] if axes is None else [axes])),
    np.swapaxes: lambda a, axis1, axis2: a.swapaxes(axis1, axis2),
    np.moveaxis: f.moveaxis,
    np.reshape: lambda a, shape=None, newshape=None: a.reshape(newshape if shape is None else shape),
    np.ravel: lambda a: a.ravel(),
    np.squeeze: lambda a, axis=None: a.squeeze(axis),
    np.expand_dims: f.expand_dims,
    np.broadcast_to: lambda array, shape: array.broadcast_to(shape),
    np.concatenate: lambda arrays, axis=0: f.concatenate(arrays, axis),
    np.stack: lambda arrays, axis=0: f.stack(arrays, axis),
    np.take: lambda a, indices, axis=None: f.take(a, indices, axis),
    np.flip: f.flip,
    np.diff: f.diff,
    np.linalg.norm: lambda x, ord=None, axis=None, keepdims=False: f.norm(x, axis, keepdims)
    if ord in (None, 2)
    else _unavailable(np.linalg.norm, "other norms than the second"),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
    np.zeros_like: lambda a: np.zeros(a.shape),
    np.ones_like: lambda a: np.ones(a.shape),
    np.full_like: lambda a, fill_value: np.full(a.shape, fill_value),
}


def _unavailable(func: Callable[..., Any], what: str) -> Any:
    raise TypeError(f"np.{func.__name__}: {what} are not available for expressions")


def call_function(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """A function of NumPy with an expression among its arguments."""
    function = _FUNCTIONS.get(func)
    name = getattr(func, "__name__", str(func))
    if function is None:
        raise TypeError(f"np.{name} is not available for expressions")
    try:
        import inspect

        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"np.{name} for expressions: {error}") from None
    return function(*args, **kwargs)
