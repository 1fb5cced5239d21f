"""What is written is run: the Python in the README and in the book, and the examples in docstrings."""

import contextlib
import doctest
import inspect
import io
import re
from pathlib import Path

import pytest

import aleator as al

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", *(f"docs/src/{page}.md" for page in ("python", "jax", "torch", "coming-from"))]


@pytest.mark.parametrize("page", PAGES)
def test_pages(page):
    for library in ("jax", "torch"):
        if page == f"docs/src/{library}.md":
            pytest.importorskip(library)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for block in blocks:
            exec(compile(block, page, "exec"), names)


@pytest.mark.parametrize("module", ["aleator", "aleator.graph"])
def test_docstrings(module):
    import importlib

    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted and not result.failed


def test_everything_public_has_a_docstring():
    missing = []
    for name in al.__all__:
        thing = getattr(al, name)
        if isinstance(thing, type):
            attributes = {n: a for n, a in vars(thing).items() if not n.startswith("_") and (callable(a) or isinstance(a, property))}
            missing += [f"{name}.{n}" for n, a in attributes.items() if not a.__doc__]
        if name != "__version__" and not thing.__doc__:
            missing.append(name)
    assert not missing


def public_functions():
    for name in al.__all__:
        thing = getattr(al, name)
        if isinstance(thing, type):
            yield from ((f"{name}.{n}", a) for n, a in vars(thing).items() if not n.startswith("_") and callable(a))
        elif callable(thing):
            yield name, thing


def test_docstrings_tell_of_every_parameter():
    missing = []
    for name, function in public_functions():
        parameters = [parameter for parameter in inspect.signature(function).parameters if parameter != "self"]
        text = inspect.getdoc(function)
        missing += [f"{name}: {p}" for p in parameters if not re.search(rf"^[\w, *]*\b{p}\b[\w, ]*( :|$)", text, re.M)]
    assert not missing
