"""Graphs from texts of the language."""

from __future__ import annotations

import os
from pathlib import Path

from . import _aleator
from .errors import AleatorError
from .graph import Graph

__all__ = ["load", "loads"]


def load(
    path: str | os.PathLike[str],
    *,
    batch: int | None = None,
    seed: int = 0,
    allow_commands: bool = False,
    external_timeout: float = 60.0,
) -> Graph:
    """Reads a graph from a file of the language. Data files are looked for beside it.

    Parameters
    ----------
    path : path-like
        Such as ``"toy.scg"``.
    batch : int, optional
        The number of rows of data of shape ``[batch, ..]``, the first ones. By default all rows.
    seed : int
        The seed of random initial values.
    allow_commands : bool
        Whether programs of ``external`` lines may run, which can do anything that you can. Without it, an evaluation raises
        `BlackBoxError`.
    external_timeout : float
        Seconds that a program may take for one answer.

    Returns
    -------
    Graph

    Raises
    ------
    OSError
        If the file cannot be read.
    SourceError
        The first mistake in it, with its line and column.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise AleatorError(f"{file} is no text in UTF-8: {error}") from None
    timeout = external_timeout if allow_commands else None
    return _from_text(text, str(file.parent.resolve()), str(file), batch, seed, timeout)


def loads(
    text: str,
    *,
    batch: int | None = None,
    seed: int = 0,
    allow_commands: bool = False,
    external_timeout: float = 60.0,
) -> Graph:
    """Reads a graph from a text of the language.

    Parameters
    ----------
    text : str
        Such as ``"param theta = 0.0\\nb ~ Bernoulli(logits = theta)\\ncost loss = (b - 0.45)^2"``. Data files need `load`.
    batch, seed, allow_commands, external_timeout
        As of `load`.

    Returns
    -------
    Graph

    Raises
    ------
    SourceError
        The first mistake in it, with its line and column.
    """
    if not isinstance(text, str):
        raise TypeError(f"a graph is read from a text, got {text!r}; use al.load for files")
    return _from_text(text, None, None, batch, seed, external_timeout if allow_commands else None)


def _from_text(
    text: str, folder: str | None, file: str | None, batch: int | None, seed: int, timeout: float | None
) -> Graph:
    read = _aleator.Graph()
    read.read(text, folder, file, None, batch, seed, timeout)
    # The data, so that a pickle needs no files.
    arrays = {name: read.initial(name) for name, _ in read.datasets()} if folder else None
    graph = Graph()
    graph._record("read", text, folder, file, arrays, batch, seed, timeout)
    return graph
