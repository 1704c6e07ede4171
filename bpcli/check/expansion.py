"""A graph over arrays as one over single numbers: what the oracles, which know single numbers, are asked about.

Every entry of every variable becomes a variable, `W[0,1]`. What is computed from them is built by the values and
meanings of the ops, so the result owes nothing to a rule over arrays, which is what is checked.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

from bpcli.errors import UsageError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Constant, Graph, Node, Variable, node_from
from bpcli.graph.op import Shape
from bpcli.graph.order import ancestors_first
from bpcli.numbers.apart import ArraysOfNodes, flat, in_halves, nodes_of, numbers_in, place_text, places, variables_of
from bpcli.numbers.structure import MOVES
from bpcli.ops.algebra import nodes

MOST_OPS = 40_000
MOVED_AT_ONCE = 8  # entries that are moved in the time of one op: no op comes of them
# Where the numbers of an input choose, and no gradient flows: by position, the input that is put in as it is.
CHOOSING = {"take": 1, "put": 1, "embedding": 0, "one_hot": 0, "argmax": 0, "put_largest": 1, "take_largest": 1}


class Expansion:
    """A graph over single numbers, its point, and for each node over arrays the nodes that its entries became."""

    def __init__(
        self,
        arrays: Graph,
        graph: Graph,
        at: Mapping[str, float],
        entries: Mapping[Node, Any],
        fixed: Collection[Node] = (),
    ) -> None:
        self.arrays = arrays
        self.fixed = fixed
        self.graph = graph
        self.at = at
        self.entries = entries

    def of(self, node: Node) -> list[Node]:
        """The entries of a node over arrays, in order."""
        return flat(self.entries[node])

    @cached_property
    def origins(self) -> dict[Node, Node]:
        """For each node over single numbers the op over arrays that it is a part of."""
        found: dict[Node, Node] = {}
        for node in self.arrays.nodes:
            for one in ancestors_first(self.of(node), stop_at=found):
                if one.inputs:
                    found.setdefault(one, node)
        return found


def expanded(
    graph: Graph,
    values: Mapping[Node, Any],
    seed: Any = None,
    apart: Collection[Node] = (),
    fixed: Collection[Node] = (),
) -> Expansion | None:
    """The graph over the entries; of an output that is an array the sum of its entries times the `seed`.

    `values` holds the float64 value of every node. The entries of nodes `apart` get nodes of their own, which moved
    entries have not: of `W.T` they are those of `W`. Variables in `fixed`, such as the targets of a loss, become
    constants, so that what is compared with them has no kink. None where the graph would be too large, or an op cannot
    be taken apart.
    """
    if sum(map(size_of, graph.nodes)) > MOST_OPS:
        return None
    system = ArraysOfNodes(nodes)
    entries: dict[Node, Any] = {
        one: nodes_of(values[one], one.shape) if one in fixed else variables_of(one.name, one.shape)
        for one in graph.variables
    }
    entries |= dict(zip(graph.constants, graph.constants, strict=True))
    try:
        for node in graph.nodes:
            entries[node] = _entries_of(node, entries, values, system, alone=node in apart)
    except (TypeError, UsageError):  # an op that has no form on nodes: float64 differences judge it
        return None
    labels = labels_of(graph)
    for node in graph.nodes:
        if node in labels and not node.op.is_condition:  # a typed list has no label
            _name(flat(entries[node]), node, labels[node])
    output = _output(graph, entries, seed, labels)
    variables = [variable for variable in graph.variables if variable not in fixed]
    scalar = _graph_of(output, graph, variables, entries)
    if len(scalar.nodes) > MOST_OPS:
        return None
    at = {
        one.name: number
        for variable in variables
        for one, number in zip(flat(entries[variable]), numbers_in(values[variable]), strict=True)
    }
    return Expansion(graph, scalar, at, entries, fixed)


def size_of(node: Node) -> int:
    """About how many ops on single numbers a node over arrays comes to."""
    shapes = [source.shape for source in node.inputs]
    cost = COSTS.get(node.op.name)
    if cost is not None:
        return cost(node, shapes)
    if not node.op.is_structural:
        return prod(node.shape)
    return prod(node.shape) + (4 if node.op.meaning is not None else 1) * sum(map(prod, shapes))


def _of_convolution(node: Node, shapes: list[Shape]) -> int:
    kernel = shapes[1][1:] if len(shapes[1]) > 2 else shapes[1]  # noqa: PLR2004 - channels and space
    return 2 * prod(node.shape) * prod(kernel)


def _of_einsum(node: Node, shapes: list[Shape]) -> int:
    terms = str(node.attributes["subscripts"]).split("->")[0].split(",")
    pairs = [pair for term, shape in zip(terms, shapes, strict=True) for pair in zip(term, shape, strict=True)]
    return len(shapes) * prod(dict(pairs).values())


def _of_expansion(_node: Node, shapes: list[Shape]) -> int:
    rows = shapes[0][-1]
    return prod(shapes[0]) * rows * int(2 ** min(rows, 64))


COSTS: dict[str, Callable[[Node, list[Shape]], int]] = {
    **dict.fromkeys(("matmul", "dot"), lambda node, shapes: 2 * prod(node.shape) * shapes[0][-1]),
    **dict.fromkeys(("conv1d", "conv2d"), _of_convolution),
    **dict.fromkeys(("det", "inv", "solve", "cofactors"), _of_expansion),
    **dict.fromkeys(MOVES, lambda node, _shapes: prod(node.shape) // MOVED_AT_ONCE),
    "einsum": _of_einsum,
    "cholesky": lambda _node, shapes: prod(shapes[0]) * shapes[0][-1],
}


def _entries_of(
    node: Node, entries: Mapping[Node, Any], values: Mapping[Node, Any], system: ArraysOfNodes, *, alone: bool
) -> Any:
    """The entries of an op: what it comes to on those of its inputs."""
    name = node.op.name
    chosen = CHOOSING.get(name)
    if name == "argmax":
        return nodes_of(values[node], node.shape)
    inputs = [values[source] if place == chosen else entries[source] for place, source in enumerate(node.inputs)]
    found = nodes_of(getattr(system, name)(*inputs, **node.attributes), node.shape)
    if not alone:
        return found
    return nodes_of(1 * found, node.shape)  # a product of its own for each entry


def _name(entries: list[Node], node: Node, label: str) -> None:
    """Call the nodes that an op made by its name and their place."""
    for one, place in zip(entries, places(node.shape), strict=True):
        if one.inputs and one.name is None:
            one.name = f"{label}{place_text(place)}"


def _output(graph: Graph, entries: Mapping[Node, Any], seed: Any, labels: Mapping[Node, str]) -> Node:
    """One number: the output, or the sum of its entries times the seed."""
    own, label = flat(entries[graph.output]), labels.get(graph.output, "f")
    if not graph.output.shape and seed is None and own[0].inputs and own[0].name == label:
        return node_from(own[0])
    weights = [1.0] if seed is None else numbers_in(seed)
    terms = [weight * one for weight, one in zip(weights, own, strict=True)] or [0 * Constant(0.0)]
    output = node_from(in_halves(terms))
    output.name = label
    return output


def _graph_of(output: Node, graph: Graph, leaves: Sequence[Variable], entries: Mapping[Node, Any]) -> Graph:
    """The graph of the output, with every entry of every node in it, also those that the output does not need."""
    roots = [one for node in graph.nodes for one in flat(entries[node])]
    ordered = ancestors_first([*roots, output])
    variables: list[Variable] = [one for variable in leaves for one in flat(entries[variable])]
    constants = [node for node in ordered if isinstance(node, Constant)]
    return Graph(output, [node for node in ordered if node.inputs], variables, constants, graph.text)
