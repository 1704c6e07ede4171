"""Convolution and its two adjoints, over arrays of any dtype, in any number of spatial axes.

Shapes: N images, C channels, O filters; the rest as in `windows`. Meanings are PyTorch's (documentation of conv2d and
conv_transpose2d); see also Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning.

Numbers go through BLAS, the windows being the columns of a matrix. Entries of dtype object, and images whose matrix
would be too large, are combined one position of the kernel after the other, over the windows that meet the input there:
no term holds a zero of the padding, no sum of objects begins with 0, and an entry without a term is 0.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from bpcli.graph.sliding import Sizes
from bpcli.numbers.windows import Array, Place, Slide, meetings, pad, sum_of_terms, windows

MOST_GATHERED = 2**20  # entries of a matrix of windows (8 MB of float64); beyond it, a few images at a time
MOST_OF_AN_IMAGE = 2**25  # entries of the windows of one image, or of it with its padding (256 MB); beyond, no matrix


def convolution(  # noqa: PLR0913, PLR0917 - the attributes of PyTorch's
    m: Any, x: Array, kernel: Array, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Cross-correlation with zero padding: (N, C, *S) and (O, C/groups, *K) -> (N, O, *R).

    y[n, o, r] = Σ over c and k of kernel[o, c, k] · x[n, c, r·stride + k·dilation − padding], with c in the group of o.
    """
    n = len(stride)
    slide = Slide(x.shape[-n:], kernel.shape[-n:], stride, padding, dilation)
    is_one_by_one = _is_one_by_one(slide, groups * kernel.shape[-n - 1], np.result_type(x, kernel))

    def forward(x: Array, kernel: Array) -> Array:
        x, kernel = _by_group(x, groups, n), _kernel_by_group(kernel, groups, n)
        if is_one_by_one:
            return _joined(_combined(kernel, x, slide.counts, meetings(slide)), n)
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
    slide = Slide(shape[-n:], kernel.shape[-n:], stride, padding, dilation)
    is_one_by_one = _is_one_by_one(slide, groups * kernel.shape[-n - 1], np.result_type(upstream, kernel))

    def back(upstream: Array, kernel: Array) -> Array:
        upstream, kernel = _by_group(upstream, groups, n), _kernel_by_group(kernel, groups, n)
        if is_one_by_one:
            moves = ((position, met, inside) for position, inside, met in meetings(slide))
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
    slide = Slide(x.shape[-n:], shape[-n:], stride, padding, dilation)
    x, upstream = _by_group(x, groups, n), _by_group(upstream, groups, n)
    lead = _lead(x, upstream, n)
    kernel: Array = np.zeros((*lead, upstream.shape[-n - 2], x.shape[-n - 2], *slide.size), np.result_type(x, upstream))
    if _is_one_by_one(slide, groups * shape[-n - 1], kernel.dtype):
        for position, inside, met in meetings(slide):
            columns = _flat(x[(..., *inside)], n + 1)
            kernel[(..., *position)] = _flat(upstream[(..., *met)], n + 1) @ columns.swapaxes(-1, -2)
    else:
        matrix = kernel.reshape(*kernel.shape[: -n - 1], prod(kernel.shape[-n - 1 :]))
        for some in _chunks(x, slide):
            columns = _columns(slide, _images(x, some, n))
            matrix += _flat(_images(upstream, some, n), n + 1) @ columns.swapaxes(-1, -2)
    return kernel.reshape(*lead[:-1], *shape)


# Below, images are (…, G, C, N, *S) and a kernel is (…, G, O, C, *K), O and C being those of one of G groups: then the
# product of the matrices (O, C·K) and (C·K, N·R) is the convolution, and the axes before them broadcast.


def _columns(slide: Slide, x: Array) -> Array:
    """The windows as the columns of a matrix: (…, C, N, *S) -> (…, C·K, N·R), with zeros for the padding."""
    n = len(slide.size)
    if _is_mere_shift(slide):
        w = _shifted_windows(x, slide)  # (…, C, *K, N, *R)
        rows = w.reshape(*w.shape[: -n - 1], prod(w.shape[-n - 1 :]))
    else:
        padded = pad(None, x, [(around, around) for around in slide.padding])
        w = windows(None, padded, slide.size, slide.stride, slide.dilation)  # (…, C, N, *R, *K)
        images, kernel = w.ndim - 2 * n - 1, w.ndim - n
        rows = _flat(w.transpose(*range(images), *range(kernel, w.ndim), *range(images, kernel)), n + 1)
    return rows.reshape(*rows.shape[: -n - 2], prod(rows.shape[-n - 2 : -1]), rows.shape[-1])


def _multiplied(slide: Slide, x: Array, kernel: Array) -> Array:
    """The convolution of numbers, by one product of matrices a chunk of images."""
    n, count = len(slide.size), prod(slide.counts)
    lead = _lead(x, kernel, n)
    y = np.empty((*lead, kernel.shape[-n - 2], x.shape[-n - 1] * count), np.result_type(x, kernel))
    rows = _flat(kernel, n + 1)
    for some in _chunks(x, slide):
        columns = _columns(slide, _images(x, some, n))
        np.matmul(rows, columns, out=y[..., some.start * count : some.stop * count])
    return y.reshape(*y.shape[:-1], x.shape[-n - 1], *slide.counts)


def _multiplied_back(slide: Slide, upstream: Array, kernel: Array) -> Array:
    """The adjoint of `_multiplied` in x: columns, and their entries added up where they came from."""
    n = len(slide.size)
    lead = _lead(upstream, kernel, n)
    x = np.zeros((*lead, kernel.shape[-n - 1], upstream.shape[-n - 1], *slide.sizes), np.result_type(upstream, kernel))
    rows = _flat(kernel, n + 1).swapaxes(-1, -2)
    add = _add_shifted if _is_mere_shift(slide) else _add
    for some in _chunks(x, slide):
        part = _images(upstream, some, n)
        columns = rows @ _flat(part, n + 1)
        w = columns.reshape(*columns.shape[:-2], *kernel.shape[-n - 1 :], *part.shape[-n - 1 :])
        add(_images(x, some, n), w, slide)
    return x


def _add(x: Array, w: Array, slide: Slide) -> None:
    """Add the windows (…, C, *K, N, *R) to the images that they come from."""
    for position, inside, met in meetings(slide):
        x[(..., *inside)] += w[(..., *position, slice(None), *met)]


# Where there are as many windows as entries, each position of the kernel is a mere shift of the images. As they lie in
# memory they are then moved in one run, several times faster, and the windows that meet the padding there are 0.


class _Shift(NamedTuple):
    """What a position of the kernel meets: the windows in the run `to` entries, the run `of`; those `outside` none."""

    to: tuple[Any, ...]
    of: tuple[Any, ...]
    outside: list[tuple[Any, ...]]


def _is_mere_shift(slide: Slide) -> bool:
    return slide.sizes == slide.counts and set(slide.stride) == {1}


@lru_cache(maxsize=256)
def _shifts(slide: Slide, images: int) -> list[_Shift]:
    """The shift of so many images by each position of the kernel, without those that meet the padding only."""
    n, length, found = len(slide.size), images * prod(slide.sizes), []
    for position, inside, met in meetings(slide):
        shift, outside = 0, []
        for axis, (size, part, entries) in enumerate(zip(slide.sizes, met, inside, strict=True)):
            before = (..., *position, *(slice(None),) * (axis + 1))
            behind = (slice(None),) * (n - axis - 1)
            edges = slice(0, part.start), slice(part.stop, size)
            outside += [(*before, edge, *behind) for edge in edges if edge.start < edge.stop]
            shift = shift * size + entries.start - part.start
        to = slice(max(-shift, 0), length - max(shift, 0))
        of = slice(max(shift, 0), length + min(shift, 0))
        found.append(_Shift((..., *position, to), (..., of), outside))
    return found


def _shifted_windows(x: Array, slide: Slide) -> Array:
    """The windows of the padded images: (…, C, N, *S) -> (…, C, *K, N, *S)."""
    n = len(slide.size)
    lead, images = x.shape[: -n - 1], x.shape[-n - 1 :]
    x = x.reshape(*lead, prod(images))
    shifts = _shifts(slide, images[0])
    is_met_everywhere = len(shifts) == prod(slide.size)
    w: Array = (np.empty if is_met_everywhere else np.zeros)((*lead, *slide.size, *images), x.dtype)
    runs = w.reshape(*lead, *slide.size, prod(images))  # a view
    for shift in shifts:
        runs[shift.to] = x[shift.of]
        for place in shift.outside:
            w[place] = 0
    return w


def _add_shifted(x: Array, w: Array, slide: Slide) -> None:
    """Add the windows (…, C, *K, N, *S) to the images that they come from; those in the padding become 0."""
    n, images = len(slide.size), x.shape[-len(slide.size) - 1 :]
    x, runs = x.reshape(*x.shape[: -n - 1], prod(images)), w.reshape(*w.shape[: -n - 1], prod(images))  # views
    for shift in _shifts(slide, images[0]):
        for place in shift.outside:
            w[place] = 0
        part = x[shift.of]
        part += runs[shift.to]


def _combined(kernel: Array, x: Array, sizes: Sizes, moves: Iterable[tuple[Sizes, Place, Place]]) -> Array:
    """Products of entries of any kind, the kernel at a position times a part of x, added up at a part of `sizes`."""
    n = len(sizes)

    def product_at(position: Sizes, part: Place) -> Array:
        there = x[(..., *part)]  # (…, C, N, *S)
        y = kernel[(..., *position)] @ _flat(there, n + 1)
        return y.reshape(*y.shape[:-1], *there.shape[-n - 1 :])

    terms = ((to, product_at(position, part)) for position, part, to in moves)
    lead = _lead(x, kernel, n)
    return sum_of_terms((*lead, kernel.shape[-n - 2], x.shape[-n - 1], *sizes), np.result_type(x, kernel), terms, n)


def _with_kernel(m: Any, kernel: Array, images: Array, compute: Callable[[Array, Array], Array]) -> Array:
    """What is computed of images and kernel; where one kernel serves the whole batch, all its images in a row."""
    if prod(kernel.shape[: m.batch]) != 1:
        return compute(images, kernel)
    lead, shape = images.shape[: m.batch + 1], images.shape[m.batch + 1 :]
    y = compute(images.reshape(prod(lead), *shape), kernel.reshape(kernel.shape[m.batch :]))
    return y.reshape(*lead, *y.shape[1:])


def _is_one_by_one(slide: Slide, channels: int, dtype: np.dtype[Any]) -> bool:
    """Whether entries are combined one position of the kernel after the other."""
    gathered = prod(slide.size) * prod(slide.counts)
    padded = prod([size + 2 * around for size, around in zip(slide.sizes, slide.padding, strict=True)])
    return dtype.hasobject or channels * max(gathered, padded) > MOST_OF_AN_IMAGE


def _lead(one: Array, other: Array, n: int) -> Sizes:
    """The axes (…, G) of what is computed of the two."""
    lead, others = one.shape[: -n - 2], other.shape[: -n - 2]
    return lead if lead == others else np.broadcast_shapes(lead, others)


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


def _chunks(images: Array, slide: Slide) -> Iterator[slice]:
    """The images (…, N, *S) in chunks whose windows have about `MOST_GATHERED` entries."""
    n = len(slide.size)
    gathered = prod(images.shape[: -n - 1]) * prod(slide.size) * prod(slide.counts)
    count, step = images.shape[-n - 1], max(1, MOST_GATHERED // max(1, gathered))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))
