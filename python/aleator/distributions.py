"""Probability distributions, one class each, made from the library's table.

The names and arguments are those of ``torch.distributions``. Arguments are expressions, numbers or arrays; they broadcast against
each other over their batch axes. `distributions.pyi` is written from the same table by `python/write_stubs`.
"""

from __future__ import annotations

from . import _aleator
from ._distribution import Distribution, entropy, kl, log_prob, variance

__all__ = ["Distribution", "entropy", "kl", "log_prob", "variance"]


def _define(name: str, summary: str, signatures: list[list[str]]) -> type[Distribution]:
    first = signatures[0]
    names = list(dict.fromkeys(parameter for signature in signatures for parameter in signature))
    usage = " or ".join(
        f"``{name}({', '.join(n if n in first else f'{n}=..' for n in signature)})``" for signature in signatures
    )
    lines = "\n".join(f"{n} : Expr or array_like" for n in names)
    doc = f"{name}: {summary}.\n\nWrite {usage}.\n\nParameters\n----------\n{lines}\n"
    body = {
        "__doc__": doc,
        "__module__": "aleator",
        "_summary": summary,
        "_signatures": tuple(map(tuple, signatures)),
    }
    return type(name, (Distribution,), body)


ALL: dict[str, type[Distribution]] = {row[0]: _define(*row) for row in _aleator.distributions()}
globals().update(ALL)
__all__ += list(ALL)
