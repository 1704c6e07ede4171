"""Whether the input of a layer fits it, told as `Linear(4, 2) expects 4 features, Flatten gives 12`.

In a message `{0}` stands for the layer as it was typed and `{1}` for what gave its input; who applies the layer knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.errors import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpcli.graph.node import Node
    from bpcli.graph.op import Shape
    from bpcli.layers.kinds import Sizes


def last_axis(shape: Shape) -> int:
    """The length of the last axis: the features of each row. Raises ShapeError for a single number."""
    if not shape:
        message = "{0} expects an array, {1} gives a single number"
        raise ShapeError(message)
    return shape[-1]


def axis_within(x: Node, axis: int) -> int:
    """The axis counted from the front. Raises ShapeError where the input has none such."""
    if not -len(x.shape) <= axis < len(x.shape):
        message = f"{{0}} works along axis {axis}, {{1}} gives an array of {_axes_text(x.shape)}"
        raise ShapeError(message)
    return axis % len(x.shape)


def require_length(x: Node, axis: int, length: int, what: str) -> None:
    """Raise ShapeError where an axis has another length than the layer expects."""
    if not -len(x.shape) <= axis < len(x.shape):
        message = f"{{0}} expects {length} {what}, {{1}} gives an array of {_axes_text(x.shape)}"
        raise ShapeError(message)
    if x.shape[axis] != length:
        message = f"{{0}} expects {length} {what}, {{1}} gives {x.shape[axis]}"
        raise ShapeError(message)


def _axes_text(shape: Shape) -> str:
    return f"{len(shape)} ax{'is' if len(shape) == 1 else 'es'}"


def require_axes(shape: Shape, counts: tuple[int, ...], example: str) -> None:
    """Raise ShapeError where the input has another number of axes than the layer takes."""
    if len(shape) not in counts:
        expected = " or ".join(map(str, counts))
        message = f"{{0}} expects an array of {expected} axes, {example}; {{1}} gives {len(shape)}"
        raise ShapeError(message)


# By the axes of space.
IMAGES = {1: "(N, C, L) or (C, L)", 2: "(N, C, H, W) or (C, H, W)", 3: "(N, C, D, H, W) or (C, D, H, W)"}


def require_image(shape: Shape, count: int) -> None:
    """Raise ShapeError where the input is no image, or batch of images, with so many axes of space."""
    require_axes(shape, (count + 1, count + 2), IMAGES[count])


def channels_over(count: int) -> Callable[[Shape], int]:
    """What gives the channels of an image with so many axes of space, or raises ShapeError for another shape."""

    def channels(shape: Shape) -> int:
        require_image(shape, count)
        return shape[-count - 1]

    return channels


SEQUENCE_AXES = 2  # time and features; a batch makes them three


def require_sequence(x: Node, features: int) -> None:
    """Raise ShapeError where the input is no sequence, or batch of sequences, of so many features."""
    require_axes(x.shape, (SEQUENCE_AXES, SEQUENCE_AXES + 1), "such as (time, batch, features)")
    require_length(x, -1, features, "features")


def of_space(name: str, value: Sizes, count: int, least: int = 1) -> tuple[int, ...]:
    """An argument with an entry for each axis of space. Raises UsageError for other counts, and for smaller entries."""
    row = value if isinstance(value, tuple) else (value,)
    row *= count if len(row) == 1 else 1
    if len(row) != count:
        message = f"'{name}' must have one entry for each axis of space, {count}, not {len(row)}"
        raise UsageError(message)
    if min(row) < least:
        message = f"'{name}' must be {least} or more, not {min(row)}"
        raise UsageError(message)
    return row
