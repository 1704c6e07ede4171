"""A module: a layer with the arguments that a text gives it, or a Sequential of modules; and where it is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.errors import InternalError, LimitError
from bpcli.graph.node import Node
from bpcli.graph.op import NO_ATTRIBUTES, Op, Shape
from bpcli.layers.definition import Definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bpcli.layers.scope import Scope

MOST_MODULES = 100_000
MOST_NESTED = 1_000  # levels; each lengthens the names of all within it


def _no_layer(_m: Scope, _x: Node) -> Node:
    message = "a Sequential has no nodes of its own"
    raise InternalError(message)


SEQUENTIAL = Definition("Sequential", _no_layer, {}, is_loss=False)


class Module(NamedTuple):
    """A layer as a text has it: `text` is how what was typed begins, `children` are a Sequential's, by their names.

    `inferred` are the arguments that a bare layer left out, which follow from the shape of its input.
    """

    definition: Definition
    arguments: Mapping[str, Any]
    inferred: tuple[str, ...]
    children: tuple[tuple[str, Module], ...]
    text: str
    start: int
    end: int

    @property
    def is_container(self) -> bool:
        """Whether it holds other modules."""
        return self.definition is SEQUENTIAL

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss, behind which no layer can stand."""
        return self.definition.is_loss

    def takes_condition(self, position: int) -> bool:
        """Whether its input at this place may be a comparison."""
        return self.definition.inputs[position] in self.definition.masks

    def leaves(self, name: str) -> Iterator[tuple[str, Module]]:
        """The module, or those within it that hold no others, in order, with their full names.

        Raises LimitError for more than `MOST_MODULES`.
        """
        waiting, count = [(name, self)], 0
        while waiting:
            name, module = waiting.pop()
            if not module.is_container:
                yield name, module
            prefix = f"{name}." if name else ""
            waiting += [(f"{prefix}{child}", inner) for child, inner in reversed(module.children)]
            count += 1
            if count > MOST_MODULES:
                message = f"the model has more than {MOST_MODULES} modules"
                raise LimitError(message, hint="write a smaller one")


class Pick(NamedTuple):
    """A stage that hands on another result of the layer before it, such as `h_n`."""

    name: str

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss: never, it is the output of a layer."""
        return False

    def takes_condition(self, _position: int) -> bool:
        """Whether its input may be a comparison: never, it is the output of a layer."""
        return False


def _no_shape(*_: Shape) -> Shape:
    message = "a stage has no shape of its own: it becomes the nodes of its layer"
    raise InternalError(message)


STAGE = Op("stage", shape=_no_shape, inputs=("*inputs",), fewest=1)


class Stage(Node):
    """A module of a pipeline, applied to nodes, as it is typed: its nodes are made when their shapes are known.

    `number` counts the stages of the text from 0, and is None for one that has no parameters of its own and no place
    among them, such as a loss.
    """

    __slots__ = ("module", "number")

    def __init__(
        self, module: Module | Pick, inputs: tuple[Node, ...], number: int | None, start: int, end: int
    ) -> None:
        super().__init__(STAGE, inputs, NO_ATTRIBUTES, start, end)
        self.module = module
        self.number = number
        self.varies = True

    def takes_condition(self, position: int) -> bool:
        """Whether its input at this place may be a comparison: the mask of a function."""
        return self.module.takes_condition(position)
