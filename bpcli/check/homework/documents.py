"""Texts of TOML and JSON as tables; what is broken is told with its line and column."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any, Self

from bpcli.check.homework.toml_slips import Slip, slip_in
from bpcli.errors import UsageError
from bpcli.language.values import reason_of, without_repeats

FORMS = ("toml", "json")
NO_YAML = ("yaml", "yml")
MOST_PARTS = 12  # of a name in a state_dict
# A name a.a.a… of many parts, for which Python's reader of TOML takes the square of its length.
PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
LONG_NAME = re.compile(rf"(?<![\w-])(?:{PART}[ \t]*+\.[ \t]*+){{64}}")


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
        slip = _slip(form, text, reason)
        raise UsageError(message, hint=slip.hint or None, text=slip.line, spans=slip.spans) from error
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


def _slip(form: str, text: str, reason: str) -> Slip:
    """The broken line with its place; for TOML what is to be written instead."""
    slip = slip_in(text, reason)
    return slip if form == "toml" else slip._replace(hint="")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} (at line {error.lineno}, column {error.colno})"
    reason = reason_of(error)
    return reason[:1].lower() + reason[1:]


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
