"""Estimators as objects: their text is what the language writes."""

import pickle

import numpy as np
import pytest

import aleator as al
from aleator import estimators
from aleator._estimator import via_text
from conftest import make_toy


@pytest.mark.parametrize("name", estimators.ALL)
def test_every_estimator(name):
    estimator = getattr(al, name)()
    assert repr(estimator).startswith(estimator._properties["name"])
    assert via_text(estimator) == repr(estimator)
    assert pickle.loads(pickle.dumps(estimator)) == estimator and name in type(estimator).__doc__
    # Each default, given, is the same estimator.
    for option in estimator._properties["options"]:
        if not option["name"].startswith("baseline_") and option["name"] != "decay":
            assert type(estimator)(**{option["name"]: option["default"]}) == estimator


def test_options_are_checked():
    assert repr(al.Rebar(temperature=0.25)) == "rebar(temperature=0.25)"
    assert repr(al.ScoreFunction(baseline="moving_average", decay=0.5)) == "score_function(baseline=moving_average, decay=0.5)"
    assert al.Rebar(temperature=1e-3).temperature == 1e-3 and al.Relax(use_cost=False).use_cost is False
    for wrong in (
        lambda: al.Rebar(temperature=-1),
        lambda: al.Rebar(temprature=1),
        lambda: al.Rebar(temperature=float("nan")),
        lambda: al.Rebar(coupling="neither"),
        lambda: al.Pathwise(temperature=1),
        lambda: al.Lax(hidden=1.5),
        lambda: al.Lax(hidden=10**30),
    ):
        with pytest.raises(ValueError) as raised:
            wrong()
        assert str(raised.value)
    for wrong in (lambda: al.Rebar(temperature=None), lambda: al.Rebar(temperature=np.zeros(2)), lambda: al.Estimator()):
        with pytest.raises(TypeError):
            wrong()


def test_an_option_cannot_smuggle_in_text():
    for value in ("0.5, coefficient = 2", "0.5)", "a b", ""):
        with pytest.raises(TypeError):
            al.Rebar(temperature=value)


def test_precedence():
    g = make_toy("rebar")
    reference = make_toy("nvil").compile(seed=1)(step=3).gradient
    for via in ("nvil", al.Nvil(), al.Nvil, {"b": "nvil"}):
        assert g.compile(seed=1, via=via)(step=3).gradient == reference
    for wrong in (3, {"b": 3}, [("b", "nvil")]):
        with pytest.raises(TypeError):
            g.compile(via=wrong)
    with pytest.raises(al.UnsuitableError, match="Bernoulli"):
        g.compile(via="pathwise")
    with pytest.raises(al.AleatorError, match="rebar"):
        g.compile(via="rebarr")
