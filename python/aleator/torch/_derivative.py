"""Estimates of gradients as the derivatives that autograd sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..errors import NoDerivativeError

__all__ = ["weighted", "with_gradient"]


def with_gradient(objective: torch.Tensor, gradients: Sequence[torch.Tensor], by: Sequence[torch.Tensor]) -> torch.Tensor:
    """The objective, with these gradients by these tensors besides the derivatives that it has already.

    Parameters
    ----------
    objective : torch.Tensor
        Of shape ``()``, or ``(replicates,)``.
    gradients : sequence of torch.Tensor
        Of the objective's shape and that of the tensor.
    by : sequence of torch.Tensor
    """
    return _WithGradient.apply(objective, *gradients, *by)


class _WithGradient(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(objective: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return objective.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, cotangent: torch.Tensor) -> Any:
        count = len(ctx.saved_tensors) // 2
        gradients, by = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        return cotangent, *[None] * count, *[weighted(cotangent, gradient, x) for gradient, x in zip(gradients, by)]


def weighted(cotangent: torch.Tensor, gradient: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """The cotangent of a tensor, of that of the objective and the gradient by the tensor."""
    gradient = _Estimated.apply(gradient, by)
    # Replicates are on a leading axis. A product of matrices would be less exact under `torch.autocast`.
    product = cotangent.reshape(cotangent.shape + (1,) * by.dim()) * gradient
    return (product.sum(0) if cotangent.dim() else product).to(by.dtype)


class _Estimated(torch.autograd.Function):
    """A gradient that depends on a tensor, with an unknown derivative."""

    generate_vmap_rule = True

    @staticmethod
    def forward(gradient: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
        return gradient.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, cotangent: torch.Tensor) -> Any:
        raise NoDerivativeError("an estimate of a gradient has no derivative of its own: take one derivative of the objective")
