"""Tensors from whatever a user passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .._arguments import count
from .._arrays import as_float
from ..errors import AleatorError

__all__ = ["as_step", "as_values", "common_device"]


def as_values(name: str, value: Any, *, is_parameter: bool) -> Any:
    """A tensor as it is, and anything else as an array.

    Raises
    ------
    TypeError
        If it does not consist of real numbers, or a parameter of integers.
    AleatorError
        If the tensor has no values, or is data and requires a gradient.
    """
    if not isinstance(value, torch.Tensor):
        return as_float(value, f"the value of `{name}`")
    if value.layout != torch.strided or value.is_quantized:
        raise TypeError(f"`{name}` must be a dense tensor, got the layout {value.layout}; convert it with `.to_dense()`")
    if value.device.type == "meta":
        raise AleatorError(f"`{name}` is on the device `meta` and has no values; move the module to a device with `to_empty` or `to`")
    if value.is_complex() or (is_parameter and not value.is_floating_point()):
        remedy = "take its real part" if value.is_complex() else "convert it with `.float()`"
        raise TypeError(f"`{name}` must consist of {'floating-point' if is_parameter else 'real'} numbers, got {value.dtype}; {remedy}")
    if value.requires_grad and not is_parameter and torch.is_grad_enabled():
        raise AleatorError(
            f"`{name}` is data, by which there is no gradient, and the tensor requires one: make it a parameter of the graph with "
            "`g.param`, or pass `.detach()`"
        )
    return value


def common_device(values: Mapping[str, Any]) -> torch.device:
    """The device of all tensors among the values; without any, PyTorch's default.

    Raises
    ------
    AleatorError
        If there are several.
    """
    devices = {x.device: name for name, x in values.items() if isinstance(x, torch.Tensor)}
    if len(devices) > 1:
        where = ", ".join(f"`{name}` on {device}" for device, name in devices.items())
        raise AleatorError(f"the tensors are on several devices: {where}; move them to one")
    return next(iter(devices)) if devices else torch.get_default_device()


def as_step(step: Any, device: torch.device) -> torch.Tensor:
    """The step of the noise as an `int64` of shape ().

    Raises
    ------
    TypeError, AleatorError
        If it is no integer from 0 to 2**48 - 1. Whether a tensor is in this range is not checked.
    """
    if isinstance(step, torch.Tensor):
        if step.is_floating_point() or step.is_complex() or step.dtype == torch.bool or step.shape != ():
            raise TypeError(f"a step is an integer of shape (), got {step.dtype} of shape {tuple(step.shape)}")
        return step.to(device, torch.int64)
    # `count` would make `torch.compile` see a constant.
    number = step if isinstance(step, int) else count(step, "a step")
    if not 0 <= number < 2**48:
        raise AleatorError(f"a step is an integer from 0 to 2**48 - 1, got {number}")
    return torch.tensor(number, dtype=torch.int64, device=device)
