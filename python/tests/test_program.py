"""Programs: calls, values, dtypes, copies, black boxes."""

import copy
import pickle

import numpy as np
import pytest

import aleator as al
from conftest import make_toy, toy_gradient


def regression(x=np.ones((4, 3))):
    g = al.Graph()
    w = g.param("w", np.zeros(3))
    g.cost("f", np.mean((g.data("x", x) @ w - 1.0) ** 2))
    return g


def test_the_seed_and_the_step_decide():
    a, b = make_toy("rebar").compile(seed=3), make_toy("rebar").compile(seed=3)
    one, two = [a().gradient["theta"] for _ in range(20)], [b(step=i).gradient["theta"] for i in range(20)]
    assert one == two and len(set(map(float, one))) > 2
    assert a.step == 20 and b.step == 0 and a().step == 20 and b(step=2**48 - 1).step == 2**48 - 1
    assert make_toy("rebar").compile(seed=4)(step=0).gradient != one[0]


def test_values_of_a_call_are_for_that_call():
    p = regression().compile()
    assert p({"w": [1.0, 0, 0]}).objective == 0.0 and p().objective == 1.0
    assert p({"w": 1.0, "x": 0.0}).objective == 1.0 and p({"w": 1.0}).objective == 4.0
    p.set("w", [1.0, 0, 0])
    assert p().objective == 0.0 and np.array_equal(p.params["w"], [1, 0, 0])
    assert p({}).objective == 0.0


def test_a_call_that_fails_changes_no_value():
    g = al.Graph()
    g.cost("c", g.sample("z", al.Normal(0.0, g.param("s", 1.0)), via="pathwise"))
    p = g.compile()
    with pytest.raises(al.DomainError, match="scale.*`z`.*Normal.*-1"):
        p({"s": -1.0})
    assert p.params["s"] == 1.0 and np.isfinite(p().objective)


@pytest.mark.parametrize(
    "bad",
    [np.ones((3, 4)), np.ones(12), np.ones((4, 3), complex), "no", [[1, 2], [3]], None, object(), np.ones((0, 3))],
    ids=lambda b: type(b).__name__,
)
def test_wrong_values(bad):
    p = regression().compile()
    for call in (lambda: p.set("x", bad), lambda: p({"x": bad})):
        with pytest.raises((ValueError, TypeError)) as raised:
            call()
        assert "x" in str(raised.value)
    assert p().objective == 1.0


def test_wrong_calls():
    p = regression().compile()
    with pytest.raises(al.UnknownNameError, match="did you mean `w`"):
        p({"ww": 1.0})
    with pytest.raises(KeyError):
        p.set("y", 1.0)
    with pytest.raises(KeyError):
        p.get("y")
    for wrong in (lambda: p([1.0]), lambda: p(3), lambda: p({1: 2.0}), lambda: p(step="a"), lambda: p(step=1.5), lambda: p(None, 3)):
        with pytest.raises(TypeError):
            wrong()
    for wrong in (lambda: p(step=-1), lambda: p(step=2**48), lambda: p(step=2**64)):
        with pytest.raises((OverflowError, ValueError)):
            wrong()


def test_wrong_options():
    g = make_toy()
    for name in ("samples", "replicates", "threads"):
        for bad in (0, -1, 2**63, 2**200):
            with pytest.raises(al.AleatorError):
                g.compile(**{name: bad})
        for bad in (1.5, "3", []):
            with pytest.raises(TypeError):
                g.compile(**{name: bad})
    for bad in (-1, 2**64):
        with pytest.raises(al.AleatorError):
            g.compile(seed=bad)
    with pytest.raises(al.AleatorError):
        g.compile(dtype="int64")
    with pytest.raises(TypeError):
        g.compile(dtype="nothing")
    with pytest.raises(al.UnsuitableError, match="samples=2"):
        make_toy("reinforce_loo").compile(samples=1)
    with pytest.raises(al.NoCostError):
        al.Graph().compile()
    with pytest.raises(MemoryError):
        regression(np.ones((1000, 3))).compile(replicates=2**40)


def test_float32():
    p = make_toy("rebar", theta=0.3).compile(samples=4, dtype=np.float32, seed=1)
    e = p()
    assert e.gradient["theta"].dtype == np.float32 and isinstance(e.objective, float) and p.dtype == "float32"
    assert p.get("theta").dtype == np.float32 and p.get("theta") == np.float32(0.3)
    q = regression().compile(dtype="float32")
    q.set("x", 2 * np.ones((4, 3), np.float32))
    assert q({"w": [0.5, 0, 0]}).objective == 0.0


def test_replicates_have_an_axis():
    e = make_toy("reinforce_loo", theta=0.3).compile(samples=4, replicates=5000)()
    gradient = e.gradient["theta"]
    assert e.objective.shape == gradient.shape == (5000,)
    assert abs(gradient.mean() - toy_gradient(0.3)) < 5.5 * gradient.std() / 5000**0.5


def test_unused_parameters():
    g = make_toy("nvil")
    g.param("unused", np.ones(2))
    p = g.compile()
    assert np.array_equal(p().gradient["unused"], [0, 0]) and list(p.params) == ["theta"]
    p.set("unused", 3.0)
    assert p({"unused": [1, 2]}).objective == p(step=1).objective
    with pytest.raises(al.UnusedError):
        p.get("unused")


def test_threads_do_not_matter():
    g = regression(np.arange(12.0).reshape(4, 3))
    z = g.sample("z", al.Normal(g.params["w"], 1.0), via="pathwise", copies=1000)
    g.cost("h", np.mean(np.tanh(z)))
    one = g.compile(samples=8, seed=2, threads=1)(step=1).gradient["w"]
    assert np.array_equal(one, g.compile(samples=8, seed=2, threads=3)(step=1).gradient["w"])
    assert np.array_equal(one, g.compile(samples=8, seed=2)(step=1).gradient["w"])


def test_own_parameters_are_held_unless_tuned():
    held, tuned = make_toy("rebar").compile(seed=1), make_toy("rebar").compile(seed=1, tune=True, tune_rate=0.1)
    before = held.own_params
    assert before and held(step=5).gradient == make_toy("rebar").compile(seed=1)(step=5).gradient
    for _ in range(10):
        held(), tuned()
    assert held.own_params == before and tuned.own_params != before


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_a_copy_goes_on_where_the_program_is(again):
    p = make_toy("rebar").compile(seed=1, tune=True)
    for _ in range(5):
        p()
    p.set("theta", 0.7)
    q = again(p)
    assert q.step == 5 and q.params == p.params and q.own_params == p.own_params
    assert [q().gradient for _ in range(5)] == [p().gradient for _ in range(5)]
    assert again(make_toy().compile(samples=8, dtype="float32")).dtype == "float32"


def test_the_graph_may_grow_afterwards():
    g = make_toy("nvil")
    p = g.compile(seed=1)
    before = p(step=0).objective
    g.cost("more", g.params["theta"] + 1.0)
    assert p(step=0).objective == before == pickle.loads(pickle.dumps(p))(step=0).objective


def test_estimates_stay():
    p = make_toy("rebar").compile(seed=1)
    e = p(step=0)
    first = e.gradient["theta"].copy()
    p(step=1)
    assert e.gradient["theta"] == first and e.gradient is e.gradient and "objective" in repr(e)


# Black boxes.


def box(function, shape=(), **options):
    g = al.Graph()
    z = g.sample("z", al.Normal(g.param("m", [0.1, 0.2]), 1.0), via="reinforce_loo")
    g.cost("f", np.sum(g.external("price", function, shape, **options)(z, np.arange(3.0))))
    return g


def price(z, k):
    assert z.shape == (2,) and k.shape == (3,)
    return z[0] + k


def price_of_rows(z, k):
    assert z.shape[1:] == (2,) and k.shape[1:] == (3,) and len(z) == len(k)
    price_of_rows.calls.append(len(z))
    return z[:, :1] + k


def test_a_black_box_gets_arrays():
    e = box(price, 3).compile(samples=500, seed=1)()
    assert abs(e.gradient["m"] - [3, 0]).max() < 1.0
    price_of_rows.calls = []
    rows = box(price_of_rows, 3, vectorized=True).compile(samples=500, seed=1)()
    assert rows.gradient["m"].tolist() == e.gradient["m"].tolist() and price_of_rows.calls == [500]
    with pytest.raises(al.BlackBoxError, match=r"shape \(3,\), expected \(\d+, 3\)"):
        box(lambda z, k: k[0], 3, vectorized=True).compile()()


def test_a_graph_with_a_black_box_pickles():
    g = box(price, (3,))
    other = pickle.loads(pickle.dumps(g))
    assert other.compile(seed=1)().objective == g.compile(seed=1)().objective
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(box(lambda z, k: z[0] + k, (3,)))
    assert copy.deepcopy(box(lambda z, k: z[0] + k, (3,))).compile()().objective


def test_what_a_black_box_raises_is_the_cause():
    def broken(z, k):
        raise KeyError("stock")

    p = box(broken, ()).compile()
    for _ in range(2):
        with pytest.raises(al.BlackBoxError, match="price.*KeyError.*stock") as raised:
            p()
        assert isinstance(raised.value.__cause__, KeyError)
    with pytest.raises(al.BlackBoxError, match="price"):
        al.grad(box(broken, ()), replicates=10)


@pytest.mark.parametrize("result", ["text", None, np.zeros(2), np.zeros((1, 3)), 1j, [[1], [2, 3]], 0.0])
def test_what_a_black_box_must_not_return(result):
    with pytest.raises(al.BlackBoxError, match="price"):
        box(lambda z, k: result, 3).compile()()


def test_a_black_box_may_be_interrupted_and_may_exit():
    def interrupted(z, k):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        box(interrupted).compile()()

    def leaves(z, k):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        box(leaves).compile()()


def test_a_black_box_may_use_aleator():
    inner = make_toy("nvil").compile()

    def nested(z, k):
        return inner().objective + z[0]

    assert np.isfinite(box(nested).compile(samples=4)().objective)


def test_wrong_black_boxes():
    g = al.Graph()
    with pytest.raises(TypeError):
        g.external("f", 3)
    with pytest.raises(TypeError):
        g.external("f", price)()
    with pytest.raises(TypeError):
        g.external("f", price, shape="a")
    with pytest.raises(ValueError):
        g.external("f", price, shape=-1)
