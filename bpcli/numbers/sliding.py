"""Convolution and pooling as the ops have them: plain images and those without a batch are given the axes that lack."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bpcli.graph.op import Shape
from bpcli.graph.shapes import pad_pairs
from bpcli.graph.sliding import axes_of_space, pool_window, sliding_over
from bpcli.numbers.convolution import convolution, convolution_input, convolution_kernel
from bpcli.numbers.structure import is_largest, leading
from bpcli.numbers.windows import Array, Slide, first_of_largest, fold, largest, meetings, pad, windows


def _full(m: Any, x: Array, rank: int) -> Array:
    """The array with axes of length 1 before its own, so that it has the images and channels, or filters, too."""
    own = m.shape(x)
    return np.reshape(x, leading(m, x) + (1,) * (rank - len(own)) + own) if len(own) < rank else x


def _full_shape(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + tuple(shape)


def _convolver(count: int) -> Callable[..., Array]:
    """Convolution over so many axes of space."""

    def convolved(m: Any, x: Array, kernel: Array, **where: Any) -> Array:
        rank = count + 2
        result = convolution(m, _full(m, x, rank), _full(m, kernel, rank), *sliding_over(count, **where))
        return np.reshape(result, result.shape[: m.batch] + _of_result(m.shape(x), m.shape(kernel), result, count))

    return convolved


def _of_result(x: Shape, kernel: Shape, result: Array, count: int) -> Shape:
    """The shape of a convolution without the axes that were only added."""
    counts: Shape = result.shape[-count:]
    if len(x) == len(kernel) == count:
        return counts
    return (*x[: -count - 1], kernel[0], *counts)


def conv_input(m: Any, u: Array, kernel: Array, shape: Shape, **where: Any) -> Array:
    """The adjoint of convolution in x."""
    rank = axes_of_space(m.shape(kernel)) + 2
    whole = _full_shape(shape, rank)
    result = convolution_input(m, _full(m, u, rank), _full(m, kernel, rank), whole, *sliding_over(rank - 2, **where))
    return np.reshape(result, result.shape[: m.batch] + tuple(shape))


def conv_kernel(m: Any, x: Array, u: Array, shape: Shape, **where: Any) -> Array:
    """The adjoint of convolution in the kernel."""
    rank = axes_of_space(shape) + 2
    whole = _full_shape(shape, rank)
    result = convolution_kernel(m, _full(m, x, rank), _full(m, u, rank), whole, *sliding_over(rank - 2, **where))
    return np.reshape(result, result.shape[: m.batch] + tuple(shape))


def _pool_slide(x: Shape, count: int | None, *, ceil_mode: bool = False, **where: Any) -> Slide:
    """How the windows of a pool slide over an array of this shape."""
    size, sliding = pool_window(x, count, **where)
    return Slide(x[-len(size) :], size, sliding.stride, sliding.padding, sliding.dilation, ceil_mode)


def _max_pooler(count: int | None) -> Callable[..., Array]:
    """Max-pooling."""

    def pooled(m: Any, x: Array, **where: Any) -> Array:
        slide = _pool_slide(m.shape(x), count, **where)
        if x.dtype == object:
            return _largest_objects(m, x, slide)
        return largest(m, _windows_of(m, x, slide, -np.inf), len(slide.size))

    return pooled


def _largest_objects(m: Any, x: Array, slide: Slide) -> Array:
    """The largest entry of each window by the system's own maximum; the padding is left out."""
    result: Array = np.empty((*x.shape[: -len(slide.size)], *slide.counts), dtype=object)
    begun: Array = np.zeros(slide.counts, bool)
    for _, inside, met in meetings(slide):
        here, entries = result[(..., *met)], x[(..., *inside)]
        first = np.broadcast_to(~begun[met], here.shape)
        result[(..., *met)] = np.where(first, entries, m.maximum(np.where(first, entries, here), entries))
        begun[met] = True
    return result


def _windows_of(m: Any, x: Array, slide: Slide, around: Any) -> Array:
    """The windows of the padded array."""
    padded = pad(m, x, slide.widths, around)
    return windows(m, padded, slide.size, slide.stride, slide.dilation)


def _marks(m: Any, x: Array, slide: Slide) -> Array:
    """1 at the entry of each window that max-pooling takes."""
    if x.dtype != object:
        return first_of_largest(m, _windows_of(m, x, slide, -np.inf), len(slide.size))
    most = _largest_objects(m, x, slide)
    marks: Array = np.zeros((*most.shape, *slide.size))
    free: Array = np.ones(most.shape, bool)
    for position, inside, met in meetings(slide):
        first = is_largest(x[(..., *inside)], most[(..., *met)]) & free[(..., *met)]
        free[(..., *met)] ^= first
        marks[(..., *met, *position)] = first
    return marks


def put_largest(m: Any, u: Array, x: Array, **where: Any) -> Array:
    """Each entry of u at the place of the largest entry of its window of x: what flows back through max-pooling."""
    slide = _pool_slide(m.shape(x), None, **where)
    n = len(slide.size)
    marked = _marks(m, x, slide) * np.reshape(u, np.shape(u) + (1,) * n)
    wide = tuple([size + sum(around) for size, around in zip(slide.sizes, slide.widths, strict=True)])
    whole = fold(m, marked, wide, slide.stride, slide.dilation)
    return whole[
        (..., *[slice(around, around + size) for size, around in zip(slide.sizes, slide.padding, strict=True)])
    ]


def take_largest(m: Any, v: Array, x: Array, **where: Any) -> Array:
    """The entries of v at the places of the largest entries of the windows of x: the adjoint of `put_largest`."""
    slide = _pool_slide(m.shape(x), None, **where)
    n = len(slide.size)
    return np.sum(_marks(m, x, slide) * _windows_of(m, v, slide, 0), axis=tuple(range(-n, 0)))


def padded(m: Any, x: Array, widths: Any, value: Any = 0.0) -> Array:
    """The array with entries of a value around it."""
    return pad(m, x, pad_pairs(m.shape(x), widths), value)


SLIDING: dict[str, Callable[..., Array]] = {
    "conv1d": _convolver(1),
    "conv2d": _convolver(2),
    "conv_input": conv_input,
    "conv_kernel": conv_kernel,
    "max_pool": _max_pooler(None),
    "max_pool1d": _max_pooler(1),
    "max_pool2d": _max_pooler(2),
    "put_largest": put_largest,
    "take_largest": take_largest,
    "windows": windows,
    "fold": fold,
    "pad": padded,
}
