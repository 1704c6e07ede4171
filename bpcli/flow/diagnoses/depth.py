"""The gradient through depth: what of it reaches the first layer, and what each kind of layer multiplies it by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from bpcli.flow.diagnoses.figures import figure
from bpcli.flow.diagnoses.gains import Gain, advice, gains_of, typical_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.flow.results import Row

FEWEST_ROWS = 4  # fewer have no depth
MOST_KINDS = 4


class Depth(NamedTuple):
    """The way back through layers, or through statements: the first and the last row, and those between."""

    first: Row
    last: Row
    rows: Sequence[Row]
    ratio: float
    gains: list[Gain]

    @property
    def steps(self) -> int:
        """How many rows the gradient went back."""
        return len(self.rows) - 1

    @property
    def factor(self) -> float:
        """What one row multiplies the gradient by, on average."""
        return math.pow(self.ratio, 1 / self.steps)


def depth_of(scene: Scene) -> Depth | None:
    """The way from the last layer before the loss to the first with parameters; None where a gradient is 0 or missing.

    Of an expression without layers, from the output to the first named statement.
    """
    rows = [row for row in scene.flow.rows if not row.part and (row.layer is None) == (not scene.layers)]
    rows = [row for row in rows if row.layer is None or not row.layer.is_loss]
    while rows and rows[0].layer is not None and not rows[0].layer.parameters:
        rows = rows[1:]
    if len(rows) < FEWEST_ROWS or not all(row.gradient and math.isfinite(row.gradient) for row in (rows[0], rows[-1])):
        return None
    ratio = (rows[0].gradient or 0) / (rows[-1].gradient or 1)
    return Depth(rows[0], rows[-1], rows, ratio, gains_of(scene)) if ratio else None


def evidence_of(depth: Depth, verb: str) -> str:
    """From where to where the gradient fades or grows, and what each kind of layer multiplies it by."""
    first, last = figure(depth.first.gradient or 0), figure(depth.last.gradient or 0)
    kinds = by_kind(depth)
    told = f"; of which {kinds}" if kinds else ""
    steps = f"{depth.steps} {'layers' if depth.first.layer else 'statements'}"
    return (
        f"‖gradient‖ {verb} from {last} at {depth.last.name} to {first} at {depth.first.name}: "
        f"×{figure(depth.ratio)} after {steps}, ×{figure(depth.factor)} each{told}"
    )


def by_kind(depth: Depth) -> str:
    """`Linear gives ×0.58, ReLU gives ×0.71`: geometric means over the layers of a kind."""
    logs: dict[str, list[float]] = {}
    for before, after in zip(depth.rows, depth.rows[1:], strict=False):
        is_next = after.layer is not None and bool(after.layer.inputs) and after.layer.inputs[0] is before.node
        if is_next and after.layer and before.gradient and after.gradient:
            logs.setdefault(after.layer.kind, []).append(math.log(before.gradient / after.gradient))
    told = [(kind, math.exp(sum(found) / len(found))) for kind, found in logs.items()]
    texts = [f"{kind} gives ×{figure(factor)}" for kind, factor in told[:MOST_KINDS]]
    return ", ".join(texts)


def gain_text(depth: Depth) -> str:
    """What the weights are beside what fits them, `the weights are 0.41 times as large as …`."""
    option = advice(depth.gains)[1]
    return f"the weights are {figure(typical_factor(depth.gains))} times as large as those of {option}"


def is_off_scale(scene: Scene, depth: Depth) -> bool:
    """Whether the gain of the weights is off in the direction in which the gradient goes."""
    factor, limit = typical_factor(depth.gains), max(scene.thresholds["gain"], 1 / scene.thresholds["gain"])
    return factor < 1 / limit if depth.ratio < 1 else factor > limit
