"""How PyTorch 2.13 draws parameters that nobody gave, each layer's `reset_parameters`; and masks of dropout."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

from bpcli.graph.network import Draw

if TYPE_CHECKING:
    from bpcli.graph.op import Shape

ZEROS = Draw("constant", 0.0)
ONES = Draw("constant", 1.0)
STANDARD_NORMAL = Draw("normal", 0.0, 1.0)


def kept(dropped: float) -> Draw:
    """What dropout multiplies by: 1/(1 - p) with probability 1 - p, else 0, for entries dropped with probability p."""
    return Draw("kept", dropped)


def within(bound: float) -> Draw:
    """Uniform from -bound to bound."""
    return Draw("uniform", -bound, bound)


def by_fan_in(fan_in: int) -> Draw:
    """Uniform within ±1/√fan_in: `kaiming_uniform_` with a = √5, and the bias beside it."""
    return within(1 / sqrt(fan_in) if fan_in else 0.0)


def fan_in_of(weight: Shape) -> int:
    """How many inputs one output of a weight (out, in, …) is made of."""
    return prod(weight[1:])


def xavier(fan_in: int, fan_out: int) -> Draw:
    """Uniform within ±√(6/(fan_in + fan_out)): `xavier_uniform_` (Glorot & Bengio 2010)."""
    return within(sqrt(6 / (fan_in + fan_out)))


def xavier_normal(fan_in: int, fan_out: int) -> Draw:
    """Normal with the variance 2/(fan_in + fan_out): `xavier_normal_`."""
    return Draw("normal", 0.0, sqrt(2 / (fan_in + fan_out)))
