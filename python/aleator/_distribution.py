"""What all distributions have: parameters, log-probabilities, moments, entropy and divergence."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import as_float
from ._expressions import Expr, add, as_expr, graph_of, value_of
from ._recording import Recording
from .functions import sqrt

__all__ = ["Distribution", "kl"]


class Distribution:
    """A distribution with its parameters.

    Quantities of it are expressions if a parameter or the value is one, and arrays otherwise.

    Attributes
    ----------
    parameters : dict of str to object
        What was given, by the name of the argument.
    """

    _summary = ""
    # The names of the parameters, for each way to give them.
    _signatures: tuple[tuple[str, ...], ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name, signatures = type(self).__name__, self._signatures
        if not signatures:
            raise TypeError("make a distribution from its own class, such as al.Normal(0.0, 1.0)")
        positional = signatures[0]
        if len(args) > len(positional):
            raise TypeError(f"{name} takes {len(positional)} positional arguments, got {len(args)}; write {self._usage()}")
        given = dict(zip(positional, args))
        for key, value in kwargs.items():
            if key in given:
                raise TypeError(f"{name}: `{key}` is given twice")
            given[key] = value
        given = {key: value for key, value in given.items() if value is not None}
        for number, signature in enumerate(signatures):
            if set(signature) == set(given):
                break
        else:
            raise TypeError(f"{name} does not take ({', '.join(given)}); write {self._usage()}")
        self._signature = number
        self.parameters: dict[str, Any] = {key: given[key] for key in signature}
        self._expr_graph: Recording | None = graph_of(self.parameters.values())
        # Arrays of JAX and tensors of PyTorch stay what they are: they may have no values yet, and have derivatives.
        if self._expr_graph is None and not any(_is_foreign(value) for value in self.parameters.values()):
            # Copies: a caller may change an array afterwards.
            self.parameters = {key: as_float(v, f"`{key}` of {name}").copy() for key, v in self.parameters.items()}

    @classmethod
    def _usage(cls) -> str:
        first = cls._signatures[0]
        write = [", ".join(n if n in first else f"{n}=.." for n in names) for names in cls._signatures]
        return " or ".join(f"al.{cls.__name__}({arguments})" for arguments in write)

    def _on(self, graph: Recording) -> tuple[tuple[str, int], list[int]]:
        """Name, number of the signature, and nodes of the parameters in a graph."""
        ids = [as_expr(graph, value)._id for value in self.parameters.values()]
        return (type(self).__name__, self._signature), ids

    def __getattr__(self, name: str) -> Any:
        parameters = self.__dict__.get("parameters", {})
        if name in parameters:
            return parameters[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def log_prob(self, value: Any) -> Any:
        """log p(value) in nats, summed over the event.

        Parameters
        ----------
        value : Expr or array_like
            Its last axes are the event's; the others broadcast against the batch. -inf outside of the support.

        Returns
        -------
        Expr or numpy.ndarray
        """
        return _quantity("log_prob", [self], value)

    def entropy(self) -> Any:
        """The entropy in nats, of the batch shape.

        Raises
        ------
        AleatorError
            If it has no closed form.
        """
        return _quantity("entropy", [self])

    @property
    def mean(self) -> Any:
        """The mean, of the shape of a draw. Raises `AleatorError` where there is none in closed form."""
        return _quantity("mean", [self])

    @property
    def variance(self) -> Any:
        """The variance of each element. Raises `AleatorError` where there is none in closed form."""
        return _quantity("variance", [self])

    @property
    def stddev(self) -> Any:
        """The square root of the variance."""
        return sqrt(self.variance)

    @property
    def mode(self) -> Any:
        """A most probable outcome. Raises `AleatorError` for distributions without a finite number of outcomes."""
        return _quantity("mode", [self])

    def __repr__(self) -> str:
        def show(value: Any) -> str:
            return repr(value) if isinstance(value, Expr) or value.ndim else repr(float(value))

        values = {k: v if isinstance(v, Expr) else np.asarray(v, dtype=object) for k, v in self.parameters.items()}
        try:
            text = ", ".join(f"{key}={show(value)}" for key, value in values.items())
        except TypeError:
            text = ", ".join(f"{key}={value!r}" for key, value in self.parameters.items())
        return f"{type(self).__name__}({text})"


def _is_foreign(value: Any) -> bool:
    return hasattr(value, "aval") or hasattr(value, "__torch_function__")


def _quantity(what: str, distributions: list[Distribution], value: Any = None) -> Any:
    graph = graph_of([*distributions, value])
    on = Recording() if graph is None else graph
    given = [distribution._on(on) for distribution in distributions]
    node = None if value is None else as_expr(on, value)._id
    expr = add(on, "quantity", what, given, node)
    return value_of(expr) if graph is None else expr


def kl(q: Distribution, p: Distribution) -> Any:
    """KL(q || p) in nats, in closed form.

    Parameters
    ----------
    q, p : Distribution
        Their batch axes broadcast against each other.

    Returns
    -------
    Expr or numpy.ndarray
        Of the batch shape.

    Raises
    ------
    AleatorError
        If there is no closed form for the two.
    """
    for distribution in (q, p):
        if not isinstance(distribution, Distribution):
            raise TypeError(f"kl is of two distributions, got {distribution!r}")
    return _quantity("kl", [q, p])


def log_prob(distribution: Distribution, value: Any) -> Any:
    """log p(value) in nats, summed over the event.

    Parameters
    ----------
    distribution : Distribution
    value : Expr or array_like
        Its last axes are the event's; the others broadcast against the batch.

    Returns
    -------
    Expr or numpy.ndarray
    """
    return _checked(distribution, "log_prob").log_prob(value)


def entropy(distribution: Distribution) -> Any:
    """The entropy in nats.

    Parameters
    ----------
    distribution : Distribution

    Returns
    -------
    Expr or numpy.ndarray
        Of the batch shape.
    """
    return _checked(distribution, "entropy").entropy()


def variance(distribution: Distribution) -> Any:
    """The variance of each element.

    Parameters
    ----------
    distribution : Distribution

    Returns
    -------
    Expr or numpy.ndarray
        Of the shape of a draw.
    """
    return _checked(distribution, "variance").variance


def _checked(distribution: Any, function: str) -> Distribution:
    if not isinstance(distribution, Distribution):
        raise TypeError(f"{function} is of a distribution such as al.Normal(0.0, 1.0), got {distribution!r}")
    return distribution


Distribution.__module__ = "aleator"
