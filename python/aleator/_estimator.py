"""What all estimators have: options, and a text in the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _aleator
from ._arguments import checked_name

__all__ = ["Estimator", "via_list", "via_text"]


class Estimator:
    """An estimator with its options. Its `repr` is what the language writes."""

    # The row of the library's table.
    _properties = dict[str, Any]()

    def __init__(self, **options: Any) -> None:
        if not self._properties:
            raise TypeError("make an estimator from its own class, such as al.Rebar(temperature=0.5)")
        words = (f"{name} = {_option(name, value)}" for name, value in options.items())
        text = self._properties["name"] + (f"({', '.join(words)})" if options else "")
        # Checks names and values of the options, and leaves out defaults.
        self._text: str = _aleator.describe_estimator(text)
        defaults = {option["name"]: option["default"] for option in self._properties["options"]}
        self.options: dict[str, Any] = {**defaults, **options}

    def __getattr__(self, name: str) -> Any:
        options = self.__dict__.get("options", {})
        if name in options:
            return options[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Estimator) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _option(name: str, value: Any) -> str:
    """An option's value as the language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.isidentifier():
        return value
    if not isinstance(value, str):
        try:
            return repr(float(value)) if float(value) != int(value) else repr(int(value))
        except OverflowError:
            # Infinite: the option's description says what it accepts.
            return repr(float(value))
        except (TypeError, ValueError):
            if isinstance(value, float):
                return "0 / 0"
    raise TypeError(f"the option `{name}` is a number, a truth value or a word, got {value!r}")


def via_text(via: Any) -> str:
    """An estimator, given as an object, as its class or as a text, as the language writes it."""
    if isinstance(via, Estimator):
        return via._text
    if isinstance(via, type) and issubclass(via, Estimator):
        return via()._text
    if isinstance(via, str):
        return via
    raise TypeError(f"an estimator is an object such as al.Rebar(temperature=0.3), or its text, got {via!r}")


def via_list(via: Any) -> list[tuple[str | None, str]]:
    """Estimators for all sites, or by site, as pairs of a site and a text. A sequence has texts as the command's `--via`."""
    if via is None:
        return []
    if isinstance(via, (list, tuple)):
        return [_site_and_text(one) for one in via]
    if isinstance(via, Mapping):
        return [(checked_name(site), via_text(estimator)) for site, estimator in via.items()]
    return [(None, via_text(via))]


def _site_and_text(one: Any) -> tuple[str | None, str]:
    """Of an estimator for all sites, or of a text such as ``"z=rebar(temperature=0.3)"``."""
    if isinstance(one, str):
        site, equals, estimator = one.partition("=")
        if equals and "(" not in site:
            return (checked_name(site.strip()), via_text(estimator.strip()))
    return (None, via_text(one))


Estimator.__module__ = "aleator"
