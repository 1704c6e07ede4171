"""Where the way of a gradient breaks: an op at which one arrives, and which hands none back; and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bpcli.flow.diagnoses.rectified import input_of

if TYPE_CHECKING:
    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.graph.node import Node

CHOICES = {"argmax": "the place of the largest entry", "one_hot": "a row for each index"}
JUMPS = {"floor", "ceil", "round", "sign"}
CLIPS = {"clip", "hardtanh", "hardsigmoid"}
OTHERS = {"maximum": "larger", "minimum": "smaller"}
STATIONARY = {"square", "constant_pow", "abs", "norm"}  # at their least a gradient of 0 is no fault
ARRIVING = "that a gradient arrives at"
OFF = (
    "all of its units are 0 for every sample",
    "biases that begin at 0, He initialisation (--initial-weights he), or LeakyReLU or GELU, with a slope below 0",
)


class Break(NamedTuple):
    """An op that hands nothing back to one of its inputs, why, and what to do about it."""

    node: Node
    why: str
    remedy: str


def breaks_of(scene: Scene, start: Node) -> list[Break]:
    """The ops behind `start` at which a gradient arrives that goes no further towards it, in order of computation.

    None where that is no fault: at the least of a square, and at a first state of zeros.
    """
    behind, found = {start}, []
    for node in scene.result.graph.nodes:
        sources = [source for source in node.inputs if source in behind]
        if not sources:
            continue
        if not scene.is_reached(node):
            behind.add(node)
            continue
        values = [source for source in sources if not source.op.is_condition] or sources
        found += [broken(scene, node, source) for source in values if not scene.is_reached(source)]
    return [one for one in found if one]


def broken(scene: Scene, node: Node, source: Node) -> Break | None:
    """Why an op hands nothing back to an input; None where that is no fault."""
    name, place = node.op.name, node.inputs.index(source)
    if name in STATIONARY:
        return None
    reason = _by_kind(scene, node, place)
    if reason:
        return Break(node, *reason)
    zeros = [one for at, one in enumerate(node.inputs) if at != place and not scene.value(one).any()]
    if not zeros:
        why = "what it hands back is 0 for every entry"
        return Break(node, why, "another starting point, or a function with a slope here") if scene.layers else None
    if node in scene.owners and not zeros[0].varies:
        return None
    dead = _off(scene, zeros[0])
    if dead:
        return Break(dead, *OFF)
    why = f"it is multiplied by {scene.formula(zeros[0])}, which is 0 everywhere"
    return Break(node, why, "look at where these zeros come from")


def _by_kind(scene: Scene, node: Node, place: int) -> tuple[str, str] | None:  # noqa: PLR0911 - one for each kind of op
    """Why, and what to do, where it lies in the op itself."""
    name, source = node.op.name, node.inputs[place]
    if not scene.value(source).size:
        return "there are no entries, as of a batch without samples", "give it one sample or more"
    arriving = scene.upstream(node) != 0
    whose = "" if arriving.all() else f" {ARRIVING}"
    if name == "where" and place:
        return f"the condition takes the other branch for every entry{whose}", "look at the condition"
    if node.op.is_condition or name == "where":
        return "a condition has no slope", "a smooth weight, sigmoid(x), in place of the condition"
    if name in CHOICES or scene.result.upstreams.get(source) is None:
        what = CHOICES.get(name, "what an index chooses")
        return f"{name} gives {what}, which has no slope", "softmax in its place, or a loss that takes scores"
    if name in JUMPS:
        return f"the slope of {name} is 0 everywhere", f"{name} behind the loss only, or something smooth in its place"
    if name in CLIPS and not place:
        what = "its entry lies" if arriving.size == 1 else f"all {int(arriving.sum())} entries{whose} lie"
        return f"{what} beyond the edges, where the slope is 0", "clip the gradient, not the value: a Huber loss"
    if input_of(node) is not None:
        return (f"it is 0 at every entry {ARRIVING}", OFF[1]) if scene.value(node).any() else OFF
    if name in OTHERS:
        where = "everywhere" if arriving.all() else "wherever a gradient arrives"
        return f"another input is {OTHERS[name]} {where}", "look at what it is compared with"
    return None


def _off(scene: Scene, zero: Node) -> Node | None:
    """The ReLU that an array of zeros comes from, None where it comes from none."""
    while input_of(zero) is None:
        before = [source for source in zero.inputs if not scene.value(source).any()]
        if not before:
            return None
        zero = before[0]
    return zero
