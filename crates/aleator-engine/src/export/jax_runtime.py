# section: words
def words(number):
    """The low and the high word of 32 bits of a seed or a step: of a Python integer, or of an integer array of JAX."""
    if isinstance(number, (int, np.integer)):
        number = int(number)
        return jnp.uint32(number & 0xFFFFFFFF), jnp.uint32((number >> 32) & 0xFFFFFFFF)
    number = jnp.asarray(number)
    if number.shape == (2,):
        return number[0].astype(jnp.uint32), number[1].astype(jnp.uint32)
    high = number >> 32 if number.dtype.itemsize == 8 else jnp.zeros_like(number)
    return number.astype(jnp.uint32), high.astype(jnp.uint32)


# section: philox
def _high_word(a, b):
    """The high word of the product of words."""

    def wide(a):
        with jax.enable_x64(True):
            product = a.astype(jnp.uint64) * np.uint64(b)
            return lax.shift_right_logical(product, jnp.full_like(product, 32)).astype(jnp.uint32)

    def narrow(a):
        return lax.mulhi(a, jnp.full_like(a, b))

    return lax.platform_dependent(a, cpu=wide, default=narrow)


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., 2011): four words for each counter, of which all words have one shape."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for i in range(10):
        if i > 0:
            k0, k1 = k0 + np.uint32(0x9E3779B9), k1 + np.uint32(0xBB67AE85)
        high0, low0 = _high_word(c0, np.uint32(0xD2511F53)), c0 * np.uint32(0xD2511F53)
        high1, low1 = _high_word(c2, np.uint32(0xCD9E8D57)), c2 * np.uint32(0xCD9E8D57)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
    return c0, c1, c2, c3


def _noise_words(noise, stream, shape, half):
    """One word for each element of a shape: element e has word e mod 4 of block e // 4."""
    seed, step = noise
    size = math.prod(shape)
    if size >= 1 << 34:
        raise ValueError(f"{size} random numbers at once are too many; split the batch")
    # Blocks along the last axis need no flat index.
    whole = len(shape) > 0 and shape[-1] % 4 == 0
    blocks = (*shape[:-1], shape[-1] // 4) if whole else (-(-size // 4),)
    block, stride = jnp.zeros(blocks, jnp.uint32), 1
    for axis in reversed(range(len(blocks))):
        block = block + lax.broadcasted_iota(jnp.uint32, blocks, axis) * np.uint32(stride)
        stride *= blocks[axis]
    same = lambda word: jnp.broadcast_to(jnp.asarray(word, jnp.uint32), blocks)
    counter = block, same(step[1] << np.uint32(16)), same(step[0]), same(np.uint32(stream | half << 31))
    drawn = jnp.stack(philox(counter, seed), axis=-1)
    return drawn.reshape(shape) if whole else drawn.reshape(-1)[:size].reshape(shape)


def _unit_interval(high, low, dtype):
    """Numbers in (0, 1): (k + 1/2) 2^-23 for f32, where k are the first 23 bits, or (k + 1/2) 2^-52 for f64."""
    if dtype == jnp.float32:
        bits = (high >> np.uint32(9)) | np.uint32(0x3F800000)
        return lax.bitcast_convert_type(bits, jnp.float32) - np.float32(1 - 2**-24)
    high, low = high.astype(jnp.uint64), low.astype(jnp.uint64)
    bits = (high << np.uint64(20)) | (low >> np.uint64(12)) | np.uint64(0x3FF0000000000000)
    return lax.bitcast_convert_type(bits, jnp.float64) - np.float64(1 - 2**-53)


# section: uniform needs philox
def uniform(noise, stream, shape, dtype):
    """Uniform random numbers of a stream, by version 1 of aleator's noise contract."""
    high = _noise_words(noise, stream, shape, 0)
    low = None if dtype == jnp.float32 else _noise_words(noise, stream, shape, 1)
    return _unit_interval(high, low, dtype)


# section: constant
def constant(values, shape, dtype):
    """A constant tensor; numbers that the format cannot hold become infinite, as in the native program."""
    with np.errstate(over="ignore"):
        return jnp.asarray(np.asarray(values, np.float64).astype(dtype).reshape(shape))


# section: softplus
def softplus(x):
    """log(1 + e^x)"""
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


# section: softplus_with
def softplus_with(x, e):
    """log(1 + e^x), where e = e^-|x|."""
    return jnp.maximum(x, 0) + jnp.log1p(e)


# section: sigmoid_with
def sigmoid_with(x, e):
    """1 / (1 + e^-x), where e = e^-|x|."""
    return jnp.where(x >= 0, 1.0, e) * (1 / (1 + e))


# section: softmax
def _shifted(x, axes):
    """The largest element along the axes, or 0 where it is infinite, and x without it."""
    shift = jnp.max(x, axis=axes, keepdims=True, initial=-jnp.inf)
    shift = lax.stop_gradient(jnp.where(jnp.isfinite(shift), shift, 0.0))
    return shift, x - shift


def logsumexp(x, axes):
    """log of the sum of e^x over the axes, which are removed."""
    shift, x = _shifted(x, axes)
    return jnp.squeeze(shift + jnp.log(jnp.sum(jnp.exp(x), axis=axes, keepdims=True)), axes)


def log_softmax(x, axes):
    """x minus the log of the sum of e^x over the axes."""
    _, x = _shifted(x, axes)
    return x - jnp.log(jnp.sum(jnp.exp(x), axis=axes, keepdims=True))


def softmax(x, axes):
    """e^x, normalised over the axes."""
    _, x = _shifted(x, axes)
    return jnp.exp(x) / jnp.sum(jnp.exp(x), axis=axes, keepdims=True)


# section: polygamma
def polygamma(n, x):
    """The n-th derivative of digamma, with -1/x or 1/|x| at the pole 0."""
    value = jax.scipy.special.digamma(x) if n == 0 else jax.scipy.special.polygamma(n, x)
    return jnp.where(x == 0, 1 / (-x if n % 2 == 0 else jnp.abs(x)), value)


# section: called
def called(function, shape, dtype):
    """The function with its result as an array of this shape and format."""

    def checked(*arguments):
        result = jnp.asarray(function(*arguments), dtype)
        if result.shape != shape:
            raise ValueError(f"{getattr(function, '__name__', function)} returned shape {result.shape}, expected {shape}")
        return result

    return checked


def over_leading(function, ranks):
    """A function of arrays with these numbers of axes, mapped over all axes in front of them, which broadcast."""

    def mapped(*arguments):
        leads = [jnp.ndim(x) - rank for x, rank in zip(arguments, ranks)]
        most = max(leads, default=0)
        if most == 0:
            return function(*arguments)
        sizes = [jnp.shape(x)[0] if lead == most else 1 for x, lead in zip(arguments, leads)]
        along = [size != 1 for size in sizes]
        arguments = [x if own or lead < most else x[0] for x, own, lead in zip(arguments, along, leads)]
        if not any(along):
            return mapped(*arguments)[None]
        return jax.vmap(mapped, in_axes=[0 if own else None for own in along])(*arguments)

    return mapped


# section: pull_back needs called
def pull_back(function, i):
    """(x, c) -> (df/dx_i)^T c."""

    def pulled(*arguments):
        *arguments, cotangent = arguments
        # By all arguments together, as JAX's own rules expect it. What is not used is removed by XLA.
        return jax.vjp(function, *arguments)[1](cotangent)[i]

    return pulled


# section: normal_quantile
def _chosen(near, far, v, table):
    """A polynomial in v, whose coefficients depend on the interval."""
    total = 0.0
    for low, middle, high in reversed(table):
        total = total * v + jnp.astype(jnp.where(near, low, jnp.where(far, high, middle)), v.dtype)
    return total


def normal_quantile(p):
    """The quantile function of the standard normal distribution: AS 241 (Wichura, 1988) for f64, a form of Giles (2012) for f32."""
    q = p - 0.5
    if p.dtype == jnp.float32:
        w = -jnp.log(4 * p * (1 - p))
        root = jnp.sqrt(w)
        near, far = w < 5, w >= 16
        centre = jnp.astype(jnp.where(far, QUANTILE_CENTRES[2], QUANTILE_CENTRES[1]), p.dtype)
        v = jnp.where(near, w - QUANTILE_CENTRES[0], root - centre)
        x = q * _chosen(near, far, v, QUANTILE_H)
    else:
        t = jnp.sqrt(-jnp.log(jnp.where(q < 0, p, 1 - p)))
        near, far = jnp.abs(q) <= 0.425, t > 5
        v = jnp.where(near, 0.180625 - q * q, jnp.where(far, t - 5, t - 1.6))
        factor = jnp.where(near, q, jnp.where(q < 0, -1.0, 1.0))
        x = factor * _chosen(near, far, v, QUANTILE_A) / _chosen(near, far, v, QUANTILE_B)
    x = jnp.where(p == 0, -jnp.inf, jnp.where(p == 1, jnp.inf, x))
    return jnp.where((p >= 0) & (p <= 1), x, jnp.nan)


# section: rejection needs philox normal_quantile
ATTEMPTS = 1000


def _uniform_of(key, position):
    """Number `position` of the sequence that belongs to the key of an element."""
    block = position >> np.uint32(1)
    zero = jnp.zeros_like(block)
    a, b, c, d = philox((block, zero, zero, zero), key)
    second = (position & np.uint32(1)) == 1
    return _unit_interval(jnp.where(second, c, a), jnp.where(second, d, b), jnp.float64)


def _rejection(proposal, key, position):
    """Repeats `proposal(position)`, which gives (accepted, value, next position), until all elements accept."""

    def one(state):
        attempt, done, value, position = state
        accepted, proposed, following = proposal(position)
        value = jnp.where(done, value, jnp.where(accepted, proposed, jnp.nan))
        return attempt + 1, done | accepted, value, jnp.where(done, position, following)

    def goes_on(state):
        return (state[0] < ATTEMPTS) & ~jnp.all(state[1])

    start = 0, jnp.zeros(position.shape, bool), jnp.full(position.shape, jnp.nan, jnp.float64), position
    _, _, value, position = lax.while_loop(goes_on, one, start)
    return value, position


def _start(key):
    return jnp.zeros(key[0].shape, jnp.uint32)


def _draw(noise, stream, shape, dtype, parameters, law, lowest=None, highest=None):
    """Draws of a law, computed in f64. Parameters may have axes in front of those of `shape`; all of these see the same noise."""
    with jax.enable_x64(True):
        full = jnp.broadcast_shapes(shape, *[jnp.shape(x) for x in parameters])
        parameters = [jnp.broadcast_to(jnp.astype(jnp.asarray(x), jnp.float64), full) for x in parameters]
        key = [jnp.broadcast_to(_noise_words(noise, stream, shape, half), full) for half in (0, 1)]
        z = jnp.astype(law(*parameters, key), dtype)
        if lowest:
            z = jnp.maximum(z, jnp.finfo(dtype).tiny)
        if highest:
            z = jnp.minimum(z, jnp.nextafter(jnp.ones((), dtype), jnp.zeros((), dtype)))
        return z


# section: gamma needs rejection
def _standard_gamma(alpha, key, position):
    """d, y and the boost of z = d (1 + y)^3 e^boost (Marsaglia and Tsang, 2000)."""
    small = alpha < 1
    first = jnp.where(small, _uniform_of(key, position), 0.5)
    boost = jnp.where(small, jnp.maximum(jnp.log(first) / alpha, -1e300), 0.0)
    position = position + jnp.astype(small, jnp.uint32)
    d = jnp.where(small, alpha + 1, alpha) - 1 / 3
    c = 1 / jnp.sqrt(9 * d)

    def proposal(position):
        x = normal_quantile(_uniform_of(key, position))
        u = _uniform_of(key, position + np.uint32(1))
        y, square = c * x, x * x
        bound = 0.5 * square + d * (3 * jnp.log1p(y) - y * (3 + y * (3 + y)))
        accepted = (y > -1) & ((u < 1 - 0.0331 * square * square) | (jnp.log(u) < bound))
        return accepted, y, position + np.uint32(2)

    valid = (alpha > 0) & (alpha < jnp.inf)
    c = jnp.where(valid, c, 0.0)
    d = jnp.where(valid, d, 1.0)
    y, position = _rejection(proposal, key, position)
    return jnp.where(valid, d, jnp.nan), y, boost, position


def _log_gamma(alpha, key, position):
    d, y, boost, position = _standard_gamma(alpha, key, position)
    return jnp.log(d) + 3 * jnp.log1p(y) + boost, position


def draw_gamma(noise, stream, shape, dtype, alpha, rate):
    """Gamma(alpha, rate), at least the smallest normal number."""

    def law(alpha, rate, key):
        d, y, boost, _ = _standard_gamma(alpha, key, _start(key))
        log_z = jnp.log(d) + 3 * jnp.log1p(y) + boost
        z = jnp.where(boost == 0, d * (1 + y) ** 3 / rate, jnp.exp(log_z - jnp.log(rate)))
        return jnp.where((rate > 0) & (rate < jnp.inf), z, jnp.nan)

    return _draw(noise, stream, shape, dtype, [alpha, rate], law, lowest=True)


def draw_log_gamma(noise, stream, shape, dtype, alpha):
    """log z of z ~ Gamma(alpha, 1)."""
    return _draw(noise, stream, shape, dtype, [alpha], lambda alpha, key: _log_gamma(alpha, key, _start(key))[0])


# section: beta needs gamma
def _logit_beta(a, b, key):
    first, position = _log_gamma(a, key, _start(key))
    second, _ = _log_gamma(b, key, position)
    return first - second


def draw_logit_beta(noise, stream, shape, dtype, a, b):
    """logit z of z ~ Beta(a, b)."""
    return _draw(noise, stream, shape, dtype, [a, b], _logit_beta)


def draw_beta(noise, stream, shape, dtype, a, b):
    """Beta(a, b), strictly between 0 and 1."""
    law = lambda a, b, key: jax.nn.sigmoid(_logit_beta(a, b, key))
    return _draw(noise, stream, shape, dtype, [a, b], law, lowest=True, highest=True)


# section: counts needs rejection
def _stirling_error(k):
    small = jax.scipy.special.gammaln(k + 1) - (k + 0.5) * jnp.log(k) + k - 0.5 * math.log(2 * math.pi)
    r = 1 / k
    s = r * r
    large = r * (1 / 12 + s * (-1 / 360 + s * (1 / 1260 + s * (-1 / 1680 + s / 1188))))
    return jnp.where(k < 16, small, large)


def _deviance(x, m):
    t = (m - x) / x
    return x * (t - jnp.log1p(t))


# section: poisson needs counts
def draw_poisson(noise, stream, shape, dtype, rate):
    """Poisson(rate): inversion for rate < 10, otherwise PTRS (Hoermann, 1993)."""

    def log_mass(k, rate):
        return jnp.where(k == 0, -rate, -_stirling_error(k) - _deviance(k, rate) - 0.5 * jnp.log(2 * math.pi * k))

    def law(rate, key):
        few = rate < 10
        u = jnp.where(few, _uniform_of(key, _start(key)), 0.0)

        def goes_on(state):
            k, mass, u = state
            return jnp.any((u > mass) & ((k < rate) | (mass > 1e-20)))

        def one(state):
            k, mass, u = state
            on = (u > mass) & ((k < rate) | (mass > 1e-20))
            return jnp.where(on, k + 1, k), jnp.where(on, mass * rate / (k + 1), mass), jnp.where(on, u - mass, u)

        counted, _, _ = lax.while_loop(goes_on, one, (jnp.zeros_like(u), jnp.exp(-jnp.where(few, rate, 1.0)), u))
        many = jnp.where(few, 10.0, rate)
        b = 0.931 + 2.53 * jnp.sqrt(many)
        a = -0.059 + 0.02483 * b
        inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
        squeeze = 0.9277 - 3.6224 / (b - 2)

        def proposal(position):
            u = _uniform_of(key, position) - 0.5
            v = _uniform_of(key, position + np.uint32(1))
            s = 0.5 - jnp.abs(u)
            k = jnp.floor((2 * a / s + b) * u + many + 0.43)
            at_once = (s >= 0.07) & (v <= squeeze)
            refused = (k < 0) | ((s < 0.013) & (v > s))
            fits = jnp.log(v * inverse_alpha / (a / (s * s) + b)) <= log_mass(jnp.maximum(k, 0), many)
            return few | at_once | (~refused & fits), k, position + np.uint32(2)

        drawn, _ = _rejection(proposal, key, _start(key))
        return jnp.where((rate >= 0) & (rate < jnp.inf), jnp.where(few, counted, drawn), jnp.nan)

    return _draw(noise, stream, shape, dtype, [rate], law)


# section: binomial needs counts
def draw_binomial(noise, stream, shape, dtype, n, p, q):
    """Binomial(n, p) with q = 1 - p: inversion if the rarer outcome is expected less than 10 times, otherwise BTRS (Hoermann, 1993)."""

    def log_mass(k, n, p, q):
        rest = n - k
        errors = _stirling_error(n) - _stirling_error(k) - _stirling_error(rest)
        inner = errors - _deviance(k, n * p) - _deviance(rest, n * q) - 0.5 * jnp.log(2 * math.pi * k * (rest / n))
        return jnp.where(k == 0, n * jnp.log1p(-p), jnp.where(k == n, n * jnp.log(p), inner))

    def law(n, p, q, key):
        valid = (n >= 0) & (n < jnp.inf) & (n == jnp.floor(n)) & (p >= 0) & (p <= 1) & (q >= 0) & (q <= 1)
        n, swapped = jnp.where(valid, n, 0.0), p > q
        p, q = jnp.where(swapped, q, p), jnp.where(swapped, p, q)
        few = ~valid | (n * p < 10)
        u = jnp.where(few, _uniform_of(key, _start(key)), 0.0)

        def on(state):
            k, mass, u = state
            return (u > mass) & (k < n) & ((k < n * p) | (mass > 1e-20))

        def one(state):
            k, mass, u = state
            more = on(state)
            grown = mass * ((n - k) / (k + 1) * (p / q))
            return jnp.where(more, k + 1, k), jnp.where(more, grown, mass), jnp.where(more, u - mass, u)

        mass = jnp.where(few, jnp.exp(n * jnp.log1p(-p)), 1.0)
        counted, _, _ = lax.while_loop(lambda state: jnp.any(on(state)), one, (jnp.zeros_like(u), mass, u))
        sigma = jnp.sqrt(jnp.where(few, 10.0, n * p * q))
        b = 1.15 + 2.53 * sigma
        a = -0.0873 + 0.0248 * b + 0.01 * p
        alpha = (2.83 + 5.1 / b) * sigma
        squeeze = 0.92 - 4.2 / b
        mode = jnp.floor((n + 1) * p)

        def proposal(position):
            u = _uniform_of(key, position) - 0.5
            v = _uniform_of(key, position + np.uint32(1))
            s = 0.5 - jnp.abs(u)
            k = jnp.floor((2 * a / s + b) * u + n * p + 0.5)
            at_once = (s >= 0.07) & (v <= squeeze)
            inside = (k >= 0) & (k <= n)
            bound = log_mass(jnp.clip(k, 0, n), n, p, q) - log_mass(mode, n, p, q)
            fits = jnp.log(v * alpha / (a / (s * s) + b)) <= bound
            return few | at_once | (inside & fits), k, position + np.uint32(2)

        drawn, _ = _rejection(proposal, key, _start(key))
        k = jnp.where(few, counted, drawn)
        return jnp.where(valid, jnp.where(swapped, n - k, k), jnp.nan)

    return _draw(noise, stream, shape, dtype, [n, p, q], law)


# section: von_mises needs rejection
def draw_von_mises(noise, stream, shape, dtype, kappa):
    """VonMises(0, kappa) on [-pi, pi] (Best and Fisher, 1979)."""

    def law(kappa, key):
        flat = kappa < 1e-17
        uniform_angle = math.pi * (2 * _uniform_of(key, _start(key)) - 1)
        k = jnp.where(flat | ~(kappa < jnp.inf), 1.0, kappa)
        root = jnp.hypot(1.0, 2 * k)
        tau = 1 + root
        rho = 2 * k / tau * (jnp.sqrt(tau) / (jnp.sqrt(tau) + math.sqrt(2)))
        distance = jnp.where(k < 1, 1 - rho, (jnp.sqrt(2 * tau) - 1 - 1 / (2 * k + root)) / (2 * k))
        excess = distance * distance / (2 * rho)

        def proposal(position):
            half_angle = 0.5 * math.pi * _uniform_of(key, position)
            sine, cosine = jnp.sin(half_angle), jnp.cos(half_angle)
            one_minus_f = excess * 2 * sine * sine / (excess + 2 * cosine * cosine)
            c = k * (excess + one_minus_f)
            u = _uniform_of(key, position + np.uint32(1))
            accepted = (c * (2 - c) > u) | (jnp.log(c / u) + 1 - c >= 0)
            z = 2 * jnp.arcsin(jnp.minimum(jnp.sqrt(0.5 * one_minus_f), 1.0))
            return accepted, z, position + np.uint32(2)

        z, position = _rejection(proposal, key, _start(key))
        z = jnp.where(_uniform_of(key, position) < 0.5, -z, z)
        return jnp.where((kappa >= 0) & (kappa < jnp.inf), jnp.where(flat, uniform_angle, z), jnp.nan)

    return _draw(noise, stream, shape, dtype, [kappa], law)


# section: quantile_derivative
QUANTILE_RULE = (
    (0.09501250983763744, 0.1894506104550685),
    (0.2816035507792589, 0.18260341504492358),
    (0.45801677765722737, 0.16915651939500254),
    (0.6178762444026438, 0.14959598881657674),
    (0.755404408355003, 0.12462897125553388),
    (0.8656312023878318, 0.09515851168249279),
    (0.9445750230732326, 0.062253523938647894),
    (0.9894009349916499, 0.027152459411754096),
)
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


def _panel(a, b, f):
    """The integral of f over [a, b] by the rule of Gauss and Legendre with 16 nodes."""
    middle, half = (a + b) / 2, (b - a) / 2
    return half * sum(w * (f(middle - half * x) + f(middle + half * x)) for x, w in QUANTILE_RULE)


def _tail(f, length, until=0.0, width=jnp.inf, end=jnp.inf):
    """The integral of f from 0 to `end` over panels of growing lengths, at most `width` where they begin before `until`."""

    def longest(a, size):
        return jnp.where(a < until, jnp.minimum(size, width), size)

    def goes_on(state):
        return (state[0] < 64) & jnp.any(state[1])

    def one(state):
        count, open_, total, a, size = state
        b = jnp.minimum(a + size, end)
        part = jnp.where(open_, _panel(a, b, f), 0.0)
        total = total + part
        open_ = open_ & (jnp.abs(part) > 1e-18 * jnp.abs(total)) & (b < end)
        return count + 1, open_, total, jnp.where(open_, b, a), jnp.where(open_, longest(b, b), size)

    zero = jnp.zeros_like(length)
    return lax.while_loop(goes_on, one, (0, zero == 0, zero, zero, longest(zero, length)))[2]


def _length(slope, curvature):
    """The t at which slope t + curvature t^2/2 = 1."""
    slope = jnp.maximum(slope, 0.0)
    return 2 / (slope + jnp.sqrt(slope * slope + 2 * curvature))


def _exp_excess(t):
    """e^t - 1 - t."""
    total = jnp.zeros_like(t)
    for k in range(24, 1, -1):
        total = (total * t + 1) / k
    return jnp.where(jnp.abs(t) > 0.5, jnp.expm1(t) - t, t * t * total)


def _softplus(x):
    return jnp.maximum(x, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def _digamma_difference(a, b):
    """The digamma function at a + b less that at a."""
    total = jnp.zeros_like(a + b)
    for _ in range(15):
        small = a < 15
        total = total + jnp.where(small, b / (a + b) / a, 0.0)
        a = jnp.where(small, a + 1, a)
    log_ratio, power, series = jnp.log1p(b / a), 1.0, 0.0
    for k, number in enumerate(BERNOULLI, 1):
        power = power / (a * a)
        series = series - number / (2 * k) * power * jnp.expm1(-2 * k * log_ratio)
    return total + (log_ratio + 0.5 * (b / (a + b)) / a + series)


def _half_step_excess(nu):
    """The digamma function at (nu + 1)/2 less that at nu/2 and 1/nu."""
    total, sign = jnp.zeros_like(nu), jnp.ones(jnp.shape(nu), nu.dtype)
    for _ in range(20):
        small = nu < 20
        total = total + jnp.where(small, sign / (nu * (nu + 1)), 0.0)
        sign, nu = jnp.where(small, -sign, sign), jnp.where(small, nu + 1, nu)
    power, series = 1.0, 0.0
    for k, number in enumerate(BERNOULLI, 1):
        power = power / (nu * nu)
        series = series + (4.0**k - 1) * number / k * power
    return total + sign * series


def _log_gamma_derivative(alpha, y):
    valid = (alpha > 0) & (alpha < jnp.inf) & (y == y)
    alpha, y = jnp.where(valid, alpha, 1.0), jnp.where(valid, y, 0.0)
    huge, small = alpha > 1e9, (alpha < 1) & (y < 0)
    # The integral.
    a, x = jnp.where(huge | small, 1.0, alpha), jnp.where(huge | small, 0.0, y)
    z, large = jnp.exp(x), jnp.where(a < 15, 15.0, a)
    distance, series = (z - large) / large, 0.0
    for k, number in reversed(list(enumerate(BERNOULLI, 1))):
        series = series / (large * large) + number / (2 * k)
    near = jnp.abs(distance) < 0.5
    log_ratio = jnp.where(near, jnp.log1p(jnp.where(near, distance, 0.0)), x - jnp.log(large))
    score = log_ratio + 0.5 / large + series / (large * large)
    score = jnp.where(a < 15, x - jax.scipy.special.digamma(a), score)
    side = jnp.where(score < 0, -1.0, 1.0)
    slope = side * (z - a)
    integral = _tail(
        lambda t: (t + jnp.abs(score)) * jnp.exp(-slope * t - z * _exp_excess(side * t)), _length(slope, z)
    )
    # The power series.
    a, x = jnp.where(small, alpha, 0.5), jnp.where(small, y, -1.0)
    z, factor = jnp.exp(x), jax.scipy.special.digamma(a + 1) - x
    coefficient, series = 1.0, factor
    for n in range(1, 40):
        coefficient, factor = coefficient * (z / (a + n)), factor + 1 / (a + n)
        series = series + coefficient * factor
    # The asymptotic expansion.
    b, x = jnp.where(huge, alpha, 1e10), jnp.where(huge, y, math.log(1e10))
    distance = jnp.expm1(x - jnp.log(b))
    expansion = (1 + 0.5 * distance - (b * distance * distance - 1) / (6 * b)) / b / (1 + distance)
    value = jnp.where(huge, expansion, jnp.where(small, series / a, integral))
    return jnp.where(valid, value, jnp.nan)


def _logit_density(a, b, y):
    """For the density of logit z, z ~ Beta(a, b), at y: z, 1 - z, the slope of its logarithm, and its ratio at y + t."""
    n, less = a + b, jnp.exp(-jnp.abs(y))
    less, more = less / (1 + less), 1 / (1 + less)
    z, rest = jnp.where(y < 0, less, more), jnp.where(y < 0, more, less)

    def ratio(t):
        left = y + t <= 0
        near, far = jnp.where(left, t, 0.0), jnp.where(left, 0.0, t)
        below = a * near - n * jnp.log1p(z * jnp.expm1(near))
        above = -b * far - n * jnp.log1p(rest * jnp.expm1(-far))
        return jnp.exp(jnp.where(left, below, above))

    return z, rest, a * rest - b * z, ratio


def _logit_tail(a, b, y, side, weight):
    """The integral of a weight and the ratio of densities beyond y, upwards or downwards."""
    z, rest, slope, ratio = _logit_density(a, b, y)
    length = _length(-side * slope, (a + b) * z * rest)
    until = -side * y + jnp.log(jnp.maximum(a + b, 1.0)) + 36
    return _tail(lambda t: weight(y + side * t) * ratio(side * t), length, until, 2.0)


def _logit_beta_derivative(a, b, y):
    valid = (a > 0) & (a < jnp.inf) & (b > 0) & (b < jnp.inf) & (y == y)
    a, b, y = jnp.where(valid, a, 1.0), jnp.where(valid, b, 1.0), jnp.where(valid, y, 0.0)
    z, n = jnp.exp(-_softplus(-y)), a + b
    small = (a < 1) & (z < 0.5) & (z * n < 0.5)
    rise = _digamma_difference(a, b)
    c, d, x = jnp.where(small, 1.0, a), jnp.where(small, 1.0, b), jnp.where(small, 0.0, y)
    steps = _digamma_difference(c, d)
    side = jnp.where(steps < _softplus(-x), -1.0, 1.0)
    integral = _logit_tail(c, d, x, side, lambda u: side * (steps - _softplus(-u)))
    factor = _softplus(-y) + (1 / a - rise)
    coefficient, series = 1.0, factor
    for k in range(80):
        above, below = n + k, a + 1 + k
        coefficient, factor = coefficient * (jnp.where(small, z, 0.0) * (above / below)), factor - (1 - b) / (above * below)
        series = series + coefficient * factor
    return jnp.where(valid, jnp.where(small, series / a, integral), jnp.nan)


def _log_student_t_derivative(nu, y):
    valid = (nu > 0) & (nu < jnp.inf) & (y == y)
    nu, y = jnp.where(valid, nu, 1.0), jnp.where(valid, y, 0.0)
    excess, u = _half_step_excess(nu), 2 * y - jnp.log(nu)

    def score(u):
        v = jnp.exp(-_softplus(-u))
        near = jnp.where(v > 0.3, 0.3, v)
        series = jnp.zeros_like(v)
        for k in range(60, 1, -1):
            series = series * near + 1 / k
        rest = jnp.where(v > 0.3, _softplus(u) - v, near * near * series)
        return 0.5 * (excess + v / nu - rest)

    side = jnp.where((score(u) > 0) & (u < 2), -1.0, 1.0)
    value = 0.5 * side * _logit_tail(jnp.full(jnp.shape(nu), 0.5, nu.dtype), nu / 2, u, side, score)
    return jnp.where(valid, value, jnp.nan)


def _von_mises_derivative(kappa, z):
    valid = (kappa >= 0) & (kappa < jnp.inf) & (z == z)
    kappa, angle = jnp.where(valid, kappa, 1.0), jnp.minimum(jnp.abs(jnp.where(valid, z, 0.0)), math.pi)
    # 1 - I1/I0.
    large = kappa >= 50
    few, total, moment = jnp.where(large, 1.0, kappa), 0.0, 0.0
    for j in range(33):
        distance = 2 * math.sin(math.pi * j / 64) ** 2
        weight = (0.5 if j in (0, 32) else 1.0) * jnp.exp(-few * distance)
        total, moment = total + weight, moment + weight * distance
    many, term, sum_, slope = jnp.where(large, kappa, 50.0), 1.0, 1.0, 0.0
    for k in range(1, 15):
        term = term * ((2 * k - 1) ** 2 / (8 * k)) / many
        sum_, slope = sum_ + term, slope + k * term
    rest = jnp.where(large, (0.5 + slope / sum_) / many, moment / total)

    def weighted(x):
        ratio = jnp.exp(-2 * kappa * jnp.sin((x - angle) / 2) * jnp.sin((x + angle) / 2))
        return (rest - 2 * jnp.sin(x / 2) ** 2) * ratio

    near = rest - 2 * jnp.sin(angle / 2) ** 2 > 0
    inner = jnp.where(near, angle, 0.0)
    inside = -_panel(0.0 * inner, inner / 2, weighted) - _panel(inner / 2, inner, weighted)
    length = _length(kappa * jnp.sin(angle), kappa * jnp.maximum(jnp.cos(angle), 0.0))
    outside = _tail(lambda t: weighted(angle + t), length, math.pi, 1.0, math.pi - angle)
    value = jnp.where(near, inside, outside)
    return jnp.where(valid, jnp.where(z > 0, value, -value), jnp.nan)


def quantile_derivative(quantile, dtype, *inputs):
    """The derivative of a quantile by its first parameter at a fixed probability, computed in f64."""
    with jax.enable_x64(True):
        inputs = [jnp.astype(jnp.asarray(x), jnp.float64) for x in inputs]
        shape = jnp.broadcast_shapes(*[jnp.shape(x) for x in inputs])
        return jnp.astype(quantile(*[jnp.broadcast_to(x, shape) for x in inputs]), dtype)
