"""Ops that move or join entries, computed once for arrays of any dtype: float64, balls, SymPy expressions, nodes.

Every function takes the number system `m` first. The first `m.batch` axes of an array are a batch, and stay as they
are; axes in attributes are counted without them. Entries are only added, subtracted, multiplied and divided by their
own operators; whatever else is needed, `m.maximum` say, is asked of the system.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from bpcli.errors import UsageError
from bpcli.graph.keys import indices_of, view_at
from bpcli.graph.op import Shape
from bpcli.graph.shapes import axes_of, axis_of, new_axis_of
from bpcli.numbers import rows as by_rows

Array = Any
Axis = int | tuple[int, ...] | None
MOVES = {  # what only moves entries
    "broadcast_to", "concatenate", "diag", "flatten", "flip", "getitem", "matrix_transpose", "permute", "reshape",
    "squeeze", "stack", "transpose", "unsqueeze",
}  # fmt: skip


def leading(m: Any, x: Array) -> Shape:
    """The lengths of the batch axes; 1 for a number that has none."""
    shape = np.shape(x)
    return shape[: m.batch] if len(shape) >= m.batch else (1,) * m.batch


def axes_in(m: Any, x: Array, axis: Axis) -> tuple[int, ...]:
    """The axes of the array itself that `axis` names."""
    return tuple([m.batch + one for one in axes_of(axis, m.shape(x))])


def axis_in(m: Any, x: Array, axis: int) -> int:
    """The same for one axis."""
    return int(m.batch) + axis_of(axis, m.shape(x))


def aligned(m: Any, x: Array, rank: int) -> Array:
    """The array with axes of length 1 after its batch axes, so that it has `rank` of its own."""
    missing = rank - len(m.shape(x))
    if missing <= 0 or not m.batch:
        return x  # NumPy adds axes in front by itself
    return np.reshape(x, leading(m, x) + (1,) * missing + m.shape(x))


# Shapes --------------------------------------------------------------------------------------------------------------


def broadcast_to(m: Any, x: Array, shape: Shape) -> Array:
    """Repeat along missing axes and axes of length 1; a view."""
    return np.broadcast_to(aligned(m, x, len(shape)), leading(m, x) + tuple(shape))


def sum_to(m: Any, x: Array, shape: Shape) -> Array:
    """Add up what `broadcast_to` would repeat: its adjoint."""
    own = m.shape(x)
    extra = len(own) - len(shape)
    axes = [axis for axis in range(len(own)) if axis < extra or (shape[axis - extra] == 1 != own[axis])]
    return reshape(m, sum_(m, x, axis=tuple(axes)), shape) if axes else x


def reshape(m: Any, x: Array, shape: Shape) -> Array:
    """The same entries in the same order."""
    return np.reshape(x, leading(m, x) + tuple(shape))


def permute(m: Any, x: Array, axes: Sequence[int]) -> Array:
    """The axes in another order."""
    if not m.batch:
        return np.transpose(x, axes)
    own = [axis_in(m, x, axis) for axis in axes]
    return np.transpose(x, [*range(m.batch), *own])


def flip(m: Any, x: Array, axis: Axis = None) -> Array:
    """The entries in reverse along axes."""
    return np.flip(x, axes_in(m, x, axis))


def concatenate(m: Any, *x: Array, axis: int = 0) -> Array:
    """One array after the other along an axis."""
    return np.concatenate(_with_one_batch(m, x), axis_in(m, x[0], axis))


def stack(m: Any, *x: Array, axis: int = 0) -> Array:
    """The arrays beside each other along a new axis; of none, an array without entries."""
    if not x:
        return np.zeros((1,) * m.batch + (0,))
    at = m.batch + new_axis_of(axis, m.shape(x[0]))
    return np.stack(_with_one_batch(m, x), at)


def _with_one_batch(m: Any, arrays: Sequence[Array]) -> Sequence[Array]:
    if not m.batch:
        return arrays
    lead = np.broadcast_shapes(*[leading(m, x) for x in arrays])
    return [np.broadcast_to(x, lead + m.shape(x)) for x in arrays]


def tril(m: Any, x: Array, k: int = 0) -> Array:
    """The entries on and below the k-th diagonal, 0 above."""
    return _masked(x, _triangle(m, x, k))


def triu(m: Any, x: Array, k: int = 0) -> Array:
    """The entries on and above the k-th diagonal, 0 below."""
    return _masked(x, ~_triangle(m, x, k - 1))


def _triangle(m: Any, x: Array, k: int) -> Array:
    rows, columns = m.shape(x)[-2:]
    return np.tri(rows, columns, max(-rows, min(k, columns)), dtype=bool)


def _masked(x: Array, mask: Array) -> Array:
    return np.where(mask, x, 0) if x.dtype == object else np.where(mask, x, x.dtype.type(0))


# Entries by their place ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _places(key: tuple[Any, ...], shape: Shape) -> Array:
    """Which entries of an array of this shape, counted in order, a key chooses."""
    return np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)[indices_of(key)]


def getitem(m: Any, x: Array, key: tuple[Any, ...]) -> Array:
    """The entries that a key chooses."""
    view = view_at(m.batch, key)
    if view is not None:
        return np.asarray(x)[view]  # a single object takes no index
    rows = by_rows.rows_of(key, m.shape(x))
    if rows:
        return by_rows.taken(x, rows)
    places = _places(key, m.shape(x))
    return np.reshape(x, (*leading(m, x), -1))[..., places]


def scatter(m: Any, x: Array, key: tuple[Any, ...], shape: Shape) -> Array:
    """Zeros with the entries of x added at the places that a key chooses: the adjoint of `getitem`."""
    whole = np.zeros(leading(m, x) + tuple(shape), np.asarray(x).dtype)
    view = view_at(m.batch, key)
    if view is not None:
        whole[view] = x[()]  # an object itself, no array of rank 0
        return whole
    rows = by_rows.rows_of(key, shape)
    if rows and by_rows.put(whole, x, rows):
        return whole
    flat: Array = whole.reshape((*leading(m, x), -1))
    chosen: Any = (..., _places(key, shape))
    np.add.at(flat, chosen, x)
    return whole


def whole_numbers(  # noqa: PLR0913, PLR0917 - what they are, and what they are called
    m: Any, indices: Array, below: int, least: int = 0, what: str = "an index", them: str = "the indices"
) -> Array:
    """The indices from `least` on as NumPy takes them, without batch axes, along which they must not differ.

    Raises UsageError where they do, or where one is no place.
    """
    if any(length != 1 for length in leading(m, indices)):
        message = "indices are whole numbers, which cannot be changed a little"
        raise UsageError(message)
    own = np.reshape(np.asarray(indices, dtype=float), m.shape(indices))
    wrong = (own != np.floor(own)) | (own < least) | (own >= below)
    if wrong.any():
        place = tuple(map(int, np.argwhere(wrong)[0]))
        message = f"{what} must be a whole number from {least} to {below - 1}, not {own[place]:g}"
        raise UsageError(message, hint=f"it stands at {list(place)} of {them}" if place else None)
    return own.astype(np.int64)


def take(m: Any, x: Array, indices: Array) -> Array:
    """The rows of x that the indices name."""
    return np.take(x, whole_numbers(m, indices, m.shape(x)[0], -m.shape(x)[0]), axis=m.batch)


def embedding(m: Any, indices: Array, weight: Array) -> Array:
    """The rows of the weight that the indices name; none is counted from the end, as in PyTorch."""
    return np.take(weight, whole_numbers(m, indices, m.shape(weight)[0]), axis=m.batch)


def put(m: Any, x: Array, indices: Array, length: int) -> Array:
    """Zeros of `length` rows with the rows of x added at the indices: the adjoint of `take`."""
    rows = whole_numbers(m, indices, length, -length)
    own = m.shape(x)[rows.ndim :]
    whole = np.zeros((*leading(m, x), length, *own), np.asarray(x).dtype)
    np.add.at(whole, (slice(None),) * m.batch + (rows,), x)
    return whole


def one_hot(m: Any, indices: Array, num_classes: int, ignore_index: int | None = None) -> Array:
    """A row for each index, 1 at the index and 0 elsewhere; zeros for one that is ignored."""
    own = np.asarray(indices, dtype=float)
    is_ignored = own == ignore_index
    called = ("an index", "the indices")
    if ignore_index is not None:  # by a loss
        called = (f"the target holds classes, {num_classes} of them: each", "the target")
    places = whole_numbers(m, np.where(is_ignored, 0, own), num_classes, 0, *called)
    rows = np.zeros((places.size, num_classes))
    rows[np.arange(places.size), places.ravel()] = ~is_ignored.ravel()
    return np.reshape(rows, (1,) * m.batch + (*places.shape, num_classes))


# Reductions ----------------------------------------------------------------------------------------------------------


def sum_(m: Any, x: Array, axis: Axis = None, keepdims: bool = False) -> Array:  # noqa: FBT001, FBT002 - as NumPy has it
    """The sum over axes."""
    return np.sum(x, axis=axes_in(m, x, axis), keepdims=keepdims)


def prod(m: Any, x: Array, axis: Axis = None, keepdims: bool = False) -> Array:  # noqa: FBT001, FBT002 - the same
    """The product over axes."""
    return np.prod(x, axis=axes_in(m, x, axis), keepdims=keepdims)


def products_of_others(m: Any, x: Array, axis: int) -> Array:
    """For each entry the product of the others along an axis: what is before it times what is after it."""
    rows = np.moveaxis(x, axis_in(m, x, axis), 0)
    ones = np.ones_like(rows[:1])
    before = np.concatenate([ones, np.cumprod(rows[:-1], axis=0)]) if len(rows) else rows
    after = np.concatenate([np.cumprod(rows[:0:-1], axis=0)[::-1], ones]) if len(rows) else rows
    return np.moveaxis(before * after, 0, axis_in(m, x, axis))


def cumsum(m: Any, x: Array, axis: int) -> Array:
    """The sum of an entry and those before it along an axis."""
    return np.cumsum(x, axis_in(m, x, axis))


def _chosen_by(name: str) -> Callable[..., Array]:
    """The largest, or smallest, over axes; of objects by the op of that name."""

    def over_axes(m: Any, x: Array, axis: Axis = None, keepdims: bool = False) -> Array:  # noqa: FBT001, FBT002 - as NumPy
        axes = axes_in(m, x, axis)
        if np.asarray(x).dtype != object:
            return getattr(np, name).reduce(x, axis=axes, keepdims=keepdims)
        chosen = x
        for one in axes:
            rows = [np.take(chosen, [place], axis=one) for place in range(chosen.shape[one])]
            chosen = reduce(getattr(m, name), rows)
        return chosen if keepdims else np.squeeze(chosen, axes)

    return over_axes


def argmax(m: Any, x: Array, axis: int | None = None, keepdims: bool = False) -> Array:  # noqa: FBT001, FBT002 - as NumPy
    """The place of the largest entry, the first of several; among all entries in order where no axis is named."""
    if np.asarray(x).dtype == object:
        x = is_largest(x, m.amax(x, axis=axis, keepdims=True))
    if axis is None:
        found = np.argmax(np.reshape(x, (*leading(m, x), -1)), -1)
        return np.reshape(found, leading(m, x) + (1,) * (len(m.shape(x)) * keepdims)).astype(float)
    return np.argmax(x, axis=axis_in(m, x, axis), keepdims=keepdims).astype(float)


def is_largest(x: Array, largest: Array) -> Array:
    """Where objects are the largest ones: where the two differ by 0. Raises UsageError for formulas."""
    try:
        return np.asarray(x - largest, dtype=float) == 0
    except TypeError:
        message = "which of some formulas is the largest depends on the values of their variables"
        raise UsageError(message) from None


STRUCTURE: dict[str, Callable[..., Array]] = {
    "broadcast_to": broadcast_to,
    "sum_to": sum_to,
    "reshape": reshape,
    "permute": permute,
    "flip": flip,
    "concatenate": concatenate,
    "stack": stack,
    "tril": tril,
    "triu": triu,
    "getitem": getitem,
    "scatter": scatter,
    "take": take,
    "embedding": embedding,
    "put": put,
    "one_hot": one_hot,
    "sum": sum_,
    "prod": prod,
    "products_of_others": products_of_others,
    "cumsum": cumsum,
    "amax": _chosen_by("maximum"),
    "amin": _chosen_by("minimum"),
    "argmax": argmax,
}
