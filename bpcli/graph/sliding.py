"""How windows slide: the attributes of convolution and pooling, in PyTorch's words, an entry for each axis of space."""

from collections.abc import Sequence
from itertools import starmap
from typing import Any, NamedTuple

from bpcli.errors import ShapeError
from bpcli.graph.op import Shape
from bpcli.graph.shapes import shape_text

Sizes = tuple[int, ...]


class Sliding(NamedTuple):
    """The attributes of a convolution, one entry for each axis of space; the windows of a pool have no groups."""

    stride: Sizes
    padding: Sizes
    dilation: Sizes
    groups: int = 1


def per_axis(value: int | Sizes, count: int) -> Sizes:
    """The attribute for each axis of space. Raises ShapeError where it is about another number of axes."""
    row = (value,) * count if isinstance(value, int) else tuple(value)
    if len(row) == 1:
        row *= count
    if len(row) != count:
        message = f"{row} must have one entry for each axis of space, {count}"
        raise ShapeError(message)
    return row


def sliding_over(count: int, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Sliding:
    """How windows slide over so many axes of space. Raises ShapeError for attributes about another number of them."""
    return Sliding(per_axis(stride, count), per_axis(padding, count), per_axis(dilation, count), groups)


def axes_of_pool(x: Shape, kernel_size: int | Sizes, count: int | None) -> int:
    """Over how many axes of space a pool goes: as many as its window has, two where that is not said."""
    if count is None and isinstance(kernel_size, tuple):
        return len(kernel_size)
    return count or min(2, max(len(x), 1))


def pool_window(  # noqa: PLR0913, PLR0917 - the attributes of PyTorch's
    x: Shape, count: int | None, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
) -> tuple[Sizes, Sliding]:
    """The size of the windows of a pool, and how they slide; the stride is their size where it is not given.

    Raises ShapeError where the padding is more than half of the window.
    """
    axes = axes_of_pool(x, kernel_size, count)
    size = per_axis(kernel_size, axes)
    sliding = sliding_over(axes, size if stride is None else stride, padding, dilation)
    if any(2 * around > length for around, length in zip(sliding.padding, size, strict=True)):
        message = f"the padding {shape_text(sliding.padding)} is more than half of the window {shape_text(size)}"
        raise ShapeError(message)
    return size, sliding


def axes_of_space(kernel: Shape) -> int:
    """Over how many axes a kernel slides: all of a plain one, all but two of one with filters and channels."""
    return len(kernel) if len(kernel) <= 2 else len(kernel) - 2  # noqa: PLR2004 - plain kernels have one axis or two


def window_counts(  # noqa: PLR0913 - the attributes of PyTorch's
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    *,
    ceil_mode: bool = False,
) -> Shape:
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
