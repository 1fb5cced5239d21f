"""Random calls of the interface: whatever they are given, they return or raise an exception that a user can read."""

import faulthandler
import os
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aleator as al
from aleator import distributions, estimators

faulthandler.enable()

# Arithmetic errors are those of plain numbers among the operands.
EXPECTED = (ValueError, TypeError, IndexError, KeyError, ArithmeticError, MemoryError, AttributeError)
# 400 examples of up to 30 calls; more with ALEATOR_FUZZ=100 for example.
EXAMPLES = int(400 * float(os.environ.get("ALEATOR_FUZZ", "1")))

SIZES = st.sampled_from([0, 1, 2, 3, -1, 5])
NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e300, -1e-300, np.nan, np.inf, 2, True, 10**400, 1j]),
    st.floats(-3, 3),
)
ARRAYS = st.builds(
    lambda shape, seed, dtype: np.random.default_rng(seed).normal(size=[abs(n) for n in shape]).astype(dtype),
    st.lists(SIZES, max_size=3),
    st.integers(0, 9),
    st.sampled_from([np.float64, np.float32, np.int8, bool, ">f8"]),
)
JUNK = st.sampled_from([None, "text", b"bytes", object(), [], [[1], [2, 3]], {}, slice(None), ..., "rebar(", "nvil", -(2**70)])
INDICES = st.recursive(
    st.one_of(
        st.integers(-4, 4), st.just(...), st.none(), st.slices(4), st.lists(st.integers(-3, 3), max_size=3), NUMBERS, JUNK
    ),
    lambda inner: st.tuples(inner, inner),
    max_leaves=3,
)
# Not the functions of whole numbers, which would be asked for tensors of any size.
FUNCTIONS = [getattr(al, name) for name in al.functions.__all__ if name not in ("one_hot", "einsum", "broadcast_to")]
NUMPY = [np.add, np.exp, np.matmul, np.where, np.sum, np.einsum, np.stack, np.concatenate, np.clip, np.transpose, np.take]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(st.data())
def test_random_calls(data):
    g = al.Graph()
    pool = [g.param("p", [[0.3, -0.2, 0.1], [0.4, 0.5, -0.6]]), g.data("d", [1.0, 2.0, 3.0]), al.Normal(0.0, 1.0)]
    draw = data.draw
    values = lambda: draw(st.one_of(st.sampled_from(pool), st.sampled_from(pool), NUMBERS, ARRAYS, JUNK))  # noqa: E731
    names = lambda: draw(st.sampled_from(["p", "q", "r", "s", "", "d", None, "ä\0"]))  # noqa: E731

    def program():
        options = {"samples": draw(st.sampled_from([None, 1, 3, 0, -1, 2**80])), "dtype": draw(st.sampled_from(["f4", "f8"]))}
        p = g.compile(**options, via=draw(st.sampled_from([None, "nvil", "rebar", 3, {"q": "pathwise"}])))
        if draw(st.booleans()):
            p.set(names(), values())
        p(draw(st.sampled_from([None, {"p": 1.0}, {"p": np.zeros((2, 3))}, {"x": 1}, 3])))
        return p().objective

    calls = {
        "operator": lambda: draw(st.sampled_from(["add", "matmul", "pow", "lt", "eq", "and", "mod"])) and values() + values(),
        "matmul": lambda: values() @ values(),
        "power": lambda: values() ** values(),
        "compare": lambda: values() <= values(),
        "index": lambda: draw(st.sampled_from(pool))[draw(INDICES)],
        "index by value": lambda: draw(st.sampled_from(pool))[values()],
        "function": lambda: draw(st.sampled_from(FUNCTIONS))(*[values() for _ in range(draw(st.integers(0, 3)))]),
        "numpy": lambda: draw(st.sampled_from(NUMPY))(*[values() for _ in range(draw(st.integers(1, 3)))]),
        "method": lambda: getattr(draw(st.sampled_from(pool)), draw(st.sampled_from(["sum", "reshape", "transpose", "argmax"])))(
            values()
        ),
        "param": lambda: g.param(names(), values(), shape=draw(st.sampled_from([None, (2, 3), -1, 3, "a"]))),
        "data": lambda: g.data(names(), values()),
        "distribution": lambda: draw(st.sampled_from(list(distributions.ALL.values())))(
            *[values() for _ in range(draw(st.integers(0, 3)))]
        ),
        "estimator": lambda: draw(st.sampled_from(list(estimators.ALL.values())))(**{draw(st.sampled_from(["temperature", "x"])): values()}),
        "sample": lambda: g.sample(
            names(), values(), via=draw(st.sampled_from([None, "nvil", "x", 3])), copies=draw(st.sampled_from([None, 2, 0, -1]))
        ),
        "observe": lambda: g.observe(values(), values()),
        "log_prob": lambda: values().log_prob(values()),
        "kl": lambda: al.kl(values(), values()),
        "cost": lambda: g.cost(names(), values()),
        "program": program,
        "pickle": lambda: pickle.loads(pickle.dumps(g)).compile().samples == g.compile().samples,
        "external": lambda: g.external(names(), lambda *a: a[0], shape=draw(st.sampled_from([(), 3, (2, 3)])))(values()),
        "call": lambda: g.call(
            draw(st.sampled_from([np.sin, np.sum, lambda *a: a[0], 3])),
            *[values() for _ in range(draw(st.integers(0, 2)))],
            shape=draw(st.sampled_from([None, None, (), (2, 3), -1])),
            vjp=draw(st.sampled_from([None, lambda c, *a: (c * np.cos(a[0]), *a[1:]), lambda c, *a: c, 3])),
            rows=draw(st.sampled_from([False, True, (True,), (True, False), 3])),
            name=draw(st.sampled_from([None, "f", "", 3])),
        ),
        "plan": lambda: g.plan(),
        "svg": lambda: g.to_svg(),
        "text": lambda: list(al.loads(g.to_scg()).sites) == list(g.sites),
        "train": lambda: al.train(
            g,
            draw(st.sampled_from([None, {}, {"x": np.zeros((4, 3))}, [{}], 3])) or [values()],
            steps=draw(st.sampled_from([1, 2, 0, None])),
            optimizer=draw(st.sampled_from(["sgd", "x", 3, lambda params, gradient: params])),
        ),
        "loads": lambda: al.loads(draw(st.text(max_size=30))),
    }
    np.seterr(all="ignore")  # in this thread alone
    for _ in range(draw(st.integers(1, 30))):
        call = calls[draw(st.sampled_from(sorted(calls)))]
        try:
            result = call()
        except al.InternalError:
            raise
        except EXPECTED as error:
            assert str(error) or isinstance(error, (KeyError, MemoryError))
            continue
        if isinstance(result, (al.Expr, al.Distribution)):
            # Nothing larger than a test should be.
            if not isinstance(result, al.Expr) or result.size < 1000:
                pool.append(result)
    assert repr(g)
