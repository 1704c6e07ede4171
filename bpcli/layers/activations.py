"""Activations as modules: ops of the graph under PyTorch's names, with PyTorch's arguments.

`inplace` is heard and changes nothing, as no value is written over here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.keys import Slice
from bpcli.graph.network import Draw
from bpcli.layers.definition import layer
from bpcli.layers.fitting import axis_within, require_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpcli.graph.node import Node
    from bpcli.layers.kinds import Approximation, NotNegative, Positive
    from bpcli.layers.scope import Scope

# Layers that are one op each: those that take nothing, and those that take `inplace`.
PLAIN = {"LogSigmoid": "logsigmoid", "Sigmoid": "sigmoid", "Softsign": "softsign", "Tanh": "tanh"}
IN_PLACE = {
    "Hardsigmoid": "hardsigmoid",
    "Hardswish": "hardswish",
    "Mish": "mish",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SELU": "selu",
    "SiLU": "silu",
}


def _plain(op: str) -> Callable[..., Node]:
    def build(m: Scope, x: Node) -> Node:
        made: Node = getattr(m, op)(x)
        return made

    return build


def _in_place(op: str) -> Callable[..., Node]:
    def build(m: Scope, x: Node, inplace: bool = False) -> Node:
        del inplace
        made: Node = getattr(m, op)(x)
        return made

    return build


for _name, _op in PLAIN.items():
    layer(_name)(_plain(_op))
for _name, _op in IN_PLACE.items():
    layer(_name)(_in_place(_op))


@layer("LeakyReLU")
def leaky_relu(m: Scope, x: Node, negative_slope: float = 0.01, inplace: bool = False) -> Node:
    """Hand on x above 0, negative_slope * x elsewhere."""
    del inplace
    return m.leaky_relu(x, negative_slope=negative_slope)


@layer("ELU")
def elu(m: Scope, x: Node, alpha: float = 1.0, inplace: bool = False) -> Node:
    """Hand on x above 0, alpha * (eˣ - 1) elsewhere."""
    del inplace
    return m.elu(x, alpha=alpha)


@layer("CELU")
def celu(m: Scope, x: Node, alpha: Positive = 1.0, inplace: bool = False) -> Node:
    """Hand on x above 0, alpha * (e^(x/alpha) - 1) elsewhere, whose slope at 0 is 1 from both sides.

    Source: Barron 2017, Continuously differentiable exponential linear units.
    """
    del inplace
    return m.elu(x) if alpha == 1 else alpha * m.elu(x / alpha)


@layer("Softplus")
def softplus(m: Scope, x: Node, beta: Positive = 1.0, threshold: float = 20.0) -> Node:
    """Give log(1 + e^(beta * x))/beta, and x itself where beta * x is above the threshold, as PyTorch does.

    Source: torch.nn.Softplus.
    """
    steep = x if beta == 1 else beta * x
    return m.where(m.greater(steep, threshold), x, m.softplus(x, beta=beta))


@layer("GELU")
def gelu(m: Scope, x: Node, approximate: Approximation = "none") -> Node:
    """Multiply x by the normal law's distribution function, or its approximation by tanh."""
    return m.gelu(x, approximate=approximate)


@layer("Hardtanh")
def hardtanh(
    m: Scope,
    x: Node,
    min_val: float = -1.0,
    max_val: float = 1.0,
    inplace: bool = False,
    min_value: float | None = None,
    max_value: float | None = None,
) -> Node:
    """Keep x within min_val and max_val, which were once called min_value and max_value.

    Raises UsageError where they leave nothing between them.
    """
    del inplace
    low = min_val if min_value is None else min_value
    high = max_val if max_value is None else max_value
    if high <= low:
        message = "'max_val' must be more than 'min_val'"
        raise UsageError(message)
    return m.hardtanh(x, min_val=low, max_val=high)


@layer("Tanhshrink")
def tanhshrink(m: Scope, x: Node) -> Node:
    """Take tanh(x) off x."""
    return x - m.tanh(x)


@layer("Hardshrink")
def hardshrink(m: Scope, x: Node, lambd: float = 0.5) -> Node:
    """Hand on x, and 0 from -lambd to lambd."""
    return m.where(m.less_equal(m.abs(x), lambd), 0, x)


@layer("Softshrink")
def softshrink(m: Scope, x: Node, lambd: NotNegative = 0.5) -> Node:
    """Move x towards 0 by lambd, but not past it. Its slope is 0 from -lambd to lambd, the edges with it."""
    return x - m.clip(x, -lambd, lambd)


@layer("Threshold")
def threshold_(m: Scope, x: Node, threshold: float, value: float, inplace: bool = False) -> Node:
    """Hand on x above the threshold, `value` elsewhere."""
    del inplace
    return m.where(m.greater(x, threshold), x, value)


@layer("PReLU")
def prelu(m: Scope, x: Node, num_parameters: int = 1, init: float = 0.25) -> Node:
    """Hand on x above 0, weight * x elsewhere; the weight is learned, one for all or one for each channel (axis 1).

    It is (num_parameters,), and begins as `init`. Raises ShapeError. Source: torch.nn.PReLU.
    """
    channels = x.shape[1] if len(x.shape) > 1 else 1
    if num_parameters not in {1, channels}:
        message = f"{{0}} expects {num_parameters} channels, {{1}} gives {channels}"
        raise ShapeError(message)
    weight: Node = m.parameter("weight", (num_parameters,), Draw("constant", init))
    if num_parameters > 1 and len(x.shape) > 2:  # noqa: PLR2004 - the channels are not the last axis
        weight = m.reshape(weight, shape=(num_parameters, *[1] * (len(x.shape) - 2)))
    elif not x.shape:
        weight = m.reshape(weight, shape=())
    return m.where(m.greater(x, 0), x, weight * x)


@layer("RReLU")
def rrelu(m: Scope, x: Node, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> Node:
    """Hand on x above 0, a * x elsewhere: a is drawn for each entry in training, and (lower + upper)/2 in evaluation.

    Raises UsageError where lower is above upper. Source: torch.nn.RReLU.
    """
    del inplace
    if lower > upper:
        message = "'upper' must be 'lower' or more"
        raise UsageError(message)
    if not m.is_training:
        return m.leaky_relu(x, negative_slope=(lower + upper) / 2)
    slope = m.drawn("slope", x.shape, Draw("uniform", lower, upper))
    return m.where(m.greater(x, 0), x, slope * x)


@layer("GLU")
def glu(m: Scope, x: Node, dim: int = -1) -> Node:
    """Give a * sigmoid(b), where a and b are the halves of x along an axis.

    Raises ShapeError where it has an odd length. Source: Dauphin et al. 2017,
    Language modeling with gated convolutional networks.
    """
    axis = axis_within(x, dim)
    length = x.shape[axis]
    if length % 2:
        message = f"{{0}} halves axis {dim}, {{1}} gives {length} entries along it, an odd number"
        raise ShapeError(message)
    before = (Slice(),) * axis
    first, second = [m.getitem(x, key=(*before, Slice(*bounds))) for bounds in ((None, length // 2), (length // 2,))]
    return first * m.sigmoid(second)


def _axis(x: Node, dim: int | None) -> int:
    """The axis; without one 0 for arrays of 0, 1 or 3 axes and 1 for others, as PyTorch guesses."""
    guessed = 0 if len(x.shape) in {0, 1, 3} else 1
    return axis_within(x, guessed if dim is None else dim)


@layer("Softmax")
def softmax(m: Scope, x: Node, dim: int | None = None) -> Node:
    """Give eˣ over its sum along an axis."""
    return m.softmax(x, axis=_axis(x, dim))


@layer("LogSoftmax")
def log_softmax(m: Scope, x: Node, dim: int | None = None) -> Node:
    """The logarithm of softmax, which does not overflow."""
    return m.log_softmax(x, axis=_axis(x, dim))


@layer("Softmin")
def softmin(m: Scope, x: Node, dim: int | None = None) -> Node:
    """The softmax of -x."""
    return m.softmax(-x, axis=_axis(x, dim))


@layer("Softmax2d")
def softmax2d(m: Scope, x: Node) -> Node:
    """The softmax over the channels at each place of an image. Raises ShapeError."""
    require_image(x.shape, 2)
    return m.softmax(x, axis=-3)
