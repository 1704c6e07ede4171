"""What is done with shapes: how they are written, what fits together, and which axes a number names."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.op import Shape

ITEM_BYTES = 8  # of float64
MOST_BYTES_SHOWN = 10**21
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")  # of 10³ each, as disks and documents have them


def shape_text(shape: Sequence[int]) -> str:
    """The shape as Python writes it: `(2, 3)`, `(4,)`, `()`."""
    return str(tuple(shape))


def size_text(entries: int, item_bytes: int = ITEM_BYTES) -> str:
    """How much memory so many entries take, with three digits: `80 GB`."""
    size = entries * item_bytes
    shown, unit = float(min(size, MOST_BYTES_SHOWN)), 0
    while shown >= 1000 and unit < len(UNITS) - 1:  # noqa: PLR2004 - each unit is a thousand of the one before
        shown, unit = shown / 1000, unit + 1
    over = "over " if size > MOST_BYTES_SHOWN else ""
    return f"{over}{float(f'{shown:.3g}'):g} {UNITS[unit]}"


def common_shape(shapes: Iterable[Shape]) -> Shape | None:
    """The shape that arrays of these shapes are broadcast to, None where they do not fit (NumPy's rule).

    Shapes are aligned at their last axis; an axis of length 1, or one that is missing, is repeated.
    """
    distinct = set(map(tuple, shapes))
    if len(distinct) == 1:  # mostly
        return distinct.pop()
    common: Shape = ()
    for shape in distinct:
        pairs = list(zip_longest(reversed(common), reversed(shape), fillvalue=1))
        if any(one != other and 1 not in (one, other) for one, other in pairs):
            return None
        common = tuple(reversed([other if one == 1 else one for one, other in pairs]))
    return common


def axis_of(axis: int, shape: Sequence[int]) -> int:
    """The axis counted from the front. Raises ShapeError where there is none."""
    if not -len(shape) <= axis < len(shape):
        count = f"{len(shape)} ax{'is' if len(shape) == 1 else 'es'}" if shape else "no axes"
        message = f"there is no axis {axis} in {{0}}, which has {count}"
        raise ShapeError(message)
    return axis % len(shape)


def new_axis_of(axis: int, shape: Sequence[int]) -> int:
    """The place of an axis that is added, counted from the front. Raises ShapeError where it would stand alone."""
    count = len(shape)
    if not -count - 1 <= axis <= count:
        message = f"an axis cannot be added to {{0}} at {axis}, only from {-count - 1} to {count}"
        raise ShapeError(message)
    return axis % (count + 1)


def axes_of(axis: int | Sequence[int] | None, shape: Sequence[int]) -> tuple[int, ...]:
    """The axes that `axis` names, counted from the front, in order; every axis for None. Raises ShapeError."""
    if axis is None:
        return tuple(range(len(shape)))
    named = [axis] if isinstance(axis, int) else list(axis)
    axes = [axis_of(one, shape) for one in named]
    if len(set(axes)) < len(axes):
        message = f"an axis stands twice in axis={tuple(named)} for {{0}}"
        raise ShapeError(message)
    return tuple(sorted(axes))


def having_axes(shape: Shape, axis: int | Sequence[int] | None) -> Shape:
    """The shape itself, which an op along these axes keeps. Raises ShapeError where it has not all of them."""
    axes_of(axis, shape)
    return shape


def pad_pairs(shape: Shape, widths: Sequence[Any]) -> tuple[tuple[int, int], ...]:
    """What is added before and after each of the last axes: from `1`, `(1, 2)` or `((1, 1), (2, 2))`."""
    if len(widths) == 1 and isinstance(widths[0], int):
        return ((widths[0], widths[0]),) * len(shape)
    if all(isinstance(width, int) for width in widths):
        if len(widths) != 2:  # noqa: PLR2004 - before and after
            message = f"pad takes one width, a pair (before, after), or a pair for each axis, not {widths}"
            raise ShapeError(message)
        return (tuple(widths),) * len(shape)
    if len(widths) > len(shape):
        message = f"{{0}} has fewer axes than the {len(widths)} that pad is to widen"
        raise ShapeError(message)
    return tuple(map(tuple, widths))
