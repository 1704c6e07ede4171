"""What stands on the parser's stack where a layer is typed, until it becomes a stage."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.errors import Span
from bpcli.graph.op import Op
from bpcli.language.functions import Argument, Static
from bpcli.language.operators import Bracket
from bpcli.layers.definition import Definition
from bpcli.layers.module import SEQUENTIAL, Module, Pick

if TYPE_CHECKING:
    from bpcli.graph.node import Node


class Applied(NamedTuple):
    """A function that is a stage within `Repeat`: it takes what comes before it as its first argument."""

    function: Op | Definition
    typed: str
    arguments: Sequence[Argument]
    keywords: Mapping[str, Argument]

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss: never, it is a function."""
        return False


class Repeated(NamedTuple):
    """What `Repeat(n, …)` stands for: the stages one after another, n times."""

    stages: tuple["LayerOperand", ...]

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss: never, none is repeated."""
        return False


class LayerOperand(Static):
    """A layer where an operand stands; `target` is what a bare loss was given.

    Without a package, and not behind `->`, `call` is how it was called: whether its arguments are PyTorch's, or those
    of a bare layer, is decided when it is known whether a pipeline follows.
    """

    __slots__ = ("call", "target")
    is_layer = True

    content: Any

    def __init__(self, content: Module | Pick | Definition | Applied | Repeated, span: Span) -> None:
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
    made: Definition | Module = operand.call[0] if operand.call else operand.content
    return made.is_loss
