"""Convolution, and the adjoints that make it closed under differentiation.

Names and shapes are PyTorch's: images (N, C, H, W) or (C, H, W), kernels (O, C/groups, kh, kw); besides, a plain image
(H, W) with a plain kernel (kh, kw). Convolution is cross-correlation, as everywhere in deep learning.
"""

from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.op import ByInput, Op, Sample, Shape, structural
from bpcli.graph.shapes import shape_text
from bpcli.graph.sliding import axes_of_space, sliding_over
from bpcli.ops.attributes import LENGTHS, sizes, whole_number
from bpcli.ops.windows import counts_of


def _convolved(count: int) -> Any:
    """The shape of a convolution over so many axes of space."""

    def shape(x: Shape, kernel: Shape, **attributes: Any) -> Shape:
        sliding = sliding_over(count, **attributes)
        groups = sliding.groups
        if len(x) == len(kernel) == count and groups == 1:
            return counts_of(x, kernel, sliding)
        if len(kernel) != count + 2 or len(x) not in (count + 1, count + 2):
            message = "cannot convolve {0} with {1}: their axes do not fit"
            space = "length" if count == 1 else "height, width"
            hint = (
                f"(N, C, {space}) with (O, C, …), (C, {space}) with (O, C, …), or plain ({space}) with a plain kernel"
            )
            raise ShapeError(message, hint=hint)
        channels, filters = x[-count - 1], kernel[0]
        if channels != kernel[1] * groups or filters % groups:
            message = (
                f"cannot convolve {{0}} with {{1}} in groups of {groups}: {channels} channels, for {kernel[1]} each"
            )
            raise ShapeError(message, hint="x has C channels, the kernel C/groups, and O is a multiple of groups")
        return (*x[: -count - 1], filters, *counts_of(x, kernel, sliding))

    return shape


BIAS = "; a bias is added outside, as in conv2d(x, kernel) + b"
CONVOLVING = {
    "stride": sizes(1)._replace(allowed=sizes(1).allowed + BIAS),
    "padding": sizes(0, least=0),
    "dilation": sizes(1),
    "groups": whole_number(1, least=1),
}


def _convolution(name: str, count: int, samples: tuple[Sample, ...]) -> Op:
    return structural(
        name,
        ByInput(
            lambda m, upstream, out, x, kernel, **where: m.conv_input(upstream, kernel, shape=m.shape(x), **where),
            lambda m, upstream, out, x, kernel, **where: m.conv_kernel(x, upstream, shape=m.shape(kernel), **where),
        ),
        _convolved(count),
        inputs=("x", "kernel"),
        attributes=CONVOLVING,
        samples=samples,
    )


conv1d = _convolution(
    "conv1d",
    1,
    (Sample((5,), (2,)), Sample((2, 4, 6), (2, 2, 3), stride=2, padding=1, groups=2), Sample((2, 5), (3, 2, 2))),
)
conv2d = _convolution(
    "conv2d",
    2,
    (
        Sample((3, 3), (2, 2)),
        Sample((2, 2, 4, 5), (3, 2, 3, 2), stride=(2, 1), padding=(1, 0)),
        Sample((4, 5, 5), (4, 1, 2, 2), dilation=2, groups=4),
    ),
)


def _forward(m: Any, x: Any, kernel: Any, where: dict[str, Any]) -> Any:
    """The convolution over as many axes of space as the kernel has."""
    return (m.conv1d if axes_of_space(m.shape(kernel)) == 1 else m.conv2d)(x, kernel, **where)


def _require_convolution(x: Shape, kernel: Shape, result: Shape, place: int, where: dict[str, Any]) -> None:
    """Raise ShapeError where an input of an adjoint has not the shape that the convolution of x and kernel has."""
    count = axes_of_space(kernel)
    if count not in {1, 2} or _convolved(count)(x, kernel, **where) != result:
        message = f"{{{place}}} has not the shape of a convolution of {shape_text(x)} with {shape_text(kernel)}"
        raise ShapeError(message)


def _input_shape(u: Shape, kernel: Shape, *, shape: Shape, **where: Any) -> Shape:
    _require_convolution(shape, kernel, u, 0, where)
    return shape


def _kernel_shape(x: Shape, u: Shape, *, shape: Shape, **where: Any) -> Shape:
    _require_convolution(x, shape, u, 1, where)
    return shape


ADJOINT = {"shape": LENGTHS, **CONVOLVING}
# ⟨conv(x, k), u⟩ is linear in x, k and u; each of the three ops below and above is its gradient in one of them.
conv_input = structural(
    "conv_input",
    lambda m, upstream, out, u, kernel, shape, **where: (
        _forward(m, upstream, kernel, where),
        m.conv_kernel(upstream, u, shape=m.shape(kernel), **where),
    ),
    _input_shape,
    inputs=("u", "kernel"),
    attributes=ADJOINT,
    samples=(
        Sample((2, 2), (2, 2), shape=(3, 3)),
        Sample((2, 2, 3), (2, 2, 3), shape=(2, 4, 6), stride=2, padding=1, groups=2),
    ),
)
conv_kernel = structural(
    "conv_kernel",
    lambda m, upstream, out, x, u, shape, **where: (
        m.conv_input(u, upstream, shape=m.shape(x), **where),
        _forward(m, x, upstream, where),
    ),
    _kernel_shape,
    inputs=("x", "u"),
    attributes=ADJOINT,
    samples=(
        Sample((3, 3), (2, 2), shape=(2, 2)),
        Sample((2, 4, 6), (2, 2, 3), shape=(2, 2, 3), stride=2, padding=1, groups=2),
    ),
)
