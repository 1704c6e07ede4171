"""Upsampling: more entries along each axis of space, by repeating the nearest, or by lines between neighbours."""

from __future__ import annotations

from math import floor
from struct import pack, unpack
from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.keys import Slice
from bpcli.layers.definition import layer
from bpcli.layers.kinds import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bpcli.graph.node import Node
    from bpcli.layers.kinds import Factors, Sizes
    from bpcli.layers.scope import Scope

AXES = {"nearest": (1, 2), "linear": (1,), "bilinear": (2,)}  # of space, by mode
LARGEST = 2.0**53
SMALL = 128  # the height and the width of an image, added up, to which PyTorch computes places in float32
ELSEWHERE = ("nearest-exact", "bicubic", "trilinear", "area", "lanczos")  # modes of PyTorch that are not here


@layer("Upsample")
def upsample(
    m: Scope,
    x: Node,
    size: Sizes | None = None,
    scale_factor: Factors | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Node:
    """Give the axes of space of (N, C, L) or (N, C, H, W) other lengths: `size`, or ⌊length · scale_factor⌋.

    `nearest` takes the entry at ⌊i / scale⌋ for the i-th; `linear`, for one axis, and `bilinear`, for two, go in lines
    between the two neighbours, which with `align_corners` span the axis from its first entry to its last. Source:
    torch.nn.Upsample, torch.nn.functional.interpolate.
    """
    _require_mode(mode, align_corners)
    count = len(x.shape) - 2
    if count not in AXES[mode]:
        expected = " or ".join([str(2 + axes) for axes in AXES[mode]])
        message = (
            f"{{0}} expects an array of {expected} axes, the batch and the channels first; {{1}} gives {count + 2}"
        )
        raise ShapeError(message)
    lines = _lines(x.shape[2:], size, scale_factor, is_recomputed=bool(recompute_scale_factor))
    is_small = count > 1 and sum([line.size for line in lines]) <= SMALL
    for axis, line in reversed(list(zip(range(-count, 0), lines, strict=True))):
        m.require_room(line.size)
        if mode == "nearest":
            x = _nearest(m, x, axis, line.length, _places(line, is_small=is_small))
        elif line.size != line.length:
            x = _between(m, x, axis, _neighbours(line, align_corners=bool(align_corners)))
    return x


def _require_mode(mode: str, align_corners: bool | None) -> None:
    """Raise UsageError for a mode that is not here, or one that knows no corners."""
    if mode not in AXES:
        message = f"'mode' must be {listed(AXES)}, not {mode!r}"
        if mode in ELSEWHERE:
            message = f"'mode' must be {listed(AXES)}: {mode!r} is one of PyTorch's that bpcli does not have yet"
        raise UsageError(message)
    if mode == "nearest" and align_corners is not None:
        message = "'align_corners' is for the modes 'linear' and 'bilinear' only"
        raise UsageError(message, hint="leave it out")


class Line(NamedTuple):
    """An axis: its length, the length that it gets, and how far apart in it the entries are that it gets."""

    length: int
    size: int
    step: float


def _lines(own: Sequence[int], size: Sizes | None, scale_factor: Factors | None, *, is_recomputed: bool) -> list[Line]:
    """How each axis is divided. Raises UsageError where that is not said, or said twice."""
    if size is not None and (scale_factor is not None or is_recomputed):
        message = "'size' says it all: 'scale_factor' and 'recompute_scale_factor' cannot stand beside it"
        raise UsageError(message, hint="give one of them")
    if size is not None:
        lines = [Line(length, one, length / max(one, 1)) for length, one in _by_axis(own, size, "size")]
    elif scale_factor is not None:
        lines = [
            Line(length, size, length / max(size, 1) if is_recomputed else 1 / factor)
            for length, factor in _by_axis(own, scale_factor, "scale_factor")
            for size in [floor(min(length * factor, LARGEST))]
        ]
    else:
        message = "Upsample has no value for 'size' or 'scale_factor'"
        raise UsageError(message)
    for line in lines:
        if min(line.length, line.size) < 1:
            message = f"{{0}} cannot make an axis of length {line.size} of one of length {line.length}"
            raise ShapeError(message)
    return lines


def _by_axis(own: Sequence[int], given: Any, name: str) -> list[tuple[int, Any]]:
    """The length of each axis, and what was given for it."""
    row = given if isinstance(given, tuple) else (given,) * len(own)
    if len(row) != len(own) or min(row) <= 0:
        message = f"'{name}' must have one entry above 0 for each axis of space, {len(own)}"
        raise UsageError(message)
    return list(zip(own, row, strict=True))


def _places(line: Line, *, is_small: bool) -> tuple[int, ...]:
    """Which entry of an axis each new one is: the one at ⌊place · step⌋, rounded as PyTorch 2.13 rounds it.

    For small images the step is one of float32, and a length that stays or doubles goes by whole numbers; else only the
    product is rounded to float32. Source: ATen, UpSampleKernel.cpp, `nearest_idx` and `HelperInterpNearest`.
    """
    if is_small and line.size in {line.length, 2 * line.length}:
        return tuple([place * line.length // line.size for place in range(line.size)])
    step = _single(line.step) if is_small else line.step
    return tuple([min(floor(_single(place * step)), line.length - 1) for place in range(line.size)])


def _nearest(m: Scope, x: Node, axis: int, length: int, rows: tuple[int, ...]) -> Node:
    """The entries of an axis of this length at these places; where each is repeated as often, as a broadcast."""
    if rows == tuple(range(length)):
        return x
    times = max(len(rows) // length, 1)
    if rows != tuple([place // times for place in range(length * times)]):
        return _rows(m, x, axis, rows)
    behind = x.shape[len(x.shape) + axis + 1 :]
    apart = m.reshape(x, shape=(*x.shape[:axis], length, 1, *behind))
    repeated = m.broadcast_to(apart, shape=(*x.shape[:axis], length, times, *behind))
    return m.reshape(repeated, shape=(*x.shape[:axis], len(rows), *behind))


def _single(value: float) -> float:
    """The number rounded to float32."""
    (rounded,) = unpack("f", pack("f", value))
    return float(rounded)


def _rows(m: Scope, x: Node, axis: int, rows: tuple[int, ...]) -> Node:
    """The entries of an axis at these places."""
    return m.getitem(x, key=(..., rows, *[Slice()] * (-axis - 1)))


class Neighbours(NamedTuple):
    """For each new entry the places of the two between which it stands, and how far it is from the first."""

    first: tuple[int, ...]
    second: tuple[int, ...]
    shares: tuple[float, ...]


def _neighbours(line: Line, *, align_corners: bool) -> Neighbours:
    """Where the new entries stand among the old ones.

    With `align_corners` the ends of the axis are its first entry and its last; else each entry is the middle of a part
    of it, and what would stand before the first is the first.
    """
    length, size, step = line
    if align_corners:
        step = (length - 1) / (size - 1) if size > 1 else 0.0
        places = [step * place for place in range(size)]
    else:
        places = [max(step * (place + 0.5) - 0.5, 0.0) for place in range(size)]
    first = tuple([min(floor(place), length - 1) for place in places])
    second = tuple([min(place + 1, length - 1) for place in first])
    shares = tuple([min(place - start, 1.0) for place, start in zip(places, first, strict=True)])
    return Neighbours(first, second, shares)


def _between(m: Scope, x: Node, axis: int, neighbours: Neighbours) -> Node:
    """The entries on the lines between neighbours."""
    if not any(neighbours.shares):
        return _rows(m, x, axis, neighbours.first)
    shares = m.constant(neighbours.shares)
    if axis < -1:
        shares = m.reshape(shares, shape=(len(neighbours.shares), *[1] * (-axis - 1)))
    start = _rows(m, x, axis, neighbours.first)
    return start + shares * (_rows(m, x, axis, neighbours.second) - start)
