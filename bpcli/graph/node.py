"""Nodes: one value in the graph each, a variable, a constant, or an op applied to nodes.

Nodes are immutable by convention and equal only to themselves: `x*x` uses one node twice, two typed `sin(x)` are
two nodes. Arithmetic on nodes makes nodes, which is how a rule written for numbers builds a formula.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from bpcli.errors import ShapeError, Span
from bpcli.graph.op import NO_ATTRIBUTES, REGISTRY, Attributes, Op, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bpcli.graph.network import Network
    from bpcli.graph.op import AttributeValue

Number = float | int
NO_NAMES: Mapping[str, Node] = MappingProxyType({})


class Node:
    """An op applied to nodes.

    `attributes` holds those that are not at their default; `name` is what a statement called it; `start` and `end` are
    its place in the text, -1 where it has none; `varies` says whether any variable is upstream of it.
    """

    __slots__ = ("attributes", "end", "inputs", "name", "op", "start", "varies")

    op: Op
    inputs: tuple[Node, ...]
    attributes: Attributes

    def __init__(
        self,
        op: Op,
        inputs: tuple[Node, ...],
        attributes: Attributes = NO_ATTRIBUTES,
        start: int = -1,
        end: int = -1,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attributes = attributes
        self.name: str | None = None
        self.start = start
        self.end = end
        self.varies = False
        for node in inputs:
            if node.varies:
                self.varies = True
                break

    @property
    def shape(self) -> Shape:
        """The shape of the value: `()` for one number, and for a typed graph whose values are not known yet."""
        return ()

    @property
    def span(self) -> Span | None:
        """The characters that this node was typed as, if it was typed."""
        return Span(self.start, self.end) if self.start >= 0 else None

    def takes_condition(self, position: int) -> bool:
        """Whether its input at this place may be a comparison, which is no number."""
        return position == 0 and self.op.name == "where"

    def over(self, inputs: tuple[Node, ...]) -> Node:
        """The same op with the same attributes and shape on other inputs, without a name or a place."""
        return node_of_shape(self.shape, self.op, inputs, self.attributes)

    def __repr__(self) -> str:
        return f"<{self.op.name} node>"

    def __neg__(self) -> Node:
        return applied("neg", self)

    def __add__(self, other: Node | Number) -> Node:
        return applied("add", self, other)

    def __radd__(self, other: Number) -> Node:
        return applied("add", other, self)

    def __sub__(self, other: Node | Number) -> Node:
        return applied("sub", self, other)

    def __rsub__(self, other: Number) -> Node:
        return applied("sub", other, self)

    def __mul__(self, other: Node | Number) -> Node:
        return applied("mul", self, other)

    def __rmul__(self, other: Number) -> Node:
        return applied("mul", other, self)

    def __truediv__(self, other: Node | Number) -> Node:
        return applied("div", self, other)

    def __rtruediv__(self, other: Number) -> Node:
        return applied("div", other, self)

    def __pow__(self, exponent: Node | Number) -> Node:
        return raised(self, exponent)

    def __rpow__(self, base: Number) -> Node:
        return raised(base, self)


LEAF = Op("leaf", lambda _m, _out: (), inputs=("",))


class ArrayNode(Node):
    """An op whose value is an array of this shape."""

    __slots__ = ("shape",)

    shape: Shape


class Variable(Node):
    """A leaf that a value is bound to; the same name is the same node throughout one expression."""

    __slots__ = ("shape",)

    name: str
    shape: Shape

    def __init__(self, name: str, start: int = -1, end: int = -1, shape: Shape = ()) -> None:
        super().__init__(LEAF, (), NO_ATTRIBUTES, start, end)
        self.name = name
        self.shape = shape
        self.varies = True

    def __repr__(self) -> str:
        return f"Variable({self.name!r})"


class Constant(Node):
    """A leaf that always has the same value: a literal, exact as binary64, or a symbol such as pi."""

    __slots__ = ("symbol", "value")

    def __init__(self, value: float, symbol: str | None = None, start: int = -1, end: int = -1) -> None:
        super().__init__(LEAF, (), NO_ATTRIBUTES, start, end)
        self.value = value
        self.symbol = symbol

    def __repr__(self) -> str:
        return f"Constant({self.symbol or self.value!r})"


SYMBOLS = {"pi": math.pi, "e": math.e}


def node_from(value: Node | Number) -> Node:
    """The node itself, or a constant that stands for a number in a rule."""
    return value if isinstance(value, Node) else Constant(float(value))


def applied(name: str, *inputs: Node | Number, **attributes: AttributeValue) -> Node:
    """The op called `name` applied to nodes and numbers, with the shape of its value."""
    op, nodes = REGISTRY[name], tuple([node_from(value) for value in inputs])
    shapes = [node.shape for node in nodes]
    try:
        shape = op.shape(*shapes, **attributes) if op.shape else _shape_of_entries(shapes)
    except ShapeError as error:
        raise error.about([f"an array {shape}" for shape in shapes]) from None
    kept = {name: value for name, value in attributes.items() if value != op.attributes[name].default}
    return node_of_shape(shape, op, nodes, kept or NO_ATTRIBUTES)


def _shape_of_entries(shapes: Sequence[Shape]) -> Shape:
    """The shape of an op that works entry by entry: the one that its inputs have, single numbers left aside."""
    found = set(filter(None, shapes))
    if len(found) < 2:  # noqa: PLR2004 - formulas that are shown leave out what is repeated
        return found.pop() if found else ()
    from bpcli.graph.shapes import common_shape  # noqa: PLC0415 - single numbers have no shapes

    return common_shape(found) or ()


def node_of_shape(  # noqa: PLR0913, PLR0917 - the fields of a node
    shape: Shape, op: Op, inputs: tuple[Node, ...], attributes: Attributes, start: int = -1, end: int = -1
) -> Node:
    """An op applied to nodes; its value has this shape."""
    if not shape:
        return Node(op, inputs, attributes, start, end)
    node = ArrayNode(op, inputs, attributes, start, end)
    node.shape = shape
    return node


def raised(base: Node | Number, exponent: Node | Number) -> Node:
    """A power of nodes and numbers."""
    return applied(power_op(node_from(exponent)).name, base, exponent)


def power_op(exponent: Node) -> Op:
    """The op of a power: one of its own where the exponent is constant, so that no logarithm is taken of the base."""
    return REGISTRY["pow" if exponent.varies else "constant_pow"]


class Graph:
    """What one text says: the output, the op nodes in the order they are computed, and the leaves.

    `nodes` holds every op node that was typed, also one that the output does not need; `names` says what each name of
    a statement stands for at the end of the text, so that `F` in `F = A` is found although the node is called `A`;
    `network` says which nodes belong to which layer, if the text has layers.
    """

    __slots__ = ("constants", "names", "network", "nodes", "output", "text", "variables")

    def __init__(  # noqa: PLR0913 - the fields of a graph
        self,
        output: Node,
        nodes: Sequence[Node],
        variables: Sequence[Variable],
        constants: Sequence[Constant],
        text: str = "",
        *,
        names: Mapping[str, Node] = NO_NAMES,
        network: Network | None = None,
    ) -> None:
        self.output = output
        self.nodes = nodes
        self.variables = variables
        self.constants = constants
        self.text = text
        self.names = names
        self.network = network

    def __repr__(self) -> str:
        return f"<graph of {len(self.nodes)} ops over {len(self.variables)} variables>"
