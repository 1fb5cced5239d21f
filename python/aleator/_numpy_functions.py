"""NumPy's functions on expressions."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import functions as f
from ._einsum import einsum
from ._expressions import Expr
from ._numpy_protocols import FUNCTIONS, REDUCTIONS, UFUNCS

UFUNCS.update(
    {
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
)

REDUCTIONS.update(
    {
        np.add: Expr.sum,
        np.multiply: Expr.prod,
        np.maximum: Expr.max,
        np.minimum: Expr.min,
        np.logical_and: Expr.all,
        np.logical_or: Expr.any,
    }
)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2):
        raise TypeError("np.linalg.norm: other norms than the second are not available for expressions")
    return f.norm(x, axis, keepdims)


FUNCTIONS.update(
    {
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
        np.einsum: einsum,
        np.dot: f.dot,
        np.inner: lambda a, b: einsum("i,i->", a, b) if np.ndim(a) == np.ndim(b) == 1 else f.matmul(a, f.transpose(b)),
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
        np.linalg.norm: _norm,
        np.shape: lambda a: a.shape,
        np.ndim: lambda a: a.ndim,
        np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
        np.zeros_like: lambda a: np.zeros(a.shape),
        np.ones_like: lambda a: np.ones(a.shape),
        np.full_like: lambda a, fill_value: np.full(a.shape, fill_value),
    }
)
