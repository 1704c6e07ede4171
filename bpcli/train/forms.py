"""What a JSON document must look like: a form is held against a value, and names the first part that has not its form.

A form is a function of a value and the place where it stands; it gives the place of the misfit, such as
`data.columns[2]`, or None where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Form: TypeAlias = Callable[[Any, str], str | None]

ABSENT = object()  # in place of a value that is not there
LARGEST_WHOLE = 2**63 - 1
BEYOND = ("NaN", "Infinity", "-Infinity")
MOST_SHOWN = 40  # characters of a name


def text(value: Any, place: str) -> str | None:
    """A text."""
    return None if type(value) is str else place


def whole(value: Any, place: str) -> str | None:
    """A whole number that is not negative."""
    return None if type(value) is int and 0 <= value <= LARGEST_WHOLE else place


def number(value: Any, place: str) -> str | None:
    """A finite number."""
    is_one = isfinite(value) if type(value) is float else type(value) is int and abs(value) <= LARGEST_WHOLE
    return None if is_one else place


def figure(value: Any, place: str) -> str | None:
    """A number, or the text that stands for one that is not finite, as everywhere in the project's JSON."""
    return None if value in BEYOND and type(value) is str else number(value, place)


def maybe(form: Form) -> Form:
    """That form, or null."""
    return lambda value, place: None if value is None else form(value, place)


def optional(form: Form) -> Form:
    """That form, where it is there at all; null is not the same."""
    return lambda value, place: None if value is ABSENT else form(value, place)


def either(*forms: Form) -> Form:
    """What has one of these forms."""
    return lambda value, place: None if any(form(value, place) is None for form in forms) else place


def many(form: Form) -> Form:
    """A list, all entries of one form."""

    def misfit(value: Any, place: str) -> str | None:
        if type(value) is not list:
            return place
        return _first(form(entry, f"{place}[{at}]") for at, entry in enumerate(value))

    return misfit


def named(form: Form) -> Form:
    """An object whose names are free, all values of one form."""

    def misfit(value: Any, place: str) -> str | None:
        if type(value) is not dict:
            return place
        return _first(form(entry, _below(place, name)) for name, entry in value.items())

    return misfit


def record(**forms: Form) -> Form:
    """An object with these names, a value of its own form each; it may have others, from a later version."""

    def misfit(value: Any, place: str) -> str | None:
        if type(value) is not dict:
            return place
        return _first(form(value.get(name, ABSENT), _below(place, name)) for name, form in forms.items())

    return misfit


def _first(misfits: Iterable[str | None]) -> str | None:
    return next((place for place in misfits if place is not None), None)


def _below(place: str, name: str) -> str:
    return f"{place}.{name[:MOST_SHOWN]}".lstrip(".")


def strict(value: Any) -> Any:
    """A document with texts for its numbers that are not finite, for which JSON has no form."""
    if isinstance(value, dict):
        return {name: strict(one) for name, one in value.items()}
    if isinstance(value, list):
        return [strict(one) for one in value]
    if isinstance(value, float) and not isfinite(value):
        return BEYOND[0] if isnan(value) else BEYOND[1] if value > 0 else BEYOND[2]
    return value


def unstrict(value: Any) -> Any:
    """A document with numbers for these texts."""
    if isinstance(value, dict):
        return {name: unstrict(one) for name, one in value.items()}
    if isinstance(value, list):
        return [unstrict(one) for one in value]
    return float(value) if value in BEYOND else value
