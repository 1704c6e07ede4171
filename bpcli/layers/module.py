"""A module: a layer with the arguments that a text gives it, or a Sequential of modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.errors import InternalError, LimitError
from bpcli.layers.definition import Definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bpcli.graph.node import Node
    from bpcli.layers.scope import Scope

MOST_MODULES = 100_000
MOST_NESTED = 1_000  # levels; each lengthens the names of all within it


def _no_layer(_m: Scope, _x: Node) -> Node:
    message = "a Sequential has no nodes of its own"
    raise InternalError(message)


SEQUENTIAL = Definition("Sequential", _no_layer, {}, is_loss=False)


class Maker(NamedTuple):
    """What makes an argument of a layer: `OrderedDict([…])`, `torch.tensor([…])`, or `torch.ones(3)`, filled with 1."""

    usage: str
    fill: float | None = None


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

    def takes_condition(self, _position: int) -> bool:
        """Whether its input may be a comparison: never, it is the output of a layer."""
        return False
