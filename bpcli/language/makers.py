"""What makes an argument of a layer of others, as Python would: `torch.tensor([1, 2])`, `OrderedDict([…])`."""

from math import prod
from typing import Any, NamedTuple

from bpcli.errors import LimitError, ParseError
from bpcli.graph.op import MOST_AXES
from bpcli.language.layer_arguments import BESIDE, PAIRS, value_of
from bpcli.language.operators import Bracket
from bpcli.ops.attributes import is_whole


class Maker(NamedTuple):
    """What makes an argument of a layer: `OrderedDict([…])`, `torch.tensor([…])`, or `torch.ones(3)`, filled with 1."""

    usage: str
    fill: float | None = None


MAKERS = {
    "OrderedDict": Maker(PAIRS),
    "collections.OrderedDict": Maker(PAIRS),
    "torch.tensor": Maker("torch.tensor([1, 2])"),
    "torch.ones": Maker("torch.ones(3)", 1.0),
    "torch.zeros": Maker("torch.zeros(3)", 0.0),
}


def entries_of(bracket: Bracket, most: int) -> Any:
    """What `torch.tensor([1, 2])`, `torch.ones(2)` or `OrderedDict([…])` holds, as tuples.

    Raises ParseError where it holds no values, LimitError for more than `most` entries.
    """
    made: Any = bracket.op
    if made.fill is not None:
        return _filled(bracket, made, most)
    message, hint = f"{bracket.typed} takes one list of values", f"write {made.usage}"
    if len(bracket.arguments or ()) != 1 or any(name not in BESIDE for name in bracket.keywords or {}):
        raise ParseError(message, hint=hint)
    return value_of((bracket.arguments or [])[0], message, hint)


def _filled(bracket: Bracket, made: Maker, most: int) -> Any:
    """The one number of `torch.ones(2, 3)`, as often as its shape says, in nested tuples."""
    message, hint = f"{bracket.typed} takes whole numbers from 0 on: the shape of the array", f"write {made.usage}"
    values = [value_of(argument, message, hint) for argument in bracket.arguments or ()]
    shape = values[0] if len(values) == 1 and isinstance(values[0], tuple) else tuple(values)
    if not all(is_whole(length) and length >= 0 for length in shape):
        raise ParseError(message, hint=hint)
    if len(shape) > MOST_AXES:
        message = f"{bracket.typed} makes an array of {len(shape)} axes"
        raise ParseError(message, hint=f"an array has at most {MOST_AXES} axes")
    if prod([max(length, 1) for length in shape]) > most:
        message = f"{bracket.typed} makes more than {most} entries"
        raise LimitError(message, hint="raise the limit with --max-operators")
    entries: Any = made.fill
    for length in reversed(shape):
        entries = (entries,) * int(length)
    return entries
