"""The noise contract in PyTorch: uniform random numbers with the bits of the native program.

Words of 32 bits are elements of `int64`. Products wrap around, but their low 64 bits are right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

__all__ = ["noise_words", "philox", "unit_interval", "words"]

_WORD = 0xFFFFFFFF


def words(number: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The low and the high word of a seed or a step."""
    return number & _WORD, (number >> 32) & _WORD


def philox(counter: Sequence[Any], key: Sequence[Any]) -> tuple[Any, ...]:
    """Philox4x32-10 (Salmon et al., 2011): four words for each counter. Shapes broadcast."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        product0, product1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c2 = (product1 >> 32) & _WORD ^ c1 ^ k0, (product0 >> 32) & _WORD ^ c3 ^ k1
        c1, c3 = product1 & _WORD, product0 & _WORD
        k0, k1 = (k0 + 0x9E3779B9) & _WORD, (k1 + 0xBB67AE85) & _WORD
    return c0, c1, c2, c3


def noise_words(noise: Any, stream: int, shape: Sequence[int], half: int) -> torch.Tensor:
    """One word for each element of a shape: element e has word e mod 4 of block e // 4."""
    seed, step = noise
    size = math.prod(shape)
    if size >= 1 << 34:
        raise ValueError(f"{size} random numbers at once are too many; split the batch")
    block = torch.arange(-(-size // 4), device=step[0].device)
    drawn = philox((block, (step[1] << 16) & _WORD, step[0], stream | half << 31), seed)
    return torch.stack(drawn, dim=-1).reshape(-1)[:size].reshape(shape)


def unit_interval(high: torch.Tensor, low: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor:
    """Numbers in (0, 1): (k + 1/2) 2^-23 for f32, where k are the first 23 bits, or (k + 1/2) 2^-52 for f64."""
    if low is None or dtype == torch.float32:
        return ((high >> 9) * 2 + 1).to(torch.float32) * 2.0**-24
    return (((high << 20) | (low >> 12)) * 2 + 1).to(torch.float64) * 2.0**-53
