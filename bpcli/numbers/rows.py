"""Rows of an array along one axis: taken by their places, and added up where they came from, for arrays of any dtype.

A key such as `x[..., [0, 0, 1], :]` names rows of one axis. So the array is walked in runs, as it lies in memory, and
not entry by entry.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from bpcli.graph.keys import Slice, is_array
from bpcli.graph.op import Shape

Array = Any
WHOLE = Slice()
MOST_REPEATED = 16  # of one row; beyond, entries are added one by one


class Rows(NamedTuple):
    """What a key names: the rows at these places of an axis, which is counted from behind."""

    places: tuple[int, ...]
    axis: int


def rows_of(key: tuple[Any, ...], shape: Shape) -> Rows | None:
    """The rows that a key names along an axis, of which every other is whole; None for any other key."""
    arrays = [part for part in key if is_array(part)]
    if len(arrays) != 1 or any(part not in (..., WHOLE) and not is_array(part) for part in key):
        return None
    (places,) = arrays
    before = key.index(places)
    axis = before - len(shape) if ... not in key[:before] else before - len(key)
    if any(isinstance(place, tuple) for place in places):
        return None
    return Rows(tuple([place % shape[axis] for place in places]), axis)


def taken(x: Array, rows: Rows) -> Array:
    """The rows at these places."""
    return x[(..., list(rows.places), *_behind(rows))]


def put(whole: Array, x: Array, rows: Rows) -> bool:
    """Add each row of x to that of the whole at its place; whether that was done, which needs few equal places."""
    rounds = _rounds(rows.places)
    if len(rounds) > MOST_REPEATED:
        return False
    for to, of in rounds:
        there, term = (..., to, *_behind(rows)), x[(..., of, *_behind(rows))]
        part = whole[there]
        part += term
        if not isinstance(to, slice):  # then the part is no view
            whole[there] = part
    return True


def _behind(rows: Rows) -> tuple[slice, ...]:
    return (slice(None),) * (-rows.axis - 1)


@lru_cache(maxsize=256)
def _rounds(places: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """The places in rounds in which none stands twice, and where each stands among them; runs as slices."""
    row = np.array(places, dtype=np.intp)
    order = np.argsort(row, kind="stable")
    ordered = row[order]
    starts = np.searchsorted(ordered, ordered)  # where the first equal place stands
    turns = np.arange(len(row)) - starts
    return [
        (_run(ordered[turns == turn]), _run(order[turns == turn])) for turn in range(int(turns.max(initial=-1)) + 1)
    ]


def _run(places: Array) -> Any:
    """Places that are evenly spaced as a slice, which makes a view."""
    steps = np.diff(places)
    if len(places) > 1 and steps[0] > 0 and (steps == steps[0]).all():
        return slice(int(places[0]), int(places[-1]) + 1, int(steps[0]))
    return places
