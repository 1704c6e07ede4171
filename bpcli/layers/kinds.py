"""What an argument of a layer may be: each kind is said in words, tested, and kept in one form.

An alias here is an annotation of a layer's argument; its second part is what a spec may give there.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from bpcli.graph.op import MOST_AXES
from bpcli.ops.attributes import is_whole, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Kind(NamedTuple):
    """What an argument may be: in words, as a test of what was typed, and how it is kept. Typed numbers are floats."""

    words: str
    accepts: Callable[[Any], bool]
    kept: Callable[[Any], Any]


def _number(words: str, is_in_range: Callable[[float], bool]) -> Kind:
    return Kind(words, lambda value: isinstance(value, float) and is_in_range(value), float)


def listed(words: Iterable[str]) -> str:
    """Two words or more in a message: `'mean', 'sum' or 'none'`."""
    *others, last = map(repr, words)
    return f"{', '.join(others)} or {last}"


def _word(*words: str) -> Kind:
    """One of these words."""
    return Kind(listed(words), lambda value: value in words, str)


def _is_list_of(accepts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and 0 < len(value) <= MOST_AXES and all(map(accepts, value))


def _is_nested(value: Any) -> bool:
    """Whether it is a number, or lists of numbers; they are nested no deeper than an array (`language.functions`)."""
    return isinstance(value, float) or (isinstance(value, tuple) and all(map(_is_nested, value)))


def _is_length(value: Any) -> bool:
    return value is None or is_whole(value)


Count = Annotated[int, Kind("a whole number from 1 on", lambda value: is_whole(value) and value >= 1, whole)]
Fraction = Annotated[float, _number("a number from 0 to 1", lambda value: 0 <= value <= 1)]
Positive = Annotated[float, _number("a number above 0", lambda value: 0 < value < inf)]
NotNegative = Annotated[float, _number("a number from 0 on", lambda value: 0 <= value < inf)]

# PyTorch's `_size_t`: one for all axes of space, or one for each.
Sizes = Annotated[
    int | tuple[int, ...],
    Kind(
        "a whole number, or several such as (2, 3)",
        lambda value: is_whole(value) or _is_list_of(is_whole)(value),
        whole,
    ),
]
# The same, None where an axis keeps its length.
SomeSizes = Annotated[
    int | tuple[int | None, ...] | None,
    Kind(
        "a whole number, or several such as (None, 3)",
        lambda value: _is_length(value) or _is_list_of(_is_length)(value),
        whole,
    ),
]
Factors = Annotated[
    float | tuple[float, ...],
    Kind(
        "a number, or several such as (2, 1.5)",
        lambda value: isinstance(value, float) or _is_list_of(lambda one: isinstance(one, float))(value),
        lambda value: value,
    ),
]
# Numbers, nested as an array is.
Entries = Annotated[
    float | tuple[Any, ...],
    Kind("a list of numbers, such as torch.tensor([1, 2])", _is_nested, lambda value: value),
]

Reduction = Annotated[str, _word("mean", "sum", "none")]
BatchReduction = Annotated[str, _word("mean", "batchmean", "sum", "none")]
Nonlinearity = Annotated[str, _word("tanh", "relu")]
Approximation = Annotated[str, _word("none", "tanh")]
Filling = Annotated[str, _word("zeros", "reflect", "replicate", "circular")]
Border = Annotated[Literal["same", "valid"], _word("same", "valid")]


# By the annotation that says so: an alias from above, or a type of Python's.
KINDS: Mapping[str, Kind] = {
    **{name: alias.__metadata__[0] for name, alias in list(globals().items()) if hasattr(alias, "__metadata__")},
    "int": Kind("a whole number", is_whole, whole),
    "float": Kind("a number", lambda value: isinstance(value, float), float),
    "bool": Kind("True or False", lambda value: isinstance(value, bool), bool),
    "str": Kind("a word in quotes", lambda value: isinstance(value, str), str),
    "None": Kind("None", lambda value: value is None, lambda value: value),
}
# What PyTorch has given up for `reduction`; it keeps its place among the arguments.
DEPRECATED = Kind(
    "None, as PyTorch has given it up: say it by 'reduction'", lambda value: value is None, lambda _: None
)
