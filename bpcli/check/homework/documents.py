"""Texts of TOML and JSON as tables; what is broken is told with its line and column."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any, Self

from bpcli.errors import Span, UsageError
from bpcli.language.values import reason_of, without_repeats

FORMS = ("toml", "json")
NO_YAML = ("yaml", "yml")
MOST_PARTS = 12  # of a name in a state_dict
# A name a.a.a… of many parts, for which Python's reader of TOML takes the square of its length.
PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
LONG_NAME = re.compile(rf"(?<![\w-])(?:{PART}[ \t]*+\.[ \t]*+){{64}}")
PLACE = re.compile(r"\(at line (?P<line>\d+), column (?P<column>\d+)\)")
LONGEST_LINE = 1_000
BRACKETS = 'in TOML a name with brackets stands in quotes: "value(A)" = 0.5'
QUOTES = 'in TOML whatever is no plain number stands in quotes: x = "2*y", x = "1/2"'
CLOSED = "a text ends on its line, with a quote"
HINTS = {  # by what Python's reader of TOML says
    "a key": BRACKETS,
    "invalid value": QUOTES,
    "after a statement": QUOTES,
    "unclosed": "a comma may be missing, or the bracket at the end",
    "unterminated": CLOSED,
    "illegal character": CLOSED,
    "overwrite": "a name stands once in its table",
}


class Typed(float):
    """A number together with the text that it was typed as, `0.10`."""

    typed: str

    def __new__(cls, typed: str) -> Self:
        """The number that a text of TOML or JSON says."""
        number = super().__new__(cls, typed)
        number.typed = typed.replace("_", "")
        return number

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.typed,)

    def __repr__(self) -> str:
        return self.typed


def form_of(source: str, text: str) -> str:
    """The form of a document: by the end of its name, or else by its first sign. Raises UsageError for YAML."""
    ending = source.rpartition(".")[2].lower()
    if ending in NO_YAML:
        message = f"cannot read {source}: bpcli reads no YAML"
        raise UsageError(message, hint="write it as TOML or as JSON; in YAML the answer 'no' is a truth value")
    if ending in FORMS:
        return ending
    return "json" if text.lstrip("\ufeff \t\r\n").startswith("{") else "toml"


def document_from(text: str, source: str, *, as_typed: bool = False) -> Mapping[str, Any]:
    """The table that a text of TOML or JSON holds; decimals that are read `as_typed` know their text.

    Raises UsageError with line and column where it is broken.
    """
    form = form_of(source, text)
    number = Typed if as_typed else float
    try:
        if form == "json":
            found = json.loads(text, object_pairs_hook=without_repeats, parse_float=number)
        else:
            found = _toml(text, number)
    except (ValueError, RecursionError) as error:
        reason = _reason(error)
        message = f"cannot read {source} as {form.upper()}: {reason}"
        hint = _hint(reason) if form == "toml" else None
        line, spans = _marked(text, reason)
        raise UsageError(message, hint=hint, text=line, spans=spans) from error
    if not isinstance(found, dict):
        message = f"cannot read {source} as {form.upper()}: it is no object of names and values"
        raise UsageError(message, hint='as in {"product": {"x": 6}}')
    return found


def _toml(text: str, number: type[float]) -> Mapping[str, Any]:
    long = LONG_NAME.search(text)
    if long is not None:
        message = f"a name has more than 64 parts (at line {text.count(chr(10), 0, long.start()) + 1})"
        raise ValueError(message)
    return tomllib.loads(text, parse_float=number)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} (at line {error.lineno}, column {error.colno})"
    reason = reason_of(error)
    return reason[:1].lower() + reason[1:]


def _hint(reason: str) -> str | None:
    """What a reason of Python's reader of TOML most often comes from."""
    return next((hint for part, hint in HINTS.items() if part in reason), None)


def _marked(text: str, reason: str) -> tuple[str | None, tuple[Span, ...]]:
    """The line that a reason names, with the place in it; nothing of a line too long to be read."""
    place = PLACE.search(reason)
    if place is None:
        return None, ()
    line = text.split("\n", int(place["line"]))[int(place["line"]) - 1]
    start = int(place["column"]) - 1
    return (line, (Span(start, start + 1),)) if len(line) <= LONGEST_LINE else (None, ())


def flattened(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with tables in it laid flat: TOML takes 0.weight without quotes for the name weight in the table 0."""
    flat: dict[str, Any] = {}
    pending = [(str(key), value, 1) for key, value in reversed(list(table.items()))]
    while pending:
        key, value, depth = pending.pop()
        if isinstance(value, Mapping) and value and depth < MOST_PARTS:
            pending.extend((f"{key}.{inner}", part, depth + 1) for inner, part in reversed(list(value.items())))
        else:
            flat[key] = value
    return flat
