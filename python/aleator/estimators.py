"""Gradient estimators, one class each, made from the library's table.

`estimators.pyi` is written from the same table by `python/write_stubs`.
"""

from __future__ import annotations

from typing import Any

from . import _aleator
from ._estimator import Estimator

__all__ = ["Estimator"]

# Where a name in the literature does not follow from the words of the name in the language.
_SPELLED = {"muprop": "MuProp"}


def _define(properties: dict[str, Any]) -> type[Estimator]:
    name = properties["name"]
    spelled = _SPELLED.get(name) or "".join(word.capitalize() for word in name.split("_"))
    options = "\n".join(f"{option['name']}\n    {option['description']}" for option in properties["options"])
    sections = [
        f"{spelled}: {properties['summary']}.",
        f"``{properties['formula']}``",
        f"Parameters\n----------\n{options}" if options else "",
        "Notes\n-----\n"
        f"Distributions: {properties['distributions']}. Cost: {properties['requires']}. "
        f"Evaluations of the cost: {properties['evaluations']}.\n\n{properties['advice']}",
    ]
    body = {
        "__doc__": "\n\n".join(section for section in sections if section) + "\n",
        "__module__": "aleator",
        "_properties": properties,
    }
    return type(spelled, (Estimator,), body)


ALL: dict[str, type[Estimator]] = {c.__name__: c for c in map(_define, _aleator.estimators())}
globals().update(ALL)
__all__ += list(ALL)
