"""What claims are about, found in a graph: the node, and for a step its input."""

from typing import NamedTuple

from bpcli.errors import BindingError, UnknownNameError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable
from bpcli.language.claims import Target
from bpcli.language.complaints import suggestion


class Item(NamedTuple):
    """A value, a gradient, a local derivative or a contribution; `source` is the input that a step leads to."""

    kind: str
    node: Node
    source: Node | None = None


class Names:
    """Every name by which a claim can call a node of a graph, and what nodes are called."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.labels = labels_of(graph)
        self.nodes: dict[str, Node] = {**graph.names, **{label: node for node, label in self.labels.items()}}

    @property
    def output(self) -> str:
        """What the output is called."""
        return self.labels.get(self.graph.output, "f")

    def item(self, target: Target) -> Item:
        """What a claim is about. Raises UnknownNameError, or BindingError where there is no such step."""
        if target.of is not None and self.nodes.get(target.of) is not self.graph.output and target.of != self.output:
            message = f"'{target.of}' is not the output, which is {self.output}"
            raise BindingError(message, hint=f"write d{self.output}/d{target.node}")
        node = self._node(target.node)
        source = None if target.source is None else self._node(target.source)
        for one, name in ((node, target.node), (source, target.source)):
            if one is not None and one.op.is_condition:
                message = f"{name} is a condition, through which no gradient flows"
                raise BindingError(message, hint="claim something of the numbers that it compares")
        if isinstance(node, Variable) and not node.varies and target.kind != "value":
            message = f"no gradient is taken of {target.node}, which stays as it is"
            raise BindingError(message, hint="claim something of the parameters and the inputs of the network")
        if source is None:
            return Item(target.kind, node)
        if source not in node.inputs:
            inputs = ", ".join(dict.fromkeys([self.labels[i] for i in node.inputs if i in self.labels]))
            message = f"{target.source} is no input of {target.node}"
            raise BindingError(message, hint=f"its inputs are {inputs}" if inputs else None)
        return Item(target.kind, node, source)

    def _node(self, name: str) -> Node:
        if name not in self.nodes:
            known = list(self.nodes)
            message = f"a claim about '{name}', which is no name in the expression"
            raise UnknownNameError(message, name, suggestion(name, known, f"its names are {', '.join(known[:10])}"))
        return self.nodes[name]

    def title(self, item: Item) -> str:
        """How a report writes an item: `∂F/∂x`, `A`, `local ∂A/∂x`, `∂F/∂A * ∂A/∂x`."""
        node = self.labels.get(item.node, "f")
        gradient = f"∂{self.output}/∂{node}"
        if item.source is None:
            return node if item.kind == "value" else gradient
        local = f"∂{node}/∂{self.labels[item.source]}"
        return f"local {local}" if item.kind == "local" else f"{gradient} * {local}"
