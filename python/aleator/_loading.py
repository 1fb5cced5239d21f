"""Graphs from texts of the language."""

from __future__ import annotations

import os
from pathlib import Path

from . import _aleator
from .errors import AleatorError
from .graph import Graph

__all__ = ["load", "loads"]


def load(path: str | os.PathLike[str]) -> Graph:
    """Reads a graph from a file of the language. Data files are looked for beside it.

    Parameters
    ----------
    path : path-like
        Such as ``"toy.scg"``.

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
    return _from_text(text, str(file.parent.resolve()), str(file))


def loads(text: str) -> Graph:
    """Reads a graph from a text of the language.

    Parameters
    ----------
    text : str
        Such as ``"param theta = 0.0\\nb ~ Bernoulli(logits = theta)\\ncost loss = (b - 0.45)^2"``. Data files need `load`.

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
    return _from_text(text, None, None)


def _from_text(text: str, folder: str | None, file: str | None) -> Graph:
    read = _aleator.Graph()
    read.read(text, folder, file)
    # The data, so that a pickle needs no files.
    arrays = {name: read.initial(name) for name, _ in read.datasets()} if folder else None
    graph = Graph()
    graph._record("read", text, folder, file, arrays)
    return graph
