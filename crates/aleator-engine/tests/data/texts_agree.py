"""Compares StableHLO and Python texts, compiled by XLA through JAX, with what the CPU executor computes.

    ALEATOR_TEXTS=/tmp/cases cargo test -p aleator-engine --test export everything_else
    python3 crates/aleator-engine/tests/data/texts_agree.py /tmp/cases

Needs `pip install jax` (tried with jax 0.10). Uniform numbers have to agree bit by bit, everything else up to rounding.
"""

import json
import pathlib
import sys

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
from jax._src import compiler, xla_bridge  # noqa: E402
from jax._src.interpreters import mlir  # noqa: E402
from jax._src.lib import xla_client  # noqa: E402
from jax._src.lib.mlir import ir  # noqa: E402

INPUTS = {"x": np.array([[0.3, -1.25, 2.0], [0.0, 0.7, -0.4]]), "y": np.array([1.5, -0.5, 0.3])}
SEED = np.array([11, 7], np.uint32)
STEP = np.array([3, 5], np.uint32)
# erf, log Γ and ψ⁽ⁿ⁾ are expanded by XLA with errors of their own.
LOOSE = {"erf", "lgamma", "polygamma0", "polygamma1", "polygamma2", "pow"}


def run(text, arguments):
    """The results of `main` of a module."""
    backend = xla_bridge.get_backend("cpu")
    with mlir.make_ir_context():
        module = ir.Module.parse(text)
        options = compiler.get_compile_options(num_replicas=1, num_partitions=1)
        executable = compiler.backend_compile_and_load(
            backend, module, xla_client.DeviceList(tuple(backend.local_devices()[:1])), options, []
        )
    buffers = [jax.device_put(a, backend.local_devices()[0]) for a in arguments]
    results = executable.execute_sharded(buffers).disassemble_into_single_device_arrays()
    return [np.asarray(r[0]) for r in results]


def run_python(text, inputs, dtype):
    """The outputs of the function `estimate` of a file, compiled."""
    scope = {}
    exec(compile(text, "estimate.py", "exec"), scope)
    noise = [int(low) | int(high) << 32 for low, high in (SEED, STEP)]
    host = {"price": lambda x: jax.numpy.ones(2)}
    function = jax.jit(lambda inputs: scope["estimate"](inputs, noise, dtype, host))
    outputs = function(inputs)
    assert all(y.dtype == dtype for y in outputs.values()), {k: v.dtype for k, v in outputs.items()}
    return [np.asarray(outputs[f"out{i}"]) for i in range(len(outputs))]


def main(folder):
    failed = 0
    for path in sorted([*pathlib.Path(folder).glob("*.mlir"), *pathlib.Path(folder).glob("*.py")]):
        name, *kind = path.name.split(".")[:-1]
        for kind in kind or ("f32", "f64"):
            case = json.loads((path.parent / f"{name}.{kind}.json").read_text())
            dtype = {"f32": np.float32, "f64": np.float64}[kind]
            inputs = {i: INPUTS[i].astype(dtype) for i in case["inputs"]}
            try:
                if path.suffix == ".py":
                    # A program in f32 runs without 64 bits.
                    jax.config.update("jax_enable_x64", kind == "f64")
                    got = run_python(path.read_text(), inputs, dtype)
                else:
                    got = run(path.read_text(), [SEED, STEP, *inputs.values()])
            except Exception as error:  # every case is reported
                print(f"{path.name} {kind}: {type(error).__name__}: {str(error)[:400]}")
                failed += 1
                continue
            finally:
                jax.config.update("jax_enable_x64", True)
            loose = name in LOOSE or name.startswith("draw_")
            scale = 0.0 if name == "uniform" else np.finfo(dtype).eps * (5e3 if loose else 64)
            for i, (ours, theirs) in enumerate(zip(case["outputs"], got)):
                ours = np.array([float(x) for x in ours], dtype)
                theirs = theirs.reshape(-1)
                if ours.shape != theirs.shape:
                    print(f"{path.name} {kind}: output {i}: {ours.size} elements here, {theirs.size} from XLA")
                    failed += 1
                    continue
                close = np.isclose(theirs, ours, rtol=scale, atol=scale, equal_nan=True)
                if not close.all():
                    print(f"{path.name} {kind}: output {i}: {ours[~close][:4]} here, {theirs[~close][:4]} from XLA")
                    failed += 1
    print("all agree" if not failed else f"{failed} differ")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
