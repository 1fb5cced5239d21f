"""aleator inside PyTorch: estimates of expectations whose gradients autograd takes, on any device.

`estimate` takes a distribution and a cost, which may be any function of PyTorch; `function` takes a graph:

.. code-block:: python

    import aleator.torch as at

    z, surrogate = at.estimate(torch.distributions.Bernoulli(logits=logits), cost, via="rebar")
    surrogate.backward()

    f = at.function(g, samples=8, seed=7)
    f({"theta": theta}, step=5).backward()

Uniform numbers have the bits of the native program at the same seed and step, and draws from laws follow its samplers. `native` makes a
native program an operation of PyTorch. With this package, `Graph.call` takes modules of PyTorch.
"""

from ._estimate import estimate
from ._function import Function, function
from ._native import Native, native

__all__ = ["Function", "Native", "estimate", "function", "native"]
