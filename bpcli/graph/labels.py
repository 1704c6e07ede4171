"""What the nodes of a graph are called: their typed names, and `v1, v2, …` for the others."""

from collections.abc import Iterable
from itertools import count

from bpcli.graph.node import Constant, Graph, Node

OUTPUT_NAMES = ("f", "F", "out")


def labels_of(graph: Graph) -> dict[Node, str]:
    """A label for each variable and op node, and for each constant that a statement named.

    A name that was assigned again keeps its first node; the later ones become `c_2`, `c_3`, …. An output without a
    name is `f`, or the next name that is free.
    """
    labels: dict[Node, str] = {variable: variable.name for variable in graph.variables}
    used = set(labels.values())
    named = [node for node in (*graph.constants, *graph.nodes) if node.name is not None]
    for node in sorted(named, key=lambda node: node.start) if graph.text else named:
        labels[node] = unused(node.name or "", used)
    if graph.output not in labels and graph.output.inputs:
        labels[graph.output] = unused(next((name for name in OUTPUT_NAMES if name not in used), "f"), used)
    labels.update(_numbered((node for node in graph.nodes if node not in labels), used))
    return labels


def _numbered(nodes: Iterable[Node], used: set[str]) -> Iterable[tuple[Node, str]]:
    numbers = count(1)
    for node in nodes:
        label = next(label for number in numbers if (label := f"v{number}") not in used)
        yield node, label


def unused(name: str, used: set[str]) -> str:
    """The name itself, or the first of `name_2`, `name_3`, … that is not in use; it is in use from now on."""
    chosen = next(label for number in count(1) if (label := name if number == 1 else f"{name}_{number}") not in used)
    used.add(chosen)
    return chosen


def is_literal(node: Node) -> bool:
    """Whether the node is a number or a symbol that no statement named."""
    return isinstance(node, Constant) and node.name is None
