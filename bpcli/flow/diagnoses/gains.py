"""The gain of weights: the root mean square of their entries times √fan_in, beside what keeps the size of a signal.

A layer of independent entries of variance σ² turns inputs of mean square q into sums of mean square fan_in·σ²·q, so
√fan_in·σ is what it multiplies by. ReLU then halves the mean square, which √2 makes up for (He et al. 2015, eq. 10);
tanh leaves small inputs as they are, which asks for 1 (Glorot & Bengio 2010), and at most for 5/3. Values:
torch.nn.init.calculate_gain. A sigmoid has no gain that fits: its slope is at most 1/4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.graph.network import Layer

HE = ("--initial-weights he", "He initialisation")
XAVIER = ("--initial-weights xavier", "Xavier initialisation")
# By the activation behind the weights: the least and the largest gain that fit, and what draws them so.
FITTING: Mapping[str, tuple[float, float, tuple[str, str]]] = {
    **dict.fromkeys(("ReLU", "ReLU6", "LeakyReLU", "PReLU"), (math.sqrt(2), math.sqrt(2), HE)),
    **dict.fromkeys(("GELU", "SiLU", "ELU", "Mish"), (1.0, 1.7, HE)),
    **dict.fromkeys(("Tanh", "Softsign"), (1.0, 5 / 3, XAVIER)),
    "SELU": (3 / 4, 1.0, XAVIER),
    "": (1.0, 1.0, XAVIER),  # linear layers after each other
}
WEIGHTED = ("Linear", "Conv1d", "Conv2d")
PASSING = ("Dropout", "MaxPool", "AvgPool", "Flatten", "Identity", "Adaptive")


class Gain(NamedTuple):
    """The gain of one layer's weights, and the nearest that fits what comes behind it."""

    layer: Layer
    behind: str
    found: float
    fitting: float

    @property
    def factor(self) -> float:
        """How many times too large it is."""
        return self.found / self.fitting


def gains_of(scene: Scene) -> list[Gain]:
    """The gains of the linear and convolutional layers that an activation stands behind, in order."""
    following = {layer.inputs[0]: layer for layer in scene.layers if layer.inputs}
    found = []
    for layer in scene.layers:
        behind = following.get(layer.output)
        while behind is not None and behind.kind.startswith(PASSING):
            behind = following.get(behind.output)
        if layer.kind not in WEIGHTED or behind is None or behind.is_loss:
            continue
        kind = "" if behind.kind in WEIGHTED else behind.kind
        weight = scene.value(layer.parameters[0].variable)
        if kind not in FITTING or weight.ndim < 2 or not weight.size:  # noqa: PLR2004 - a weight is (out, in, …)
            continue
        fan_in = weight.size // len(weight)
        gain = float((weight**2).mean()) ** 0.5 * math.sqrt(fan_in)
        least, most, _ = FITTING[kind]
        found.append(Gain(layer, kind, gain, min(max(gain, least), most)))
    return found


def typical_factor(gains: list[Gain]) -> float:
    """How many times too large gains are: the geometric mean."""
    if not gains or not all(gain.found for gain in gains):
        return 1.0
    return math.exp(sum(math.log(gain.factor) for gain in gains) / len(gains))


def advice(gains: list[Gain]) -> tuple[str, str]:
    """What draws weights of the right gain, in words: the option and what it is called."""
    kinds = [gain.behind for gain in gains]
    return FITTING[max(set(kinds), key=lambda kind: (kinds.count(kind), kind))][2] if kinds else HE
