"""A discrete variational autoencoder that is trained on several processes.

The data are sharded over the devices of all processes, and the parameters are on each of them. The program is that of one process: XLA
divides it. Random numbers are a function of the seed, the step and the place in an array, so that the number of processes and devices
changes no number beyond rounding.

On one process, and on two of the same machine::

    python python/examples/distributed_vae.py
    python python/examples/distributed_vae.py --processes 2 --process 0 &
    python python/examples/distributed_vae.py --processes 2 --process 1

On several machines with GPUs, give each process its number and the address of process 0 by ``--coordinator``. Process 0 prints the loss.
"""

import argparse
import json

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

import aleator as al
import aleator.jax as aj

PIXELS, LATENTS, HIDDEN = 64, 16, 32


def digits(rows):
    """Black and white images of 8 x 8 pixels: one of ten bars, with noise."""
    random = np.random.default_rng(0)
    images = np.zeros((rows, 8, 8))
    for image, kind in zip(images, random.integers(10, size=rows)):
        if kind < 8:
            image[:, kind] = 1
        else:
            np.fill_diagonal(image if kind == 8 else image[:, ::-1], 1)
    flipped = random.uniform(size=images.shape) < 0.03
    return np.abs(images - flipped).reshape(rows, PIXELS).astype(np.float32)


def initial():
    random = np.random.default_rng(1)

    def layer(inputs, outputs):
        return {"w": random.normal(size=(inputs, outputs)).astype(np.float32) / inputs**0.5, "b": np.zeros(outputs, np.float32)}

    return {"encoder": [layer(PIXELS, HIDDEN), layer(HIDDEN, LATENTS)], "decoder": [layer(LATENTS, HIDDEN), layer(HIDDEN, PIXELS)]}


def network(layers, x):
    first, last = layers
    return jnp.tanh(x @ first["w"] + first["b"]) @ last["w"] + last["b"]


@aj.expectation(samples=2)
def loss(params, x):
    z = aj.sample("z", al.Bernoulli(logits=network(params["encoder"], x)), via="reinforce_loo")
    log_p = aj.log_prob(al.Bernoulli(logits=network(params["decoder"], z)), x)
    return (jnp.sum(aj.kl("z", al.Bernoulli(logits=jnp.zeros(LATENTS)))) - jnp.sum(log_p)) / x.shape[0]


@jax.jit
def train_step(params, moments, x, step):
    value, grads = loss.value_and_grad(params, x, step=step)
    moments = jax.tree.map(lambda m, g: (0.9 * m[0] + 0.1 * g, 0.999 * m[1] + 0.001 * g**2), moments, grads, is_leaf=is_pair)
    first, second = 1 - 0.9 ** (step + 1), 1 - 0.999 ** (step + 1)
    updates = jax.tree.map(lambda m: 0.01 * (m[0] / first) / (jnp.sqrt(m[1] / second) + 1e-8), moments, is_leaf=is_pair)
    return jax.tree.map(jnp.subtract, params, updates), moments, value


def is_pair(x):
    return isinstance(x, tuple)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--process", type=int, default=0)
    parser.add_argument("--coordinator", default="localhost:12345")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rows", type=int, default=512)
    options = parser.parse_args()
    if options.processes > 1:
        # Used where the devices are CPUs.
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(options.coordinator, options.processes, options.process)
    mesh = jax.make_mesh((jax.device_count(),), ("rows",), axis_types=(jax.sharding.AxisType.Auto,))
    over_rows, everywhere = NamedSharding(mesh, PartitionSpec("rows")), NamedSharding(mesh, PartitionSpec())
    images = digits(options.rows)
    own = np.split(images, jax.process_count())[jax.process_index()]
    x = jax.make_array_from_process_local_data(over_rows, own, images.shape)
    params = jax.tree.map(lambda a: jax.make_array_from_process_local_data(everywhere, a), initial())
    moments = jax.tree.map(lambda a: (jnp.zeros_like(a), jnp.zeros_like(a)), params)
    curve = []
    for step in range(options.steps):
        params, moments, value = train_step(params, moments, x, step)
        curve.append(float(value))
    if jax.process_index() == 0:
        print(json.dumps(curve))


if __name__ == "__main__":
    main()
