"""The attributes that structural ops share: axes, shapes, whole numbers. As typed, every number is a float."""

from typing import Any

from bpcli.graph.op import REQUIRED, Attribute

LARGEST = 2.0**53  # beyond, not every whole number is one of float64


def is_whole(value: Any) -> bool:
    """Whether what was typed is a whole number that float64 has exactly."""
    return isinstance(value, float) and value.is_integer() and abs(value) < LARGEST


def are_whole(value: Any) -> bool:
    """Whether what was typed is a whole number, or rows of them."""
    return all(map(are_whole, value)) if isinstance(value, tuple) else is_whole(value)


def whole(value: Any) -> Any:
    """Whole numbers, and rows of them, as integers; None as it is."""
    return tuple(map(whole, value)) if isinstance(value, tuple) else None if value is None else int(value)


def whole_row(value: Any) -> tuple[Any, ...]:
    """The same, a number as a row of one."""
    return tuple(map(whole, value)) if isinstance(value, tuple) else (int(value),)


def _is_row(value: Any) -> bool:
    return isinstance(value, tuple) and all(map(is_whole, value))


AXES = Attribute(None, "an axis, or several such as (0, 1)", lambda v: v is None or is_whole(v) or _is_row(v), whole)
SHAPE = Attribute(REQUIRED, "whole numbers such as (2, 3)", lambda v: is_whole(v) or _is_row(v), whole_row)
LENGTHS = Attribute(
    REQUIRED,
    "lengths such as (2, 3)",
    lambda v: (is_whole(v) or _is_row(v)) and min(whole_row(v), default=0) >= 0,
    whole_row,
)
SOME_AXES = SHAPE._replace(allowed="axes such as (1, 0)")
SWITCH = Attribute(False, "True or False", lambda v: isinstance(v, bool))  # noqa: FBT003 - off, as in NumPy and PyTorch


def one_axis(default: Any = REQUIRED) -> Attribute:
    """One axis."""
    is_optional = default is None
    return Attribute(default, "an axis", lambda v: is_whole(v) or (is_optional and v is None), whole)


def whole_number(default: Any = REQUIRED, least: float = float("-inf")) -> Attribute:
    """A whole number, `least` or more."""
    allowed = "a whole number" + (f" from {least:g} on" if least > float("-inf") else "")
    return Attribute(default, allowed, lambda v: is_whole(v) and v >= least, whole)


def sizes(default: Any = REQUIRED, least: int = 1) -> Attribute:
    """A whole number, `least` or more, or one for each axis of space; None where that is the default."""

    def accepts(value: Any) -> bool:
        if value is None:
            return default is None
        row = value if isinstance(value, tuple) else (value,)
        return bool(row) and all(is_whole(one) and one >= least for one in row)

    return Attribute(default, f"a whole number from {least} on, or one for each axis such as (2, 1)", accepts, whole)
