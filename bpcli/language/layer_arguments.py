"""The arguments of a layer: what was typed, matched with PyTorch's signature."""

from collections.abc import Mapping, Sequence
from math import isnan, prod
from typing import TYPE_CHECKING, Any

from bpcli.errors import LimitError, ParseError
from bpcli.language.functions import Argument, static_value
from bpcli.layers.definition import REQUIRED, Definition

if TYPE_CHECKING:
    from bpcli.language.operators import Bracket

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
        most = f"{len(order)} argument{'' if len(order) == 1 else 's'}" if order else "no arguments"
        message = f"{definition.name} takes {most}{' when it is bare' if is_bare and order else ''}, got {len(given)}"
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
    return {name: _kept(definition, known[name], argument, hint) for name, argument in named.items()}


def _usage(definition: Definition, *, is_bare: bool) -> str:
    """How it is written, and where it matters, how else."""
    usage = f"write {definition.usage(is_bare=is_bare)}"
    if definition.is_loss and not is_bare:
        return f"{usage}, whose target is the variable 'target'; a bare loss takes it first: {definition.name}(t)"
    if is_bare and definition.inferred:
        return f"{usage}; with the size of its input it is nn.{definition.name}(…)"
    return usage


def _kept(definition: Definition, argument: Any, typed: Argument, hint: str) -> Any:
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


def entries_of(bracket: "Bracket", most: int) -> Any:
    """What `torch.tensor([1, 2])`, `torch.ones(2)` or `OrderedDict([…])` holds, as tuples.

    Raises ParseError where it holds no values, LimitError for more than `most` entries.
    """
    made: Any = bracket.op
    if made.fill is None:
        message = f"{bracket.typed} takes one list of values"
        if len(bracket.arguments or ()) != 1 or any(name not in BESIDE for name in bracket.keywords or {}):
            raise ParseError(message, hint=f"write {made.usage}")
        return value_of((bracket.arguments or [])[0], message, f"write {made.usage}")
    message = f"{bracket.typed} takes whole numbers from 0 up: the shape of the array"
    values = [value_of(argument, message, f"write {made.usage}") for argument in bracket.arguments or ()]
    shape = values[0] if len(values) == 1 and isinstance(values[0], tuple) else tuple(values)
    if not all(isinstance(length, float) and length.is_integer() and length >= 0 for length in shape):
        raise ParseError(message, hint=f"write {made.usage}")
    if prod([max(length, 1) for length in shape]) > most:
        message = f"{bracket.typed} makes more than {most} entries"
        raise LimitError(message, hint="raise the limit with --max-operators")
    entries: Any = made.fill
    for length in reversed(shape):
        entries = (entries,) * int(length)
    return entries
