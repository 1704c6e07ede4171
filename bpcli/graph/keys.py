"""Keys: what stands between the brackets of `x[0, 1:3, [2, 0]]`, and the shape of what it chooses.

A key is a tuple of whole numbers, slices, new axes (None), an ellipsis, and tuples of whole numbers for arrays of them.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from bpcli.errors import ShapeError
from bpcli.graph.op import Shape
from bpcli.graph.shapes import common_shape, shape_text


class Slice(NamedTuple):
    """`start:stop:step`, each None where it is left out; `0:1:2` is not the array [0, 1, 2], a tuple as well."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slice) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return tuple.__hash__(self)

    @property
    def text(self) -> str:
        """The slice as it is typed."""
        start, stop, step = ["" if bound is None else str(bound) for bound in self]
        return f"{start}:{stop}" + (f":{step}" if step else "")


Key = tuple[Any, ...]


def is_array(part: object) -> bool:
    """Whether a part of a key is an array of whole numbers."""
    return type(part) is tuple


def is_key(value: object) -> bool:
    """Whether an attribute is a key and no row of numbers: one of its parts is a slice, say."""
    return isinstance(value, tuple) and any(
        part is None or part is Ellipsis or isinstance(part, Slice) for part in value
    )


def key_text(key: Any) -> str:
    """The key as it is typed between brackets."""
    return ", ".join([_part_text(part) for part in key])


def _part_text(part: object) -> str:
    if isinstance(part, Slice):
        return part.text
    if part is Ellipsis:
        return "..."
    return f"[{', '.join(map(_part_text, part))}]" if isinstance(part, tuple) else str(part)


def key_from(text: str) -> Key:
    """The key that `key_text` wrote. Raises ValueError for what is none."""
    return tuple(map(_part_from, _split(text)))


def _split(text: str) -> list[str]:
    """The parts between the commas that stand in no brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "[") - (sign == "]")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _part_from(text: str) -> Any:
    if text.startswith("[") and text.endswith("]"):
        return tuple(map(_part_from, _split(text[1:-1]))) if text[1:-1].strip() else ()
    if ":" in text:
        return Slice(*[int(bound) if bound.strip() else None for bound in text.split(":", 2)])
    return {"None": None, "...": ...}[text] if text in {"None", "..."} else int(text)


def indices_of(key: Key) -> tuple[Any, ...]:
    """The key as NumPy takes it."""
    return tuple([slice(*part) if isinstance(part, Slice) else _lists(part) for part in key])


@lru_cache(maxsize=1024)
def view_at(batch: int, key: Key) -> tuple[Any, ...] | None:
    """A key as NumPy takes it behind so many batch axes, if it makes a view; None where it holds arrays of numbers."""
    return None if any(map(is_array, key)) else (slice(None),) * batch + indices_of(key)


def _lists(part: Any) -> Any:
    return [_lists(one) for one in part] if isinstance(part, tuple) else part


@lru_cache(maxsize=256)
def shape_of_key(shape: Shape, key: Key) -> Shape:
    """The shape of what a key chooses of an array (NumPy's rules). Raises ShapeError where it does not fit."""
    parts = _without_ellipsis(shape, key)
    has_arrays = any(map(is_array, parts))
    chosen: list[int] = []
    arrays: list[Shape] = []
    first: list[int] = []  # where in `chosen` arrays were met
    is_apart = False
    remaining = list(shape)
    for place, part in enumerate(parts):
        if part is None:
            chosen.append(1)
            continue
        length = remaining.pop(0)
        if isinstance(part, Slice):
            chosen.append(len(range(length)[slice(*_with_step(part))]))
            continue
        _require_within(part, length, len(shape) - len(remaining) - 1)
        if has_arrays:
            before = parts[place - 1] if place else part
            is_apart = is_apart or (bool(first) and (isinstance(before, Slice) or before is None))
            first.append(len(chosen))
            arrays.append(_array_shape(part))
    if not arrays:
        return tuple(chosen)
    common = common_shape(arrays)
    if common is None:
        message = f"the index arrays have shapes that do not fit: {', '.join(map(shape_text, arrays))}"
        raise ShapeError(message)
    at = 0 if is_apart else first[0]
    return (*chosen[:at], *common, *chosen[at:])


def _without_ellipsis(shape: Shape, key: Key) -> list[Any]:
    used = sum(1 for part in key if part is not None and part is not Ellipsis)
    if used > len(shape):
        axes = f"{len(shape)} ax{'is' if len(shape) == 1 else 'es'}" if shape else "no axes"
        message = f"{{0}} has {axes}, and {used} {'index was' if used == 1 else 'indices were'} given"
        raise ShapeError(message)
    if sum(1 for part in key if part is Ellipsis) > 1:
        message = "an index can have one '...' only"
        raise ShapeError(message)
    rest = [Slice()] * (len(shape) - used)
    at = next((place for place, part in enumerate(key) if part is Ellipsis), None)
    return [*key, *rest] if at is None else [*key[:at], *rest, *key[at + 1 :]]


def _with_step(part: Slice) -> Slice:
    if part.step == 0:
        message = "the step of a slice cannot be 0"
        raise ShapeError(message)
    return part


def _require_within(part: Any, length: int, axis: int) -> None:
    if is_array(part):
        for one in part:
            _require_within(one, length, axis)
    elif not -length <= part < length:
        message = f"index {part} is beyond axis {axis} of {{0}}, whose length is {length}"
        raise ShapeError(message)


def _array_shape(part: Any) -> Shape:
    """The shape of an array of whole numbers, `()` for one of them. Raises ShapeError where it is ragged."""
    if not is_array(part):
        return ()
    rows = set(map(_array_shape, part))
    if len(rows) > 1:
        message = "an index of {0} is ragged"
        raise ShapeError(message, hint="give every row the same number of entries")
    return (len(part), *(rows.pop() if rows else ()))
