"""What the text of an estimate calls by JAX's names, on PyTorch.

The text is written for `jax.numpy`, and calls few functions and no methods that tensors lack. With these names it is a function of
tensors. Signatures are those of NumPy; what the text does not need is left out.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

__all__ = ["names"]

_ELEMENTWISE = "abs sign floor exp expm1 log log1p sqrt sin cos tan tanh arcsin hypot maximum minimum nextafter isfinite".split()


def names(dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """The modules that the text imports. Numbers become tensors on `device`, of `dtype` if nothing else says of which."""

    def asarray(x: Any, to: torch.dtype | None = None) -> torch.Tensor:
        if to is None and isinstance(x, torch.Tensor):
            return x
        return torch.as_tensor(x, dtype=to or dtype, device=device)

    def of_tensors(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        def call(*arguments: Any) -> torch.Tensor:
            formats = [x.dtype for x in arguments if isinstance(x, torch.Tensor)] or [dtype]
            return function(*[x if isinstance(x, torch.Tensor) else asarray(x, formats[0]) for x in arguments])

        return call

    jnp = SimpleNamespace(
        **{name: of_tensors(getattr(torch, name)) for name in _ELEMENTWISE},
        float32=torch.float32,
        float64=torch.float64,
        uint32=torch.int64,
        inf=math.inf,
        nan=math.nan,
        finfo=torch.finfo,
        asarray=asarray,
        astype=lambda x, to: x.to(to),
        where=_where,
        power=of_tensors(torch.pow),
        arctan2=of_tensors(torch.atan2),
        clip=lambda x, low, high: jnp.minimum(jnp.maximum(x, low), high),
        any=torch.any,
        all=torch.all,
        sum=lambda x, axis, keepdims=False: torch.sum(x, dim=axis, keepdim=keepdims),
        prod=_prod,
        max=_extremum(torch.amax),
        min=_extremum(torch.amin),
        argmax=lambda x, axis: torch.argmax(x, dim=axis),
        cumsum=lambda x, axis: torch.cumsum(x, dim=axis),
        matmul=torch.matmul,
        tensordot=lambda x, y, axes: torch.tensordot(x, y, dims=axes),
        squeeze=torch.squeeze,
        reshape=lambda x, shape: asarray(x).reshape(shape),
        broadcast_to=lambda x, shape: asarray(x).expand(shape),
        broadcast_shapes=torch.broadcast_shapes,
        transpose=torch.permute,
        pad=_pad,
        concatenate=lambda parts, axis: torch.cat(parts, dim=axis),
        shape=lambda x: tuple(getattr(x, "shape", ())),
        ndim=lambda x: getattr(x, "ndim", 0),
        zeros=lambda shape, to: torch.zeros(shape, dtype=to, device=device),
        ones=lambda shape, to: torch.ones(shape, dtype=to, device=device),
        full=lambda shape, value, to: torch.full(shape, value, dtype=to, device=device),
        zeros_like=torch.zeros_like,
        arange=lambda n, dtype: torch.arange(n, dtype=dtype, device=device),
    )
    special = SimpleNamespace(
        erf=of_tensors(torch.erf),
        gammaln=of_tensors(torch.lgamma),
        digamma=of_tensors(torch.digamma),
        polygamma=_polygamma,
    )
    jax = SimpleNamespace(
        nn=SimpleNamespace(sigmoid=of_tensors(torch.sigmoid)),
        scipy=SimpleNamespace(special=special),
        enable_x64=lambda _: contextlib.nullcontext(),
        vmap=_vmap,
    )
    lax = SimpleNamespace(cumsum=_cumsum, stop_gradient=torch.detach, while_loop=_while_loop)
    return {"math": math, "np": np, "jax": jax, "jnp": jnp, "lax": lax}


def _where(condition: torch.Tensor, x: Any, y: Any) -> torch.Tensor:
    if not isinstance(x, torch.Tensor) and not isinstance(y, torch.Tensor):
        # PyTorch would round numbers to its default format. The text converts them itself.
        x = torch.full((), x, dtype=torch.float64, device=condition.device)
    return torch.where(condition, x, y)


def _polygamma(n: int, x: torch.Tensor) -> torch.Tensor:
    # For positive numbers, PyTorch's own trigamma function is right in 9 digits only.
    series = (-1) ** (n + 1) * math.factorial(n) * torch.special.zeta(n + 1.0, x)
    return torch.where(x > 0, series, torch.polygamma(n, x))


def _prod(x: torch.Tensor, axis: Sequence[int]) -> torch.Tensor:
    # Axes count from the end: those behind a removed one keep their numbers.
    for one in sorted(axis):
        x = torch.prod(x, dim=one)
    return x


def _extremum(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def reduced(x: torch.Tensor, axis: Sequence[int], keepdims: bool = False, initial: float = math.nan) -> torch.Tensor:
        if x.numel() == 0:
            return torch.sum(x, dim=axis, keepdim=keepdims) + initial
        return function(x, dim=axis, keepdim=keepdims)

    return reduced


def _pad(x: torch.Tensor, widths: Sequence[Sequence[int]]) -> torch.Tensor:
    return torch.nn.functional.pad(x, [width for pair in reversed(widths) for width in pair])


def _cumsum(x: torch.Tensor, axis: int, reverse: bool) -> torch.Tensor:
    return x.flip(axis).cumsum(axis).flip(axis) if reverse else x.cumsum(axis)


def _vmap(function: Callable[..., torch.Tensor], in_axes: Sequence[int | None]) -> Callable[..., torch.Tensor]:
    return torch.func.vmap(function, in_dims=tuple(in_axes), randomness="different")


def _while_loop(goes_on: Callable[[Any], torch.Tensor], one: Callable[[Any], Any], state: Any) -> Any:
    while goes_on(state):
        state = one(state)
    return state
