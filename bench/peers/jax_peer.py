"""The workloads in JAX: each step is one compiled function, its sampling included.

A workload is a function from its settings to `draw` and `step`: `step(inputs, noise)` is what agreement is shown on, and
`step(inputs, draw(key, inputs))` what is timed.
"""

from server import Unsupported, serve


def load():
    import jax
    import jax.numpy as jnp
    from jax import lax
    from jax.nn import sigmoid, softplus

    stop = lax.stop_gradient
    # The smallest noise of a conditional draw, where it comes from a subtraction.
    smallest = 1e-30
    parameters = ["encoder_weight", "encoder_bias", "decoder_weight", "decoder_bias", "prior_logits"]

    def log_bernoulli(z, logits):
        return z * logits - softplus(logits)

    def split(inputs):
        theta = {name: inputs[name] for name in parameters}
        return theta, inputs["x"], inputs["mean"]

    def uniform_of_latents(samples, uniform):
        def draw(key, inputs):
            rows, latents = inputs["x"].shape[0], inputs["encoder_bias"].shape[0]
            return uniform(key, (samples, rows, latents))

        return draw

    uniform = jax.random.uniform

    def positive_uniform(key, shape):
        return uniform(key, shape, minval=jnp.finfo(jnp.float32).tiny)

    def posterior_logits(theta, x, mean):
        return (x - mean) @ theta["encoder_weight"] + theta["encoder_bias"]

    def sbn_terms(theta, x, h, q_logits):
        """Each row's reconstruction and each latent's own terms."""
        pixel_logits = (2 * h - 1) @ theta["decoder_weight"] + theta["decoder_bias"]
        own = log_bernoulli(h, theta["prior_logits"]) - log_bernoulli(h, q_logits)
        return -log_bernoulli(x, pixel_logits).sum(-1) / x.shape[0], -own / x.shape[0]

    def sbn_costs(theta, x, h, q_logits):
        """What every latent's score is weighted by: the row's reconstruction and the latent's own terms."""
        of_row, own = sbn_terms(theta, x, h, q_logits)
        return of_row[..., None] + own, (of_row + own.sum(-1)).sum(-1)

    def estimate(objective, theta):
        """Loss and gradients of (loss, surrogate), the surrogate's value left out of the loss."""

        def total(theta):
            loss, surrogate = objective(theta)
            return loss + surrogate, loss

        (_, loss), gradients = jax.value_and_grad(total, has_aux=True)(theta)
        return {"loss": loss, **gradients}

    def sbn_step(settings):
        def step(inputs, u):
            theta, x, mean = split(inputs)

            def objective(theta):
                logits = posterior_logits(theta, x, mean)
                h = stop((u > sigmoid(-logits)).astype(u.dtype))
                cost, loss = sbn_costs(theta, x, h, logits)
                cost = stop(cost)
                others = (cost.sum(0) - cost) / (u.shape[0] - 1)
                surrogate = ((cost - others) * log_bernoulli(h, logits)).sum((1, 2)).mean()
                return loss.mean(), surrogate

            return estimate(objective, theta)

        return uniform_of_latents(2, uniform), step

    def sbn_by_surrogate(samples, drawn, weights, quantity):
        """A step whose surrogate is the sum of weights, which are not differentiated, times a quantity of the logits.

        drawn(logits, u): the latents; weights(cost, h, logits, cost_of_rows): their weights.
        """

        def step(inputs, u):
            theta, x, mean = split(inputs)

            def objective(theta):
                logits = posterior_logits(theta, x, mean)
                h = stop(drawn(logits, u).astype(u.dtype))
                cost, loss = sbn_costs(theta, x, h, logits)

                def cost_of_rows(h):
                    of_row, own = sbn_terms(theta, x, h, logits)
                    return of_row + own.sum(-1)

                surrogate = (stop(weights(cost, h, logits, cost_of_rows)) * quantity(logits)).sum()
                return loss.mean(), surrogate

            return estimate(objective, theta)

        return uniform_of_latents(samples, positive_uniform), step

    def identity(logits):
        return logits

    def sbn_disarm(settings):
        def drawn(logits, u):
            return jnp.stack([u[0], 1 - u[0]]) > sigmoid(-logits)

        def weights(cost, h, logits, cost_of_rows):
            return 0.5 * (cost[0] - cost[1]) * (h[0] - h[1]) * sigmoid(jnp.abs(logits))

        return sbn_by_surrogate(2, drawn, weights, identity)

    def sbn_arms(settings):
        samples = 4

        def drawn(logits, u):
            e = -jnp.log(u)
            others = e.sum(0) - e
            log_u = (samples - 1) * (jnp.log(others) - jnp.log(others + e))
            rare = log_u < -softplus(jnp.abs(logits))
            return jnp.where(logits < 0, rare, ~rare)

        def weights(cost, h, logits, cost_of_rows):
            x = jnp.minimum(jnp.expm1(softplus(jnp.abs(logits)) / (samples - 1)), 1)
            factor = -sigmoid(jnp.abs(logits)) / jnp.expm1((samples - 1) * jnp.log1p(-x))
            return ((cost - cost.mean(0)) * (h - sigmoid(logits))).sum(0) * factor / (samples - 1)

        return sbn_by_surrogate(samples, drawn, weights, identity)

    def sbn_local_expectation(settings):
        def drawn(logits, u):
            return u > sigmoid(-logits)

        def weights(cost, h, logits, cost_of_rows):
            h = h[0]
            flips = jnp.eye(h.shape[-1], dtype=bool)
            # All latents flipped in turn: latent, row, latents.
            flipped = jnp.where(flips[:, None, :], 1 - h, h)
            difference = cost_of_rows(flipped) - cost_of_rows(h)
            return difference.T * (1 - 2 * h)

        return sbn_by_surrogate(1, drawn, weights, sigmoid)

    def sbn_rebar(settings):
        eta, tau = settings["eta"], settings["tau"]

        def step(inputs, u):
            theta, x, mean = split(inputs)

            def objective(theta):
                logits = posterior_logits(theta, x, mean)
                p, q = stop(sigmoid(logits)), stop(sigmoid(-logits))
                hard = u > q
                b = hard.astype(u.dtype)
                free, given = relaxed_pair(logits, u, p, q, hard, tau)
                cost, loss = sbn_costs(theta, x, b, logits)
                # The control variate is differentiated through the relaxations alone.
                fixed, fixed_logits = stop(theta), stop(logits)
                _, at_free = sbn_costs(fixed, x, free, fixed_logits)
                cost_given, at_given = sbn_costs(fixed, x, given, fixed_logits)
                score = (stop(cost - eta * cost_given) * log_bernoulli(b, logits)).sum()
                return loss.mean(), score + eta * (at_free - at_given).mean()

            return estimate(objective, theta)

        return uniform_of_latents(1, positive_uniform), step

    def relaxed_pair(logits, u, p, q, hard, tau):
        """The relaxation, and the one given the hard draw, from the same noise."""
        v = jnp.where(hard, (u - q) / p, u / q)
        rest = jnp.where(hard, (1 - u) / p, (q - u) / q)
        log_v, log_rest = jnp.log(jnp.maximum(v, smallest)), jnp.log(jnp.maximum(rest, smallest))
        free = logits + jnp.log(u) - jnp.log1p(-u)
        given = jnp.where(hard, softplus(logits + log_v) - log_rest, log_v - softplus(log_rest - logits))
        return sigmoid(free / tau), sigmoid(given / tau)

    def elementwise(settings):
        def draw(key, inputs):
            return positive_uniform(key, inputs["location"].shape)

        def step(inputs, u):
            def cost(location, log_scale):
                z = location + jnp.exp(log_scale) * (jnp.log(u) - jnp.log1p(-u))
                a = sigmoid(z)
                b = jnp.tanh(0.5 * location + z)
                d = jnp.exp(-0.1 * z * z)
                h = jnp.sqrt(1 + softplus(a * b + jnp.log(1 + z * z) * d))
                return ((h - d) ** 2 / u.size).sum()

            loss, gradients = jax.value_and_grad(cost, (0, 1))(inputs["location"], inputs["log_scale"])
            return {"loss": loss, "location": gradients[0], "log_scale": gradients[1]}

        return draw, step

    def tiny(settings):
        def step(inputs, _):
            def cost(weight):
                x = inputs["x"]
                for _ in range(settings["times"]):
                    x = jnp.tanh(x * weight + 0.1)
                return x.sum()

            loss, gradient = jax.value_and_grad(cost)(inputs["weight"])
            return {"loss": loss, "weight": gradient}

        return None, step

    def bernoulli(settings):
        def draw(key, inputs):
            return uniform(key, inputs["probs"].shape)

        def step(inputs, u):
            return {"draws": (u > 1 - inputs["probs"]).astype(u.dtype)}

        return draw, step

    def toy_variance(settings):
        theta, target, tau = settings["theta"], settings["target"], settings["tau"]

        def f(b):
            return (b - target) ** 2

        def draw(key, inputs):
            n = settings["estimates"]
            keys = jax.random.split(key, 5)
            singles = [positive_uniform(k, (n,)) for k in keys[:4]]
            return [singles[0], uniform(keys[4], (n, 2)), *singles[1:]]

        def hard(u, theta):
            return (u > sigmoid(-theta)).astype(u.dtype)

        def log_prob(b, theta):
            return -softplus((1 - 2 * b) * theta)

        def score(theta, u):
            b = stop(hard(u, theta))
            return f(b) * log_prob(b, theta)

        def leave_one_out(theta, u):
            b = stop(hard(u, theta))
            centred = f(b) - f(b[::-1])
            return (centred * log_prob(b, theta)).mean()

        def gumbel_softmax(theta, u):
            return f(sigmoid((theta + jnp.log(u) - jnp.log1p(-u)) / tau))

        def rebar(theta, u):
            p, q = stop(sigmoid(theta)), stop(sigmoid(-theta))
            b = stop(hard(u, theta))
            free, given = relaxed_pair(theta, u, p, q, u > q, tau)
            return stop(f(b) - f(given)) * log_prob(b, theta) + f(free) - f(given)

        def straight_through(theta, u):
            mean = sigmoid(theta)
            return f(stop(hard(u, theta)) + mean - stop(mean))

        def enumeration(theta, _):
            return sigmoid(theta) * f(1.0) + sigmoid(-theta) * f(0.0)

        def step(inputs, noise):
            singles = noise[0]
            estimators = [score, leave_one_out, gumbel_softmax, rebar, straight_through, enumeration]
            # What is exact is still computed for every replicate, as on all sides.
            thetas = lax.optimization_barrier(jnp.full(singles.shape[0], theta))
            means, variances = [], []
            for estimator, u in zip(estimators, [*noise, singles], strict=True):
                gradients = jax.vmap(jax.grad(estimator))(thetas, u)
                means.append(gradients.mean())
                variances.append(gradients.var(ddof=1))
            return {"mean": jnp.stack(means), "variance": jnp.stack(variances)}

        return draw, step

    workloads = {
        "sbn-step": sbn_step,
        "sbn-rebar": sbn_rebar,
        "sbn-disarm": sbn_disarm,
        "sbn-arms": sbn_arms,
        "sbn-local-expectation": sbn_local_expectation,
        "elementwise": elementwise,
        "tiny": tiny,
        "bernoulli": bernoulli,
        "toy-variance": toy_variance,
    }

    def find(workload, settings):
        if workload not in workloads:
            raise Unsupported("JAX's side of it is not written")
        return workloads[workload](settings)

    def compiled(draw, step):
        """A function of the key that gives the next key and the outputs."""

        @jax.jit
        def timed(key, inputs):
            if draw is None:
                return key, step(inputs, None)
            key, own = jax.random.split(key)
            return key, step(inputs, draw(own, inputs))

        return timed

    def given_noise(inputs):
        noise = inputs.pop("noise", None)
        if "noise_pairs" in inputs:
            return [noise, inputs.pop("noise_pairs"), noise, noise, noise]
        return noise

    class Jax:
        @staticmethod
        def version():
            return jax.__version__

        @staticmethod
        def prepare(workload, settings, inputs):
            draw, step = find(workload, settings)
            inputs = {name: jnp.asarray(value) for name, value in inputs.items()}
            noise = given_noise(inputs)
            outputs = jax.jit(step)(inputs, noise)
            timed = compiled(draw, step)
            state = {"key": jax.random.key(0)}

            def run(n):
                key = state["key"]
                for _ in range(n):
                    key, outputs = timed(key, inputs)
                    jax.block_until_ready(outputs)
                state["key"] = key

            return outputs, run

        @staticmethod
        def first(workload, settings, inputs):
            inputs.pop("noise", None)
            inputs = jax.block_until_ready({name: jnp.asarray(value) for name, value in inputs.items()})
            key = jax.random.key(0)
            jax.clear_caches()

            def first():
                timed = compiled(*find(workload, settings))
                jax.block_until_ready(timed(key, inputs))

            return first

    return Jax


if __name__ == "__main__":
    serve("jax", load)
