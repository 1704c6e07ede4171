"""Pooling: the largest entry or the mean of windows, or of so many parts of each axis of space."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.keys import Slice
from bpcli.graph.shapes import shape_text
from bpcli.graph.sliding import pool_window, window_counts
from bpcli.layers.definition import layer
from bpcli.layers.fitting import of_space, require_image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bpcli.graph.node import Node
    from bpcli.layers.kinds import Sizes, SomeSizes
    from bpcli.layers.scope import Scope


def _max_pool(count: int) -> Callable[..., Node]:
    """Max-pooling over so many axes of space."""

    def build(
        m: Scope,
        x: Node,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> Node:
        """Take the largest entry of each window of ([N,] C, L) or ([N,] C, H, W); of equal ones the first.

        The padding is smaller than any number. With `ceil_mode` a last window may reach beyond it. Sources:
        torch.nn.MaxPool1d, torch.nn.MaxPool2d.
        """
        _require_one_result(f"MaxPool{count}d", return_indices)
        require_image(x.shape, count)
        pool = m.max_pool1d if count == 1 else m.max_pool2d
        return pool(x, **_windows(count, kernel_size, stride, padding, dilation, ceil_mode=ceil_mode))

    return build


for _count in (1, 2):
    layer(f"MaxPool{_count}d")(_max_pool(_count))


@layer("AvgPool1d")
def avg_pool1d(
    m: Scope,
    x: Node,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Node:
    """Take the mean of each window of sequences (N, C, L) or (C, L). Source: torch.nn.AvgPool1d."""
    require_image(x.shape, 1)
    windows = _windows(1, kernel_size, stride, padding)
    return _mean_pooled(m, x, windows, ceil_mode=ceil_mode, count_include_pad=count_include_pad)


@layer("AvgPool2d")
def avg_pool2d(
    m: Scope,
    x: Node,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Node:
    """Take the mean of each window of images (N, C, H, W) or (C, H, W).

    A window's sum is divided by `divisor_override`, else by how many of its entries stand in the image, the padding
    included unless `count_include_pad` is False; what `ceil_mode` adds beyond never counts. Source: torch.nn.AvgPool2d.
    """
    require_image(x.shape, 2)
    if divisor_override == 0:
        message = "'divisor_override' must not be 0"
        raise UsageError(message)
    windows = _windows(2, kernel_size, stride, padding)
    return _mean_pooled(
        m, x, windows, ceil_mode=ceil_mode, count_include_pad=count_include_pad, divisor=divisor_override
    )


def _require_one_result(name: str, return_indices: bool) -> None:
    if return_indices:
        message = (
            f"{name} hands on one array; with return_indices=True it would be two, the second of which has no gradient"
        )
        raise UsageError(message, hint="leave return_indices out")


def _windows(
    count: int,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes = 1,
    *,
    ceil_mode: bool = False,
) -> dict[str, Any]:
    """The attributes of a pool, one entry for each axis of space. Raises UsageError for an impossible one.

    Those that say nothing are left out, and so out of the formulas.
    """
    size = of_space("kernel_size", kernel_size, count)
    windows: dict[str, Any] = {
        "kernel_size": size,
        "stride": size if stride is None else of_space("stride", stride, count),
        "padding": of_space("padding", padding, count, least=0),
    }
    if dilation != 1:
        windows["dilation"] = of_space("dilation", dilation, count)
    return {**windows, "ceil_mode": True} if ceil_mode else windows


def _mean_pooled(
    m: Scope,
    x: Node,
    windows: dict[str, Any],
    *,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None = None,
) -> Node:
    """The sums of the windows, each divided by what it counts.

    The mean over a window, as the op has it, divides by all of its entries. What counts of them is the same mean of an
    array that is 1 where an entry counts and 0 elsewhere.
    """
    size: tuple[int, ...] = windows["kernel_size"]
    padding: tuple[int, ...] = windows["padding"]
    pool = m.avg_pool1d if len(size) == 1 else m.avg_pool2d
    pool_window(x.shape, len(size), **windows)  # as the op does, which may be given what surrounds the image
    sizes = x.shape[-len(size) :]
    beyond = _beyond(sizes, windows) if ceil_mode else (0,) * len(size)
    counts_all = not any(beyond) and (count_include_pad or not any(padding))
    if not counts_all:  # then what surrounds the image stands in the array, and what counts beside it
        widths = tuple([(around, around + more) for around, more in zip(padding, beyond, strict=True)])
        whole = tuple([length + 2 * around for length, around in zip(sizes, padding, strict=True)])
        counted, behind = (whole, tuple([(0, more) for more in beyond])) if count_include_pad else (sizes, widths)
        ones = m.pad(m.broadcast_to(m.constant(1.0), shape=counted), widths=behind)
        x, windows = m.pad(x, widths=widths), {**windows, "padding": (0,) * len(size)}
    means: Node = pool(x, **windows)
    if divisor is not None:
        return means * prod(size) / divisor
    return means if counts_all else means / pool(ones, **windows)


def _beyond(sizes: Sequence[int], windows: dict[str, Any]) -> tuple[int, ...]:
    """How far the last window of each axis reaches beyond the padding, in `ceil_mode`."""
    size, stride, padding = windows["kernel_size"], windows["stride"], windows["padding"]
    counts = window_counts(sizes, size, stride, padding, (1,) * len(size), ceil_mode=True)
    return tuple(
        [
            max(0, (count - 1) * step + span - length - 2 * around)
            for count, step, span, length, around in zip(counts, stride, size, sizes, padding, strict=True)
        ]
    )


def _adaptive_avg_pool(count: int) -> Callable[..., Node]:
    """The means of so many parts of each of so many axes of space."""

    def build(m: Scope, x: Node, output_size: SomeSizes) -> Node:
        """Take the means of so many parts of each axis of space of ([N,] C, L) or ([N,] C, H, W).

        Part i of n of an axis of length S goes from ⌊i·S/n⌋ up to ⌈(i + 1)·S/n⌉; None keeps the axis. Sources:
        torch.nn.AdaptiveAvgPool1d, torch.nn.AdaptiveAvgPool2d.
        """
        return _means_of_parts(m, x, _output_sizes(x, output_size, count))

    return build


def _adaptive_max_pool(count: int) -> Callable[..., Node]:
    """The largest entries of so many parts of each of so many axes of space."""

    def build(m: Scope, x: Node, output_size: SomeSizes, return_indices: bool = False) -> Node:
        """Take the largest entries of the parts whose means adaptive mean-pooling takes; of equal ones the first.

        Sources: torch.nn.AdaptiveMaxPool1d, torch.nn.AdaptiveMaxPool2d.
        """
        _require_one_result(f"AdaptiveMaxPool{count}d", return_indices)
        return _largest_of_parts(m, x, _output_sizes(x, output_size, count))

    return build


for _count in (1, 2):
    layer(f"AdaptiveAvgPool{_count}d")(_adaptive_avg_pool(_count))
    layer(f"AdaptiveMaxPool{_count}d")(_adaptive_max_pool(_count))


def _output_sizes(x: Node, output_size: SomeSizes, count: int) -> tuple[int, ...]:
    """The length of each axis of space afterwards. Raises ShapeError for an input that has not so many of them."""
    require_image(x.shape, count)
    row = output_size if isinstance(output_size, tuple) else (output_size,) * count
    own = x.shape[-count:]
    if len(row) != count:
        message = f"'output_size' must have one entry for each axis of space, {count}, not {len(row)}"
        raise UsageError(message)
    sizes = tuple([length if one is None else one for one, length in zip(row, own, strict=True)])
    if min(sizes) < 1:
        message = f"'output_size' must be 1 or more, not {min(sizes)}"
        raise UsageError(message)
    if not prod(own):
        message = f"{{0}} cannot divide axes of space of the lengths {shape_text(own)}"
        raise ShapeError(message)
    return sizes


def _means_of_parts(m: Scope, x: Node, sizes: Sequence[int]) -> Node:
    """The mean over each part: the axes that become one entry at once, the others one after the other."""
    whole = tuple([axis for axis, size in zip(range(-len(sizes), 0), sizes, strict=True) if size == 1 < x.shape[axis]])
    if whole:
        x = m.mean(x, axis=whole, keepdims=True)
    for axis, size in zip(range(-len(sizes), 0), sizes, strict=True):
        length = x.shape[axis]
        if length % size:
            means = [m.mean(part, axis=axis, keepdims=True) for part in _parts(m, x, axis, size)]
            x = m.concatenate(*means, axis=axis)
        elif length != size:
            behind = x.shape[len(x.shape) + axis + 1 :]
            x = m.mean(m.reshape(x, shape=(*x.shape[:axis], size, length // size, *behind)), axis=axis)
    return x


def _largest_of_parts(m: Scope, x: Node, sizes: Sequence[int]) -> Node:
    """The largest entry of each part: first within each row, so that the first of equal ones is that of the part."""
    for axis in range(-1, -len(sizes) - 1, -1):
        length, size = x.shape[axis], sizes[axis]
        across = (1,) * (-axis - 1)
        if length % size:
            parts = _parts(m, x, axis, size)
            largest = [m.max_pool(part, kernel_size=(part.shape[axis], *across)) for part in parts]
            x = m.concatenate(*largest, axis=axis)
        elif length != size:
            x = m.max_pool(x, kernel_size=(length // size, *across))
    return x


def _parts(m: Scope, x: Node, axis: int, size: int) -> list[Node]:
    """So many parts of an axis, which share an entry where they do not divide it."""
    m.require_room(2 * size)
    length, behind = x.shape[axis], [Slice()] * (-axis - 1)
    bounds = [(place * length // size, -(-(place + 1) * length // size)) for place in range(size)]
    return [m.getitem(x, key=(..., Slice(start, stop), *behind)) for start, stop in bounds]
