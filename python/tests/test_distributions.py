"""Distributions: all of the library's, by position and by name."""

import math

import numpy as np
import pytest

import aleator as al
from aleator import distributions

# Parameters of every distribution, by name, and a value.
GIVEN = {
    "Bernoulli": ({"probs": 0.3}, 1.0),
    "Categorical": ({"probs": [0.2, 0.8]}, 1.0),
    "OneHotCategorical": ({"probs": [0.2, 0.8]}, [0.0, 1.0]),
    "KSubset": ({"k": 1.0, "logits": [0.3, -0.2]}, [1.0, 0.0]),
    "Binomial": ({"total_count": 4, "probs": 0.3}, 2.0),
    "BetaBinomial": ({"total_count": 4, "concentration1": 2.0, "concentration0": 1.5}, 2.0),
    "Multinomial": ({"total_count": 3.0, "probs": [0.2, 0.8]}, [1.0, 2.0]),
    "DirichletMultinomial": ({"total_count": 3.0, "concentration": [2.0, 1.5]}, [1.0, 2.0]),
    "Geometric": ({"probs": 0.3}, 2.0),
    "Poisson": ({"rate": 2.0}, 3.0),
    "NegativeBinomial": ({"total_count": 3, "probs": 0.3}, 2.0),
    "Normal": ({"loc": 0.3, "scale": 1.2}, 0.5),
    "TruncatedNormal": ({"loc": 0.3, "scale": 1.2, "low": -1.0, "high": 2.0}, 0.5),
    "HalfNormal": ({"scale": 1.2}, 0.5),
    "HalfCauchy": ({"scale": 1.2}, 0.5),
    "LogNormal": ({"loc": 0.3, "scale": 0.5}, 0.5),
    "Laplace": ({"loc": 0.3, "scale": 1.2}, 0.5),
    "Logistic": ({"loc": 0.3, "scale": 1.2}, 0.5),
    "Gumbel": ({"loc": 0.3, "scale": 1.2}, 0.5),
    "Cauchy": ({"loc": 0.3, "scale": 1.2}, 0.5),
    "Uniform": ({"low": -1.0, "high": 2.0}, 0.5),
    "Exponential": ({"rate": 2.0}, 0.5),
    "Weibull": ({"scale": 1.5, "concentration": 2.0}, 0.5),
    "Gamma": ({"concentration": 2.0, "rate": 1.5}, 0.5),
    "Chi2": ({"df": 3.0}, 0.5),
    "InverseGamma": ({"concentration": 2.0, "rate": 1.5}, 0.5),
    "Pareto": ({"scale": 0.25, "alpha": 1.5}, 0.5),
    "Beta": ({"concentration1": 2.0, "concentration0": 1.5}, 0.5),
    "ContinuousBernoulli": ({"probs": 0.3}, 0.5),
    "Dirichlet": ({"concentration": [2.0, 1.5]}, [0.3, 0.7]),
    "StudentT": ({"df": 5.0, "loc": 0.3, "scale": 1.2}, 0.5),
    "VonMises": ({"loc": 0.3, "concentration": 1.2}, 0.5),
    "Kumaraswamy": ({"concentration1": 2.0, "concentration0": 1.5}, 0.5),
    "MultivariateNormal": ({"loc": [0.3, 0.1], "scale_tril": [[1.0, 0.0], [0.2, 0.7]]}, [0.5, 0.1]),
    "RelaxedBernoulli": ({"temperature": 0.5, "logits": 0.3}, 0.5),
    "RelaxedOneHotCategorical": ({"temperature": 0.5, "logits": [0.3, 0.1]}, [0.4, 0.6]),
}


def test_the_table_is_complete():
    assert set(GIVEN) == set(distributions.ALL)


@pytest.mark.parametrize("name", GIVEN)
def test_by_name_and_by_position(name):
    given, x = GIVEN[name]
    cls = getattr(al, name)
    by_name = cls(**given)
    assert math.isfinite(by_name.log_prob(x))
    if set(cls._signatures[0]) == set(given):
        assert cls(*(given[key] for key in cls._signatures[0])).log_prob(x) == by_name.log_prob(x)
    assert repr(by_name).startswith(f"{name}(") and cls.__doc__.startswith(name)
    # In a graph, with an expression as its first parameter, the numbers are the same.
    g = al.Graph()
    first = next(iter(given))
    parameters = {**given, first: g.data("p", given[first])}
    z = g.sample("z", cls(**parameters))
    assert z.shape == np.shape(x)
    g.cost("f", cls(**parameters).log_prob(x))
    assert g.compile()().objective == pytest.approx(by_name.log_prob(x), rel=1e-12)


def test_wrong_arguments():
    for wrong in (
        lambda: al.Normal(0.0),
        lambda: al.Normal(0.0, 1.0, 2.0),
        lambda: al.Normal(0.0, scal=1.0),
        lambda: al.Normal(0.0, loc=1.0, scale=1.0),
        lambda: al.Bernoulli(probs=0.5, logits=0.0),
        lambda: al.Bernoulli(),
        lambda: al.Distribution(),
        lambda: al.Normal("a", 1.0),
        lambda: al.kl(al.Normal(0.0, 1.0), 1.0),
        lambda: al.Graph().sample("z", 1.0),
    ):
        with pytest.raises(TypeError) as raised:
            wrong()
        assert str(raised.value)
    with pytest.raises(al.AleatorError, match="closed form"):
        al.VonMises(0.0, 1.0).mode
    with pytest.raises(al.ShapeError):
        al.Normal(np.zeros(2), 1.0).log_prob(np.zeros(3))
    with pytest.raises(AttributeError):
        al.Normal(0.0, 1.0).rate


def test_moments():
    normal = al.Normal([0.0, 1.0], 2.0)
    np.testing.assert_allclose(normal.mean, [0.0, 1.0])
    np.testing.assert_allclose(normal.stddev, [2.0, 2.0])
    np.testing.assert_allclose(normal.entropy(), np.full(2, 0.5 * math.log(2 * math.pi * math.e * 4)))
    assert normal.scale == 2.0 and al.Bernoulli(probs=0.9).mode == 1.0


def test_copies_and_via():
    g = al.Graph()
    z = g.sample("z", al.Normal(g.param("m", [0.0, 1.0]), 1.0), via=al.Pathwise, copies=5)
    assert z.shape == (5, 2)
    g.cost("f", np.mean(z))
    np.testing.assert_allclose(g.compile()().gradient["m"], [0.5, 0.5])
