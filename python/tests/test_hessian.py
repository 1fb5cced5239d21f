"""Second derivatives from Python."""

import numpy as np
import pytest

import aleator as al


def bits() -> al.Graph:
    g = al.Graph()
    theta = g.param("theta", np.array([0.3, -0.2]))
    b = g.sample("b", al.Bernoulli(logits=theta))
    g.cost("loss", (al.sum(b) - 0.45) ** 2)
    return g


def test_the_hessian_of_two_bits() -> None:
    report = al.hessian(bits(), replicates=4000)
    block = report.hessian["theta"]["theta"]
    assert block.shape == (2, 2) and report.unbiased and report.product == {}
    # E[(b1 + b2 - 0.45)^2] = 0.1 p1 + 0.1 p2 + 2 p1 p2 + 0.45^2
    p = 1 / (1 + np.exp(-np.array([0.3, -0.2])))
    d = p * (1 - p)
    want = np.diag((0.1 + 2 * p[::-1]) * d * (1 - 2 * p)) + 2 * d[0] * d[1] * (1 - np.eye(2))
    assert block.exact is not None and block.std_error is not None
    np.testing.assert_allclose(block.exact, want, atol=1e-9)
    # Six standard errors: a chance below 1e-8.
    assert np.all(np.abs(block.mean - want) <= 6 * block.std_error + 1e-9)


def test_a_product_with_a_vector() -> None:
    report = al.hessian(bits(), vector={"theta": [1.0, 0.0]}, via="enumeration", replicates=1)
    whole = al.hessian(bits(), via="enumeration", replicates=1).hessian["theta"]["theta"]
    np.testing.assert_allclose(report.product["theta"].mean, whole.mean[:, 0], atol=1e-12)


def test_arguments_are_checked() -> None:
    with pytest.raises(TypeError, match="graph"):
        al.hessian(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="mapping"):
        al.hessian(bits(), vector=[1.0])  # type: ignore[arg-type]
    with pytest.raises(al.AleatorError, match="theta"):
        al.hessian(bits(), vector={"theta": [1.0]})
    with pytest.raises(al.AleatorError, match="measured"):
        al.hessian(bits(), via="measured")
    with pytest.raises(al.AleatorError):
        al.hessian(bits(), via="straight_through")
