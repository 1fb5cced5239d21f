"""`sbn-step` in Storchastic: the same score function with the same baseline on the same cost.

Storchastic weights every latent's score by the cost of its whole row, aleator by the row's reconstruction and the latent's
own terms alone. So the encoder's gradients are other unbiased estimates and are not compared; the rest is.
"""

from server import Unsupported, serve


def load():
    import storch
    import torch
    from torch.distributions import Bernoulli
    from torch.nn.functional import softplus

    parameters = ["encoder_weight", "encoder_bias", "decoder_weight", "decoder_bias", "prior_logits"]

    class Given(Bernoulli):
        """Draws that are decided by given uniform numbers."""

        uniforms = None

        def sample(self, sample_shape=()):
            with torch.no_grad():
                return (self.uniforms > torch.sigmoid(-self.logits)).to(self.logits.dtype)

    def log_bernoulli(z, logits):
        return z * logits - softplus(logits)

    @storch.deterministic
    def negative_elbo(theta, x, h, q_logits):
        pixel_logits = (2 * h - 1) @ theta["decoder_weight"] + theta["decoder_bias"]
        log_p_x = log_bernoulli(x, pixel_logits).sum(-1)
        own = log_bernoulli(h, theta["prior_logits"]) - log_bernoulli(h, q_logits)
        return -(log_p_x + own.sum(-1))

    def step(inputs, family):
        for name in parameters:
            inputs[name].grad = None
        x = storch.denote_independent(inputs["x"], 0, "rows")
        logits = (x - inputs["mean"]) @ inputs["encoder_weight"] + inputs["encoder_bias"]
        method = storch.method.ScoreFunction("h", n_samples=2, baseline_factory="batch_average")
        h = method(family(logits=logits))
        storch.add_cost(negative_elbo(inputs, x, h, logits), "negative_elbo")
        loss = storch.backward()
        return {"loss": loss, **{name: inputs[name].grad for name in parameters}}

    class Storchastic:
        @staticmethod
        def version():
            return f"0.3.7 on torch {torch.__version__}"

        # Outputs that are estimates of the same gradient, but not by the same formula, and why.
        not_compared = {
            "names": ["encoder_weight", "encoder_bias"],
            "why": "it weights every latent's score by the cost of the whole row: another unbiased estimate",
        }

        @staticmethod
        def prepare(workload, settings, inputs):
            if workload != "sbn-step":
                raise Unsupported("Storchastic's side of it is not written")
            inputs = {name: torch.tensor(value) for name, value in inputs.items()}
            for name in parameters:
                inputs[name].requires_grad_()
            Given.uniforms = inputs.pop("noise")
            outputs = {name: value.detach().clone() for name, value in step(inputs, Given).items()}

            def run(n):
                for _ in range(n):
                    step(inputs, Bernoulli)

            return outputs, run

        @staticmethod
        def first(workload, settings, inputs):
            raise Unsupported("Storchastic runs eagerly and compiles nothing")

    return Storchastic


if __name__ == "__main__":
    serve("storchastic", load)
