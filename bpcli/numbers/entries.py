"""Single entries of arrays: ones at chosen places, the places of what is not 0, objects at each, values moved a little.

An entry is named by its place, its number in row-major order.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from bpcli.graph.op import Shape

MOVE = 2.0**-6  # relative, and enough to tell a 0 of the point from a 0 of the structure
SEED = 2026
NEAR = 1e-5  # of arrays of float32 too, added up in another order


def ones_at(shape: Shape, places: Sequence[int], dtype: type[np.floating[Any]] = np.float64) -> Any:
    """One array for each place, along a leading axis: 1 there and 0 elsewhere."""
    rows = np.zeros((len(places), int(np.prod(shape, dtype=np.int64))), dtype)
    rows[np.arange(len(places)), list(places)] = 1.0
    return rows.reshape(len(places), *shape)


def picked(value: Any, shape: Shape, places: Sequence[int]) -> list[float]:
    """The numbers at these places of an array, or of a number that stands for every entry of the shape."""
    found: list[float] = np.broadcast_to(value, shape).reshape(-1)[list(places)].astype(float).tolist()
    return found


def columns_of(jacobian: Any, count: int, places: Sequence[int], shape: Shape) -> Any:
    """Of a Jacobian with `count` rows, which each have the shape of an input, the columns at these places."""
    rows = np.broadcast_to(jacobian, (count, *np.shape(jacobian)[1:])).reshape(count, -1)
    return rows[:, list(places)].T.reshape(len(places), *shape)


def not_zero(rows: Any, others: Any | None = None) -> Iterator[tuple[int, int, float]]:
    """Row, place and number of each entry that is not 0, or is not in `others`; row by row."""
    rows = np.reshape(rows, (len(rows), -1))
    marks = rows != 0 if others is None else (rows != 0) | (np.reshape(others, rows.shape) != 0)
    for row, place in np.argwhere(marks).tolist():
        yield row, place, float(rows[row, place])


def objects_of(shape: Shape, make: Callable[[int], Any]) -> Any:
    """An array of objects, each made from its place; without axes the object itself."""
    if not shape:
        return make(0)
    entries = np.empty(int(np.prod(shape, dtype=np.int64)), dtype=object)
    for place in range(entries.size):
        entries[place] = make(place)
    return entries.reshape(shape)


def entry_at(array: Any, place: int) -> Any:
    """The entry at a place; a value without axes is its only entry."""
    return array.reshape(-1)[place] if isinstance(array, np.ndarray) else array


def moved_a_little(value: Any) -> Any:
    """The value with every entry moved by a small amount of its own, always the same one."""
    value = np.asarray(value)
    steps = np.random.default_rng(SEED).uniform(1, 2, value.shape) * MOVE
    return value + steps * (1 + np.abs(value))


def first_along(value: Any, axis: int, count: int) -> Any:
    """The first entries of an array along an axis; a view."""
    return value[(slice(None),) * axis + (slice(count),)]


def is_near(one: Any, other: Any) -> bool:
    """Whether two arrays have one shape and the same numbers up to rounding at their scale, NaN being equal to NaN."""
    if np.shape(one) != np.shape(other):
        return False
    scale = np.max(np.abs(other), where=np.isfinite(other), initial=0.0)
    return np.allclose(one, other, rtol=NEAR, atol=NEAR * scale, equal_nan=True)
