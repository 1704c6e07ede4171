"""The options of optimisers and schedules: what each may be, read from text, with errors in the user's words."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from bpcli.errors import BindingError, UsageError
from bpcli.language.complaints import closest, named, shortened
from bpcli.language.values import number_from

Given = Mapping[str, "str | float | tuple[float, ...]"]
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class Option(NamedTuple):
    """An option: its default, which says of what kind it is (a number, a truth value, two numbers), and its bounds.

    A number lies from `least` on, below `below`; `is_whole` asks for a whole one.
    """

    default: float | tuple[float, ...] | None
    least: float = 0.0
    below: float = math.inf
    is_whole: bool = False


def options_from(owner: str, known: Mapping[str, Option], given: Given) -> dict[str, Any]:
    """The value of each option: what is given, as text or as a number, else its default.

    Raises UsageError for an unknown name, for a value that is not of the option's kind or out of its bounds, and for an
    option without a default that is not given.
    """
    for name in given:
        if name not in known:
            meant = closest(name, list(known))
            has = f"its options are {', '.join(known)}" if known else "it takes none"
            message = f"{owner} has no option {named(name)}"
            raise UsageError(message, hint=f"did you mean '{meant}'?" if meant else has)
    missing = [name for name, option in known.items() if option.default is None and name not in given]
    if missing:
        message = f"{owner} needs {missing[0]}"
        raise UsageError(message, hint=f"give it as {missing[0]}=VALUE")
    return {
        name: _value(f"{name} of {owner}", option, given[name]) if name in given else option.default
        for name, option in known.items()
    }


def _value(name: str, option: Option, given: "str | float | tuple[float, ...]") -> Any:
    if isinstance(option.default, bool):
        return _truth(name, given)
    if isinstance(option.default, tuple):
        parts = given.strip().strip("()[]").split(",") if isinstance(given, str) else given
        if not isinstance(parts, list | tuple) or len(parts) != len(option.default):
            example = ",".join(map(str, option.default))
            message = f"{name} takes {len(option.default)} numbers, not {named(str(given))}"
            raise UsageError(message, hint=f"write them as {example}")
        return tuple([_number(name, option, part) for part in parts])
    return _number(name, option, given)


def _truth(name: str, given: object) -> bool:
    if isinstance(given, bool):
        return given
    word = str(given).strip().lower()
    if word not in TRUTHS:
        message = f"{name} is true or false, not {named(str(given))}"
        raise UsageError(message, hint="write it as true or false")
    return TRUTHS[word]


def _number(name: str, option: Option, given: object) -> float:
    value = _read(name, given)
    if not option.least <= value < option.below or (option.is_whole and value != int(value)):
        kind = "a whole number" if option.is_whole else "a number"
        least = f" from {option.least:g} on" if math.isfinite(option.least) else ""
        below = f", below {option.below:g}" if math.isfinite(option.below) else ""
        message = f"{name} is {kind}{least}{below}, not {shortened(str(given))}"
        raise UsageError(message, hint="PyTorch has the same bounds")
    return int(value) if option.is_whole else value


def _read(name: str, given: object) -> float:
    """A finite number, as it is or as text."""
    try:
        return number_from(name, given)
    except BindingError as error:
        message = f"{name} takes a finite number, not {named(str(given))}"
        raise UsageError(message, hint="write it as 0.01 or 1e-2") from error
