"""aleator inside PyTorch: estimates of objectives whose gradients autograd takes, on any device.

.. code-block:: python

    import aleator.torch as at

    f = at.function(g, samples=8, seed=7)
    value = f({"theta": theta}, step=5)
    value.backward()

Uniform numbers have the bits of the native program at the same seed and step, and draws from laws follow its samplers.
"""

from ._estimate import estimate
from ._function import Function, function
from ._native import Native, native

__all__ = ["Function", "Native", "estimate", "function", "native"]
