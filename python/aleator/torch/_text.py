"""The text of an estimate as a function of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from .._surrogate import Text
from ._names import names
from ._noise import noise_words, philox, unit_interval, words

__all__ = ["black_box", "function"]


def function(text: Text, dtype: torch.dtype, device: torch.device) -> Callable[..., dict[str, torch.Tensor]]:
    """The function ``estimate(inputs, noise, dtype, host)`` for tensors of `dtype` on `device`; `noise` are `int64` tensors."""

    def constant(values: Any, shape: Sequence[int], _: torch.dtype) -> torch.Tensor:
        return torch.tensor(np.asarray(values, np.float64), dtype=dtype, device=device).reshape(shape)

    replaced = {
        "words": words,
        "philox": philox,
        "_noise_words": noise_words,
        "_unit_interval": unit_interval,
        "constant": constant,
        "call": _call,
    }
    return text.function(names(dtype, device), replaced)


def _call(function: Any, arguments: Sequence[torch.Tensor], ranks: Sequence[int], shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """Calls a function of tensors with these numbers of axes and one in front of them, which stands for all axes in front."""
    leads = [x.shape[: x.dim() - rank] for x, rank in zip(arguments, ranks)]
    lead = torch.broadcast_shapes(*leads)
    rows = [
        x.expand(*lead, *x.shape[x.dim() - rank :]).reshape(lead.numel(), *x.shape[x.dim() - rank :])
        for x, rank in zip(arguments, ranks)
    ]
    return function(*rows).to(dtype).reshape(*lead, *shape)


def black_box(function: Any) -> Callable[..., torch.Tensor]:
    """A black box, which is a function of NumPy's arrays, as a function of tensors with one more leading axis."""

    @torch.compiler.disable
    def call(*rows: torch.Tensor) -> torch.Tensor:
        arrays = [np.ascontiguousarray(x.detach().to("cpu", torch.float64).numpy()) for x in rows]
        if function.vectorized:
            result = function(*arrays)
        else:
            results = [function(*row) for row in zip(*arrays)]
            result = np.stack(results) if results else np.zeros((0, *function.shape))
        return torch.as_tensor(result, device=rows[0].device)

    return call
