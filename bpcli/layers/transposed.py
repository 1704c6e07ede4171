"""The transpose of convolution, over one axis of space or two."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.keys import Slice
from bpcli.layers.convolution import Kernel, with_bias
from bpcli.layers.definition import layer
from bpcli.layers.fitting import channels_over, of_space, require_image, require_length
from bpcli.layers.initial import by_fan_in, fan_in_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bpcli.graph.node import Node
    from bpcli.layers.kinds import Count, Filling, Sizes
    from bpcli.layers.scope import Scope


def _transposition(count: int) -> Callable[..., Node]:
    """The transpose of convolution over so many axes of space."""

    def build(
        m: Scope,
        x: Node,
        in_channels: int,
        out_channels: Count,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: Count = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: Filling = "zeros",
    ) -> Node:
        """Apply the adjoint of convolution: what flows back through one is what this gives, and the other way round.

        The weight is (in_channels, out_channels/groups, *kernel_size), the bias (out_channels,); both are drawn
        uniformly within ±1/√(out_channels/groups · the entries of a kernel). An axis of length S becomes one of length
        (S − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1. Sources: torch.nn.ConvTranspose1d,
        torch.nn.ConvTranspose2d.
        """
        kernel = Kernel.checked(count, in_channels, out_channels, kernel_size, stride, dilation, groups)
        return _transposed(m, x, kernel, padding, output_padding, padding_mode, bias=bias)

    return build


for _count in (1, 2):
    layer(f"ConvTranspose{_count}d", in_channels=channels_over(_count))(_transposition(_count))


def _transposed(
    m: Scope, x: Node, kernel: Kernel, padding: Sizes, output_padding: Sizes, filling: str, *, bias: bool
) -> Node:
    """The adjoint of the convolution whose weight, and attributes, these are."""
    count = len(kernel.size)
    require_image(x.shape, count)
    require_length(x, -count - 1, kernel.in_channels, "channels")
    if filling != "zeros":
        message = "'padding_mode' of a transposed convolution must be 'zeros', as in PyTorch"
        raise UsageError(message)
    around = of_space("padding", padding, count, least=0)
    more = of_space("output_padding", output_padding, count, least=0)
    if any(one >= max(step, spread) for one, step, spread in zip(more, kernel.stride, kernel.dilation, strict=True)):
        message = "'output_padding' must be smaller than the stride or the dilation"
        raise UsageError(message)
    shape = (kernel.in_channels, kernel.out_channels // kernel.groups, *kernel.size)
    weight = m.parameter("weight", shape, by_fan_in(fan_in_of(shape)))
    y = _spread(m, x, weight, kernel, around, more)
    return with_bias(m, y, kernel, shape) if bias else y


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
