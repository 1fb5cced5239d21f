"""Estimates of gradients as the derivatives that autograd sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.autograd.function import once_differentiable

__all__ = ["with_gradient"]


def with_gradient(objective: torch.Tensor, gradients: Sequence[torch.Tensor], by: Sequence[torch.Tensor]) -> torch.Tensor:
    """The objective, with these gradients by these tensors besides those that it has already.

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
        gradients, by = inputs[1 : 1 + len(inputs) // 2], inputs[1 + len(inputs) // 2 :]
        ctx.save_for_backward(*gradients)
        ctx.dtypes = [x.dtype for x in by]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, cotangent: torch.Tensor) -> Any:
        gradients = ctx.saved_tensors
        weighted = [torch.tensordot(cotangent, g, dims=cotangent.dim()).to(dtype) for g, dtype in zip(gradients, ctx.dtypes)]
        return cotangent, *[None] * len(gradients), *weighted
