#!/usr/bin/env python3
"""Writes gallery.json: the known answer of every example in examples/.

    python3 gallery.py          (needs only the standard library)

Nothing here knows how aleator works. Each function below is a second, independent statement of one example: a function of its
parameters that returns the objective, by a closed form, by adding up all outcomes, by carrying a distribution forward in time, or
by an integral over the line (trapezoidal rule on 12 standard deviations either way; where the integrand has a kink, the integral
is taken piece by piece by Gauss-Legendre quadrature). Derivatives are complex steps, Im f(x + ih) / h with h = 1e-30, which have no
cancellation; the functions of real numbers used here (erf, digamma, max) have the rule written out.

An answer is {file, derivation, objective, gradient: {parameter: {shape, values}}, settings, estimators, commands, stated}, values flat
and row-major. `settings` are what replaces random initial values. `estimators` are two besides the automatic choice. `stated` are
numbers that the file's header must contain.
"""

import csv
import itertools
import json
import math
import pathlib
from cmath import cos, exp, log, sin, sqrt
from functools import reduce

EXAMPLES = pathlib.Path(__file__).resolve().parents[4] / "examples"
H = 1e-30


# ---------------------------------------------------------------- functions of complex numbers with a tiny imaginary part


def real(x):
    return x.real if isinstance(x, complex) else x


def relu(x):
    return x if real(x) > 0 else 0.0


def sigmoid(x):
    return 1 / (1 + exp(-x))


def tanh(x):
    return 2 * sigmoid(2 * x) - 1


def softplus(x):
    return log(1 + exp(x)) if real(x) < 30 else x + log(1 + exp(-x))


def density(x):
    return exp(-x * x / 2) / math.sqrt(2 * math.pi)


def Phi(x):
    """The standard normal distribution function."""
    value = math.erfc(-real(x) / math.sqrt(2)) / 2
    return complex(value, real(density(real(x))) * x.imag) if isinstance(x, complex) else value


def series(x, derivative):
    """lgamma (0), digamma (1) or trigamma (2) of a real number, by Stirling's series beyond 30."""
    shift = 0.0
    while x < 30:
        shift += (-math.log(x), -1 / x, 1 / x**2)[derivative]
        x += 1
    if derivative == 0:
        return shift + (x - 0.5) * math.log(x) - x + math.log(2 * math.pi) / 2 + 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5)
    if derivative == 1:
        return shift + math.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - 1 / (252 * x**6)
    return shift + 1 / x + 1 / (2 * x**2) + 1 / (6 * x**3) - 1 / (30 * x**5) + 1 / (42 * x**7)


def lgamma(x):
    return complex(series(real(x), 0), series(real(x), 1) * x.imag) if isinstance(x, complex) else series(x, 0)


def digamma(x):
    return complex(series(real(x), 1), series(real(x), 2) * x.imag) if isinstance(x, complex) else series(x, 1)


def softmax(phi):
    top = max(real(x) for x in phi)
    weights = [exp(x - top) if real(x) > -math.inf else 0.0 for x in phi]
    total = sum(weights)
    return [w / total for w in weights]


def log_bernoulli(b, logit):
    return -softplus(-logit) if b else -softplus(logit)


def coins(logits):
    """Outcomes of independent coins with their probabilities."""
    for outcome in itertools.product((0, 1), repeat=len(logits)):
        p = 1.0
        for b, logit in zip(outcome, logits):
            p = p * (sigmoid(logit) if b else sigmoid(-logit))
        yield outcome, p


def binomial(n, p):
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


def poisson(rate, end):
    """Probabilities of 0 .. end - 1."""
    return [exp(k * log(rate) - rate - math.lgamma(k + 1)) for k in range(end)]


def over_normal(f, reach=12.0, step=1 / 16):
    """E f(e) for a standard normal e and a smooth f."""
    count = int(reach / step)
    return sum(step * density(j * step) * f(j * step) for j in range(-count, count + 1))


def legendre(n):
    """Nodes and weights of Gauss-Legendre quadrature on (-1, 1)."""
    rule = []
    for i in range(1, n + 1):
        x = math.cos(math.pi * (i - 0.25) / (n + 0.5))
        for _ in range(100):
            p0, p1 = 1.0, x
            for k in range(2, n + 1):
                p0, p1 = p1, ((2 * k - 1) * x * p1 - (k - 1) * p0) / k
            slope = n * (x * p1 - p0) / (x * x - 1)
            x -= p1 / slope
        rule.append((x, 2 / ((1 - x * x) * slope * slope)))
    return rule


RULE = legendre(40)


def between(f, a, b, pieces=24):
    """The integral of a smooth f; the ends may be complex."""
    width = (b - a) / pieces
    return sum(
        width / 2 * sum(w * f(a + width * (i + (1 + x) / 2)) for x, w in RULE) for i in range(pieces)
    )


def vector_matrix(v, m):
    return [sum(a * row[j] for a, row in zip(v, m)) for j in range(len(m[0]))]


def product(factors):
    return reduce(lambda a, b: a * b, factors, 1.0)


def table(name):
    with open(EXAMPLES / "data" / name) as file:
        return [[float(x) for x in row] for row in csv.reader(file)]


# ---------------------------------------------------------------- the answers

ANSWERS = []
NOTED = set()


def note(*words):
    """Prints a number that a header states besides the objective, once."""
    if words[0] not in NOTED:
        NOTED.add(words[0])
        print("   ", *words)


def answer(derivation, estimators, stated=(), settings=(), commands=False, file=None, **parameters):
    """Registers the function below as an example of its name, with initial values of its parameters."""

    def register(f):
        values = {name: value for name, value in parameters.items()}

        def at(name=None, place=None):
            arguments = {}
            for parameter, value in values.items():
                count = [0]

                def bump(x):
                    if isinstance(x, list):
                        return [bump(y) for y in x]
                    count[0] += 1
                    return complex(x, H) if (parameter, count[0] - 1) == (name, place) else x

                arguments[parameter] = bump(value)
            return f(**arguments)

        gradient = {}
        for name, value in values.items():
            shape, size, inner = [], 1, value
            while isinstance(inner, list):
                shape.append(len(inner))
                size *= len(inner)
                inner = inner[0]
            derivatives = [at(name, place) for place in range(size)]
            gradient[name] = {"shape": shape, "values": [(d.imag if isinstance(d, complex) else 0.0) / H for d in derivatives]}
        ANSWERS.append({
            "file": file or f.__name__ + ".scg", "derivation": derivation, "objective": real(at()), "gradient": gradient,
            "settings": list(settings), "estimators": list(estimators), "commands": commands, "stated": list(stated),
        })
        print(ANSWERS[-1]["file"], ANSWERS[-1]["objective"])
        return f

    return register


# Machine learning


@answer("closed form", ["score_function", "rebar"], theta=0.0)
def toy(theta):
    p = sigmoid(theta)
    return p * 0.55**2 + (1 - p) * 0.45**2


@answer("closed form", ["reinforce_loo", "relax"], ["0.2501", "0.005"], theta=0.0)
def relax_toy(theta):
    p = sigmoid(theta)
    return p * 0.51**2 + (1 - p) * 0.49**2


@answer("sum over 16 outcomes", ["reinforce_loo", "muprop"], phi=[0.3, -0.5], W=[[0.8, -0.6], [0.4, 1.1]], c=[-0.2, 0.1])
def two_layers(phi, W, c):
    total = 0
    for h, p in coins(phi):
        for y, q in coins([x + o for x, o in zip(vector_matrix(h, W), c)]):
            fit = (y[0] - 0.4) ** 2 + (y[1] - 0.7) ** 2
            total += p * q * (fit + 0.5 * (sum(y) - sum(h)) ** 2)
    return total


def waves(rows, columns, size):
    """reshape(size * sin(arange(rows * columns)), [rows, columns])."""
    return [[size * math.sin(columns * i + j) for j in range(columns)] for i in range(rows)]


DIGITS = table("digits.csv")


@answer("closed form with all weights 0", ["reinforce_loo", "rebar"], ["4436.14"], ["W=0", "V=0"], file="discrete_vae.scg",
        b=[0.0] * 6, c=[0.0] * 64)
def undecided(b, c):
    # Any code says the same of the pixels, and the prior is the code's own distribution.
    ps = [sigmoid(x) for x in b]
    prior = sum(p * log(2 * p) + (1 - p) * log(2 * (1 - p)) for p in ps)
    return 100 * prior - sum(log_bernoulli(x, l) for row in DIGITS for x, l in zip(row[:64], c))


@answer("sum over the 64 codes of each row", ["reinforce_loo", "rebar"], [],
        ["W=reshape(0.1 * sin(arange(384)), [64, 6])", "V=reshape(0.4 * sin(arange(384)), [6, 64])",
         "b=[0.3, -0.2, 0.1, 0.5, -0.4, 0]", "c=0.1 * sin(arange(64)) - 1"],
        b=[0.3, -0.2, 0.1, 0.5, -0.4, 0.0], c=[0.1 * math.sin(j) - 1 for j in range(64)])
def discrete_vae(b, c):
    W, V = waves(64, 6, 0.1), waves(6, 64, 0.4)
    codes = list(itertools.product((0, 1), repeat=6))
    decoded = [[c[j] + sum((2 * bit - 1) * V[k][j] for k, bit in enumerate(z)) for j in range(64)] for z in codes]
    # log p(x | z) = sum_j x_j l_j - softplus(l_j)
    constants = [sum(map(softplus, ls)) for ls in decoded]
    total = 0
    for row in DIGITS:
        x = row[:64]
        logits = [b[k] + sum((x[j] - 0.3) * W[j][k] for j in range(64)) for k in range(6)]
        ps = [sigmoid(l) for l in logits]
        total += sum(p * log(2 * p) + (1 - p) * log(2 * (1 - p)) for p in ps)
        on = [j for j in range(64) if x[j]]
        for z, ls, constant in zip(codes, decoded, constants):
            probability = product(p if bit else 1 - p for p, bit in zip(ps, z))
            total -= probability * (sum(ls[j] for j in on) - constant)
    return total


@answer("sum over 4096 outcomes", ["vimco", "score_function"], [], prior=[0.5, -0.5], V=[[1, -1], [-0.5, 0.8]],
        U=[[1.2, -0.7, 0.3, 0.4], [0.2, -0.4, 0.9, 0.8]], q_middle=[0.3, 0.6], Q=[[0.4, -0.3], [0.2, 0.5]])
def belief_network_vimco(prior, V, U, q_middle, Q):
    x, one = [1, 0, 1, 1], []
    for middle in itertools.product((0, 1), repeat=2):
        for top in itertools.product((0, 1), repeat=2):
            log_p = sum(map(log_bernoulli, top, prior)) + sum(map(log_bernoulli, middle, vector_matrix(top, V)))
            log_p += sum(map(log_bernoulli, x, vector_matrix(middle, U)))
            log_q = sum(map(log_bernoulli, middle, q_middle)) + sum(map(log_bernoulli, top, vector_matrix(middle, Q)))
            one.append((exp(log_q), exp(log_p - log_q)))
    note("log p(x)", math.log(real(sum(q * w for q, w in one))))
    return -sum(p * q * r * log((a + b + c) / 3) for p, a in one for q, b in one for r, c in one)


@answer("sum over the three kinds of each row", ["reinforce_loo", "rebar"], [], mix=[0.2, 0.0, -0.2],
        taste=[[1, 1, -1, -1], [-1, -1, 1, 1], [0.5, -1, -1, 0]],
        read=[[1, -1, 0.5], [1, -1, -0.5], [-1, 1, -0.5], [-1, 1, 0]])
def bernoulli_mixture(mix, taste, read):
    total, prior = 0, softmax(mix)
    for ticks in [[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1], [0, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 1]]:
        for k, r in enumerate(softmax(vector_matrix(ticks, read))):
            total += r * (log(r / prior[k]) - sum(map(log_bernoulli, ticks, taste[k])))
    return total


@answer("a normal integral for each of 569 rows", ["muprop", "reinforce_loo"], [],
        mean_of_beta=[0.0] * 11, log_spread=[-2.0] * 11)
def bayesian_logistic_regression(mean_of_beta, log_spread):
    variances = [exp(2 * l) for l in log_spread]
    total = sum((v + m * m - 1 - log(v)) / 2 for m, v in zip(mean_of_beta, variances))
    for *x, malignant in table("breast_cancer.csv"):
        x = x + [1.0]
        mean = sum(a * m for a, m in zip(x, mean_of_beta))
        spread = sqrt(sum(a * a * v for a, v in zip(x, variances)))
        sign = 1 if malignant else -1
        total += over_normal(lambda e: softplus(-sign * (mean + spread * e)), 10, 1 / 4)
    return total


@answer("sum over 16 paths; the bound by the forward algorithm", ["reinforce_loo", "score_function"], [],
        first=[0.0, 0.5], next=[[[0.2, 0.2], [0.2, 0.2]]] * 3)
def hidden_markov_model(first, next):
    seen, turns, umbrella = [1, 1, 0, 1], [[0.7, 0.3], [0.3, 0.7]], [0.2, 0.9]
    emit = lambda w, s: umbrella[w] if s else 1 - umbrella[w]
    forward = [0.5 * emit(w, seen[0]) for w in (0, 1)]
    for s in seen[1:]:
        forward = [emit(w, s) * sum(f * turns[v][w] for v, f in enumerate(forward)) for w in (0, 1)]
    note("-log p(seen)", -math.log(sum(forward)))
    total = 0
    for path in itertools.product((0, 1), repeat=4):
        q, p = softmax(first)[path[0]], 0.5 * emit(path[0], seen[0])
        for t in range(1, 4):
            q *= softmax(next[t - 1][path[t - 1]])[path[t]]
            p *= turns[path[t - 1]][path[t]] * emit(path[t], seen[t])
        total += q * log(q / p)
    return total


@answer("closed form with all weights 0", ["reinforce_loo", "muprop"], ["230.26"], ["g=0", "V=0", "U=0"], file="hard_attention.scg",
        g=[0.0] * 8, place=[0.0] * 8)
def indifferent(g, place):
    return 100 * math.log(10)


@answer("sum over the eight lines of each image", ["reinforce_loo", "muprop"], [],
        ["g=0.4 * sin(arange(8))", "place=0.2 * cos(arange(8))", "V=reshape(0.5 * sin(arange(80)), [8, 10])",
         "U=reshape(0.3 * cos(arange(80)), [8, 10])"],
        g=[0.4 * math.sin(i) for i in range(8)], place=[0.2 * math.cos(i) for i in range(8)])
def hard_attention(g, place):
    V, total = waves(8, 10, 0.5), 0
    U = [[0.3 * math.cos(10 * i + j) for j in range(10)] for i in range(8)]
    for row in DIGITS:
        lines = [row[8 * i:8 * i + 8] for i in range(8)]
        attention = softmax([sum(a * b for a, b in zip(line, g)) + p for line, p in zip(lines, place)])
        for i, p in enumerate(attention):
            logits = [a + b for a, b in zip(vector_matrix(lines[i], V), U[i])]
            total -= p * log(softmax(logits)[int(row[64])])
    return total


@answer("sum over the four candidates", ["reinforce_loo", "rebar"], [], choice=[0.0] * 4, w=0.5, a=1.0, b=0.0)
def architecture_choice(choice, w, a, b):
    total = 0
    for p, unit in zip(softmax(choice), (lambda u: u, tanh, relu, lambda u: u * u)):
        for x in (-2 + 0.5 * i for i in range(9)):
            total += p * (a * unit(w * x) + b - (0.8 * x * x - 1)) ** 2 / 9
    return total


@answer("sum over the three offers of each visitor", ["nvil", "reinforce_loo"], [],
        policy=[[0, 0.2, -0.1], [0.3, 0, 0], [-0.2, 0, 0.4]])
def contextual_bandit(policy):
    visitors = [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1], [1, 0.5, 0], [1, 0, 0.5]]
    worth = [[0, 1, 0], [8, 6.5, 7], [3, 3, 5], [6, 5, 6.5], [4, 4.5, 3], [2, 2, 3]]
    rewards = [sum(p * r for p, r in zip(softmax(vector_matrix(v, policy)), w)) for v, w in zip(visitors, worth)]
    return -sum(rewards) / 6


@answer("sum over 20 ordered pairs", ["reinforce_loo", "score_function"], [], score=[0, 0.5, 0.2, 0.3, -0.1],
        w=[0.2, 0.8, 0.1, 0.7, 0.0])
def feature_selection(score, w):
    x = [[1, 0, 1, -1, 0], [0, 1, -1, 1, 1], [-1, 2, 0, 0, 1], [1, -1, 1, 1, -1], [0, -2, 1, 0, 0], [-1, 0, 0, 2, 1],
         [1, 1, 0, -1, 0], [0, -1, -1, -2, 1]]
    y, total = [-0.9, 1.9, 2.1, 0.1, -1.9, 1.9, 0.1, -3.1], 0
    weights = [exp(s) for s in score]
    for i, j in itertools.permutations(range(5), 2):
        p = weights[i] / sum(weights) * weights[j] / sum(weights[k] for k in range(5) if k != i)
        total += p * sum((r[i] * w[i] + r[j] * w[j] - t) ** 2 for r, t in zip(x, y)) / 8
    return total


@answer("sum over 81 sentences", ["reinforce_loo", "score_function"], [], first=[-1, 0.5, 0.2],
        next=[[0, 0, 0], [-0.5, 0, 0.5], [-0.3, 0.4, 0]])
def word_sequence(first, next):
    start, turns, total = softmax(first), [softmax(row) for row in next], 0
    for words in itertools.product(range(3), repeat=4):
        p = start[words[0]] * product(turns[a][b] for a, b in zip(words, words[1:]))
        said = "".join("-ab"[w] for w in words).split("-")[0]
        total -= p * (said.count("ab") - 0.2 * len(said))
    return total


# Operations research and finance


@answer("closed form", ["score_function", "reinforce_loo"], [], order=10.0, price=4.0)
def newsvendor(order, price):
    m = 60 * exp(-price / 3)
    return order - price * m * (1 - exp(-order / m))


@answer("distribution of the stock, carried forward over four periods", ["reinforce_loo", "score_function"], [], s=2.0, S=4.5)
def inventory(s, S):
    # The stock is 3 or S, less whole numbers: states are (filled up yet?, demand since).
    demand = binomial(4, 0.4)
    states, total = {(0, 0): 1.0}, 0
    level = lambda state: (S if state[0] else 3.0) - state[1]
    for _ in range(4):
        after = {}
        for state, p in states.items():
            order = sigmoid((s - level(state)) / 0.5)
            total += 3 * p * order
            for start, q in (((1, 0), p * order), (state, p * (1 - order))):
                for d, r in enumerate(demand):
                    end = (start[0], start[1] + d)
                    after[end] = after.get(end, 0) + q * r
        states = after
        total += sum(p * (relu(level(state)) + 5 * relu(-level(state))) for state, p in states.items())
    return total


@answer("closed form", ["score_function", "muprop"], ["3.5", "-1.5"], speed=3.0)
def mm1_queue(speed):
    return 2 / (speed - 2) + 0.5 * speed


@answer("Markov chain over sets of running activities", ["reinforce_loo", "score_function"], [], means=[1, 2, 0.8, 1.5, 1])
def activity_network(means):
    # Activity: what must be done before it.
    before = {0: (), 1: (), 2: (0,), 3: (0,), 4: (1, 2)}

    def remaining(done):
        running = [a for a in range(5) if a not in done and all(b in done for b in before[a])]
        if not running:
            return 0
        rate = sum(1 / means[a] for a in running)
        return 1 / rate + sum(1 / means[a] / rate * remaining(done | {a}) for a in running)

    return remaining(frozenset())


@answer("a normal integral", ["score_function", "reinforce_loo"], [], size=[11.0, 9.0])
def facility_sizing(size):
    # P(no shortage) = P(10 + 2 e1 < size0, 8 + 0.9 e1 + 1.2 e2 < size1)
    inner = lambda e: density(e) * Phi((size[1] - 8 - 0.9 * e) / 1.2)
    return 0.1 * (size[0] + size[1]) + 8 * (1 - between(inner, -13, (size[0] - 10) / 2))


@answer("double sum over Poisson demands", ["score_function", "enumeration"], [], choice=[0.0] * 7)
def revenue_management(choice):
    late, early, total = poisson(2.5, 60), poisson(4.5, 80), 0
    for kept, p in enumerate(softmax(choice)):
        for e, q in enumerate(early):
            sold = min(e, 6 - kept)
            total -= p * q * (sold + 2.5 * sum(r * min(l, 6 - sold) for l, r in enumerate(late)))
    values = []
    for kept in range(7):
        sold = [(q, min(e, 6 - kept)) for e, q in enumerate(early)]
        values.append(real(sum(q * (s + 2.5 * sum(r * min(l, 6 - s) for l, r in enumerate(late))) for q, s in sold)))
    note("best number of seats", values.index(max(values)), values)
    return total


def black_scholes(S, K, r, sigma, T):
    d1 = (log(S / K) + (r + sigma**2 / 2) * T) / (sigma * math.sqrt(T))
    return S * Phi(d1) - K * math.exp(-r * T) * Phi(d1 - sigma * math.sqrt(T))


@answer("Black-Scholes", ["score_function", "reinforce_loo"], ["10.4506", "0.6368", "37.5240"], S0=100.0, sigma=0.2)
def european_option(S0, sigma):
    return black_scholes(S0, 100, 0.05, sigma, 1)


def digital(S0, sigma):
    return math.exp(-0.05) * Phi((log(S0 / 100) + 0.05 - sigma**2 / 2) / sigma)


answer("closed form", ["score_function", "reinforce_loo"], ["0.5323", "0.0188", "-0.6568"], file="digital_option.scg",
       S0=100.0, sigma=0.2)(digital)
answer("closed form", ["score_function", "reinforce_loo"], ["0.5323", "0.0188", "-0.6568"], file="digital_option_smoothed.scg",
       S0=100.0, sigma=0.2)(digital)


@answer("an integral over Black-Scholes prices", ["score_function", "reinforce_loo"], [], S0=100.0, sigma=0.2)
def barrier_option(S0, sigma):
    drift, spread = log(S0) + (0.05 - sigma**2 / 2) * 0.5, sigma * math.sqrt(0.5)
    value = lambda e: density(e) * black_scholes(exp(drift + spread * e), 100, 0.05, sigma, 0.5)
    return math.exp(-0.025) * between(value, (math.log(90) - drift) / spread, 14)


@answer("sum over 169 pairs of levels", ["reinforce_loo", "score_function"], [], commands=True, fast=-0.5, slow=0.5)
def dual_sourcing(fast, slow):
    scope = {"__name__": "simulator"}
    exec((EXAMPLES / "programs" / "dual_sourcing.py").read_text(), scope)
    p, q = binomial(12, sigmoid(fast)), binomial(12, sigmoid(slow))
    return sum(p[i] * q[j] * scope["simulate"](i, j) for i in range(13) for j in range(13))


@answer("closed form", ["score_function", "reinforce_loo"], [], fraction=0.1, belief=0.4054651081081644)
def kelly_betting(fraction, belief):
    p = sigmoid(belief)
    return -p * log(1 + fraction) - (1 - p) * log(1 - fraction)


@answer("closed form", ["muprop", "rebar"], [], phi=[0.5, -0.3, 0.2, 0.1, -0.2, 0.4])
def max_cut(phi):
    links = [(0, 1), (0, 2), (0, 5), (1, 2), (1, 4), (2, 3), (3, 4), (3, 5), (4, 5)]
    cut = lambda p: sum(p[i] * (1 - p[j]) + p[j] * (1 - p[i]) for i, j in links)
    note("the largest cut", max(cut(s) for s in itertools.product((0, 1), repeat=6)))
    return -cut([sigmoid(x) for x in phi])


# Science and simulation


def walk(p, steps):
    states = {0: 1.0}
    for _ in range(steps):
        after = {}
        for x, q in states.items():
            up = exp(-x / p)
            after[x + 1] = after.get(x + 1, 0) + q * up
            after[x - 1] = after.get(x - 1, 0) + q * (1 - up)
        states = {x: q for x, q in after.items() if q != 0}
    return sum(q * x * x for x, q in states.items())


@answer("distribution of x, carried forward", ["reinforce_loo", "score_function"], ["1130.39883", "7.558188"], p=10.0)
def random_walk(p):
    note("50 steps, p = 100:", walk(complex(100, H), 50).real, walk(complex(100, H), 50).imag / H)
    return walk(p, 7)


@answer("distribution of (healthy, sick), carried forward", ["reinforce_loo", "score_function"], [], distance=0.5)
def epidemic(distance):
    escape = 1 - 0.4 * exp(-distance)
    states, total = {(7, 1): 1.0}, 1.5 * distance**2
    for _ in range(3):
        after = {}
        for (healthy, sick), p in states.items():
            for new, q in enumerate(binomial(healthy, 1 - escape**sick)):
                after[healthy - new, new] = after.get((healthy - new, new), 0) + p * q
                total += p * q * new
        states = after
    return total


@answer("sum over all counts", ["score_function", "reinforce_loo"], ["28.8782142", "0.3138474323"], log_rate=2.302585092994046)
def poisson_fit(log_rate):
    def divergence(log_rate):
        total = 0
        for k in range(150):
            log_p = k * log_rate - exp(log_rate) - math.lgamma(k + 1)
            log_q = math.lgamma(k + 10) - math.lgamma(10) - math.lgamma(k + 1) + 10 * math.log(0.25) + k * math.log(0.75)
            total += exp(log_p) * (log_p - log_q)
        return total

    low, high = 3.0, 3.6
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if divergence(complex(middle, H)).imag > 0 else (middle, high)
    note("best rate", math.exp(low), real(divergence(low)))
    return divergence(log_rate)


@answer("closed form", ["reinforce_loo", "score_function"], [], density=-1.0)
def game_of_life(density):
    p = sigmoid(density)
    return 16 * (84 * p**3 * (1 - p) ** 6 + 56 * p**4 * (1 - p) ** 5)


@answer("sum over all counts", ["score_function", "reinforce_loo"], [], log_unseen=3.0)
def capture_recapture(log_unseen):
    def cost(log_unseen):
        total = 0
        for k in range(250):
            log_q, fish = k * log_unseen - exp(log_unseen) - math.lgamma(k + 1), 29 + k
            log_p = math.log(math.comb(15, 6)) + 6 * math.log(20 / fish) + 9 * math.log1p(-20 / fish) - math.log(fish)
            total += exp(log_q) * (log_q - log_p)
        return total

    low, high = 2.0, 4.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if cost(complex(middle, H)).imag > 0 else (middle, high)
    note("best rate", math.exp(low), real(cost(low)))
    return cost(log_unseen)


@answer("closed form; the free energy by a sum over 512 states", ["muprop", "reinforce_loo"], [],
        phi=[[2.2, 2.0, 1.8], [2.1, 2.4, 1.9], [1.7, 2.0, 2.3]])
def ising_mean_field(phi):
    bonds = [((i, j), (i + 1, j)) for i in range(2) for j in range(3)] + [((i, j), (i, j + 1)) for i in range(3) for j in range(2)]
    energy = lambda m: -0.5 * sum(m[a] * m[b] for a, b in bonds) - 0.1 * sum(m.values())
    places = list(itertools.product(range(3), repeat=2))
    states = (dict(zip(places, s)) for s in itertools.product((-1, 1), repeat=9))
    note("-log Z", -math.log(sum(math.exp(-energy(s)) for s in states)))
    p = {(i, j): sigmoid(phi[i][j]) for i, j in places}
    return energy({a: 2 * q - 1 for a, q in p.items()}) + sum(q * log(q) + (1 - q) * log(1 - q) for q in p.values())


@answer("closed form with digamma", ["rejection_reparameterization", "generalized_reparameterization"], [],
        log_shape=2.0, log_rate=1.0)
def earthquakes(log_shape, log_rate):
    counts = [3, 2, 5, 1, 4, 2, 3, 5]
    a, b = exp(log_shape), exp(log_rate)
    mean, mean_log = a / b, digamma(a) - log(b)
    likelihood = sum(counts) * mean_log - 8 * mean - sum(math.lgamma(k + 1) for k in counts)
    divergence = a * log(b) - lgamma(a) + (a - 1) * mean_log - a - (mean_log - mean)
    evidence = math.lgamma(27) - 27 * math.log(9) - sum(math.lgamma(k + 1) for k in counts)
    note("-log evidence", -evidence, "counts", sum(counts))
    return divergence - likelihood


# Teaching


@answer("closed form", ["score_function", "reinforce_loo"], mu=1.0, log_sigma=0.0)
def gaussian_quadratic(mu, log_sigma):
    return mu * mu + exp(2 * log_sigma) + 1


@answer("closed form", ["rebar", "reinforce_loo"], [], phi=[0.4, -0.3, 0.2])
def temperature(phi):
    p = [sigmoid(x) for x in phi]
    return sum(q * (1 - q) for q in p) + (sum(p) - 1.2) ** 2


@answer("closed form", ["muprop", "rebar"], ["1.5334"], theta=-0.4054651081081644)
def one_coin(theta):
    p = sigmoid(theta)
    return p * math.exp(2) + 1 - p


@answer("sum over the number of right answers", ["reinforce_loo", "score_function"], ["0.463914", "0.21875", "0.25"], log_odds=0.0)
def grpo_bias(log_odds):
    p, total = sigmoid(log_odds), 0
    for right, q in enumerate(binomial(8, p)):
        mean = right / 8
        spread = math.sqrt(mean * (1 - mean))
        if spread > 0:
            total += q * (right * (1 - mean) * (1 - p) + (8 - right) * (-mean) * (-p)) / spread / 8
    return total


@answer("sums of normal probabilities over the steps", ["reinforce_loo", "score_function"], ["5.8840", "-2.8162", "1.3535"],
        theta=[0.4, 1.3])
def evolution_strategies(theta):
    between = lambda x, k: Phi((k + 1 - x) / 0.5) - Phi((k - x) / 0.5)
    steps = range(-12, 13)
    first, second = ([between(x, k) for k in steps] for x in theta)
    mean = lambda p: sum(k * q for k, q in zip(steps, p))
    square = lambda p, c: sum((k - c) ** 2 * q for k, q in zip(steps, p))
    return square(first, 2) + square(first, 0) + 2 * mean(first) * mean(second) + square(second, 0)


if __name__ == "__main__":
    ANSWERS.sort(key=lambda a: a["file"])
    target = pathlib.Path(__file__).with_suffix(".json")
    target.write_text("[\n" + ",\n".join(json.dumps(a) for a in ANSWERS) + "\n]\n")
