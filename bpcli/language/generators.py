"""Inputs that are drawn by chance: `normal(2,3)`, `integers(0,10,4)`, `away_from(0, 1e-3, 4, 5)`.

    normal(2,3)                  the standard normal distribution, of this shape
    uniform(0,1,5)               between two numbers, then the shape
    integers(0,10,4)             whole numbers, the first bound included and the second not; an array of int64
    distinct(4,5)                no two entries alike, and all gaps about equal
    away_from(0, 1e-3, 4, 5)     normal, with no entry nearer to 0 than 1e-3; in place of the shape may stand
                                 another generator, away_from(0, 1e-3, uniform(-1,1,4))

No shape is a single number. An axis may be a name, `normal(N,D)`, for which bpcli chooses a length; all lengths that it
chooses are unequal, to one another and to those that are typed, so that a transposed array never fits by chance. A
bound of `integers` may be such a name too: labels are `integers(0,C,N)`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice
from typing import Any, NamedTuple, NoReturn

from bpcli.errors import BindingError, LimitError, ParseError, Span
from bpcli.graph.network import Draw
from bpcli.graph.op import MOST_AXES
from bpcli.language.complaints import named, suggestion
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.tokens import is_number

BOUNDS = {"normal": 0, "uniform": 2, "integers": 2, "distinct": 0, "away_from": 2}  # numbers before the shape
EXAMPLES = {
    "normal": "normal(2,3)",
    "uniform": "uniform(0,1,5)",
    "integers": "integers(0,10,4)",
    "distinct": "distinct(4,5)",
    "away_from": "away_from(0, 1e-3, 4, 5)",
}
CALL = re.compile(r"\s*([^\W\d]\w*)\s*\(")
TOKEN = re.compile(r"\s*([^\W\d]\w*|[-+−]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|\S)")
LONGEST = 1000  # characters
DEFAULT_BOUNDS = (0.0, 1.0)  # mean and standard deviation
MOST_NESTED = 8
FEWEST_LENGTHS = 3  # so that a lone axis, too, has another length at each of three points
SHORTEST = 2
MOST_DIGITS = 12  # of the length of an axis: more than any memory holds
WIDEST = 2**53  # bounds beyond this are not the numbers that were typed


class Generator(NamedTuple):
    """What a text says: the kind, the numbers before the shape, the shape, and what `away_from` moves.

    An axis, and a bound of `integers`, may be a name.
    """

    kind: str
    bounds: tuple[float | str, ...]
    shape: tuple[int | str, ...]
    inner: "Generator | None" = None

    @property
    def names(self) -> Iterator[str]:
        """The names of axes, in order."""
        yield from [one for one in (*self.shape, *self.bounds) if isinstance(one, str)]
        if self.inner is not None:
            yield from self.inner.names

    @property
    def lengths(self) -> Iterator[int]:
        """The lengths of axes that are typed."""
        yield from [one for one in self.shape if isinstance(one, int)]
        if self.inner is not None:
            yield from self.inner.lengths


def is_generator(text: object) -> bool:
    """Whether a value is the text of a generator, right or wrong within its parentheses."""
    found = CALL.match(text) if isinstance(text, str) else None
    return found is not None and found[1] in BOUNDS


def looks_called(text: str) -> bool:
    """Whether a text is a name and parentheses, `norml(2,3)`."""
    return CALL.match(text) is not None and text.rstrip().endswith(")")


def unknown_generator(text: str) -> ParseError:
    """What to say about a text that looks like a generator and is none."""
    found = CALL.match(text)
    word = found[1] if found else text
    start = found.start(1) if found else 0
    hint = suggestion(word, list(BOUNDS), f"the generators are {', '.join(BOUNDS)}")
    return ParseError(f"unknown generator {named(word)}", text=text, spans=(Span(start, start + len(word)),), hint=hint)


def generator_from(text: str) -> Generator:
    """What the text says. Raises ParseError where it is no generator, LimitError where it is too long."""
    if len(text) > LONGEST:
        message = f"a generator of {len(text)} characters is too long"
        raise LimitError(message, hint=f"write it within {LONGEST}, as in {EXAMPLES['normal']}")
    reader = _Reader(text)
    generator = reader.generator(MOST_NESTED)
    if reader.token:
        reader.refuse(f"{named(reader.token)} stands behind the generator", "remove it")
    return generator


def axis_lengths(texts: Iterable[str], turn: int = 0) -> dict[str, int]:
    """A length for each axis that some generators name, in order of appearance; at each `turn` they change places.

    None is one of the lengths that are typed. Raises ParseError.
    """
    generators = [generator_from(text) for text in texts]
    names = list(dict.fromkeys(name for generator in generators for name in generator.names))
    typed = {length for generator in generators for length in generator.lengths}
    among = max(len(names), FEWEST_LENGTHS)
    free = list(islice((length for length in count(SHORTEST) if length not in typed), among))
    return {name: free[(place + turn) % among] for place, name in enumerate(names)}


def inputs_from(
    given: Mapping[str, Any], seed: int = 0, point: int = 0, limits: Limits = DEFAULT_LIMITS
) -> dict[str, Any]:
    """The inputs of a function at one of several points: what is drawn as arrays and numbers, the rest as it is given.

    `integers` gives int64 or an int, every other kind of generator float64 or a float; the same seed and name give the
    same, whatever else is drawn, and the first point of the seed `seed + 1` is the second of `seed`. A list of numbers
    is an array, of int64 where all are whole as typed, and so is one of truth values. Within mappings and other lists,
    those of real numbers are arrays, and those of whole ones, which may be sizes, stay lists. Raises ParseError,
    BindingError for a ragged list, LimitError before memory is taken.
    """
    at = _Point(seed + point, axis_lengths(generators_in(given), seed + point), limits)
    return {name: at.input(name, value) for name, value in given.items()}


def generators_in(value: object, depth: int = MOST_AXES) -> Iterator[str]:
    """The texts of all generators within a value, a mapping or a list, in order."""
    if isinstance(value, str) and is_generator(value):
        yield value
    elif isinstance(value, Mapping | list) and depth:
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from generators_in(part, depth - 1)


def is_drawn(value: object) -> bool:
    """Whether there is a generator within a value."""
    return any(True for _ in generators_in(value))


def _leaves(value: list[Any], depth: int = MOST_AXES) -> Iterator[object]:
    """What stands in nested lists."""
    for part in value:
        if isinstance(part, list) and depth:
            yield from _leaves(part, depth - 1)
        else:
            yield part


def _as_numbers(value: list[Any]) -> list[Any]:
    """Nested lists of truth values as 0 and 1."""
    return [_as_numbers(part) if isinstance(part, list) else int(part) for part in value]


def _is_real(value: list[Any]) -> bool:
    """Whether nested lists hold numbers alone, one of them at least with a point."""
    leaves = list(_leaves(value))
    return all(map(_is_number, leaves)) and any(isinstance(leaf, float) for leaf in leaves)


def _is_number(leaf: object) -> bool:
    """Whether it is a number; a truth value is none, though Python takes it for one."""
    return isinstance(leaf, int | float) and not isinstance(leaf, bool)


class _Point:
    """A seed, the lengths of axes, and the room for all arrays that are drawn from it."""

    def __init__(self, seed: int, lengths: Mapping[str, int], limits: Limits) -> None:
        from bpcli.language.arrays import Room  # noqa: PLC0415 - only arrays need NumPy

        self.seed = seed
        self.lengths = lengths
        self.limits = limits
        self.room = Room(limits)

    def input(self, name: str, value: object) -> Any:
        """An input: an array from a list of numbers, else the value with what is drawn in it."""
        if isinstance(value, list) and value and all(map(_is_number, _leaves(value))):
            return self.array(name, value)
        if isinstance(value, list) and value and all(isinstance(leaf, bool) for leaf in _leaves(value)):
            return self.array(name, _as_numbers(value)).astype(bool)
        return self.replaced(name, value)

    def array(self, name: str, value: list[Any]) -> Any:
        """The array of a list of numbers."""
        from bpcli.language.arrays import array_from  # noqa: PLC0415 - the same

        return array_from(name, value, self.limits, "stored")

    def replaced(self, name: str, value: object, depth: int = MOST_AXES) -> Any:
        """The value with an array in place of every generator; what is nested deeper than arrays are is left alone."""
        if isinstance(value, str) and is_generator(value):
            return self.drawn(name, generator_from(value))
        if isinstance(value, Mapping) and depth:
            return {key: self.replaced(f"{name}.{key}", part, depth - 1) for key, part in value.items()}
        if isinstance(value, list) and _is_real(value):
            return self.array(name, value)
        if isinstance(value, list) and depth:
            return [self.replaced(f"{name}[{place}]", part, depth - 1) for place, part in enumerate(value)]
        return value

    def drawn(self, name: str, generator: Generator) -> Any:
        """What a generator gives under a name."""
        from bpcli.numbers.drawing import drawn, moved_away  # noqa: PLC0415 - the same

        bounds = [self.number(one) for one in generator.bounds]
        if generator.inner is not None:
            return moved_away(self.drawn(name, generator.inner), bounds[0], bounds[1])
        first, second = bounds or DEFAULT_BOUNDS
        if not first < second:
            message = f"the bounds of {name} are not in order: {first:g} and {second:g}"
            raise BindingError(message, hint=f"write them as in {EXAMPLES[generator.kind]}")
        shape = tuple(int(self.number(axis)) for axis in generator.shape)
        self.room.take(name, shape)
        values = drawn(Draw(generator.kind, first, second), shape, self.seed, name)
        return values if shape else values.item()

    def number(self, one: float | str) -> float:
        """A number as it is typed, or the length of an axis."""
        return self.lengths[one] if isinstance(one, str) else one


class _Reader:
    """The tokens of a generator, one after the other; what stands within parentheses is read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.span = Span(0, 0)
        self.token = ""
        self.next()

    def next(self) -> str:
        """The token that was to be read; the one behind it becomes the token to be read."""
        token = self.token
        found = TOKEN.match(self.text, self.span.end)
        end = len(self.text)
        self.token, self.span = (found[1], Span(*found.span(1))) if found else ("", Span(end, end))
        return token

    def refuse(self, message: str, hint: str) -> NoReturn:
        """Raise ParseError: what is wrong with the token to be read."""
        raise ParseError(message, text=self.text, spans=(self.span,), hint=hint)

    def generator(self, depth: int) -> Generator:
        """A generator, from its name to its closing parenthesis."""
        if self.token not in BOUNDS:
            raise unknown_generator(self.text)
        kind = self.next()
        hint = f"write it as {EXAMPLES[kind]}"
        if not depth:
            self.refuse(f"generators are nested deeper than {MOST_NESTED}", hint)
        self.must("(", hint)
        bounds: list[float | str] = []
        while len(bounds) < BOUNDS[kind]:
            bounds.append(self.bound(kind, hint))
            if len(bounds) < BOUNDS[kind] or self.token not in (")", ""):
                self.must(",", hint)
        inner = self.moved(bounds[1], depth, hint) if kind == "away_from" else None
        shape = () if inner else tuple(self.axes(hint))
        self.must(")", hint)
        return Generator(kind, tuple(bounds), shape, inner)

    def moved(self, distance: float | str, depth: int, hint: str) -> Generator:
        """What `away_from` moves: another generator, or the normal one of the shape that follows."""
        if isinstance(distance, str) or distance <= 0:
            self.refuse("away_from takes a distance above 0, behind what it stays away from", hint)
        if self.token not in BOUNDS:
            return Generator("normal", (), tuple(self.axes(hint)))
        inner = self.generator(depth - 1)
        if inner.kind == "integers":
            self.refuse("away_from moves real numbers, not integers", hint)
        return inner

    def must(self, sign: str, hint: str) -> None:
        """Go on behind this sign. Raises ParseError where another token stands there."""
        if self.token != sign:
            self.refuse(f"'{sign}' must stand here, not {named(self.token)}", hint)
        self.next()

    def bound(self, kind: str, hint: str) -> float | str:
        """A number; for `integers` a whole one, or the name of an axis."""
        is_whole = kind == "integers"
        if is_whole and self.token.isidentifier():
            return self.next()
        if not is_number(self.token.lstrip("+-−")):
            self.refuse(f"{kind} takes two numbers first, not {named(self.token)}", hint)
        number = float(self.token.replace("−", "-"))
        if abs(number) > WIDEST or (is_whole and number != int(number)):
            what = "whole numbers" if is_whole else "numbers"
            self.refuse(f"{kind} takes {what} up to 2**53, not {named(self.token)}", hint)
        self.next()
        return number

    def axes(self, hint: str) -> Iterator[int | str]:
        """Lengths and names of axes, up to the closing parenthesis."""
        while self.token not in (")", ""):
            is_length = self.token.isdecimal() and 0 < len(self.token.lstrip("0")) <= MOST_DIGITS
            if not (is_length or self.token.isidentifier()):
                message = f"the length of an axis is a whole number from 1, or a name, not {named(self.token)}"
                self.refuse(message, hint)
            token = self.next()
            yield int(token) if is_length else token
            if self.token != ")":
                self.must(",", hint)
