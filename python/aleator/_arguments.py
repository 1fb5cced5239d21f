"""Checks of arguments that many functions take."""

from __future__ import annotations

import operator
from typing import Any

from .errors import AleatorError

__all__ = ["checked_name", "count", "names", "optional_count", "optional_number", "seed_number"]


def checked_name(name: Any) -> str:
    """A text that is not empty.

    Raises
    ------
    TypeError, AleatorError
    """
    if not isinstance(name, str):
        raise TypeError(f"a name is a text, got {name!r}")
    if not name:
        raise AleatorError("a name must not be empty")
    return name


def names(value: Any, what: str) -> list[str]:
    """The names of a text with commas or of a sequence of names; none for None.

    Raises
    ------
    TypeError
    """
    if value is None:
        return []
    if isinstance(value, str):
        return [name.strip() for name in value.split(",")]
    found = list(value)
    if not all(isinstance(name, str) for name in found):
        raise TypeError(f"{what} takes names, got {value!r}")
    return found


def optional_count(value: Any, what: str) -> int | None:
    """A number from 1 on, or None."""
    return None if value is None else count(value, what, 1)


def count(value: Any, what: str, least: int = 0) -> int:
    """A whole number that is not below `least` and has 63 bits.

    Raises
    ------
    TypeError, AleatorError
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be an integer, got {value!r}") from None
    if not least <= number < 2**63:
        raise AleatorError(f"{what} must be an integer from {least} on, got {number}")
    return number


def optional_number(value: Any) -> float | None:
    """A real number, or None."""
    return None if value is None else float(value)


def seed_number(seed: Any) -> int:
    """A seed.

    Raises
    ------
    TypeError, AleatorError
    """
    try:
        number = operator.index(seed)
    except TypeError:
        raise TypeError(f"seed must be an integer, got {seed!r}") from None
    if not 0 <= number < 2**64:
        raise AleatorError(f"seed must be an integer from 0 to 2**64 - 1, got {number}")
    return number
