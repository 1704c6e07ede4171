"""What a layer is built with: the ops of the graph, the layer's parameters, the mode, and names for its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.errors import LimitError, UsageError
from bpcli.graph.network import Draw, Parameter
from bpcli.graph.node import Constant, Node, Variable
from bpcli.graph.order import ancestors_first
from bpcli.graph.shapes import shape_text
from bpcli.ops.algebra import NodeAlgebra

if TYPE_CHECKING:
    from collections.abc import Collection

    from bpcli.graph.op import Shape


class Part(NamedTuple):
    """Op nodes of a layer under one name, and those of them that it hands on."""

    name: str
    nodes: list[Node]
    outputs: tuple[Node, ...]


class Scope(NodeAlgebra):
    """One layer under construction: `m.matmul(x, y)` builds a node, `m.parameter(...)` a parameter of the layer."""

    def __init__(self, name: str, inputs: Collection[Node], *, is_training: bool, most_nodes: int) -> None:
        self.name = name
        self.is_training = is_training
        self.parameters: list[Parameter] = []
        self.statistics: dict[str, Node] = {}
        self.others: dict[str, Node] = {}
        self.indices: set[str] = set()
        self.parts: list[Part] = []
        self._made: set[Node] = set(inputs)
        self._room = most_nodes

    def parameter(self, name: str, shape: Shape, draw: Draw) -> Variable:
        """A parameter of the layer, under its name in the `state_dict`."""
        return self._variable(name, shape, draw, "parameter")

    def buffer(self, name: str, shape: Shape, draw: Draw) -> Variable:
        """A state of the layer that no gradient is taken of, such as a running mean."""
        return self._variable(name, shape, draw, "buffer")

    def drawn(self, name: str, shape: Shape, draw: Draw) -> Variable:
        """What chance decides anew in each pass, such as the mask of dropout."""
        return self._variable(name, shape, draw, "draw")

    def held_row(self, name: str, parameter: Variable, row: int) -> Variable:
        """A row of a parameter, (1, …), of which no gradient is taken: what it is does not follow the parameter."""
        shape = (1, *parameter.shape[1:])
        return self._variable(name, shape, Draw("row", row), "row", parameter)

    def _variable(self, name: str, shape: Shape, draw: Draw, kind: str, row_of: Variable | None = None) -> Variable:
        if min(shape, default=0) < 0:
            message = f"the {name} would have shape {shape_text(shape)}, and no axis has a length below 0"
            raise UsageError(message)
        variable = Variable(f"{self.name}.{name}" if self.name else name, shape=shape)
        variable.varies = kind == "parameter"
        self.parameters.append(Parameter(variable, kind, draw, row_of))
        self._made.add(variable)
        return variable

    def constant(self, entries: Any) -> Node:
        """A number, or nested tuples of numbers as an array."""
        if not isinstance(entries, tuple):
            return Constant(float(entries))
        return self.stack(*[self.constant(entry) for entry in entries])

    def after(self, **statistics: Node) -> None:
        """What buffers are after a training step."""
        self.statistics |= statistics

    def index(self, x: Node) -> Node:
        """The node, which the layer takes as indices: no gradient is asked for where it is a variable."""
        if isinstance(x, Variable):
            self.indices.add(x.name)
        return x

    def also(self, **others: Node) -> None:
        """Further results of the layer, which can be asked for by name."""
        self.others |= others

    def part(self, name: str, *outputs: Node) -> None:
        """Call the nodes that lead to these outputs, as far as they have no name yet, by this name; `t=3`, say.

        Raises LimitError where they are more than the graph may have.
        """
        nodes = [node for node in ancestors_first(outputs, self._made) if node not in self._made]
        self.require_room(len(nodes))
        self._room -= len(nodes)
        self._made.update(nodes)
        ops = [node for node in nodes if node.inputs]
        if self.parts and self.parts[-1].name == name:
            last = self.parts.pop()
            self.parts.append(Part(name, [*last.nodes, *ops], outputs))
        elif ops:
            self.parts.append(Part(name, ops, outputs))

    def require_room(self, count: int) -> None:
        """Raise LimitError where so many nodes more, or entries of a constant, are too many for the graph."""
        if count > self._room:
            message = "the layers have more steps than the limit on operators allows"
            raise LimitError(message, hint="raise the limit with --max-operators, or shorten the sequence")
