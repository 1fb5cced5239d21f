"""aleator inside JAX: estimates of objectives and gradients as jitted functions, on any of XLA's devices.

`function` turns a graph into a JAX function. `expectation` does this for a cost that is itself a JAX function with random nodes:

.. code-block:: python

    import aleator as al
    import aleator.jax as aj

    @aj.expectation
    def loss(params, x):
        z = aj.sample("z", al.Bernoulli(logits=x @ params["w"]), via="rebar")
        return jnp.mean((z - 0.45) ** 2)

    value, grads = loss.value_and_grad(params, x, key=key)

Only the part of the function that depends on random nodes is rewritten; the rest stays JAX. What aleator has no operation for becomes
one opaque node, as does a function that `call` marks; JAX computes its derivatives. Uniform numbers have the bits of the native
program at the same seed and step, and draws from laws follow its samplers.
"""

from ._expectation import Expectation, expectation, kl, log_prob, sample
from ._function import Function, function
from ._native import native
from ._opaque import call

__all__ = ["Expectation", "Function", "call", "expectation", "function", "kl", "log_prob", "native", "sample"]
