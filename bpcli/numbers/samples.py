"""Which axes a linear map treats apart, such as the samples of a batch, and the places along them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from bpcli.graph.op import Shape

Array = Any
SEED = 2026


def keeps_apart(back: Callable[[Array], Array], shape: Shape, axis: int) -> bool:
    """Whether no entry of a linear map's Jacobian joins two different places along an axis.

    `back` takes upstream gradients of this shape, one along a leading axis, to what flows back, which has as many
    places along the axis. Any two places differ in one binary digit: so what flows back from those with the digit 0
    must be 0 at those with 1, and the other way round, digit by digit; for numbers drawn once, so that nothing cancels.
    """
    drawn = np.random.default_rng(SEED).uniform(1, 2, shape)
    for chosen in _halves(shape[axis]):
        upstream = np.where(chosen.reshape(-1, *[1] * (len(shape) - axis - 1)), drawn, 0.0)
        found = np.moveaxis(back(upstream[None]), axis + 1, 0)
        if found[~chosen].any():
            return False
    return True


def _halves(count: int) -> Iterator[Array]:
    places = np.arange(count)
    for digit in range((count - 1).bit_length()):
        chosen = (places >> digit) % 2 == 1
        yield chosen
        yield ~chosen


def repeated_along(rows: Array, axes: tuple[int, ...], shape: Shape) -> Array:
    """Arrays along a leading axis, each the same at every place along the axes, so that it has this shape."""
    kept = [1 if axis in axes else length for axis, length in enumerate(shape)]
    return np.array(np.broadcast_to(rows.reshape(len(rows), *kept), (len(rows), *shape)))


def blocks_along(found: Array, axes: tuple[int, ...], most: int) -> Array:
    """Arrays along a leading axis as a block for each of the first places along the axes: (places, arrays, entries)."""
    moved = np.moveaxis(found, [axis + 1 for axis in axes], range(len(axes)))
    places = int(np.prod(moved.shape[: len(axes)], dtype=np.int64))
    return moved.reshape(places, len(found), -1)[:most]


def joined(blocks: list[Array], axis: int) -> Array:
    """Blocks beside each other along an axis."""
    return np.concatenate(blocks, axis) if len(blocks) > 1 else blocks[0]


def flat(parts: Sequence[Array]) -> Array:
    """Arrays one behind the other, as one vector."""
    return np.concatenate([np.reshape(part, -1) for part in parts])


def split(vector: Array, shapes: Sequence[Shape]) -> list[Array]:
    """The arrays of these shapes of which a vector is made."""
    ends = np.cumsum([int(np.prod(shape, dtype=np.int64)) for shape in shapes])
    parts = np.split(vector, ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
