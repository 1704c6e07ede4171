"""How parameters that nobody gave are drawn: each layer's `reset_parameters` of PyTorch 2.13, or a scheme for all.

The schemes are those of `torch.nn.init`. A weight is an array of two or more axes that a layer draws by its fans: the
matrix of a linear map, or a kernel. Biases beside it are then 0. What else a layer has, a table of embeddings, the
scale of a normalisation, the slope of PReLU, stays as that layer draws it.

    he           `kaiming_normal_`, which keeps the variance behind ReLU (He et al. 2015)
    xavier       `xavier_uniform_`, which keeps that of values and of gradients about (Glorot & Bengio 2010)
    orthogonal   `orthogonal_`, which keeps lengths (Saxe et al. 2014)
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

from bpcli.graph.network import Draw

if TYPE_CHECKING:
    from bpcli.graph.op import Shape

ZEROS = Draw("constant", 0.0)
ONES = Draw("constant", 1.0)
SCHEMES = ("default", "he", "xavier", "orthogonal")
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
    return within(sqrt(6 / (fan_in + fan_out)) if fan_in + fan_out else 0.0)


def xavier_normal(fan_in: int, fan_out: int) -> Draw:
    """Normal with the variance 2/(fan_in + fan_out): `xavier_normal_`."""
    return Draw("normal", 0.0, sqrt(2 / (fan_in + fan_out)))


def he(fan_in: int) -> Draw:
    """Normal with the variance 2/fan_in: `kaiming_normal_` for ReLU (He et al. 2015)."""
    return Draw("normal", 0.0, sqrt(2 / fan_in) if fan_in else 0.0)


def is_weight(draw: Draw, shape: Shape) -> bool:
    """Whether a parameter is a weight, which a scheme draws and a scale multiplies."""
    return draw.law == "uniform" and len(shape) > 1


def by_scheme(scheme: str, draw: Draw, shape: Shape) -> Draw:
    """How a parameter is drawn by one of the `SCHEMES`, where its layer says `draw`.

    The fans of a weight (out, in, …) are those of `torch.nn.init`; gates, one above another, are each a weight.
    """
    if scheme == "default" or draw.law != "uniform":
        return draw
    if not is_weight(draw, shape):
        return ZEROS
    if scheme == "orthogonal":
        return Draw("orthogonal", 1.0, blocks=draw.blocks)
    fan_in = fan_in_of(shape)
    return he(fan_in) if scheme == "he" else xavier(fan_in, shape[0] // draw.blocks * prod(shape[2:]))
