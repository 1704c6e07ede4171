"""Names of a text that stand for whole numbers: `Repeat(depth, Linear(width), Tanh)`, or `normal(T, 8)`, in a sweep."""

from collections.abc import Iterator, Mapping

from bpcli.language.functions import STATICS_TYPED, SYMBOLS_TYPED, all_functions
from bpcli.language.tokens import batches, is_name
from bpcli.layers import LAYERS

OPENERS, CLOSERS = ("(", "["), (")", "]")


def names_in(text: str) -> frozenset[str]:
    """The names that stand in a text, called ones and keywords aside, and to which it gives no value itself.

    Constants such as pi are none, nor are words such as True, and layers and functions without arguments, Tanh or tanh.
    The text is an expression, or a generator such as `normal(T, 8)`. Raises LimitError for a token that is too long.
    """
    used: set[str] = set()
    assigned: set[str] = set()
    depth = 0
    for token in _tokens(text):
        depth += (token[-1] in OPENERS) - (token in CLOSERS)
        if is_name(token):
            used.add(token)
        elif token[-1] == "=" and not depth:
            assigned.add(token[:-1].rstrip())
    others = assigned.union(SYMBOLS_TYPED, STATICS_TYPED, LAYERS, all_functions())
    return frozenset(used - others)


def with_numbers(text: str, numbers: Mapping[str, int]) -> str:
    """The text with these names replaced by their numbers; never a part of another name, a keyword or a comment.

    The names must be among the `names_in` the text: one that has a value of its own, typed or in the text, is a
    variable, which is not replaced but bound.
    """
    return "".join([str(numbers[token]) if token in numbers else token for token in _tokens(text)])


def _tokens(text: str) -> Iterator[str]:
    for batch in batches(text):
        yield from batch
