"""The workloads in PyTorch, eagerly: the code that its users write.

A workload is a function from its settings to `draw` and `step`, as in jax_peer.py.
"""

from server import Unsupported, serve


def load():
    import torch
    from torch.nn.functional import softplus

    parameters = ["encoder_weight", "encoder_bias", "decoder_weight", "decoder_bias", "prior_logits"]
    smallest = 1e-30

    def log_bernoulli(z, logits):
        return z * logits - softplus(logits)

    def uniform_of_latents(samples):
        def draw(inputs):
            return torch.rand(samples, inputs["x"].shape[0], inputs["encoder_bias"].shape[0])

        return draw

    def sbn_costs(theta, x, h, q_logits):
        pixel_logits = (2 * h - 1) @ theta["decoder_weight"] + theta["decoder_bias"]
        log_p_x = log_bernoulli(x, pixel_logits).sum(-1)
        own = log_bernoulli(h, theta["prior_logits"]) - log_bernoulli(h, q_logits)
        cost = -(log_p_x[..., None] + own) / x.shape[0]
        loss = -(log_p_x + own.sum(-1)).sum(-1) / x.shape[0]
        return cost, loss

    def gradients(inputs, names, loss, surrogate):
        found = torch.autograd.grad(surrogate, [inputs[name] for name in names])
        return {"loss": loss.detach(), **dict(zip(names, found, strict=True))}

    def posterior_logits(inputs):
        return (inputs["x"] - inputs["mean"]) @ inputs["encoder_weight"] + inputs["encoder_bias"]

    def sbn_step(settings):
        def step(inputs, u):
            logits = posterior_logits(inputs)
            with torch.no_grad():
                h = (u > torch.sigmoid(-logits)).to(u.dtype)
            cost, loss = sbn_costs(inputs, inputs["x"], h, logits)
            cost, loss = cost.detach(), loss.mean()
            others = (cost.sum(0) - cost) / (u.shape[0] - 1)
            surrogate = ((cost - others) * log_bernoulli(h, logits)).sum((1, 2)).mean()
            return gradients(inputs, parameters, loss, loss + surrogate)

        return uniform_of_latents(2), step

    def relaxed_pair(logits, u, p, q, hard, tau):
        v = torch.where(hard, (u - q) / p, u / q).clamp(min=smallest)
        rest = torch.where(hard, (1 - u) / p, (q - u) / q).clamp(min=smallest)
        log_v, log_rest = v.log(), rest.log()
        free = logits + torch.logit(u)
        given = torch.where(hard, softplus(logits + log_v) - log_rest, log_v - softplus(log_rest - logits))
        return torch.sigmoid(free / tau), torch.sigmoid(given / tau)

    def sbn_rebar(settings):
        eta, tau = settings["eta"], settings["tau"]

        def step(inputs, u):
            logits = posterior_logits(inputs)
            with torch.no_grad():
                p, q = torch.sigmoid(logits), torch.sigmoid(-logits)
                hard = u > q
                b = hard.to(u.dtype)
            free, given = relaxed_pair(logits, u, p, q, hard, tau)
            cost, loss = sbn_costs(inputs, inputs["x"], b, logits)
            fixed = {name: inputs[name].detach() for name in parameters}
            _, at_free = sbn_costs(fixed, inputs["x"], free, logits.detach())
            cost_given, at_given = sbn_costs(fixed, inputs["x"], given, logits.detach())
            score = ((cost - eta * cost_given).detach() * log_bernoulli(b, logits)).sum()
            loss = loss.mean()
            return gradients(inputs, parameters, loss, loss + score + eta * (at_free - at_given).mean())

        return uniform_of_latents(1), step

    def elementwise(settings):
        def draw(inputs):
            return torch.rand(inputs["location"].shape)

        def step(inputs, u):
            location, log_scale = inputs["location"], inputs["log_scale"]
            z = location + log_scale.exp() * torch.logit(u)
            a = torch.sigmoid(z)
            b = torch.tanh(0.5 * location + z)
            d = torch.exp(-0.1 * z * z)
            h = torch.sqrt(1 + softplus(a * b + torch.log(1 + z * z) * d))
            loss = ((h - d) ** 2 / u.numel()).sum()
            return gradients(inputs, ["location", "log_scale"], loss, loss)

        return draw, step

    def tiny(settings):
        def step(inputs, _):
            x = inputs["x"]
            for _ in range(settings["times"]):
                x = torch.tanh(x * inputs["weight"] + 0.1)
            loss = x.sum()
            return gradients(inputs, ["weight"], loss, loss)

        return None, step

    def bernoulli(settings):
        def draw(inputs):
            return torch.rand(inputs["probs"].shape)

        def step(inputs, u):
            with torch.no_grad():
                return {"draws": (u > 1 - inputs["probs"]).to(u.dtype)}

        return draw, step

    workloads = {
        "sbn-step": (sbn_step, parameters),
        "sbn-rebar": (sbn_rebar, parameters),
        "elementwise": (elementwise, ["location", "log_scale"]),
        "tiny": (tiny, ["weight"]),
        "bernoulli": (bernoulli, []),
    }

    class Torch:
        @staticmethod
        def version():
            return torch.__version__

        @staticmethod
        def prepare(workload, settings, inputs):
            if workload not in workloads:
                raise Unsupported("PyTorch's side of it is not written")
            make, differentiated = workloads[workload]
            draw, step = make(settings)
            inputs = {name: torch.tensor(value) for name, value in inputs.items()}
            for name in differentiated:
                inputs[name].requires_grad_()
            outputs = step(inputs, inputs.pop("noise", None))

            def run(n):
                for _ in range(n):
                    step(inputs, draw and draw(inputs))

            return outputs, run

        @staticmethod
        def first(workload, settings, inputs):
            raise Unsupported("PyTorch runs eagerly and compiles nothing")

    return Torch


if __name__ == "__main__":
    serve("torch", load)
