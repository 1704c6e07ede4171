"""ReLUs that are off for every sample of a batch, or never: which they are, and whether chance explains it.

By chance a whole batch may leave a ReLU off: deep in a network of random weights all samples point into almost one
direction, and near half of the units are off for all of them. Three things are no chance:

- the mean input of a unit is many times further below 0 than its weights explain, the standard deviation of
  w·x + b for random signs, where b is as large as a weight;
- so many units are off that random signs of the weights would hardly ever give it: k of n, or more, with at most
  exp(-n·KL(k/n ‖ p)) (Chernoff), where p is the probability of one unit, at most 1/2;
- more than half of the units are off, and their mean inputs, each over the size that its weights explain, sum to
  t, which random signs give with at most exp(-t²/(2n)) (Hoeffding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.flow.diagnoses.chances import chance_of_sum, largest_chance, share_by_chance, weighing_of
from bpcli.flow.diagnoses.figures import figure, listed, percent, plural
from bpcli.flow.diagnoses.units import Group, by_unit, groups_of, mean_by_unit, numbers_where, products_of
from bpcli.graph.node import Constant, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpcli.flow.diagnoses.scene import Scene

RECTIFIERS = {"relu", "relu6"}
PAIR = 2
TINY = 1e-300  # beside a square; a unit without weights is as far out as can be


class Side(NamedTuple):
    """The units of a layer that stay on one side of 0 for the whole batch, and the evidence that it is no chance.

    `units` is how many there are, `staying` are the numbers of those that stay. `threshold` names what was crossed.
    """

    name: str
    units: int
    staying: list[int]
    seen: str  # for how many samples, or places, in words
    threshold: str
    why: str


def sides_of(scene: Scene, sign: int) -> Iterator[Side]:
    """Each layer of ReLUs of which too many units stay below 0 (`sign` -1), or above (1)."""
    for group in groups_of(scene, lambda node: None if input_of(node) is None else ""):
        side = _side_of(scene, group, sign)
        if side is not None:
            yield side


def input_of(node: Node) -> Node | None:
    """What a ReLU is taken of, also where it is written max(x, 0); None for other nodes."""
    if node.op.name in RECTIFIERS:
        return node.inputs[0]
    if node.op.name == "maximum" and len(node.inputs) == PAIR:
        for one, other in (node.inputs, node.inputs[::-1]):
            bare = one.inputs[0] if one.op.name == "broadcast_to" else one
            if isinstance(bare, Constant) and bare.value == 0:
                return other
    return None


def named(side: Side) -> str:
    """`units 0, 3, 7 of 64`, or `all 64 units`."""
    if len(side.staying) == side.units:
        return f"all {side.units} units" if side.units > 1 else "the one unit"
    word = "unit" if len(side.staying) == 1 else "units"
    return f"{len(side.staying)} of {side.units} units ({word} {listed(side.staying)})"


def _side_of(scene: Scene, group: Group, sign: int) -> Side | None:
    """The units of a layer on one side of 0; None where there is no finding.

    Of units that are always on it is asked only where they are sums of products with weights: the sum of a residual
    block is above 0 as the blocks before it are.
    """
    inputs = [source for node in group.nodes if (source := input_of(node)) is not None]
    products = [products_of(source) or [] for source in inputs]
    values = [scene.value(source) for source in inputs]
    stays = _all_of([by_unit(value > 0 if sign > 0 else value <= 0, group.axis) for value in values])
    units = len(stays)
    observations = sum(value.size for value in values) // units
    if not stays.any() or observations < scene.thresholds["dead-samples"]:
        return None
    if (sign > 0 and not all(products)) or _nothing_arrives(scene, products):
        return None
    seen = _observed(values, observations)
    margins = _margins(scene, values, products, group.axis, sign)
    found = _beyond(scene, stays, margins, sign) or _unlikely(scene, group, inputs, stays, margins)
    return found and Side(group.name, units, numbers_where(stays), seen, *found)


def _beyond(scene: Scene, stays: Any, margins: Any, sign: int) -> tuple[str, str] | None:
    """The threshold and the reason where enough units are further out than their weights explain; else None."""
    if margins is None:
        return None
    beyond = stays & (margins > scene.thresholds["dead-margin"])
    count = int(beyond.sum())
    if count < max(1.0, scene.thresholds["dead-share"] * len(stays)):
        return None
    typical = figure(sorted(float(one) for one in margins[beyond])[count // 2])
    way, whose = "above" if sign > 0 else "below", "their mean input"
    if count < stays.sum():
        whose = f"the mean input of {count} of them"
    return "dead-margin", f"{whose} is typically {typical} times as far {way} 0 as the size of their weights explains"


def _unlikely(scene: Scene, group: Group, inputs: list[Node], stays: Any, margins: Any) -> tuple[str, str] | None:
    """The threshold and the reason where chance hardly ever lets so many units stay on a side; else None."""
    count, units, limit = int(stays.sum()), len(stays), scene.thresholds["dead-chance"]
    chance = largest_chance(count, units)
    if chance < limit:
        return "dead-chance", f"weights symmetric about 0 give so many with a probability below {figure(chance)}"
    weighing = weighing_of(scene, inputs[0]) if len(inputs) == 1 else None
    if weighing is None or margins is None or count < scene.thresholds["dead-share"] * units:
        return None
    each = share_by_chance(scene, weighing, group.axis, units)
    chance = largest_chance(count, units, each)
    if chance < limit:
        few = f"with random signs of the weights less than {percent(each)} of units are"
        return "dead-chance", f"{few}, and so many with a probability below {figure(chance)}"
    chance = chance_of_sum(margins)
    if 2 * count > units and chance < limit:
        why = f"random signs of the weights bring the mean inputs so far out with a probability below {figure(chance)}"
        return "dead-chance", why
    return None


def _all_of(conditions: list[Any]) -> Any:
    """For each unit whether all conditions hold."""
    whole = conditions[0]
    for condition in conditions[1:]:
        whole = whole & condition
    return whole


def _observed(values: list[Any], observations: int) -> str:
    """How often each unit was looked at, in words."""
    alone = values[0].ndim == PAIR and len(values) == 1
    return f"for each of {plural(observations, 'sample')}" if alone else f"at each of {observations} places and steps"


def _nothing_arrives(scene: Scene, products: list[list[Node]]) -> bool:
    """Whether all that is multiplied with weights is 0, as behind a layer that is off itself."""
    factors = [scene.value(product.inputs[0]) for terms in products for product in terms]
    return bool(factors) and not any((factor != 0).any() for factor in factors)


def _margins(scene: Scene, values: list[Any], products: list[list[Node]], axis: int, sign: int) -> Any:
    """For each unit its mean input over the size that its weights explain; None where it is no sum of products."""
    if not all(products):
        return None
    squares = sum(_explained(scene, product) for terms in products for product in terms) / len(products)
    mean = sum(mean_by_unit(value, axis) for value in values) / len(values)
    return sign * mean / (squares + TINY) ** 0.5


def _explained(scene: Scene, product: Node) -> Any:
    """For each unit ‖w‖² times the mean square of what comes in, and the mean square of the layer's weights.

    The latter stands for a bias, which is drawn as large as a weight, and multiplied by 1: without it, every unit
    behind a layer that hands on next to nothing would be far out.
    """
    came, weight = (scene.value(source) for source in product.inputs[:PAIR])
    if product.op.name == "matmul":
        rows = weight.swapaxes(-1, -2) if weight.ndim > 1 else weight[None]
    else:
        kernel = weight.swapaxes(0, 1) if product.op.name == "conv_input" and weight.ndim > PAIR else weight
        rows = kernel.reshape(len(kernel), -1)
    squares = rows**2
    return squares.sum(axis=-1) * (came**2).mean() + squares.mean()
