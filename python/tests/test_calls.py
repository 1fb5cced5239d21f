"""Differentiable functions that a graph calls, in native programs."""

import pickle

import numpy as np
import pytest

import aleator as al

WEIGHTS = np.array([[0.4, -0.7, 0.2], [-0.3, 0.9, 0.5]])
ESTIMATORS = ["score_function", "reinforce_loo", "nvil", "rebar", "relax", "muprop", "enumeration", "straight_through", "gumbel_softmax"]


def layer(w, z):
    return np.tanh(z @ w)


def layer_vjp(c, w, z):
    inner = c * (1 - layer(w, z) ** 2)
    return z.T @ inner, inner @ w.T


def model(called, via, rows=False):
    g = al.Graph()
    w = g.param("w", WEIGHTS)
    z = g.sample("z", al.Bernoulli(logits=g.param("logits", np.array([[0.3, -0.4], [1.0, 0.2], [-0.8, 0.1], [0.0, 2.0]]))), via=via)
    y = g.call(layer, w, z, vjp=layer_vjp, rows=rows) if called else np.tanh(z @ w)
    g.cost("loss", np.sum((y - 0.3) ** 2, axis=-1))
    return g


@pytest.mark.parametrize("via", ESTIMATORS)
@pytest.mark.parametrize("samples", [2, 5])
def test_a_function_that_is_called_is_as_good_as_its_formula(via, samples):
    called = model(True, via, rows=(False, True)).compile(samples=samples, seed=3)
    written = model(False, via).compile(samples=samples, seed=3)
    for step in range(3):
        a, b = called(step=step), written(step=step)
        np.testing.assert_allclose(a.objective, b.objective, rtol=1e-12)
        for name in ("w", "logits"):
            np.testing.assert_allclose(a.gradient[name], b.gradient[name], rtol=1e-9, atol=1e-12)


def test_rows_that_are_not_declared_cost_variance_and_no_bias():
    report = al.grad(model(True, "score_function"), replicates=4000, seed=1)
    declared = al.grad(model(True, "score_function", rows=(False, True)), replicates=4000, seed=1)
    exact = al.exact(model(False, "score_function")).gradient["logits"]
    for measured in (report, declared):
        (row,) = measured
        found = row.gradient["logits"]
        # 8 numbers twice: false alarms have a probability below 1e-6.
        assert np.all(np.abs(found.mean - exact) < 5.5 * found.std_error)
    assert report["score_function"].total_variance > 1.3 * declared["score_function"].total_variance


def test_what_has_no_second_derivative_says_so():
    with pytest.raises(al.AleatorError, match="layer′′"):
        model(True, "rebar").compile(tune=True)
    g = al.Graph()
    z = g.sample("z", al.Normal(g.param("m", 0.5), 1.0), via="pathwise")
    g.cost("c", g.call(np.sin, z))
    with pytest.raises(al.AleatorError, match="sin′"):
        g.compile()
    h = al.Graph()
    z = h.sample("z", al.Normal(h.param("m", 0.5), 1.0), via="score_function")
    h.cost("c", h.call(np.sin, z))
    assert np.isfinite(h.compile()().objective)


def test_jumps_are_said_and_warned_of():
    def graph(may_jump):
        g = al.Graph()
        z = g.sample("z", al.Normal(g.param("m", 0.5), 1.0), via="pathwise")
        g.cost("c", g.call(np.sin, z, vjp=lambda c, z: (c * np.cos(z),), may_jump=may_jump))
        return g

    with pytest.warns(al.AleatorWarning, match="sin"):
        graph(True).compile()
    assert graph(False).compile(samples=2).unbiased is True


def test_mistakes():
    g = al.Graph()
    z = g.sample("z", al.Bernoulli(logits=g.param("t", np.zeros((2, 3)))))

    def fails(*_):
        raise KeyError("stock")

    cases = [
        (lambda: g.call(3, z), TypeError, "function"),
        (lambda: g.call(np.sin, z, vjp=3), TypeError, "vjp must be a function"),
        (lambda: g.call(fails, z), al.AleatorError, "give `shape`"),
        (lambda: g.call(np.sum, z, rows=True), al.ShapeError, "rows"),
        (lambda: g.call(lambda z: z - z.mean(0), z, name="centred", rows=True), al.AleatorError, "depend on each other"),
        (lambda: g.call(np.sin, z, rows=(True, False)), al.AleatorError, "2 entries for 1 argument"),
        (lambda: g.call(np.sin, z, name=""), al.AleatorError, "empty"),
        (lambda: (g.call(np.sin, z, name="f"), g.call(np.cos, z, name="f")), al.AleatorError, "another function"),
        (lambda: (g.call(np.sin, z, name="f"), g.external("f", np.sum)(z)), al.AleatorError, "another function"),
    ]
    for wrong, kind, message in cases:
        with pytest.raises(kind, match=message):
            wrong()
    for vjp, message in [(lambda c, z: c, "expected a tuple"), (lambda c, z: (c[0],), r"shape \(3,\)"), (fails, "stock")]:
        h = al.Graph()
        z = h.sample("z", al.Normal(h.param("t", np.zeros((2, 3))), 1.0), via="pathwise")
        h.cost("c", h.call(np.sin, z, vjp=vjp))
        with pytest.raises(al.AleatorError, match=message):
            h.compile()()


def test_a_graph_with_calls_is_copied_and_pickled():
    g = model(True, "rebar")
    for other in (g.copy(), pickle.loads(pickle.dumps(g))):
        np.testing.assert_array_equal(other.compile(seed=4)().gradient["w"], g.compile(seed=4)().gradient["w"])
