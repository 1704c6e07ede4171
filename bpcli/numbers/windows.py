"""Windows that slide over arrays, their fold, and what pooling and padding need.

Every function takes the array number system `m`. An array has `m.batch` leading axes before its own, of one size or of
size 1: they broadcast, and the shapes below leave them out. S are the sizes in space, K those of the kernel, R counts
of windows. Attributes have one entry a spatial axis, so `len(stride)` is the number of these. Window r meets position k
of the kernel at the input's index r·stride + k·dilation − padding, on each axis.

Shapes and meanings are PyTorch's (documentation of unfold, fold and max_pool2d); for the arithmetic of sizes see
Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from bpcli.graph.sliding import Sizes, window_counts

Array = Any  # an ndarray: NumPy's type does not take an index of the form (..., *place)
Place = tuple[slice, ...]  # a part of the spatial axes


def pad(_m: Any, x: Array, widths: Sequence[tuple[int, int]], value: Any = 0) -> Array:
    """The array with (before, after) entries of `value` around its last `len(widths)` axes; itself if all are 0."""
    if not any(map(any, widths)):
        return x
    axes = x.ndim - len(widths)
    outer = (before + size + after for size, (before, after) in zip(x.shape[axes:], widths, strict=True))
    inner = (slice(before, before + size) for size, (before, _) in zip(x.shape[axes:], widths, strict=True))
    padded: Array = np.full((*x.shape[:axes], *outer), value, dtype=x.dtype)
    padded[(..., *inner)] = x
    return padded


def windows(_m: Any, x: Array, size: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    """Every window of the last axes, as a read-only view: (…, *S) -> (…, *R, *size).

    w[r, k] = x[r·stride + k·dilation], on each axis.
    """
    n = len(size)
    lead, strides = x.ndim - n, x.strides
    spans = [step * (length - 1) + 1 for length, step in zip(size, dilation, strict=True)]
    counts = [(all_ - span) // step + 1 for all_, span, step in zip(x.shape[lead:], spans, stride, strict=True)]
    moves = [along * step for along, step in zip(strides[lead:], stride, strict=True)]
    inside = [along * step for along, step in zip(strides[lead:], dilation, strict=True)]
    view: Array = np.lib.stride_tricks.as_strided(
        x, (*x.shape[:lead], *counts, *size), (*strides[:lead], *moves, *inside), writeable=False
    )
    return view


def fold(_m: Any, w: Array, shape: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    """Every entry of the windows added up where it came from: (…, *R, *size) -> (…, *S), the adjoint of `windows`.

    S is read from the end of `shape`, which may be the whole shape. An entry that no window meets is 0.
    """
    n = len(stride)
    slide = Slide(shape[-n:], w.shape[-n:], stride, (0,) * n, dilation)
    terms = ((inside, w[(..., *met, *position)]) for position, inside, met in meetings(slide))
    return sum_of_terms((*w.shape[: -2 * n], *slide.sizes), w.dtype, terms, n)


def largest(_m: Any, w: Array, count: int) -> Array:
    """The largest entry of the last `count` axes, NaN if there is one; of windows many times faster than `max`."""
    return reduce(np.maximum, [w[(..., *place)] for place in np.ndindex(w.shape[-count:])])


def first_of_largest(m: Any, w: Array, count: int) -> Array:
    """1 at the largest entry of the last `count` axes, 0 elsewhere; of equal ones the first in row-major order.

    As in PyTorch's max-pooling, NaN is larger than any number, and of several the last one counts.
    For numbers only: entries of dtype object are never compared.
    """
    marks: Array = np.zeros(w.shape, w.dtype)
    for place, is_there in places_of_largest(m, w, count):
        marks[(..., *place)] += is_there
    return marks


def places_of_largest(m: Any, w: Array, count: int) -> Iterator[tuple[Sizes, Array]]:
    """For each place in the last `count` axes, where `first_of_largest` is there; a place may come twice."""
    del m
    places = list(np.ndindex(w.shape[-count:]))
    parts = [np.ascontiguousarray(w[(..., *place)]) for place in places]  # read twice, and faster in a row
    most = reduce(np.maximum, parts)
    free = np.ones(most.shape, bool)
    for place, part in zip(places, parts, strict=True):
        first = (part == most) & free
        free ^= first
        yield place, first
    if free.any():  # NaN equals nothing
        for place in reversed(places):
            last = np.isnan(w[(..., *place)]) & free
            free ^= last
            yield place, last


class Slide(NamedTuple):
    """A kernel of spatial shape `size` that slides over images of `sizes`."""

    sizes: Sizes
    size: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes
    ceil_mode: bool = False

    @property
    def counts(self) -> Sizes:
        """How many windows each axis has."""
        return window_counts(*self[:5], ceil_mode=self.ceil_mode)

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """What stands before and behind each axis: the padding, and with `ceil_mode` all that the last window meets."""
        return tuple(
            [
                (around, max(around, (count - 1) * step + spread * (length - 1) + 1 - size - around))
                for size, length, step, around, spread, count in zip(*self[:5], self.counts, strict=True)
            ]
        )


@lru_cache(maxsize=256)
def meetings(slide: Slide) -> tuple[tuple[Sizes, Place, Place], ...]:
    """Each position of the kernel, the part of the input that it meets, and the windows in which it meets that.

    A position that lies in the padding in every window is left out.
    """
    found = []
    for position in product(*map(range, slide.size)):
        inside, met = [], []
        for size, at, count, step, around, spread in zip(slide.sizes, position, slide.counts, *slide[2:5], strict=True):
            offset = at * spread - around
            first, after = max(0, -(offset // step)), min(count, (size - 1 - offset) // step + 1)
            met.append(slice(first, after))
            inside.append(slice(first * step + offset, (after - 1) * step + offset + 1, step))
        if all(part.start < part.stop for part in met):
            found.append((position, tuple(inside), tuple(met)))
    return tuple(found)


def sum_of_terms(shape: Sizes, dtype: np.dtype[Any], terms: Iterable[tuple[Place, Array]], n: int) -> Array:
    """The terms added up, each at its place in the last `n` axes; 0 where there is none.

    The first term at an entry of dtype object is put there and not added to 0, which would be seen in a formula.
    """
    total: Array = np.zeros(shape, dtype)
    begun: Array = np.zeros(shape[-n:], bool)
    for place, term in terms:
        here = total[(..., *place)]
        if dtype.hasobject:
            np.add(here, term, out=here, where=begun[place])
            np.copyto(here, term, where=~begun[place])
            begun[place] = True
        else:
            here += term
    return total
