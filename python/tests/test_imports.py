"""The order of the package's files: no file imports itself through others.

Imports inside of functions and those for types alone count as well: they too are needed to understand a file. Whatever imports a name
from a package depends on the package's ``__init__`` and the file that the name comes from.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "aleator"


def sources(folder=PACKAGE):
    """The text of each file by the name of its module."""
    found = {}
    # The compiled module is known by its stub.
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        parts = ("aleator", *path.relative_to(folder).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def imports(texts, packages):
    """The modules that each module imports."""
    return {module: set(imported(module, ast.parse(text), texts, packages)) - {module} for module, text in texts.items()}


def imported(module, tree, texts, packages):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in texts)
        elif isinstance(node, ast.ImportFrom):
            # One dot is the package that the module is in, or is.
            parts = module.split(".")
            kept = len(parts) - node.level + (module in packages)
            prefix = parts[:kept] if node.level else []
            base = ".".join([*prefix, *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                if inner in texts:
                    yield inner
                elif base in texts:
                    yield base


def circle(graph):
    """Modules that import each other in a ring, or None."""
    finished = set()

    def search(module, path):
        if module in path:
            return path[path.index(module) :]
        if module in finished:
            return None
        found = next(filter(None, (search(other, [*path, module]) for other in sorted(graph[module]))), None)
        finished.add(module)
        return found

    return next(filter(None, (search(module, []) for module in sorted(graph))), None)


def packages_of(texts):
    return {module for module in texts if any(other.startswith(module + ".") for other in texts)}


def test_no_file_imports_itself_through_others():
    texts = sources()
    graph = imports(texts, packages_of(texts))
    assert sum(map(len, graph.values())) > 40, "imports are not found"
    assert circle(graph) is None


@pytest.mark.parametrize(
    "line",
    [
        "from .graph import Graph",
        "from . import graph",
        "from .graph import *",
        "import aleator.graph",
        "from aleator.graph import Graph",
        "def f():\n    from .graph import Graph",
        "if TYPE_CHECKING:\n    from .graph import Graph",
        "from . import Graph",
    ],
)
def test_circles_are_found(line):
    texts = {
        "aleator": "from .graph import Graph",
        "aleator.errors": "import math",
        "aleator.graph": "from .errors import AleatorError\nfrom .jax import _function",
        "aleator.jax": "",
        "aleator.jax._function": "from ..errors import AleatorError",
    }
    assert circle(imports(texts, packages_of(texts))) is None
    texts["aleator.errors"] = line
    found = circle(imports(texts, packages_of(texts)))
    assert "aleator.errors" in found and "aleator.graph" in found


def test_circles_between_folders_are_found():
    texts = {"aleator": "", "aleator.graph": "from .jax import f", "aleator.jax": "from ._function import f", "aleator.jax._function": "from ..graph import Graph"}
    assert circle(imports(texts, packages_of(texts))) == ["aleator.graph", "aleator.jax", "aleator.jax._function"]
