"""Types: the package passes mypy's strict checks, the stubs name what the modules have, and a user's mistakes are found."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

ROOT = Path(__file__).parents[2]
STUBBED = ["aleator._aleator", "aleator.distributions", "aleator.estimators"]

USE = '''
import aleator as al
import numpy as np

g = al.Graph()
theta = g.param("theta", [0.0, 1.0])
b = g.sample("b", al.Bernoulli(logits=theta), via=al.Rebar(temperature=0.3))
loss: al.Expr = ((b - 0.45) ** 2).sum(axis=-1)
g.cost("loss", loss)
program = g.compile(samples=16, seed=0, via={"b": "reinforce_loo"})
gradient = program({"theta": np.zeros(2)}, step=3).gradient["theta"] + 1.0
report = al.compare(g, estimators=[al.Rebar, "relax"])
variance = report["rebar"].gradient["theta"].variance
text: str = g.to_svg() + repr(al.Normal(0.0, 1.0)) + repr(al.exact(g).objective)
'''


def mypy(*arguments):
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_the_package_passes_strict_checks():
    code, output = mypy("mypy")
    assert code == 0, output


def test_the_stubs_name_what_the_modules_have():
    code, output = mypy("mypy.stubtest", "--mypy-config-file", "pyproject.toml", *STUBBED)
    assert code == 0, output


@pytest.mark.parametrize("file", ["distributions.pyi", "estimators.pyi"])
def test_stubs_are_those_of_the_tables(file):
    texts = runpy.run_path(str(ROOT / "python" / "write_stubs"))["stubs"]()
    kept = (ROOT / "python" / "aleator" / file).read_text(encoding="utf-8")
    assert kept == texts[file], "run python/write_stubs"


@pytest.mark.parametrize(
    "line, mistake",
    [
        ("", None),
        ("al.Normal(0.0)", "call-overload|call-arg"),
        ("al.Bernouli(0.5)", "attr-defined"),
        ("al.Rebar(temprature=0.3)", "call-arg"),
        ("g.compile(sample=3)", "call-arg"),
        ("g.param(3, 0.0)", "arg-type"),
        ("program.set(theta, 1.0)", "arg-type"),
        ("report.to_dict", None),
        ("report.rows[0].gradients", "attr-defined"),
    ],
)
def test_mistakes_of_users(tmp_path, line, mistake):
    file = tmp_path / "use.py"
    file.write_text(f"{USE}{line}\n", encoding="utf-8")
    code, output = mypy("mypy", "--config-file", "pyproject.toml", "--cache-dir", ".mypy_cache", "--strict", str(file))
    if mistake is None:
        assert code == 0, output
    else:
        assert any(f"[{kind}]" in output for kind in mistake.split("|")) and output.count("error:") == 1, output
