"""Gradient estimators, one class each, made from the library's table.

`estimators.pyi` is written from the same table by `python/write_stubs`.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any, Callable

from . import _aleator
from ._estimator import Estimator

__all__ = ["Estimator"]

# Where a name in the literature does not follow from the words of the name in the language.
_SPELLED = {"muprop": "MuProp", "reinmax": "ReinMax"}


def option_type(option: dict[str, Any]) -> str:
    """The type of an option's values, as users write it: whole numbers are numbers."""
    if isinstance(option["default"], bool):
        return "bool"
    if isinstance(option["default"], str):
        return "float | str" if "<number>" in option["description"] else "str"
    return "float"


def _constructor(options: list[dict[str, Any]]) -> Callable[..., None]:
    """`Estimator.__init__` with the signature that these options make."""

    def __init__(self: Estimator, **given: Any) -> None:
        Estimator.__init__(self, **given)

    def parameter(option: dict[str, Any]) -> Parameter:
        default, annotation = option["default"], option_type(option)
        return Parameter(option["name"], Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    itself = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    setattr(__init__, "__signature__", Signature([itself, *map(parameter, options)]))
    return __init__


def _define(properties: dict[str, Any]) -> type[Estimator]:
    name = properties["name"]
    spelled = _SPELLED.get(name) or "".join(word.capitalize() for word in name.split("_"))
    options = properties["options"]
    described = "\n".join(f"{o['name']} : {option_type(o)}, optional\n    ``{o['description']}``" for o in options)
    sections = [
        f"{spelled}: {properties['summary']}.",
        f"``{properties['formula']}``",
        f"Parameters\n----------\n{described}" if options else "",
        "Notes\n-----\n"
        f"Distributions: {properties['distributions']}. Cost: {properties['requires']}. "
        f"Evaluations of the cost: {properties['evaluations']}.\n\n{properties['advice']}",
    ]
    body = {
        "__doc__": "\n\n".join(section for section in sections if section) + "\n",
        "__module__": "aleator",
        "_properties": properties,
        "__init__": _constructor(options),
    }
    return type(spelled, (Estimator,), body)


ALL: dict[str, type[Estimator]] = {c.__name__: c for c in map(_define, _aleator.estimators())}
globals().update(ALL)
__all__ += list(ALL)
