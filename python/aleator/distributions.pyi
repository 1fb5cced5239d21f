# Written by python/write_stubs.
from typing import overload

from numpy.typing import ArrayLike

from ._distribution import Distribution as Distribution, entropy as entropy, kl as kl
from ._distribution import log_prob as log_prob, variance as variance
from ._expressions import Expr

_Value = Expr | ArrayLike

ALL: dict[str, type[Distribution]]

__all__ = ["Distribution", "entropy", "kl", "log_prob", "variance", "Bernoulli", "Categorical", "OneHotCategorical", "KSubset", "Binomial", "BetaBinomial", "Multinomial", "DirichletMultinomial", "Geometric", "Poisson", "NegativeBinomial", "Normal", "LogNormal", "TruncatedNormal", "HalfNormal", "Laplace", "Logistic", "Gumbel", "Cauchy", "HalfCauchy", "Uniform", "Exponential", "Weibull", "Gamma", "Chi2", "InverseGamma", "Pareto", "Beta", "ContinuousBernoulli", "Dirichlet", "StudentT", "VonMises", "Kumaraswamy", "MultivariateNormal", "RelaxedBernoulli", "RelaxedOneHotCategorical"]

class Bernoulli(Distribution):
    """Bernoulli: 0 or 1."""

    @overload
    def __init__(self, probs: _Value) -> None: ...
    @overload
    def __init__(self, *, logits: _Value) -> None: ...

class Categorical(Distribution):
    """Categorical: an index 0 .. n - 1; the last axis of its parameter is the event."""

    @overload
    def __init__(self, probs: _Value) -> None: ...
    @overload
    def __init__(self, *, logits: _Value) -> None: ...

class OneHotCategorical(Distribution):
    """OneHotCategorical: a one-hot vector; the last axis of its parameter is the event."""

    @overload
    def __init__(self, probs: _Value) -> None: ...
    @overload
    def __init__(self, *, logits: _Value) -> None: ...

class KSubset(Distribution):
    """KSubset: a vector of 0 and 1 with exactly k ones; the last axis of its parameter logits is the event."""

    def __init__(self, k: _Value, logits: _Value) -> None: ...

class Binomial(Distribution):
    """Binomial: the number of successes in total_count trials."""

    @overload
    def __init__(self, total_count: _Value, probs: _Value) -> None: ...
    @overload
    def __init__(self, total_count: _Value, *, logits: _Value) -> None: ...

class BetaBinomial(Distribution):
    """BetaBinomial: the number of successes in total_count trials whose common probability is a Beta."""

    def __init__(self, total_count: _Value, concentration1: _Value, concentration0: _Value) -> None: ...

class Multinomial(Distribution):
    """Multinomial: how often each outcome occurs in total_count trials; the last axis of probs or logits is the event."""

    @overload
    def __init__(self, total_count: _Value, probs: _Value) -> None: ...
    @overload
    def __init__(self, total_count: _Value, *, logits: _Value) -> None: ...

class DirichletMultinomial(Distribution):
    """DirichletMultinomial: a Multinomial whose probabilities are a Dirichlet; the last axis of concentration is the event."""

    def __init__(self, total_count: _Value, concentration: _Value) -> None: ...

class Geometric(Distribution):
    """Geometric: a count 0, 1, 2, ..: the failures before the first success."""

    @overload
    def __init__(self, probs: _Value) -> None: ...
    @overload
    def __init__(self, *, logits: _Value) -> None: ...

class Poisson(Distribution):
    """Poisson: a count 0, 1, 2, .. with mean and variance rate."""

    def __init__(self, rate: _Value) -> None: ...

class NegativeBinomial(Distribution):
    """NegativeBinomial: a count 0, 1, 2, ..: the successes before total_count failures."""

    @overload
    def __init__(self, total_count: _Value, probs: _Value) -> None: ...
    @overload
    def __init__(self, total_count: _Value, *, logits: _Value) -> None: ...

class Normal(Distribution):
    """Normal: real, with mean loc and standard deviation scale."""

    def __init__(self, loc: _Value, scale: _Value) -> None: ...

class LogNormal(Distribution):
    """LogNormal: positive: exp of a Normal."""

    def __init__(self, loc: _Value, scale: _Value) -> None: ...

class TruncatedNormal(Distribution):
    """TruncatedNormal: between low and high: a Normal with loc and scale, given that it lies there."""

    def __init__(self, loc: _Value, scale: _Value, low: _Value, high: _Value) -> None: ...

class HalfNormal(Distribution):
    """HalfNormal: positive: the absolute value of a Normal with mean 0."""

    def __init__(self, scale: _Value) -> None: ...

class Laplace(Distribution):
    """Laplace: real, density exp(-|z - loc| / scale) / (2 scale)."""

    def __init__(self, loc: _Value, scale: _Value) -> None: ...

class Logistic(Distribution):
    """Logistic: real, with distribution function sigmoid((z - loc) / scale)."""

    def __init__(self, loc: _Value, scale: _Value) -> None: ...

class Gumbel(Distribution):
    """Gumbel: real, the limit of maxima: distribution function exp(-exp(-(z - loc) / scale))."""

    def __init__(self, loc: _Value, scale: _Value) -> None: ...

class Cauchy(Distribution):
    """Cauchy: real, without mean: density 1 / (pi scale (1 + ((z - loc) / scale)^2))."""

    def __init__(self, loc: _Value, scale: _Value) -> None: ...

class HalfCauchy(Distribution):
    """HalfCauchy: positive, without mean: the absolute value of a Cauchy about 0."""

    def __init__(self, scale: _Value) -> None: ...

class Uniform(Distribution):
    """Uniform: between low and high."""

    def __init__(self, low: _Value, high: _Value) -> None: ...

class Exponential(Distribution):
    """Exponential: positive, density rate exp(-rate z)."""

    def __init__(self, rate: _Value) -> None: ...

class Weibull(Distribution):
    """Weibull: positive, P(Z > z) = exp(-(z / scale)^concentration)."""

    def __init__(self, scale: _Value, concentration: _Value) -> None: ...

class Gamma(Distribution):
    """Gamma: positive, with mean concentration / rate and variance concentration / rate^2."""

    def __init__(self, concentration: _Value, rate: _Value) -> None: ...

class Chi2(Distribution):
    """Chi2: positive: the sum of the squares of df standard normal numbers."""

    def __init__(self, df: _Value) -> None: ...

class InverseGamma(Distribution):
    """InverseGamma: positive: 1 over a Gamma with the same concentration and rate."""

    def __init__(self, concentration: _Value, rate: _Value) -> None: ...

class Pareto(Distribution):
    """Pareto: at least scale, P(Z > z) = (scale / z)^alpha."""

    def __init__(self, scale: _Value, alpha: _Value) -> None: ...

class Beta(Distribution):
    """Beta: between 0 and 1, density z^(concentration1 - 1) (1 - z)^(concentration0 - 1) / B."""

    def __init__(self, concentration1: _Value, concentration0: _Value) -> None: ...

class ContinuousBernoulli(Distribution):
    """ContinuousBernoulli: between 0 and 1, density proportional to probs^z (1 - probs)^(1 - z)."""

    @overload
    def __init__(self, probs: _Value) -> None: ...
    @overload
    def __init__(self, *, logits: _Value) -> None: ...

class Dirichlet(Distribution):
    """Dirichlet: positive numbers of sum 1; the last axis of its parameter is the event."""

    def __init__(self, concentration: _Value) -> None: ...

class StudentT(Distribution):
    """StudentT: real, with heavy tails: Student's t with df degrees of freedom."""

    def __init__(self, df: _Value, loc: _Value, scale: _Value) -> None: ...

class VonMises(Distribution):
    """VonMises: an angle between -pi and pi, density proportional to exp(concentration cos(z - loc))."""

    def __init__(self, loc: _Value, concentration: _Value) -> None: ...

class Kumaraswamy(Distribution):
    """Kumaraswamy: between 0 and 1, P(Z > z) = (1 - z^concentration1)^concentration0."""

    def __init__(self, concentration1: _Value, concentration0: _Value) -> None: ...

class MultivariateNormal(Distribution):
    """MultivariateNormal: a vector with mean loc and covariance scale_tril scale_tril^T; the last axis of loc is the event."""

    def __init__(self, loc: _Value, scale_tril: _Value) -> None: ...

class RelaxedBernoulli(Distribution):
    """RelaxedBernoulli: between 0 and 1: the binary concrete distribution."""

    def __init__(self, temperature: _Value, logits: _Value) -> None: ...

class RelaxedOneHotCategorical(Distribution):
    """RelaxedOneHotCategorical: positive numbers of sum 1: the concrete or Gumbel-softmax distribution."""

    def __init__(self, temperature: _Value, logits: _Value) -> None: ...
