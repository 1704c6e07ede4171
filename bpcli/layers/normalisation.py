"""Normalisation: entries less their mean, over their standard deviation, then scaled and shifted by what is learned.

The variance divides by the count n; running variances divide by n - 1, as in PyTorch. Sources: Ioffe & Szegedy 2015
(batch), Ba, Kiros & Hinton 2016 (layer), Wu & He 2018 (group), Ulyanov, Vedaldi & Lempitsky 2016 (instance), Zhang &
Sennrich 2019 (RMS).
"""

from __future__ import annotations

import sys
from math import prod
from typing import TYPE_CHECKING

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.shapes import shape_text
from bpcli.layers.definition import layer
from bpcli.layers.fitting import channels_over, last_axis, require_axes, require_image, require_length
from bpcli.layers.initial import ONES, ZEROS

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpcli.graph.node import Node
    from bpcli.graph.op import Shape
    from bpcli.layers.kinds import Count, Sizes
    from bpcli.layers.scope import Scope


class _Learned:
    """The weight and the bias of a layer, made before its buffers as in a `state_dict`; either may be missing.

    They are of `shape`, and the same along the `after` axes that follow it.
    """

    def __init__(self, m: Scope, shape: Shape, after: int = 0, *, has_weight: bool, has_bias: bool) -> None:
        self._m = m
        self._spread = (*shape, *[1] * after)
        self._weight = m.parameter("weight", shape, ONES) if has_weight else None
        self._bias = m.parameter("bias", shape, ZEROS) if has_weight and has_bias else None

    def applied(self, x: Node) -> Node:
        """Scale x by the weight, and shift it by the bias."""
        if self._weight is not None:
            x = x * _reshaped(self._m, self._weight, self._spread)
        return x if self._bias is None else x + _reshaped(self._m, self._bias, self._spread)


def _reshaped(m: Scope, x: Node, shape: Shape) -> Node:
    return x if x.shape == shape else m.reshape(x, shape=shape)


def _mean(m: Scope, x: Node, axes: tuple[int, ...]) -> Node:
    """The mean over these axes, which stay with length 1; a single one is shown as a number."""
    return m.mean(x, axis=axes if len(axes) > 1 else axes[0], keepdims=True)


def _standard(m: Scope, x: Node, axes: tuple[int, ...], eps: float) -> tuple[Node, Node, Node]:
    """(x - mean)/√(variance + eps) over these axes, the mean, and the variance, whose axes are of length 1."""
    mean = _mean(m, x, axes)
    centred = x - mean
    variance = _mean(m, m.square(centred), axes)
    return centred / m.sqrt(variance + eps), mean, variance


class _Running:
    """The running mean and variance of the channels, each (channels,), which `after` axes follow.

    A training step moves them by `momentum` towards its own; by 1/n in step n where there is none, so that they are the
    mean over all steps. Only then is n kept.
    """

    def __init__(self, m: Scope, channels: int, after: int, momentum: float | None) -> None:
        self._m = m
        self._shape = (channels,)
        self._spread = (channels, *[1] * after)
        self._momentum = momentum or 0.0
        self._mean = m.buffer("running_mean", self._shape, ZEROS)
        self._variance = m.buffer("running_var", self._shape, ONES)
        self._steps = m.buffer("num_batches_tracked", (), ZEROS) if momentum is None else None

    def standard(self, x: Node, eps: float) -> Node:
        """(x - running mean)/√(running variance + eps)."""
        deviation = self._m.sqrt(_reshaped(self._m, self._variance, self._spread) + eps)
        return (x - _reshaped(self._m, self._mean, self._spread)) / deviation

    def follow(self, mean: Node, variance: Node, count: int) -> None:
        """Move towards a mean and a variance of `count` entries; of several instances towards their mean."""
        m, (channels,) = self._m, self._shape
        mean, variance = [m.mean(m.reshape(one, shape=(-1, channels)), axis=0) for one in (mean, variance)]
        m.after(
            running_mean=self._moved(self._mean, mean),
            running_var=self._moved(self._variance, variance * (count / (count - 1))),
        )
        if self._steps is not None:
            m.after(num_batches_tracked=self._steps + 1)

    def _moved(self, running: Node, own: Node) -> Node:
        """What a running statistic is after a step."""
        if self._steps is not None:
            return running + (own - running) / (self._steps + 1)
        return (1 - self._momentum) * running + self._momentum * own


def _normal(m: Scope, x: Node, axes: tuple[int, ...], what: str, eps: float, running: _Running | None) -> Node:
    """What x is in units of its deviation over these axes, or in evaluation of the running one, if there is one."""
    if running and not m.is_training:
        return running.standard(x, eps)
    count = _count(x, axes, what, running)
    normal, mean, variance = _standard(m, x, axes, eps)
    if running:
        running.follow(mean, variance, count)
    return normal


def _second_axis(shape: Shape) -> int:
    """The channels of a batch. Raises ShapeError where there is no such axis."""
    if len(shape) < 2:  # noqa: PLR2004 - batch and channels
        message = f"{{0}} expects a batch of channels, {{1}} gives an array of shape {shape_text(shape)}"
        raise ShapeError(message)
    return shape[1]


def _batch_norm(counts: tuple[int, ...], example: str) -> Callable[..., Node]:
    """Batch normalisation of arrays with so many axes."""

    def build(
        m: Scope,
        x: Node,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        bias: bool = True,
    ) -> Node:
        """Normalise each channel (axis 1) over the batch in training, by the running statistics in evaluation.

        weight, bias, running_mean and running_var are (num_features,). Without a momentum the running statistics are
        the mean over all batches, which num_batches_tracked counts. Raises ShapeError. Source: torch.nn.BatchNorm2d.
        """
        require_axes(x.shape, counts, example)
        require_length(x, 1, num_features, "channels")
        after = len(x.shape) - 2
        learned = _Learned(m, (num_features,), after, has_weight=affine, has_bias=bias)
        running = _Running(m, num_features, after, momentum) if track_running_stats else None
        return learned.applied(_normal(m, x, (0, *range(2, len(x.shape))), "value", eps, running))

    return build


def _count(x: Node, axes: tuple[int, ...], what: str, running: _Running | None) -> int:
    """How many entries are normalised together. Raises ShapeError where one stands alone: it would always become 0."""
    count = prod([x.shape[axis] for axis in axes])
    if count == 1:
        message = f"{{0}} expects more than 1 {what} for each channel, {{1}} gives 1, in {shape_text(x.shape)}"
        raise ShapeError(message, hint="evaluation mode takes the running statistics instead" if running else None)
    return count


for _name, _counts, _example in (
    ("BatchNorm1d", (2, 3), "(batch, channels) or (batch, channels, length)"),
    ("BatchNorm2d", (4,), "(batch, channels, height, width)"),
    ("BatchNorm3d", (5,), "(batch, channels, depth, height, width)"),
):
    layer(_name, num_features=_second_axis)(_batch_norm(_counts, _example))


def _instance_norm(space: int) -> Callable[..., Node]:
    """Instance normalisation over so many axes of space."""

    def build(
        m: Scope,
        x: Node,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        bias: bool = True,
    ) -> Node:
        """Normalise each channel of each instance over space, in evaluation by running statistics if there are any.

        Parameters and buffers are those of batch normalisation. Without a momentum the running statistics stay as they
        are. Raises ShapeError. Source: torch.nn.InstanceNorm2d.
        """
        require_image(x.shape, space)
        if affine or track_running_stats:
            require_length(x, -space - 1, num_features, "channels")
        learned = _Learned(m, (num_features,), space, has_weight=affine, has_bias=bias)
        running = _Running(m, num_features, space, momentum or 0.0) if track_running_stats else None
        return learned.applied(_normal(m, x, tuple(range(-space, 0)), "place", eps, running))

    return build


for _space in (1, 2, 3):
    layer(f"InstanceNorm{_space}d", num_features=channels_over(_space))(_instance_norm(_space))


def _last_axes(x: Node, normalized_shape: Sizes) -> tuple[Shape, tuple[int, ...]]:
    """The lengths of the last axes, and these axes. Raises ShapeError where x has others."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
    if x.shape[-len(shape) :] != shape:
        message = f"{{0}} expects the last axes to be {shape_text(shape)}, {{1}} gives {shape_text(x.shape)}"
        raise ShapeError(message)
    return shape, tuple(range(-len(shape), 0))


@layer("LayerNorm", normalized_shape=last_axis)
def layer_norm(
    m: Scope,
    x: Node,
    normalized_shape: Sizes,
    eps: float = 1e-5,
    elementwise_affine: bool = True,
    bias: bool = True,
) -> Node:
    """Normalise over the last axes; weight and bias have the shape of these. Raises ShapeError.

    Source: torch.nn.LayerNorm.
    """
    shape, axes = _last_axes(x, normalized_shape)
    learned = _Learned(m, shape, has_weight=elementwise_affine, has_bias=bias)
    return learned.applied(_standard(m, x, axes, eps)[0])


@layer("RMSNorm", normalized_shape=last_axis)
def rms_norm(
    m: Scope, x: Node, normalized_shape: Sizes, eps: float | None = None, elementwise_affine: bool = True
) -> Node:
    """Give x/√(mean of x² + eps) over the last axes, times a weight of their shape; eps is float64's if not given.

    Raises ShapeError. Source: torch.nn.RMSNorm.
    """
    shape, axes = _last_axes(x, normalized_shape)
    learned = _Learned(m, shape, has_weight=elementwise_affine, has_bias=False)
    mean = _mean(m, m.square(x), axes)
    return learned.applied(x / m.sqrt(mean + (sys.float_info.epsilon if eps is None else eps)))


@layer("GroupNorm", num_channels=_second_axis)
def group_norm(
    m: Scope, x: Node, num_groups: Count, num_channels: int, eps: float = 1e-5, affine: bool = True, bias: bool = True
) -> Node:
    """Normalise groups of channels (axis 1) of each row of the batch, over space too; weight, bias: (num_channels,).

    Raises ShapeError, and UsageError where the channels make no whole groups. Source: torch.nn.GroupNorm.
    """
    if num_channels % num_groups:
        message = f"'num_channels', {num_channels}, must be a multiple of 'num_groups', {num_groups}"
        raise UsageError(message)
    require_length(x, 1, num_channels, "channels")
    learned = _Learned(m, (num_channels,), len(x.shape) - 2, has_weight=affine, has_bias=bias)
    groups = m.reshape(x, shape=(x.shape[0], num_groups, prod(x.shape[1:]) // num_groups))
    if prod(x.shape) == num_groups:
        message = f"{{0}} expects more than 1 value for each group, {{1}} gives {shape_text(x.shape)}"
        raise ShapeError(message)
    return learned.applied(m.reshape(_standard(m, groups, (2,), eps)[0], shape=x.shape))
