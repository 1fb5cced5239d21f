"""A training step of a discrete autoencoder through `aleator.jax`, beside hand-written JAX and the native program.

Run ``python python/bench/jax_step.py`` from the root of the repository: it takes the hand-written steps from `bench/peers`. The network is
that of the workloads `sbn-step` and `sbn-rebar`: 784 pixels, 200 latents, 100 rows. All sides compute objective and gradient of the same
parameters, their random numbers included, in single precision. Rounds take turns, and each time is the median of them.
"""

import argparse
import sys
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import aleator as al
import aleator.jax as aj

sys.path.insert(0, str(Path(__file__).parents[2] / "bench" / "peers"))
import jax_peer  # noqa: E402

PIXELS, LATENTS, ROWS = 784, 200, 100
# A workload: samples, the estimator, and what the hand-written step is told.
WORKLOADS = {
    "sbn-step": (2, "reinforce_loo", {}),
    "sbn-rebar": (1, "rebar(temperature=0.5, coefficient=1, tune=false)", {"eta": 1.0, "tau": 0.5}),
}


def inputs():
    random = np.random.default_rng(0)
    mean = random.uniform(0.05, 0.95, PIXELS)
    arrays = {
        "encoder_weight": random.normal(size=(PIXELS, LATENTS)) / 28,
        "encoder_bias": random.uniform(-0.5, 0.5, LATENTS),
        "decoder_weight": random.normal(size=(LATENTS, PIXELS)) / 14,
        "decoder_bias": random.uniform(-0.5, 0.5, PIXELS),
        "prior_logits": random.uniform(-0.5, 0.5, LATENTS),
        "x": random.uniform(size=(ROWS, PIXELS)) < mean,
        "mean": mean,
    }
    return {name: jnp.asarray(array, jnp.float32) for name, array in arrays.items()}


def decode(weight, bias, z):
    return (2 * z - 1) @ weight + bias


def expectation(samples, via, decoder):
    @aj.expectation(samples=samples)
    def loss(theta, x, mean):
        logits = (x - mean) @ theta["encoder_weight"] + theta["encoder_bias"]
        z = aj.sample("z", al.Bernoulli(logits=logits), via=via)
        pixels = decoder(theta["decoder_weight"], theta["decoder_bias"], z)
        log_p = jnp.sum(aj.log_prob(al.Bernoulli(logits=pixels), x)) + jnp.sum(aj.log_prob(al.Bernoulli(logits=theta["prior_logits"]), z))
        log_q = jnp.sum(aj.log_prob(al.Bernoulli(logits=logits), z))
        return (log_q - log_p) / x.shape[0]

    return loss


def graph(arrays, via):
    g = al.Graph()
    theta = {name: g.param(name, np.asarray(arrays[name])) for name in arrays if name not in ("x", "mean")}
    x, mean = g.data("x", np.asarray(arrays["x"])), np.asarray(arrays["mean"])
    q = al.Bernoulli(logits=(x - mean) @ theta["encoder_weight"] + theta["encoder_bias"])
    z = g.sample("z", q, via=via)
    pixels = al.Bernoulli(logits=decode(theta["decoder_weight"], theta["decoder_bias"], z))
    g.cost("reconstruction", -np.sum(pixels.log_prob(x), axis=-1) / ROWS)
    g.cost("kl", (q.log_prob(z) - al.Bernoulli(logits=theta["prior_logits"]).log_prob(z)) / ROWS)
    return g


def steps(name, arrays):
    """The sides of a workload: functions of a number, which return what must be waited for."""
    samples, via, settings = WORKLOADS[name]
    noise = jnp.full((samples, ROWS, LATENTS), 0.5, jnp.float32)
    _, by_hand = jax_peer.load().prepare(name, settings, {**arrays, "noise": noise})
    theta = {key: value for key, value in arrays.items() if key not in ("x", "mean")}
    program = graph(arrays, via).compile(samples=samples, seed=0, dtype="float32", threads=1)
    function = aj.function(graph(arrays, via), samples=samples)
    of_graph = jax.jit(lambda theta, x, step: function(theta, data={"x": x}, step=step))
    sides = {"JAX, by hand": lambda i: by_hand(1), "aj.function": lambda i: of_graph(theta, arrays["x"], i)}

    def opaque(weight, bias, z):
        return aj.call(decode, weight, bias, z, rows=True)

    for title, decoder in (("aj.expectation", decode), ("aj.expectation, opaque decoder", opaque)):
        loss = expectation(samples, via, decoder)
        start = time.perf_counter()
        lowered = jax.jit(lambda theta, x, mean, step, loss=loss: loss.value_and_grad(theta, x, mean, step=step)).lower(
            theta, arrays["x"], arrays["mean"], 0
        )
        traced = time.perf_counter() - start
        compiled = lowered.compile()
        print(f"  {title}: traced and lowered in {traced:.2f} s", file=sys.stderr)
        sides[title] = lambda i, compiled=compiled: compiled(theta, arrays["x"], arrays["mean"], np.int32(i))
    sides["native, one thread"] = lambda i: program(step=i)
    return sides


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=20)
    options = parser.parse_args()
    arrays = inputs()
    for name in WORKLOADS:
        print(name)
        sides = steps(name, arrays)
        times = {side: [] for side in sides}
        for side in sides.values():
            jax.block_until_ready(side(0))
        for i in range(options.rounds):
            for side, step in sides.items():
                start = time.perf_counter()
                for k in range(options.calls):
                    result = step(i * options.calls + k)
                    if not isinstance(result, al.program.Estimate):
                        jax.block_until_ready(result)
                times[side].append((time.perf_counter() - start) / options.calls)
        hand = np.median(times["JAX, by hand"])
        for side, seconds in times.items():
            median = np.median(seconds)
            print(f"  {side:32} {median * 1e3:6.2f} ms   {median / hand:5.2f} x")


if __name__ == "__main__":
    main()
