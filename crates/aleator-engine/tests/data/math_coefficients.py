"""Derives the polynomial coefficients of crates/aleator-engine/src/exec/math (needs mpmath, takes a minute).

Every polynomial minimises max |weight(x) (f(x) - P(x))| over its interval (Remez exchange in 50 digits, then each
coefficient is rounded on its own). Printed: the coefficients, constant term first, and the error before rounding.
"""

import struct

from mpmath import atanh, cos, erf, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 50
TINY = mpf(10) ** -30


def remez(f, weight, a, b, degree, grid=2000, iterations=15):
    """Coefficients c[0] + c[1] x + ... of the weighted minimax polynomial on [a, b], and its error."""
    a, b, n = mpf(a), mpf(b), degree + 2
    xs = [(a + b) / 2 - (b - a) / 2 * cos(pi * i / (grid - 1)) for i in range(grid)]
    fs, ws = [f(x) for x in xs], [weight(x) + TINY for x in xs]
    reference = [round(i * (grid - 1) / (n - 1)) for i in range(n)]
    best = None
    for _ in range(iterations):
        system, right = matrix(n, n), matrix(n, 1)
        for row, i in enumerate(reference):
            for power in range(degree + 1):
                system[row, power] = xs[i] ** power
            system[row, n - 1] = (-1) ** row / ws[i]
            right[row] = fs[i]
        solution = lu_solve(system, right)
        c = [solution[i] for i in range(degree + 1)]
        errors = []
        for x, fx, w in zip(xs, fs, ws):
            p = mpf(0)
            for ci in reversed(c):
                p = p * x + ci
            errors.append(w * (fx - p))
        worst = max(abs(e) for e in errors)
        if best is None or worst < best[1]:
            best = (c, worst)
        extrema = []  # the largest error of every run of one sign
        for i in range(grid):
            if extrema and (errors[i] > 0) == (errors[extrema[-1]] > 0):
                if abs(errors[i]) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > n:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        if len(extrema) < n or worst < mpf("1.001") * abs(solution[n - 1]):
            break
        reference = extrema
    return best


def shortest_f32(x):
    single = lambda v: struct.unpack("f", struct.pack("f", v))[0]
    return next(t for t in (f"{single(x):.{d}g}" for d in range(6, 18)) if single(float(t)) == single(x))


def show(name, kind, fit):
    coefficients, error = fit
    rounded = [repr(float(c)) if kind == "f64" else shortest_f32(float(c)) for c in coefficients]
    print(f"{name} {kind}: error {float(error):.1e}\n    [{', '.join(rounded)}]")


# exp(r) = 1 + r + r² Q(r), |r| ≤ log(2)/2.
half_log2 = log(2) / 2 * mpf("1.001")
q = lambda r: (expm1(r) - r) / r**2 if abs(r) > 1e-12 else mpf(1) / 2 + r / 6
for kind, degree in (("f32", 4), ("f64", 9)):
    show("exp Q", kind, remez(q, abs, -half_log2, half_log2, degree))

# log((1+s)/(1-s)) = 2s + s z T(z), z = s²; s ≤ (√2 - 1)/(√2 + 1) after reduction, s ≤ 1/3 for log1p on [0, 1].
t = lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z if z > 1e-12 else mpf(2) / 3 + z * 2 / 5
reduced = (3 - 2 * sqrt(mpf(2))) ** 2 * mpf("1.001")
for kind, degree in (("f32", 2), ("f64", 6)):
    show("log T", kind, remez(t, lambda z: z, 0, reduced, degree))
for kind, degree in (("f32", 3), ("f64", 9)):
    show("softplus T", kind, remez(t, lambda z: z, 0, mpf(1) / 9, degree))

# erf(x) = 1 - exp(-(x + x G(x))), 0 ≤ x ≤ the point where erf rounds to 1.
g = lambda x: -log(erfc(x)) / x - 1 if x > mpf(10) ** -20 else 2 / sqrt(pi) - 1
relative = lambda x: erfc(x) / erf(x) * x if x > mpf(10) ** -20 else sqrt(pi) / 2
for kind, degree, last in (("f32", 9, 4), ("f64", 24, 6)):
    show("erf G", kind, remez(g, relative, 0, last, degree))


# Φ⁻¹(p) = (p - ½) H(w), w = -log(4 p (1-p)); H as polynomials in w (w < 5) and in √w (w < 16, w ≥ 16), from the middle of each.
def quantile_over_q(w):
    if w < mpf(10) ** -20:
        return sqrt(2 * pi)
    d = sqrt(-expm1(-w))  # 1 - 2p
    p = exp(-w) / (2 * (1 + d))
    x = sqrt(max(-log(p) * 2 - 2, mpf(0)))  # x > 0 with log(erfc(x/√2)/2) = log p
    for _ in range(60):
        value = erfc(x / sqrt(2)) / 2
        step = (log(value) - log(p)) * value / (exp(-x * x / 2) / sqrt(2 * pi))
        x += step
        if abs(step) < mpf(10) ** -40:
            break
    return x / (d / 2)


for name, root, a, b in (("centre", False, 0, 5), ("tail", True, sqrt(mpf(5)), 4), ("far tail", True, 4, mpf("10.15"))):
    to_w = lambda v, m: (v + m) ** 2 if root else v + m
    middle = mpf(float(f"{float((a + b) / mpf(2)):.4g}"))
    f = lambda v: quantile_over_q(to_w(v, middle))
    show(f"quantile {name}, middle {float(middle)}", "f32", remez(f, lambda v: 1 / f(v), a - middle, b - middle, 9, grid=400))
