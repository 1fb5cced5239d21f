"""Compares StableHLO and Python texts, compiled by XLA through JAX, with what the CPU executor computes.

    ALEATOR_TEXTS=/tmp/cases cargo test -p aleator-engine --test export everything_else
    python3 crates/aleator-engine/tests/data/texts_agree.py /tmp/cases

Needs `pip install jax` (0.10 or later). Uniform numbers have to agree bit by bit, everything else up to rounding.
"""

import dataclasses
import json
import pathlib
import re
import sys

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
from jax.extend import mlir
from jax.extend.mlir.dialects import stablehlo

jax.config.update("jax_enable_x64", True)

INPUTS = {"x": np.array([[0.3, -1.25, 2.0], [0.0, 0.7, -0.4]]), "y": np.array([1.5, -0.5, 0.3])}
SEED = np.array([11, 7], np.uint32)
STEP = np.array([3, 5], np.uint32)
# erf, log Γ and ψ⁽ⁿ⁾ are expanded by XLA with errors of their own.
LOOSE = {"erf", "lgamma", "polygamma0", "polygamma1", "polygamma2", "pow"}


def run(text, arguments, dtype):
    """The results of `main` of a module, which takes the place of that of a function with the same arguments and results."""
    results = re.search(r"@main\(.*?\) -> (.*?) \{", text)[1]
    shapes = [tuple(map(int, sizes.split("x")[:-1])) for sizes in re.findall(r"tensor<((?:\d+x)*)f\d+>", results)]
    like = jax.jit(lambda *arguments: tuple(jnp.zeros(shape, dtype) for shape in shapes))
    exported = jax.export.export(like)(*arguments)
    module = mlir.serialize_portable_artifact(text, stablehlo.get_current_version())
    kept = tuple(range(len(arguments)))
    exported = dataclasses.replace(exported, mlir_module_serialized=module, module_kept_var_idx=kept)
    return [np.asarray(result) for result in jax.jit(exported.call)(*arguments)]


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
                    got = run(path.read_text(), [SEED, STEP, *inputs.values()], dtype)
            except Exception as error:  # every case is reported
                print(f"{path.name} {kind}: {type(error).__name__}: {str(error)[:400]}")
                failed += 1
                continue
            finally:
                jax.config.update("jax_enable_x64", True)
            loose = name in LOOSE or name.startswith(("draw_", "quantile_"))
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
