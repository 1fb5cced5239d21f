"""Training on batches, with the library's optimisers and with a user's own."""

import itertools

import numpy as np
import pytest

import aleator as al
from aleator._batches import batches_of
from conftest import make_toy

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(60, 2))
TARGETS = INPUTS @ [1.5, -0.5] + 0.3


def regression(size=10):
    """A mean squared error whose coefficients have a little noise."""
    g = al.Graph()
    w = g.sample("w", al.Normal(g.param("mean", [0.0, 0.0]), 0.01))
    x, y = g.data("x", np.zeros((size, 2))), g.data("y", np.zeros(size))
    g.cost("loss", np.mean((x @ w + g.param("bias", 0.0) - y) ** 2))
    return g


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "radam", "sgd", "momentum", "rmsprop"])
def test_without_data_it_is_optimize(optimizer):
    g = make_toy("rebar", theta=0.3)
    report = al.train(g, steps=30, optimizer=optimizer, lr=0.1, seed=4)
    path = al.optimize(g, steps=30, optimizer=optimizer, lr=0.1, seed=4)
    assert report.params["theta"] == path.params["theta"]
    assert [point["objective"] for point in path][:-1] == list(report.objectives)
    assert report.steps == 30 and report.own_params.keys() == path.own_params.keys()


def test_examples_are_fitted():
    report = al.train(regression(), {"x": INPUTS, "y": TARGETS}, steps=600, lr=0.02)
    np.testing.assert_allclose(report.params["mean"], [1.5, -0.5], atol=0.03)
    assert report.params["bias"] == pytest.approx(0.3, abs=0.03)
    assert report.objectives[-50:].mean() < 0.01 < report.objectives[0]
    again = al.train(regression(), {"x": INPUTS, "y": TARGETS}, steps=600, lr=0.02)
    np.testing.assert_array_equal(again.objectives, report.objectives)


def test_a_pass_takes_each_example_once():
    numbers = np.arange(23.0)
    batches = batches_of({"a": numbers, "b": numbers[:, None] * 2}, {"a": (5,), "b": (5, 1)}, seed=3)
    passes = [list(itertools.islice(batches, 4)) for _ in range(3)]
    orders = [np.concatenate([batch["a"] for batch in one]) for one in passes]
    for order, one in zip(orders, passes):
        assert len(set(order)) == 20 and set(order) <= set(numbers)
        np.testing.assert_array_equal(np.concatenate([batch["b"] for batch in one])[:, 0], 2 * order)
    assert not np.array_equal(orders[0], orders[1])
    # These numbers do not change with NumPy.
    assert list(orders[0][:5]) == FIRST
    assert list(next(batches_of({"a": numbers}, {"a": (5,)}, seed=4))["a"]) != FIRST


FIRST = [20.0, 0.0, 4.0, 9.0, 7.0]


def test_any_iterable_of_batches():
    parts = [(INPUTS[i : i + 10], TARGETS[i : i + 10]) for i in range(0, 60, 10)]
    mappings = ({"y": y, "x": x} for x, y in parts)
    a, b = al.train(regression(), parts), al.train(regression(), mappings)
    assert a.steps == b.steps == 6
    np.testing.assert_array_equal(a.objectives, b.objectives)
    assert al.train(regression(), parts, steps=4).steps == 4
    g = al.Graph()
    g.cost("f", (g.param("m", 0.0) - g.data("x", 0.0)) ** 2)
    assert al.train(g, iter([1.0, 2.0]), lr=0.5, optimizer="sgd").params["m"] == pytest.approx(2.0)
    assert al.train(g, [{}, {"x": 3.0}, {}], lr=0.5, optimizer="sgd").params["m"] == pytest.approx(3.0)


def test_a_users_optimizer():
    def sgd(params, gradient):
        return {name: value - 0.1 * gradient[name] for name, value in params.items()}

    data = {"x": INPUTS, "y": TARGETS}
    ours = al.train(regression(), data, steps=20, optimizer=sgd)
    theirs = al.train(regression(), data, steps=20, optimizer="sgd", lr=0.1)
    np.testing.assert_allclose(ours.params["mean"], theirs.params["mean"], rtol=1e-14)


def test_optax():
    optax = pytest.importorskip("optax")
    rule = optax.adam(0.02)
    state = rule.init({"mean": np.zeros(2), "bias": np.zeros(())})

    def step(params, gradient):
        nonlocal state
        updates, state = rule.update(gradient, state, params)
        return optax.apply_updates(params, updates)

    data = {"x": INPUTS, "y": TARGETS}
    report = al.train(regression(), data, steps=50, optimizer=step)
    ours = al.train(regression(), data, steps=50, lr=0.02)
    np.testing.assert_allclose(report.params["mean"], ours.params["mean"], atol=1e-4)


def test_callbacks():
    seen, shown = [], []

    def callback(step):
        seen.append(step)
        step.params["theta"][...] = np.nan  # a copy
        if step.step == 4:
            raise StopIteration

    report = al.train(make_toy(), steps=100, callback=callback, progress=lambda label, done: shown.append((label, done)))
    assert report.steps == 5 and [step.step for step in seen] == list(range(5))
    assert [step.objective for step in seen] == list(report.objectives)
    assert np.isfinite(report.params["theta"]) and seen[0].gradient["theta"].shape == ()
    assert shown[-1] == ("train", 5)
    with pytest.raises(ZeroDivisionError):
        al.train(make_toy(), steps=3, callback=lambda step: 1 / 0)


def test_single_precision_and_what_no_cost_depends_on():
    g = regression()
    g.param("unused", [1.0, 2.0])
    report = al.train(g, {"x": INPUTS, "y": TARGETS}, steps=20, dtype="float32")
    assert report.params["mean"].dtype == np.float64 and list(report.params["unused"]) == [1.0, 2.0]


def not_finite():
    g = al.Graph()
    g.cost("f", np.log(g.param("x", 0.0)))
    return g


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: al.train(make_toy()), al.AleatorError, "steps"),
        (lambda: al.train(regression(), {"x": INPUTS, "y": TARGETS}), al.AleatorError, "steps"),
        (lambda: al.train(regression(), {}, steps=3), al.AleatorError, "no arrays"),
        (lambda: al.train(regression(), {"z": INPUTS}, steps=3), al.UnknownNameError, "`z`.*x, y"),
        (lambda: al.train(regression(), {"x": INPUTS[:5]}, steps=3), al.ShapeError, r"\(n, 2\) with n of at least 10"),
        (lambda: al.train(regression(), {"x": TARGETS}, steps=3), al.ShapeError, r"\(n, 2\)"),
        (lambda: al.train(regression(), {"x": INPUTS, "y": TARGETS[:30]}, steps=3), al.ShapeError, "one number"),
        (lambda: al.train(regression(), {"x": INPUTS, "y": TARGETS.astype(str)}, steps=3), TypeError, "text"),
        (lambda: al.train(regression(), [(INPUTS,)]), al.ShapeError, "1 arrays.*x, y"),
        (lambda: al.train(regression(), [(INPUTS, TARGETS)]), al.ShapeError, r"\(60, 2\), expected \(10, 2\)"),
        (lambda: al.train(regression(), 3, steps=3), TypeError, "iterable"),
        (lambda: al.train(regression(), [(None, None)]), TypeError, "numbers"),
        (lambda: al.train(make_toy(), steps=3, optimizer="adma"), al.UnknownNameError, "adam"),
        (lambda: al.train(make_toy(), steps=3, optimizer=lambda p, g: None), TypeError, "theta"),
        (lambda: al.train(make_toy(), steps=3, optimizer=lambda p, g: {"eta": 1.0}), TypeError, "theta"),
        (lambda: al.train(make_toy(), steps=3, optimizer=lambda p, g: {"theta": [1.0]}), al.ShapeError, "theta"),
        (lambda: al.train(not_finite(), steps=3), al.NotFiniteError, "step 0.*`x`"),
        (lambda: al.train(3, steps=3), TypeError, "graph"),
        (lambda: al.train(make_toy(), steps=-3), al.AleatorError, "steps"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
