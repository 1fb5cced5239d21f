"""Sums of products of expressions, written with a letter for each axis."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._expressions import Expr, as_expr, graph_of
from .errors import AleatorError, ShapeError

__all__ = ["einsum"]


class _Term(NamedTuple):
    """A factor with the letters of its axes."""

    letters: str
    value: Expr

    def summed_but(self, kept: set[str]) -> _Term:
        """The sum over the axes of all other letters."""
        axes = [i for i, letter in enumerate(self.letters) if letter not in kept]
        if not axes:
            return self
        return _Term("".join(letter for letter in self.letters if letter in kept), self.value.sum(axes))

    def ordered(self, letters: str) -> Expr:
        """The value with its axes in an order."""
        if letters == self.letters:
            return self.value
        return self.value.transpose([self.letters.index(letter) for letter in letters])


def einsum(subscripts: str, *operands: Any) -> Any:
    """Sums of products, as `numpy.einsum` for subscripts of letters without `...`.

    Parameters
    ----------
    subscripts : str
        Such as ``"bi,ij->bj"``. Without an arrow the result has the letters that occur once, in alphabetical order.
    *operands : array_like or Expr
        One for each term.

    Returns
    -------
    Expr or numpy.ndarray
        An axis for each letter after the arrow.

    Raises
    ------
    AleatorError
        If the subscripts are not of this form.
    ShapeError
        If an operand has another number of axes than its term, or a letter two sizes.
    """
    if not isinstance(subscripts, str):
        raise TypeError("einsum: the subscripts are a text such as 'ij,jk->ik'")
    graph = graph_of(operands)
    if graph is None:
        return np.einsum(subscripts, *operands)
    names, output = _parsed(subscripts)
    if len(names) != len(operands):
        raise AleatorError(f"einsum: {len(names)} terms for {len(operands)} operands")
    terms = [_Term(letters, as_expr(graph, operand)) for letters, operand in zip(names, operands)]
    _check_sizes(terms)
    result, *others = terms
    for k, term in enumerate(others):
        result = _product(result, term, set(output).union(*names[k + 2 :]))
    return result.summed_but(set(output)).ordered(output)


def _parsed(subscripts: str) -> tuple[list[str], str]:
    """The letters of each term and of the result."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    letters = inputs.replace(",", "")
    if not all(letter.isalpha() for letter in letters + output):
        raise AleatorError(f"einsum: subscripts consist of letters, `,` and `->`, got {subscripts!r}")
    if not arrow:
        output = "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    if len(set(output)) < len(output) or not set(output) <= set(letters):
        raise AleatorError(f"einsum: the letters of the result must occur once, and in a term: {subscripts!r}")
    return inputs.split(","), output


def _check_sizes(terms: list[_Term]) -> None:
    sizes: dict[str, int] = {}
    for letters, value in terms:
        if value.ndim != len(letters):
            raise ShapeError(f"einsum: `{letters}` for an operand of shape {value.shape}")
        if len(set(letters)) < len(letters):
            raise AleatorError(f"einsum: a letter occurs twice in `{letters}`; diagonals are not available")
        for letter, size in zip(letters, value.shape):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(f"einsum: axis `{letter}` has the sizes {sizes[letter]} and {size}")


def _product(a: _Term, b: _Term, kept: set[str]) -> _Term:
    """Two terms of a sum of products as one batch of matrix products."""
    # A letter of one term alone that nobody asks for is summed first.
    a, b = a.summed_but(kept | set(b.letters)), b.summed_but(kept | set(a.letters))
    sizes = dict(zip(a.letters + b.letters, a.value.shape + b.value.shape))
    both = [letter for letter in a.letters if letter in b.letters]
    batch = "".join(letter for letter in both if letter in kept)
    inner = "".join(letter for letter in both if letter not in kept)
    left = "".join(letter for letter in a.letters if letter not in both)
    right = "".join(letter for letter in b.letters if letter not in both)

    def shape(letters: str) -> tuple[int, ...]:
        return tuple(sizes[letter] for letter in letters)

    def count(letters: str) -> int:
        return math.prod(shape(letters))

    x = a.ordered(batch + left + inner).reshape((*shape(batch), count(left), count(inner)))
    y = b.ordered(batch + inner + right).reshape((*shape(batch), count(inner), count(right)))
    return _Term(batch + left + right, (x @ y).reshape(shape(batch + left + right)))
