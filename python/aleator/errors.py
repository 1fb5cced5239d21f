"""The exceptions of aleator.

Each of them is an `AleatorError`, and that is a `ValueError`. Wrong types are `TypeError`, and a file that cannot be read is an
`OSError`, as everywhere in Python.
"""

from __future__ import annotations

__all__ = [
    "AleatorError",
    "AleatorWarning",
    "BlackBoxError",
    "DomainError",
    "InternalError",
    "MixedGraphsError",
    "NoCostError",
    "NoDerivativeError",
    "NotFiniteError",
    "OutOfMemoryError",
    "ShapeError",
    "SourceError",
    "UnknownNameError",
    "UnsuitableError",
    "UnusedError",
]


class AleatorError(ValueError):
    """Something is wrong with a graph, a value or a request; the message says what, and what to do."""


class ShapeError(AleatorError):
    """Shapes do not fit together."""


class MixedGraphsError(AleatorError):
    """Expressions of two graphs in one operation."""


class NoDerivativeError(AleatorError):
    """A derivative was asked of an operation that has none, such as a black box."""


class OutOfMemoryError(AleatorError, MemoryError):
    """A program would need more memory than there is."""


class BlackBoxError(AleatorError):
    """A function in Python raised; its exception is the cause (``__cause__``)."""


class UnsuitableError(AleatorError):
    """An estimator cannot serve a site, or not with so few samples."""


class DomainError(AleatorError):
    """A parameter of a distribution lies outside of its domain."""


class NoCostError(AleatorError):
    """The graph has no cost."""


class UnknownNameError(AleatorError, KeyError):
    """Nothing has this name."""

    def __str__(self) -> str:
        # A KeyError shows the representation of its argument.
        return ValueError.__str__(self)


class UnusedError(AleatorError):
    """No cost depends on this parameter or data."""


class SourceError(AleatorError):
    """A mistake in a text of the language; the message has its line and column."""


class NotFiniteError(AleatorError, ArithmeticError):
    """A value that should be finite is not."""


class InternalError(AleatorError):
    """A bug in aleator. Please report it."""


class AleatorWarning(UserWarning):
    """Something that makes an answer less than it seems."""


for _class in list(globals().values()):
    # As users write them, in tracebacks too.
    if isinstance(_class, type) and issubclass(_class, (AleatorError, AleatorWarning)):
        _class.__module__ = "aleator"
