"""Models as users write them: an autoencoder of flax and one of equinox are what the sum over all codes says."""

import itertools

import numpy as np
import pytest

import aleator as al

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

import aleator.jax as aj  # noqa: E402

X = jnp.asarray(np.random.default_rng(0).integers(0, 2, size=(2, 6)), jnp.float32)
CODES = [jnp.broadcast_to(jnp.array(code), (2, 3)) for code in itertools.product((0.0, 1.0), repeat=3)]


def cross_entropy(logits, x):
    return jnp.sum(-x * jax.nn.log_sigmoid(logits) - (1 - x) * jax.nn.log_sigmoid(-logits), -1)


def bound(logits, decode, via):
    """The negative evidence lower bound, inside of an expectation."""
    z = aj.sample("z", al.Bernoulli(logits=logits), via=via)
    divergence = jnp.sum(aj.kl("z", al.Bernoulli(logits=jnp.zeros(3))), -1)
    return jnp.mean(cross_entropy(decode(z), X) + divergence)


def exact(logits, decode):
    p = jax.nn.sigmoid(logits)
    error = sum(jnp.prod(jnp.where(z == 1, p, 1 - p), -1) * cross_entropy(decode(z), X) for z in CODES)
    divergence = jnp.sum(p * jnp.log(2 * p) + (1 - p) * jnp.log(2 * (1 - p)), -1)
    return jnp.mean(error + divergence)


def assert_agrees(params, parts):
    """`parts` gives the logits and the decoder of some parameters."""
    expected = jax.value_and_grad(lambda params: exact(*parts(params)))(params)
    whole = aj.expectation(lambda params: bound(*parts(params), "enumeration"))

    def marked(params):
        logits, decode = parts(params)
        return bound(logits, lambda z: aj.call(decode, z, rows=True), "enumeration")

    for loss in (whole, aj.expectation(marked)):
        got = jax.jit(loss.value_and_grad)(params)
        for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
    estimate = aj.expectation(lambda params: bound(*parts(params), "rebar"))
    runs = 2000
    values = jax.jit(jax.vmap(lambda key: estimate(params, key=key)))(jax.random.split(jax.random.key(0), runs))
    # At 5.5 standard errors a false alarm has a probability of 4e-8.
    assert abs(float(values.mean() - expected[0])) < 5.5 * float(values.std()) / runs**0.5


def test_flax():
    nn = pytest.importorskip("flax.linen")

    class Encoder(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(3)(nn.relu(nn.LayerNorm()(nn.Dense(5)(x))))

    class Decoder(nn.Module):
        @nn.compact
        def __call__(self, z):
            z = nn.gelu(nn.Conv(4, (1, 3))(z.reshape(z.shape[0], 1, 3, 1)))
            return nn.Dense(6)(z.reshape(z.shape[0], -1))

    encoder, decoder = Encoder(), Decoder()
    params = {"enc": encoder.init(jax.random.key(0), X), "dec": decoder.init(jax.random.key(1), CODES[0])}
    assert_agrees(params, lambda params: (encoder.apply(params["enc"], X), lambda z: decoder.apply(params["dec"], z)))


def test_equinox():
    eqx = pytest.importorskip("equinox")
    models = eqx.nn.MLP(6, 3, 8, 1, key=jax.random.key(2)), eqx.nn.MLP(3, 6, 8, 2, key=jax.random.key(3))
    params, static = eqx.partition(models, eqx.is_array)

    def parts(params):
        encoder, decoder = eqx.combine(params, static)
        return jax.vmap(encoder)(X), jax.vmap(decoder)

    assert_agrees(params, parts)
