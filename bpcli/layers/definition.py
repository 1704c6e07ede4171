"""What a layer is: a function that builds its nodes, whose signature is PyTorch's, entered in a book by its name.

The function is called with the scope `m`, the node that it works on, and PyTorch's arguments under their names; its
parameters' names, order, defaults and annotations are read once, and say what a spec may give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.layers.kinds import DEPRECATED, KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bpcli.graph.node import Node
    from bpcli.graph.op import Shape
    from bpcli.layers.kinds import Kind

    Mask = Node  # a comparison says what takes part, an array is added

REQUIRED: Any = object()  # in place of a default
NONE: Mapping[str, int] = {}
NODES = ("Node", "Mask | None")  # annotations of what a layer, a loss or a function works on


class Argument(NamedTuple):
    """An argument of a layer: its name, what it may be, and its default, if it has one."""

    name: str
    kinds: tuple[Kind, ...]
    default: Any

    def kept(self, value: Any) -> Any:
        """The value as the layer takes it. Raises ValueError where it can be no such."""
        for kind in self.kinds:
            if kind.accepts(value):
                return kind.kept(value)
        raise ValueError(value)

    @property
    def words(self) -> str:
        """What it may be."""
        return " or ".join([kind.words for kind in self.kinds])


class Definition:
    """A layer: its name in PyTorch, its arguments, the function that builds it, and what a bare one leaves out.

    `inferred` gives, for each argument that a bare layer leaves out, its value from the shape of the input. `inputs`
    names the nodes that it works on, `masks` those of them that may be left out, or be a comparison. A function of
    torch.nn.functional is called with all of them.
    """

    __slots__ = ("arguments", "build", "inferred", "inputs", "is_function", "is_loss", "masks", "name")

    def __init__(
        self,
        name: str,
        build: Callable[..., Node],
        inferred: Mapping[str, Callable[[Shape], Any]],
        *,
        is_loss: bool,
        is_function: bool = False,
        deprecated: Mapping[str, int] = NONE,
    ) -> None:
        self.name = name
        self.build = _without(build, deprecated) if deprecated else build
        self.inferred = inferred
        self.is_loss = is_loss
        self.is_function = is_function
        notes = build.__annotations__
        self.inputs = tuple([name for name in notes if name != "return" and notes[name] in NODES])
        self.masks = frozenset([name for name in self.inputs if notes[name] != "Node"])
        arguments = _arguments_of(build, 1 + len(self.inputs))
        for one, place in deprecated.items():
            arguments.insert(place, Argument(one, (DEPRECATED,), None))
        self.arguments = tuple(arguments)

    def usage(self, *, is_bare: bool) -> str:
        """How it is written, with its defaults."""
        left_out = self.inferred if is_bare else {}
        shown = ["target"] if is_bare and self.is_loss else []
        if self.is_function:
            shown = [f"{name}=None" if name in self.masks else name for name in self.inputs]
        for argument in self.arguments:
            if argument.name not in left_out and argument.kinds != (DEPRECATED,):
                default = "" if argument.default is REQUIRED else f"={argument.default!r}"
                shown.append(argument.name + default)
        return f"{'' if is_bare or self.is_function else 'nn.'}{self.name}({', '.join(shown)})"


def _arguments_of(build: Callable[..., Node], beside: int) -> list[Argument]:
    """The arguments after the scope and the nodes, read from the function's own signature."""
    code: Any = build.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(reversed(names), reversed(build.__defaults__ or ()), strict=False))
    kinds = {name: tuple([KINDS[kind] for kind in build.__annotations__[name].split(" | ")]) for name in names[beside:]}
    return [Argument(name, own, defaults.get(name, REQUIRED)) for name, own in kinds.items()]


LAYERS: dict[str, Definition] = {}
FUNCTIONALS: dict[str, Definition] = {}


def layer(name: str, **inferred: Callable[[Shape], Any]) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    """Enter a function `(m, x, **arguments)` as the layer of this name in PyTorch."""

    def enter(build: Callable[..., Node]) -> Callable[..., Node]:
        LAYERS[name] = Definition(name, build, inferred, is_loss=False)
        return build

    return enter


def loss(name: str, **deprecated: int) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    """Enter a function `(m, x, target, **arguments)` as the loss of this name in PyTorch.

    `deprecated` are the arguments that PyTorch has given up, by their places; the function is not told of them.
    """

    def enter(build: Callable[..., Node]) -> Callable[..., Node]:
        LAYERS[name] = Definition(name, build, {}, is_loss=True, deprecated=deprecated)
        return build

    return enter


def function(name: str) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    """Enter a function `(m, x, y, …, **arguments)` as that of torch.nn.functional: a call gives it its inputs."""

    def enter(build: Callable[..., Node]) -> Callable[..., Node]:
        FUNCTIONALS[name] = Definition(name, build, {}, is_loss=False, is_function=True)
        return build

    return enter


def _without(build: Callable[..., Node], names: Collection[str]) -> Callable[..., Node]:
    """The function, called without the arguments of these names."""
    return lambda *inputs, **given: build(*inputs, **{one: given[one] for one in given if one not in names})
