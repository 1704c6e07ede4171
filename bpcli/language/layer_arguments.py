"""The arguments of a layer: what was typed, matched with PyTorch's signature."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from bpcli.errors import LimitError, ParseError
from bpcli.language.functions import Argument, Static, static_value
from bpcli.language.layer_complaints import no_child
from bpcli.language.layer_operands import Repeated
from bpcli.layers.definition import REQUIRED, Definition
from bpcli.layers.module import MOST_MODULES, Module

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.language.operators import Bracket
    from bpcli.layers.definition import Argument as Known

PAIRS = 'OrderedDict([("fc1", nn.Linear(3, 4)), …])'
# What PyTorch takes beside a layer's own arguments, and what of it changes nothing here.
BESIDE = {"device": {None, "cpu"}, "dtype": {None, "torch.float64", "torch.double"}}


def values_of(
    definition: Definition, given: Sequence[Argument], keywords: Mapping[str, Argument], *, is_bare: bool
) -> dict[str, Any]:
    """The values of a layer's arguments by name. Raises ParseError for a missing, extra or unfit one."""
    known = {argument.name: argument for argument in definition.arguments}
    order = [name for name in known if not (is_bare and name in definition.inferred)]
    hint = _usage(definition, is_bare=is_bare)
    if len(given) > len(order):
        message = _too_many(definition, len(given), len(order), is_bare=is_bare)
        raise ParseError(message, spans=(given[len(order)].span,), hint=hint)
    named = dict(zip(order, given, strict=False))
    for name, argument in keywords.items():
        if name in BESIDE and name not in known:
            _require_without_effect(name, argument)
            continue
        if name not in known or name in named:
            problem = "is given twice the argument" if name in named else "has no argument"
            message = f"{definition.name} {problem} '{name}'"
            raise ParseError(message, spans=(argument.span,), hint=hint)
        named[name] = argument
    for name in order:
        if name not in named and known[name].default is REQUIRED:
            message = f"{definition.name} has no value for '{name}'"
            told = "; only a bare layer behind '->' leaves the size of its input out"
            raise ParseError(message, hint=hint if is_bare or not definition.inferred else hint + told)
    values = {name: _kept(definition, known[name], argument, hint) for name, argument in named.items()}
    eps = values.get("eps") if is_bare and definition.inferred and "eps" not in keywords else None
    if eps is not None and eps >= 1:  # LayerNorm(64), say, would be another function, without a word
        message = f"a bare {definition.name} takes its size from its input; here {eps:g} would be its eps"
        raise ParseError(message, spans=(named["eps"].span,), hint=hint)
    return values


def _too_many(definition: Definition, given: int, most: int, *, is_bare: bool) -> str:
    """How many arguments there may be, and how many there are; those of a function count its inputs."""
    beside = len(definition.inputs) if definition.is_function else 0
    most += beside
    takes = f"{most} argument{'' if most == 1 else 's'}" if most else "no arguments"
    return f"{definition.name} takes {takes}{' when it is bare' if is_bare and most else ''}, got {beside + given}"


def _usage(definition: Definition, *, is_bare: bool) -> str:
    """How it is written, and where it matters, how else."""
    usage = f"write {definition.usage(is_bare=is_bare)}"
    if definition.is_loss and not is_bare:
        return f"{usage}, whose target is the variable 'target'; a bare loss takes it first: {definition.name}(t)"
    if is_bare and definition.inferred:
        return f"{usage}; with the size of its input it is nn.{definition.name}(…)"
    return usage


def _kept(definition: Definition, argument: "Known", typed: Argument, hint: str) -> Any:
    message = f"'{argument.name}' of {definition.name} must be {argument.words}"
    try:
        return argument.kept(value_of(typed, message, hint))
    except ValueError:
        raise ParseError(message, spans=(typed.span,), hint=hint) from None


def _require_without_effect(name: str, argument: Argument) -> None:
    message = f"bpcli computes in float64, on the CPU; leave '{name}' out"
    value = value_of(argument, message)
    if not (value is None or isinstance(value, str)) or value not in BESIDE[name]:
        raise ParseError(message, spans=(argument.span,))


def value_of(argument: Argument, message: str, hint: str | None = None) -> Any:
    """The value of an argument. Raises ParseError, with this message, where it holds variables or is no number."""
    try:
        value = static_value(argument.node)
    except ValueError:
        raise ParseError(message, spans=(argument.span,), hint=hint) from None
    if isinstance(value, float) and isnan(value):
        raise ParseError(message, spans=(argument.span,), hint=hint)
    return value


def inputs_of(
    definition: Definition, given: Sequence[Argument], keywords: Mapping[str, Argument]
) -> tuple[tuple["Node", ...], Sequence[Argument], Mapping[str, Argument]]:
    """The nodes that a function works on, and the arguments that are left. Raises ParseError where one is missing."""
    inputs = dict(zip(definition.inputs, given, strict=False))
    rest, left = given[len(inputs) :], dict(keywords)
    for name in definition.inputs:
        is_twice, is_missing = name in inputs and name in left, name not in {*inputs, *left}
        if is_twice or (is_missing and name not in definition.masks):
            message = f"{definition.name} {'is given twice' if is_twice else 'has no'} '{name}'"
            raise ParseError(message, hint=f"write {definition.usage(is_bare=True)}")
        if name in left:
            inputs[name] = left.pop(name)
    return tuple([one.node for one in inputs.values() if not _is_none(one)]), rest, left


def _is_none(argument: Argument) -> bool:
    return isinstance(argument.node, Static) and argument.node.content is None


def children_of(bracket: "Bracket") -> tuple[tuple[str, Module], ...]:
    """The modules that a Sequential holds, by their names. Raises ParseError where it holds something else."""
    named: list[tuple[str | None, Argument]] = [(None, argument) for argument in bracket.arguments or ()]
    named += (bracket.keywords or {}).items()
    children: list[tuple[str, Module]] = []
    for name, argument in named:
        content: Any = argument.node.content if isinstance(argument.node, Static) else None
        if isinstance(content, Repeated) and name is None:
            modules = [stage.content for stage in content.stages]
        else:
            modules = [content]
        if all(isinstance(module, Module) and not module.is_loss for module in modules):
            first = len(children)
            children += [(name or str(first + place), module) for place, module in enumerate(modules)]
        elif type(content) is tuple and len(named) == 1:
            children += _named_children(content, argument)
        else:
            raise no_child(bracket.typed, argument)
        if len(children) > MOST_MODULES:
            message = f"{bracket.typed} holds more than {MOST_MODULES} modules"
            raise LimitError(message, hint="write a smaller model")
    return tuple(children)


def _named_children(content: tuple[Any, ...], argument: Argument) -> list[tuple[str, Module]]:
    """The pairs of an OrderedDict. Raises ParseError where they are no such."""
    for pair in content:
        is_pair = isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)  # noqa: PLR2004 - name, layer
        is_child = is_pair and isinstance(pair[1], Module) and not pair[1].is_loss
        if not is_child or "." in pair[0] or not pair[0]:
            message = "OrderedDict holds pairs of a name and a layer"
            raise ParseError(message, spans=(argument.span,), hint=f"write {PAIRS}")
    names = [pair[0] for pair in content]
    if len(set(names)) < len(names):
        message = "a name stands twice in the OrderedDict"
        raise ParseError(message, spans=(argument.span,), hint="give each layer a name of its own")
    return list(content)
