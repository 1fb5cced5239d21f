"""How far a long call is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

__all__ = ["shown"]

Show = Callable[[str, int], object]


@contextmanager
def shown(progress: Any, total: int) -> Iterator[Show | None]:
    """What a long call calls now and then with a label and a count, for an argument `progress`.

    Parameters
    ----------
    progress : bool or callable
        True shows a bar on the standard error, and a function is called.
    total : int
        The count at the end.
    """
    if callable(progress):
        yield progress
    elif progress:
        try:
            yield _bar(total)
        finally:
            print(file=sys.stderr)
    else:
        yield None


def _bar(total: int) -> Show:
    start = time.monotonic()

    def show(label: str, done: int) -> None:
        elapsed = time.monotonic() - start
        bar = "█" * (20 * min(done, total) // max(total, 1))
        print(f"\r{label:32.32} {bar:20} {done}/{total} [{elapsed:.1f} s]", end="", file=sys.stderr, flush=True)

    return show
