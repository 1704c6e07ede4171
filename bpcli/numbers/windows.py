"""Windows that slide over arrays, what gathers them, and what adds them back: convolution, pooling, padding.

Every function takes the array number system `m`. An array has `m.batch` leading axes before its own, of one size or of
size 1: they broadcast. The shapes below leave them out: N images, C channels, O filters, S the sizes in space, K the
kernel's, R the counts of windows. Attributes have one entry a spatial axis, so `len(stride)` is the number of these.
Window r meets position k of the kernel at the input's index r·stride + k·dilation − padding, on each axis.

Shapes and meanings are PyTorch's (documentation of conv2d, conv_transpose2d, unfold, fold and max_pool2d); for the
arithmetic of sizes see Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning.

Numbers go through BLAS, the windows being the columns of a matrix. Entries of dtype object are combined one position of
the kernel after the other, over the windows that meet the input there: no term holds a zero of the padding, no sum
begins with 0, and an entry without a term is the integer 0.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from itertools import product, starmap
from math import prod
from typing import Any, NamedTuple

import numpy as np

Array = Any  # an ndarray: NumPy's type does not take an index of the form (..., *place)
Sizes = tuple[int, ...]
Place = tuple[slice, ...]  # a part of the spatial axes

MOST_GATHERED = 2**21  # entries of a matrix of windows (16 MB of float64); beyond it, a few images at a time


def window_counts(  # noqa: PLR0913 - the attributes of PyTorch's
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    *,
    ceil_mode: bool = False,
) -> Sizes:
    """How many windows each axis has: ⌊(S + 2·padding − dilation·(K − 1) − 1) / stride⌋ + 1.

    With `ceil_mode` the quotient is rounded up, but a window that would begin behind the input does not count.
    Not positive where no window fits.
    """

    def count(size: int, length: int, step: int, around: int, spread: int) -> int:
        room = size + 2 * around - spread * (length - 1) - 1
        if not ceil_mode:
            return room // step + 1
        rounded_up = -(-room // step) + 1
        return rounded_up - 1 if (rounded_up - 1) * step >= size + around else rounded_up

    return tuple(starmap(count, zip(sizes, kernel, stride, padding, dilation, strict=True)))


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
    spans = tuple(step * (length - 1) + 1 for length, step in zip(size, dilation, strict=True))
    dense: Array = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(-len(spans), 0)))
    return dense[(..., *(slice(None, None, step) for step in (*stride, *dilation)))]


def fold(_m: Any, w: Array, shape: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    """Every entry of the windows added up where it came from: (…, *R, *size) -> (…, *S), the adjoint of `windows`.

    S is read from the end of `shape`, which may be the whole shape. An entry that no window meets is 0.
    """
    n = len(stride)
    slide = _Slide(shape[-n:], w.shape[-n:], stride, (0,) * n, dilation)
    terms = ((inside, w[(..., *met, *position)]) for position, inside, met in _meetings(slide))
    return _sum_of_terms((*w.shape[: -2 * n], *slide.sizes), w.dtype, terms, n)


def first_of_largest(_m: Any, w: Array, count: int) -> Array:
    """1 at the largest entry of the last `count` axes, 0 elsewhere; of equal ones the first in row-major order.

    As in PyTorch's max-pooling, NaN is larger than any number, and of several the last one counts.
    For numbers only: entries of dtype object are never compared.
    """
    places = list(np.ndindex(w.shape[-count:]))
    entries = [w[(..., *place)] for place in places]
    largest = reduce(np.maximum, entries)
    marks = np.zeros(w.shape, w.dtype)
    free = np.ones(largest.shape, bool)
    for place, entry in zip(places, entries, strict=True):
        first = (entry == largest) & free
        free ^= first
        marks[(..., *place)] = first
    if free.any():  # NaN equals nothing
        for place, entry in zip(reversed(places), reversed(entries), strict=True):
            last = np.isnan(entry) & free
            free ^= last
            marks[(..., *place)] += last
    return marks


def convolution(  # noqa: PLR0913, PLR0917 - the attributes of PyTorch's
    m: Any, x: Array, kernel: Array, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Cross-correlation with zero padding: (N, C, *S) and (O, C/groups, *K) -> (N, O, *R).

    y[n, o, r] = Σ over c and k of kernel[o, c, k] · x[n, c, r·stride + k·dilation − padding], with c in the group of o.
    """
    n = len(stride)
    slide = _Slide(x.shape[-n:], kernel.shape[-n:], stride, padding, dilation)

    def forward(x: Array, kernel: Array) -> Array:
        x, kernel = _by_group(x, groups, n), _kernel_by_group(kernel, groups, n)
        if np.result_type(x, kernel).hasobject:
            return _joined(_combined(kernel, x, slide.counts, _meetings(slide)), n)
        return _joined(_multiplied(slide, x, kernel), n)

    return _with_kernel(m, kernel, x, forward)


def convolution_input(  # noqa: PLR0913, PLR0917 - the attributes of PyTorch's
    m: Any, upstream: Array, kernel: Array, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The adjoint of `convolution` in x, of shape `shape`: (N, O, *R) and (O, C/groups, *K) -> (N, C, *S).

    x[n, c, s] = Σ over o, r and k with r·stride + k·dilation − padding = s of kernel[o, c, k] · upstream[n, o, r]:
    the transposed convolution, and at stride 1 the full convolution with the kernel rotated by 180°.
    """
    n = len(stride)
    slide = _Slide(shape[-n:], kernel.shape[-n:], stride, padding, dilation)

    def back(upstream: Array, kernel: Array) -> Array:
        upstream, kernel = _by_group(upstream, groups, n), _kernel_by_group(kernel, groups, n)
        if np.result_type(upstream, kernel).hasobject:
            moves = ((position, met, inside) for position, inside, met in _meetings(slide))
            return _joined(_combined(kernel.swapaxes(-n - 1, -n - 2), upstream, slide.sizes, moves), n)
        return _joined(_multiplied_back(slide, upstream, kernel), n)

    return _with_kernel(m, kernel, upstream, back)


def convolution_kernel(  # noqa: PLR0913, PLR0917 - the attributes of PyTorch's
    _m: Any, x: Array, upstream: Array, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The adjoint of `convolution` in the kernel, of shape `shape`: (N, C, *S) and (N, O, *R) -> (O, C/groups, *K).

    kernel[o, c, k] = Σ over n and r of upstream[n, o, r] · x[n, c, r·stride + k·dilation − padding].
    """
    n = len(stride)
    slide = _Slide(x.shape[-n:], shape[-n:], stride, padding, dilation)
    x, upstream = _by_group(x, groups, n), _by_group(upstream, groups, n)
    lead = np.broadcast_shapes(x.shape[: -n - 2], upstream.shape[: -n - 2])
    kernel: Array = np.zeros((*lead, upstream.shape[-n - 2], x.shape[-n - 2], *slide.size), np.result_type(x, upstream))
    if kernel.dtype.hasobject:
        for position, inside, met in _meetings(slide):
            columns = _flat(x[(..., *inside)], n + 1)
            kernel[(..., *position)] = _flat(upstream[(..., *met)], n + 1) @ columns.swapaxes(-1, -2)
    else:
        matrix = kernel.reshape(*kernel.shape[: -n - 1], prod(kernel.shape[-n - 1 :]))
        for some in _chunks(x, slide):
            columns = slide.columns(_images(x, some, n))
            matrix += _flat(_images(upstream, some, n), n + 1) @ columns.swapaxes(-1, -2)
    return kernel.reshape(*lead[:-1], *shape)


class _Slide(NamedTuple):
    """A kernel of spatial shape `size` that slides over images of `sizes`."""

    sizes: Sizes
    size: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes

    @property
    def counts(self) -> Sizes:
        """How many windows each axis has."""
        return window_counts(*self)

    def columns(self, x: Array) -> Array:
        """The windows as the columns of a matrix: (…, C, N, *S) -> (…, C·K, N·R), with zeros for the padding."""
        n = len(self.size)
        padded = pad(None, x, [(around, around) for around in self.padding])
        w = windows(None, padded, self.size, self.stride, self.dilation)  # (…, C, N, *R, *K)
        images, kernel = w.ndim - 2 * n - 1, w.ndim - n
        rows = _flat(w.transpose(*range(images), *range(kernel, w.ndim), *range(images, kernel)), n + 1)
        return rows.reshape(*rows.shape[: -n - 2], prod(rows.shape[-n - 2 : -1]), rows.shape[-1])


@lru_cache(maxsize=256)
def _meetings(slide: _Slide) -> tuple[tuple[Sizes, Place, Place], ...]:
    """Each position of the kernel, the part of the input that it meets, and the windows in which it meets that.

    A position that lies in the padding in every window is left out.
    """
    meetings = []
    for position in product(*map(range, slide.size)):
        inside, met = [], []
        for size, at, count, step, around, spread in zip(slide.sizes, position, slide.counts, *slide[2:], strict=True):
            offset = at * spread - around
            first, after = max(0, -(offset // step)), min(count, (size - 1 - offset) // step + 1)
            met.append(slice(first, after))
            inside.append(slice(first * step + offset, (after - 1) * step + offset + 1, step))
        if all(part.start < part.stop for part in met):
            meetings.append((position, tuple(inside), tuple(met)))
    return tuple(meetings)


# Below, images are (…, G, C, N, *S) and a kernel is (…, G, O, C, *K), O and C being those of one of G groups: then the
# product of the matrices (O, C·K) and (C·K, N·R) is the convolution, and the axes before them broadcast.


def _multiplied(slide: _Slide, x: Array, kernel: Array) -> Array:
    """The convolution of numbers, by one product of matrices a chunk of images."""
    n, count = len(slide.size), prod(slide.counts)
    lead = np.broadcast_shapes(x.shape[: -n - 2], kernel.shape[: -n - 2])
    y = np.empty((*lead, kernel.shape[-n - 2], x.shape[-n - 1] * count), np.result_type(x, kernel))
    rows = _flat(kernel, n + 1)
    for some in _chunks(x, slide):
        columns = slide.columns(_images(x, some, n))
        np.matmul(rows, columns, out=y[..., some.start * count : some.stop * count])
    return y.reshape(*y.shape[:-1], x.shape[-n - 1], *slide.counts)


def _multiplied_back(slide: _Slide, upstream: Array, kernel: Array) -> Array:
    """The adjoint of `_multiplied` in x: columns, and their entries added up where they came from."""
    n = len(slide.size)
    lead = np.broadcast_shapes(upstream.shape[: -n - 2], kernel.shape[: -n - 2])
    x = np.zeros((*lead, kernel.shape[-n - 1], upstream.shape[-n - 1], *slide.sizes), np.result_type(upstream, kernel))
    rows = _flat(kernel, n + 1).swapaxes(-1, -2)
    add = _add_in_runs if slide.sizes == slide.counts and set(slide.stride) == {1} else _add
    for some in _chunks(x, slide):
        part = _images(upstream, some, n)
        columns = rows @ _flat(part, n + 1)
        w = columns.reshape(*columns.shape[:-2], *kernel.shape[-n - 1 :], *part.shape[-n - 1 :])
        add(_images(x, some, n), w, slide)
    return x


def _add(x: Array, w: Array, slide: _Slide) -> None:
    """Add the windows (…, C, *K, N, *R) to the images that they come from."""
    for position, inside, met in _meetings(slide):
        x[(..., *inside)] += w[(..., *position, slice(None), *met)]


def _add_in_runs(x: Array, w: Array, slide: _Slide) -> None:
    """The same, much faster, where there are as many windows as entries: each position of the kernel is a mere shift.

    With zeros in the windows that meet the padding there, images are added as they lie in memory, in one run.
    """
    n = len(slide.size)
    length = prod(x.shape[-n - 1 :])
    x, runs = x.reshape(*x.shape[: -n - 1], length), w.reshape(*w.shape[: -n - 1], length)  # views
    for position, inside, met in _meetings(slide):
        here, shift = w[(..., *position, *(slice(None),) * (n + 1))], 0
        for axis, (size, part, entries) in enumerate(zip(slide.sizes, met, inside, strict=True), -n):
            for outside in slice(0, part.start), slice(part.stop, size):
                if outside.start < outside.stop:
                    here[(..., outside, *(slice(None),) * (-axis - 1))] = 0
            shift = shift * size + entries.start - part.start
        run = runs[(..., *position, slice(None))]
        x[..., max(shift, 0) : length + min(shift, 0)] += run[..., max(-shift, 0) : length - max(shift, 0)]


def _combined(kernel: Array, x: Array, sizes: Sizes, moves: Iterable[tuple[Sizes, Place, Place]]) -> Array:
    """Products of entries of any kind, the kernel at a position times a part of x, added up at a part of `sizes`."""
    n = len(sizes)

    def product_at(position: Sizes, part: Place) -> Array:
        there = x[(..., *part)]  # (…, C, N, *S)
        y = kernel[(..., *position)] @ _flat(there, n + 1)
        return y.reshape(*y.shape[:-1], *there.shape[-n - 1 :])

    terms = ((to, product_at(position, part)) for position, part, to in moves)
    lead = np.broadcast_shapes(x.shape[: -n - 2], kernel.shape[: -n - 2])
    return _sum_of_terms((*lead, kernel.shape[-n - 2], x.shape[-n - 1], *sizes), np.dtype(object), terms, n)


def _sum_of_terms(shape: Sizes, dtype: np.dtype[Any], terms: Iterable[tuple[Place, Array]], n: int) -> Array:
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


def _with_kernel(m: Any, kernel: Array, images: Array, compute: Callable[[Array, Array], Array]) -> Array:
    """What is computed of images and kernel; where one kernel serves the whole batch, all its images in a row."""
    if prod(kernel.shape[: m.batch]) != 1:
        return compute(images, kernel)
    lead, shape = images.shape[: m.batch + 1], images.shape[m.batch + 1 :]
    y = compute(images.reshape(prod(lead), *shape), kernel.reshape(kernel.shape[m.batch :]))
    return y.reshape(*lead, *y.shape[1:])


def _by_group(images: Array, groups: int, n: int) -> Array:
    """(…, N, C, *S) -> (…, G, C/G, N, *S)."""
    *lead, channels = images.shape[:-n]
    grouped = images.reshape(*lead, groups, channels // groups, *images.shape[-n:])
    return grouped.swapaxes(-n - 3, -n - 2).swapaxes(-n - 2, -n - 1)


def _joined(images: Array, n: int) -> Array:
    """(…, G, C/G, N, *S) -> (…, N, C, *S)."""
    moved = images.swapaxes(-n - 2, -n - 1).swapaxes(-n - 3, -n - 2)
    return moved.reshape(*moved.shape[: -n - 2], prod(moved.shape[-n - 2 : -n]), *moved.shape[-n:])


def _kernel_by_group(kernel: Array, groups: int, n: int) -> Array:
    """(…, O, C/G, *K) -> (…, G, O/G, C/G, *K)."""
    *lead, filters = kernel.shape[: -n - 1]
    return kernel.reshape(*lead, groups, filters // groups, *kernel.shape[-n - 1 :])


def _flat(x: Array, count: int) -> Array:
    """The last `count` axes as one, in memory as BLAS reads it (a broadcast upstream is not)."""
    return np.ascontiguousarray(x.reshape(*x.shape[:-count], prod(x.shape[-count:])))


def _images(x: Array, some: slice, n: int) -> Array:
    """Some of the images."""
    return x[(..., some, *(slice(None),) * n)]


def _chunks(images: Array, slide: _Slide) -> Iterator[slice]:
    """The images (…, N, *S) in chunks whose windows have about `MOST_GATHERED` entries."""
    n = len(slide.size)
    gathered = prod(images.shape[: -n - 1]) * prod(slide.size) * prod(slide.counts)
    count, step = images.shape[-n - 1], max(1, MOST_GATHERED // max(1, gathered))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))
