"""Graphs written in Python as texts of the language: the text makes a graph with the same numbers at the same seed.

`test_expressions` does this for every operation.
"""

import numpy as np
import pytest

import aleator as al
from aleator import distributions, estimators
from conftest import make_toy
from test_distributions import GIVEN


def assert_same(graph, text=None, **options):
    """Objectives and gradients of both graphs are equal to the last bit, over three steps."""
    loaded = al.loads(graph.to_scg() if text is None else text)
    assert list(loaded.params) == list(graph.params) and list(loaded.sites) == list(graph.sites)
    assert list(loaded.costs) == list(graph.costs) and list(loaded.datasets) == list(graph.datasets)
    ours, theirs = graph.compile(seed=5, **options), loaded.compile(seed=5, **options)
    for step in range(3):
        a, b = ours(step=step), theirs(step=step)
        assert a.objective == b.objective
        for name, gradient in a.gradient.items():
            np.testing.assert_array_equal(gradient, b.gradient[name])


def test_the_text_reads_well():
    g = al.Graph()
    w = g.param("w", [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]])
    phi = g.param("phi", [0.2, -0.4, 1.0])
    x = g.data("x", [1.0, -1e-7])
    h = g.sample("h", al.Bernoulli(logits=phi), via=al.Rebar(temperature=0.3))
    y = g.sample("y", al.Normal(h @ w, 0.5), copies=3)
    distance = g.note("distance", ((y - x) ** 2).sum(axis=-1))
    both = np.exp(-distance)
    g.cost("energy", distance[0] * h[1] + both[::-1] - (both - (1.0 - both)))
    g.cost("more", np.where(y[:, 0] > -1.0, 3.0, y[:, 1]).mean())
    assert g.to_scg() == """\
param w = [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]]
param phi = [0.2, -0.4, 1]
data x : [2] = [1, -1e-07]
h ~ Bernoulli(logits = phi) via rebar(temperature=0.3)
y ~ Normal(h @ w, 0.5)[3]
distance = sum((y - x)^2, axis=1)
t1 = exp(-distance)
cost energy = distance[0] * h[1] + take(t1, [2, 1, 0], axis=0) - (t1 - (1 - t1))
cost more = mean(where(y[:, 0] > -1, 3, y[:, 1]))
"""
    assert_same(g, samples=2)


@pytest.mark.parametrize("name", distributions.ALL)
def test_every_distribution_and_every_way_to_give_it(name):
    cls = distributions.ALL[name]
    given = {"logits": [0.3, -0.2], "probs": [0.4, 0.6]} | GIVEN[name][0]
    for signature in cls._signatures:
        g = al.Graph()
        arguments = {}
        for key in signature:
            value = given.get(key, [[1.3, 0.0], [0.2, 0.7]] if name == "MultivariateNormal" else 1.3)
            arguments[key] = g.param(key, value) if key in ("loc", "logits", "rate") else value
        z = g.sample("z", cls(**arguments), via="score_function", copies=2)
        g.cost("f", np.sum(np.tanh(z)))
        assert_same(g)


@pytest.mark.parametrize("name", estimators.ALL)
def test_every_estimator(name):
    estimator = estimators.ALL[name]()
    g = al.Graph()
    if name == "Vimco":
        z = g.sample("z", al.Bernoulli(logits=g.param("theta", [0.3, -0.2])), copies=3, via=estimator)
        g.cost("f", al.logsumexp(np.sum(z, axis=-1)))
    elif name in ("ImplicitReparameterization", "RejectionReparameterization"):
        z = g.sample("z", al.Gamma(g.param("theta", 2.0), 1.5), via=estimator)
        g.cost("f", (z - 1.0) ** 2)
    elif name in ("DisarmCategorical", "UnorderedSet", "SumAndSample", "WithoutReplacement"):
        z = g.sample("z", al.Categorical(logits=g.param("theta", [0.4, -0.3, 0.1])), via=estimator)
        g.cost("f", (z - 1.0) ** 2)
    elif name in ("Antithetic", "DoublyReparameterized", "QuasiMonteCarlo", "GeneralizedReparameterization", "Lax", "Pathwise", "StickingTheLanding"):
        z = g.sample("z", al.Normal(g.param("theta", 0.4), 0.7), via=estimator)
        g.cost("f", (z - 1.0) ** 2)
    else:
        g = make_toy(estimator)
    assert f"via {estimator!r}\n" in g.to_scg()
    assert_same(g, samples=2)


def test_a_loaded_graph_goes_on():
    text = "param theta = 0.5\nb ~ Bernoulli(logits = theta)  # a coin\ncost f = 2 * b"
    g = al.loads(text)
    assert g.to_scg() == text + "\n"
    z = g.sample("z", al.Normal(g.sites["b"].value * g.params["theta"], 1.0))
    g.cost("more", g.costs["f"] + z**2)
    assert g.to_scg() == text + "\nz ~ Normal(b * theta, 1)\ncost more = f + z^2\n"
    assert_same(g, samples=2)


def test_numbers():
    g = al.Graph()
    theta = g.param("theta", np.ones((3, 3)))
    g.cost("f", theta * np.full((3, 3), 0.1) + np.array([[np.inf], [1e300], [5e-324]]) + theta * -0.25 ** theta - -theta)
    g.cost("g", 1.0 / (theta * 0.0 - np.array([0.0, -0.0, 3.0])) + np.zeros((0, 3)).sum())
    assert_same(g)


def test_many_nodes_and_long_chains():
    g = al.Graph()
    x = y = g.param("x", 0.3)
    for i in range(400):
        x = np.tanh(x + 0.01) if i % 3 else x * y - 0.1
    g.cost("f", x)
    assert max(map(len, g.to_scg().splitlines())) < 140
    assert_same(g)


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda g, x: g.cost("f", al.Bernoulli(logits=x).mode), "mode of Bernoulli"),
        (lambda g, x: g.cost("f", g.external("box", abs)(x)), "black box `box`"),
        (lambda g, x: g.cost("f", g.call(np.sin, x, shape=(), name="sine")), "`sine`"),
        (lambda g, x: g.cost("f", x * np.nan), "NaN"),
        (lambda g, x: g.cost("my cost", x), "`my cost`"),
        (lambda g, x: g.cost("sum", x), "`sum`.*function"),
        (lambda g, x: g.cost("f", x * np.arange(300_000.0)), "numbers"),
        (lambda g, x: None, "cost"),
    ],
)
def test_what_cannot_be_written(build, message):
    g = al.Graph()
    build(g, g.param("x", 0.5))
    with pytest.raises(al.AleatorError, match=message):
        g.to_scg()
