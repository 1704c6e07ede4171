"""Windows that slide over arrays: pooling, and the adjoints that make it closed under differentiation.

Names and shapes are PyTorch's: the last axes are those of space, and every axis before them is a batch.
"""

from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.keys import Slice
from bpcli.graph.op import Op, Sample, Shape, structural
from bpcli.graph.shapes import shape_text
from bpcli.graph.sliding import Sizes, Sliding, axes_of_pool, pool_window, sliding_over, window_counts
from bpcli.ops.attributes import LENGTHS, SWITCH, sizes

ROW = sizes()._replace(kept=LENGTHS.kept)  # one for each axis of space, always


def counts_of(x: Shape, kernel: Shape, sliding: Sliding, *, ceil_mode: bool = False) -> Sizes:
    """How many windows there are along each axis of space. Raises ShapeError where none fits."""
    count = len(sliding.stride)
    size = kernel[-count:]
    counts = window_counts(x[-count:], size, sliding.stride, sliding.padding, sliding.dilation, ceil_mode=ceil_mode)
    if min(size) < 1 or min(counts) < 1:
        problem = "is empty" if min(size) < 1 else "is larger than {0}, padding included"
        message = f"the window {shape_text(size)} {problem}"
        raise ShapeError(message)
    return counts


def _pooled(count: int | None) -> Any:
    def shape(x: Shape, ceil_mode: bool = False, **attributes: Any) -> Shape:
        axes = axes_of_pool(x, attributes["kernel_size"], count)
        if len(x) < axes:
            message = f"{{0}} has fewer axes than the {axes} that a pool goes over"
            raise ShapeError(message)
        size, sliding = pool_window(x, count, **attributes)
        return (*x[: -len(size)], *counts_of(x, size, sliding, ceil_mode=ceil_mode))

    return shape


POOLING = {"kernel_size": sizes(), "stride": sizes(None), "padding": sizes(0, least=0)}
LARGEST = {**POOLING, "dilation": sizes(1), "ceil_mode": SWITCH}


def _max_pool(name: str, count: int | None, samples: tuple[Sample, ...]) -> Op:
    def back(m: Any, upstream: Any, out: Any, x: Any, ceil_mode: bool = False, **attributes: Any) -> tuple[Any, ...]:
        size, (stride, padding, dilation, _) = pool_window(m.shape(x), count, **attributes)
        where: dict[str, Any] = {"kernel_size": size, "stride": stride, "padding": padding, "dilation": dilation}
        where |= {"ceil_mode": True} if ceil_mode else {}  # a formula shows it where it is on
        return (m.put_largest(upstream, x, **where),)

    return structural(
        name,
        back,
        _pooled(count),
        attributes=LARGEST,
        kinks=("a tie within a window: the first entry has the gradient",),
        samples=samples,
    )


max_pool = _max_pool("max_pool", None, (Sample((4, 4), kernel_size=2), Sample((2, 5, 6), kernel_size=(3, 2), stride=2)))
max_pool1d = _max_pool("max_pool1d", 1, (Sample((2, 5), kernel_size=3, stride=1, padding=1),))
max_pool2d = _max_pool(
    "max_pool2d",
    2,
    (
        Sample((1, 2, 5, 5), kernel_size=2, stride=2, padding=1, dilation=2),
        Sample((2, 5, 6), kernel_size=(2, 3), stride=(2, 3), ceil_mode=True),
    ),
)


def _put_shape(u: Shape, x: Shape, **where: Any) -> Shape:
    if _pooled(None)(x, **where) != u:
        message = "{0} has not one entry for each window of {1}"
        raise ShapeError(message)
    return x


def _taken_shape(v: Shape, x: Shape, **where: Any) -> Shape:
    if v != x:
        message = "{0} and {1} must have one shape"
        raise ShapeError(message)
    shape: Shape = _pooled(None)(x, **where)
    return shape


# What flows back goes to the largest entry of each window; the adjoint of that takes what stands there.
put_largest = structural(
    "put_largest",
    lambda m, upstream, out, u, x, **where: (m.take_largest(upstream, x, **where), None),
    _put_shape,
    inputs=("u", "x"),
    attributes=LARGEST,
    samples=(
        Sample((2, 2), (4, 4), kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1)),
        Sample((3,), (4,), kernel_size=(3,), stride=(2,), padding=(1,), dilation=(1,), ceil_mode=True),
    ),
)
take_largest = structural(
    "take_largest",
    lambda m, upstream, out, v, x, **where: (m.put_largest(upstream, x, **where), None),
    _taken_shape,
    inputs=("v", "x"),
    attributes=LARGEST,
    samples=(
        Sample((4, 4), (4, 4), kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1)),
        Sample((5,), (5,), kernel_size=(2,), stride=(2,), padding=(0,), dilation=(1,), ceil_mode=True),
    ),
)


def _window_means(m: Any, x: Any, count: int | None, **attributes: Any) -> Any:
    """The means of the windows of the padded array; the padding counts."""
    size, sliding = pool_window(m.shape(x), count, **attributes)
    widths = tuple([(around, around) for around in sliding.padding])
    padded = m.pad(x, widths=widths) if any(sliding.padding) else x
    seen = m.windows(padded, size=size, stride=sliding.stride, dilation=sliding.dilation)
    return m.mean(seen, axis=tuple(range(-len(size), 0)))


def _avg_pool(name: str, count: int | None, samples: tuple[Sample, ...]) -> Op:
    def back(m: Any, upstream: Any, out: Any, x: Any, **attributes: Any) -> tuple[Any, ...]:
        shape = m.shape(x)
        size, sliding = pool_window(shape, count, **attributes)
        n, entries = len(size), 1
        for length in size:
            entries *= length
        counts = m.shape(upstream)[-n:]
        lead = shape[:-n]
        spread = m.broadcast_to(
            m.reshape(upstream / entries, shape=(*lead, *counts, *[1] * n)), shape=(*lead, *counts, *size)
        )
        padded = (*lead, *[length + 2 * around for length, around in zip(shape[-n:], sliding.padding, strict=True)])
        whole = m.fold(spread, shape=padded, stride=sliding.stride, dilation=sliding.dilation)
        if not any(sliding.padding):
            return (whole,)
        inner = [Slice(around, around + length) for around, length in zip(sliding.padding, shape[-n:], strict=True)]
        return (m.getitem(whole, key=(..., *inner)),)

    return structural(
        name,
        back,
        _pooled(count),
        attributes=POOLING,
        meaning=lambda m, x, **attributes: _window_means(m, x, count, **attributes),
        samples=samples,
    )


avg_pool = _avg_pool("avg_pool", None, (Sample((4, 4), kernel_size=2), Sample((2, 5, 6), kernel_size=(3, 2), stride=2)))
avg_pool1d = _avg_pool("avg_pool1d", 1, (Sample((2, 5), kernel_size=3, stride=1, padding=1),))
avg_pool2d = _avg_pool("avg_pool2d", 2, (Sample((1, 2, 5, 5), kernel_size=2, stride=2, padding=1),))


def _windows_shape(x: Shape, *, size: Sizes, stride: Sizes, dilation: Sizes) -> Shape:
    n = len(size)
    if not len(stride) == len(dilation) == n <= len(x):
        message = "size, stride and dilation must have one entry for each axis of space of {0}"
        raise ShapeError(message)
    return (*x[:-n], *counts_of(x, size, sliding_over(n, stride, 0, dilation)), *size)


def _folded_shape(w: Shape, *, shape: Shape, stride: Sizes, dilation: Sizes) -> Shape:
    if _windows_shape(shape, size=w[-len(stride) :], stride=stride, dilation=dilation) != w:
        message = f"{{0}} has not the shape of the windows of an array {shape_text(shape)}"
        raise ShapeError(message)
    return shape


windows = structural(
    "windows",
    lambda m, upstream, out, x, size, stride, dilation: (
        m.fold(upstream, shape=m.shape(x), stride=stride, dilation=dilation),
    ),
    _windows_shape,
    attributes={"size": ROW, "stride": ROW, "dilation": ROW},
    samples=(
        Sample((3, 3), size=(2, 2), stride=(1, 1), dilation=(1, 1)),
        Sample((2, 5), size=(2,), stride=(2,), dilation=(2,)),
    ),
)
fold = structural(
    "fold",
    lambda m, upstream, out, w, shape, stride, dilation: (
        m.windows(upstream, size=m.shape(w)[-len(stride) :], stride=stride, dilation=dilation),
    ),
    _folded_shape,
    inputs=("w",),
    attributes={"shape": LENGTHS, "stride": ROW, "dilation": ROW},
    samples=(
        Sample((2, 2, 2, 2), shape=(3, 3), stride=(1, 1), dilation=(1, 1)),
        Sample((2, 2, 2), shape=(2, 5), stride=(2,), dilation=(2,)),
    ),
)
