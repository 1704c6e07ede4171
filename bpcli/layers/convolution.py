"""Convolution over one axis of space or two, with every way of PyTorch's to fill the border."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.keys import Slice
from bpcli.layers.definition import layer
from bpcli.layers.fitting import channels_over, of_space, require_image, require_length
from bpcli.layers.initial import by_fan_in, fan_in_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bpcli.graph.node import Node
    from bpcli.graph.op import Shape
    from bpcli.layers.kinds import Border, Count, Filling, Sizes
    from bpcli.layers.scope import Scope


def _convolution(count: int) -> Callable[..., Node]:
    """The convolution over so many axes of space."""

    def build(
        m: Scope,
        x: Node,
        in_channels: int,
        out_channels: Count,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | Border = 0,
        dilation: Sizes = 1,
        groups: Count = 1,
        bias: bool = True,
        padding_mode: Filling = "zeros",
    ) -> Node:
        """Slide over sequences ([N,] C, L), or images ([N,] C, H, W): cross-correlation with the weight, and a bias.

        The weight is (out_channels, in_channels/groups, *kernel_size), the bias (out_channels,); both are drawn
        uniformly within ±1/√(in_channels/groups · the entries of a kernel). `padding='same'` keeps the size: of an odd
        border the larger part stands behind. Sources: torch.nn.Conv1d, torch.nn.Conv2d.
        """
        kernel = Kernel.checked(count, in_channels, out_channels, kernel_size, stride, dilation, groups)
        return _convolved(m, x, kernel, padding, padding_mode, bias=bias)

    return build


for _count in (1, 2):
    layer(f"Conv{_count}d", in_channels=channels_over(_count))(_convolution(_count))


class Kernel(NamedTuple):
    """What slides, and how: an entry for each axis of space."""

    in_channels: int
    out_channels: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int

    @staticmethod
    def checked(
        count: int, in_channels: int, out_channels: int, size: Sizes, stride: Sizes, dilation: Sizes, groups: int
    ) -> Kernel:
        """The same for so many axes of space. Raises UsageError where an argument is not possible."""
        if in_channels < 1:
            message = f"'in_channels' must be 1 or more, not {in_channels}"
            raise UsageError(message)
        for name, value in (("in_channels", in_channels), ("out_channels", out_channels)):
            if value % groups:
                message = f"'{name}', {value}, must be a multiple of 'groups', {groups}"
                raise UsageError(message)
        return Kernel(
            in_channels,
            out_channels,
            of_space("kernel_size", size, count),
            of_space("stride", stride, count),
            of_space("dilation", dilation, count),
            groups,
        )

    @property
    def spans(self) -> tuple[int, ...]:
        """How far it reaches along each axis, beyond its first entry."""
        return tuple([spread * (length - 1) for length, spread in zip(self.size, self.dilation, strict=True)])

    def sliding(self, padding: Sequence[int]) -> dict[str, Any]:
        """The attributes of the ops."""
        return {"stride": self.stride, "padding": tuple(padding), "dilation": self.dilation, "groups": self.groups}


def _convolved(m: Scope, x: Node, kernel: Kernel, padding: Sizes | Border, filling: str, *, bias: bool) -> Node:
    """The convolution of the filled input."""
    count = len(kernel.size)
    require_image(x.shape, count)
    require_length(x, -count - 1, kernel.in_channels, "channels")
    widths = _widths(kernel, padding)
    around = (0,) * count
    if filling != "zeros":
        x = _filled(m, x, widths, filling)
    elif all(before == behind for before, behind in widths):
        around = tuple([before for before, _ in widths])
    else:
        x = m.pad(x, widths=widths)
    shape = (kernel.out_channels, kernel.in_channels // kernel.groups, *kernel.size)
    weight = m.parameter("weight", shape, by_fan_in(fan_in_of(shape)))
    y = (m.conv1d if count == 1 else m.conv2d)(x, weight, **kernel.sliding(around))
    return with_bias(m, y, kernel, shape) if bias else y


def with_bias(m: Scope, y: Node, kernel: Kernel, weight: Shape) -> Node:
    """The output with one number added to each channel."""
    own = m.parameter("bias", (kernel.out_channels,), by_fan_in(fan_in_of(weight)))
    return y + m.reshape(own, shape=(kernel.out_channels, *[1] * len(kernel.size)))


def _widths(kernel: Kernel, padding: Sizes | Border) -> tuple[tuple[int, int], ...]:
    """What is filled in before and behind each axis. Raises UsageError for a negative one."""
    if padding == "valid":
        return ((0, 0),) * len(kernel.size)
    if padding == "same":
        if set(kernel.stride) != {1}:
            message = "'padding' must be numbers where the stride is not 1: only with 1 does 'same' keep the size"
            raise UsageError(message)
        return tuple([(span // 2, span - span // 2) for span in kernel.spans])
    return tuple([(width, width) for width in of_space("padding", padding, len(kernel.size), least=0)])


def _filled(m: Scope, x: Node, widths: Sequence[tuple[int, int]], filling: str) -> Node:
    """The array with entries of its own around its last axes. Source: torch.nn.functional.pad."""
    for place, around in enumerate(widths):
        if any(around):
            x = _filled_along(m, x, place - len(widths), around, filling)
    return x


def _filled_along(m: Scope, x: Node, axis: int, around: tuple[int, int], filling: str) -> Node:
    """The array with entries of its own before and behind an axis.

    `reflect` mirrors at the edge without repeating it, `replicate` repeats the edge, `circular` goes on from the other
    end. Raises ShapeError where the axis is too short for that.
    """
    length, width = x.shape[axis], max(around)
    if width > {"reflect": length - 1, "circular": length}.get(filling, width if length else 0):
        message = f"{{0}} cannot fill {width} entries by {filling!r} from an axis of length {length}"
        raise ShapeError(message)
    borders = []
    for part, count in zip(_borders(length, around, filling), around, strict=True):
        chosen = m.getitem(x, key=(..., part, *[Slice()] * (-axis - 1)))
        grown = (*x.shape[:axis], count, *x.shape[len(x.shape) + axis + 1 :])
        borders.append(chosen if chosen.shape == grown else m.broadcast_to(chosen, shape=grown))
    before, behind = borders
    parts = [*[before] * bool(around[0]), x, *[behind] * bool(around[1])]
    return m.concatenate(*parts, axis=axis)


def _borders(length: int, around: tuple[int, int], filling: str) -> tuple[Slice, Slice]:
    """Which entries of an axis stand before it, and behind it."""
    before, behind = around
    if filling == "reflect":
        last = length - 2 - behind
        return Slice(before, 0, -1), Slice(length - 2, last if last >= 0 else None, -1)
    if filling == "circular":
        return Slice(length - before, length), Slice(0, behind)
    return Slice(0, 1), Slice(length - 1, length)
