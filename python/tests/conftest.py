"""Graphs that several tests use."""

import math

import pytest

import aleator as al


def make_toy(via=None, theta=0.0):
    """E[(b - 0.45)^2] with b ~ Bernoulli(logits=theta), the toy problem of REBAR."""
    g = al.Graph()
    t = g.param("theta", theta)
    b = g.sample("b", al.Bernoulli(logits=t), via=via)
    g.cost("loss", (b - 0.45) ** 2)
    return g


def toy_gradient(theta):
    """The exact gradient of the toy: sigma'(theta) (0.55^2 - 0.45^2)."""
    p = 1 / (1 + math.exp(-theta))
    return p * (1 - p) * 0.1


@pytest.fixture
def toy():
    return make_toy
