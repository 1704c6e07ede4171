"""What the nodes of a graph are called: their typed names, and `v1, v2, …` for the others."""

from collections.abc import Sequence
from itertools import count

from bpcli.graph.names import FreeNames
from bpcli.graph.node import Constant, Graph, Node
from bpcli.graph.notation import render

OUTPUT_NAMES = ("f", "F", "out")
CONDITION_LENGTH = 60


def labels_of(graph: Graph) -> dict[Node, str]:
    """A label for each variable and op node, and for each constant that a statement named.

    A name that was assigned again keeps its first node; the later ones become `c_2`, `c_3`, …. An output without a
    name is `f`, or the next name that is free. A condition without a name is called what it says, `x > 0`. Lists of
    numbers, and what is made of them alone, have no label: they are written out.
    """
    labels: dict[Node, str] = {variable: variable.name for variable in graph.variables}
    free = FreeNames(labels.values())
    named = [node for node in (*graph.constants, *graph.nodes) if node.name is not None]
    for node in sorted(named, key=lambda node: node.start) if graph.text else named:
        labels[node] = free.take(node.name or "")
    if graph.output not in labels and graph.output.inputs:
        labels[graph.output] = free.take(next((name for name in OUTPUT_NAMES if name in free), "f"))
    numbers = count(1)
    for node in graph.nodes:
        if node in labels or (node.op.is_structural and not node.varies):
            continue
        if node.op.is_condition:
            labels[node] = render(node, labels, limit=CONDITION_LENGTH)
        else:
            labels[node] = next(label for number in numbers if (label := f"v{number}") in free)
    return labels


def is_literal(node: Node) -> bool:
    """Whether the node is a number or a symbol that no statement named."""
    return isinstance(node, Constant) and node.name is None


def entry_label(label: str, index: Sequence[int]) -> str:
    """What an entry of an array is called, `X[1,1]`; a single number, whose index is `()`, by its own label."""
    return f"{label}[{','.join(map(str, index))}]" if index else label
