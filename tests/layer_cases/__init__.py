"""Specs of layers, one family a file: the same text is given to PyTorch, which answers in a fixture, and to bpcli."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A spec, and what it is given.

    `spec` is a model, `loss` a loss of torch.nn or nothing, and then the output is weighed by an upstream gradient.
    `shape` is that of the input, which is drawn from a normal law, or, with `below`, of whole numbers from 0 up to it.
    `target` is the shape of a drawn target, or the target itself; `classes` makes it whole numbers below that.
    `at` replaces the input. `parameters` replaces drawn parameters and buffers, `mode` is `train` or `eval`.
    `pick` is another result of the last layer, such as `h_n`. With `inputs`, shapes by name, the spec is a call of a
    function of torch.nn.functional; what its name calls a mask is made of 0 and 1.
    """

    name: str
    spec: str
    shape: tuple[int, ...] = ()
    loss: str = ""
    target: Any = None
    classes: int = 0
    below: int = 0
    at: Any = None
    mode: str = "train"
    parameters: dict[str, Any] = field(default_factory=dict)
    pick: str = ""
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)


def one_layer(name: str, layer: str, *shape: int) -> Case:
    """A model of one layer of torch.nn, and the shape of its input."""
    return Case(name, f"nn.Sequential(nn.{layer})", shape)
