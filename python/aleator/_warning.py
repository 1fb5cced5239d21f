"""Warnings that point at the user's line."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable

from .errors import AleatorWarning

__all__ = ["warn"]

_PACKAGE = os.path.dirname(__file__) + os.sep


def warn(notes: Iterable[str]) -> None:
    """Warns of each note, at the innermost line outside this package."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    for note in notes:
        warnings.warn(note, AleatorWarning, stacklevel=level)
