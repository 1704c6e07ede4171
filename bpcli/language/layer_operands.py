"""What stands on the parser's stack where a layer is typed, until it becomes a stage."""

from typing import TYPE_CHECKING, Any

from bpcli.errors import Span
from bpcli.language.functions import Static
from bpcli.language.operators import Bracket
from bpcli.layers.definition import Definition
from bpcli.layers.module import SEQUENTIAL, Module, Pick

if TYPE_CHECKING:
    from bpcli.graph.node import Node


class LayerOperand(Static):
    """A layer where an operand stands; `target` is what a bare loss was given.

    Without a package, and not behind `->`, `call` is how it was called: whether its arguments are PyTorch's, or those
    of a bare layer, is decided when it is known whether a pipeline follows.
    """

    __slots__ = ("call", "target")
    is_layer = True

    content: Any

    def __init__(self, content: Module | Pick | Definition, span: Span) -> None:
        super().__init__(None)
        self.content = content
        self.target: Node | None = None
        self.call: tuple[Definition, Bracket] | None = None
        self.start, self.end = span


def is_sequential(bracket: Bracket) -> bool:
    """Whether it holds the modules of a Sequential."""
    made: object = bracket.op
    return made is SEQUENTIAL


def is_loss(operand: LayerOperand) -> bool:
    """Whether it is a loss."""
    definition: Definition = operand.call[0] if operand.call else operand.content.definition
    return definition.is_loss
