"""The local derivative along one edge between entries as a formula in the entries of the op: `K[1,1]`, `2*y[0]`.

The rule of the op is run over the graph's own algebra, with a variable for each entry. Where that is not possible, or
would take too long, there is a number only.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from typing import Any

from bpcli.backprop.entries import Edge, Entry
from bpcli.backprop.explanation import entry_name, entry_of
from bpcli.backprop.sweep import handed_back, local_numbers
from bpcli.errors import BpcliError
from bpcli.graph.node import Constant, Node, Variable, node_from
from bpcli.graph.notation import is_list
from bpcli.graph.order import ancestors_first
from bpcli.graph.simplify import simplify
from bpcli.ops.algebra import nodes

MOST_EXPANDED = 1000  # entries of one op, inputs and value, that are written out as variables
MOST_IN_ALL = 200_000
MOST_NODES = 2000  # of a formula before it is simplified; what is longer fits on no line
MATRICES = {"det", "cofactors", "inv", "solve", "cholesky"}
MOST_OF_A_MATRIX = 40  # their formulas over entries grow like n!
NOT_POSSIBLE = (ArithmeticError, AttributeError, BpcliError, KeyError, TypeError, ValueError)


class EntryFormulas:
    """The formulas of edges at one point; what an op has been expanded to is kept."""

    def __init__(self, labels: Mapping[Node, str], values: Mapping[Node, Any]) -> None:
        self._labels = labels
        self._values = values
        self._stand_ins: dict[Entry, Node] = {}
        self._numbers: dict[Node, float] = {}
        self._rows: dict[Entry, tuple[Any, ...] | None] = {}
        self._room = MOST_IN_ALL

    def of(self, edge: Edge) -> Node | None:
        """∂target/∂source, simplified; None where there is no formula."""
        formula = self._literal(edge)
        if formula is None or len(ancestors_first([formula])) > MOST_NODES:
            return None
        formula = simplify(formula, None, self._numbers)
        is_choice = edge.target.node.op.is_structural and any(one.op.is_condition for one in ancestors_first([formula]))
        return None if is_choice else formula  # a choice between entries that tie, say, is nothing that people write

    def _literal(self, edge: Edge) -> Node | None:
        node = edge.target.node
        if node.op.pullback is None:
            return self._elementwise(edge)
        if edge.target not in self._rows:
            self._rows[edge.target] = self._row(edge.target)
        row = self._rows[edge.target]
        if row is None or row[edge.position] is None:
            return None
        from bpcli.numbers.entries import entry_at  # noqa: PLC0415 - single numbers need no NumPy

        return node_from(entry_at(row[edge.position], edge.source.place))

    def _elementwise(self, edge: Edge) -> Node | None:
        node, place = edge.target
        inputs = tuple([self._stand_in(source, place) for source in node.inputs])
        twin = Node(node.op, inputs, node.attributes)
        found = local_numbers(twin, self._own(twin, self._stand_in(node, place)), nodes)[edge.position]
        return None if found is None else node_from(found)

    def _row(self, target: Entry) -> tuple[Any, ...] | None:
        """The derivatives of one entry of a structural op with respect to every entry of its inputs."""
        node = target.node
        size = prod(node.shape) + sum([prod(source.shape) for source in node.inputs])
        self._room -= size
        if size > (MOST_OF_A_MATRIX if node.op.name in MATRICES else MOST_EXPANDED) or self._room < 0:
            return None
        from bpcli.numbers.entries import objects_of  # noqa: PLC0415 - single numbers need no NumPy
        from bpcli.numbers.tensors import Tensors  # noqa: PLC0415 - the same

        twin = node.over(tuple([Variable("", shape=source.shape) for source in node.inputs]))
        values = dict(zip((twin, *twin.inputs), map(self._entries, (node, *node.inputs)), strict=True))
        upstream = objects_of(node.shape, lambda place: Constant(1.0 if place == target.place else 0.0))
        try:
            return handed_back(twin, upstream, values.__getitem__, Tensors(nodes))
        except NOT_POSSIBLE:
            return None

    def _entries(self, node: Node) -> Any:
        """What every entry of a node is called in a formula."""
        from bpcli.numbers.entries import objects_of  # noqa: PLC0415 - single numbers need no NumPy

        return objects_of(node.shape, partial(self._stand_in, node))

    def _stand_in(self, node: Node, place: int) -> Node:
        """What an entry is called in a formula: its number where it is constant, a condition as it is typed."""
        entry = Entry(node, place if node.shape else 0)
        if entry not in self._stand_ins:
            made = self._made(entry)
            self._stand_ins[entry] = made
            self._numbers[made] = entry_of(self._values[node], entry)
        return self._stand_ins[entry]

    def _made(self, entry: Entry) -> Node:
        node = entry.node
        if isinstance(node, Constant):
            return node
        if node.op.is_condition:
            return Node(node.op, tuple([self._stand_in(source, entry.place) for source in node.inputs]))
        if not node.varies:
            return Constant(entry_of(self._values[node], entry))
        within = _only_moved(entry) if node.name is None else None
        if within is not None:
            return self._stand_in(*within)
        return Variable(entry_name(entry, self._labels))

    @staticmethod
    def _own(twin: Node, value: Node) -> Callable[[Node], Node]:
        return lambda node: value if node is twin else node


def _only_moved(entry: Entry) -> Entry | None:
    """The entry of which this one is a copy, in a typed list or a number that is broadcast."""
    node, place = entry
    if node.op.name == "broadcast_to" and not node.inputs[0].shape:
        return Entry(node.inputs[0])
    if is_list(node):
        size = prod(node.shape[1:])
        return Entry(node.inputs[place // size], place % size)
    return None
