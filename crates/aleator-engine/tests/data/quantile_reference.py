"""Writes quantile_reference.csv: derivatives of quantiles for the tests of exec/math/quantile (needs mpmath).

    python3 quantile_reference.py > quantile_reference.csv

Columns: function, arguments, value. The arguments are doubles, the value is exact for them. It is the difference quotient of the
distribution function with 80 digits and a step of 10^-25, divided by the density; no formula of the crate is used. The values
lie at the quantiles of the probabilities in PROBABILITIES, approximately.
"""

from mpmath import exp, log, loggamma, mp, mpf, sqrt

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


if __name__ == "__main__":
    for rows in (log_gamma_rows,):
        for name, arguments, value in rows():
            print(name, *map(repr, arguments), repr(float(value)), sep=",", flush=True)
