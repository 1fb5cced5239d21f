"""aleator: gradients of expectations for stochastic computation graphs.

Write a computation in which some nodes are random, name an estimator for each random node or let the library choose an unbiased
one, and get a compiled program that estimates the objective and its gradient.

>>> import aleator as al
>>> g = al.Graph()
>>> theta = g.param("theta", 0.0)
>>> b = g.sample("b", al.Bernoulli(logits=theta), via=al.Rebar(temperature=0.3))
>>> g.cost("loss", (b - 0.45) ** 2)
>>> estimate = g.compile(samples=16, seed=0)()
>>> round(al.exact(g).gradient["theta"].item(), 3)
0.025
"""

from __future__ import annotations

import atexit as _atexit
import os as _os

from . import _aleator, _numpy_functions as _numpy_functions, distributions, errors, estimators, functions
from ._aleator import __version__
from ._black_box import BlackBox
from ._einsum import einsum
from ._expressions import Expr
from ._loading import load, loads
from ._certifying import certify
from ._measuring import compare, exact, grad, optimize
from ._parts import Site
from ._second_order import hessian
from ._training import TrainReport, TrainStep, train
from .distributions import *  # noqa: F403
from .errors import *  # noqa: F403
from .estimators import *  # noqa: F403
from .functions import *  # noqa: F403
from .graph import Graph
from .program import Estimate, Program
from .reports import (
    Certificate,
    CertifiedIdentity,
    CertifiedPlan,
    Exact,
    GradientEstimate,
    HessianReport,
    OptimizeReport,
    Report,
    Row,
    SecondEstimate,
)

__all__ = [
    "BlackBox",
    "Certificate",
    "CertifiedIdentity",
    "CertifiedPlan",
    "Estimate",
    "Exact",
    "Expr",
    "GradientEstimate",
    "Graph",
    "HessianReport",
    "OptimizeReport",
    "Program",
    "Report",
    "Row",
    "SecondEstimate",
    "Site",
    "TrainReport",
    "TrainStep",
    "__version__",
    "certify",
    "compare",
    "einsum",
    "exact",
    "grad",
    "hessian",
    "load",
    "loads",
    "optimize",
    "train",
    *distributions.__all__,
    *errors.__all__,
    *estimators.__all__,
    *functions.__all__,
]

# Threads that compute must not come back to an interpreter that has ended, and a forked process has no helpers.
_atexit.register(_aleator.shut_down)
if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_aleator.forget_helpers)
