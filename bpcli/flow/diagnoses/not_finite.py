"""NaN and infinity: the first step where they appear, forward and backward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.backprop.nonfinite import notices
from bpcli.flow.diagnoses.figures import percent
from bpcli.graph.order import ancestors_first, downstream_of
from bpcli.numbers.arrays import arrays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.flow.results import Diagnosis
    from bpcli.graph.node import Node

OVERFLOW_REMEDY = "keep the numbers that go into this step smaller: standardise inputs, lower the learning rate"
LOG_REMEDY = "keep the input of the logarithm above 0, as in log(x + 1e-12); or log_softmax, logsigmoid of scores"
# By the op at which the values stop being finite; every other one overflows.
FORWARD_REMEDIES = {
    **dict.fromkeys(("log", "log2", "log10", "log1p"), LOG_REMEDY),
    "log_loss": "a Sigmoid in front of BCELoss, or BCEWithLogitsLoss, which takes scores, in its place",
    "sqrt": "keep the input of sqrt at 0 or above, as in sqrt(maximum(x, 0) + 1e-12)",
    "div": "keep the divisor away from 0, as in a/(b + 1e-12)",
    "exp": "a stable form, softmax, log_softmax, logsumexp or softplus, in place of exp; or smaller inputs of it",
}
MASKED_REMEDY = (
    "mask what goes into the step as well, f(where(condition, x, 1)): where() keeps the value out, but 0·∞ is NaN on "
    "the way back"
)
BACKWARD_REMEDY = "keep the input of this step away from where its slope is infinite, as in sqrt(x + 1e-12)"


def not_finite(scene: Scene) -> Iterator[Diagnosis]:
    """The first step forward, and the first backward, at which finite numbers give one that is not."""
    if scene.result.is_finite:
        return
    messages = [notice.message for notice in notices(scene.result)]
    forward = _first_forward(scene)
    if forward is not None:
        said = next((message for message in messages if message.startswith("forward")), scene.formula(forward))
        remedy = FORWARD_REMEDIES.get(forward.op.name, OVERFLOW_REMEDY)
        if _is_kept_out(scene, forward):
            said, remedy = f"{said}; where() computes both branches, and keeps this one out of its value", MASKED_REMEDY
        yield scene.finding("not finite", f"forward, {scene.place(forward)}", said, "", remedy)
    backward = _first_backward(scene)
    if backward is not None:
        node = backward
        said = next((message for message in messages if not message.startswith("forward")), "")
        said = said or f"the step back from {scene.formula(node)} is not finite, though its value is"
        masked = _masked_share(scene, node)
        if masked:
            said += f"; the gradient that arrives is 0 for {percent(masked)} of its entries, which where() masks"
        remedy = MASKED_REMEDY if masked else BACKWARD_REMEDY
        yield scene.finding("not finite", f"backward, {scene.place(node)}", said, "", remedy)


def _first_forward(scene: Scene) -> Node | None:
    values, needed = scene.result.values, set(ancestors_first([scene.result.graph.output]))
    is_finite = arrays.is_finite
    for node in scene.result.graph.nodes:
        if node in needed and not is_finite(values[node]) and all(is_finite(values[one]) for one in node.inputs):
            return node
    return None


def _first_backward(scene: Scene) -> Node | None:
    """The first node whose upstream and value are finite, and which hands back what is not."""
    result, is_finite = scene.result, arrays.is_finite
    for step in result.steps():
        lost = is_finite(result.values[step.node]) and is_finite(step.upstream) and not is_finite(step.contribution)
        if lost:
            return step.node
    return None


def _is_kept_out(scene: Scene, node: Node) -> bool:
    """Whether a `where` behind a node has a finite value all the same."""
    behind = downstream_of(scene.result.graph, [node])
    return any(one.op.name == "where" and arrays.is_finite(scene.result.values[one]) for one in behind)


def _masked_share(scene: Scene, node: Node) -> float:
    """The share of entries at which nothing arrives, of a node whose value a `where` chooses from; else 0."""
    upstream = scene.upstream(node)
    if upstream is None:
        return 0.0
    chosen = [one for one in downstream_of(scene.result.graph, [node]) if one.op.name == "where"]
    return float((upstream == 0).sum() / upstream.size) if chosen else 0.0
