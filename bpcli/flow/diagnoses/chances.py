"""What chance explains of units that stay on one side of 0 for a whole batch.

The weights of a unit at initialisation are as likely as the same with other signs, whatever comes in. So the units that
a layer would have with random signs say how many of them stay on one side by chance: hardly any where the samples point
into many directions, half of them where they all point into one, as deep in a network.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.flow.diagnoses.units import by_unit, is_weight, products_of
from bpcli.graph.network import Draw
from bpcli.numbers.arrays import arrays
from bpcli.numbers.drawing import drawn
from bpcli.numbers.system import Functions

if TYPE_CHECKING:
    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.graph.node import Node

SIGN = Draw("integers", 0, 2)
UNITS = 1024  # with random signs at least, and as many with the opposite ones
ROUNDS = 4  # at least
HALF = 0.5


class Weighing(NamedTuple):
    """What a nonlinearity is taken of: one product with weights, and the biases beside it."""

    product: Node
    biases: list[Node]


def weighing_of(scene: Scene, node: Node) -> Weighing | None:
    """None where a node is not what a layer makes: one product of what comes in with a weight."""
    products = products_of(node) or []
    if len(products) != 1 or products[0] not in scene.owners or not is_weight(products[0].inputs[1]):
        return None
    biases, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        if one.op.name == "add" and not is_weight(one):
            waiting.extend(one.inputs)
        elif one is not products[0]:
            biases.append(one)
    return Weighing(products[0], biases)


def share_by_chance(scene: Scene, weighing: Weighing, axis: int, units: int) -> float:
    """The share of units that stay on a side of 0 if their weights have random signs: an upper bound, at most 1/2.

    It lies three standard deviations, and three units, above what is counted.
    """
    came, weight = (scene.value(source) for source in weighing.product.inputs[:2])
    biases = [scene.value(bias) for bias in weighing.biases]
    product = Functions(arrays)[weighing.product.op]
    rounds = max(ROUNDS, math.ceil(UNITS / units))
    spread = (units, *[1] * (-1 - axis))
    found = 0
    for turn in range(rounds):
        value = product(came, weight * _signs(weight.shape, "weight", turn), **weighing.product.attributes)
        for place, bias in enumerate(biases):
            value = value + bias * _signs(spread, f"bias {place}", turn)
        found += int(by_unit(value <= 0, axis).sum()) + int(by_unit(value >= 0, axis).sum())
    return min((found + 3 * math.sqrt(found) + 3) / (2 * rounds * units), HALF)


def _signs(shape: tuple[int, ...], name: str, turn: int) -> Any:
    """Entries of 1 and -1, the same for the same name and turn."""
    return 2 * drawn(SIGN, shape, 0, name, turn) - 1


def largest_chance(count: int, units: int, each: float = HALF) -> float:
    """The most that `count` or more of so many units have as their probability, one with `each` at most (Chernoff)."""
    share = count / units
    if share <= each:
        return 1.0
    rest = (1 - share) * math.log((1 - share) / (1 - each)) if share < 1 else 0.0
    return math.exp(-units * (share * math.log(share / each) + rest))


def chance_of_sum(margins: Any) -> float:
    """The most that this sum of margins, or a larger one, has as its probability with random signs (Hoeffding)."""
    total = float(margins.sum())
    return math.exp(-(total**2) / (2 * len(margins))) if total > 0 else 1.0
