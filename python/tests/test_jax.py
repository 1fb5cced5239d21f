"""The door to JAX: the same numbers as the native program, and gradients of costs written in JAX."""

import itertools
import json

import numpy as np
import pytest
from conftest import make_toy, toy_gradient

import aleator as al

jax = pytest.importorskip("jax")
jnp = jax.numpy
aj = pytest.importorskip("aleator.jax")

DISCRETE = ["score_function", "reinforce_loo", "nvil", "muprop", "rebar", "relax", "gumbel_softmax", "straight_through", "enumeration"]


def two_layers(via):
    g = al.Graph()
    w = g.param("w", [[0.3, -0.5], [0.8, 0.1]])
    x = g.data("x", [[1.0, 0.5], [-0.2, 0.9], [0.4, -1.1]])
    a = g.sample("a", al.Bernoulli(logits=x @ w), via=via)
    b = g.sample("b", al.Bernoulli(logits=a @ w), via=via)
    g.cost("loss", al.sum((b - 0.3) ** 2, axis=-1) * al.tanh(1 + al.sum(a, axis=-1)))
    return g


def of_law(distribution, via):
    def make(_):
        g = al.Graph()
        a = g.param("a", [1.7, 0.4])
        z = g.sample("z", distribution(a), via=via)
        g.cost("f", al.log1p(al.abs(z)) if z.ndim else z)
        return g

    return make


GRAPHS = [(f"toy-{via}", make_toy, via) for via in DISCRETE] + [(f"layers-{via}", two_layers, via) for via in DISCRETE if via != "relax"]
GRAPHS += [
    ("normal", of_law(lambda a: al.Normal(a, 0.7), "pathwise"), None),
    ("gamma", of_law(lambda a: al.Gamma(a, 2.0), "rejection_reparameterization"), None),
    ("gamma-implicit", of_law(lambda a: al.Gamma(a, 2.0), "implicit_reparameterization"), None),
    ("beta-implicit", of_law(lambda a: al.Beta(a, 2.0), "implicit_reparameterization"), None),
    ("student-implicit", of_law(lambda a: al.StudentT(a, 0.1, 1.0), "implicit_reparameterization"), None),
    ("von_mises-implicit", of_law(lambda a: al.VonMises(0.3, a), "implicit_reparameterization"), None),
    ("gamma-g-rep", of_law(lambda a: al.Gamma(a, 2.0), "generalized_reparameterization"), None),
    ("beta", of_law(lambda a: al.Beta(a, 2.0), "reinforce_loo"), None),
    ("dirichlet", of_law(lambda a: al.Dirichlet(a), "score_function"), None),
    ("poisson", of_law(lambda a: al.Poisson(8 * a), "reinforce_loo"), None),
    ("binomial", of_law(lambda a: al.Binomial(40.0, probs=a / 2), "reinforce_loo"), None),
    ("von_mises", of_law(lambda a: al.VonMises(0.3, a), "score_function"), None),
    ("categorical", of_law(lambda a: al.Categorical(logits=a), "reinforce_loo"), None),
    ("student", of_law(lambda a: al.StudentT(3 + a, 0.1, 1.0), "reinforce_loo"), None),
]


@pytest.mark.parametrize(("make", "via"), [g[1:] for g in GRAPHS], ids=[g[0] for g in GRAPHS])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_graph_has_the_numbers_of_the_native_program(make, via, dtype):
    g = make(via)
    with jax.enable_x64(dtype == "float64"):
        f = aj.function(g, samples=3, seed=(7 << 32) + 11)
        program = g.compile(samples=3, seed=(7 << 32) + 11, dtype=dtype)
        params = {name: jnp.asarray(g.initial(name), dtype) for name in f.params}
        run = jax.jit(lambda params, step: f(params, step=step))
        tolerance = 2e-5 if dtype == "float32" else 1e-11
        for step in (0, 1, 7):
            value, grads = run(params, step)
            native = program(step=step)
            assert value.dtype == dtype
            np.testing.assert_allclose(value, native.objective, rtol=tolerance, atol=tolerance)
            for name, grad in grads.items():
                np.testing.assert_allclose(grad, native.gradient[name], rtol=tolerance, atol=tolerance)


def test_transformations():
    f = aj.function(make_toy("rebar", 0.3), samples=4, seed=1)
    steps = jnp.arange(6)
    values, grads = jax.vmap(lambda step: f({"theta": 0.3}, step=step))(steps)
    one = [f({"theta": 0.3}, step=int(step)) for step in steps]
    np.testing.assert_allclose(values, [v for v, _ in one], rtol=1e-6)
    np.testing.assert_allclose(grads["theta"], [g["theta"] for _, g in one], rtol=1e-6)
    slope = jax.grad(lambda theta: 2 * f.value({"theta": theta}, step=3))(0.3)
    np.testing.assert_allclose(slope, 2 * one[3][1]["theta"], rtol=1e-6)
    rows = aj.function(make_toy("rebar", 0.3), samples=4, seed=1, replicates=3)
    _, each = rows({"theta": 0.3}, step=3)
    weights = jnp.array([1.0, -2.0, 0.5])
    slope = jax.grad(lambda theta: weights @ rows.value({"theta": theta}, step=3))(0.3)
    np.testing.assert_allclose(slope, weights @ each["theta"], rtol=1e-6)
    keys = jax.random.split(jax.random.key(0), 2)
    assert len({float(f({"theta": 0.3}, key=key)[1]["theta"]) for key in keys}) == 2


def test_black_boxes_are_called_back():
    def make(vectorized):
        g = al.Graph()
        z = g.sample("z", al.Normal(g.param("m", 0.1), 1.0), via="reinforce_loo")
        price = lambda z: (z > 0.2) * 3.0  # noqa: E731
        g.cost("f", g.external("price", price, shape=(), vectorized=vectorized)(z))
        return g

    for vectorized in (False, True):
        g = make(vectorized)
        value, grads = jax.jit(lambda m, g=g: aj.function(g, samples=5, seed=2)({"m": m}, step=4))(0.1)
        native = g.compile(samples=5, seed=2)(step=4)
        np.testing.assert_allclose([value, grads["m"]], [native.objective, native.gradient["m"]], rtol=1e-5)


@pytest.mark.parametrize("vectorized", [False, True])
def test_a_black_box_takes_arguments_of_several_shapes(vectorized):
    g = al.Graph()
    z = g.sample("z", al.Normal(np.zeros((2, 3)), 1.0), via="score_function")
    total = g.external("total", lambda z: np.sum(z, axis=tuple(range(int(vectorized), z.ndim))), shape=(), vectorized=vectorized)
    t = g.param("t", 2.0)
    g.cost("f", total(z[0, 0]) + total(z) * t + total(np.zeros((0, 2))) + total(z[:, 1]) * total(z[1]) * t)
    value, grads = jax.jit(lambda t: aj.function(g, samples=4, seed=3)({"t": t}, step=1))(2.0)
    native = g.compile(samples=4, seed=3)(step=1)
    np.testing.assert_allclose([value, grads["t"]], [native.objective, native.gradient["t"]], rtol=1e-5)


def test_own_parameters_are_trained_as_in_the_native_program():
    g = make_toy("rebar", 0.3)
    f = aj.function(g, samples=2, seed=5)
    program = g.compile(samples=2, seed=5, tune=True)
    state = f.init()
    update = jax.jit(lambda state, step: f.update(state, {"theta": 0.3}, step=step))
    for step in range(20):
        program(step=step)
        state = update(state, step)
    assert state
    for name, value in program.own_params.items():
        np.testing.assert_allclose(state[name]["value"], value, rtol=1e-3, atol=1e-5)
    assert float(f({"theta": 0.3}, step=3, state=state)[1]["theta"]) != float(f({"theta": 0.3}, step=3)[1]["theta"])


def test_mistakes_in_calls():
    f = aj.function(make_toy("rebar"))
    with pytest.raises(al.AleatorError, match="unknown parameter `thet`"):
        f({"thet": 0.0})
    with pytest.raises(al.AleatorError, match="has shape"):
        f({"theta": [0.0, 1.0]})
    with pytest.raises(TypeError):
        aj.function("toy")


X = np.array([[1, 0.5, -1], [0.2, -0.3, 0.9]], np.float32)
PARAMS = {
    "enc": np.array([[0.3, -0.5], [0.8, 0.1], [-0.4, 0.6]], np.float32),
    "dec": np.array([[0.7, -0.2, 0.4], [-0.9, 0.3, 0.5]], np.float32),
    "bias": np.array([0.1, -0.1, 0.2], np.float32),
}


def vae(via, opaque=True):
    @aj.expectation(samples=2)
    def loss(params, x):
        # A convolution has no translation; before the random nodes it needs none.
        x_ = jnp.convolve(x.reshape(-1), jnp.array([1.0]), mode="same").reshape(x.shape) if opaque else x
        z = aj.sample("z", al.Bernoulli(logits=jax.nn.gelu(x_) @ params["enc"]), via=via)
        logits = jax.nn.softplus(z @ params["dec"]) - 0.5 + params["bias"]
        reconstruction = aj.log_prob(al.Normal(logits, 0.8), x)
        return -jnp.mean(jnp.sum(reconstruction, -1)) + jnp.mean(jnp.sum(aj.kl("z", al.Bernoulli(logits=0.0)), -1)) + 0.01 * jnp.sum(params["dec"] ** 2)

    return loss


def exact_vae(params, x):
    probs = jax.nn.sigmoid(jax.nn.gelu(x) @ params["enc"])
    total = 0.01 * jnp.sum(params["dec"] ** 2)
    for outcome in itertools.product((0.0, 1.0), repeat=2):
        z = jnp.array(outcome)
        weight = jnp.prod(jnp.where(z == 1, probs, 1 - probs), -1)
        logits = jax.nn.softplus(z @ params["dec"]) - 0.5 + params["bias"]
        log_p = jnp.sum(jax.scipy.stats.norm.logpdf(x, logits, 0.8), -1)
        total = total + jnp.mean(weight * -log_p)
    entropy = -probs * jnp.log(probs) - (1 - probs) * jnp.log(1 - probs)
    return total + jnp.mean(jnp.sum(jnp.log(2.0) - entropy, -1))


def test_enumeration_of_a_model_in_jax_is_exact():
    value, grads = jax.jit(lambda params: vae("enumeration").value_and_grad(params, X, key=jax.random.key(0)))(PARAMS)
    exact, slopes = jax.value_and_grad(exact_vae)(PARAMS, X)
    np.testing.assert_allclose(value, exact, rtol=1e-5)
    for name in PARAMS:
        np.testing.assert_allclose(grads[name], slopes[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("via", ["reinforce_loo", "rebar", "muprop"])
def test_estimators_of_a_model_in_jax_are_unbiased(via):
    loss, runs = vae(via), 20_000
    keys = jax.random.split(jax.random.key(3), runs)
    grads = jax.jit(jax.vmap(lambda key: loss.grad(PARAMS, X, key=key)))(keys)
    slopes = jax.grad(exact_vae)(PARAMS, X)
    for name in PARAMS:
        got = np.asarray(grads[name], np.float64)
        error = got.std(0) / np.sqrt(runs) + 1e-6
        # 15 numbers and three estimators at 5.5 standard errors: false alarms have a probability of 2e-6.
        assert np.all(np.abs(got.mean(0) - slopes[name]) < 5.5 * error), name


def test_two_stochastic_layers_and_functions_of_jax():
    @aj.expectation
    def loss(theta):
        a = aj.sample("a", al.Bernoulli(logits=theta), via="enumeration")
        b = aj.sample("b", al.Bernoulli(logits=jax.nn.relu(a * theta) - 0.3), via="enumeration")
        parts = jnp.stack([a, b, a * b, jnp.where(b > 0.5, theta, a)])
        return jnp.max(jax.nn.softmax(parts)) + jnp.sum(jnp.cumsum(parts)[::-1][1:]) + jnp.sum(jnp.einsum("i,j->", parts, parts)) + jax.scipy.special.logsumexp(parts)

    def exact(theta):
        total = 0.0
        for a, b in itertools.product((0.0, 1.0), repeat=2):
            p, q = jax.nn.sigmoid(theta), jax.nn.sigmoid(jnp.maximum(a * theta, 0) - 0.3)
            parts = jnp.stack([jnp.asarray(a), jnp.asarray(b), jnp.asarray(a * b), jnp.where(b > 0.5, theta, a)])
            cost = jnp.max(jax.nn.softmax(parts)) + jnp.sum(jnp.cumsum(parts)[::-1][1:]) + jnp.sum(parts) ** 2 + jax.scipy.special.logsumexp(parts)
            total += (p if a else 1 - p) * (q if b else 1 - q) * cost
        return total

    value, slope = loss.value_and_grad(0.7)
    np.testing.assert_allclose([value, slope], jax.value_and_grad(exact)(0.7), rtol=1e-5)


def test_state_of_an_expectation():
    loss = vae("rebar")
    state = loss.init(PARAMS, X)
    assert state
    after = jax.jit(lambda state, key: loss.update(state, PARAMS, X, key=key))(state, jax.random.key(1))
    changed = [not np.array_equal(a["value"], b["value"]) for a, b in zip(state.values(), after.values())]
    assert any(changed)
    jax.block_until_ready(loss.grad(PARAMS, X, key=jax.random.key(2), state=after))


def test_mistakes_in_costs():
    def cost(body):
        return lambda: aj.expectation(body)(0.3, key=jax.random.key(0))

    bernoulli = al.Bernoulli(logits=0.2)

    def no_node(theta):
        return theta**2

    def no_scalar(theta):
        return aj.sample("z", al.Bernoulli(logits=theta * jnp.ones(3)))

    def twice(theta):
        return aj.sample("z", al.Bernoulli(logits=theta)) + aj.sample("z", bernoulli)

    def unknown(theta):
        return aj.kl("z", bernoulli) + theta

    cases = [(no_node, "no random node"), (no_scalar, "scalar"), (twice, "two random nodes"), (unknown, "no random node `z`")]
    for body, message in cases:
        with pytest.raises(al.AleatorError, match=message):
            cost(body)()
    with pytest.raises(al.AleatorError, match="expectation"):
        aj.sample("z", bernoulli)


def test_toy_in_both_ways():
    @aj.expectation(samples=64)
    def loss(theta):
        return (aj.sample("b", al.Bernoulli(logits=theta), via="rebar") - 0.45) ** 2

    grads = jax.vmap(lambda key: loss.grad(0.3, key=key))(jax.random.split(jax.random.key(0), 2000))
    assert abs(float(grads.mean()) - toy_gradient(0.3)) < 5.5 * float(grads.std()) / np.sqrt(2000)


def test_the_surrogate_has_roles():
    document = json.loads(two_layers("rebar").surrogate_json(samples=2, tune=True))
    roles = {entry["name"]: entry["role"] for entry in document["inputs"]}
    assert roles["w"] == "param" and roles["x"] == "data" and "estimator" in roles.values()


@pytest.mark.parametrize("via", ["enumeration", "reinforce_loo", "rebar", "nvil"])
def test_aux_is_what_the_cost_returns_beside_it(via):
    def cost(params, x):
        z = aj.sample("z", al.Bernoulli(logits=x @ params["w"]), via=via)
        value = jnp.mean(jnp.sum((z - 0.3) ** 2 * params["s"], -1))
        return value, {"z": z, "rows": jnp.sum(z, -1), "norm": jnp.sum(params["w"] ** 2), "count": x.shape[0], "any": jnp.max(z) > 0.5}

    params = {"w": jnp.asarray([[0.3, -0.2], [0.1, 0.9]], jnp.float32), "s": jnp.float32(0.7)}
    x = jnp.asarray([[1.0, 0.5], [-0.3, 0.8], [0.2, 0.0]], jnp.float32)
    plain = aj.expectation(lambda params, x: cost(params, x)[0], samples=4)
    loss = aj.expectation(cost, has_aux=True, samples=4)
    key = jax.random.key(5)
    (value, aux), grads = jax.jit(loss.value_and_grad)(params, x, key=key)
    expected, slopes = plain.value_and_grad(params, x, key=key)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    for name in params:
        np.testing.assert_allclose(grads[name], slopes[name], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(aux["norm"], jnp.sum(params["w"] ** 2), rtol=1e-6)
    assert aux["count"] == 3 and aux["z"].shape == (3, 2) and aux["rows"].shape == (3,)
    np.testing.assert_allclose(aux["rows"], aux["z"].sum(-1), rtol=1e-6)
    # (z - 0.3)^2 is linear in z.
    mean = np.mean(np.sum(0.09 + np.asarray(aux["z"]) * 0.4, -1)) * 0.7
    np.testing.assert_allclose(mean, value, rtol=1e-5)
    if via == "enumeration":
        np.testing.assert_allclose(aux["z"], jax.nn.sigmoid(x @ params["w"]), rtol=1e-6)
        assert 0 < aux["any"] < 1
    assert loss(params, x, key=key)[1].keys() == aux.keys() and loss.grad(params, x, key=key)[1].keys() == aux.keys()
    assert not any(name.startswith("aux") for name in loss.init(params, x))
    with pytest.raises(al.AleatorError, match="pair"):
        aj.expectation(lambda theta: aj.sample("z", al.Bernoulli(logits=theta)), has_aux=True)(0.3)


def test_a_native_program_in_jax():
    program = make_toy("rebar", 0.3).compile(samples=4, seed=2, dtype="float32")
    f = aj.native(program)
    for step in (0, 3):
        estimate = program(step=step)
        value, grads = jax.jit(lambda params, step: jax.value_and_grad(f)(params, step=step))({"theta": jnp.float32(0.3)}, step)
        np.testing.assert_allclose([value, grads["theta"]], [estimate.objective, estimate.gradient["theta"]], rtol=1e-6)
    mapped = jax.vmap(lambda step: f({"theta": 0.3}, step=step))(jnp.arange(4))
    np.testing.assert_allclose(mapped, [program(step=step).objective for step in range(4)], rtol=1e-6)
    replicated = aj.native(make_toy("rebar").compile(samples=4, replicates=3, seed=2))
    assert replicated().shape == (3,)
    with pytest.raises(TypeError, match="compile"):
        aj.native(3)
    with pytest.raises(al.AleatorError, match="tune"):
        aj.native(make_toy("rebar").compile(tune=True))
    with pytest.raises(al.ShapeError):
        f({"theta": jnp.zeros(3)})
    # What goes wrong in a run is an exception of JAX with the message.
    with pytest.raises(Exception, match="step must not be negative"):
        f({"theta": 0.3}, step=-1)
    g = al.Graph()
    g.cost("f", g.sample("z", al.Normal(0.0, g.param("scale", 1.0)), via="pathwise") ** 2)
    with pytest.raises(Exception, match="scale of `z`.*must be positive"):
        jax.jit(aj.native(g.compile()))({"scale": -1.0})
    h = al.Graph()
    z = h.sample("z", al.Normal(0.3, 1.0))
    h.cost("f", h.external("broken", lambda z: {}["stock"], shape=())(z))
    with pytest.raises(Exception, match="broken.*stock"):
        aj.native(h.compile())()
    with jax.enable_x64(True):
        wide = make_toy("rebar").compile(samples=3)
        value = aj.native(wide)({"theta": jnp.float64(0.3)}, step=2)
        assert value.dtype == jnp.float64 and float(value) == wide({"theta": 0.3}, step=2).objective


def test_parameters_outside_their_domains_give_no_number():
    g = al.Graph()
    z = g.sample("z", al.Normal(0.0, g.param("scale", 1.0)), via="pathwise")
    g.cost("f", z**2)
    f = jax.jit(aj.function(g, samples=4))
    for scale, defined in ((0.5, True), (-1.0, False), (float("nan"), False)):
        value, grads = f({"scale": jnp.float32(scale)})
        assert np.isfinite(value) == np.isfinite(grads["scale"]) == defined
