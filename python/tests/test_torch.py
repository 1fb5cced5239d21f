"""The door to PyTorch: the same numbers as the native program, as derivatives that autograd sees."""

import copy
import functools
import pickle

import numpy as np
import pytest
from conftest import make_toy
from test_distributions import GIVEN

import aleator as al
from aleator import estimators, functions

torch = pytest.importorskip("torch")
at = pytest.importorskip("aleator.torch")

TYPES = {"float32": (torch.float32, 2e-5), "float64": (torch.float64, 1e-12)}
SEED = (7 << 40) + 11


def tensors(g, dtype=torch.float32):
    return {name: torch.tensor(g.initial(name), dtype=dtype, requires_grad=True) for name in g.params}


def agree(g, kind, steps=(0, 1, 2**40 + 7), samples=None, tolerance=None, **options):
    """Asserts that the function of a graph has the numbers of the native program."""
    dtype, rounding = TYPES[kind]
    tolerance = tolerance or rounding
    f = at.function(g, samples=samples, seed=SEED, **options)
    program = g.compile(samples=samples, seed=SEED, dtype=kind, **options)
    for step in steps:
        params = tensors(g, dtype)
        value = f(params, step=step)
        native = program(step=step)
        assert value.dtype == dtype
        np.testing.assert_allclose(value.detach(), native.objective, rtol=tolerance, atol=tolerance)
        grads = torch.autograd.grad(value, list(params.values()))
        for name, grad in zip(params, grads):
            np.testing.assert_allclose(grad, native.gradient[name], rtol=tolerance, atol=tolerance, err_msg=name)


def two_layers(via=None):
    g = al.Graph()
    w = g.param("w", [[0.3, -0.5], [0.8, 0.1]])
    x = g.data("x", [[1.0, 0.5], [-0.2, 0.9], [0.4, -1.1]])
    a = g.sample("a", al.Bernoulli(logits=x @ w), via=via)
    b = g.sample("b", al.Bernoulli(logits=a @ w), via=via)
    g.cost("loss", al.sum((b - 0.3) ** 2, axis=-1) * al.tanh(1 + al.sum(a, axis=-1)))
    return g


def categories(via=None):
    g = al.Graph()
    z = g.sample("z", al.OneHotCategorical(logits=g.param("a", [0.3, -0.4, 1.1])), via=via)
    g.cost("f", al.sum(z * [0.2, -1.0, 0.7]) ** 2)
    return g


def gaussian(via=None):
    g = al.Graph()
    z = g.sample("z", al.Normal(g.param("m", [0.3, -0.2]), al.exp(g.param("s", 0.1))), via=via)
    g.cost("f", al.logsumexp(z * [1.0, 2.0]) + al.sum(al.sin(z)))
    return g


def gammas(via=None):
    g = al.Graph()
    z = g.sample("z", al.Gamma(g.param("a", [1.7, 0.4, 12.0]), g.param("rate", 2.0)), via=via)
    g.cost("f", al.log1p(z))
    return g


def importance(via=None):
    g = al.Graph()
    z = g.sample("z", al.Bernoulli(logits=g.param("a", 0.3)), copies=3, via=via)
    g.cost("f", -al.logsumexp((z - 0.3) ** 2))
    return g


MAKERS = {f.__name__: f for f in (make_toy, two_layers, categories, gaussian, gammas, importance)}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("via", estimators.ALL)
def test_every_estimator_has_the_numbers_of_the_native_program(via, make, kind):
    g = MAKERS[make](getattr(al, via))
    try:
        g.compile()
    except al.AleatorError as error:
        with pytest.raises(type(error)):
            at.function(g)
    else:
        agree(g, kind)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", GIVEN)
def test_every_distribution_has_the_numbers_of_the_native_program(name, kind):
    given, _ = GIVEN[name]
    g = al.Graph()
    discrete_count = name == "Binomial" or name == "NegativeBinomial"
    shape = (5,)
    parameters = {}
    for key, value in given.items():
        if discrete_count and key == "total_count":
            parameters[key] = np.full(shape, value)
            continue
        value = np.broadcast_to(value, shape + np.shape(value)) if np.ndim(value) < 2 else np.asarray(value)
        parameters[key] = g.param(key, value) if key not in ("low", "high", "scale_tril") else value
    z = g.sample("z", getattr(al, name)(**parameters), via="score_function")
    g.cost("f", al.tanh(z) * g.param("weight", np.ones(z.shape)))
    agree(g, kind, samples=3)


# Draws by counting and by rejection, with one parameter small and one large.
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "law",
    [
        lambda a: al.Poisson(25 * a),
        lambda a: al.Binomial(90.0, probs=a / 4),
        lambda a: al.NegativeBinomial(20.0, probs=a / 4),
        lambda a: al.VonMises(0.3, 30 * a),
        lambda a: al.Beta(a / 10, 20 * a),
    ],
    ids=["poisson", "binomial", "negative_binomial", "von_mises", "beta"],
)
def test_draws_by_rejection(law, kind):
    g = al.Graph()
    z = g.sample("z", law(g.param("a", np.linspace(0.02, 3.5, 64))), via="score_function")
    g.cost("f", z)
    agree(g, kind, samples=2, tolerance=1e-4 if kind == "float32" else 1e-10)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("shape", [(), (7,), (3, 8), (2, 0)])
def test_uniform_numbers_have_the_bits_of_the_native_program(shape, kind):
    g = al.Graph()
    u = g.sample("u", al.Uniform(np.zeros(shape), 1.0), via="pathwise")
    g.cost("f", u * g.param("a", np.zeros(shape)))
    f, program = at.function(g, seed=2**64 - 3), g.compile(samples=1, seed=2**64 - 3, dtype=kind)
    for step in (0, 2**35 + 1):
        params = tensors(g, TYPES[kind][0])
        f(params, step=step).backward()
        assert np.array_equal(params["a"].grad, program(step=step).gradient["a"])


BINARY = {
    "clamp": lambda x, y: al.clamp(x, -0.5, y),
    "concatenate": lambda x, y: al.concatenate([x, y[None]], axis=0),
    "dot": lambda x, y: al.dot(x, y),
    "einsum": lambda x, y: al.einsum("ij,j,kj->ik", x, y, x),
    "matmul": lambda x, y: x @ al.stack([y, 2 * y], axis=1),
    "maximum": al.maximum,
    "minimum": al.minimum,
    "stack": lambda x, y: al.stack([x[0], y], axis=-1),
    "where": lambda x, y: al.where(x > y, al.where(y > 0.1, 1 / 3, 0.1), x) + al.where(x != y, 0.7, 0.3),
    "pow": lambda x, y: abs(x) ** y,
    "division": lambda x, y: 0.3 / (x * x + 1) / (2 + y) - y / 3,
    "comparisons": lambda x, y: (x < y) + (x <= y) * x + (x == y) + (x >= y) * y - (y != 0.3),
}
UNARY = {
    "broadcast_to": lambda x: al.broadcast_to(x, (4, 2, 3)),
    "expand_dims": lambda x: al.expand_dims(x, 1),
    "flip": al.flip,
    "log": lambda x: al.log(al.abs(x) + 0.3),
    "log1p": lambda x: al.log1p(al.abs(x)),
    "logit": lambda x: al.logit(al.sigmoid(x)),
    "lgamma": lambda x: al.lgamma(al.abs(x) + 0.3),
    "digamma": lambda x: al.digamma(al.abs(x) + 0.3),
    "logsumexp": lambda x: al.logsumexp(x, axis=(0, 1)) + al.logsumexp(x, axis=0, keepdims=True),
    "log_softmax": lambda x: al.log_softmax(x) * [1.0, 2.0, 3.0],
    "softmax": lambda x: al.softmax(x, axis=0) * [1.0, 2.0, 3.0],
    "max": lambda x: al.max(x, axis=0) + al.max(x),
    "min": lambda x: al.min(x, axis=(0, 1)) + al.min(x, axis=1, keepdims=True),
    "prod": lambda x: al.prod(x, axis=(0, 1)) + al.prod(x, axis=0),
    "mean": lambda x: al.mean(x, axis=0) ** 2,
    "moveaxis": lambda x: al.moveaxis(x[None], 0, 2) * x[..., None],
    "norm": lambda x: al.norm(x, axis=-1),
    "one_hot": lambda x: al.one_hot(al.floor(al.abs(x)), 3) * x[..., None],
    "reshape": lambda x: al.reshape(x, (3, 2)) ** 2,
    "sqrt": lambda x: al.sqrt(al.abs(x) + 0.3),
    "take": lambda x: al.take(x, [1, 0, 1], axis=1) ** 2,
    "transpose": lambda x: al.transpose(x)[1:, ::-1] ** 2,
    "cumsum": lambda x: al.cumsum(x, axis=0) ** 2 + al.cumsum(x) * x,
    "nothing": lambda x: al.sum(al.concatenate([al.sum(x[:0], axis=0), al.logsumexp(x[:, :0], axis=0)], axis=0)),
    "large": lambda x: x * np.linspace(-1, 1, 4 * 2 * 3 * 9).reshape(36, 2, 3) + 1e300 * al.relu(-1 - al.abs(x)),
}
OPERATIONS = {name: getattr(functions, name) for name in functions.__all__} | UNARY | BINARY


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_the_numbers_of_the_native_program(name, kind):
    g = al.Graph()
    x, y = g.param("x", [[0.3, -1.25, 2.0], [0.1, 0.7, -0.4]]), g.param("y", [1.5, -0.5, 0.3])
    result = OPERATIONS[name](*([x, y] if name in BINARY else [x]))
    # Operations of one number are written differently in the text.
    g.cost("f", al.sum(al.tanh(result)) * al.exp(y[0]) + 0 * al.sum(x))
    # erf and the derivatives of log Gamma have errors of their own.
    loose = {"float32": 1e-4, "float64": 1e-11}[kind] if name in ("erf", "lgamma", "digamma") else None
    agree(g, kind, steps=[0], tolerance=loose)
