"""Arrays: the values of tensor variables, from nested lists and from whatever NumPy can take.

This module brings NumPy; it is imported where the first tensor is met.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain, product
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bpcli.errors import BindingError, LimitError, NotFiniteError
from bpcli.graph.op import MOST_AXES, Shape
from bpcli.graph.shapes import size_text
from bpcli.language.complaints import shortened
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import ENTRY, number_from

Array: TypeAlias = NDArray[Any]
Value: TypeAlias = float | Array
# `stored` is what a file or an array has, for inputs of functions; of nested lists int64 where all entries are whole.
Dtype: TypeAlias = Literal["float64", "float32", "stored"]
Reader: TypeAlias = Callable[[str, "Room"], Array]  # of one array of a file, for the variable of this name

NOT_REAL = {
    "c": "complex numbers",
    "O": "Python objects",
    "S": "text",
    "U": "text",
    "M": "dates",
    "m": "durations",
    "V": "records",
}


class Room:
    """The entries that one array, or all arrays of a file together, may have."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, dtype: Dtype = "float64") -> None:
        self.most = limits.entries
        self.dtype: Dtype = dtype
        self.taken = 0

    def take(self, name: str, shape: tuple[int, ...]) -> None:
        """Ask for an array of this shape, before its memory is taken.

        An empty axis does not hide the others, because a sum over it has their size. Raises LimitError where it does
        not fit, BindingError where it has more axes than NumPy knows.
        """
        if len(shape) > MOST_AXES:
            message = f"{name} has {len(shape)} axes"
            raise BindingError(message, hint=f"an array has at most {MOST_AXES} axes")
        entries = math.prod(size or 1 for size in shape)
        self.taken += entries
        if self.taken > self.most:
            needed = size_text(entries, np.dtype(_forced(self.dtype) or "float64").itemsize)
            beside = "" if self.taken == entries else f", {self.taken} entries with those before it"
            message = f"{name} {shortened(str(shape))} would take {needed}{beside}"
            raise LimitError(message, hint=f"raise the limit of {self.most} entries with --max-entries")


def array_from(name: str, value: object, limits: Limits = DEFAULT_LIMITS, dtype: Dtype = "float64") -> Array:
    """The array of a variable from nested lists of numbers, a NumPy array, or anything with `__array__`.

    Raises BindingError where it is ragged, too deep, or has an entry that is no finite real number; LimitError.
    """
    room = Room(limits, dtype)
    if not hasattr(value, "__array__"):
        return _from_lists(name, value, room)
    array = _foreign(name, value)
    room.take(name, array.shape)
    if array.dtype.kind == "O" or not array.ndim:
        array = _numbers(name, array.ravel().tolist(), array.shape)
    if array.dtype.kind == "b" and dtype != "stored":
        message = f"the value of {name} holds truth values, not numbers"
        raise BindingError(message, hint="write them as 0 and 1")
    return real(name, array, dtype)


def _forced(dtype: Dtype) -> str | None:
    """The type that every array is brought to; None where each keeps its own."""
    return None if dtype == "stored" else dtype


def _foreign(name: str, value: object) -> Array:
    """The array that something says it is; a PyTorch parameter is asked for its numbers without its history."""
    try:
        given = value.detach() if hasattr(value, "detach") else value
        array = np.asarray(given)
    except Exception as error:
        message = f"the value of {name} gives no array: {error}"
        raise BindingError(message, hint="give nested lists, or an array in the memory of the processor") from error
    if hasattr(given, "filled") and np.ma.is_masked(given):
        message = f"the value of {name} has masked entries"
        raise BindingError(message, hint="fill them with numbers first")
    return array


def real(name: str, array: Array, dtype: Dtype) -> Array:
    """The array in rows, in a type. Raises BindingError where an entry is no finite real number."""
    if array.dtype.kind in NOT_REAL:
        raise not_real(name, array.dtype.kind, array.dtype)
    with np.errstate(all="ignore"):
        numbers: Array = np.asarray(array, _forced(dtype) or array.dtype.newbyteorder("="), order="C")
    finite = np.isfinite(numbers)
    if not finite.all():
        index = tuple(int(at) for at in np.unravel_index(int(finite.argmin()), numbers.shape))
        what = f"beyond {dtype}" if np.isfinite(array[index]) else "not finite"
        message = f"the value of {name} is {what}{_at(index)}: {array[index]!s}"
        raise NotFiniteError(message, hint=ENTRY)
    return numbers


def from_bfloat16(data: bytes, shape: Shape) -> Array:
    """The array of numbers that are the upper halves of float32, a type that NumPy does not have."""
    return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").reshape(shape)


def not_real(name: str, kind: str, dtype: object) -> BindingError:
    """What to say about entries of a type that are no real numbers; `kind` is NumPy's letter for it."""
    message = f"the value of {name} holds {NOT_REAL[kind]}, not real numbers: its dtype is {dtype}"
    return BindingError(message, hint=ENTRY)


def _at(index: Sequence[int]) -> str:
    return f" at {list(index)}" if index else ""


def _from_lists(name: str, value: object, room: Room) -> Array:
    """An array from nested lists, whose shape is that of the first entries; level by level, each level is checked."""
    shape = _shape_of(name, value)
    room.take(name, shape)
    entries: list[Any] = [value]
    for axis in range(len(shape) + 1):
        entries = [_listed(name, entry) for entry in entries]
        size = shape[axis] if axis < len(shape) else None
        for position, entry in enumerate(entries):
            if _length(entry) != size:
                raise _ragged(name, shape[:axis], position, entry, size)
        if size is not None:
            entries = list(chain.from_iterable(entries))
    if room.dtype == "stored" and set(map(type, entries)) == {int}:
        with suppress(OverflowError):
            return np.array(entries, np.int64).reshape(shape)
    return real(name, _numbers(name, entries, shape), room.dtype)


def _shape_of(name: str, value: object) -> tuple[int, ...]:
    shape: list[int] = []
    first = _listed(name, value)
    while (size := _length(first)) is not None:
        shape.append(size)
        if len(shape) > MOST_AXES:
            message = f"the value of {name} is nested deeper than {MOST_AXES} lists"
            raise BindingError(message, hint=f"an array has at most {MOST_AXES} axes")
        if not size:
            break
        first = _listed(name, first[0])
    return tuple(shape)


def _listed(name: str, entry: Any) -> Any:
    """An array among lists as lists; anything else as it is."""
    if type(entry) in (float, int, list) or not hasattr(entry, "__array__"):
        return entry
    return _foreign(name, entry).tolist()


def _length(entry: Any) -> int | None:
    return len(entry) if isinstance(entry, list | tuple) else None


def _ragged(name: str, shape: tuple[int, ...], position: int, entry: object, size: int | None) -> BindingError:
    """What to say about the first entry of a level that is not like those before it."""
    index = [int(at) for at in np.unravel_index(position, shape)]
    places = [f"row {at[0]}" if len(at) == 1 else str(at) for at in (index, [0] * len(index))]
    says = ["is a single entry" if many is None else has(many) for many in (_length(entry), size)]
    if size is not None and says[0] != "is a single entry":
        says[1] = f"has {size}"
    message = f"{name} is ragged: {places[0]} {says[0]}, {places[1]} {says[1]}"
    return BindingError(message, hint="give every row the same number of entries")


def has(many: int) -> str:
    """How long a row is, in words."""
    return f"has {many} {'entry' if many == 1 else 'entries'}"


def _numbers(name: str, entries: list[Any], shape: tuple[int, ...]) -> Array:
    """The entries as float64; each is looked at alone only where they are not all plain numbers."""
    if set(map(type, entries)) <= {float, int}:
        try:
            return np.array(entries, np.float64).reshape(shape)
        except OverflowError:
            pass  # the entry is found below
    indices = product(*map(range, shape))
    numbers = [number_from(name, entry, _at(at)) for at, entry in zip(indices, entries, strict=True)]
    return np.array(numbers, np.float64).reshape(shape)
