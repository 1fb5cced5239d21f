"""Building graphs: parts, errors, copies, files."""

import copy
import pickle

import numpy as np
import pytest

import aleator as al
from conftest import make_toy


def test_a_failed_call_changes_nothing():
    g = al.Graph()
    a = g.param("a", np.zeros(3))
    for wrong in (
        lambda: a + np.zeros(4),
        lambda: g.param("a", 0.0),
        lambda: g.sample("z", al.Normal(a, np.ones(4))),
        lambda: g.sample("z", al.Normal(a, 1.0), via="pathwize"),
        lambda: g.observe(np.zeros((3, 2)), al.Normal(a, 1.0)),
        lambda: al.kl(al.Normal(a, 1.0), al.Cauchy(a, 1.0)),
    ):
        with pytest.raises(al.AleatorError):
            wrong()
    # The name of the site that failed is free, and the graph compiles.
    g.cost("f", (g.sample("z", al.Normal(a, 1.0)) ** 2).sum())
    assert g.compile()().gradient["a"].shape == (3,)


def test_shape_errors_name_the_operation_and_both_shapes():
    g = al.Graph()
    with pytest.raises(al.ShapeError, match=r"\+.*\(2, 3\).*\(4,\)"):
        g.param("a", np.zeros((2, 3))) + g.param("b", np.zeros(4))


def test_parts_are_mappings():
    g = make_toy("rebar")
    x = g.data("x", np.arange(3))
    assert (list(g.params), list(g.datasets), list(g.sites), list(g.costs)) == (["theta"], ["x"], ["b"], ["loss"])
    assert g.sites["b"].distribution == "Bernoulli" and g.sites["b"].estimator == "rebar(temperature=0.5)"
    assert g.datasets["x"].shape == x.shape and np.array_equal(g.initial("x"), [0, 1, 2])
    with pytest.raises(KeyError, match="theta"):
        g.params["thta"]
    assert "thta" not in g.params and len(g.costs) == 1


def test_shapes_fill():
    g = al.Graph()
    assert g.param("a", 0.5, shape=(2, 3)).shape == (2, 3)
    assert np.array_equal(g.initial("a"), np.full((2, 3), 0.5))
    with pytest.raises(al.ShapeError):
        g.param("b", [1, 2], shape=3)
    with pytest.raises(ValueError):
        g.param("c", 0.0, shape=(-1,))


@pytest.mark.parametrize("bad", [1j, np.ones(2, complex), "text", None, [1, [2, 3]], object(), np.array([b"x"])])
def test_what_is_no_number_is_refused(bad):
    g = al.Graph()
    with pytest.raises((TypeError, ValueError)):
        g.param("a", bad)
    with pytest.raises((TypeError, ValueError)):
        g.constant(bad)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.arange(6.0).reshape(3, 2).T,
        np.arange(12.0)[::2].reshape(2, 3),
        np.arange(6, dtype=">f8").reshape(2, 3),
        np.arange(6, dtype=np.float16).reshape(2, 3),
        np.array([[True, False, True], [False, False, True]]),
        np.frombuffer(np.arange(6.0).tobytes()).reshape(2, 3),
        [[1, 2.5, 3], [4, 5, 6]],
    ],
    ids=["int", "transposed", "strided", "big-endian", "half", "bool", "read-only", "lists"],
)
def test_every_layout_of_numbers(array):
    g = al.Graph()
    x = g.data("x", array)
    w = g.param("w", np.zeros((2, 3)))
    g.cost("f", np.sum(w * x))
    p = g.compile()
    assert np.array_equal(p().gradient["w"], np.asarray(array, dtype=float))
    p.set("x", 2 * np.asarray(array, dtype=float))
    p.set("x", array)
    assert np.array_equal(p.get("x"), np.asarray(array, dtype=float))


def test_a_caller_may_change_an_array_afterwards():
    g = al.Graph()
    a, scale = np.ones(2), np.ones(2)
    x, d = g.data("x", a), al.Normal(0.0, scale)
    y = x + a
    a[:], scale[:] = 7, 7
    g.cost("f", np.sum(y))
    assert g.compile()().objective == 4.0 and d.stddev.tolist() == [1, 1]
    assert pickle.loads(pickle.dumps(g)).compile()().objective == 4.0


def test_empty_arrays():
    g = al.Graph()
    w = g.param("w", np.zeros((0, 3)))
    g.cost("f", np.sum(w @ np.ones(3)) + 1.0)
    e = g.compile()()
    assert e.objective == 1.0 and e.gradient["w"].shape == (0, 3)


def test_not_finite_data_come_through():
    g = al.Graph()
    x = g.data("x", [np.nan, np.inf])
    g.cost("f", x[1])
    assert g.compile()().objective == np.inf


def test_graphs_do_not_mix():
    g, h = al.Graph(), al.Graph()
    a, b = g.param("a", 1.0), h.param("b", 1.0)
    for wrong in (
        lambda: a + b,
        lambda: g.cost("f", b),
        lambda: np.where(a, b, 0.0),
        lambda: al.Normal(a, b),
        lambda: g.sample("z", al.Normal(b, 1.0)),
        lambda: np.stack([a, b]),
        lambda: np.stack([a, a])[b],
    ):
        with pytest.raises(al.MixedGraphsError):
            wrong()


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_copies_are_equal_and_independent(again):
    g = make_toy("rebar(temperature=0.3)", theta=0.2)
    other = again(g)
    assert other.compile(seed=1)(step=4).gradient == g.compile(seed=1)(step=4).gradient
    other.cost("more", other.params["theta"] * 2)
    assert list(g.costs) == ["loss"] and list(other.costs) == ["loss", "more"]
    with pytest.raises(al.MixedGraphsError):
        g.cost("more", other.params["theta"])


def test_an_expression_pickles_with_its_graph():
    g = al.Graph()
    a = g.param("a", 2.0)
    h, b = pickle.loads(pickle.dumps((g, a * 3)))
    h.cost("f", b)
    assert h.compile()().objective == 6.0


def test_texts_and_files(tmp_path):
    text = "param theta = 0.5\ndata x : [2] = file(\"x.csv\")\nb ~ Bernoulli(logits = theta)\ncost f = b * sum(x)\n"
    (tmp_path / "x.csv").write_text("1\n2\n")
    (tmp_path / "g.scg").write_text(text)
    g = al.load(tmp_path / "g.scg")
    assert g.to_scg() == text and al.exact(g).objective == pytest.approx(3 / (1 + np.exp(-0.5)))
    assert pickle.loads(pickle.dumps(g)).compile(seed=2)().objective == g.compile(seed=2)().objective
    with pytest.raises(FileNotFoundError):
        al.load(tmp_path / "none.scg")
    with pytest.raises(al.SourceError, match="line 2, column 24.*theta"):
        al.loads("param theta = 0\nb ~ Bernoulli(logits = teta)\ncost f = b")
    (tmp_path / "bytes.scg").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(al.AleatorError):
        al.load(tmp_path / "bytes.scg")


def test_drawings_are_svg():
    svg = make_toy().to_svg()
    assert svg.startswith("<svg") and "theta" in svg and "loss" in svg


def test_the_surrogate_is_json():
    import json

    surrogate = json.loads(make_toy("rebar").surrogate_json(samples=2))
    assert surrogate["graph"]["format"] == "aleator-graph"
    assert {output["name"] for output in surrogate["graph"]["outputs"]} >= {"objective", "gradient.theta"}


def test_the_plan_says_why():
    estimator, reason = make_toy().plan()["b"]
    assert estimator == "enumeration" and reason
    assert make_toy().plan(via={"b": al.Nvil()})["b"][0].startswith("nvil")
    with pytest.raises(al.UnknownNameError, match="site"):
        make_toy().plan(via={"c": "nvil"})


def test_observations_are_numbered():
    g = al.Graph()
    z = g.sample("z", al.Normal(g.param("m", 0.0), 1.0))
    for _ in range(3):
        g.observe(0.3, al.Normal(z, 1.0))
    assert list(g.costs) == ["observed", "observed_2", "observed_3"]
