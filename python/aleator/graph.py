"""Stochastic computation graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _aleator
from ._arguments import checked_name, optional_count, optional_number, seed_number
from ._arrays import as_float, as_shape
from ._black_box import BlackBox, CheckedFunction
from ._expressions import Expr, add, as_expr
from ._host_function import CALLERS, add_call, host_function, row_flags
from ._parts import Parts, Site
from ._recording import Recording
from ._writing import text_of
from ._distribution import Distribution
from .errors import ShapeError, UnknownNameError
from ._estimator import Estimator, via_list, via_text
from ._warning import warn
from .program import Options, Program, is_float32, thread_count

__all__ = ["Graph"]


class Graph(Recording):
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
        return add(self, "input", "param", checked_name(name), _filled(value, shape, f"the value of `{name}`"))

    def data(self, name: str, value: ArrayLike, *, shape: Any = None) -> Expr:
        """Adds data, which `Program.set` can replace before a call.

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
        TypeError, ShapeError, AleatorError
            As for `param`.
        """
        return add(self, "input", "data", checked_name(name), _filled(value, shape, f"the value of `{name}`"))

    def constant(self, value: ArrayLike) -> Expr:
        """An expression of given numbers. Operators convert numbers and arrays themselves, so that it is rarely needed.

        Parameters
        ----------
        value : array_like

        Returns
        -------
        Expr
            Of the shape of `value`.

        Raises
        ------
        TypeError
            If it does not consist of real numbers.
        """
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
        return add(self, "sample", checked_name(name), *distribution._on(self), copies, text)

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
        return add(self, "observe", checked_name(name), observed._id, *distribution._on(self))

    def cost(self, name: str, value: Any) -> None:
        """Adds the sum of all elements of `value` to the objective.

        Parameters
        ----------
        name : str
        value : Expr or array_like
        """
        expr = self._as_expr(value)
        self._record("cost", checked_name(name), expr._id)

    def reward(self, name: str, value: Any) -> None:
        """Subtracts the sum of all elements of `value` from the objective, which is minimised.

        Parameters
        ----------
        name : str
        value : Expr or array_like
        """
        expr = self._as_expr(value)
        self._record("reward", checked_name(name), expr._id)

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
        return BlackBox(self, checked_name(name), CheckedFunction(name, function, as_shape(shape), bool(vectorized)))

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
        After ``import aleator.torch``, a module of PyTorch may be called: its parameters become one parameter of the graph, which has
        the name of the function, and it runs everywhere.

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
            each argument whether it has rows. It lowers the variance, and is tried with random numbers.
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
        if vjp is not None and not callable(vjp):
            raise TypeError(f"vjp must be a function, got {vjp!r}")
        for kind, caller in CALLERS.items():
            if isinstance(function, kind):
                return caller(self, function, *arguments, shape=shape, vjp=vjp, rows=rows, may_jump=may_jump, name=name)
        label = checked_name(getattr(function, "__name__", type(function).__name__) if name is None else name)
        exprs = [as_expr(self, argument) for argument in arguments]
        called = host_function(label, function, shape, vjp, exprs)
        return add_call(self, called, exprs, row_flags(called, rows, exprs), may_jump)

    def note(self, name: str, value: Expr) -> Expr:
        """Names an expression, for diagrams and messages.

        Parameters
        ----------
        name : str
        value : Expr

        Returns
        -------
        Expr
            The same expression.
        """
        self._record("note", checked_name(name), self._as_expr(value)._id)
        return value

    # What it consists of.

    @property
    def params(self) -> Mapping[str, Expr]:
        """Mapping of str to Expr: the parameters, in the order in which they were added."""
        return Parts(self, "params")

    @property
    def datasets(self) -> Mapping[str, Expr]:
        """Mapping of str to Expr: the data."""
        return Parts(self, "datasets")

    @property
    def sites(self) -> Mapping[str, Site]:
        """Mapping of str to Site: the random nodes."""
        return Parts(self, "sites", Site._make)

    @property
    def costs(self) -> Mapping[str, Expr]:
        """Mapping of str to Expr: the costs."""
        return Parts(self, "costs")

    def initial(self, name: str) -> NDArray[np.float64]:
        """The initial value of a parameter or of data.

        Parameters
        ----------
        name : str

        Returns
        -------
        numpy.ndarray
            A copy.

        Raises
        ------
        UnknownNameError
            If there is no parameter and no data of this name.
        """
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
        options = Options(
            via=via_list(via),
            samples=optional_count(samples, "samples"),
            replicates=optional_count(replicates, "replicates"),
            seed=seed_number(seed),
            tune=bool(tune),
            tune_rate=optional_number(tune_rate),
            is_float32=is_float32(dtype),
            threads=thread_count(threads),
        )
        warn(_aleator.lint(self._raw, options.via, options.samples))
        return Program(self, options)

    def plan(self, *, via: Any = None, samples: int | None = None) -> dict[str, tuple[str, str]]:
        """The estimator of each site, and why it was chosen.

        Parameters
        ----------
        via, samples
            See `compile`.

        Returns
        -------
        dict of str to tuple of str
            For each site its estimator, as the language writes it, and the reason for the choice.

        Raises
        ------
        UnsuitableError
            If an estimator cannot serve a site, or not with so few samples.
        """
        rows = _aleator.plan(self._raw, via_list(via), optional_count(samples, "samples"))
        return {site: (estimator, reason) for site, estimator, reason in rows}

    # Other forms.

    def to_scg(self) -> str:
        """The graph in the language.

        Returns
        -------
        str
            A text from which `loads` makes a graph with the same numbers at the same seed. If the graph was loaded, it begins with the
            text that was read.

        Raises
        ------
        AleatorError
            If the language has no words for a node, such as a black box or a log-probability; the message names it.
        """
        return text_of(self)

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
        """The surrogate as JSON: the deterministic graph of the objective and its gradient, with inputs and outputs by name.

        Parameters
        ----------
        samples, replicates, via, tune
            See `compile`. With `tune`, the outputs contain the changes of the estimators' own parameters.

        Returns
        -------
        str
            The document that ``aleator export --format json`` writes.

        Raises
        ------
        NoCostError, UnsuitableError
            As for `compile`.
        """
        return self._surrogate(samples, replicates, via, tune)[0]

    def _surrogate(self, samples: int | None, replicates: int | None, via: Any, tune: bool) -> tuple[str, str]:
        """The surrogate as JSON, and as a Python file for JAX."""
        counts = optional_count(samples, "samples"), optional_count(replicates, "replicates")
        return _aleator.surrogate(self._raw, via_list(via), *counts, bool(tune))

    def __repr__(self) -> str:
        parts = [f"{kind}={list(getattr(self, kind))}" for kind in ("params", "datasets", "sites", "costs")]
        return f"<Graph {' '.join(parts)}>"

    def _as_expr(self, value: Any) -> Expr:
        return as_expr(self, value)


def _filled(value: ArrayLike, shape: Any, what: str) -> NDArray[np.float64]:
    array = as_float(value, what)
    if shape is not None:
        sizes = as_shape(shape)
        if array.ndim and array.shape != sizes:
            raise ShapeError(f"{what} has shape {array.shape}, expected {sizes}")
        return np.broadcast_to(array, sizes).copy()
    return array.copy()
