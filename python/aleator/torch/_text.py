"""The text of an estimate as a function of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from .._surrogate import Text
from ._names import names
from ._noise import noise_words, philox, unit_interval, words

__all__ = ["function"]


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
        "pull_back": _pull_back,
    }
    return text.function(names(dtype, device), replaced)


def _pull_back(function: Callable[..., torch.Tensor], i: int) -> Callable[..., torch.Tensor]:
    """(x, c) -> (df/dx_i)^T c. No more than this derivative is computed."""

    def pulled(*arguments: torch.Tensor) -> torch.Tensor:
        *x, cotangent = arguments
        _, back = torch.func.vjp(lambda one: function(*x[:i], one, *x[i + 1 :]), x[i])
        return back(cotangent)[0]

    return pulled
