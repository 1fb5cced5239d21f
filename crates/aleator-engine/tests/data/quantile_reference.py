"""Writes quantile_reference.csv: derivatives of quantiles for the tests of exec/math/quantile (needs mpmath).

    python3 quantile_reference.py > quantile_reference.csv

Columns: function, arguments, value. The arguments are doubles, the value is exact for them. It is the difference quotient of the
distribution function with 80 digits and a step of 10^-25, divided by the density; no formula of the crate is used. The values
lie at the quantiles of the probabilities in PROBABILITIES, approximately.
"""

from mpmath import besseli, cos, exp, log, log1p, loggamma, mp, mpf, pi, sign, sin, sqrt

mp.dps = 80
PROBABILITIES = [("lower", p) for p in (1e-12, 1e-9, 1e-6, 1e-3, 0.02, 0.1, 0.3, 0.5)]
PROBABILITIES += [("upper", p) for p in (0.3, 0.1, 0.02, 1e-3, 1e-6, 1e-9, 1e-12)]
STEP = mpf(10) ** -25


def bisected(f, low, high):
    """A zero of an increasing function."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) < 0 else (low, middle)
    return float(low)


def normal_quantile(side, p):
    """An approximate quantile of the standard normal distribution."""
    t = sqrt(-2 * log(mpf(p)))
    x = t - (2.515517 + 0.802853 * t + 0.010328 * t**2) / (1 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3)
    return -x if side == "lower" else x


def along(parts, density, x):
    """-dF/dx over the density, where parts(x) is (F, 1 - F): the smaller one is differentiated."""
    lower, upper = parts(x)
    h = STEP * x
    which, sign = (0, -1) if lower < upper else (1, 1)
    return sign * (parts(x + h)[which] - parts(x - h)[which]) / (2 * h) / density


def lower_gamma(alpha, y):
    """P(log z < y), from its power series, all terms of which are positive."""
    z = exp(y)
    term = exp(alpha * y - z - loggamma(alpha + 1))
    total, n = term, 0
    while term > total * mp.eps:
        n += 1
        term *= z / (alpha + n)
        total += term
    return total


def log_gamma(alpha, y):
    alpha, y = mpf(alpha), mpf(y)

    def parts(a):
        lower = lower_gamma(a, y)
        return lower, 1 - lower

    return along(parts, exp(alpha * y - exp(y) - loggamma(alpha)), alpha)


def log_gamma_rows():
    for alpha in (1e-3, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999, 1.0, 1.2, 2.0, 3.5, 7.0, 20.0, 50.0, 300.0, 1e3, 1e4, 1e6):
        for side, p in PROBABILITIES:
            if alpha > 10:
                cube = 1 - 1 / (9 * mpf(alpha)) + normal_quantile(side, p) / (3 * sqrt(mpf(alpha)))
                y = float(log(alpha * cube**3)) if cube > 0.1 else float(log(alpha * mpf(0.1) ** 3))
            else:
                mp.dps = 30
                target = mpf(p) if side == "lower" else 1 - mpf(p)
                y = bisected(lambda y: log(lower_gamma(mpf(alpha), y)) - log(target), mpf(-40) / alpha - 40, mpf(5))
                mp.dps = 80
            yield "log_gamma", (alpha, y), log_gamma(alpha, y)


def lower_beta(a, b, y):
    """P(logit z < y) and its complement, from the power series on the side of 1/2 where it converges fast."""
    if y > 0:
        upper, lower = lower_beta(b, a, -y)
        return lower, upper
    x, n = 1 / (1 + exp(-y)), a + b
    term = exp(-a * log1p(exp(-y)) - b * log1p(exp(y)) + loggamma(n) - loggamma(a + 1) - loggamma(b))
    total, k = term, 0
    while term > total * mp.eps:
        term *= x * (n + k) / (a + 1 + k)
        total += term
        k += 1
    return total, 1 - total


def log_beta_density(a, b, y):
    return -a * log1p(exp(-y)) - b * log1p(exp(y)) + loggamma(a + b) - loggamma(a) - loggamma(b)


def beta_quantile(a, b, side, p):
    if side == "upper":
        return -beta_quantile(b, a, "lower", p)
    mp.dps = 30
    low, high = -(40 / mpf(a) + log(1 + mpf(b) / a) + 40), 40 / mpf(b) + log(1 + mpf(a) / b) + 40
    y = bisected(lambda y: lower_beta(mpf(a), mpf(b), y)[0] - mpf(p), low, high)
    mp.dps = 80
    return y


def logit_beta(a, b, y):
    a, b, y = mpf(a), mpf(b), mpf(y)
    return along(lambda a: lower_beta(a, b, y), exp(log_beta_density(a, b, y)), a)


def logit_beta_rows():
    concentrations = (1e-3, 0.05, 0.5, 0.9, 1.0, 3.7, 20.0, 1e3)
    pairs = [(a, b) for a in concentrations for b in concentrations if max(a, b) <= 20 or min(a, b) in (0.05, 1.0, 1e3)]
    pairs += [(1e4, 1e4), (1e6, 2.0), (2.0, 1e6), (0.01, 1e6), (1e6, 0.01)]
    for a, b in pairs:
        for side, p in (PROBABILITIES[i] for i in (0, 4, 7, 10, 14)):
            y = beta_quantile(a, b, side, p)
            yield "logit_beta", (a, b, y), logit_beta(a, b, y)


def log_student_t(nu, y):
    nu, y = mpf(nu), mpf(y)
    density = 2 * exp(log_beta_density(mpf(1) / 2, nu / 2, 2 * y - log(nu)))
    return along(lambda nu: lower_beta(mpf(1) / 2, nu / 2, 2 * y - log(nu)), density, nu)


def log_student_t_rows():
    for nu in (0.01, 0.1, 0.3, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e5, 1e6):
        for side, p in PROBABILITIES[::2]:
            y = float((beta_quantile(0.5, nu / 2, side, p) + log(mpf(nu))) / 2)
            yield "log_student_t", (nu, y), log_student_t(nu, y)


def von_mises(kappa, z):
    kappa, z = mpf(kappa), mpf(z)

    def parts(kappa):
        """P(0 < angle < |z|) and P(|z| < angle < pi), from the Fourier series."""
        total, j, ratio = abs(z) / (2 * pi), 1, mpf(1)
        while ratio > mpf(10) ** -75:
            ratio = besseli(j, kappa) / besseli(0, kappa)
            total += ratio * sin(j * abs(z)) / (j * pi)
            j += 1
        return total, mpf(1) / 2 - total

    density = exp(kappa * cos(z)) / (2 * pi * besseli(0, kappa))
    return sign(z) * along(parts, density, kappa)


def von_mises_rows():
    for kappa in (1e-6, 1e-3, 0.1, 0.5, 1.0, 2.0, 7.0, 30.0, 49.0, 51.0, 300.0, 1e3):
        width = 1 / sqrt(1 + kappa)
        for x in (1e-3, 0.3, 0.9, 1.1, 2.0, 3.1, 6.0):
            z = float(x * width)
            if z < pi:
                yield "von_mises", (kappa, -z if x == 2.0 else z), von_mises(kappa, -z if x == 2.0 else z)


if __name__ == "__main__":
    for rows in (log_gamma_rows, logit_beta_rows, log_student_t_rows, von_mises_rows):
        for name, arguments, value in rows():
            print(name, *map(repr, arguments), repr(float(value)), sep=",", flush=True)
