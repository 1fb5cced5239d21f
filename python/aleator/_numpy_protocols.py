"""Which of NumPy's functions work on expressions.

`_numpy_functions` fills the tables, which expressions look into when NumPy hands a call over to them (`__array_ufunc__` and
`__array_function__`, NEP 13 and NEP 18).
"""

from __future__ import annotations

import inspect
from typing import Any, Callable

import numpy as np

__all__ = ["FUNCTIONS", "REDUCTIONS", "UFUNCS", "for_function", "for_ufunc"]

UFUNCS: dict[np.ufunc, Callable[..., Any]] = {}
"""What a ufunc does with expressions."""

REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {}
"""What a ufunc's `reduce` does with an expression, an axis, and whether axes are kept."""

FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What other functions do; an argument that is not in the signature is not available for expressions."""


def for_ufunc(ufunc: np.ufunc, method: str, kwargs: dict[str, Any]) -> Callable[..., Any]:
    """What computes a ufunc, or its `reduce`, of expressions.

    Raises
    ------
    TypeError
        If nothing does.
    """
    if kwargs.get("out") is not None:
        raise TypeError(f"np.{ufunc.__name__}: an array cannot take the result, which is an expression; use `x = x + y`")
    if kwargs.get("where", True) is not True or kwargs.get("dtype") is not None:
        raise TypeError(f"np.{ufunc.__name__}: `where` and `dtype` are not available for expressions; use np.where")
    if method == "reduce" and ufunc in REDUCTIONS:
        axis, keepdims = kwargs.get("axis", 0), kwargs.get("keepdims", False)
        return lambda x: REDUCTIONS[ufunc](x, axis, keepdims)
    unknown = any(value for name, value in kwargs.items() if name not in ("out", "where", "dtype"))
    if method != "__call__" or ufunc not in UFUNCS or unknown:
        suffix = "" if method == "__call__" else f".{method}"
        raise TypeError(f"np.{ufunc.__name__}{suffix} is not available for expressions")
    return UFUNCS[ufunc]


def for_function(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Callable[..., Any]:
    """What computes a function of NumPy of expressions.

    Raises
    ------
    TypeError
        If nothing does, or it does not take these arguments.
    """
    name = getattr(func, "__name__", str(func))
    function = FUNCTIONS.get(func)
    if function is None:
        raise TypeError(f"np.{name} is not available for expressions")
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"np.{name} for expressions: {error}") from None
    return function
