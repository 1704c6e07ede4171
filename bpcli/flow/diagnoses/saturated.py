"""Saturated sigmoid and tanh units: so far out that their slope, and with it the gradient through them, is near 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpcli.backprop.sweep import local_numbers
from bpcli.flow.diagnoses.figures import figure, percent, plural
from bpcli.flow.diagnoses.units import Group, by_unit, groups_of
from bpcli.graph.keys import Slice
from bpcli.numbers.arrays import arrays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.flow.results import Diagnosis
    from bpcli.graph.node import Node

SATURATING = {"sigmoid", "tanh", "softsign"}
GATES = {"LSTM": "ifgo", "GRU": "rzn"}  # in the order of the rows of their weights
REMEDY = {
    "": "smaller weights (Xavier initialisation), standardised inputs, or normalisation before it; or ReLU or GELU",
    "gate": "smaller weights and biases (PyTorch draws both within ±1/√hidden), or standardised inputs",
}


def saturated(scene: Scene) -> Iterator[Diagnosis]:
    """Layers and gates of which too large a share of entries has a slope below `saturated-slope`, the largest first."""
    found = []
    for group in groups_of(scene, lambda node: _name(scene, node)):
        slopes = [abs(arrays.value(local_numbers(node, scene.value, arrays)[0])) for node in group.nodes]
        flat = [slope < scene.thresholds["saturated-slope"] for slope in slopes]
        share = sum(int(one.sum()) for one in flat) / sum(one.size for one in flat)
        if share >= scene.thresholds["saturated-share"]:
            found.append((share, group, flat))
    for _, group, flat in sorted(found, key=lambda one: -one[0]):
        gate = "gate" if "gate" in group.name else ""
        yield scene.finding("saturated", group.name, _evidence(scene, group, flat), "saturated-share", REMEDY[gate])


def _name(scene: Scene, node: Node) -> str | None:
    """Nothing for a saturating layer, `gate f` within a recurrent one; None for what cannot saturate.

    Probabilities that end a network are meant to be near 0 and 1: a BCELoss divides by the slope again.
    """
    if node.op.name not in SATURATING or not node.varies:
        return None
    if any(layer.kind == "BCELoss" and node in layer.inputs for layer in scene.layers):
        return None
    owner = scene.owners.get(node)
    letters = GATES.get(owner[0].kind, "") if owner else ""
    if not letters:
        return ""
    cut = node.inputs[0].inputs[0] if node.inputs[0].op.name == "add" else node.inputs[0]
    key = cut.attributes.get("key")
    place = key[-1] if cut.op.name == "getitem" and isinstance(key, tuple) and key else None
    if isinstance(place, Slice) and place.start is not None and node.shape[-1]:
        return f"gate {letters[place.start // node.shape[-1]]}"
    return "tanh of the cell"


def _evidence(scene: Scene, group: Group, flat: list[Any]) -> str:
    """The share of flat entries, the units that are flat throughout, and how large what they are taken of is."""
    entries = sum(one.size for one in flat)
    share = sum(int(one.sum()) for one in flat) / entries
    units = by_unit(flat[0], group.axis)
    for one in flat[1:]:
        units = units & by_unit(one, group.axis)
    inputs = [scene.value(node.inputs[0]) for node in group.nodes]
    size = (sum(float((value**2).sum()) for value in inputs) / entries) ** 0.5
    name, limit = group.nodes[0].op.name, figure(scene.thresholds["saturated-slope"])
    through = f"; {int(units.sum())} of {plural(len(units), 'unit')} for every sample"
    whole = through if units.any() and entries > len(units) else ""
    noun, verb = ("entry", "has") if entries == 1 else ("entries", "have")
    steps = f" in {len(group.nodes)} time steps" if len(group.nodes) > 1 else ""
    return (
        f"{percent(share)} of {entries} {noun}{steps} {verb} |local| < {limit}{whole}; "
        f"what {name} is taken of has the root mean square {figure(size)}"
    )
