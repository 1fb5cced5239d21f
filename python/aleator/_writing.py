"""A graph as a text of the language."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from . import _aleator
from ._recording import Recording
from .distributions import ALL as DISTRIBUTIONS
from .errors import AleatorError, SourceError

__all__ = ["text_of"]

# How tightly an operator binds, as the language has it.
_COMPARISON, _SUM, _PRODUCT, _NEGATION, _POWER, _ATOM = range(6)

# Operators of two operands: how they are written, how tightly they bind, and what their operands must at least bind.
_OPERATORS = {
    "add": ("+", _SUM, _SUM, _PRODUCT),
    "sub": ("-", _SUM, _SUM, _PRODUCT),
    "mul": ("*", _PRODUCT, _PRODUCT, _NEGATION),
    "div": ("/", _PRODUCT, _PRODUCT, _NEGATION),
    "matmul": ("@", _PRODUCT, _PRODUCT, _NEGATION),
    "pow": ("^", _POWER, _ATOM, _POWER),
    "less": ("<", _COMPARISON, _SUM, _SUM),
    "less_equal": ("<=", _COMPARISON, _SUM, _SUM),
    "greater": (">", _COMPARISON, _SUM, _SUM),
    "greater_equal": (">=", _COMPARISON, _SUM, _SUM),
    "equal": ("==", _COMPARISON, _SUM, _SUM),
    "not_equal": ("!=", _COMPARISON, _SUM, _SUM),
}
_REDUCTIONS = {"sum", "mean", "prod", "logsumexp", "norm", "reduce_max", "reduce_min"}
_ALONG = {"softmax", "log_softmax", "cumsum", "cumprod", "sort", "argmax"}

# Longer expressions become statements of their own.
_LONGEST = 90
# What the language takes in one file.
_MOST_ELEMENTS = 1 << 18


class _Written(NamedTuple):
    """An expression as text."""

    text: str
    binds: int = _ATOM

    def within(self, least: int) -> str:
        """In parentheses where it binds less tightly."""
        return self.text if self.binds >= least else f"({self.text})"


class _Node(NamedTuple):
    """A node that a call made."""

    id: int
    shape: tuple[int, ...]


def text_of(graph: Recording) -> str:
    """The text from which `loads` makes a graph that computes the same numbers.

    Raises
    ------
    AleatorError
        If the language has no words for a node; the message names it.
    """
    calls = graph.__getstate__()["calls"]
    writer = _Writer(calls)
    for (method, arguments), made in zip(calls, writer.results):
        write = getattr(writer, method, None)
        if write is None:
            name = arguments[0] if isinstance(arguments[0], str) else method
            raise AleatorError(f"`{name}` cannot be written: the language has nothing like it")
        write(made, *arguments)
    text = "".join(writer.lines)
    source = calls[0][1] if calls and calls[0][0] == "read" else (text,)
    try:
        _aleator.Graph().read(text, *source[1:])
    except SourceError as error:
        raise AleatorError(f"the language cannot express this graph: {error}") from None
    return text


class _Writer:
    """One method for each call that builds a graph, which takes the call's result and its arguments."""

    def __init__(self, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        self.raw = _aleator.Graph()
        self.results = [_node(getattr(self.raw, method)(*arguments)) for method, arguments in calls]
        self.shapes = {made.id: made.shape for made in self.results if made is not None}
        self.uses = Counter(id for call in calls for id in _used(*call))
        self.written: dict[int, _Written] = {}
        # Of an element that keeps its axis: what it is an element of, the axis, and the place.
        self.elements: dict[int, tuple[int, int, int]] = {}
        self.taken = {name for name, *_ in (*self.raw.params(), *self.raw.datasets(), *self.raw.sites(), *self.raw.costs())}
        # A node that is noted is written under that name.
        self.notes = {id: name for name, id in reversed([arguments for method, arguments in calls if method == "note"])}
        self.taken.update(self.notes.values())
        self.lines: list[str] = []
        self.elements_written = 0

    # What a text may begin with.

    def read(self, _: None, text: str, *source: Any) -> None:
        self.lines.append(text if text.endswith("\n") else f"{text}\n")
        loaded = _aleator.Graph()
        loaded.read(text, *source)
        for name, (id, shape) in (*loaded.params(), *loaded.datasets(), *loaded.sites(), *loaded.costs()):
            self.written.setdefault(id, _Written(name))
            self.shapes.setdefault(id, tuple(shape))

    # Statements.

    def input(self, made: _Node, kind: str, name: str, value: Any) -> None:
        # The shape of a parameter is that of its value.
        shape = f" : {_sizes(made.shape)}" if kind == "data" else ""
        self._statement(f"{kind} {_checked(name)}{shape} = {self._numbers(value, f'`{name}`')}")
        self.written[made.id] = _Written(name)

    def _law(self, law: tuple[str, int], ids: Sequence[int]) -> str:
        first, signature = DISTRIBUTIONS[law[0]]._signatures[0], DISTRIBUTIONS[law[0]]._signatures[law[1]]
        values = [self.written[id].text for id in ids]
        named = [value if p in first else f"{p} = {value}" for p, value in zip(signature, values)]
        return f"{law[0]}({', '.join(named)})"

    def sample(
        self, made: _Node, name: str, law: tuple[str, int], ids: Sequence[int], copies: int | None, via: str | None
    ) -> None:
        repeated = "" if copies is None else f"[{copies}]"
        suffix = "" if via is None else f" via {via}"
        self._statement(f"{_checked(name)} ~ {self._law(law, ids)}{repeated}{suffix}")
        self.written[made.id] = _Written(name)

    def cost(self, _: None, name: str, id: int) -> None:
        self._statement(f"cost {_checked(name)} = {self.written[id].text}")

    def reward(self, _: None, name: str, id: int) -> None:
        self._statement(f"reward {_checked(name)} = {self.written[id].text}")

    def note(self, _: None, name: str, id: int) -> None:
        if self.written[id].text != name:
            self._statement(f"{_checked(name)} = {self.written[id].text}")
            self.written[id] = _Written(name)

    def observe(self, made: _Node, name: str, value: int, law: tuple[str, int], ids: Sequence[int]) -> None:
        observed = self.written[value].text
        if name == observed:
            # Named after what is observed, which the name goes on to stand for.
            self._statement(f"observe {observed} ~ {self._law(law, ids)}")
            self.written[made.id] = _Written(f"-log_prob({self._law(law, ids)}, {observed})", _NEGATION)
        else:
            self._statement(f"cost {_checked(name)} = -log_prob({self._law(law, ids)}, {observed})")
            self.written[made.id] = _Written(name)

    def quantity(self, made: _Node, what: str, laws: Sequence[tuple[tuple[str, int], Any]], value: int | None) -> None:
        if what == "mode":
            raise AleatorError(f"the mode of {laws[0][0][0]} cannot be written: the language has no modes")
        arguments = [self._law(law, ids) for law, ids in laws]
        if value is not None:
            arguments.append(self.written[value].text)
        name = self._fresh("t")
        self._statement(f"{name} = {what}({', '.join(arguments)})")
        self.written[made.id] = _Written(name)

    # What the language has no words for.

    def external(self, _: _Node, name: str, *arguments: Any) -> None:
        raise AleatorError(f"the black box `{name}` cannot be written: the language has no functions in Python")

    # Expressions.

    def constant(self, made: _Node, value: Any) -> None:
        if made.id in self.written:
            return
        text = self._numbers(value, "a constant")
        if made.shape and self.uses[made.id] > 1:
            name = self._fresh("c")
            self._statement(f"const {name} = {text}")
            text = name
        self.written[made.id] = _Written(text, _NEGATION if text.startswith("-") else _ATOM)

    def apply(self, made: _Node, operation: str, ids: Sequence[int], numbers: Sequence[int]) -> None:
        if made.id in self.written:
            return
        written = self._operation(made, operation, ids, numbers)
        if made.id in self.notes or self.uses[made.id] > 1 or len(written.text) > _LONGEST:
            name = _checked(self.notes[made.id]) if made.id in self.notes else self._fresh("t")
            self._statement(f"{name} = {written.text}")
            written = _Written(name)
        self.written[made.id] = written

    def _operation(self, made: _Node, operation: str, ids: Sequence[int], numbers: Sequence[int]) -> _Written:
        x, *others = (self.written[id] for id in ids)
        shape = self.shapes[ids[0]]
        rank = len(shape)
        if operation in _OPERATORS:
            symbol, binds, left, right = _OPERATORS[operation]
            spaced = symbol if symbol == "^" else f" {symbol} "
            return _Written(f"{x.within(left)}{spaced}{others[0].within(right)}", binds)
        if operation == "neg":
            return _Written(f"-{x.within(_POWER)}", _NEGATION)
        if operation == "not":
            return _Written(f"(not {x.within(_COMPARISON)})")
        if operation in _REDUCTIONS:
            axes = sorted(rank - 1 - axis for axis in numbers)
            along = "" if len(axes) == rank else f", axis={list(axes) if len(axes) != 1 else axes[0]}"
            return _Written(f"{operation.removeprefix('reduce_')}({x.text}{along})")
        if operation in _ALONG:
            along = "" if numbers[0] == rank - 1 else f", axis={numbers[0]}"
            return _Written(f"{operation}({x.text}{along})")
        if operation == "slice":
            axis, start, length = numbers
            if length == 1:
                self.elements[made.id] = (ids[0], axis, start)
            return _Written(f"{x.within(_ATOM)}[{':, ' * axis}{start}:{start + length}]")
        if operation == "reshape" and ids[0] in self.elements:
            base, axis, place = self.elements[ids[0]]
            of = self.shapes[base]
            if made.shape == of[:axis] + of[axis + 1 :]:
                return _Written(f"{self.written[base].within(_ATOM)}[{':, ' * axis}{place}]")
        if operation == "element":
            return _Written(f"{x.within(_ATOM)}[{':, ' * numbers[0]}{others[0].text}]")
        if operation == "concat":
            return _Written(f"concat([{', '.join(part.text for part in (x, *others))}], axis={numbers[0]})")
        if operation == "take":
            return _Written(f"take({x.text}, {list(numbers[1:])}, axis={numbers[0]})")
        if operation in ("reshape", "broadcast_to"):
            return _Written(f"{operation}({x.text}, {_sizes(made.shape)})")
        if operation == "permute":
            return _Written(f"transpose({x.text}, {list(numbers)})")
        if operation in ("tril", "triu", "top_k"):
            return _Written(f"{operation}({x.text}, {numbers[0]})")
        if operation == "solve_triangular":
            upper = ", upper = true" if numbers[0] else ""
            return _Written(f"{operation}({x.text}, {others[0].text}{upper})")
        if operation == "one_hot":
            return _Written(f"one_hot({x.text}, {numbers[0]})")
        return _Written(f"{operation}({', '.join(part.text for part in (x, *others))})")

    # Parts of texts.

    def _statement(self, text: str) -> None:
        self.lines.append(f"{text}\n")

    def _fresh(self, letter: str) -> str:
        number = 1
        while f"{letter}{number}" in self.taken:
            number += 1
        self.taken.add(f"{letter}{number}")
        return f"{letter}{number}"

    def _numbers(self, value: Any, what: str) -> str:
        array = np.asarray(value, dtype=np.float64)
        if np.isnan(array).any():
            raise AleatorError(f"{what} contains NaN, which the language cannot write")
        self.elements_written += array.size
        if self.elements_written > _MOST_ELEMENTS:
            raise AleatorError(f"{what} cannot be written: a text of the language has at most {_MOST_ELEMENTS} numbers")
        if array.size == 0:
            return f"zeros({_sizes(array.shape)})"
        # A tensor of equal numbers is short.
        if array.ndim and array.size > 8 and (array == array.flat[0]).all() and array.flat[0] in (0.0, 1.0):
            return f"{'ones' if array.flat[0] else 'zeros'}({_sizes(array.shape)})"
        return _nested(array.tolist())


def _node(made: Any) -> Any:
    return None if made is None else _Node(made[0], tuple(made[1]))


def _used(method: str, arguments: tuple[Any, ...]) -> Sequence[int]:
    """The nodes that a call uses."""
    if method == "apply":
        ids: Sequence[int] = arguments[1]
        return ids
    if method == "sample":
        return list(arguments[2])
    if method == "observe":
        return [arguments[1], *arguments[3]]
    if method == "quantity":
        return [*(id for _, ids in arguments[1] for id in ids), *([] if arguments[2] is None else [arguments[2]])]
    return [arguments[1]] if method in ("cost", "reward", "note") else []


def _checked(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise AleatorError(f"`{name}` cannot be written: names of the language consist of a-z, A-Z, 0-9 and _")
    return name


def _sizes(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _nested(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_nested, value))}]"
    if not math.isfinite(value) or value != int(value) or abs(value) >= 1e15 or str(value) == "-0.0":
        return repr(value)
    return str(int(value))
