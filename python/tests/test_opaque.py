"""Functions that aleator does not look into: in JAX, and in graphs."""

import itertools
import warnings

import numpy as np
import pytest

import aleator as al

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

import aleator.jax as aj  # noqa: E402

ESTIMATORS = [
    "score_function", "reinforce_loo", "rebar", "relax", "muprop", "nvil", "enumeration", "gumbel_softmax", "straight_through",
]  # fmt: skip
RANDOM = np.random.default_rng(0)
PARAMS = {
    "enc": jnp.asarray(RANDOM.normal(size=(3, 4)), jnp.float32),
    "dec": {"a": jnp.asarray(RANDOM.normal(size=(4, 5)), jnp.float32), "b": jnp.asarray(RANDOM.normal(size=(5, 3)), jnp.float32)},
}
X = jnp.asarray(RANDOM.normal(size=(2, 3)), jnp.float32)


def decoder(weights, z):
    return jax.nn.softplus(jnp.tanh(z @ weights["a"]) @ weights["b"])


def autoencoder(via, decode):
    @aj.expectation
    def loss(params, x):
        z = aj.sample("z", al.Bernoulli(logits=x @ params["enc"]), via=via)
        return jnp.mean(jnp.sum((decode(params["dec"], z) - x) ** 2, -1))

    return loss


def assert_close(a, b, tolerance=2e-6):
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("via", ESTIMATORS)
def test_an_opaque_decoder_of_rows_is_as_good_as_a_translated_one(via):
    key = jax.random.key(1)
    inside = autoencoder(via, decoder)
    opaque = autoencoder(via, lambda weights, z: aj.call(decoder, weights, z, rows=True))
    closed = autoencoder(via, lambda weights, z: aj.call(lambda z: decoder(weights, z), z, rows=(True,)))
    expected = inside.value_and_grad(PARAMS, X, key=key)
    assert_close(jax.jit(opaque.value_and_grad)(PARAMS, X, key=key), expected)
    assert_close(closed.value_and_grad(PARAMS, X, key=key), expected)
    for changed in (opaque, closed):
        state = inside.init(PARAMS, X)
        assert_close(changed.update(state, PARAMS, X, key=key), inside.update(state, PARAMS, X, key=key), 1e-5)


def test_rows_that_are_not_declared_cost_variance_and_nothing_else():
    declared = autoencoder("score_function", lambda weights, z: aj.call(decoder, weights, z, rows=True))
    mixed = autoencoder("score_function", lambda weights, z: aj.call(decoder, weights, z))
    exact = autoencoder("enumeration", decoder).grad(PARAMS, X)["enc"]
    keys = jax.random.split(jax.random.key(0), 20_000)
    spread = []
    for loss in (declared, mixed):
        grads = np.asarray(jax.jit(jax.vmap(lambda key, loss=loss: loss.grad(PARAMS, X, key=key)["enc"]))(keys), np.float64)
        # 24 numbers at 5.5 standard errors: false alarms have a probability of 1e-6.
        assert np.all(np.abs(grads.mean(0) - exact) < 5.5 * grads.std(0) / np.sqrt(len(keys)) + 1e-6)
        spread.append(grads.var(0).sum())
    assert spread[1] > 1.3 * spread[0]


def test_an_explanation_tells_of_estimators_and_opaque_functions():
    def decode(weights, z):
        return jnp.sort(aj.call(decoder, weights, z, rows=True), axis=-1) + jnp.round(jnp.cumsum(z, -1)[:, :3])

    lines = autoencoder("rebar", decode).explain(PARAMS, X).splitlines()
    assert lines[0].startswith("z: rebar") and len(lines) == 4
    assert "each row" in lines[1] and lines[1].startswith("decoder")
    by_name = {line.split("_")[0]: line for line in lines[1:]}
    assert "variance" in by_name["sort"] and "jump" not in by_name["sort"] and "may jump" in by_name["round"]


@jax.custom_vjp
def doubled_slope(x):
    return jnp.sum(jnp.sin(x))


doubled_slope.defvjp(lambda x: (doubled_slope(x), x), lambda x, c: (2 * c * jnp.cos(x),))


def loop(x):
    def body(total, part):
        return 0.5 * total + jnp.sin(part), total * part

    last, steps = jax.lax.scan(body, jnp.zeros(()), x)
    return last + jnp.sum(steps)


IMAGE = jnp.asarray(RANDOM.normal(size=(1, 1, 2, 2)), jnp.float32)
OPAQUE = {
    "sort": lambda z, w: jnp.sum(jnp.sort(z * w) * jnp.arange(4.0)),
    "fft": lambda z, w: jnp.sum(jnp.abs(jnp.fft.fft(z + w)) ** 2 * jnp.arange(4.0)),
    "scan": lambda z, w: loop(z * w),
    "conv": lambda z, w: jnp.sum(
        jnp.tanh(jax.lax.conv((z * w).reshape(1, 1, 2, 2), IMAGE, (1, 1), "SAME")) * jnp.arange(4.0).reshape(1, 1, 2, 2)
    ),
    "gather": lambda z, w: jnp.sum((z * w)[jnp.array([3, 1, 1])] ** 2 * jnp.arange(3.0)),
    "random index": lambda z, w: (w * jnp.arange(4.0))[jnp.sum(z).astype(jnp.int32) % 4] + z[0],
    "cond": lambda z, w: jax.lax.cond(w[0] > 0, lambda: jnp.sum(z * w), lambda: jnp.sum(z)),
    "top_k": lambda z, w: jnp.sum(jax.lax.top_k(z * w, 2)[0] * jnp.array([1.0, 3.0])),
    "cumulative": lambda z, w: jnp.sum(jax.lax.cummax(z * w) * jax.lax.cumlogsumexp(z + w)),
    "linear algebra": lambda z, w: jnp.sum(jnp.linalg.solve(jnp.diag(1 + w**2) + jnp.outer(z, z), w)),
    "key": lambda z, w: jnp.sum(jax.lax.fori_loop(0, 3, lambda i, s: s * jnp.cos(s) + z * w, z + jax.random.normal(jax.random.key(3), (4,)))),
}  # fmt: skip
W = jnp.asarray([0.7, -0.4, 1.2, 0.3], jnp.float32)


@pytest.mark.parametrize("name", OPAQUE)
def test_operations_without_a_translation_are_exact_under_enumeration(name):
    function = OPAQUE[name]

    @aj.expectation
    def loss(params):
        z = aj.sample("z", al.Bernoulli(logits=params["theta"]), via="enumeration")
        return function(z, params["w"])

    def exact(params):
        probs, total = jax.nn.sigmoid(params["theta"]), 0.0
        for outcome in itertools.product((0.0, 1.0), repeat=4):
            z = jnp.array(outcome)
            total += jnp.prod(jnp.where(z == 1, probs, 1 - probs)) * function(z, params["w"])
        return total

    params = {"theta": jnp.asarray([0.3, -0.2, 0.8, -1.1], jnp.float32), "w": W}
    value, grads = jax.jit(loss.value_and_grad)(params)
    expected, slopes = jax.value_and_grad(exact)(params)
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)
    assert_close(grads, slopes, 2e-4)


def test_a_function_with_its_own_derivative_keeps_it():
    @aj.expectation
    def loss(mean):
        return doubled_slope(aj.sample("z", al.Normal(mean, 0.5), via="pathwise"))

    value, slope = loss.value_and_grad(jnp.float32(0.3), key=jax.random.key(4))
    plain = aj.expectation(lambda mean: jnp.sin(aj.sample("z", al.Normal(mean, 0.5), via="pathwise")))
    expected, half = plain.value_and_grad(jnp.float32(0.3), key=jax.random.key(4))
    np.testing.assert_allclose([value, slope], [expected, 2 * half], rtol=1e-5)


@pytest.mark.parametrize(
    ("body", "jumps"),
    [
        (jnp.sort, False),
        (loop, False),
        (lambda z: jax.lax.top_k(z, 2)[1].astype(jnp.float32), True),
        (lambda z: jax.lax.scan(lambda c, x: (c + jnp.round(x), x), 0.0, z)[0], True),
        (lambda z: jax.lax.scan(lambda c, x: (c + x, jnp.floor(c)), 0.0, z)[1], True),
        (lambda z: jax.lax.scan(lambda c, i: (c + z[0] * (i > 1), z), 0.0, jnp.arange(4))[0], False),
        (lambda z: jax.lax.cond(z[0] > 0, jnp.sum, jnp.prod, z), True),
        (lambda z: aj.call(jnp.sum, z), False),
        (lambda z: aj.call(jnp.sum, z, may_jump=True), True),
    ],
)
def test_jumps_are_found_and_warned_of_where_they_matter(body, jumps):
    loss = aj.expectation(lambda mean: jnp.sum(body(aj.sample("z", al.Normal(mean * jnp.ones(4), 1.0), via="pathwise"))))
    with warnings.catch_warnings():
        warnings.simplefilter("error", al.AleatorWarning)
        if jumps:
            with pytest.raises(al.AleatorWarning, match="jump"):
                loss.grad(jnp.float32(0.3))
        else:
            assert np.isfinite(loss.grad(jnp.float32(0.3)))


def test_mistakes_with_calls():
    def cost(body):
        def run():
            loss = aj.expectation(lambda theta: jnp.sum(body(aj.sample("z", al.Bernoulli(logits=theta * jnp.ones((2, 3)))), theta)))
            loss.grad(jnp.float32(0.3))

        return run

    cases = [
        (lambda z, t: aj.call(lambda z: z - jnp.mean(z, 0), z, rows=True), al.AleatorError, "depend on each other"),
        (lambda z, t: aj.call(lambda z, t: z[::-1] * t, z, t, rows=(True, False)), al.AleatorError, "depend on each other"),
        (lambda z, t: aj.call(lambda z: jnp.sum(z, 0), z, rows=True), al.ShapeError, "rows"),
        (lambda z, t: aj.call(jnp.sum, z, rows=(True, False)), al.AleatorError, "2 entries for 1 argument"),
        (lambda z, t: aj.call(lambda z: (z, z), z)[0], al.AleatorError, "one"),
        (lambda z, t: jax.lax.scan(lambda c, x: (c, aj.sample("y", al.Bernoulli(logits=x))), t, z)[1], al.AleatorError, "inside `scan`"),
    ]
    for body, kind, message in cases:
        with pytest.raises(kind, match=message):
            cost(body)()
    with pytest.raises(ZeroDivisionError):
        cost(lambda z, t: aj.call(lambda z: 1 / 0, z))()
    np.testing.assert_allclose(aj.call(jnp.sin, 0.5, rows=False), np.sin(0.5), rtol=1e-6)


@pytest.mark.parametrize(
    "name",
    ["relu", "relu6", "gelu", "silu", "elu", "selu", "leaky_relu", "softplus", "sigmoid", "log_sigmoid", "softmax", "log_softmax", "logsumexp"],
)  # fmt: skip
def test_usual_functions_of_jax_are_known_to_be_smooth(name):
    function = getattr(jax.nn, name)
    loss = aj.expectation(lambda mean: jnp.sum(function(mean * aj.sample("z", al.Normal(mean * jnp.ones(4), 1.0), via="pathwise"))))
    with warnings.catch_warnings():
        warnings.simplefilter("error", al.AleatorWarning)
        slopes = jax.vmap(lambda key: loss.grad(jnp.float32(0.3), key=key))(jax.random.split(jax.random.key(0), 5000))
    noise = jax.random.normal(jax.random.key(1), (5000, 4))
    expected = jax.vmap(jax.grad(lambda mean, e: jnp.sum(function(mean * (mean + e)))), (None, 0))(jnp.float32(0.3), noise)
    # 13 functions at 5.5 standard errors of the difference: false alarms have a probability of 5e-7.
    error = np.sqrt((slopes.var() + expected.var()) / 5000) + 1e-6
    assert abs(float(slopes.mean() - expected.mean())) < 5.5 * error
