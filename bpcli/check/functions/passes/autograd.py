"""Passes of PyTorch: a torch.autograd.Function, called by `apply`, its backward pass by torch.autograd.grad.

PyTorch is never imported here: whoever gives such a class has imported it.
"""

import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bpcli.check.functions.passes.assigning import is_differentiable
from bpcli.check.functions.passes.signatures import Parameters, parameters_of


def is_autograd(owner: Any) -> bool:
    """Whether this is a subclass of torch.autograd.Function, told without importing PyTorch."""
    torch = sys.modules.get("torch")
    return torch is not None and inspect.isclass(owner) and issubclass(owner, torch.autograd.Function)


def taken_by_autograd(owner: Any) -> Parameters:
    """What `apply` takes, which is by place: the parameters of `forward`, without `ctx` where it has one."""
    torch = sys.modules["torch"]
    has_setup = owner.setup_context is not torch.autograd.Function.setup_context
    found = parameters_of(owner.forward, skipped=0 if has_setup else 1)
    return found._replace(listed=tuple(one._replace(by_name=False) for one in found.listed), keywords=None)


def tensors_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as PyTorch takes them: arrays are tensors, and those of floats are leaves that get a gradient."""
    torch = sys.modules["torch"]
    found = {}
    for name, value in inputs.items():
        if isinstance(value, np.ndarray | np.generic):
            found[name] = torch.tensor(np.array(value), requires_grad=is_differentiable(value))
        else:
            found[name] = value
    return found


def tensor_outputs(returned: Any) -> tuple[Any, ...]:
    """The outputs of `apply` that are tensors of floats."""
    torch = sys.modules["torch"]
    several = returned if isinstance(returned, tuple) else (returned,)
    return tuple(one for one in several if isinstance(one, torch.Tensor) and one.is_floating_point())


def tensor_gradients(
    outputs: Sequence[Any], inputs: Mapping[str, Any], upstream: Sequence[Any] | None
) -> dict[str, Any]:
    """The gradients with respect to the leaves, as PyTorch's backward pass hands them on."""
    torch = sys.modules["torch"]
    leaves = {name: value for name, value in inputs.items() if getattr(value, "requires_grad", False)}
    given = upstream if upstream is not None else [np.ones(one.shape) for one in outputs]
    pairs = [(one, torch.tensor(np.array(up)).to(one.dtype)) for one, up in zip(outputs, given, strict=True)]
    followed = [pair for pair in pairs if pair[0].requires_grad]
    if not followed:
        return {}
    found = torch.autograd.grad(
        [one for one, _ in followed], list(leaves.values()), [up for _, up in followed], allow_unused=True
    )
    return {name: value.numpy() for name, value in zip(leaves, found, strict=True) if value is not None}
