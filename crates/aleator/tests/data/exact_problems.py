#!/usr/bin/env python3
"""Writes exact_problems.json: small stochastic graphs with their exact objective and gradient.

    python3 exact_problems.py          (needs mpmath)

Nothing here knows how aleator works. Each problem is written twice: as a .scg file and as a Python function of its
parameters that adds up all outcomes, value times probability. A normal variable is summed over the nodes of the trapezoidal
rule on 13 standard deviations either way, which for the smooth costs used here is exact to far more digits than are written
(the step is halved to prove it). Gradients are central differences of these sums with 50 digits: step 1e-12, error about 1e-24.
Parameters are the binary64 numbers of the file; constants inside a cost are taken as decimals, so a program that reads them
as binary64 differs in the sixteenth digit.

A problem is {name, method, scg, objective, gradient: {parameter: {shape, values}}}, values flat and row-major, rounded
to binary64. None of the graphs names an estimator.
"""
import itertools
import json
import pathlib

import mpmath as mp

mp.mp.dps = 50
REACH = 13
step = mp.mpf(1) / 5


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x))


def softmax(phi):
    weights = [mp.exp(x) for x in phi]
    return [w / sum(weights) for w in weights]


def bernoulli(logit):
    """Outcomes of one coin with their probabilities."""
    return [(0, sigmoid(-logit)), (1, sigmoid(logit))]


def coins(logits):
    """Outcomes of independent coins: (tuple of 0 and 1, probability)."""
    for joint in itertools.product(*map(bernoulli, logits)):
        yield tuple(b for b, _ in joint), mp.fprod(p for _, p in joint)


def normal(loc, scale):
    """Nodes and weights that replace a normal variable."""
    count = int(REACH / step)
    for j in range(-count, count + 1):
        x = j * step
        yield loc + scale * x, step * mp.exp(-(x**2) / 2) / mp.sqrt(2 * mp.pi)


def expect(outcomes, cost):
    return mp.fsum(p * cost(z) for z, p in outcomes)


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b))


def times(row, matrix):
    """row @ matrix"""
    return [dot(row, column) for column in zip(*matrix)]


def add(a, b):
    return [x + y for x, y in zip(a, b)]


PROBLEMS = []


def problem(name, method, scg, **params):
    """Registers the function under it as the objective of `scg`, in which $x stands for the value of parameter x."""

    def register(objective):
        text = scg.strip() + "\n"
        for key, value in params.items():
            assert f"${key}" in text, key
            text = text.replace(f"${key}", json.dumps(value))
        assert "$" not in text, text
        PROBLEMS.append((name, method, text, params, objective))
        return objective

    return register


@problem("one coin", "enumeration", """
param theta = $theta
b ~ Bernoulli(logits = theta)
cost loss = (b - 0.45)^2
""", theta=-0.7)
def _(theta):
    return expect(bernoulli(theta), lambda b: (b - mp.mpf("0.45")) ** 2)


@problem("a probability that is a map of the parameter", "enumeration", """
param x = $x
b ~ Bernoulli(0.1 + 0.8 * sigmoid(x)^2)
cost loss = 2 * b - b * x
""", x=0.4)
def _(x):
    p = mp.mpf("0.1") + mp.mpf("0.8") * sigmoid(x) ** 2
    return p * (2 - x)


@problem("coins with a cost each", "enumeration", """
param phi = $phi
b ~ Bernoulli(logits = phi)
cost loss = (b - [0.3, 0.6, 0.45])^2
""", phi=[0.2, -0.4, 1.0])
def _(phi):
    targets = [mp.mpf("0.3"), mp.mpf("0.6"), mp.mpf("0.45")]
    return expect(coins(phi), lambda b: sum((x - t) ** 2 for x, t in zip(b, targets)))


@problem("coins with one cost together", "enumeration", """
param phi = $phi
b ~ Bernoulli(logits = phi)
cost loss = (sum(b) - 1.2)^2 + prod(b)
cost single = 0.5 * b[0]
""", phi=[0.2, -0.4, 1.0])
def _(phi):
    return expect(coins(phi), lambda b: (sum(b) - mp.mpf("1.2")) ** 2 + b[0] * b[1] * b[2] + mp.mpf("0.5") * b[0])


@problem("a cost that depends on the parameters directly", "enumeration", """
param theta = $theta
param w = $w
b ~ Bernoulli(logits = theta)
cost fit = (w * b - 0.3)^2 * exp(-theta)
cost size = 0.1 * w^2 + theta
""", theta=0.6, w=1.3)
def _(theta, w):
    fit = lambda b: (w * b - mp.mpf("0.3")) ** 2 * mp.exp(-theta)
    return expect(bernoulli(theta), fit) + mp.mpf("0.1") * w**2 + theta


@problem("a batch of two rows of three coins", "enumeration", """
param phi = $phi
data x : [3] = [1, -2, 0.5]
b ~ Bernoulli(logits = phi)
cost row = (sum(b * x, axis = 1) - [0.4, -1])^2
""", phi=[[0.1, -0.3, 0.8], [1.2, 0.0, -0.9]])
def _(phi):
    x = [1, -2, mp.mpf("0.5")]
    rows = zip(phi, [mp.mpf("0.4"), mp.mpf(-1)])
    return mp.fsum(expect(coins(row), lambda b, t=t: (dot(b, x) - t) ** 2) for row, t in rows)


@problem("three independent copies of a coin", "enumeration", """
param theta = $theta
b ~ Bernoulli(logits = theta)[3]
cost loss = (mean(b) - 0.25)^2
""", theta=0.3)
def _(theta):
    return expect(coins([theta] * 3), lambda b: (mp.mpf(sum(b)) / 3 - mp.mpf("0.25")) ** 2)


@problem("a coin that decides the next", "enumeration", """
param u = $u
param w = $w
param v = $v
a ~ Bernoulli(logits = u)
b ~ Bernoulli(logits = w * a + v)
cost early = 3 * (a - 0.3)^2
cost late = (b - 0.6)^2
""", u=0.5, w=1.2, v=-0.7)
def _(u, w, v):
    late = lambda a: expect(bernoulli(w * a + v), lambda b: (b - mp.mpf("0.6")) ** 2)
    return expect(bernoulli(u), lambda a: 3 * (a - mp.mpf("0.3")) ** 2 + late(a))


@problem("an index with softmax parameters", "enumeration", """
param phi = $phi
k ~ Categorical(logits = phi)
cost f = dot(one_hot(k, 4), [3, -1, 2, 0.5])
""", phi=[0.3, -0.2, 0.9, 0.0])
def _(phi):
    return dot(softmax(phi), [3, -1, 2, mp.mpf("0.5")])


@problem("an index that decides a coin", "enumeration", """
param phi = $phi
param w = $w
k ~ Categorical(softmax(phi))
b ~ Bernoulli(logits = dot(one_hot(k, 3), w))
cost f = where(k == 2, 3, k) * b + 0.5 * (k - 1)^2 * (1 - b)
""", phi=[0.1, 0.7, -0.5], w=[1.0, -0.4, 0.25])
def _(phi, w):
    total = mp.mpf(0)
    for k, p in enumerate(softmax(phi)):
        first = 3 if k == 2 else k
        total += p * expect(bernoulli(w[k]), lambda b: first * b + mp.mpf("0.5") * (k - 1) ** 2 * (1 - b))
    return total


@problem("a batch of two one-hot vectors", "enumeration", """
param phi = $phi
param v = $v
z ~ OneHotCategorical(logits = phi)
cost f = (sum(z * v, axis = 1) - [0.2, 1.1])^2
""", phi=[[0.5, -1.0, 0.2], [0.0, 0.4, -0.3]], v=[1.0, -0.5, 2.0])
def _(phi, v):
    targets = [mp.mpf("0.2"), mp.mpf("1.1")]
    return mp.fsum(dot(softmax(row), [(x - t) ** 2 for x in v]) for row, t in zip(phi, targets))


@problem("two one-hot vectors with one cost together", "enumeration", """
param phi = $phi
z ~ OneHotCategorical(logits = phi)
cost f = exp(dot(z[0], z[1])) + z[0, 2] * z[1, 0]
""", phi=[[0.5, -1.0, 0.2], [0.0, 0.4, -0.3]])
def _(phi):
    p, q = map(softmax, phi)
    same = dot(p, q)
    return same * mp.e + (1 - same) + p[2] * q[0]


@problem("a net of three layers of two coins", "enumeration", """
param phi = $phi
param W = $W
param c = $c
param V = $V
h1 ~ Bernoulli(logits = phi)
h2 ~ Bernoulli(logits = h1 @ W + c)
h3 ~ Bernoulli(logits = h2 @ V)
cost fit = (h3 - [0.4, 0.7])^2
cost match = 0.5 * (sum(h2) - sum(h1))^2
cost skip = h1[0] * h3[1]
""", phi=[0.3, -0.5], W=[[0.8, -0.6], [0.4, 1.1]], c=[-0.2, 0.1], V=[[-1.0, 0.5], [0.7, 0.9]])
def _(phi, W, c, V):
    targets = [mp.mpf("0.4"), mp.mpf("0.7")]
    top = lambda h1, h2: expect(
        coins(times(h2, V)), lambda h3: sum((x - t) ** 2 for x, t in zip(h3, targets)) + h1[0] * h3[1]
    )
    middle = lambda h1: expect(
        coins(add(times(h1, W), c)), lambda h2: mp.mpf("0.5") * (sum(h2) - sum(h1)) ** 2 + top(h1, h2)
    )
    return expect(coins(phi), middle)


@problem("a normal variable", "quadrature", """
param mu = $mu
param log_sigma = $log_sigma
z ~ Normal(mu, exp(log_sigma))
cost f = softplus(2 * z) + 0.1 * z^2
""", mu=0.4, log_sigma=-0.3)
def _(mu, log_sigma):
    return expect(normal(mu, mp.exp(log_sigma)), lambda z: softplus(2 * z) + z**2 / 10)


@problem("a normal vector with one cost together", "quadrature", """
param mu = $mu
param log_sigma = $log_sigma
z ~ Normal(mu, exp(log_sigma))
cost f = tanh(z[0] + 0.5 * z[1]) * z[1]
cost g = cos(z)
""", mu=[0.5, -0.25], log_sigma=[-0.5, -1.0])
def _(mu, log_sigma):
    first, second = (list(normal(m, mp.exp(s))) for m, s in zip(mu, log_sigma))
    joint = expect(first, lambda x: expect(second, lambda y: mp.tanh(x + y / 2) * y))
    return joint + expect(first, mp.cos) + expect(second, mp.cos)


@problem("a batch of two rows of three normal variables", "quadrature", """
param mu = $mu
param log_sigma = $log_sigma
data x : [2, 3] = [[1, -1, 0.5], [2, 0.25, -0.75]]
z ~ Normal(mu, exp(log_sigma))
cost f = sigmoid(z) * x + 0.25 * z^2
""", mu=[[0.1, -0.6, 0.9], [0.0, 1.5, -1.0]], log_sigma=[0.0, -0.7, 0.2])
def _(mu, log_sigma):
    x = [[1, -1, mp.mpf("0.5")], [2, mp.mpf("0.25"), mp.mpf("-0.75")]]
    cost = lambda a: lambda z: sigmoid(z) * a + z**2 / 4
    return mp.fsum(
        expect(normal(m, mp.exp(s)), cost(a))
        for mus, xs in zip(mu, x)
        for m, s, a in zip(mus, log_sigma, xs)
    )


@problem("a coin that moves a normal variable", "quadrature", """
param u = $u
param m = $m
param log_sigma = $log_sigma
a ~ Bernoulli(logits = u)
z ~ Normal(m + 2 * a, exp(log_sigma))
cost f = (z - 1)^2 * (1 + a) + softplus(z * a)
""", u=0.5, m=0.3, log_sigma=-0.4)
def _(u, m, log_sigma):
    cost = lambda a: lambda z: (z - 1) ** 2 * (1 + a) + softplus(z * a)
    return expect(bernoulli(u), lambda a: expect(normal(m + 2 * a, mp.exp(log_sigma)), cost(a)))


@problem("a normal variable that decides a coin", "quadrature", """
param mu = $mu
param w = $w
param c = $c
z ~ Normal(mu, 0.8)
b ~ Bernoulli(logits = w * z + c)
cost f = (b - 0.3)^2 + 0.1 * z^2 * b
""", mu=-0.2, w=1.5, c=0.25)
def _(mu, w, c):
    cost = lambda z: lambda b: (b - mp.mpf("0.3")) ** 2 + z**2 * b / 10
    return expect(normal(mu, mp.mpf("0.8")), lambda z: expect(bernoulli(w * z + c), cost(z)))


def exact(x):
    """The binary64 numbers with all their digits."""
    return [exact(y) for y in x] if isinstance(x, list) else mp.mpf(x)


def entries(x, path=()):
    if isinstance(x, list):
        return [e for i, y in enumerate(x) for e in entries(y, path + (i,))]
    return [path]


def shape(x):
    return [len(x), *shape(x[0])] if isinstance(x, list) else []


def shifted(x, path, by):
    if not path:
        return x + by
    return [shifted(y, path[1:], by) if i == path[0] else y for i, y in enumerate(x)]


def main():
    global step
    h = mp.mpf(10) ** -12
    out = []
    for name, method, scg, params, objective in PROBLEMS:
        at = {key: exact(value) for key, value in params.items()}
        value = objective(**at)
        if method == "quadrature":
            step /= 2
            finer = objective(**at)
            step *= 2
            assert abs(finer - value) < mp.mpf(10) ** -20 * abs(value), (name, value, finer)
        gradient = {}
        for key in params:
            slopes = []
            for path in entries(params[key]):
                up, down = (objective(**(at | {key: shifted(at[key], path, by)})) for by in (h, -h))
                slopes.append(float((up - down) / (2 * h)))
            gradient[key] = {"shape": shape(params[key]), "values": slopes}
        out.append({"name": name, "method": method, "scg": scg, "objective": float(value), "gradient": gradient})
    text = "[\n" + ",\n".join(json.dumps(row, allow_nan=False) for row in out) + "\n]\n"
    pathlib.Path(__file__).with_suffix(".json").write_text(text)
    print(f"{len(out)} problems")


main()
