"""Writes math_reference.csv: arguments and exact values for the tests of exec/math (needs mpmath).

    python3 math_reference.py [random points per function and format] > math_reference.csv

Columns: function, format (32 or 64), argument, value, rest. The argument is a number of the format, the exact result is
value + rest to about 32 digits; rest is left out where it does not matter (f32, or a result that is 0 or infinite).
"""

import math
import random
import struct
import sys

from mpmath import mp, mpf
import mpmath

mp.dps = 60
POINTS = int(sys.argv[1]) if len(sys.argv) > 1 else 70
random.seed(20240607)


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def quantile(p):
    """x with Φ(x) = p, by Newton's method on log Φ in the lower tail."""
    if p > 0.5:
        return -quantile(1 - mpf(p))
    p = mpf(p)
    if p == 0.5:
        return mpf(0)
    x = mpmath.sqrt(max(-2 * mpmath.log(p) - 2, mpf(0)))
    for _ in range(100):
        tail = mpmath.erfc(x / mpmath.sqrt(2)) / 2
        step = mpmath.log(tail / p) * tail * mpmath.sqrt(2 * mpmath.pi) * mpmath.exp(x * x / 2)
        x += step
        if abs(step) <= abs(x) * mpf(10) ** -45:
            break
    return -x


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


def uniform(low, high):
    return lambda: random.uniform(low, high)


def magnitudes(low, high, signed=True):
    """Numbers of either sign whose logarithm to base 2 is uniform."""
    return lambda: 2 ** random.uniform(low, high) * (random.choice((-1, 1)) if signed else 1)


SMALLEST = {32: 2.0**-149, 64: 2.0**-1074}
NORMAL = {32: 2.0**-126, 64: 2.0**-1022}
LARGEST = {32: (2 - 2.0**-23) * 2.0**127, 64: (2 - 2.0**-52) * 2.0**1023}
EXPONENT = {32: 126, 64: 1022}
EXP_RANGE = {32: (-104, 89), 64: (-746, 710)}
EPSILON = {32: 2.0**-24, 64: 2.0**-53}


def functions(bits):
    """Name, exact function, generators of arguments, further arguments."""
    e, (low, high) = EXPONENT[bits], EXP_RANGE[bits]
    tiny = [SMALLEST[bits], -SMALLEST[bits], NORMAL[bits], -NORMAL[bits], EPSILON[bits], -EPSILON[bits]]
    exp_edges = {32: [88.72283, 88.72284, -87.33654, -87.33655, -103.97, -103.98], 64: [709.782712893384, 709.7827128933841, -708.3964185322641, -745.13, -745.14]}[bits]
    halves = [0.34657359, 0.3465736, -0.34657359, -0.3465736, 1.0397208, -1.0397208]
    near_one = [1 - EPSILON[bits], 1 + 2 * EPSILON[bits], 1.0, 2.0, 0.5, 0.70710678, 0.7071068, 1.4142135, 1.4142136]
    small = magnitudes(-40, 0)
    yield "exp", mpmath.exp, [uniform(low, high), uniform(-2, 2), small], tiny + exp_edges + halves + [0.0, 1.0, -1.0]
    yield "expm1", mpmath.expm1, [uniform(-50, high), uniform(-2, 2), small], tiny + halves + [exp_edges[0], exp_edges[1], 1.0, -1.0, -100.0, -1000.0]
    yield "log", mpmath.log, [magnitudes(-e, e, False), uniform(0.5, 2), magnitudes(-e - 20, -e, False)], [SMALLEST[bits], NORMAL[bits], LARGEST[bits]] + near_one
    yield "log1p", mpmath.log1p, [magnitudes(-40, e, False), uniform(-1, 1), small], tiny + [EPSILON[bits] - 1, -0.29289323, -0.2928932, 0.41421357, 0.4142135, 1.0, 2.0, LARGEST[bits], -0.5]
    yield "sigmoid", lambda x: 1 / (1 + mpmath.exp(-x)), [uniform(low, -low), uniform(-5, 5), small], tiny + exp_edges + [1000.0, -1000.0, 40.0, -40.0]
    yield "softplus", softplus, [uniform(low, -low), uniform(-5, 5), small], tiny + exp_edges + [1000.0, -1000.0, LARGEST[bits]]
    yield "tanh", mpmath.tanh, [uniform(-22, 22), uniform(-2, 2), small], tiny + [1.0, -1.0, 0.17328679, 0.1732868, 100.0, -1000.0]
    yield "erf", mpmath.erf, [uniform(-6, 6), uniform(-1.5, 1.5), small], tiny + [1.0, -1.0, 3.9, 4.1, 5.9, 6.1, 30.0]
    yield "normal_quantile", quantile, [uniform(0, 1), uniform(0, 0.1), magnitudes(-e, 0, False), lambda: 1 - 2 ** random.uniform(math.log2(EPSILON[bits]), -1)], [SMALLEST[bits], NORMAL[bits], EPSILON[bits], 1 - EPSILON[bits], 0.5 - EPSILON[bits], 0.5, 0.075, 0.925]
    yield "lgamma", mpmath.loggamma, [uniform(0, 5), uniform(0, 200), magnitudes(-e, e - 10, False)], [1.0, 2.0, 0.5]
    yield "digamma", mpmath.digamma, [uniform(0, 5), uniform(1.3, 1.6), uniform(0, 200)], [1.0, 0.5, 1e-30, 1.4616321]
    yield "trigamma", lambda x: mpmath.psi(1, x), [uniform(0, 5), uniform(0, 200)], [1.0, 0.5, 1e-15]
    yield "pentagamma", lambda x: mpmath.psi(3, x), [uniform(0, 5), uniform(0, 200)], [1.0, 0.5]
    yield "sin", mpmath.sin, [uniform(-10, 10), magnitudes(-40, e)], tiny[:4] + [LARGEST[bits]]
    yield "cos", mpmath.cos, [uniform(-10, 10), magnitudes(-40, e)], tiny[:4] + [LARGEST[bits]]
    yield "tan", mpmath.tan, [uniform(-10, 10), magnitudes(-40, e)], tiny[:4] + [LARGEST[bits]]
    # The exponents are simple enough to be named.
    for y in (-2.5, -1.0, 0.5, 2.0, 3.0, 4.0, 7.0):
        yield f"pow {y}", lambda x: x**y, [magnitudes(-12, 12, False)], [0.5, 2.0]


def rounded(y, bits):
    """The exact y as a double, and what remains; infinite beyond the format."""
    if abs(y) >= mpf(2 - EPSILON[bits]) * mpf(2) ** (127 if bits == 32 else 1023):
        return math.copysign(math.inf, y), 0.0
    value = float(y)
    return value, float(y - mpf(value))


for bits in (32, 64):
    for name, f, generators, further in functions(bits):
        arguments = list(further)
        share = POINTS if not name.startswith("pow") else POINTS // 7
        for i in range(share):
            arguments.append(generators[i % len(generators)]())
        for x in arguments:
            if bits == 32:
                if abs(x) > LARGEST[32]:
                    continue
                x = single(x)
            if (name == "normal_quantile" and not 0 < x < 1) or (name == "log1p" and x <= -1):
                continue
            value, rest = rounded(f(mpf(x)), bits)
            negligible = bits == 32 or rest == 0 or math.isinf(value)
            print(f"{name},{bits},{x!r},{value!r},{'' if negligible else f'{rest:.3g}'}")
