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

TYPES = {"float32": (torch.float32, 1e-5), "float64": (torch.float64, 1e-12)}
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
    "atan2": al.atan2,
    "solve_triangular": lambda x, y: al.solve_triangular(al.tril(x[:, :2]) + np.eye(2), y[:2]),
    "xlogy": lambda x, y: al.xlogy(x, al.abs(y) + 0.1),
    "xor": lambda x, y: al.xor(x > 0, y > 0) * x,
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
    "acos": lambda x: al.acos(al.tanh(x)),
    "asin": lambda x: al.asin(al.tanh(x)),
    "erfinv": lambda x: al.erfinv(al.tanh(x)),
    "cholesky": lambda x: al.cholesky(x @ al.transpose(x) + np.eye(2)),
    "logdet": lambda x: al.logdet(al.cholesky(x @ al.transpose(x) + np.eye(2))),
    "gather": lambda x: al.gather(x, [[1, 0], [1, 1]]) ** 2,
    "top_k": lambda x: al.top_k(x, 2) ** 2,
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
    "nothing": lambda x: al.concatenate([al.sum(x[:0], axis=0), al.max(x[:0], axis=0), al.min(x[:0], axis=0), al.logsumexp(x[:, :0], axis=1)]),
    "softmax of nothing": lambda x: al.sum(al.softmax(x[:, :0])) + al.sum(x, axis=()),
    "logistic functions": lambda x: al.sigmoid(x) * al.softplus(-x) + al.softplus(x) * al.sigmoid(-x),
    "products over leading axes": lambda x: al.reshape(x, (1, 2, 3)) @ al.transpose(x) + al.broadcast_to(x, (4, 2, 3)) @ al.transpose(x),
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


MATRIX = np.array([[0.3, -0.8], [1.1, 0.2], [-0.4, 0.9]])


def layer(z):
    return torch.tanh(z @ torch.as_tensor(MATRIX, dtype=z.dtype)).sum(-1)


def layer_in_numpy(z):
    return np.tanh(z @ MATRIX).sum(-1)


def derivative_of_layer(c, z):
    return (np.asarray(c)[..., None] * (1 - np.tanh(z @ MATRIX) ** 2) @ MATRIX.T,)


CALLS = {
    "torch": lambda g, z: g.call(layer, z, shape=()),
    "numpy": lambda g, z: g.call(layer_in_numpy, z, vjp=derivative_of_layer),
    "black box": lambda g, z: g.external("box", layer_in_numpy)(z),
    "vectorized": lambda g, z: g.external("box", layer_in_numpy, vectorized=True)(z),
}


def with_call(call, via):
    g = al.Graph()
    z = g.sample("z", al.Bernoulli(logits=g.param("a", [0.3, -0.4, 0.9])), via=via)
    g.cost("f", call(g, z) * g.param("s", 1.3))
    return g


DISCRETE = ["score_function", "reinforce_loo", "nvil", "muprop", "rebar", "relax", "enumeration", "gumbel_softmax", "straight_through"]


@pytest.mark.parametrize("via", DISCRETE)
@pytest.mark.parametrize("kind", CALLS)
def test_functions_that_a_graph_calls(kind, via):
    def inside(g, z):
        return al.sum(al.tanh(z @ MATRIX), axis=-1)

    written = at.function(with_call(inside, via), samples=3, seed=4)
    try:
        called = at.function(with_call(CALLS[kind], via), samples=3, seed=4)
    except al.NoDerivativeError:
        assert kind in ("black box", "vectorized") and via in ("muprop", "rebar", "relax", "gumbel_softmax", "straight_through")
        return
    for step in (0, 5):
        expected, got = gradients(written, step), gradients(called, step)
        for a, b in zip(expected, got, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def gradients(f, step=0, **values):
    """The value of a function, and the gradient by its parameters."""
    params = {name: torch.tensor(f._surrogate.initial[name], requires_grad=True) for name in f.params if name not in dict(f.called.named_children())}
    value = f(params, step=step, **values)
    by = [*params.values(), *f.parameters()]
    return [value.detach(), *torch.autograd.grad(value, by)]


def test_a_derivative_that_is_given_has_none_itself():
    f = at.function(with_call(CALLS["numpy"], "rebar"))
    f()
    # Tuning differentiates slopes of the function.
    with pytest.raises(al.NoDerivativeError, match="`layer_in_numpy` has no derivative of this order"):
        f.update(f.init())


def test_a_black_box_that_fails():
    def broken(z):
        raise KeyError("stock")

    f = at.function(with_call(lambda g, z: g.external("price", broken)(z), "score_function"))
    with pytest.raises(al.BlackBoxError, match="`price` failed: KeyError: 'stock'") as raised:
        f()
    assert isinstance(raised.value.__cause__, KeyError)
    f = at.function(with_call(lambda g, z: g.external("price", lambda z: np.ones(2))(z), "score_function"))
    with pytest.raises(al.BlackBoxError, match="shape"):
        f()


def test_tensors_that_a_function_captures_are_noticed():
    weight = torch.ones(3, requires_grad=True)
    linear = torch.nn.Linear(3, 1)
    bounded = functools.partial(torch.mul, weight)
    for function in (lambda z: (z * weight).sum(), lambda z: linear(z)[0], linear.forward, bounded):
        with pytest.raises(al.AleatorError, match="require a gradient"):
            at.function(with_call(lambda g, z, function=function: g.call(function, z, shape=(), name="f"), "rebar"))


def decoder():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()


def hidden(via, call):
    """Two layers of random nodes, of which the second depends on what is called."""
    g = al.Graph()
    z = g.sample("z", al.Bernoulli(logits=g.param("a", [[0.3, -0.4, 0.9], [0.1, 0.2, -0.3]])), via=via)
    s = g.sample("s", al.Normal(call(g, z), 1.0), via="score_function")
    g.cost("f", al.sum(s**2, axis=-1))
    return g


@pytest.mark.parametrize("via", DISCRETE)
def test_modules_that_a_graph_calls(via):
    module = decoder()

    def inside(g, z):
        w, b, v, c = (g.param(name.replace(".", "_"), p.detach()) for name, p in module.named_parameters())
        return al.tanh(z @ al.transpose(w) + b) @ al.transpose(v) + c

    called = hidden(via, lambda g, z: g.call(module, z, rows=True, name="decoder"))
    expected = gradients(at.function(hidden(via, inside), samples=3, seed=4))
    f = at.function(called, samples=3, seed=4)
    got = gradients(f)
    assert set(f.parameters()) == set(module.parameters())
    for a, b in zip(expected, got, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
    native = called.compile(samples=3, seed=4)(step=0)
    np.testing.assert_allclose(native.objective, got[0], rtol=1e-12)
    np.testing.assert_allclose(native.gradient["a"], got[1], rtol=1e-11, atol=1e-12)
    flat = torch.cat([x.reshape(-1) for x in got[2:]])
    np.testing.assert_allclose(native.gradient["decoder"], flat, rtol=1e-11, atol=1e-12)


def test_modules_at_two_places_and_their_copies():
    module = decoder()
    g = al.Graph()
    z = g.sample("z", al.Bernoulli(logits=g.param("a", [0.3, -0.4, 0.9])), via="rebar")
    g.cost("f", g.call(module, z, name="m") * g.call(module, z * 0.5, name="m") + g.call(torch.nn.Softplus(), z[:2]))
    f = at.function(g, samples=2)
    assert list(f.params) == ["a", "m"] and len(list(f.parameters())) == 4
    value = f(step=3)
    other = copy.deepcopy(f)
    assert other(step=3) == value and pickle.loads(pickle.dumps(f))(step=3) == value
    other.called.m[0].weight.data.zero_()
    assert other(step=3) != value and f(step=3) == value
    module[0].weight.data.zero_()
    assert f(step=3) == other(step=3)
    for wrong, message in (
        (lambda: g.call(decoder(), z, name="m"), "another function"),
        (lambda: g.call(module, z[:2], name="n"), "shapes \\(2,\\)"),
        (lambda: [g.call(torch.nn.Identity(), z, name="a.b"), at.function(g)], "choose another name"),
    ):
        with pytest.raises(al.AleatorError, match=message):
            wrong()
    with pytest.raises(TypeError, match="vjp"):
        g.call(module, z, vjp=lambda c, z: (z,), name="n")


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.tensor(2.0))

    def forward(self, z):
        return z * self.scale


def test_copies_have_their_own_buffers():
    g = al.Graph()
    norm = torch.nn.BatchNorm1d(2)
    g.cost("f", g.call(Scaled(), g.param("a", [1.0, 2.0])) + 0 * g.call(norm.train(), np.ones((3, 2))))
    assert norm.num_batches_tracked == 0
    norm.eval()
    f = at.function(g)
    other = copy.deepcopy(f)
    other.called.Scaled.scale.fill_(3.0)
    assert f() == 18 and other() == 27 and at.function(g)() == 18


def test_parameters_of_the_module():
    g = two_layers("reinforce_loo")
    f = at.function(g, seed=2, parameters=True)
    assert [name for name, _ in f.named_parameters()] == ["trained.w"]
    optimizer = torch.optim.SGD(f.parameters(), lr=0.1)
    value = f(step=1)
    value.backward()
    native = g.compile(seed=2, dtype="float32")(step=1)
    np.testing.assert_allclose(f.trained.w.grad, native.gradient["w"], rtol=2e-5, atol=1e-6)
    optimizer.step()
    assert not np.allclose(f.trained.w.detach(), g.initial("w")) and f({"w": g.initial("w")}, step=1) == value
    g = al.Graph()
    a, b = g.param("a", 1.0), g.param("half", 2.0)
    g.cost("f", a * b)
    assert len(list(at.function(g, parameters=["a"]).parameters())) == 1
    with pytest.raises(al.UnknownNameError, match="unknown parameter `c`"):
        at.function(g, parameters=["c"])
    with pytest.raises(al.AleatorError, match="`half`.*choose another name"):
        at.function(g, parameters=True)


def test_own_parameters_are_trained_as_in_the_native_program():
    for via in ("rebar", "nvil", "score_function(baseline=moving_average)"):
        g = make_toy(via, 0.3)
        f = at.function(g, samples=2, seed=5)
        program = g.compile(samples=2, seed=5, tune=True)
        theta = torch.tensor(0.3, dtype=torch.float64)
        state = f.init()
        for step in range(20):
            program(step=step)
            state = f.update(state, {"theta": theta}, step=step)
        assert state
        for name, value in program.own_params.items():
            np.testing.assert_allclose(state[name]["value"], value, rtol=1e-3, atol=1e-5)
    with pytest.raises(al.AleatorError, match="`state` must come from"):
        f(state={})
    assert f(step=3, state=state) == f(step=3)


def test_replicates():
    g = make_toy("rebar", 0.3)
    f, program = at.function(g, seed=3, replicates=4), g.compile(seed=3, replicates=4, dtype="float32")
    theta = torch.tensor(0.3, requires_grad=True)
    weights = torch.tensor([1.0, -2.0, 0.5, 0.1])
    (grad,) = torch.autograd.grad(weights @ f({"theta": theta}, step=6), theta)
    native = program(step=6)
    np.testing.assert_allclose(f({"theta": theta}, step=6).detach(), native.objective, rtol=1e-6)
    np.testing.assert_allclose(grad, weights.numpy() @ native.gradient["theta"], rtol=1e-5)


def test_transformations():
    f = at.function(make_toy("rebar", 0.3), samples=4, seed=1)
    thetas, steps = torch.linspace(-1, 1, 5), torch.arange(5)
    grad = torch.func.grad(lambda theta, step: 2 * f({"theta": theta}, step=step))
    one = [torch.func.grad(lambda t, step=step: 2 * f({"theta": t}, step=step))(t) for step, t in enumerate(thetas)]
    torch.testing.assert_close(torch.func.vmap(grad)(thetas, steps), torch.stack(one))
    box = at.function(with_call(CALLS["vectorized"], "reinforce_loo"), seed=1)
    rows = torch.tensor([[0.3, -0.4, 0.9], [0.1, 2.0, -3.0]])
    values = torch.func.vmap(lambda a: box({"a": a}, step=2))(rows)
    torch.testing.assert_close(values, torch.stack([box({"a": a}, step=2) for a in rows]))
    g = al.Graph()
    g.cost("f", g.external("box", layer_in_numpy)(g.data("a", np.zeros(3))))
    torch.testing.assert_close(torch.func.vmap(lambda a: at.function(g)(data={"a": a}), in_dims=1)(rows.t()), layer(rows))


@pytest.mark.parametrize("order", [lambda f: torch.func.grad(torch.func.grad(f)), lambda f: torch.func.grad(lambda t: torch.func.grad(f)(t) ** 2)])
def test_an_estimate_has_one_derivative(order):
    f = at.function(make_toy("rebar"))
    program = at.native(make_toy("rebar").compile())
    theta = torch.tensor(0.3, requires_grad=True)
    with pytest.raises(al.NoDerivativeError, match="derivative of its own"):
        order(lambda theta: f({"theta": theta}) ** 2)(theta)
    for g in (f, program):
        (slope,) = torch.autograd.grad(g({"theta": theta}), theta, create_graph=True)
        with pytest.raises(al.NoDerivativeError, match="derivative of its own"):
            torch.autograd.grad(slope, theta)


# Inductor would compile with a compiler for C++, which takes long.
@pytest.mark.filterwarnings("ignore")
def test_compiled_by_torch():
    f = at.function(make_toy("rebar"), samples=4, seed=1)
    program = at.native(make_toy("rebar").compile(samples=4, seed=1, dtype="float32"))
    theta = torch.tensor(0.3, requires_grad=True)
    for g in (f, program):
        # The first call prepares the function.
        g({"theta": theta})
        compiled = torch.compile(lambda theta, step, g=g: 2 * g({"theta": theta}, step=step), backend="aot_eager", fullgraph=True)
        for step in (2, 3, 4):
            values = [compiled(theta, step), 2 * g({"theta": theta}, step=step)]
            torch.testing.assert_close(*values)
            torch.testing.assert_close(*[torch.autograd.grad(value, theta) for value in values])
    # Loops that end where all draws are accepted, and calls of Python, are left to the interpreter.
    for g in (gammas("rejection_reparameterization"), with_call(CALLS["black box"], "score_function"), with_call(CALLS["torch"], "rebar")):
        f = at.function(g, seed=3)
        compiled, (params, again) = torch.compile(f, backend="aot_eager"), (tensors(g), tensors(g))
        compiled(params, step=2).backward()
        f(again, step=2).backward()
        for name in params:
            torch.testing.assert_close(params[name].grad, again[name].grad)


def test_formats():
    g = two_layers("rebar")
    f = at.function(g, seed=3)
    expected = gradients(f, step=2)
    assert expected[0].dtype == torch.float64
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        w = torch.tensor(g.initial("w"), dtype=dtype, requires_grad=True)
        value = f({"w": w}, step=2)
        assert value.dtype == torch.float32
        value.backward()
        assert w.grad.dtype == dtype
        torch.testing.assert_close(w.grad.double(), expected[1], rtol=0.05, atol=0.02)
    w = torch.tensor(g.initial("w"), dtype=torch.float32, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = torch.autograd.grad(f({"w": w}, step=2), w)
    assert torch.equal(*mixed, *torch.autograd.grad(f({"w": w}, step=2), w))
    # Views of any strides, arrays, lists and integers as data.
    x = g.initial("x")
    views = [torch.tensor(x).t().contiguous().t(), np.asfortranarray(x), x.tolist(), torch.tensor(x).expand(3, 2)]
    for view in views:
        assert f({"w": w.t().contiguous().t()}, data={"x": view}, step=2) == f({"w": w}, step=2)
    assert f({"w": w}, data={"x": torch.ones(3, 2, dtype=torch.int32)}) == f({"w": w}, data={"x": torch.ones(3, 2)})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("via", DISCRETE)
def test_everything_is_on_the_device_of_the_tensors(via):
    fake = pytest.importorskip("torch._subclasses").FakeTensorMode(allow_non_fake_inputs=True)
    f = at.function(two_layers(via))
    start = f.init()
    try:
        with fake, torch.no_grad():
            f({"w": torch.empty(2, 2, device="cuda")}, step=3)
    except RuntimeError as error:
        if "CUDA error" not in str(error):
            raise
        pytest.skip("this PyTorch cannot pretend that there is a GPU")
    with fake, torch.no_grad():
        # Tensors without values on a device that this machine need not have: an operation on two devices is an error.
        params = {"w": torch.empty(2, 2, device="cuda")}
        assert f(params, step=3).device.type == "cuda" and f(params, step=3, state=start).device.type == "cuda"
        state = f.update(f.update(start, params), params)
        assert all(x.device.type == "cuda" for entry in state.values() for x in entry.values())
        z, surrogate = at.estimate(al.Bernoulli(logits=params["w"]), torch.sum, via=via)
        assert z.device.type == surrogate.device.type == "cuda"
        with pytest.raises(al.AleatorError, match="`w` on cuda:0, `x` on cpu; move them to one"):
            f(params, data={"x": torch.zeros(3, 2)})


def test_outside_of_domains_an_estimate_is_nan():
    g = al.Graph()
    m, s = g.param("m", [0.3, 0.1]), g.param("s", 1.0)
    z, b = g.sample("z", al.Normal(m, s), via="pathwise"), g.sample("b", al.Bernoulli(logits=m), via="reinforce_loo")
    g.cost("f", z * b)
    f = at.function(g)
    for mean, scale in (([0.0, 1.0], -1.0), ([0.0, float("nan")], 1.0), ([0.0, float("inf")], 1.0)):
        m, s = torch.tensor(mean, requires_grad=True), torch.tensor(scale, requires_grad=True)
        value = f({"m": m, "s": s})
        value.backward()
        assert torch.isnan(value) and torch.isnan(m.grad).all() and torch.isnan(s.grad)
    with pytest.raises(al.DomainError):
        at.native(g.compile())({"s": torch.tensor(-1.0)})


@pytest.mark.parametrize("make", [lambda g: at.function(g, seed=1), lambda g: at.native(g.compile(seed=1))], ids=["function", "native"])
def test_mistakes_in_calls(make):
    f = make(two_layers("rebar"))
    w, x = torch.zeros(2, 2), torch.zeros(3, 2)
    mistakes = [
        ({"v": w}, None, 0, al.UnknownNameError, "unknown parameter `v`: there is w"),
        ({"x": x}, None, 0, al.UnknownNameError, "unknown parameter `x`"),
        ({"w": w}, {"w": w}, 0, al.UnknownNameError, "unknown data `w`"),
        (w, None, 0, TypeError, "mapping such as {'w'"),
        ({"w": x}, None, 0, al.ShapeError, "`w` has shape \\(2, 2\\), got \\(3, 2\\)"),
        ({"w": 1.0}, None, 0, al.ShapeError, "got \\(\\)"),
        ({"w": w.long()}, None, 0, TypeError, "floating-point numbers, got torch.int64; convert it with `.float"),
        ({"w": w.to(torch.complex64)}, None, 0, TypeError, "complex64"),
        ({"w": w.to("meta")}, None, 0, al.AleatorError, "has no values"),
        ({"w": w.to_sparse()}, None, 0, TypeError, "to_dense"),
        ({"w": "no"}, None, 0, TypeError, "`w` must consist of real numbers"),
        (None, {"x": torch.zeros(3, 2, requires_grad=True)}, 0, al.AleatorError, "make it a parameter of the graph"),
        (None, {"x": x.to(torch.complex128)}, 0, TypeError, "take its real part"),
        (None, None, 1.5, TypeError, "step"),
        (None, None, -1, al.AleatorError, "step"),
        (None, None, 2**48, al.AleatorError, "step"),
    ]
    for params, data, step, kind, message in mistakes:
        with pytest.raises(kind, match=message):
            f(params, data=data, step=step)
    with torch.no_grad():
        f(data={"x": torch.zeros(3, 2, requires_grad=True)})


def test_mistakes_in_tensors_of_steps():
    with pytest.raises(al.AleatorError, match="`w` is on the device `meta`"):
        at.function(two_layers("rebar"), parameters=True).to("meta")()
    f = at.function(make_toy("rebar"))
    for step in (torch.tensor(1.0), torch.tensor([1]), torch.tensor(True)):
        with pytest.raises(TypeError, match="a step is an integer of shape"):
            f(step=step)
    assert f(step=torch.tensor(7, dtype=torch.int32)) == f(step=7)
    for wrong in (lambda: at.function("toy"), lambda: at.native(make_toy()), lambda: at.function(make_toy(), seed="no")):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(al.AleatorError, match="compile it without `tune`"):
        at.native(make_toy("rebar").compile(tune=True))


@pytest.mark.parametrize("kind", TYPES)
def test_native_programs(kind):
    g = two_layers("rebar")
    program = g.compile(samples=3, seed=9, dtype=kind)
    f = at.native(program)
    w = torch.tensor(g.initial("w") + 1, requires_grad=True)
    x = torch.ones(3, 2)
    value = f({"w": w}, data={"x": x}, step=4)
    (2 * value).backward()
    expected = program({"w": g.initial("w") + 1, "x": np.ones((3, 2))}, step=4)
    assert value.dtype == TYPES[kind][0] and float(value.detach()) == expected.objective
    assert np.array_equal(w.grad, 2 * expected.gradient["w"])


def run_in_two_processes(rank, file, results):
    torch.distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    f = at.function(two_layers("rebar"), seed=rank, parameters=True)
    parallel = torch.nn.parallel.DistributedDataParallel(f)
    parallel(step=3).backward()
    torch.save(f.trained.w.grad, f"{results}/{rank}")
    torch.distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no distributed package")
def test_distributed_data_parallel(tmp_path):
    torch.multiprocessing.spawn(run_in_two_processes, (tmp_path / "meeting", tmp_path), nprocs=2)
    grads = [torch.load(tmp_path / str(rank)) for rank in (0, 1)]
    each = [two_layers("rebar").compile(seed=rank, dtype="float32")(step=3).gradient["w"] for rank in (0, 1)]
    torch.testing.assert_close(grads[0], grads[1], rtol=0, atol=0)
    np.testing.assert_allclose(grads[0], (each[0] + each[1]) / 2, rtol=2e-5, atol=1e-6)


# Estimates of a function of PyTorch.


@pytest.mark.parametrize("via", DISCRETE)
def test_estimates_of_a_function(via):
    g = with_call(lambda g, z: al.sum(al.tanh(z @ MATRIX), axis=-1), via)
    scale = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    logits = torch.tensor(g.initial("a"), requires_grad=True)
    torch.manual_seed(5)
    z, surrogate = at.estimate(torch.distributions.Bernoulli(logits=logits), lambda z: layer(z) * scale, via=via, samples=3)
    got = torch.autograd.grad(surrogate, (logits, scale))
    torch.manual_seed(5)
    seed, step = (int(torch.randint(low, high, ())) for low, high in ((-(2**63), 2**63 - 1), (0, 2**48)))
    native = g.compile(samples=3, seed=seed % 2**64)(step=step)
    np.testing.assert_allclose(surrogate.detach(), native.objective, rtol=1e-12)
    np.testing.assert_allclose(got[0], native.gradient["a"], rtol=1e-11, atol=1e-12)
    if via not in ("muprop", "rebar", "relax"):
        # The others estimate the derivative by the scale with terms of mean 0 besides.
        np.testing.assert_allclose(got[1], native.gradient["s"], rtol=1e-11, atol=1e-12)
    assert z.shape == (3, 3) and not z.requires_grad
    if via not in ("enumeration", "gumbel_softmax"):
        np.testing.assert_allclose(surrogate.detach(), (layer(z) * scale).mean().detach(), rtol=1e-12)


@pytest.mark.parametrize("via", ["score_function", "reinforce_loo", "muprop", "rebar", "relax", "nvil"])
def test_estimates_of_a_function_are_unbiased(via):
    torch.manual_seed(0)
    logits = torch.tensor([0.3, -0.4, 0.9], requires_grad=True)
    module = decoder().float()

    def cost(z):
        return (module(z) ** 2).sum()

    def gradient(via, samples):
        _, surrogate = at.estimate(al.Bernoulli(logits=logits), cost, via=via, samples=samples)
        parts = torch.autograd.grad(surrogate, (logits, *module.parameters()))
        return torch.cat([surrogate.detach().reshape(1), *(part.reshape(-1) for part in parts)]).double()

    exact = gradient("enumeration", None)
    rows = torch.stack([gradient(via, 100) for _ in range(49)])
    error = rows.std(0) / 7 + 1e-6
    # 30 numbers and six estimators at 5.5 standard errors of 49 runs: false alarms have a probability of 3e-4.
    assert (abs(rows.mean(0) - exact) < 5.5 * error).all()


@pytest.mark.parametrize("name", GIVEN)
def test_estimates_for_every_distribution(name):
    given, _ = GIVEN[name]
    integers = ("total_count",)
    parameters = {key: torch.tensor(value, dtype=torch.float64, requires_grad=key not in integers and name != "Uniform") for key, value in given.items()}
    ours = getattr(al, name)(**parameters)
    theirs = getattr(torch.distributions, name, None)
    results = []
    for distribution in [ours, *([theirs(**parameters)] if theirs else [])]:
        torch.manual_seed(1)
        z, surrogate = at.estimate(distribution, lambda z: torch.sin(z).sum(), via="score_function", samples=2)
        by = [p for p in parameters.values() if p.requires_grad]
        results.append((z, surrogate.detach(), *(torch.autograd.grad(surrogate, by) if by else [])))
        torch.testing.assert_close(surrogate.detach(), torch.sin(z).sum() / 2, rtol=1e-12, atol=1e-12)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_parameters_of_a_distribution_are_those_that_were_given():
    # Its logits have no derivative here.
    probs = torch.tensor([0.0, 1.0, 0.3], requires_grad=True)
    z, surrogate = at.estimate(torch.distributions.Bernoulli(probs=probs), lambda z: 3 * z.sum(), via="enumeration")
    assert z[0] == 0 and z[1] == 1
    torch.testing.assert_close(torch.autograd.grad(surrogate, probs)[0], torch.full((3,), 3.0))


def test_rows_of_an_estimate():
    logits = torch.zeros(40, 2, requires_grad=True)
    weights = torch.linspace(-1, 1, 40)

    def spread(**options):
        grads = []
        for _ in range(30):
            _, surrogate = at.estimate(torch.distributions.Bernoulli(logits=logits), lambda z: weights * (z.sum(-1) - 0.3) ** 2, via="score_function", **options)
            grads += torch.autograd.grad(surrogate, logits)
        return torch.stack(grads).var(0).sum()

    assert spread() > 5 * spread(rows=True)
    independent = torch.distributions.Independent(torch.distributions.Normal(logits, 1.0), 1)
    z, _ = at.estimate(independent, lambda z: z.sum(-1), via="pathwise", rows=True)
    assert z.shape == (40, 2) and len(set(z.reshape(-1).tolist())) == 80
    generator = torch.Generator().manual_seed(3)
    same = [at.estimate(independent, torch.sum, generator=generator.manual_seed(3))[0] for _ in range(2)]
    assert torch.equal(*same)


def test_mistakes_in_estimates():
    logits = torch.zeros(3, requires_grad=True)
    bernoulli = torch.distributions.Bernoulli(logits=logits)
    mistakes = [
        (lambda: at.estimate("b", torch.sum), TypeError, "namesake"),
        (lambda: at.estimate(torch.distributions.FisherSnedecor(1.0, 1.0), torch.sum), TypeError, "namesake"),
        (lambda: at.estimate(bernoulli, 3), TypeError, "must be a function"),
        (lambda: at.estimate(bernoulli, lambda z: 3.0), TypeError, "tensor of real numbers, got float"),
        (lambda: at.estimate(bernoulli, lambda z: z.to(torch.complex64)), TypeError, "complex64"),
        (lambda: at.estimate(bernoulli, lambda z: z[:2], rows=True), al.ShapeError, "same rows"),
        (lambda: at.estimate(bernoulli, torch.sum, via="pathwise"), al.UnsuitableError, "Bernoulli"),
        (lambda: at.estimate(bernoulli, torch.sum, via="rebarr"), al.AleatorError, "rebarr"),
        (lambda: at.estimate(bernoulli, torch.sum, samples=0), al.AleatorError, "samples"),
        (lambda: at.estimate(bernoulli, torch.sum, via="reinforce_loo", samples=1), al.UnsuitableError, "2"),
        (lambda: at.estimate(al.Normal(logits.to(torch.complex64), 1.0), torch.sum), TypeError, "complex64"),
        (lambda: at.estimate(al.Normal(logits.to("meta"), 1.0), torch.sum), al.AleatorError, "no values"),
    ]
    for wrong, kind, message in mistakes:
        with pytest.raises(kind, match=message):
            wrong()
    _, surrogate = at.estimate(al.Normal(logits, -1.0), torch.sum, via="pathwise")
    assert torch.isnan(surrogate)
