"""Slips in TOML: the line that one is in, and what is to be written instead, told by what stands on that line."""

import re
from typing import NamedTuple

from bpcli.errors import Span

LONGEST_LINE = 1_000
PLACE = re.compile(r"\(at line (?P<line>\d+), column (?P<column>\d+)\)")
PLAIN_KEY = re.compile(r"""\s*(?:[\w.-]+|"[^"]*"|'[^']*')\s*""", re.ASCII)
NUMBER = re.compile(r"[+-]?(?:\.\d+|\d+\.|0\d[\d.]*)(?:[eE][+-]?\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")

AT_THE_END = "end of document)"

LINE = "a line is a name, =, and what it is: x = 6"
NAME = 'in TOML a name with brackets or other signs stands in quotes: "value(A)" = 0.5'
QUOTES = 'in TOML whatever is no plain number stands in quotes: x = "2*y", x = "1/2"'
MISSING = 'nothing stands behind =; what is left out is written x = ""'
CLOSED = "a text ends on its line, with a quote"
STRAIGHT = 'quotes are straight: x = "2*y"'
BACKSLASH = "a text with a backslash stands in single quotes"
LIST = "a comma may be missing, or the bracket at the end"
DIGITS = 'a number has digits on both sides of its point, and no 0 before others: 0.5, 5.0; or in quotes: x = ".5"'
COMMA = "a decimal has a point: 1.5"
ONCE = "a name stands once in its table"
TABLE = "a table stands in brackets on a line of its own, as in [product]"
TABLE_ONCE = "a table stands once in a file, with all that belongs to it below"


class Slip(NamedTuple):
    """What to write instead, the line that is broken, if it can be shown, and the place in it."""

    hint: str
    line: str | None = None
    spans: tuple[Span, ...] = ()


def slip_in(text: str, reason: str) -> Slip:
    """What a reason of Python's reader of TOML comes from."""
    lines = text.split("\n")
    place = PLACE.search(reason)
    if place is None and AT_THE_END not in reason:
        return Slip(LINE)
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
    number = int(place["line"]) if place else last
    if "nclosed array" in reason:
        number = _opening(lines[:number]) or number
    line = lines[number - 1]
    hint = _hint(line, reason)
    if len(line) > LONGEST_LINE:
        return Slip(hint)
    start = int(place["column"]) - 1 if place and number == int(place["line"]) else len(line.rstrip())
    return Slip(hint, line, (Span(start, start + 1),))


def _opening(lines: list[str]) -> int | None:
    """The number of the last line whose brackets are not closed on it."""
    opened = [number for number, line in enumerate(lines, 1) if line.count("[") > line.count("]")]
    return opened[-1] if opened else None


def _hint(line: str, reason: str) -> str:
    key, sign, value = line.partition("=")
    if "twice" in reason or line.lstrip().startswith("["):
        return TABLE_ONCE if "twice" in reason else TABLE
    if "overwrite" in reason:
        return ONCE
    if not sign:
        return LINE
    return NAME if PLAIN_KEY.fullmatch(key) is None else _hint_of_value(value.strip(), reason)


def _hint_of_value(value: str, reason: str) -> str:
    known = (
        (not value or value.startswith("#"), MISSING),
        (value[:1] in tuple("“”„’‘«"), STRAIGHT),
        ("nescaped" in reason, BACKSLASH),
        (value.startswith(("[", "{")), LIST),
        (value.startswith(('"', "'")), CLOSED),
        (NUMBER.fullmatch(value), DIGITS),
        (DECIMAL_COMMA.fullmatch(value), COMMA),
    )
    return next((hint for is_so, hint in known if is_so), QUOTES)
