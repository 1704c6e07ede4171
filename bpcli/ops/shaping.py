"""Shapes: broadcasting and the sum that undoes it, axes added, dropped and exchanged.

All of these are linear, so each pullback is the adjoint: what is repeated is added up, what is moved is moved back.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.op import Op, Sample, Shape, structural
from bpcli.graph.shapes import axes_of, axis_of, common_shape, having_axes, new_axis_of, shape_text
from bpcli.ops.attributes import AXES, LENGTHS, SHAPE, SOME_AXES, one_axis, whole_number

Axis = int | tuple[int, ...] | None


def _broadcast_shape(own: Shape, *, shape: Shape) -> Shape:
    if common_shape([own, shape]) != tuple(shape):
        message = f"cannot broadcast {{0}} to {shape_text(shape)}"
        raise ShapeError(message, hint="axes are aligned at the last one; one of length 1 is repeated, no other")
    return tuple(shape)


def _summed_shape(own: Shape, *, shape: Shape) -> Shape:
    if common_shape([own, shape]) != own:
        message = f"cannot add {{0}} up to {shape_text(shape)}"
        raise ShapeError(message)
    return tuple(shape)


broadcast_to = structural(
    "broadcast_to",
    lambda m, upstream, out, x, shape: (m.sum_to(upstream, shape=m.shape(x)),),
    _broadcast_shape,
    attributes={"shape": LENGTHS},
    samples=(Sample((2, 1), shape=(3, 2, 4)), Sample((), shape=(2, 3))),
)
sum_to = structural(
    "sum_to",
    lambda m, upstream, out, x, shape: (m.broadcast_to(upstream, shape=m.shape(x)),),
    _summed_shape,
    aliases=("sum_to_size",),
    attributes={"shape": LENGTHS},
    samples=(Sample((3, 2, 4), shape=(2, 1)), Sample((2, 3), shape=())),
)


def reshaped(own: Shape, *, shape: Shape) -> Shape:
    """The shape, with the length that fits in place of a -1. Raises ShapeError where the entries do not fill it."""
    known = prod([length for length in shape if length != -1])
    size = prod(own)
    if shape.count(-1) == 1 and known and size % known == 0:
        return tuple([size // known if length == -1 else length for length in shape])
    if -1 in shape or known != size or min(shape, default=0) < 0:
        message = f"cannot reshape {{0}}, which has {size} entries, to {shape_text(shape)}"
        raise ShapeError(message, hint="the product of the lengths must stay the same; one of them may be -1")
    return tuple(shape)


def _reshaping(name: str, target: Callable[..., Shape], **definition: Any) -> Op:
    """An op that keeps the entries in their order; what flows back is given the shape of the input again."""
    return structural(
        name,
        lambda m, upstream, out, x, **_: (m.reshape(upstream, shape=m.shape(x)),),
        target,
        **{
            "meaning": lambda m, x, **where: m.reshape(x, shape=target(m.shape(x), **where)),
            **definition,
        },
    )


def _flattened(shape: Shape, *, start_dim: int = 0, end_dim: int = -1) -> Shape:
    if not shape and {start_dim, end_dim} <= {0, -1}:  # a single number is taken as an array of one
        return (1,)
    first, last = axis_of(start_dim, shape), axis_of(end_dim, shape)
    if first > last:
        message = f"cannot flatten {{0}} from axis {start_dim} to axis {end_dim}"
        raise ShapeError(message, hint="the first axis must not be after the last")
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])


def _squeezed(shape: Shape, *, axis: Axis = None) -> Shape:
    dropped = axes_of(axis, shape)
    # Without an axis every one of length 1 goes; a named one that is longer stays, as in PyTorch.
    return tuple([length for place, length in enumerate(shape) if place not in dropped or length != 1])


def _unsqueezed(shape: Shape, *, axis: int) -> Shape:
    at = new_axis_of(axis, shape)
    return (*shape[:at], 1, *shape[at:])


reshape = _reshaping(
    "reshape",
    reshaped,
    meaning=None,
    attributes={"shape": SHAPE},
    samples=(Sample((2, 3), shape=(3, 2)), Sample((2, 3), shape=(-1,))),
)
flatten = _reshaping(
    "flatten",
    _flattened,
    attributes={"start_dim": whole_number(0), "end_dim": whole_number(-1)},
    aliases=("ravel",),
    samples=(Sample((2, 3)), Sample((2, 3, 2), start_dim=1)),
)
squeeze = _reshaping(
    "squeeze", _squeezed, attributes={"axis": AXES}, samples=(Sample((1, 3, 1)), Sample((1, 3, 1), axis=0))
)
unsqueeze = _reshaping(
    "unsqueeze",
    _unsqueezed,
    attributes={"axis": one_axis()},
    aliases=("expand_dims",),
    samples=(Sample((2, 3), axis=1), Sample((2,), axis=-1)),
)


def _permuted(shape: Shape, *, axes: tuple[int, ...]) -> Shape:
    if len(axes) != len(shape) or axes_of(axes, shape) != tuple(range(len(shape))):
        message = f"the axes {shape_text(axes)} are not those of {{0}}, each once"
        raise ShapeError(message)
    return tuple([shape[axis] for axis in axes])


def _back_in_order(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes this one."""
    order = [axis % len(axes) for axis in axes]
    return tuple([order.index(place) for place in range(len(axes))])


permute = structural(
    "permute",
    lambda m, upstream, out, x, axes: (m.permute(upstream, axes=_back_in_order(axes)),),
    _permuted,
    attributes={"axes": SOME_AXES},
    samples=(Sample((2, 3, 4), axes=(2, 0, 1)),),
)


def _order(shape: Shape, axes: tuple[int, ...] | None, other: int | None) -> tuple[int, ...]:
    """The order of axes that `transpose` asks for: reversed, NumPy's list of them, or PyTorch's two that change."""
    if axes is None:
        return tuple(reversed(range(len(shape))))
    if other is None:
        return axes
    if len(axes) != 1:
        message = f"transpose takes an order of all axes, or two that change places, not {shape_text(axes)} and {other}"
        raise ShapeError(message)
    order = list(range(len(shape)))
    first, second = axis_of(axes[0], shape), axis_of(other, shape)
    order[first], order[second] = second, first
    return tuple(order)


transpose = structural(
    "transpose",
    lambda m, upstream, out, x, axes=None, other=None: (
        m.transpose(upstream)
        if axes is None
        else m.permute(upstream, axes=_back_in_order(_order(m.shape(x), axes, other))),
    ),
    lambda shape, *, axes=None, other=None: _permuted(shape, axes=_order(shape, axes, other)),
    meaning=lambda m, x, axes=None, other=None: m.permute(x, axes=_order(m.shape(x), axes, other)),
    attributes={
        "axes": SHAPE._replace(default=None, allowed=SOME_AXES.allowed),
        "other": one_axis(None),
    },
    samples=(Sample((2, 3)), Sample((2, 3, 4), axes=(1, 2, 0)), Sample((2, 3, 4), axes=(0,), other=-1)),
)


def _matrix_shape(shape: Shape) -> Shape:
    if len(shape) < 2:  # noqa: PLR2004 - a matrix has two axes
        message = "{0} is no matrix: it has fewer than two axes"
        raise ShapeError(message)
    return shape


matrix_transpose = structural(
    "matrix_transpose",
    lambda m, upstream, out, x: (m.matrix_transpose(upstream),),
    lambda shape: (*_matrix_shape(shape)[:-2], shape[-1], shape[-2]),
    samples=(Sample((2, 3, 4)),),
)
flip = structural(
    "flip",
    lambda m, upstream, out, x, axis=None: (m.flip(upstream, axis=axis),),
    lambda shape, *, axis=None: having_axes(shape, axis),
    attributes={"axis": AXES},
    samples=(Sample((2, 3)), Sample((2, 3), axis=1)),
)
