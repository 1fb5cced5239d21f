"""Several devices and several processes: the numbers are those of one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax")

EXAMPLE = Path(__file__).parents[1] / "examples" / "distributed_vae.py"
STEPS = 20


def start(*arguments, devices=1):
    environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(EXAMPLE), "--steps", str(STEPS), "--rows", "64", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(*processes):
    """The losses that the first process prints, when all have ended."""
    try:
        outputs = [process.communicate(timeout=240) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert all(process.returncode == 0 for process in processes), "\n".join(errors[-3000:] for _, errors in outputs)
    # The library that connects the processes may print something before.
    return json.loads(outputs[0][0].splitlines()[-1])


def free_port():
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def alone():
    return finish(start())


@pytest.mark.parametrize("devices", [4, 8])
def test_devices_change_nothing(alone, devices):
    curve = finish(start(devices=devices))
    assert len(curve) == STEPS and curve[-1] < curve[0] - 2
    np.testing.assert_allclose(curve, alone, rtol=2e-5)


def test_two_processes_train_as_one(alone):
    together = ["--processes", "2", "--coordinator", f"localhost:{free_port()}", "--process"]
    np.testing.assert_allclose(finish(start(*together, "0"), start(*together, "1")), alone, rtol=2e-5)


SHARDED = """
import jax, jax.numpy as jnp, numpy as np
import aleator as al, aleator.jax as aj
from jax.sharding import AxisType, NamedSharding, PartitionSpec

assert jax.device_count() == 8
for via in ("score_function", "reinforce_loo", "rebar", "relax", "muprop", "nvil", "gumbel_softmax", "straight_through", "enumeration"):
    g = al.Graph()
    x = g.data("x", np.random.default_rng(0).normal(size=(16, 3)))
    w = g.param("w", np.random.default_rng(1).normal(size=(3, 2)))
    z = g.sample("z", al.Bernoulli(logits=x @ w), via=via)
    y = g.call(lambda z: jnp.tanh(z @ jnp.ones((2, 4))), z, shape=(16, 4), rows=True, name="decoder")
    g.cost("loss", al.sum((y - 0.4) ** 2, axis=-1) + al.sum(z * w[0], axis=-1))
    f = aj.function(g, samples=2, seed=3)
    data = jnp.asarray(np.random.default_rng(0).normal(size=(16, 3)), jnp.float32)
    params = {"w": jnp.asarray(np.random.default_rng(1).normal(size=(3, 2)), jnp.float32)}
    alone = jax.jit(lambda params, x: f(params, data={"x": x}, step=1))(params, data)
    for count in (4, 8):
        mesh = jax.make_mesh((count,), ("rows",), devices=jax.devices()[:count], axis_types=(AxisType.Auto,))
        sharded = jax.device_put(data, NamedSharding(mesh, PartitionSpec("rows")))
        everywhere = jax.device_put(params, NamedSharding(mesh, PartitionSpec()))
        value, grads = jax.jit(lambda params, x: f(params, data={"x": x}, step=1))(everywhere, sharded)
        np.testing.assert_allclose(value, alone[0], rtol=1e-5, err_msg=via)
        np.testing.assert_allclose(grads["w"], alone[1]["w"], rtol=1e-4, atol=1e-5, err_msg=via)
print("done")
"""

MAPPED = """
import jax, jax.numpy as jnp, numpy as np
import aleator as al, aleator.jax as aj
from jax.sharding import AxisType, PartitionSpec as P

mesh = jax.make_mesh((4,), ("rows",), devices=jax.devices()[:4], axis_types=(AxisType.Auto,))

@aj.expectation
def loss(params, x):
    z = aj.sample("z", al.Bernoulli(logits=x @ params["w"]), via="enumeration")
    return jnp.mean(jnp.sum((z - 0.3) ** 2 * params["s"], -1))

def exact(params, x):
    return jnp.mean(jnp.sum((0.09 + 0.4 * jax.nn.sigmoid(x @ params["w"])) * params["s"], -1))

params = {"w": jnp.asarray([[0.3, -0.2], [0.1, 0.9], [0.4, 0.0]]), "s": jnp.asarray([0.7, 1.3])}
x = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32)
for check in (True, False):
    def mapped(value_and_grad):
        def one(params, x):
            value, grads = value_and_grad(params, x)
            return jax.lax.pmean(value, "rows"), jax.tree.map(lambda g: jax.lax.pmean(g, "rows"), grads)
        return jax.jit(jax.shard_map(one, mesh=mesh, in_specs=(P(), P("rows")), out_specs=(P(), P()), check_vma=check))(params, x)
    for got, expected in zip(jax.tree.leaves(mapped(loss.value_and_grad)), jax.tree.leaves(mapped(jax.value_and_grad(exact)))):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6, err_msg=str(check))
print("done")
"""


@pytest.mark.parametrize("script", [SHARDED, MAPPED], ids=["sharded", "shard_map"])
def test_many_devices_give_the_same_numbers(script):
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == "done", result.stderr[-3000:]
