"""A graph as a PyTorch function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch

from .._surrogate import Surrogate, check_shape, initial_state, updated_state
from ..errors import AleatorError, UnknownNameError
from ..graph import Graph
from ._derivative import with_gradient
from ._executor import Executor
from ._host import check_captured, is_module
from ._module import flat_parameters
from ._tensors import as_values, common_device

__all__ = ["Function", "function"]


class Function(torch.nn.Module):
    """An estimate of a graph's objective and gradient as a PyTorch function; `function` makes it.

    Attributes
    ----------
    params, data : dict of str to tuple of int
        The shapes of the parameters and of the data.
    trained : torch.nn.Module
        Has those parameters of the graph that are parameters of this module, as attributes.
    called : torch.nn.Module
        Has the modules that the graph calls, as attributes.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        samples: int | None,
        replicates: int | None,
        seed: int,
        via: Any,
        parameters: bool | Iterable[str],
    ) -> None:
        super().__init__()
        self._surrogate = Surrogate(graph, samples=samples, replicates=replicates, seed=seed, via=via)
        self.params, self.data = self._surrogate.params, self._surrogate.data
        self.trained, self.called = torch.nn.Module(), torch.nn.Module()
        check_captured(self._surrogate.functions)
        modules = {name: function.function.module for name, function in self._surrogate.functions.items() if is_module(function)}
        for name, module in modules.items():
            _register(self.called.register_module, name, module)
        for name in _names(parameters, [name for name in self.params if name not in modules]):
            value = torch.tensor(self._surrogate.initial[name], dtype=torch.get_default_dtype())
            _register(self.trained.register_parameter, name, torch.nn.Parameter(value))
        self._executor = Executor(self._surrogate, self.called)

    def forward(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        data: Mapping[str, Any] | None = None,
        step: Any = 0,
        state: Mapping[str, Any] | None = None,
    ) -> torch.Tensor:
        """One estimate.

        Parameters
        ----------
        params, data : mapping of str to torch.Tensor or array_like, optional
            Values that replace the graph's, and those of this module.
        step : int or integer tensor of shape ()
            The step of the noise, from 0 to 2**48 - 1: the same seed and step give the same numbers.
        state : dict, optional
            The estimators' own parameters, from `init` or `update`.

        Returns
        -------
        torch.Tensor
            The objective, of shape ``()`` (or ``(replicates,)``). Its gradient by the tensors in `params`, and by the parameters of
            this module, is the estimate. It is `float64` if one of these is, otherwise `float32`, and is on their device. All of it
            is NaN if a parameter of a distribution is outside its domain.

        Raises
        ------
        AleatorError
            If a name is unknown, a shape differs, or tensors are on several devices.
        TypeError
            If a value does not consist of real numbers.
        """
        given, dtype, device = self._given(params, data)
        outputs = self._executor.run(given, step, dtype, device, state=state)
        by = {name: x for name, x in given.items() if name in self.params and isinstance(x, torch.Tensor)}
        return with_gradient(outputs["objective"], [outputs[f"gradient.{name}"] for name in by], list(by.values()))

    def init(self) -> dict[str, dict[str, torch.Tensor]]:
        """The estimators' own parameters (coefficients, temperatures, networks, baselines) at their initial values."""
        own = self._surrogate.own
        values = {entry["name"]: torch.as_tensor(self._surrogate.initial[entry["name"]]) for entry in own}
        return {i["name"]: initial_state(i, values[i["name"]].to(torch.get_default_dtype()), torch) for i in own}

    def update(
        self,
        state: Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        *,
        data: Mapping[str, Any] | None = None,
        step: Any = 0,
    ) -> dict[str, dict[str, torch.Tensor]]:
        """The estimators' own parameters after one more run, as a native program changes them while it trains."""
        given, dtype, device = self._given(params, data)
        outputs = self._executor.run(given, step, dtype, device, state=state, tune=True)
        there = {name: {part: x.detach().to(device) for part, x in entry.items()} for name, entry in state.items()}
        return {i["name"]: updated_state(i, there[i["name"]], outputs, torch) for i in self._surrogate.own}

    def _given(self, params: Any, data: Any) -> tuple[dict[str, Any], torch.dtype, torch.device]:
        """Values by name, the format to compute with, and the device."""
        flat = {name: flat_parameters(module) for name, module in self.called.named_children() if name in self.params}
        own = {**dict(self.trained.named_parameters()), **flat}
        given = {name: as_values(name, value, is_parameter=True) for name, value in own.items()}
        for name, value, expected in self._surrogate.named(params, data):
            given[name] = as_values(name, value, is_parameter=name in self.params)
            check_shape(name, given[name].shape, expected)
        wide = any(isinstance(x, torch.Tensor) and x.dtype == torch.float64 for n, x in given.items() if n in self.params)
        return given, torch.float64 if wide else torch.float32, common_device(given)

    def extra_repr(self) -> str:
        return f"params={list(self.params)}, data={list(self.data)}"


def _names(parameters: bool | Iterable[str], known: Sequence[str]) -> Sequence[str]:
    if isinstance(parameters, bool):
        return known if parameters else []
    names = [parameters] if isinstance(parameters, str) else list(parameters)
    for name in names:
        if name not in known:
            raise UnknownNameError(f"unknown parameter `{name}`: there is {', '.join(known) or 'none'}")
    return names


def _register(register: Callable[[str, Any], None], name: str, value: Any) -> None:
    try:
        register(name, value)
    except KeyError as error:
        raise AleatorError(f"PyTorch cannot name a part of a module `{name}`: {error.args[0]}; choose another name") from None


def function(
    graph: Graph,
    *,
    samples: int | None = None,
    replicates: int | None = None,
    seed: int = 0,
    via: Any = None,
    parameters: bool | Iterable[str] = False,
) -> Function:
    """A graph as a PyTorch function of its parameters.

    Parameters
    ----------
    graph : Graph
    samples : int, optional
        Independent samples that are averaged in one estimate; by default the fewest that the estimators accept.
    replicates : int, optional
        Independent estimates of one call, on a leading axis.
    seed : int
        The seed of all noise.
    via : str, Estimator or mapping of str to these, optional
        Estimators that take precedence over the graph's.
    parameters : bool or iterable of str
        Which parameters of the graph are parameters of the module, with the graph's initial values: all, or those of these names.

    Returns
    -------
    Function
        ``f(params, step=..)`` is the objective, whose gradient by autograd is the estimate. The noise is that of
        ``graph.compile(samples=.., seed=.., dtype=..)`` at the same step.
    """
    return Function(graph, samples=samples, replicates=replicates, seed=seed, via=via, parameters=parameters)
