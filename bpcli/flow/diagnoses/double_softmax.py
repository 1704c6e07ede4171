"""A softmax in front of a loss that takes it itself, and a sigmoid in front of one with logits.

torch.nn.CrossEntropyLoss and BCEWithLogitsLoss take scores. Of numbers within 0…1 a softmax of C classes gives none
more than e/(e + C - 1), a sigmoid between 1/2 and e/(e + 1): the loss cannot fall to 0, and its gradient goes back
through a second slope, of at most 1/2 for a softmax and 1/4 for a sigmoid.
"""

from __future__ import annotations

from math import e
from typing import TYPE_CHECKING, NamedTuple

from bpcli.backprop.sweep import gradients_at
from bpcli.flow.diagnoses.figures import figure, percent
from bpcli.graph.node import Graph
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import compute
from bpcli.numbers.norms import norm_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.flow.results import Diagnosis
    from bpcli.graph.network import Layer
    from bpcli.graph.node import Node


class Twice(NamedTuple):
    """What a loss takes itself, and the loss that takes it not."""

    function: str
    other: str


TAKEN: Mapping[tuple[str, str], Twice] = {
    ("CrossEntropyLoss", "softmax"): Twice("Softmax", ""),
    ("CrossEntropyLoss", "log_softmax"): Twice("LogSoftmax", "NLLLoss"),
    ("BCEWithLogitsLoss", "sigmoid"): Twice("Sigmoid", "BCELoss"),
}


def double_softmax(scene: Scene) -> Iterator[Diagnosis]:
    """Each loss whose input is, straight in front of it, what the loss takes itself."""
    for layer in scene.layers:
        node = layer.inputs[0] if layer.inputs else None
        twice = TAKEN.get((layer.kind, node.op.name)) if node is not None else None
        if node is None or twice is None or not _is_over_classes(node):
            continue
        if scene.upstream(node) is None or scene.upstream(layer.output) is None:  # the output does not use the loss
            continue
        remedy = f"leave {twice.function} out in training, {layer.kind} takes scores (logits)"
        remedy += f"; or {twice.other} in place of the loss" if twice.other else "; take it to predict"
        yield scene.finding("double softmax", scene.title(node), _evidence(scene, layer, node), "", remedy)


def _is_over_classes(node: Node) -> bool:
    """Whether a softmax is over the axis of the classes, which is the second, or the only one; a sigmoid has none."""
    axis, dimensions = node.attributes.get("axis"), len(node.shape)
    return not isinstance(axis, int) or axis % dimensions == min(1, dimensions - 1)


def _evidence(scene: Scene, layer: Layer, node: Node) -> str:
    """What taking it twice does to the probabilities, and to the gradient of the scores."""
    if node.op.name == "log_softmax":
        return f"{layer.kind} takes log_softmax itself; that of log_softmax is the same, so it is idle, not wrong"
    if node.op.name == "sigmoid":
        what, most = "sigmoid", f"each probability is between 50% and {percent(e / (e + 1))}"
    else:
        classes = node.shape[min(1, len(node.shape) - 1)]
        what, most = "softmax", f"no class of {classes} gets a probability above {percent(e / (e + classes - 1))}"
    now, without = norm_of(scene.upstream(node.inputs[0])), _gradient_without(scene, layer, node)
    return (
        f"{layer.kind} takes {what} itself; taken twice, {most}, and the loss cannot reach 0; "
        f"‖gradient‖ of the scores is {figure(now)}, without it {figure(without)}"
    )


def _gradient_without(scene: Scene, layer: Layer, node: Node) -> float:
    """The norm of the gradient of the scores where the loss takes them as they are."""
    nodes = scene.result.graph.nodes[layer.blocks[0].start : layer.blocks[-1].stop]
    values = {one: arrays.value(value) for one, value in scene.result.values.items()}
    values[node] = values[node.inputs[0]]
    compute(nodes, values, arrays)
    alone = Graph(layer.output, nodes, (), ())
    return norm_of(gradients_at(alone, values, arrays, scene.upstream(layer.output))[node])
