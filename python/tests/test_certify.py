"""Certificates from Python."""

import numpy as np
import pytest

import aleator as al


def toy() -> al.Graph:
    g = al.Graph()
    theta = g.param("theta", 0.3)
    b = g.sample("b", al.Bernoulli(logits=theta))
    g.cost("loss", (b - 0.45) ** 2)
    return g


def test_what_is_unbiased_is_proved() -> None:
    # Seconds that no machine needs: the verdicts do not depend on its speed.
    certificate = al.certify(toy(), budget=3600)
    assert certificate.refuted == []
    assert certificate.bias_bound <= 0.01
    # Outcomes of coupled noise lie behind oblique surfaces, which quadrature does not follow.
    assert {plan.estimator: plan.verdict for plan in certificate if plan.verdict != "proved"} == {"arms": "certified"}
    assert {plan.estimator for plan in certificate} >= {"rebar", "reinforce_loo", "score_function"}


def test_identities_are_certified_with_the_means() -> None:
    certificate = al.certify(toy(), via="reinforce_loo", budget=3600)
    assert [(i.identity, i.of, i.verdict) for i in certificate.identities] == [("score", "b", "proved")]
    verdicts = {i.identity: i.verdict for i in certificate.plans[0].identities}
    assert verdicts == {"constant": "proved", "cone": "certified", "threads": "certified"}
    assert all(i.why is None and i.deviation < 1e-6 for i in certificate.plans[0].identities)


def test_what_is_biased_is_refuted_with_its_bias() -> None:
    certificate = al.certify(toy(), via="straight_through")
    assert certificate.verdict == "refuted"
    assert certificate.refuted == ["straight_through"]
    p = 1 / (1 + np.exp(-0.3))
    low, high = certificate.plans[0].bias["theta"][0]
    assert low <= p * (1 - p) * (2 * (p - 0.45) - 0.1) <= high


def test_arguments_are_checked() -> None:
    with pytest.raises(al.AleatorError, match="budget"):
        al.certify(toy(), budget=float("nan"))
    with pytest.raises(al.AleatorError, match="confidence"):
        al.certify(toy(), confidence=2.0)
    with pytest.raises(TypeError, match="graph"):
        al.certify(3)  # type: ignore[arg-type]
