"""Expressions against NumPy: every operator, function and index gives the array that NumPy gives."""

import operator

import numpy as np
import pytest

import aleator as al

X = np.array([[0.3, -1.2, 2.5], [1.7, 0.4, -0.6]])
Y = np.array([0.9, 1.1, -0.4])


def value(build, *arrays):
    """The value of an expression of data. A program computes it as the gradient of a cost that is linear in a parameter.

    The graph's text makes a graph with the same value, to the last bit.
    """
    g = al.Graph()
    expr = g._as_expr(build(*(g.data(f"x{i}", a) for i, a in enumerate(arrays))))
    w = g.param("w", np.zeros(expr.shape))
    g.cost("f", np.sum(w * expr))
    result = g.compile()().gradient["w"]
    np.testing.assert_array_equal(al.loads(g.to_scg()).compile()().gradient["w"], result)
    return result


BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
    np.maximum,
    np.minimum,
    np.logaddexp,
]


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_binary(op):
    for a, b in ((X, Y), (X, 1.3), (1.3, X), (X, X)):
        expected = np.asarray(op(a, b), dtype=float)
        if np.ndim(a):
            np.testing.assert_allclose(value(lambda x: op(x, b), a), expected, rtol=1e-12, atol=1e-12)
        if np.ndim(b):
            np.testing.assert_allclose(value(lambda y: op(a, y), b), expected, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(value(lambda y: op(list(a) if np.ndim(a) == 1 else a, y), b), expected, rtol=1e-12, atol=1e-12)
        if np.ndim(a) and np.ndim(b):
            np.testing.assert_allclose(value(op, a, b), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "name",
    "exp exp2 expm1 sin cos tan tanh sinh cosh abs fabs sign floor ceil square negative positive reciprocal logical_not".split(),
)
def test_unary(name):
    function = getattr(np, name)
    np.testing.assert_allclose(value(function, X), np.asarray(function(X), dtype=float), rtol=1e-12)


@pytest.mark.parametrize("name", "log log2 log10 log1p sqrt".split())
def test_unary_of_positive_numbers(name):
    function = getattr(np, name)
    np.testing.assert_allclose(value(function, np.abs(X)), function(np.abs(X)), rtol=1e-12)


def test_powers_and_logic():
    a = np.abs(X)
    np.testing.assert_allclose(value(lambda x: x**2.5, a), a**2.5)
    np.testing.assert_allclose(value(lambda x: 2.0**x, X), 2.0**X)
    np.testing.assert_allclose(value(lambda x: np.power(x, Y), a), a**Y)
    np.testing.assert_array_equal(value(lambda x: (x > 0) & (x < 1), X), (X > 0) & (X < 1))
    np.testing.assert_array_equal(value(lambda x: (x > 1) | ~(x > 0), X), (X > 1) | ~(X > 0))
    np.testing.assert_array_equal(value(lambda x: np.logical_and(x > 0, x < 1), X), (X > 0) & (X < 1))


REDUCTIONS = "sum mean prod max min var std any all argmax argmin cumsum".split()


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 0, 1, -1, -2, (0, 1), (-1,)])
def test_reductions(name, axis):
    if isinstance(axis, tuple) and name in ("argmax", "argmin", "cumsum"):
        pytest.skip("one axis alone")
    function, x = getattr(np, name), np.where(np.abs(X) < 0.5, 0.0, X)
    expected = np.asarray(function(x, axis=axis), dtype=float)
    np.testing.assert_allclose(value(lambda e: function(e, axis=axis), x), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(value(lambda e: getattr(e, name)(axis), x), expected, rtol=1e-12, atol=1e-14)
    if name in ("sum", "mean", "prod", "max", "min", "var", "std"):
        expected = function(x, axis=axis, keepdims=True)
        np.testing.assert_allclose(value(lambda e: function(e, axis=axis, keepdims=True), x), expected, atol=1e-14)


T = np.arange(24.0).reshape(2, 3, 4)
INDICES = [
    0, -1, (1, -2), (..., 1), (..., -1, slice(1, 3)), slice(None), slice(None, None, -1), (slice(None), slice(2, None)),
    (slice(None), slice(-2, None), slice(None, None, 2)), (slice(5, 9),), (slice(None), slice(2, 0, -1)), None,
    (None, 0, None, ..., 2), (0, [2, 0, 0]), (slice(None), slice(None), np.array([3, 1])), ([1, 0, -1],), (1, 2, 3),
    (slice(None), [True, False, True]), (..., None), ([],), (slice(1, 1),), (0, ..., slice(None, None, 3)),
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_indices(index):
    expected = T[index if not (isinstance(index, tuple) and index == ([],)) else (np.array([], dtype=int),)]
    result = value(lambda x: x[index], T)
    assert result.shape == expected.shape
    np.testing.assert_array_equal(result, expected)


def test_many_places_are_picked_through_a_table():
    places = list(range(0, 200, 2))[::-1]
    x = np.arange(400.0).reshape(2, 200)
    x[0, 1] = np.inf  # what is not asked for may be infinite
    np.testing.assert_array_equal(value(lambda e: e[:, places], x), x[:, places])
    np.testing.assert_array_equal(value(lambda e: e[:, ::-2], x)[1], x[1, ::-2])


def test_an_expression_as_index():
    for i in range(4):
        np.testing.assert_array_equal(value(lambda x, i: x[:, :, i], T, float(i)), T[:, :, i])
        if i < 3:
            np.testing.assert_array_equal(value(lambda x, i: x[1, i], T, float(i)), T[1, i])
    assert np.all(np.isnan(value(lambda x, i: x[i], T, 2.0)))
    assert np.all(np.isnan(value(lambda x, i: x[..., i], T, 0.5)))


@pytest.mark.parametrize("index", [2, -3, (0, 3), (0, 0, 0, 0), (..., ...), (0, [3])], ids=str)
def test_indices_out_of_range(index):
    with pytest.raises(IndexError):
        value(lambda x: x[index], T)


@pytest.mark.parametrize("index", ["a", 1.5, True, object(), {}], ids=str)
def test_what_is_no_index(index):
    with pytest.raises(TypeError):
        value(lambda x: x[index], T)


SHAPES = {
    "reshape": lambda np_, x: np_.reshape(x, (4, -1)),
    "ravel": lambda np_, x: np_.ravel(x),
    "transpose": lambda np_, x: np_.transpose(x),
    "transpose_axes": lambda np_, x: np_.transpose(x, (1, 2, 0)),
    "transpose_negative": lambda np_, x: np_.transpose(x, (-1, 0, 1)),
    "T": lambda np_, x: x.T,
    "swapaxes": lambda np_, x: np_.swapaxes(x, 0, -1),
    "moveaxis": lambda np_, x: np_.moveaxis(x, 0, -1),
    "moveaxis_two": lambda np_, x: np_.moveaxis(x, [0, 1], [-1, 0]),
    "expand_dims": lambda np_, x: np_.expand_dims(x, -1),
    "squeeze": lambda np_, x: np_.squeeze(np_.expand_dims(x, 1)),
    "broadcast_to": lambda np_, x: np_.broadcast_to(x, (5, 2, 3, 4)),
    "concatenate": lambda np_, x: np_.concatenate([x, 2 * x], axis=1),
    "stack": lambda np_, x: np_.stack([x, x + 1], axis=-1),
    "flip": lambda np_, x: np_.flip(x, (0, 2)),
    "diff": lambda np_, x: np_.diff(x * x, axis=1),
    "take": lambda np_, x: np_.take(x, [[0, 2], [1, 1]], axis=2),
    "take_flat": lambda np_, x: np_.take(x, [5, 0]),
    "where": lambda np_, x: np_.where(x > 5, x, -1.0),
    "clip": lambda np_, x: np_.clip(x, 3, 11),
    "einsum_matmul": lambda np_, x: np_.einsum("bij,kj->bik", x, np.arange(8.0).reshape(2, 4)),
    "einsum_trace": lambda np_, x: np_.einsum("abc->ca", x),
    "einsum_implicit": lambda np_, x: np_.einsum("cab,b", x, np.arange(4.0)),
    "einsum_three": lambda np_, x: np_.einsum("abc,cd,a->bd", x, np.arange(12.0).reshape(4, 3), np.array([1.0, -2])),
    "einsum_batch": lambda np_, x: np_.einsum("abc,abc->ab", x, x),
    "einsum_outer": lambda np_, x: np_.einsum("i,j->ij", x[0, 0], x[1, :, 0]),
    "outer": lambda np_, x: np_.outer(x[0, 0], x[1, 2]),
    "inner": lambda np_, x: np_.inner(x[0, 0], x[1, 2]),
    "dot": lambda np_, x: np_.dot(x[0], np.arange(4.0)),
    "matmul": lambda np_, x: x @ np.arange(20.0).reshape(4, 5),
    "rmatmul": lambda np_, x: np.arange(6.0).reshape(2, 3) @ x,
    "vector_matmul": lambda np_, x: np.arange(3.0) @ x,
    "norm": lambda np_, x: np_.linalg.norm(x),
    "norm_axis": lambda np_, x: np_.linalg.norm(x, axis=1),
    "add_reduce": lambda np_, x: np_.add.reduce(x, axis=1),
    "cumsum_middle": lambda np_, x: np_.cumsum(x, axis=1),
    "argmax_first": lambda np_, x: np_.argmax(np.sin(x), axis=0),
}


@pytest.mark.parametrize("name", SHAPES)
def test_functions_of_shape(name):
    build = SHAPES[name]
    expected = np.asarray(build(np, T), dtype=float)
    result = value(lambda x: build(np, x), T)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_functions_of_the_library():
    z = X - X.max(axis=1, keepdims=True)
    softmax = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(value(al.softmax, X), softmax)
    np.testing.assert_allclose(value(lambda x: al.softmax(x.T, axis=0).T, X), softmax)
    np.testing.assert_allclose(value(al.log_softmax, X), np.log(softmax))
    np.testing.assert_allclose(value(lambda x: al.logsumexp(x, axis=0), X), np.log(np.exp(X).sum(0)))
    np.testing.assert_allclose(value(al.sigmoid, X), 1 / (1 + np.exp(-X)))
    np.testing.assert_allclose(value(lambda x: al.logit(al.sigmoid(x)), X), X)
    np.testing.assert_allclose(value(lambda x: al.one_hot(x, 3), [2.0, 0.0]), np.eye(3)[[2, 0]])
    np.testing.assert_allclose(value(lambda x: al.clamp(x, -1, 1), X), np.clip(X, -1, 1))


def test_functions_of_numbers_give_numbers():
    assert al.exp(0.0) == 1.0 and isinstance(al.exp(0.0), float)
    np.testing.assert_allclose(al.softmax([0.0, 0.0]), [0.5, 0.5])
    assert al.lgamma(5.0) == pytest.approx(np.log(24)) and al.Normal(1.0, 2.0).variance == 4.0
    assert al.kl(al.Normal(0.0, 1.0), al.Normal(1.0, 1.0)) == pytest.approx(0.5)


def test_an_expression_has_no_value():
    g = al.Graph()
    a, v = g.param("a", 1.0), g.param("v", np.zeros(2))
    for wrong in (
        lambda: bool(a > 0),
        lambda: float(a),
        lambda: int(a),
        lambda: [1, 2][a],
        lambda: iter(a),
        lambda: len(a),
        lambda: np.asarray(a),
        lambda: al.Expr(),
        lambda: 1 if v == 0 else 2,
        lambda: a + "text",
        lambda: a + None,
    ):
        with pytest.raises(TypeError) as raised:
            wrong()
        assert str(raised.value)
    assert [part.shape for part in v] == [(), ()] and len(v) == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda a: np.add(a, 1, out=np.zeros(3)),
        lambda a: np.zeros(3).__iadd__(a),
        lambda a: np.arctan(a),
        lambda a: np.add.outer(a, a),
        lambda a: np.sum(a, dtype=int),
        lambda a: np.sum(a, where=[True, False, True]),
        lambda a: np.sort(a),
        lambda a: np.linalg.norm(a, ord=1),
    ],
)
def test_what_numpy_has_and_expressions_lack_is_a_type_error(call):
    with pytest.raises(TypeError, match="np"):
        call(al.Graph().param("a", np.zeros(3)))


@pytest.mark.parametrize(
    "call",
    [
        lambda a: a.sum(2),
        lambda a: a.reshape(5),
        lambda a: a.reshape(-1, -1),
        lambda a: a.transpose(0, 0),
        lambda a: a.squeeze(0),
        lambda a: a.broadcast_to((2,)),
        lambda a: np.concatenate([a, np.zeros(2)]),
        lambda a: np.stack([a, a[0]]),
        lambda a: np.einsum("ij,jk->ik", a, np.zeros((4, 2))),
        lambda a: a @ np.zeros(5),
        lambda a: a[a],
        lambda a: al.softmax(a, axis=3),
        lambda a: a.sum((0, 0)),
    ],
)
def test_shapes_that_do_not_fit(call):
    with pytest.raises(al.ShapeError):
        call(al.Graph().param("a", np.zeros((2, 3))))


def test_every_function_of_the_language_has_a_name_here():
    from aleator import _aleator

    numpy_has = {"zeros", "ones", "eye", "linspace", "arange", "len", "concat", "quantile"}
    assert {name for name in _aleator.functions() if not hasattr(al, name)} <= numpy_has


M = np.array([[2.0, 0.3, -0.1], [0.3, 1.5, 0.4], [-0.1, 0.4, 1.0]])

# A function here, and in NumPy.
ALIKE = {
    "sinh": (al.sinh, np.sinh, X),
    "cosh": (al.cosh, np.cosh, X),
    "asin": (lambda x: al.asin(al.tanh(x)), lambda x: np.arcsin(np.tanh(x)), X),
    "acos": (lambda x: al.acos(al.tanh(x)), lambda x: np.arccos(np.tanh(x)), X),
    "atan": (al.atan, np.arctan, X),
    "atan2": (lambda x: al.atan2(x, x[0]), lambda x: np.arctan2(x, x[0]), X),
    "erfinv": (lambda x: al.erfinv(al.erf(x)), lambda x: x, X / 4),
    "log_sigmoid": (al.log_sigmoid, lambda x: -np.log1p(np.exp(-x)), X),
    "xlogy": (lambda x: al.xlogy(al.relu(x), al.abs(x)), lambda x: np.where(x > 0, x * np.log(np.abs(x) + (x <= 0)), 0), X),
    "xor": (lambda x: al.xor(x > 0, x > 1), lambda x: ((x > 0) != (x > 1)).astype(float), X),
    "any": (lambda x: al.any(x > 1, axis=0), lambda x: (x > 1).any(0).astype(float), X),
    "all": (lambda x: al.all(x > -1, axis=-1, keepdims=True), lambda x: (x > -1).all(-1, keepdims=True).astype(float), X),
    "nothing": (lambda x: al.any(x[:0]) + 2 * al.all(x[:0]), lambda x: np.float64(2), X),
    "cumprod": (lambda x: al.cumprod(x, axis=0), lambda x: np.cumprod(x, axis=0), X),
    "sort": (lambda x: al.sort(x, axis=0), lambda x: np.sort(x, axis=0), X),
    "sort the last axis": (al.sort, np.sort, X),
    "top_k": (lambda x: al.top_k(x, 2), lambda x: -np.sort(-x)[:, :2], X),
    "gather": (lambda x: al.gather(x, [[1, 0], [1, 1]]), lambda x: x[[[1, 0], [1, 1]]], X),
    "tril": (lambda x: al.tril(x, -1), lambda x: np.tril(x, -1), X),
    "triu": (al.triu, np.triu, X),
    "diag of a matrix": (al.diag, np.diag, X),
    "diag of a vector": (al.diag, np.diag, X[0]),
    "trace": (al.trace, np.trace, X),
    "cholesky": (al.cholesky, np.linalg.cholesky, M),
    "logdet": (lambda x: 2 * al.logdet(al.cholesky(x)), lambda x: np.linalg.slogdet(x)[1], M),
    "solve_triangular": (
        lambda x: al.solve_triangular(al.cholesky(x), x[0]),
        lambda x: np.linalg.solve(np.linalg.cholesky(x), x[0]),
        M,
    ),
    "solve_triangular, upper": (
        lambda x: al.solve_triangular(al.triu(x), x, upper=True),
        lambda x: np.linalg.solve(np.triu(x), x),
        M,
    ),
}


@pytest.mark.parametrize("name", ALIKE)
def test_functions_are_those_of_numpy_and_can_be_written(name):
    ours, theirs, x = ALIKE[name]
    result = value(ours, x)
    np.testing.assert_allclose(result, theirs(x), rtol=1e-10, atol=1e-12)
    assert np.shape(result) == np.shape(theirs(x))
    np.testing.assert_allclose(ours(x) if name in ("sinh", "cosh", "atan", "sort the last axis") else result, result)
    # As a text of the language.
    g = al.Graph()
    p = g.param("x", x)
    g.cost("f", al.sum(al.tanh(ours(p)) ** 2) + 0 * al.sum(p))
    again = al.loads(g.to_scg())
    np.testing.assert_allclose(al.exact(again).objective, al.exact(g).objective, rtol=1e-12)
    np.testing.assert_allclose(al.exact(again).gradient["x"], al.exact(g).gradient["x"], rtol=1e-9, atol=1e-12)


def test_a_reward_is_subtracted_and_keeps_its_sign_under_its_name():
    g = al.Graph()
    b = g.sample("b", al.Bernoulli(logits=g.param("t", 0.3)))
    g.reward("r", 3 * b)
    g.cost("f", g.costs["r"] ** 2)
    again = al.loads(g.to_scg())
    p = 1 / (1 + np.exp(-0.3))
    for graph in (g, again):
        assert al.exact(graph).objective == pytest.approx(9 * p - 3 * p)
    again.cost("more", again.costs["r"])
    assert al.exact(again).objective == pytest.approx(9 * p)
    assert "reward r = " in g.to_scg()


def test_functions_of_distributions():
    law = al.Gamma(2.0, 0.5)
    assert al.log_prob(law, 1.5) == law.log_prob(1.5) and al.entropy(law) == law.entropy()
    assert al.variance(law) == 8.0
    with pytest.raises(TypeError, match="log_prob is of a distribution"):
        al.log_prob(1.0, law)


def test_observations_and_quantities_of_distributions_can_be_written():
    g = al.Graph()
    t = g.param("t", [0.3, -0.4])
    x = g.data("x", [1.0, 0.0])
    b = g.sample("b", al.Bernoulli(logits=t))
    g.observe(x, al.Normal(b, 0.5), name="x")
    g.observe(x + 1, al.Normal(b, 0.5))
    g.cost("divergence", al.kl(al.Bernoulli(logits=t), al.Bernoulli(probs=0.3)) + al.Gamma(2.0, al.exp(t)).mean)
    g.cost("f", al.log_prob(al.Bernoulli(logits=t), b) * al.entropy(al.Normal(0.0, al.exp(t))))
    text = g.to_scg()
    assert "observe x ~ Normal(b, 0.5)" in text and "kl(Bernoulli(logits = t), Bernoulli(0.3))" in text
    again = al.loads(text)
    assert al.exact(again).objective == pytest.approx(al.exact(g).objective, rel=1e-12)
    np.testing.assert_allclose(al.exact(again).gradient["t"], al.exact(g).gradient["t"], rtol=1e-10)


def test_a_text_has_batches_seeds_and_programs():
    text = "param w : [3] = normal(0, 1)\ndata x : [batch] = [1, 2, 4, 8]\ncost f = sum(x) + 0 * sum(w)"
    assert al.exact(al.loads(text)).objective == 15.0 and al.exact(al.loads(text, batch=2)).objective == 3.0
    first, second = (al.loads(text, seed=seed).initial("w") for seed in (1, 2))
    assert (first != second).all() and (first == al.loads(text, seed=1).initial("w")).all()
    program = 'param t = 0\nexternal f(b) -> [] = command("sh", "-c", "sed -u s/.*/3/")\nb ~ Bernoulli(logits = t)\ncost g = f(b)'
    with pytest.raises(al.BlackBoxError, match="may not run programs"):
        al.loads(program).compile()()
    assert al.loads(program, allow_commands=True).compile()().objective == 3.0
