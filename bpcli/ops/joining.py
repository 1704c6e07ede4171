"""Arrays joined to larger ones, and padded. All of it is linear: what flows back to a part is cut out again."""

from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.keys import Slice
from bpcli.graph.op import REQUIRED, Attribute, Sample, Shape, real_number, structural
from bpcli.graph.shapes import axis_of, new_axis_of, pad_pairs
from bpcli.ops.attributes import is_whole, one_axis, whole_row


def _joined(*shapes: Shape, axis: int = 0) -> Shape:
    at = axis_of(axis, shapes[0])
    for place, shape in enumerate(shapes):
        if len(shape) != len(shapes[0]) or any(
            one != other for at_one, (one, other) in enumerate(zip(shape, shapes[0], strict=True)) if at_one != at
        ):
            message = f"cannot concatenate {{0}} and {{{place}}} along axis {axis}: the other axes must be equal"
            raise ShapeError(message)
    return (*shapes[0][:at], sum([shape[at] for shape in shapes]), *shapes[0][at + 1 :])


def _parts(m: Any, upstream: Any, out: Any, *x: Any, axis: int = 0) -> tuple[Any, ...]:
    """What flows back to each of the arrays that were joined: its own part."""
    at = axis_of(axis, m.shape(x[0]))
    found, start = [], 0
    for one in x:
        stop = start + m.shape(one)[at]
        found.append(m.getitem(upstream, key=(*[Slice()] * at, Slice(start, stop))))
        start = stop
    return tuple(found)


def _stacked(*shapes: Shape, axis: int = 0) -> Shape:
    if not shapes:
        return (0,)
    for place, shape in enumerate(shapes):
        if shape != shapes[0]:
            message = f"the entries of a list must have one shape, and {{0}} and {{{place}}} differ"
            raise ShapeError(message, hint="rows of a matrix have as many entries each")
    at = new_axis_of(axis, shapes[0])
    return (*shapes[0][:at], len(shapes), *shapes[0][at:])


def _layers(m: Any, upstream: Any, out: Any, *x: Any, axis: int = 0) -> tuple[Any, ...]:
    """What flows back to each of the arrays that were stacked: its own layer."""
    at = new_axis_of(axis, m.shape(x[0])) if x else 0
    return tuple([m.getitem(upstream, key=(*[Slice()] * at, place)) for place in range(len(x))])


concatenate = structural(
    "concatenate",
    _parts,
    _joined,
    inputs=("*x",),
    fewest=1,
    aliases=("concat", "cat"),
    attributes={"axis": one_axis(0)},
    takes_list=True,
    samples=(Sample((2, 3), (1, 3)), Sample((2, 3), (2, 1), (2, 2), axis=-1)),
)
stack = structural(
    "stack",
    _layers,
    _stacked,
    inputs=("*x",),
    fewest=0,
    attributes={"axis": one_axis(0)},
    takes_list=True,
    samples=(Sample((2, 3), (2, 3)), Sample((2,), (2,), (2,), axis=-1)),
)


def _padded(shape: Shape, *, widths: tuple[Any, ...], value: float = 0.0) -> Shape:
    pairs = pad_pairs(shape, widths)
    grown = [
        length + before + after for length, (before, after) in zip(shape[len(shape) - len(pairs) :], pairs, strict=True)
    ]
    return (*shape[: len(shape) - len(pairs)], *grown)


def _inner(m: Any, upstream: Any, out: Any, x: Any, widths: tuple[Any, ...], value: float = 0.0) -> tuple[Any, ...]:
    """What flows back to the entries that were there before."""
    shape = m.shape(x)
    pairs = pad_pairs(shape, widths)
    own = shape[len(shape) - len(pairs) :]
    key = [Slice(before, before + length) for (before, _), length in zip(pairs, own, strict=True)]
    return (m.getitem(upstream, key=(..., *key)),)


def _are_widths(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_are_widths, value)) and bool(value)
    return is_whole(value) and value >= 0


pad = structural(
    "pad",
    _inner,
    _padded,
    attributes={
        "widths": Attribute(REQUIRED, "whole numbers such as 1, (1, 2) or ((1, 1), (2, 2))", _are_widths, whole_row),
        "value": real_number(0.0),
    },
    samples=(Sample((2, 3), widths=((1, 0), (2, 1))), Sample((3,), widths=(1,), value=2.5)),
)
