"""Stochastic computation graphs."""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _aleator
from ._arrays import as_float, as_shape
from ._expressions import Expr
from ._host import BlackBoxFunction, HostFunction
from .distributions import Distribution
from .errors import AleatorError, MixedGraphsError, ShapeError, UnknownNameError
from .estimators import Estimator, via_text

if TYPE_CHECKING:
    from .program import Program

__all__ = ["BlackBox", "Graph", "Site", "load", "loads"]


# Elementwise operations of several operands, and how messages call them.
_BROADCASTING = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "pow": "**",
    "min": "minimum",
    "max": "maximum",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
    "not_equal": "!=",
    "where": "where",
    "clamp": "clamp",
}


class Graph:
    """A stochastic computation graph, whose objective is the expectation of the sum of all elements of all costs.

    The objective is minimised. After an error the graph is what it was before the call that raised it.

    Examples
    --------
    >>> import aleator as al
    >>> g = al.Graph()
    >>> theta = g.param("theta", 0.0)
    >>> b = g.sample("b", al.Bernoulli(logits=theta), via="rebar(temperature=0.3)")
    >>> g.cost("loss", (b - 0.45) ** 2)
    >>> g.compile(samples=16, seed=0)().gradient["theta"].shape
    ()
    """

    def __init__(self) -> None:
        self._raw = _aleator.Graph()
        # How it was built: node numbers are a function of these calls, so that a pickle is the list of them.
        self._calls: list[tuple[str, tuple[Any, ...]]] = []
        self._source: str | None = None
        self._lock = threading.RLock()

    # Building.

    def param(self, name: str, value: ArrayLike, *, shape: Any = None) -> Expr:
        """Adds a parameter, with respect to which the objective is differentiated.

        Parameters
        ----------
        name : str
            A name that nothing else in the graph has.
        value : array_like
            The initial value. A single number fills `shape`.
        shape : int or tuple of int, optional
            By default that of `value`.

        Returns
        -------
        Expr

        Raises
        ------
        TypeError
            If `value` does not consist of real numbers.
        ShapeError
            If `value` does not have this shape.
        AleatorError
            If the name is taken.
        """
        return self._add("input", "param", _name(name), _filled(value, shape, f"the value of `{name}`"))

    def data(self, name: str, value: ArrayLike, *, shape: Any = None) -> Expr:
        """Adds data, which `Program.set` can replace before a call. See `param` for arguments and errors."""
        return self._add("input", "data", _name(name), _filled(value, shape, f"the value of `{name}`"))

    def constant(self, value: ArrayLike) -> Expr:
        """An expression of given numbers. Operators convert numbers and arrays themselves, so that it is rarely needed."""
        return self._as_expr(value)

    def sample(
        self,
        name: str,
        distribution: Distribution,
        *,
        via: str | Estimator | None = None,
        copies: int | None = None,
    ) -> Expr:
        """Adds a random node.

        Parameters
        ----------
        name : str
            A name that nothing else in the graph has.
        distribution : Distribution
            What it is drawn from.
        via : str or Estimator, optional
            The estimator of gradients through it: an object such as ``al.Rebar(temperature=0.3)`` or its text. By default the
            library chooses an unbiased one.
        copies : int, optional
            Draws as many independent copies along a new leading axis.

        Returns
        -------
        Expr
            Of shape ``copies + batch_shape + event_shape``.
        """
        if not isinstance(distribution, Distribution):
            raise TypeError(f"`{name}` must be drawn from a distribution such as al.Normal(0.0, 1.0), got {distribution!r}")
        if copies is not None:
            (copies,) = as_shape(copies, "copies")
        text = None if via is None else via_text(via)
        return self._add("sample", _name(name), *distribution._on(self), copies, text)

    def observe(self, value: Any, distribution: Distribution, name: str | None = None) -> Expr:
        """Adds the cost -log p(value) of an observation.

        Parameters
        ----------
        value : array_like or Expr
            What was observed; its last axes are the event's, the others broadcast against the distribution's batch.
        distribution : Distribution
        name : str, optional
            The cost's name; by default ``observed``, ``observed_2``, ...

        Returns
        -------
        Expr
            The cost of each observation, in nats.
        """
        if not isinstance(distribution, Distribution):
            raise TypeError(f"an observation needs a distribution such as al.Normal(0.0, 1.0), got {distribution!r}")
        if name is None:
            taken = set(self.costs)
            names = ("observed" if i == 1 else f"observed_{i}" for i in range(1, len(taken) + 2))
            name = next(candidate for candidate in names if candidate not in taken)
        observed = self._as_expr(value)
        return self._add("observe", _name(name), observed._id, *distribution._on(self))

    def cost(self, name: str, value: Any) -> None:
        """Adds the sum of all elements of `value` to the objective.

        Parameters
        ----------
        name : str
        value : Expr or array_like
        """
        expr = self._as_expr(value)
        self._record("cost", _name(name), expr._id)

    def external(
        self, name: str, function: Callable[..., Any], shape: Any = (), *, vectorized: bool = False
    ) -> BlackBox:
        """A Python function as a black box, which has values but no derivative.

        Parameters
        ----------
        name : str
            How messages call it.
        function : callable
            Called with one `numpy.ndarray` (`float64`) for each argument, of the shape that the expression has where the box is
            applied; returns an array of `shape`. It may be called from several threads.
        shape : int or tuple of int
            The shape of the result.
        vectorized : bool
            Whether the function takes and returns arrays with one more leading axis, and is called once for all samples: much faster
            where it is made of NumPy's functions.

        Returns
        -------
        BlackBox
            Call it with expressions.

        Raises
        ------
        BlackBoxError
            When a program runs and the function raises; its exception is the cause.
        """
        if not callable(function):
            raise TypeError(f"the black box `{name}` must be a function, got {function!r}")
        return BlackBox(self, _name(name), BlackBoxFunction(name, function, as_shape(shape), bool(vectorized)))

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        shape: Any = None,
        vjp: Callable[..., Any] | None = None,
        rows: bool | Sequence[bool] = False,
        may_jump: bool = False,
        name: str | None = None,
    ) -> Expr:
        """Calls a differentiable function that aleator does not look into.

        The function runs where the graph runs: `aleator.jax.function` and `aleator.torch.function` give it their arrays and differentiate
        it themselves; a native program gives it NumPy arrays and needs `vjp` for the estimators that use its derivative.

        Parameters
        ----------
        function : callable
            Takes one array for each argument, of its shape, and returns an array of `shape`.
        *arguments : Expr or array_like
        shape : int or tuple of int, optional
            The shape of the result. By default the function is called once, with zeros, to find it.
        vjp : callable, optional
            ``vjp(cotangent, *arguments)`` returns, for each argument, the derivative of ``(cotangent * function(*arguments)).sum()``, in a
            tuple. With it, `function` and `vjp` are called with NumPy arrays everywhere.
        rows : bool or sequence of bool
            Whether each row of the result, along its first axis, depends on the same row of the arguments alone; a sequence says for
            each argument whether it has rows. It lowers the variance, and is not checked.
        may_jump : bool
            Whether the result may jump where an argument varies, so that its derivative does not determine its values.
        name : str, optional
            How messages call it, by default as the function is called.

        Returns
        -------
        Expr

        Raises
        ------
        ShapeError
            If `rows` does not fit the shapes.
        AleatorError
            If another function of the graph has this name, or the function fails with zeros.
        """
        if not callable(function):
            raise TypeError(f"call needs a function, got {function!r}")
        exprs = [self._as_expr(argument) for argument in arguments]
        label = _name(getattr(function, "__name__", type(function).__name__) if name is None else name)
        shapes = [expr._shape for expr in exprs]
        result = as_shape(shape) if shape is not None else _shape_of_result(label, function, shapes)
        called = HostFunction(label, function, result, vjp)
        pull_backs = [] if vjp is None else [called.pull_back(i) for i in range(len(exprs))]
        return self._call(label, exprs, called, _row_flags(label, rows, shapes, result), pull_backs, may_jump)

    def _call(
        self, name: str, exprs: list[Expr], function: HostFunction, rows: list[bool], pull_backs: list[Any], may_jump: bool
    ) -> Expr:
        ranks = [len(expr._shape) for expr in exprs]
        ids = [expr._id for expr in exprs]
        return self._add("call", name, list(function.shape), ids, ranks, function, rows, pull_backs, bool(may_jump))

    def _functions(self) -> dict[str, BlackBoxFunction | HostFunction]:
        """The functions of Python that the graph calls, by name."""
        place = {"external": 3, "call": 4}
        return {arguments[0]: arguments[place[method]] for method, arguments in self._calls if method in place}

    def note(self, name: str, value: Expr) -> Expr:
        """Names an expression, for diagrams and messages, and returns it."""
        self._record("note", _name(name), self._as_expr(value)._id)
        return value

    # What it consists of.

    @property
    def params(self) -> Mapping[str, Expr]:
        """Mapping of str to Expr: the parameters, in the order in which they were added."""
        return _Named(self, "params")

    @property
    def datasets(self) -> Mapping[str, Expr]:
        """Mapping of str to Expr: the data."""
        return _Named(self, "datasets")

    @property
    def sites(self) -> Mapping[str, Site]:
        """Mapping of str to Site: the random nodes."""
        return _Named(self, "sites", Site._make)

    @property
    def costs(self) -> Mapping[str, Expr]:
        """Mapping of str to Expr: the costs."""
        return _Named(self, "costs")

    def initial(self, name: str) -> NDArray[np.float64]:
        """The initial value of a parameter or of data, as a copy."""
        found = self._raw.initial(name)
        if found is None:
            raise UnknownNameError(f"unknown parameter or data `{name}`")
        return found

    # Using it.

    def compile(
        self,
        *,
        samples: int | None = None,
        replicates: int | None = None,
        seed: int = 0,
        via: Any = None,
        dtype: Any = "float64",
        threads: int | None = None,
        tune: bool = False,
        tune_rate: float | None = None,
    ) -> Program:
        """Compiles an estimate of the objective and its gradient.

        Parameters
        ----------
        samples : int, optional
            Independent samples that are averaged in one estimate; by default the fewest that the estimators accept.
        replicates : int, optional
            Independent estimates of one call, on a leading axis.
        seed : int
            The seed of all noise, from 0 to 2**64 - 1.
        via : str, Estimator or mapping of str to these, optional
            Estimators that take precedence over the graph's: for all sites, or by site.
        dtype : {"float64", "float32"}
            What the program computes with.
        threads : int, optional
            By default those of the machine. The numbers do not depend on it.
        tune : bool
            Whether the estimators' own parameters (coefficients, temperatures, baselines) change after each call, as in training.
            Otherwise a call is a function of its step and values alone.
        tune_rate : float, optional
            The learning rate of own parameters that descend.

        Returns
        -------
        Program

        Raises
        ------
        NoCostError
            If the graph has no cost.
        UnsuitableError
            If an estimator cannot serve a site, or not with so few samples.
        OutOfMemoryError
            If the program would not fit into memory.
        """
        from .program import Program

        return Program(
            self,
            samples=samples,
            replicates=replicates,
            seed=seed,
            via=via,
            dtype=dtype,
            threads=threads,
            tune=tune,
            tune_rate=tune_rate,
        )

    def plan(self, *, via: Any = None, samples: int | None = None) -> dict[str, tuple[str, str]]:
        """For each site its estimator, as the language writes it, and the reason for the choice."""
        rows = _aleator.plan(self._raw, via_list(via), optional_count(samples, "samples"))
        return {site: (estimator, reason) for site, estimator, reason in rows}

    # Other forms.

    def to_scg(self) -> str:
        """The graph in the language.

        Returns
        -------
        str
            The text that the graph was loaded from.

        Raises
        ------
        AleatorError
            If the graph was written in Python, or changed after it was loaded.
        """
        if self._source is None or len(self._calls) != 1:
            raise AleatorError("only a graph that was loaded from a text, and not changed since, can be written as one")
        return self._source

    def to_svg(self) -> str:
        """A drawing as SVG: squares are deterministic, circles random, diamonds costs."""
        return self._raw.svg()

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def surrogate_json(
        self,
        *,
        samples: int | None = None,
        replicates: int | None = None,
        via: Any = None,
        tune: bool = False,
    ) -> str:
        """The surrogate as JSON: the deterministic graph of the objective and its gradient, with inputs and outputs by name."""
        return self._surrogate(samples, replicates, via, tune)[0]

    def _surrogate(self, samples: int | None, replicates: int | None, via: Any, tune: bool) -> tuple[str, str]:
        """The surrogate as JSON, and as a Python file for JAX."""
        counts = optional_count(samples, "samples"), optional_count(replicates, "replicates")
        return _aleator.surrogate(self._raw, via_list(via), *counts, bool(tune))

    def __repr__(self) -> str:
        parts = [f"{kind}={list(getattr(self, kind))}" for kind in ("params", "datasets", "sites", "costs")]
        return f"<Graph {' '.join(parts)}>"

    # Copies.

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        with self._lock:
            copy = object.__new__(type(self))
            copy.__dict__.update(self.__dict__)
            copy._raw = self._raw.clone()
            copy._calls = list(self._calls)
            copy._lock = threading.RLock()
        memo[id(self)] = copy
        return copy

    def __copy__(self) -> Graph:
        return self.__deepcopy__({})

    def copy(self) -> Graph:
        """An independent graph with the same nodes. Expressions belong to one graph: take the copy's from its mappings."""
        return self.__deepcopy__({})

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {"calls": list(self._calls), "source": self._source}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        for method, arguments in state["calls"]:
            if method == "from_text":
                self._raw = _aleator.Graph.from_text(*arguments)
            else:
                getattr(self._raw, method)(*arguments)
        self._calls, self._source = state["calls"], state["source"]

    # Inner workings.

    def _record(self, method: str, *arguments: Any) -> Any:
        """Calls the compiled graph, and remembers the call if it succeeds."""
        with self._lock:
            if method in ("external", "call"):
                self._check_function(method, arguments)
            result = getattr(self._raw, method)(*arguments)
            self._calls.append((method, arguments))
        return result

    def _check_function(self, method: str, arguments: tuple[Any, ...]) -> None:
        """Functions are known by their names where the graph runs elsewhere."""
        name, function = arguments[0], arguments[3 if method == "external" else 4]
        other = self._functions().get(name)
        if other is not None and (type(other), other.function) != (type(function), function.function):
            raise AleatorError(f"another function of this graph is called `{name}`; give each a name of its own")

    def _add(self, method: str, *arguments: Any) -> Expr:
        return Expr._make(self, self._record(method, *arguments))

    def _apply(self, operation: str, operands: Sequence[Any], numbers: Sequence[int] = ()) -> Expr:
        exprs = [self._as_expr(operand) for operand in operands]
        if operation in _BROADCASTING:
            try:
                np.broadcast_shapes(*(expr._shape for expr in exprs))
            except ValueError:
                shapes = " and ".join(str(expr._shape) for expr in exprs)
                sign = _BROADCASTING[operation]
                raise ShapeError(f"{sign}: shapes {shapes} do not broadcast against each other") from None
        return self._add("apply", operation, [expr._id for expr in exprs], list(numbers))

    def _as_expr(self, value: Any) -> Expr:
        if isinstance(value, Expr):
            if value._graph is not self:
                raise MixedGraphsError("expressions of two graphs in one operation: write a computation in one graph")
            return value
        if isinstance(value, (list, tuple)) and any(isinstance(part, (Expr, list, tuple)) for part in value):
            from .functions import stack

            if any(_has_expr(part) for part in value):
                return stack([self._as_expr(part) for part in value])
        array = as_float(value, "an operand")
        # A caller may change the array afterwards.
        return self._add("constant", array if array is not value and array.base is None else array.copy())

    def _evaluate(self, expr: Expr) -> NDArray[np.float64] | np.float64:
        """The value of an expression of constants."""
        (value,) = self._raw.evaluate([expr._id])
        return value[()]


def _has_expr(value: Any) -> bool:
    return isinstance(value, Expr) or isinstance(value, (list, tuple)) and any(_has_expr(part) for part in value)


class Site:
    """A random node of a graph.

    Attributes
    ----------
    name : str
    value : Expr
        What is drawn.
    distribution : str
        The distribution's name.
    estimator : str or None
        The estimator that the graph names for it.
    """

    __slots__ = ("distribution", "estimator", "name", "value")

    def __init__(self, name: str, value: Expr, distribution: str, estimator: str | None) -> None:
        self.name, self.value, self.distribution, self.estimator = name, value, distribution, estimator

    @classmethod
    def _make(cls, graph: Graph, name: str, value: Expr) -> Site:
        distribution, estimator = graph._raw.site(name)
        return cls(name, value, distribution, estimator)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its value."""
        return self.value.shape

    def __repr__(self) -> str:
        via = f", via={self.estimator!r}" if self.estimator else ""
        return f"<Site {self.name} ~ {self.distribution}, shape {self.shape}{via}>"


class _Named(Mapping[str, Any]):
    """Parts of a graph by name, as they are when one looks."""

    def __init__(self, graph: Graph, kind: str, make: Callable[[Graph, str, Expr], Any] | None = None) -> None:
        self._graph, self._kind, self._make = graph, kind, make

    def _parts(self) -> dict[str, tuple[int, list[int]]]:
        return dict(getattr(self._graph._raw, self._kind)())

    def __getitem__(self, name: str) -> Any:
        parts = self._parts()
        if name not in parts:
            known = ", ".join(parts) or "none"
            raise UnknownNameError(f"unknown name `{name}` among the graph's {self._kind}: there is {known}")
        expr = Expr._make(self._graph, parts[name])
        return expr if self._make is None else self._make(self._graph, name, expr)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts())

    def __len__(self) -> int:
        return len(self._parts())

    def __repr__(self) -> str:
        return f"<{self._kind}: {', '.join(self._parts()) or 'none'}>"


class BlackBox:
    """A Python function that takes expressions; see `Graph.external`."""

    def __init__(self, graph: Graph, name: str, function: BlackBoxFunction) -> None:
        self._graph, self._name, self._function = graph, name, function

    def __call__(self, *arguments: Any) -> Expr:
        """Applies the black box.

        Parameters
        ----------
        *arguments : Expr or array_like

        Returns
        -------
        Expr
            Of the black box's shape.
        """
        if not arguments:
            raise TypeError(f"the black box `{self._name}` needs at least one argument")
        graph, function = self._graph, self._function
        ids = [graph._as_expr(argument)._id for argument in arguments]
        return graph._add("external", self._name, list(function.shape), ids, function, function.vectorized)

    def __repr__(self) -> str:
        return f"<BlackBox {self._name}, shape {self._function.shape}>"


def _shape_of_result(name: str, function: Callable[..., Any], shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    try:
        return np.shape(function(*[np.zeros(shape) for shape in shapes]))
    except Exception as error:
        raise AleatorError(f"`{name}` failed with arguments of zeros, so that the shape of its result is unknown; give `shape`") from error


def _row_flags(
    name: str, rows: bool | Sequence[bool], shapes: list[tuple[int, ...]], result: tuple[int, ...]
) -> list[bool]:
    flags = [rows] * len(shapes) if isinstance(rows, (bool, np.bool_)) else [bool(flag) for flag in rows]
    if len(flags) != len(shapes):
        raise AleatorError(f"`rows` has {len(flags)} entries for {len(shapes)} arguments of `{name}`; give one for each")
    for shape, flag in zip(shapes, flags):
        if flag and (not shape or not result or shape[0] != result[0]):
            raise ShapeError(
                f"`{name}` maps an argument of shape {shape} to shape {result}: their first axes do not count the same rows"
            )
    return flags


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a name is a text, got {name!r}")
    if not name:
        raise AleatorError("a name must not be empty")
    return name


def _filled(value: ArrayLike, shape: Any, what: str) -> NDArray[np.float64]:
    array = as_float(value, what)
    if shape is not None:
        sizes = as_shape(shape)
        if array.ndim and array.shape != sizes:
            raise ShapeError(f"{what} has shape {array.shape}, expected {sizes}")
        return np.broadcast_to(array, sizes).copy()
    return array.copy()


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


def via_list(via: Any) -> list[tuple[str | None, str]]:
    """Estimators for all sites, or by site, as pairs of a site and a text."""
    if via is None:
        return []
    if isinstance(via, Mapping):
        return [(_name(site), via_text(estimator)) for site, estimator in via.items()]
    return [(None, via_text(via))]


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
    graph = Graph()
    graph._raw = _aleator.Graph.from_text(text, folder, file)
    graph._calls.append(("from_text", (text, folder, file)))
    graph._source = text
    return graph
