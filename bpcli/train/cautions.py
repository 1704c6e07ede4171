"""What is allowed and seldom meant: time where samples stand, and a loss behind a layer that does its work twice."""

from collections.abc import Iterator, Mapping

from bpcli.graph.node import Graph, Node
from bpcli.layers.module import Module, Stage
from bpcli.train.roles import Roles

OF_A_BATCH = 3  # axes: samples, time and features
KEEP_AXES = frozenset(
    {"Linear", "Dropout", "LayerNorm", "Identity", "Tanh", "ReLU", "Sigmoid", "GELU", "SiLU", "LeakyReLU", "ELU"}
)
TIME_FIRST = frozenset({"RNN", "LSTM", "GRU", "MultiheadAttention"})  # unless batch_first
BEFORE_A_LOSS: Mapping[tuple[str, str], str] = {
    ("softmax", "CrossEntropyLoss"): "it takes the softmax of scores itself: leave out {0}, whose gradients vanish",
    ("logsoftmax", "CrossEntropyLoss"): "it takes the log-softmax of scores itself: leave out {0}",
    ("sigmoid", "BCEWithLogitsLoss"): "it takes the sigmoid itself: leave out {0}, or end in BCELoss",
    ("linear", "NLLLoss"): "it takes logarithms of probabilities: end in CrossEntropyLoss",
    ("linear", "BCELoss"): "it takes probabilities: end in BCEWithLogitsLoss",
}


def cautions_of(graph: Graph, roles: Roles) -> tuple[str, ...]:
    """What to know about a text, whose stages have not become nodes yet, and its data, before it is trained."""
    axes: dict[Node, int | None] = {
        variable: 1 + len(roles.shapes[variable.name]) for variable in graph.variables if variable.name in roles.shapes
    }
    found: list[str] = []
    for node in graph.nodes:
        found += _about_time(node, axes)
        found += _about_the_loss(node)
    return tuple(found)


def _about_time(node: Node, axes: dict[Node, int | None]) -> Iterator[str]:
    """A warning where a layer takes the axis of the samples for time; `axes` are the known counts of them."""
    if not isinstance(node, Stage) or not isinstance(node.module, Module):
        return
    count = axes.get(node.inputs[0])
    for _, leaf in node.module.leaves(""):
        kind = leaf.definition.name
        if kind in TIME_FIRST and count == OF_A_BATCH and not leaf.arguments.get("batch_first"):
            yield (
                f"{kind} takes the first axis for time, and samples stand there: write batch_first=True, "
                f"as in {kind}(…, batch_first=True)"
            )
        if kind not in KEEP_AXES | TIME_FIRST:
            count = None
    axes[node] = count


def _about_the_loss(node: Node) -> Iterator[str]:
    """A warning where what a loss judges has been through what the loss does itself, or not through what it needs."""
    if not isinstance(node, Stage) or not node.module.is_loss or not isinstance(node.module, Module):
        return
    before, loss = node.inputs[0], node.module.definition.name
    name = before.op.name
    if isinstance(before, Stage) and isinstance(before.module, Module):
        name = [leaf.definition.name for _, leaf in before.module.leaves("")][-1]
    advice = BEFORE_A_LOSS.get((name.replace("_", "").lower(), loss))
    if advice is not None:
        yield f"{name} stands in front of {loss}; {advice.format(name)}"
