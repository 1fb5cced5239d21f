"""What the docstrings of many functions say in the same words."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

__all__ = ["documented"]

F = TypeVar("F", bound=Callable[..., Any])

_PARAMETERS = {
    "x": "x : Expr or array_like",
    "operands": "{names} : Expr or array_like\n    Their shapes broadcast against each other.",
    "axes": "axis : int or tuple of int, optional\n    Negative ones count from the end. By default all axes.",
    "axis": "axis : int\n    A negative one counts from the end.",
    "flat": "axis : int, optional\n    By default over all elements in a row.",
    "keepdims": "keepdims : bool\n    Whether these axes stay, with size 1.",
}

_RESULTS = {
    "same": "Of the shape of `x`.",
    "broadcast": "Of the shape to which the operands broadcast.",
    "reduced": "Of the shape without these axes; a scalar without any that is left.",
    "without": "Of the shape without this axis.",
}

_ERRORS = {
    "axis": "ShapeError\n    If there is no such axis.",
    "broadcast": "ShapeError\n    If the shapes do not broadcast against each other.",
}


def documented(*parameters: str, returns: str, raises: str | None = None) -> Callable[[F], F]:
    """Completes a docstring of one line by sections that are written here once.

    A method has its object for `x`, and gives an expression.
    """

    def complete(function: F) -> F:
        names = list(function.__code__.co_varnames[: function.__code__.co_argcount])
        is_method = names[0] == "self"
        written = [_PARAMETERS[p].format(names=", ".join(names)) for p in parameters if not (is_method and p == "x")]
        kind = "Expr" if is_method else "Expr or numpy.ndarray"
        result = _RESULTS[returns].replace("`x`", "the expression" if is_method else "`x`")
        sections = [
            function.__doc__ or "",
            "Parameters\n----------\n" + "\n".join(written) if written else "",
            f"Returns\n-------\n{kind}\n    {result}",
            f"Raises\n------\n{_ERRORS[raises]}" if raises else "",
        ]
        function.__doc__ = "\n\n".join(section for section in sections if section) + "\n"
        return function

    return complete
