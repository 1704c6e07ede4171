"""Inputs of functions as they are typed: numbers, arrays, texts in quotes, mappings, files, and generators.

A whole number is an int and a list of whole numbers an array of int64, as in Python and NumPy: indices and sizes, which
are not differentiated. `3.0` is a float. A file keeps the type that it holds.
"""

import json
from typing import Any, NoReturn

from bpcli.errors import BindingError
from bpcli.language.complaints import shortened, suggestion
from bpcli.language.generators import generator_from, is_generator, looks_called, unknown_generator
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.tokens import is_number
from bpcli.language.values import option_for, reason_of, value_from, without_repeats

WORDS: dict[str, bool | None] = {
    "true": True,
    "false": False,
    "True": True,
    "False": False,
    "none": None,
    "None": None,
    "null": None,
}
QUOTES = ("'", '"')
MOST_DIGITS = 18  # of a whole number that fits into int64 for certain


def input_typed(name: str, typed: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """The value that was typed for an input; the text itself where it is a generator, which is drawn later.

    Raises BindingError where it is nothing of all that, ParseError for a generator that is wrong, UsageError for a file
    that cannot be read, LimitError.
    """
    text = typed.strip()
    if text in WORDS:
        return WORDS[text]
    if len(text) > 1 and text[0] in QUOTES and text[-1] == text[0]:
        return text[1:-1]
    if is_generator(text):
        generator_from(text)
        return text
    if text[:1] in ("{", "["):
        return _mapping(name, text) if text[0] == "{" else _listed(name, text, limits)
    if text.lstrip("+-").isdecimal() and is_number(text.lstrip("+-")) and len(text) <= MOST_DIGITS:
        return int(text)
    return _number_or_file(name, text, limits)


def _number_or_file(name: str, text: str, limits: Limits) -> Any:
    try:
        return value_from(name, text, limits, "stored")
    except BindingError as error:
        if looks_called(text) and "(" not in text.partition("(")[0]:
            raise unknown_generator(text) from error
        if text.isidentifier():
            hint = (
                f"a text stands in quotes, {option_for(name)}'\"{shortened(text)}\"', and 3 numbers drawn are normal(3)"
            )
            error.hint = suggestion(text, list(WORDS), hint)
        raise


def _mapping(name: str, text: str) -> Any:
    try:
        return _json(text)
    except (ValueError, RecursionError) as error:
        message = f"the value of {name} is no JSON object: {reason_of(error)}"
        hint = f"""write it as {option_for(name)}'{{"stride": 1, "pad": 1}}'"""
        raise BindingError(message, hint=hint) from error


def _listed(name: str, text: str, limits: Limits) -> Any:
    """A list as JSON has it, whose entries may be anything; else one of formulas of numbers, `[pi/2, 1]`."""
    try:
        return _json(text)
    except (ValueError, RecursionError):
        return value_from(name, text, limits)


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=without_repeats, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is no number of JSON"
    raise ValueError(message)
