"""Convolution over one axis of space or two, and its transpose, with every way of PyTorch's to fill the border."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.keys import Slice
from bpcli.graph.sliding import per_axis
from bpcli.layers.definition import layer
from bpcli.layers.fitting import IMAGES, require_image, require_length
from bpcli.layers.initial import by_fan_in, fan_in_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bpcli.graph.node import Node
    from bpcli.graph.op import Shape
    from bpcli.layers.definition import Sizes
    from bpcli.layers.scope import Scope

FILLINGS = ("zeros", "reflect", "replicate", "circular")


def channels_of(count: int) -> Callable[[Shape], int]:
    """The channels of an image with so many axes of space, from its shape."""

    def channels(shape: Shape) -> int:
        if len(shape) not in {count + 1, count + 2}:
            message = (
                f"{{0}} expects an array of {count + 1} or {count + 2} axes, {IMAGES[count]}; {{1}} gives {len(shape)}"
            )
            raise ShapeError(message)
        return shape[-count - 1]

    return channels


@layer("Conv1d", in_channels=channels_of(1))
def conv1d(
    m: Scope,
    x: Node,
    in_channels: int,
    out_channels: int,
    kernel_size: Sizes,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    bias: bool = True,
    padding_mode: str = "zeros",
) -> Node:
    """Slide over sequences (N, C, L) or (C, L); as `conv2d`, with one axis of space. Source: torch.nn.Conv1d."""
    kernel = Kernel.checked(1, in_channels, out_channels, kernel_size, stride, dilation, groups)
    return _convolved(m, x, kernel, padding, padding_mode, bias=bias)


@layer("Conv2d", in_channels=channels_of(2))
def conv2d(
    m: Scope,
    x: Node,
    in_channels: int,
    out_channels: int,
    kernel_size: Sizes,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    bias: bool = True,
    padding_mode: str = "zeros",
) -> Node:
    """Slide over images (N, C, H, W) or (C, H, W): cross-correlation of the filled image with the weight, and a bias.

    The weight is (out_channels, in_channels/groups, kh, kw), the bias (out_channels,); both are drawn uniformly within
    ±1/√(in_channels/groups · kh · kw). `padding='same'` keeps the size: of an odd border the larger part stands behind.
    Source: torch.nn.Conv2d.
    """
    kernel = Kernel.checked(2, in_channels, out_channels, kernel_size, stride, dilation, groups)
    return _convolved(m, x, kernel, padding, padding_mode, bias=bias)


@layer("ConvTranspose1d", in_channels=channels_of(1))
def conv_transpose1d(
    m: Scope,
    x: Node,
    in_channels: int,
    out_channels: int,
    kernel_size: Sizes,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    bias: bool = True,
    dilation: Sizes = 1,
    padding_mode: str = "zeros",
) -> Node:
    """Go back from what Conv1d makes to its input; as `conv_transpose2d`. Source: torch.nn.ConvTranspose1d."""
    kernel = Kernel.checked(1, in_channels, out_channels, kernel_size, stride, dilation, groups)
    return _transposed(m, x, kernel, padding, output_padding, padding_mode, bias=bias)


@layer("ConvTranspose2d", in_channels=channels_of(2))
def conv_transpose2d(
    m: Scope,
    x: Node,
    in_channels: int,
    out_channels: int,
    kernel_size: Sizes,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    bias: bool = True,
    dilation: Sizes = 1,
    padding_mode: str = "zeros",
) -> Node:
    """Apply the adjoint of Conv2d: what flows back through one is what this gives, and the other way round.

    The weight is (in_channels, out_channels/groups, kh, kw), the bias (out_channels,); both are drawn uniformly within
    ±1/√(out_channels/groups · kh · kw). An axis of length S becomes one of length
    (S − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1. Source: torch.nn.ConvTranspose2d.
    """
    kernel = Kernel.checked(2, in_channels, out_channels, kernel_size, stride, dilation, groups)
    return _transposed(m, x, kernel, padding, output_padding, padding_mode, bias=bias)


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
        kernel = Kernel(
            in_channels,
            out_channels,
            per_axis(size, count),
            per_axis(stride, count),
            per_axis(dilation, count),
            groups,
        )
        for name, value in kernel._asdict().items():
            if min(value if isinstance(value, tuple) else (value,)) < 1:
                message = f"{'kernel_size' if name == 'size' else name} must be 1 or more"
                raise UsageError(message)
        for name in ("in_channels", "out_channels"):
            if getattr(kernel, name) % groups:
                message = f"{name}, {getattr(kernel, name)}, must be a multiple of groups, {groups}"
                raise UsageError(message)
        return kernel

    @property
    def spans(self) -> tuple[int, ...]:
        """How far it reaches along each axis, beyond its first entry."""
        return tuple([spread * (length - 1) for length, spread in zip(self.size, self.dilation, strict=True)])

    def sliding(self, padding: Sequence[int]) -> dict[str, Any]:
        """The attributes of the ops."""
        return {"stride": self.stride, "padding": tuple(padding), "dilation": self.dilation, "groups": self.groups}


def _convolved(m: Scope, x: Node, kernel: Kernel, padding: Sizes | str, filling: str, *, bias: bool) -> Node:
    """The convolution of the filled input."""
    count = len(kernel.size)
    require_image(x, count)
    require_length(x, -count - 1, kernel.in_channels, "channels")
    widths = _widths(kernel, padding)
    if filling not in FILLINGS:
        message = f"padding_mode must be one of {', '.join(map(repr, FILLINGS))}, not {filling!r}"
        raise UsageError(message)
    around = (0,) * count
    if filling != "zeros":
        x = filled(m, x, widths, filling)
    elif all(before == behind for before, behind in widths):
        around = tuple([before for before, _ in widths])
    else:
        x = m.pad(x, widths=widths)
    shape = (kernel.out_channels, kernel.in_channels // kernel.groups, *kernel.size)
    weight = m.parameter("weight", shape, by_fan_in(fan_in_of(shape)))
    y = (m.conv1d if count == 1 else m.conv2d)(x, weight, **kernel.sliding(around))
    return _with_bias(m, y, kernel, shape) if bias else y


def _with_bias(m: Scope, y: Node, kernel: Kernel, weight: Shape) -> Node:
    """The output with one number added to each channel."""
    own = m.parameter("bias", (kernel.out_channels,), by_fan_in(fan_in_of(weight)))
    return y + m.reshape(own, shape=(kernel.out_channels, *[1] * len(kernel.size)))


def _widths(kernel: Kernel, padding: Sizes | str) -> tuple[tuple[int, int], ...]:
    """What is filled in before and behind each axis. Raises UsageError for a word that is none, or a negative one."""
    if padding == "valid":
        return ((0, 0),) * len(kernel.size)
    if padding == "same":
        if set(kernel.stride) != {1}:
            message = "padding='same' keeps the size, which only stride 1 does"
            raise UsageError(message)
        return tuple([(span // 2, span - span // 2) for span in kernel.spans])
    if isinstance(padding, str):
        message = f"padding must be a number, 'same' or 'valid', not {padding!r}"
        raise UsageError(message)
    around = per_axis(padding, len(kernel.size))
    _require_not_negative("padding", around)
    return tuple([(width, width) for width in around])


def _require_not_negative(name: str, row: Sequence[int]) -> None:
    if min(row) < 0:
        message = f"{name} must be 0 or more"
        raise UsageError(message)


def filled(m: Scope, x: Node, widths: Sequence[tuple[int, int]], filling: str) -> Node:
    """The array with entries of its own around its last axes.

    `reflect` mirrors at the edge without repeating it, `replicate` repeats the edge, `circular` goes on from the other
    end. Raises ShapeError where an axis is too short for that. Source: torch.nn.functional.pad.
    """
    for place, (before, behind) in enumerate(widths):
        axis = place - len(widths)
        length = x.shape[axis]
        longest = {"reflect": length - 1, "replicate": max(before, behind) if length else 0, "circular": length}[
            filling
        ]
        if max(before, behind) > longest:
            message = f"{{0}} cannot fill {max(before, behind)} entries by {filling!r} from an axis of length {length}"
            raise ShapeError(message)
        parts = [
            m.getitem(x, key=(..., part, *[Slice()] * (-axis - 1)))
            for part, width in zip(_borders(length, before, behind, filling), (before, behind), strict=True)
            if width
        ]
        parts.insert(1 if before else 0, x)
        x = m.concatenate(*parts, axis=axis) if len(parts) > 1 else x
    return x


def _borders(length: int, before: int, behind: int, filling: str) -> tuple[Any, Any]:
    """Which entries of an axis stand before it, and behind it."""
    if filling == "reflect":
        last = length - 2 - behind
        return Slice(before, 0, -1), Slice(length - 2, last if last >= 0 else None, -1)
    if filling == "circular":
        return Slice(length - before, length), Slice(0, behind)
    return (0,) * before, (length - 1,) * behind


def _transposed(
    m: Scope, x: Node, kernel: Kernel, padding: Sizes, output_padding: Sizes, filling: str, *, bias: bool
) -> Node:
    """The adjoint of the convolution whose weight, and attributes, these are."""
    count = len(kernel.size)
    require_image(x, count)
    require_length(x, -count - 1, kernel.in_channels, "channels")
    if filling != "zeros":
        message = "a transposed convolution has padding_mode 'zeros' only, as in PyTorch"
        raise UsageError(message)
    around, more = per_axis(padding, count), per_axis(output_padding, count)
    _require_not_negative("padding", around)
    _require_not_negative("output_padding", more)
    if any(one >= max(step, spread) for one, step, spread in zip(more, kernel.stride, kernel.dilation, strict=True)):
        message = "output_padding must be smaller than the stride or the dilation"
        raise UsageError(message)
    shape = (kernel.in_channels, kernel.out_channels // kernel.groups, *kernel.size)
    weight = m.parameter("weight", shape, by_fan_in(fan_in_of(shape)))
    y = _spread(m, x, weight, kernel, around, more)
    return _with_bias(m, y, kernel, shape) if bias else y


def _spread(m: Scope, x: Node, weight: Node, kernel: Kernel, around: Sequence[int], more: Sequence[int]) -> Node:
    """Each entry of x times the weight, added up where they meet; `around` is cut off, and `more` stands behind.

    What `around` cuts off behind comes back first, as far as `more` reaches; where that is a whole stride, no
    convolution has this input and this output, so that the cut is made by itself.
    """
    count = len(kernel.size)
    lead = (*x.shape[: -count - 1], kernel.out_channels)
    reach = [
        (length - 1) * step + span + 1
        for length, step, span in zip(x.shape[-count:], kernel.stride, kernel.spans, strict=True)
    ]
    sizes = [length - 2 * cut + one for length, cut, one in zip(reach, around, more, strict=True)]
    if min(sizes) < 1 or not prod(x.shape[-count:]):
        message = f"{{0}} has no output: its axes of space would have the lengths {tuple(sizes)}"
        raise ShapeError(message)
    if all(one < step for one, step in zip(more, kernel.stride, strict=True)):
        return m.conv_input(x, weight, shape=(*lead, *sizes), **kernel.sliding(around))
    whole = m.conv_input(x, weight, shape=(*lead, *reach), **kernel.sliding((0,) * count))
    longer = m.pad(whole, widths=tuple([(0, max(one - cut, 0)) for one, cut in zip(more, around, strict=True)]))
    return m.getitem(longer, key=(..., *[Slice(cut, cut + size) for cut, size in zip(around, sizes, strict=True)]))
