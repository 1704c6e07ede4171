"""Entries by their place: what an index chooses, and, back, what flows to the places that were chosen."""

from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.keys import Key, Slice, key_from, shape_of_key
from bpcli.graph.op import REQUIRED, Attribute, Sample, Shape, structural
from bpcli.ops.attributes import LENGTHS, are_whole, one_axis, whole_number, whole_row


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


def _embedding_shape(indices: Shape, weight: Shape, *, padding_idx: int | None = None) -> Shape:
    shape = _rows_shape(weight, indices, 1)
    if padding_idx is not None and not -weight[0] <= padding_idx < weight[0]:
        message = f"padding_idx is {padding_idx}, and {{1}} has {weight[0]} rows"
        raise ShapeError(message)
    return shape


def _embedding_back(
    m: Any, upstream: Any, out: Any, indices: Any, weight: Any, padding_idx: int | None = None
) -> tuple[Any, ...]:
    """What flows back to the rows; what the padding row would get goes to a row of its own, which is cut off."""
    length = m.shape(weight)[0]
    if padding_idx is None:
        return None, m.put(upstream, indices, length=length)
    rows = m.where(m.equal(indices, padding_idx % length), length, indices)
    return None, m.getitem(m.put(upstream, rows, length=length + 1), key=(Slice(None, length),))


embedding = structural(
    "embedding",
    _embedding_back,
    _embedding_shape,
    inputs=("indices", "weight"),
    attributes={"padding_idx": one_axis(None)._replace(allowed="a row of the table")},
    meaning=lambda m, indices, weight, padding_idx=None: m.take(weight, indices),
    samples=(Sample((2,), (3, 2)),),
)
one_hot = structural(
    "one_hot",
    lambda m, upstream, out, indices, num_classes: (None,),
    lambda shape, *, num_classes: (*shape, num_classes),
    inputs=("indices",),
    attributes={"num_classes": whole_number(least=0)},
    samples=(Sample((2,), num_classes=3),),
)
