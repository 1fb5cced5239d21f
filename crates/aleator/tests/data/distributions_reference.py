#!/usr/bin/env python3
"""Writes distributions_reference.json: what every distribution's tests compare with.

    python3 distributions_reference.py          (needs mpmath, numpy and scipy)

Every number comes from a formula evaluated by mpmath with 60 digits, arguments taken as the exact binary64 values that the
file holds, results rounded to binary64 once. Two independent checks run before anything is written:

- SciPy's implementation agrees on log_prob, cdf, mean, variance and entropy to 1e-8, for all rows where it has one and is
  itself accurate (rows marked `scipy=False` are beyond it);
- for one row per parameter set marked `integrate=True` the density integrates (or the masses add up) to 1, and
  quadrature gives the same mean, variance, entropy and cdf.

Conventions are those of torch.distributions: Geometric counts failures before the first success, NegativeBinomial counts
successes (each with probability probs) before total_count failures, Gamma and Exponential take rates, Weibull is
(scale, concentration), Gumbel is the distribution of maxima, VonMises' mean and variance are circular
(variance 1 - I1/I0).

A row is {name, params, value, log_prob, mean, variance, entropy, cdf}.
- log_prob is the density's or the mass's natural logarithm, summed over the event; "-inf" outside the support.
- cdf is P(Z <= value); for VonMises it is P(loc - pi < Z <= value).
- null: it does not exist (a Cauchy's mean), has no scalar meaning (a vector's cdf, an index's mean) or no closed form
  that would be worth testing. "inf" and "-inf": infinite, or beyond binary64.
- entropy is in nats; differential for densities. Vectors have lists; variance is that of each element.
"""
import itertools
import json
import math
import pathlib

import mpmath as mp
import numpy as np
from scipy import stats

mp.mp.dps = 60
INF = mp.inf


def m(x):
    """The exact value of a float, or of each float in a list."""
    return [m(y) for y in x] if isinstance(x, (list, tuple)) else mp.mpf(x)


def xlogy(x, y):
    return mp.mpf(0) if x == 0 else x * mp.log(y)


def log(x):
    return mp.log(x) if x > 0 else -INF


def softplus(x):
    return mp.log1p(mp.exp(x)) if x < 60 else x + mp.log1p(mp.exp(-x))


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


class Success:
    """A probability given as probs or logits, with both logarithms at full precision."""

    def __init__(self, params):
        if "logits" in params:
            phi = m(params["logits"])
            self.p, self.q, self.log_p, self.log_q = sigmoid(phi), sigmoid(-phi), -softplus(-phi), -softplus(phi)
        else:
            self.p = m(params["probs"])
            self.q = 1 - self.p
            self.log_p, self.log_q = log(self.p), mp.log1p(-self.p) if self.p < 1 else -INF

    def p_log_p(self):
        return mp.mpf(0) if self.p == 0 else self.p * self.log_p

    def q_log_q(self):
        return mp.mpf(0) if self.q == 0 else self.q * self.log_q


class Probs:
    """A vector of probabilities given as probs (normalised) or logits."""

    def __init__(self, params):
        if "logits" in params:
            phi = m(params["logits"])
            top = max(phi)
            total = top + mp.log(sum(mp.exp(x - top) for x in phi))
            self.log_p = [x - total for x in phi]
            self.p = [mp.exp(x) for x in self.log_p]
        else:
            weights = m(params["probs"])
            self.p = [w / sum(weights) for w in weights]
            self.log_p = [log(p) for p in self.p]

    def entropy(self):
        return -sum((p * lp for p, lp in zip(self.p, self.log_p) if p > 0), mp.mpf(0))


def mass_entropy(mass, start, mean):
    """-sum p log p over start, start + 1, ..: until the terms vanish beyond the mean."""
    total, k = mp.mpf(0), start
    while True:
        log_p = mass(k)
        term = mp.exp(log_p) * log_p if log_p > -INF else mp.mpf(0)
        total -= term
        k += 1
        if k > mean + 10 and abs(term) < mp.mpf(10) ** -45 * max(1, abs(total)):
            return total


# Each function takes the parameters and returns (log_prob, mean, variance, entropy, cdf), log_prob and cdf as functions.


def bernoulli(params):
    s = Success(params)
    log_prob = lambda k: s.log_p if k == 1 else s.log_q if k == 0 else -INF
    cdf = lambda k: mp.mpf(0) if k < 0 else s.q if k < 1 else mp.mpf(1)
    return log_prob, s.p, s.p * s.q, -s.p_log_p() - s.q_log_q(), cdf


def categorical(params):
    c = Probs(params)
    return lambda k: c.log_p[int(k)] if 0 <= k < len(c.p) else -INF, None, None, c.entropy(), None


def one_hot_categorical(params):
    c = Probs(params)
    return lambda z: c.log_p[z.index(1)], c.p, [p * (1 - p) for p in c.p], c.entropy(), None


def k_subset(params):
    k, phi = int(params["k"]), m(params["logits"])
    n = len(phi)
    weight = {s: mp.exp(sum(phi[i] for i in s)) for s in itertools.combinations(range(n), k)}
    total = mp.fsum(weight.values())
    p = {s: w / total for s, w in weight.items()}
    mean = [mp.fsum(q for s, q in p.items() if i in s) for i in range(n)]
    without = [mp.fsum(q for s, q in p.items() if i not in s) for i in range(n)]
    entropy = -mp.fsum(q * mp.log(q) for q in p.values())
    log_prob = lambda z: mp.log(p[tuple(i for i in range(n) if z[i] == 1)])
    return log_prob, mean, [a * b for a, b in zip(mean, without)], entropy, None


def binomial(params):
    n, s = int(params["total_count"]), Success(params)

    def log_prob(k):
        if not 0 <= k <= n or k != int(k):
            return -INF
        power = lambda count, log_p: mp.mpf(0) if count == 0 else count * log_p
        return mp.log(mp.binomial(n, int(k))) + power(int(k), s.log_p) + power(n - int(k), s.log_q)

    entropy = -sum((mp.exp(lp) * lp for lp in map(log_prob, range(n + 1)) if lp > -INF), mp.mpf(0))
    cdf = lambda k: sum((mp.exp(log_prob(j)) for j in range(int(k) + 1)), mp.mpf(0))
    return log_prob, n * s.p, n * s.p * s.q, entropy, cdf


def beta_binomial(params):
    n, a, b = int(params["total_count"]), m(params["concentration1"]), m(params["concentration0"])

    def log_prob(k):
        if not 0 <= k <= n or k != int(k):
            return -INF
        return mp.log(mp.binomial(n, int(k))) + log_beta(k + a, n - k + b) - log_beta(a, b)

    s = a + b
    entropy = -sum((mp.exp(lp) * lp for lp in map(log_prob, range(n + 1))), mp.mpf(0))
    cdf = lambda k: sum((mp.exp(log_prob(j)) for j in range(int(k) + 1)), mp.mpf(0))
    return log_prob, n * a / s, n * a * b * (n + s) / (s**2 * (s + 1)), entropy, cdf


def compositions(n, k):
    return [(n,)] if k == 1 else [(i, *rest) for i in range(n + 1) for rest in compositions(n - i, k - 1)]


def over_compositions(n, k, log_prob):
    """log_prob with the mean, the variance and the entropy as sums over all outcomes."""
    terms = [(z, mp.exp(log_prob(z)), log_prob(z)) for z in compositions(n, k)]
    mean = [mp.fsum(p * z[i] for z, p, _ in terms) for i in range(k)]
    variance = [mp.fsum(p * (z[i] - mean[i]) ** 2 for z, p, _ in terms) for i in range(k)]
    return log_prob, mean, variance, -mp.fsum(p * l for _, p, l in terms if p > 0), None


def multinomial(params):
    n, c = int(params["total_count"]), Probs(params)

    def log_prob(z):
        if sum(z) != n:
            return -INF
        ways = mp.loggamma(n + 1) - sum(mp.loggamma(x + 1) for x in z)
        return ways + sum(x * l for x, l in zip(z, c.log_p) if x > 0)

    return over_compositions(n, len(c.p), log_prob)


def dirichlet_multinomial(params):
    n, alpha = int(params["total_count"]), m(params["concentration"])
    log_b = lambda a: sum(map(mp.loggamma, a)) - mp.loggamma(sum(a))

    def log_prob(z):
        ways = mp.loggamma(n + 1) - sum(mp.loggamma(x + 1) for x in z)
        return ways + log_b([x + a for x, a in zip(z, alpha)]) - log_b(alpha)

    return over_compositions(n, len(alpha), log_prob)


def geometric(params):
    s = Success(params)
    log_prob = lambda k: (k * s.log_q if k > 0 else mp.mpf(0)) + s.log_p if k >= 0 else -INF
    cdf = lambda k: -mp.expm1((k + 1) * s.log_q) if k >= 0 else mp.mpf(0)
    return log_prob, s.q / s.p, s.q / s.p**2, (-s.q_log_q() - s.p_log_p()) / s.p, cdf


def poisson(params):
    rate = m(params["rate"])
    log_prob = lambda k: k * mp.log(rate) - rate - mp.loggamma(k + 1) if k >= 0 else -INF
    cdf = lambda k: sum((mp.exp(log_prob(mp.mpf(j))) for j in range(int(k) + 1)), mp.mpf(0))
    return log_prob, rate, rate, mass_entropy(lambda k: log_prob(mp.mpf(k)), 0, rate), cdf


def negative_binomial(params):
    r, s = m(params["total_count"]), Success(params)

    def log_prob(k):
        if k < 0:
            return -INF
        coefficient = mp.loggamma(k + r) - mp.loggamma(k + 1) - mp.loggamma(r)
        return coefficient + r * s.log_q + (k * s.log_p if k > 0 else 0)

    mean = r * s.p / s.q
    cdf = lambda k: sum((mp.exp(log_prob(mp.mpf(j))) for j in range(int(k) + 1)), mp.mpf(0))
    return log_prob, mean, mean / s.q, mass_entropy(lambda k: log_prob(mp.mpf(k)), 0, mean), cdf


def normal(params):
    loc, scale = m(params["loc"]), m(params["scale"])
    z = lambda x: (x - loc) / scale
    log_prob = lambda x: -z(x) ** 2 / 2 - mp.log(scale) - mp.log(2 * mp.pi) / 2
    cdf = lambda x: mp.erfc(-z(x) / mp.sqrt(2)) / 2
    return log_prob, loc, scale**2, mp.log(2 * mp.pi * mp.e) / 2 + mp.log(scale), cdf


def log_normal(params):
    loc, scale = m(params["loc"]), m(params["scale"])
    inner, _, _, entropy, cdf = normal(params)
    log_prob = lambda x: inner(mp.log(x)) - mp.log(x) if x > 0 else -INF
    mean = mp.exp(loc + scale**2 / 2)
    return log_prob, mean, mp.expm1(scale**2) * mean**2, loc + entropy, lambda x: cdf(mp.log(x)) if x > 0 else mp.mpf(0)


def laplace(params):
    loc, scale = m(params["loc"]), m(params["scale"])
    log_prob = lambda x: -abs(x - loc) / scale - mp.log(2 * scale)

    def cdf(x):
        tail = mp.exp(-abs(x - loc) / scale) / 2
        return tail if x < loc else 1 - tail

    return log_prob, loc, 2 * scale**2, 1 + mp.log(2 * scale), cdf


def logistic(params):
    loc, scale = m(params["loc"]), m(params["scale"])
    z = lambda x: (x - loc) / scale
    log_prob = lambda x: -softplus(z(x)) - softplus(-z(x)) - mp.log(scale)
    return log_prob, loc, (scale * mp.pi) ** 2 / 3, mp.log(scale) + 2, lambda x: sigmoid(z(x))


def gumbel(params):
    loc, scale = m(params["loc"]), m(params["scale"])
    z = lambda x: (x - loc) / scale
    log_prob = lambda x: -z(x) - mp.exp(-z(x)) - mp.log(scale)
    cdf = lambda x: mp.exp(-mp.exp(-z(x)))
    return log_prob, loc + mp.euler * scale, (scale * mp.pi) ** 2 / 6, mp.log(scale) + mp.euler + 1, cdf


def cauchy(params):
    loc, scale = m(params["loc"]), m(params["scale"])
    log_prob = lambda x: -mp.log(mp.pi * scale) - mp.log1p(((x - loc) / scale) ** 2)
    cdf = lambda x: mp.atan2(scale, loc - x) / mp.pi
    return log_prob, None, None, mp.log(4 * mp.pi * scale), cdf


def truncated_normal(params):
    loc, scale, low, high = (m(params[key]) for key in ("loc", "scale", "low", "high"))
    a, b = (low - loc) / scale, (high - loc) / scale
    # On the side of the smaller probabilities: erfc of positive numbers, with digits for what cancels.
    mass = lambda x, y: (mp.erfc(x / mp.sqrt(2)) - mp.erfc(y / mp.sqrt(2))) / 2 if x + y >= 0 else mass(-y, -x)
    phi = lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)
    with mp.workdps(400):
        total = mass(a, b)
        first = (phi(a) - phi(b)) / total
        second = 1 + (a * phi(a) - b * phi(b)) / total - first**2
        entropy = mp.log(mp.sqrt(2 * mp.pi * mp.e) * scale * total) + (a * phi(a) - b * phi(b)) / (2 * total)
    log_prob = lambda x: -(((x - loc) / scale) ** 2) / 2 - mp.log(mp.sqrt(2 * mp.pi) * scale * total) if low <= x <= high else -INF

    def cdf(x):
        with mp.workdps(400):
            return mass(a, (min(max(x, low), high) - loc) / scale) / total

    return log_prob, loc + scale * first, scale**2 * second, entropy, cdf


def continuous_bernoulli(params):
    phi = m(params["logits"]) if "logits" in params else mp.log(m(params["probs"])) - mp.log1p(-m(params["probs"]))
    with mp.workdps(120):
        phi += 0
        mean = mp.exp(phi) / mp.expm1(phi) - 1 / phi if phi else mp.mpf(1) / 2
        variance = 1 / phi**2 - 1 / (4 * mp.sinh(phi / 2) ** 2) if phi else mp.mpf(1) / 12
        log_norm = mp.log(mp.expm1(phi) / phi) if phi else mp.mpf(0)
        entropy = log_norm - phi * mean
    log_prob = lambda x: phi * x - log_norm if 0 <= x <= 1 else -INF

    def cdf(x):
        x = min(max(x, mp.mpf(0)), mp.mpf(1))
        return mp.expm1(phi * x) / mp.expm1(phi) if phi else x

    return log_prob, mean, variance, entropy, cdf


def half_normal(params):
    scale = m(params["scale"])
    log_prob = lambda x: mp.log(2 / mp.pi) / 2 - mp.log(scale) - (x / scale) ** 2 / 2 if x >= 0 else -INF
    cdf = lambda x: mp.erf(max(x, 0) / scale / mp.sqrt(2))
    entropy = mp.log(mp.pi * mp.e / 2) / 2 + mp.log(scale)
    return log_prob, scale * mp.sqrt(2 / mp.pi), scale**2 * (1 - 2 / mp.pi), entropy, cdf


def half_cauchy(params):
    scale = m(params["scale"])
    log_prob = lambda x: mp.log(2 / mp.pi / scale) - mp.log1p((x / scale) ** 2) if x >= 0 else -INF
    return log_prob, None, None, mp.log(2 * mp.pi * scale), lambda x: 2 * mp.atan2(max(x, 0), scale) / mp.pi


def inverse_gamma(params):
    a, rate = m(params["concentration"]), m(params["rate"])
    log_prob = lambda x: a * mp.log(rate) - (a + 1) * mp.log(x) - rate / x - mp.loggamma(a) if x > 0 else -INF
    mean = rate / (a - 1) if a > 1 else INF
    variance = mean**2 / (a - 2) if a > 2 else INF
    entropy = a + mp.log(rate) + mp.loggamma(a) - (1 + a) * mp.digamma(a)
    cdf = lambda x: mp.gammainc(a, rate / x, mp.inf, regularized=True) if x > 0 else mp.mpf(0)
    return log_prob, mean, variance, entropy, cdf


def chi2(params):
    df = m(params["df"])
    log_prob = lambda x: (df / 2 - 1) * mp.log(x) - x / 2 - df / 2 * mp.log(2) - mp.loggamma(df / 2) if x > 0 else -INF
    entropy = df / 2 + mp.log(2) + mp.loggamma(df / 2) + (1 - df / 2) * mp.digamma(df / 2)
    cdf = lambda x: mp.gammainc(df / 2, 0, x / 2, regularized=True) if x > 0 else mp.mpf(0)
    return log_prob, df, 2 * df, entropy, cdf


def pareto(params):
    scale, a = m(params["scale"]), m(params["alpha"])
    log_prob = lambda x: mp.log(a) + a * mp.log(scale) - (a + 1) * mp.log(x) if x >= scale else -INF
    mean = a * scale / (a - 1) if a > 1 else INF
    variance = a * scale**2 / ((a - 1) ** 2 * (a - 2)) if a > 2 else INF
    return log_prob, mean, variance, mp.log(scale / a) + 1 + 1 / a, lambda x: 1 - (scale / max(x, scale)) ** a


def uniform(params):
    low, high = m(params["low"]), m(params["high"])
    log_prob = lambda x: -mp.log(high - low) if low <= x < high else -INF
    cdf = lambda x: min(max((x - low) / (high - low), mp.mpf(0)), mp.mpf(1))
    return log_prob, (low + high) / 2, (high - low) ** 2 / 12, mp.log(high - low), cdf


def exponential(params):
    rate = m(params["rate"])
    log_prob = lambda x: mp.log(rate) - rate * x if x >= 0 else -INF
    return log_prob, 1 / rate, 1 / rate**2, 1 - mp.log(rate), lambda x: -mp.expm1(-rate * max(x, 0))


def weibull(params):
    scale, k = m(params["scale"]), m(params["concentration"])
    log_prob = lambda x: mp.log(k / scale) + (k - 1) * mp.log(x / scale) - (x / scale) ** k if x > 0 else -INF
    mean = scale * mp.gamma(1 + 1 / k)
    variance = scale**2 * mp.gamma(1 + 2 / k) - mean**2
    entropy = mp.euler * (1 - 1 / k) + mp.log(scale / k) + 1
    return log_prob, mean, variance, entropy, lambda x: -mp.expm1(-((max(x, 0) / scale) ** k))


def gamma(params):
    a, rate = m(params["concentration"]), m(params["rate"])
    log_prob = lambda x: a * mp.log(rate) + (a - 1) * mp.log(x) - rate * x - mp.loggamma(a) if x > 0 else -INF
    entropy = a - mp.log(rate) + mp.loggamma(a) + (1 - a) * mp.digamma(a)
    cdf = lambda x: mp.gammainc(a, 0, rate * x, regularized=True) if x > 0 else mp.mpf(0)
    return log_prob, a / rate, a / rate**2, entropy, cdf


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def beta(params):
    a, b = m(params["concentration1"]), m(params["concentration0"])
    log_prob = lambda x: (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - log_beta(a, b) if 0 < x < 1 else -INF
    psi = mp.digamma
    entropy = log_beta(a, b) - (a - 1) * psi(a) - (b - 1) * psi(b) + (a + b - 2) * psi(a + b)
    cdf = lambda x: mp.betainc(a, b, 0, x, regularized=True) if 0 < x < 1 else mp.mpf(x >= 1)
    return log_prob, a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1)), entropy, cdf


def dirichlet(params):
    alpha = m(params["concentration"])
    total = sum(alpha)
    log_norm = sum(map(mp.loggamma, alpha)) - mp.loggamma(total)
    log_prob = lambda x: sum((a - 1) * mp.log(y) for a, y in zip(alpha, x)) - log_norm
    mean = [a / total for a in alpha]
    entropy = log_norm + (total - len(alpha)) * mp.digamma(total) - sum((a - 1) * mp.digamma(a) for a in alpha)
    return log_prob, mean, [p * (1 - p) / (total + 1) for p in mean], entropy, None


def student_t(params):
    df, loc, scale = m(params["df"]), m(params["loc"]), m(params["scale"])
    z = lambda x: (x - loc) / scale
    log_norm = mp.log(df) / 2 + log_beta(df / 2, mp.mpf(1) / 2) + mp.log(scale)
    log_prob = lambda x: -(df + 1) / 2 * mp.log1p(z(x) ** 2 / df) - log_norm
    entropy = (df + 1) / 2 * (mp.digamma((df + 1) / 2) - mp.digamma(df / 2)) + log_norm
    variance = scale**2 * df / (df - 2) if df > 2 else INF if df > 1 else None

    def cdf(x):
        tail = mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + z(x) ** 2), regularized=True) / 2
        return tail if x < loc else 1 - tail

    return log_prob, loc if df > 1 else None, variance, entropy, cdf


def von_mises(params):
    loc, k = m(params["loc"]), m(params["concentration"])
    log_norm = mp.log(2 * mp.pi * mp.besseli(0, k))
    ratio = mp.besseli(1, k) / mp.besseli(0, k)
    log_prob = lambda x: k * mp.cos(x - loc) - log_norm

    def cdf(x):
        # Symmetric about loc; where the density is narrow the tail is integrated, never its complement.
        z, width = abs(x - loc), 1 / mp.sqrt(1 + k)
        points = [z] + [p for p in (z + width * j for j in (1, 2, 4, 8, 16)) if p < mp.pi] + [mp.pi]
        tail = mp.quad(lambda t: mp.exp(k * mp.cos(t) - log_norm), points)
        return tail if x < loc else 1 - tail

    return log_prob, loc, 1 - ratio, log_norm - k * ratio, cdf


def kumaraswamy(params):
    a, b = m(params["concentration1"]), m(params["concentration0"])
    log_prob = lambda x: mp.log(a * b) + (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-(x**a)) if 0 < x < 1 else -INF
    moment = lambda n: b * mp.exp(log_beta(1 + n / a, b))
    harmonic = mp.digamma(b + 1) + mp.euler
    entropy = (1 - 1 / b) + (1 - 1 / a) * harmonic - mp.log(a * b)
    cdf = lambda x: -mp.expm1(b * mp.log1p(-(x**a))) if 0 < x < 1 else mp.mpf(x >= 1)
    return log_prob, moment(1), moment(2) - moment(1) ** 2, entropy, cdf


def multivariate_normal(params):
    loc, tril = m(params["loc"]), m(params["scale_tril"])
    n = len(loc)
    log_det = sum(mp.log(tril[i][i]) for i in range(n))

    def log_prob(x):
        y = []  # forward substitution: L y = x - loc
        for i in range(n):
            y.append((x[i] - loc[i] - sum(tril[i][j] * y[j] for j in range(i))) / tril[i][i])
        return -sum(t**2 for t in y) / 2 - log_det - n * mp.log(2 * mp.pi) / 2

    variance = [sum(t**2 for t in row) for row in tril]
    return log_prob, loc, variance, n * mp.log(2 * mp.pi * mp.e) / 2 + log_det, None


def relaxed_bernoulli(params):
    tau, phi = m(params["temperature"]), m(params["logits"])

    def log_prob(x):
        if not 0 < x < 1:
            return -INF
        z = tau * (mp.log(x) - mp.log1p(-x)) - phi
        return mp.log(tau) - softplus(z) - softplus(-z) - mp.log(x) - mp.log1p(-x)

    cdf = lambda x: sigmoid(tau * (mp.log(x) - mp.log1p(-x)) - phi) if 0 < x < 1 else mp.mpf(x >= 1)
    return log_prob, None, None, None, cdf


def relaxed_one_hot_categorical(params):
    tau, phi = m(params["temperature"]), m(params["logits"])
    n = len(phi)

    def log_prob(x):
        scores = [p - tau * mp.log(y) for p, y in zip(phi, x)]
        top = max(scores)
        log_sum = top + mp.log(sum(mp.exp(s - top) for s in scores))
        return mp.loggamma(n) + (n - 1) * mp.log(tau) + sum(scores) - sum(map(mp.log, x)) - n * log_sum

    return log_prob, None, None, None, None


def scipy_of(name, params):
    """SciPy's version of the same distribution, or None."""
    p = {key: np.asarray(value, float) for key, value in params.items()}
    probs = lambda: p["probs"] if "probs" in p else 1 / (1 + np.exp(-p["logits"]))
    return {
        "Bernoulli": lambda: stats.bernoulli(probs()),
        "Binomial": lambda: stats.binom(p["total_count"], probs()),
        "BetaBinomial": lambda: stats.betabinom(p["total_count"], p["concentration1"], p["concentration0"]),
        "Geometric": lambda: stats.geom(probs(), loc=-1),
        "Poisson": lambda: stats.poisson(p["rate"]),
        "NegativeBinomial": lambda: stats.nbinom(p["total_count"], 1 - probs()),
        "Normal": lambda: stats.norm(p["loc"], p["scale"]),
        "LogNormal": lambda: stats.lognorm(p["scale"], scale=np.exp(p["loc"])),
        "Laplace": lambda: stats.laplace(p["loc"], p["scale"]),
        "Logistic": lambda: stats.logistic(p["loc"], p["scale"]),
        "Gumbel": lambda: stats.gumbel_r(p["loc"], p["scale"]),
        "Cauchy": lambda: stats.cauchy(p["loc"], p["scale"]),
        "TruncatedNormal": lambda: stats.truncnorm(
            (p["low"] - p["loc"]) / p["scale"], (p["high"] - p["loc"]) / p["scale"], p["loc"], p["scale"]
        ),
        "HalfNormal": lambda: stats.halfnorm(scale=p["scale"]),
        "HalfCauchy": lambda: stats.halfcauchy(scale=p["scale"]),
        "InverseGamma": lambda: stats.invgamma(p["concentration"], scale=p["rate"]),
        "Chi2": lambda: stats.chi2(p["df"]),
        "Pareto": lambda: stats.pareto(p["alpha"], scale=p["scale"]),
        "Uniform": lambda: stats.uniform(p["low"], p["high"] - p["low"]),
        "Exponential": lambda: stats.expon(scale=1 / p["rate"]),
        "Weibull": lambda: stats.weibull_min(p["concentration"], scale=p["scale"]),
        "Gamma": lambda: stats.gamma(p["concentration"], scale=1 / p["rate"]),
        "Beta": lambda: stats.beta(p["concentration1"], p["concentration0"]),
        "Dirichlet": lambda: stats.dirichlet(p["concentration"]),
        "StudentT": lambda: stats.t(p["df"], p["loc"], p["scale"]),
        "VonMises": lambda: stats.vonmises(p["concentration"], loc=p["loc"]),
        "MultivariateNormal": lambda: stats.multivariate_normal(p["loc"], p["scale_tril"] @ p["scale_tril"].T),
    }.get(name, lambda: None)()


DISCRETE = {"Bernoulli", "Binomial", "BetaBinomial", "Geometric", "Poisson", "NegativeBinomial"}
CIRCULAR = {"VonMises"}
SUPPORT = {  # where quadrature looks: all but a negligible tail of the parameter sets that are integrated
    "Normal": (-40, 40), "Laplace": (-80, 80), "Logistic": (-80, 80), "Gumbel": (-6, 80),
    "LogNormal": (0, INF), "Exponential": (0, INF), "Weibull": (0, INF), "Gamma": (0, INF),
    "HalfNormal": (0, 40), "HalfCauchy": (0, INF), "InverseGamma": (0, INF), "Chi2": (0, INF),
    "Beta": (0, 1), "ContinuousBernoulli": (0, 1), "Kumaraswamy": (0, 1), "RelaxedBernoulli": (0, 1),
}


def check_scipy(name, params, value, row):
    reference = scipy_of(name, params)
    if reference is None:
        return
    mass = reference.logpmf if name in DISCRETE else reference.logpdf
    got = {"log_prob": mass(np.asarray(value, float))}
    if hasattr(reference, "cdf") and row["cdf"] is not None:
        got["cdf"] = reference.cdf(value)
    if name == "Dirichlet":
        got |= {"mean": reference.mean(), "variance": reference.var(), "entropy": reference.entropy()}
    elif name == "MultivariateNormal":
        got |= {"variance": np.diag(reference.cov_object.covariance), "entropy": reference.entropy()}
    elif name in CIRCULAR:
        got |= {"entropy": reference.entropy()}
    else:
        got |= {"mean": reference.mean(), "variance": reference.var(), "entropy": reference.entropy()}
    for key, theirs in got.items():
        if row[key] is not None:
            np.testing.assert_allclose(
                np.asarray(theirs, float), np.asarray(row[key], float), rtol=1e-8, atol=1e-300, err_msg=f"{name} {params} {value} {key}"
            )


def check_integral(name, params, value, exact):
    """Total, mean, variance, entropy and cdf again, from log_prob alone."""
    log_prob, mean, variance, entropy, cdf = exact
    density = lambda x: mp.exp(log_prob(x))
    if name in DISCRETE:
        top = int(params["total_count"]) + 1 if name in ("Binomial", "BetaBinomial") else 2 if name == "Bernoulli" else 4000
        points = [mp.mpf(k) for k in range(top)]
        integral = lambda f, upper=None: sum((f(x) for x in points if (upper is None or x <= upper) and density(x) > 0), mp.mpf(0))
    else:
        if name == "Pareto":
            low, high = m(params["scale"]), INF
        elif name in ("Uniform", "TruncatedNormal"):
            low, high = m(params["low"]), m(params["high"])
        elif name in CIRCULAR:
            low, high = m(params["loc"]) - mp.pi, m(params["loc"]) + mp.pi
        else:
            low, high = SUPPORT.get(name, (-INF, INF))
        inner = sorted({m(value), mean if mean is not None and name not in CIRCULAR else m(value)})

        def integral(f, upper=None):
            points = [low, *inner, high]
            if upper is not None:
                points = [x for x in points if x < upper] + [upper]
            return mp.quad(f, points)

    near = lambda a, b, what: abs(a - b) <= mp.mpf(10) ** -10 * max(1, abs(b)) or exit(f"{name} {params}: {what} {a} is not {b}")
    near(integral(density), 1, "the total")
    if mean is not None and name not in CIRCULAR:
        near(integral(lambda x: x * density(x)), mean, "the mean")
        if variance is not None and variance < INF:
            near(integral(lambda x: (x - mean) ** 2 * density(x)), variance, "the variance")
    if entropy is not None:
        near(integral(lambda x: -density(x) * log_prob(x) if density(x) > 0 else mp.mpf(0)), entropy, "the entropy")
    if cdf is not None:
        near(integral(density, m(value)), cdf(m(value)), "the cdf")


PI = math.pi
CASES = [  # (name, function, parameters, values, options)
    ("Bernoulli", bernoulli, {"probs": 0.3}, [0, 1], {"integrate": True}),
    ("Bernoulli", bernoulli, {"logits": -2.0}, [0, 1], {}),
    ("Bernoulli", bernoulli, {"logits": 0.0}, [1], {}),
    ("Bernoulli", bernoulli, {"logits": 80.0}, [0, 1], {"scipy": False}),
    ("Bernoulli", bernoulli, {"logits": -1000.0}, [0, 1], {"scipy": False}),
    ("Bernoulli", bernoulli, {"logits": 1000.0}, [0, 1], {"scipy": False}),
    ("Bernoulli", bernoulli, {"probs": 1e-300}, [0, 1], {"scipy": False}),
    ("Bernoulli", bernoulli, {"probs": 0.0}, [0, 1], {"scipy": False}),
    ("Bernoulli", bernoulli, {"probs": 1.0}, [0, 1], {"scipy": False}),
    ("Categorical", categorical, {"probs": [0.1, 0.2, 0.3, 0.4]}, [0, 3], {}),
    ("Categorical", categorical, {"logits": [0.5, -1.0, 2.0]}, [0, 1, 2], {}),
    ("Categorical", categorical, {"logits": [-1000.0, 1000.0, 0.0]}, [0, 1, 2], {}),
    ("Categorical", categorical, {"probs": [0.0, 0.25, 0.75]}, [0, 2], {}),
    ("OneHotCategorical", one_hot_categorical, {"probs": [0.1, 0.2, 0.3, 0.4]}, [[1, 0, 0, 0], [0, 0, 1, 0]], {}),
    ("OneHotCategorical", one_hot_categorical, {"logits": [0.5, -1.0, 2.0]}, [[0, 1, 0], [0, 0, 1]], {}),
    ("OneHotCategorical", one_hot_categorical, {"logits": [-1000.0, 1000.0, 0.0]}, [[1, 0, 0], [0, 1, 0]], {}),
    ("KSubset", k_subset, {"k": 2, "logits": [0.2, -0.5, 1.0, 0.3]}, [[1, 1, 0, 0], [0, 0, 1, 1]], {"scipy": False}),
    ("KSubset", k_subset, {"k": 3, "logits": [0.4, 0.4, -1.0, 0.0, 0.7]}, [[1, 1, 0, 0, 1], [0, 1, 1, 1, 0]], {"scipy": False}),
    ("KSubset", k_subset, {"k": 2, "logits": [300.0, -300.0, -301.0, 2.0]}, [[1, 0, 0, 1], [1, 1, 0, 0]], {"scipy": False}),
    ("KSubset", k_subset, {"k": 3, "logits": [0.3, 0.0, -1.0]}, [[1, 1, 1]], {"scipy": False}),
    ("Binomial", binomial, {"total_count": 10, "probs": 0.3}, [0, 3, 10], {"integrate": True}),
    ("Binomial", binomial, {"total_count": 100, "logits": 1.5}, [50, 82, 100], {}),
    ("Binomial", binomial, {"total_count": 5, "logits": -200.0}, [0, 1, 5], {"scipy": False}),
    ("Binomial", binomial, {"total_count": 4, "probs": 1.0}, [3, 4], {"scipy": False}),
    ("BetaBinomial", beta_binomial, {"total_count": 10, "concentration1": 2.0, "concentration0": 3.5}, [0, 3, 10], {"integrate": True}),
    ("BetaBinomial", beta_binomial, {"total_count": 100, "concentration1": 0.5, "concentration0": 0.25}, [0, 50, 82, 100], {}),
    ("BetaBinomial", beta_binomial, {"total_count": 7, "concentration1": 1e6, "concentration0": 2e6}, [0, 3], {"scipy": False}),
    ("BetaBinomial", beta_binomial, {"total_count": 5, "concentration1": 1e-3, "concentration0": 2.0}, [0, 5], {"scipy": False}),
    ("Multinomial", multinomial, {"total_count": 6, "probs": [0.5, 1.5, 1.0]}, [[1, 3, 2], [6, 0, 0], [1, 2, 2]], {"scipy": False}),
    ("Multinomial", multinomial, {"total_count": 4, "logits": [0.5, -1.0, 2.0]}, [[1, 1, 2], [0, 4, 0]], {"scipy": False}),
    ("Multinomial", multinomial, {"total_count": 4, "logits": [-300.0, 0.0, 300.0]}, [[1, 1, 2], [0, 0, 4]], {"scipy": False}),
    ("DirichletMultinomial", dirichlet_multinomial, {"total_count": 6, "concentration": [0.5, 2.0, 3.5]}, [[1, 3, 2], [6, 0, 0]], {"scipy": False}),
    ("DirichletMultinomial", dirichlet_multinomial, {"total_count": 5, "concentration": [1e-3, 1e5, 2e5]}, [[0, 2, 3], [1, 2, 2]], {"scipy": False}),
    ("Geometric", geometric, {"probs": 0.3}, [0, 1, 10], {"integrate": True}),
    ("Geometric", geometric, {"logits": -3.0}, [0, 40], {}),
    ("Geometric", geometric, {"probs": 1e-6}, [0, 1000000], {"scipy": False}),
    ("Geometric", geometric, {"probs": 1.0}, [0, 1], {"scipy": False}),
    ("Poisson", poisson, {"rate": 3.5}, [0, 3, 20], {"integrate": True}),
    ("Poisson", poisson, {"rate": 1e-3}, [0, 1], {}),
    ("Poisson", poisson, {"rate": 1000.0}, [900, 1000, 1100], {}),
    ("NegativeBinomial", negative_binomial, {"total_count": 5, "probs": 0.3}, [0, 2, 10], {"integrate": True}),
    ("NegativeBinomial", negative_binomial, {"total_count": 2.5, "logits": 1.0}, [0, 7, 40], {}),
    ("NegativeBinomial", negative_binomial, {"total_count": 3, "logits": -50.0}, [0, 1], {"scipy": False}),
    ("Normal", normal, {"loc": 0.0, "scale": 1.0}, [0.0, 1.5, -8.0, -30.0, 38.0], {"integrate": True}),
    ("Normal", normal, {"loc": -1.25, "scale": 0.5}, [-1.0, 3.0], {}),
    ("Normal", normal, {"loc": 1e3, "scale": 1e-3}, [1000.002], {}),
    ("Normal", normal, {"loc": 0.0, "scale": 1e100}, [-1e101], {"scipy": False}),
    ("LogNormal", log_normal, {"loc": 0.0, "scale": 1.0}, [0.5, 1.0, 20.0, -1.0], {"integrate": True}),
    ("LogNormal", log_normal, {"loc": -1.0, "scale": 0.25}, [0.3, 1e-3], {}),
    ("LogNormal", log_normal, {"loc": 2.0, "scale": 1e-4}, [7.389], {"scipy": False}),
    ("LogNormal", log_normal, {"loc": 1.0, "scale": 10.0}, [1e-12, 1e12], {"scipy": False}),
    ("Laplace", laplace, {"loc": 0.0, "scale": 1.0}, [0.0, 2.0, -40.0], {"integrate": True}),
    ("Laplace", laplace, {"loc": 1.5, "scale": 0.2}, [1.4, 3.0, -100.0], {}),
    ("Logistic", logistic, {"loc": 0.0, "scale": 1.0}, [0.0, 3.0, -50.0, 800.0, -800.0], {"integrate": True, "scipy": False}),
    ("Logistic", logistic, {"loc": -2.0, "scale": 0.3}, [-2.5, 1.0], {}),
    ("Gumbel", gumbel, {"loc": 0.0, "scale": 1.0}, [0.0, 2.0, -5.0, 700.0], {"integrate": True}),
    ("Gumbel", gumbel, {"loc": 1.0, "scale": 2.5}, [-3.0, 10.0], {}),
    ("Cauchy", cauchy, {"loc": 0.0, "scale": 1.0}, [0.0, 1.0, -1e10], {"scipy": False}),
    ("Cauchy", cauchy, {"loc": 0.5, "scale": 0.1}, [0.0, 4.0], {"integrate": True}),
    ("TruncatedNormal", truncated_normal, {"loc": 0.3, "scale": 1.2, "low": -1.0, "high": 2.0}, [0.5, -0.75, 1.9, 3.0], {"integrate": True}),
    ("TruncatedNormal", truncated_normal, {"loc": 0.0, "scale": 1.0, "low": 30.0, "high": 31.0}, [30.03125, 30.5], {"scipy": False}),
    ("TruncatedNormal", truncated_normal, {"loc": 0.0, "scale": 1.0, "low": -90.0, "high": -30.0}, [-30.03125, -31.0], {"scipy": False}),
    ("TruncatedNormal", truncated_normal, {"loc": 0.0, "scale": 1.0, "low": -30.0, "high": 30.0}, [0.5, -20.0], {"scipy": False}),
    ("TruncatedNormal", truncated_normal, {"loc": -2.0, "scale": 0.5, "low": -0.25, "high": 40.0}, [0.0, 2.0], {}),
    ("TruncatedNormal", truncated_normal, {"loc": 1.5, "scale": 2.0, "low": -20.0, "high": 0.5}, [0.25, -4.0], {}),
    ("TruncatedNormal", truncated_normal, {"loc": 0.0, "scale": 1.0, "low": 2.0, "high": 2.0009765625}, [2.00048828125], {"scipy": False}),
    ("HalfNormal", half_normal, {"scale": 1.0}, [0.0, 1.5, 30.0], {"integrate": True}),
    ("HalfNormal", half_normal, {"scale": 0.25}, [0.5, -1.0], {}),
    ("HalfNormal", half_normal, {"scale": 1e100}, [1e99], {"scipy": False}),
    ("HalfCauchy", half_cauchy, {"scale": 1.0}, [0.0, 1.0, 1e10], {"integrate": True}),
    ("HalfCauchy", half_cauchy, {"scale": 0.1}, [4.0, -1.0], {}),
    ("InverseGamma", inverse_gamma, {"concentration": 3.5, "rate": 2.0}, [0.5, 0.02, 40.0], {"integrate": True}),
    ("InverseGamma", inverse_gamma, {"concentration": 0.1, "rate": 3.0}, [0.5, 1e10, -1.0], {"scipy": False}),
    ("InverseGamma", inverse_gamma, {"concentration": 1.5, "rate": 0.5}, [1.0], {"scipy": False}),
    ("InverseGamma", inverse_gamma, {"concentration": 1000.0, "rate": 10.0}, [0.01, 0.011, 0.009], {}),
    ("InverseGamma", inverse_gamma, {"concentration": 1e-3, "rate": 1.0}, [1e100, 0.5], {"scipy": False}),
    ("Chi2", chi2, {"df": 3.0}, [0.5, 2.0, 40.0], {"integrate": True}),
    ("Chi2", chi2, {"df": 0.2}, [1e-10, 0.05, -1.0], {}),
    ("Chi2", chi2, {"df": 2000.0}, [1900.0, 2000.0], {}),
    ("Pareto", pareto, {"scale": 1.5, "alpha": 3.0}, [2.5, 1.75, 1e5], {"integrate": True}),
    ("Pareto", pareto, {"scale": 0.5, "alpha": 30.0}, [0.625, 0.25], {}),
    ("Pareto", pareto, {"scale": 1e3, "alpha": 1.5}, [1e4], {"scipy": False}),
    ("Pareto", pareto, {"scale": 1e-3, "alpha": 0.25}, [1e9], {"scipy": False}),
    ("Uniform", uniform, {"low": 0.0, "high": 1.0}, [0.25, 1.5], {"integrate": False}),
    ("Uniform", uniform, {"low": -3.0, "high": 0.5}, [-2.5, -4.0], {}),
    ("Uniform", uniform, {"low": -3.0, "high": 0.5}, [-1.0], {"integrate": True}),
    ("Exponential", exponential, {"rate": 1.0}, [1.0, 50.0], {"integrate": True}),
    ("Exponential", exponential, {"rate": 2.5}, [0.0, 0.1, 3.0, -1.0], {}),
    ("Exponential", exponential, {"rate": 1e-8}, [1e-3, 1e9], {}),
    ("Weibull", weibull, {"scale": 1.0, "concentration": 2.0}, [0.5, 3.0], {"integrate": True}),
    ("Weibull", weibull, {"scale": 2.5, "concentration": 0.7}, [0.1, 10.0, -1.0], {}),
    ("Weibull", weibull, {"scale": 0.1, "concentration": 20.0}, [0.09, 0.11], {}),
    ("Gamma", gamma, {"concentration": 2.0, "rate": 1.0}, [0.5, 2.0, 40.0], {"integrate": True}),
    ("Gamma", gamma, {"concentration": 0.1, "rate": 3.0}, [1e-10, 0.05, 2.0], {}),
    ("Gamma", gamma, {"concentration": 1.0, "rate": 0.5}, [1.0], {}),
    ("Gamma", gamma, {"concentration": 1000.0, "rate": 10.0}, [90.0, 100.0, 110.0], {}),
    ("Gamma", gamma, {"concentration": 1e-3, "rate": 1.0}, [1e-200, 0.5], {}),
    ("Beta", beta, {"concentration1": 2.0, "concentration0": 3.0}, [0.4, 0.999], {"integrate": True}),
    ("Beta", beta, {"concentration1": 0.5, "concentration0": 0.5}, [1e-6, 0.5], {}),
    ("Beta", beta, {"concentration1": 0.1, "concentration0": 0.3}, [1e-12, 0.7], {}),
    ("Beta", beta, {"concentration1": 200.0, "concentration0": 300.0}, [0.3, 0.4, 0.5], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"probs": 0.3}, [0.25, 0.0, 1.0, 1.5], {"integrate": True}),
    ("ContinuousBernoulli", continuous_bernoulli, {"probs": 0.5}, [0.25], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"probs": 0.5000001}, [0.75], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"probs": 1e-12}, [0.01], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"logits": 0.0}, [0.5, 0.125], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"logits": 1e-8}, [0.5, 0.125], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"logits": -2.0}, [0.5, 0.875], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"logits": 1.9}, [0.5, 0.875], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"logits": -1000.0}, [0.001, 0.5], {}),
    ("ContinuousBernoulli", continuous_bernoulli, {"logits": 700.0}, [0.999, 0.5], {}),
    ("Dirichlet", dirichlet, {"concentration": [1.0, 1.0, 1.0]}, [[0.25, 0.25, 0.5]], {}),
    ("Dirichlet", dirichlet, {"concentration": [0.5, 2.0, 3.5]}, [[0.125, 0.375, 0.5], [0.9375, 0.03125, 0.03125]], {}),
    ("Dirichlet", dirichlet, {"concentration": [0.01, 0.02, 0.03, 100.0]}, [[0.0625, 0.0625, 0.125, 0.75]], {}),
    ("StudentT", student_t, {"df": 3.0, "loc": 0.0, "scale": 1.0}, [0.0, 1.5, -20.0], {"integrate": True}),
    ("StudentT", student_t, {"df": 1.0, "loc": 0.0, "scale": 1.0}, [2.0], {}),
    ("StudentT", student_t, {"df": 1.5, "loc": 1.0, "scale": 2.0}, [-4.0], {}),
    ("StudentT", student_t, {"df": 30.0, "loc": -0.5, "scale": 0.25}, [0.0, -3.0], {}),
    ("StudentT", student_t, {"df": 1e4, "loc": 0.0, "scale": 1.0}, [1.5, -4.0], {}),
    ("VonMises", von_mises, {"loc": 0.0, "concentration": 1.0}, [0.0, 1.0, -3.0], {"integrate": True}),
    ("VonMises", von_mises, {"loc": 0.5, "concentration": 4.0}, [0.0, 2.0], {}),
    ("VonMises", von_mises, {"loc": -1.0, "concentration": 1e-3}, [1.0], {"scipy": False}),
    ("VonMises", von_mises, {"loc": 0.0, "concentration": 800.0}, [0.05, -0.1], {"scipy": False}),
    ("Kumaraswamy", kumaraswamy, {"concentration1": 2.0, "concentration0": 3.0}, [0.4, 0.99], {"integrate": True}),
    ("Kumaraswamy", kumaraswamy, {"concentration1": 0.5, "concentration0": 0.5}, [1e-6, 0.5], {}),
    ("Kumaraswamy", kumaraswamy, {"concentration1": 1.0, "concentration0": 1.0}, [0.7], {}),
    ("Kumaraswamy", kumaraswamy, {"concentration1": 30.0, "concentration0": 8.0}, [0.5, 0.9], {}),
    ("MultivariateNormal", multivariate_normal, {"loc": [0.0, 0.0], "scale_tril": [[1.0, 0.0], [0.0, 1.0]]}, [[0.5, -1.0]], {}),
    ("MultivariateNormal", multivariate_normal, {"loc": [1.0, -2.0, 0.5], "scale_tril": [[0.5, 0.0, 0.0], [1.25, 2.0, 0.0], [-0.75, 0.25, 0.125]]}, [[1.0, -2.0, 0.5], [0.0, 1.0, 2.0]], {}),
    ("MultivariateNormal", multivariate_normal, {"loc": [0.0, 0.0], "scale_tril": [[1.0, 0.0], [1.0, 0.0009765625]]}, [[0.5, 0.501]], {"scipy": False}),
    ("RelaxedBernoulli", relaxed_bernoulli, {"temperature": 0.5, "logits": 0.0}, [0.25, 0.5], {"integrate": True}),
    ("RelaxedBernoulli", relaxed_bernoulli, {"temperature": 1.0, "logits": 1.5}, [0.9], {}),
    ("RelaxedBernoulli", relaxed_bernoulli, {"temperature": 0.1, "logits": -2.0}, [1e-10, 0.5, 0.999], {}),
    ("RelaxedBernoulli", relaxed_bernoulli, {"temperature": 0.5, "logits": 80.0}, [0.5, 1e-100], {}),
    ("RelaxedOneHotCategorical", relaxed_one_hot_categorical, {"temperature": 0.5, "logits": [0.5, -1.0, 2.0]}, [[0.25, 0.25, 0.5], [0.0625, 0.0625, 0.875]], {}),
    ("RelaxedOneHotCategorical", relaxed_one_hot_categorical, {"temperature": 1.0, "logits": [0.0, 0.0]}, [[0.25, 0.75]], {}),
    ("RelaxedOneHotCategorical", relaxed_one_hot_categorical, {"temperature": 0.1, "logits": [-30.0, 0.0, 30.0, 1.0]}, [[0.125, 0.25, 0.5, 0.125]], {}),
]


def to_json(x):
    if x is None or isinstance(x, str):
        return x
    if isinstance(x, (list, tuple)):
        return [to_json(y) for y in x]
    x = float(x)
    return x if math.isfinite(x) else ("inf" if x > 0 else "-inf" if x < 0 else exit("a result is nan"))


def check_relaxed():
    """RelaxedOneHotCategorical of two classes is RelaxedBernoulli with the difference of the logits."""
    for tau, phi, x in [(0.5, [0.5, -1.0], 0.25), (0.1, [3.0, 1.0], 0.75)]:
        pair = relaxed_one_hot_categorical({"temperature": tau, "logits": phi})[0]([m(x), m(1 - x)])
        single = relaxed_bernoulli({"temperature": tau, "logits": phi[0] - phi[1]})[0](m(x))
        assert abs(pair - single) < 1e-40, (pair, single)
    # And over three classes it integrates to 1.
    three = relaxed_one_hot_categorical({"temperature": 1.0, "logits": [0.5, -0.5, 0.25]})[0]
    mp.mp.dps = 15
    total = mp.quad(lambda x: mp.quad(lambda y: mp.exp(three([x, y * (1 - x), (1 - y) * (1 - x)])) * (1 - x), [0, 1]), [0, 1])
    assert abs(total - 1) < 1e-8, total
    mp.mp.dps = 60


def main():
    rows = []
    for name, function, params, values, options in CASES:
        exact = function(params)
        log_prob, mean, variance, entropy, cdf = exact
        if options.get("integrate"):
            mp.mp.dps = 30
            check_integral(name, params, values[0], function(params))
            mp.mp.dps = 60
        for value in values:
            row = {
                "name": name, "params": params, "value": value, "log_prob": log_prob(m(value)), "mean": mean, "variance": variance,
                "entropy": entropy, "cdf": cdf(m(value)) if cdf else None,
            }
            row = {key: to_json(x) if key not in ("name", "params", "value") else x for key, x in row.items()}
            if options.get("scipy", True):
                check_scipy(name, params, value, row)
            rows.append(row)
    check_relaxed()
    text = "[\n" + ",\n".join(json.dumps(row, allow_nan=False) for row in rows) + "\n]\n"
    pathlib.Path(__file__).with_suffix(".json").write_text(text)
    print(f"{len(rows)} rows of {len({row['name'] for row in rows})} distributions, {len(text)} bytes")


main()
