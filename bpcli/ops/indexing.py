"""Entries by their place: what an index chooses, and, back, what flows to the places that were chosen."""

from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.keys import Key, Slice, key_from, shape_of_key
from bpcli.graph.op import REQUIRED, Attribute, Sample, Shape, structural
from bpcli.ops.attributes import LENGTHS, are_whole, is_whole, whole, whole_number, whole_row


def _is_key(value: Any) -> bool:
    """Whether what was typed is an index: as text, `'0, 1:3'`, or as whole numbers and rows of them."""
    if not isinstance(value, str):
        return are_whole(value)
    try:
        return bool(key_from(value))
    except ValueError:
        return False


def _key(value: Any) -> Key:
    if isinstance(value, str):
        return key_from(value)
    return whole_row(value)


KEY = Attribute(REQUIRED, "an index such as 0 or '1:3'", _is_key, _key)
IGNORED = Attribute(None, "a whole number, or None", lambda value: value is None or is_whole(value), whole)


def _scattered(own: Shape, *, key: Key, shape: Shape) -> Shape:
    if shape_of_key(shape, key) != own:
        message = f"{{0}} has not the shape of what the index chooses of an array {shape}"
        raise ShapeError(message)
    return tuple(shape)


getitem = structural(
    "getitem",
    lambda m, upstream, out, x, key: (m.scatter(upstream, key=key, shape=m.shape(x)),),
    lambda shape, *, key: shape_of_key(shape, key),
    attributes={"key": KEY},
    samples=(
        Sample((3, 4), key=(0, Slice(None, None, -2))),
        Sample((3, 4), key=((2, 0, 2),)),
        Sample((2, 3, 4), key=(..., None, 1)),
    ),
)
scatter = structural(
    "scatter",
    lambda m, upstream, out, x, key, shape: (m.getitem(upstream, key=key),),
    _scattered,
    attributes={"key": KEY, "shape": LENGTHS},
    samples=(
        Sample((2,), key=(0, Slice(None, None, -2)), shape=(3, 4)),
        Sample((3, 4), key=((2, 0, 2),), shape=(3, 4)),
    ),
)


def _rows_shape(shape: Shape, indices: Shape, place: int = 0) -> Shape:
    """The shape of the rows that indices take of an array, which is the input at a place."""
    if not shape:
        message = f"{{{place}}} is one number, of which no entry can be taken"
        raise ShapeError(message)
    return (*indices, *shape[1:])


def _put_shape(shape: Shape, indices: Shape, *, length: int) -> Shape:
    if shape[: len(indices)] != indices:
        message = "the rows of {0} and the indices {1} must be as many"
        raise ShapeError(message)
    return (length, *shape[len(indices) :])


take = structural(
    "take",
    lambda m, upstream, out, x, indices: (m.put(upstream, indices, length=m.shape(x)[0]), None),
    _rows_shape,
    inputs=("x", "indices"),
    samples=(Sample((3, 2), (2,)),),
)
put = structural(
    "put",
    lambda m, upstream, out, x, indices, length: (m.take(upstream, indices), None),
    _put_shape,
    inputs=("x", "indices"),
    attributes={"length": whole_number(least=0)},
    samples=(Sample((2, 2), (2,), length=3),),
)
embedding = structural(
    "embedding",
    lambda m, upstream, out, indices, weight: (None, m.put(upstream, indices, length=m.shape(weight)[0])),
    lambda indices, weight: _rows_shape(weight, indices, 1),
    inputs=("indices", "weight"),
    meaning=lambda m, indices, weight: m.take(weight, indices),
    samples=(Sample((2,), (3, 2)),),
)
one_hot = structural(
    "one_hot",
    lambda m, upstream, out, indices, **_: (None,),
    lambda shape, *, num_classes, ignore_index=None: (*shape, num_classes),
    inputs=("indices",),
    # An index that is ignored has a row of zeros, as in a loss that leaves it out.
    attributes={"num_classes": whole_number(least=0), "ignore_index": IGNORED},
    samples=(Sample((2,), num_classes=3), Sample((2,), num_classes=3, ignore_index=1)),
)
